"""What a stream of a stranger's PDF unpacks to, found without unpacking more than we hold."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

import pikepdf

from models.errors import Invalid, TooLarge
from tasks.recognising import BOMB, DAMAGED

STREAM_LIMIT = 64 * 1024 * 1024
"""Bytes one stream may unpack to, but for a picture."""
PIXEL_LIMIT = 80_000_000
"""Pixels of a picture: a page of A3 at 600 dots per inch has 70 million."""
LONGEST_EXPANSION = {"/LZWDecode": 2730, "/LZW": 2730, "/RunLengthDecode": 64, "/RL": 64}
"""How far one byte of these filters may unpack."""


def size_of(stream: Any, *, whole: bool) -> int:
    """Bytes a stream unpacks to, pictures counted by their pixels; TooLarge beyond the limits.

    `whole`: broken data is refused as damage; elsewhere a reader shows what it can.
    """
    picture = stream.get("/Subtype") == "/Image"
    if picture:
        wide, high = int(stream.get("/Width", 0)), int(stream.get("/Height", 0))
        if wide * high > PIXEL_LIMIT:
            raise TooLarge(BOMB)
    limit = 4 * PIXEL_LIMIT if picture else STREAM_LIMIT
    data, size = stream.read_raw_bytes(), 0
    for name in _filters(stream):
        try:
            if name in ("/FlateDecode", "/Fl"):
                data = _inflated(data, limit)
            elif name in ("/ASCII85Decode", "/A85"):
                data = base64.a85decode(data.strip().removesuffix(b"~>"), adobe=False)
            elif name in ("/ASCIIHexDecode", "/AHx"):
                data = binascii.unhexlify(b"".join(data.split()).rstrip(b">"))
            elif name in LONGEST_EXPANSION:
                size = len(data) * LONGEST_EXPANSION[name]
                if size > 4 * limit:
                    raise TooLarge(BOMB)
                break  # what follows such a filter cannot be looked at; its size is bounded
            else:
                break  # a picture's own coding: its pixels were counted
        except (zlib.error, ValueError) as error:
            if whole:
                raise Invalid(DAMAGED) from error
            break
    return 0 if picture else max(size, len(data))


def _filters(stream: Any) -> list[str]:
    value = stream.get("/Filter")
    if value is None:
        return []
    return [str(name) for name in value] if isinstance(value, pikepdf.Array) else [str(value)]


def _inflated(data: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj()
    made = unpacker.decompress(data, limit + 1)
    if len(made) > limit:
        raise TooLarge(BOMB)
    if not unpacker.eof and not made and data.strip():
        raise zlib.error("cut short")
    return made
