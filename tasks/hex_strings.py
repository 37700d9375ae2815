"""Has pyHanko read hexadecimal strings in one go instead of digit by digit, once, on import.

A signature is kept as some twenty thousand hexadecimal digits, and every later signer, check and validation
reads all of them: a quarter of the time a signature takes. Only strings that are nothing but digits, as every
PDF writer makes them, go the short way; anything else is left to pyHanko.
`tests/tasks/test_hex_strings.py` holds both ways together.
"""

from __future__ import annotations

import binascii
from io import BytesIO
from typing import BinaryIO

from pyhanko.pdf_utils import generic

_CHUNK = 8192

of_pyhanko = generic.read_hex_string_from_stream
"""The function as it came, for what we do not read and for comparison."""


def read(stream: BinaryIO | BytesIO) -> generic.ByteStringObject | generic.TextStringObject:
    """A hexadecimal string from its `<` on; leaves the stream behind its `>`. PdfStreamError as before."""
    start = stream.tell()
    stream.seek(start + 1)
    digits = bytearray()
    while chunk := stream.read(_CHUNK):
        end = chunk.find(b">")
        if end < 0:
            digits += chunk
            continue
        digits += chunk[:end]
        try:
            value = binascii.unhexlify(digits + b"0" if len(digits) % 2 else digits)
        except binascii.Error:
            break
        stream.seek(start + len(digits) + 2)
        return generic.pdf_string(value)
    stream.seek(start)
    return of_pyhanko(stream)


generic.read_hex_string_from_stream = read
