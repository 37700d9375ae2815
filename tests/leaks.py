"""Whether a person's digits stand in what a machine wrote: ids, hashes and tokens hold any by chance."""

from __future__ import annotations

import re

_BY_CHANCE = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # an id
    r"|[0-9a-f]{8,}"  # a hash, or the key of a row
    r"|[A-Za-z0-9_-]{32,}"  # a token
    r"|(?<=\d)\.\d+"  # parts of a second
)


def holds(digits: str, written: str | bytes) -> bool:
    """Whether a PIN or a code stands there by anybody's doing."""
    text = written.decode("latin-1") if isinstance(written, bytes) else written
    return digits in _BY_CHANCE.sub("…", text)
