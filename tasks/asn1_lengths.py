"""Mends one fault of asn1crypto 1.5.1, once, on import. Nothing else may be changed here.

asn1crypto takes every header that ends in 0x80 for BER's indefinite length. A *definite* length whose
last byte happens to be 0x80 (30 82 01 80 …) ends so too; it is then encoded anew at every level, over
and over, and a signature or its validation can take minutes (wbond/asn1crypto issues 249 and 256).

Every module that signs, verifies or answers time-stamp requests imports this one first.
`tests/tasks/test_asn1_lengths.py` fails when a new version of asn1crypto no longer needs it.
"""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

from asn1crypto import core

_FAULT = "self._header is not None and self._header[-1:] == b'\\x80'"
_PLACES = 5


def is_indefinite(header: bytes | None) -> bool:
    """Whether the last length in a header is indefinite; explicit tags put several headers in a row."""
    if header is None or header[-1:] != b"\x80":
        return False
    position, end, indefinite = 0, len(header), False
    while position < end:
        long_tag = header[position] & 0x1F == 0x1F
        position += 1
        while long_tag and position < end:
            long_tag = header[position] >= 0x80
            position += 1
        length = header[position] if position < end else 0
        indefinite = length == 0x80
        position += 1 + (length & 0x7F if length > 0x80 else 0)
    return indefinite


def has_fault() -> bool:
    """Whether the asn1crypto at hand still mistakes a definite length, asked of its behaviour."""
    value: Any = core.SequenceOf(spec=core.OctetString)
    value._header = b"\x30\x82\x01\x80"
    value.contents = b"\x04\x82\x01\x7c" + bytes(0x17C)
    # A well-formed value whose contents were taken away can be written out only if nobody encodes it anew.
    value.children = []
    return bool(value.dump() != b"\x30\x82\x01\x80" + b"\x04\x82\x01\x7c" + bytes(0x17C))


def mend() -> int:
    """Compile the methods that hold the mistaken test again with the right one; returns how many."""
    namespace = vars(core)
    namespace["_is_indefinite"] = is_indefinite
    mended = 0
    for owner in [value for value in namespace.values() if inspect.isclass(value)]:
        for name, method in list(vars(owner).items()):
            if not inspect.isfunction(method) or name != "dump":
                continue
            source = textwrap.dedent(inspect.getsource(method))
            if _FAULT not in source:
                continue
            right = source.replace(_FAULT, "_is_indefinite(self._header)")
            made: dict[str, Any] = {}
            # The text compiled is the installed library's own, with one condition replaced.
            exec(compile(right, core.__file__, "exec"), namespace, made)  # noqa: S102
            setattr(owner, name, made[name])
            mended += 1
    return mended


if has_fault() and (_count := mend()) != _PLACES:
    raise ImportError(
        f"asn1crypto has changed: its fault with definite lengths stands in {_count} places, "
        f"not {_PLACES}. Look at tasks/asn1_lengths.py before signing anything."
    )
