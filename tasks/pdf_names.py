"""Has pyHanko read and write names (`/Type`) in one go instead of letter by letter, once, on import.

The objects a signature touches hold some hundred names, read by the signer and by its check and written
again: a seventh of its time. Only names of plain printable letters, as nearly all are, go the short way;
anything else is left to pyHanko. `tests/tasks/test_pdf_names.py` holds both ways together.
"""

from __future__ import annotations

import functools
import re
from io import BytesIO
from typing import Any, BinaryIO

from pyhanko.pdf_utils.generic import NameObject

_CHUNK = 128
"""The longest name a PDF may have is 127 bytes (ISO 32000-1, annex C)."""
_PLAIN = re.compile(rb"(/[!\"$&'*-.0-;=?-Z\\^-z|~]*)[\x00\t\n\x0c\r ()<>\[\]{}/%]")
"""Letters that need no escape, up to the first that ends a name (ISO 32000-2, 7.2.3)."""

read_of_pyhanko = NameObject.read_from_stream
write_of_pyhanko = NameObject.write_to_stream
"""The functions as they came, for what we do not do and for comparison."""


def read(stream: BinaryIO | BytesIO) -> NameObject:
    """A name from its `/` on; leaves the stream behind its last letter. PdfReadError as before."""
    start = stream.tell()
    found = _PLAIN.match(stream.read(_CHUNK))
    if found is None:
        stream.seek(start)
        name: NameObject = read_of_pyhanko(stream)  # type: ignore[no-untyped-call]  # pyHanko's is bare
        return name
    stream.seek(start + found.end(1))
    return NameObject(found[1].decode("ascii"))


def write(
    name: NameObject, stream: BinaryIO | BytesIO, handler: Any = None, container_ref: Any = None
) -> None:
    """A name as it stands in a file. PdfWriteError as before."""
    del handler, container_ref  # names are not encrypted
    if len(name) < _CHUNK:
        stream.write(_written(str(name)))
    else:
        write_of_pyhanko(name, stream)


@functools.lru_cache(maxsize=2048)
def _written(name: str) -> bytes:
    stream = BytesIO()
    write_of_pyhanko(NameObject(name), stream)
    return stream.getvalue()


NameObject.read_from_stream = staticmethod(read)  # type: ignore[method-assign]
NameObject.write_to_stream = write  # type: ignore[method-assign,assignment]
