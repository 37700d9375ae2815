"""DER put together from pieces (ITU-T X.690). Through asn1crypto the same costs ten times as much; what it
makes once is kept as bytes here and used again. Nothing is parsed."""

from __future__ import annotations

from asn1crypto import core

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31


def der(tag: int, *parts: bytes) -> bytes:
    """One value of its parts' encodings. A SET OF wants them sorted."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def oid(dotted: str) -> bytes:
    """An object identifier."""
    return bytes(core.ObjectIdentifier(dotted).dump())


def tagged(number: int, *parts: bytes) -> bytes:
    """A constructed value under a tag of its context: explicit, or implicit in place of its own tag."""
    return der(0xA0 | number, *parts)


def attribute(kind: bytes, value: bytes) -> bytes:
    """An attribute of one value; `kind` is its encoded identifier (RFC 5652, 5.3)."""
    return der(SEQUENCE, kind, der(SET, value))


CONTENT_TYPE = oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = oid("1.2.840.113549.1.9.4")
SIGNED_DATA = oid("1.2.840.113549.1.7.2")
VERSION_1, VERSION_3 = der(INTEGER, b"\x01"), der(INTEGER, b"\x03")
