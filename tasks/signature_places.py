"""Where the signatures of a file lie, byte by byte: does each cover what it seems to cover?

The published forgeries (signature wrapping, incremental saving, universal forgery) do not break the
cryptography, they lie about its place. So every rule here is about raw bytes, not about what a parser made
of them: the byte range leaves out exactly the signature's own /Contents, in the very object that is the
signature (ISO 32000-2, 12.8.1), no two share one, and no signature of the file is left unlooked at.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NullObject,
    NumberObject,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from models.settings import VIETNAM
from models.text import Text
from tasks import asn1_lengths, hex_strings, pdf_names  # noqa: F401  (mend asn1crypto and pyHanko)
from tasks.checking import MALFORMED
from tasks.loose_ends import listed

MOST_FIELDS = 2_000
"""Form fields that are walked; a real form has some dozens."""
_DEEPEST = 20
_CONTENTS = re.compile(rb"/Contents\s*\Z")
_ZULU = re.compile(r"Z.*\Z", re.DOTALL)
_HEX = re.compile(rb"<[0-9A-Fa-f]*>")
_RANGE = re.compile(rb"/ByteRange\s*\[")
_SPAN = re.compile(rb"/ByteRange\s*\[\s*0\s+\d{1,10}\s+(\d{1,10})\s+(\d{1,10})\s*\]")
_HEADER = re.compile(rb"\s*(\d{1,10})\s+(\d{1,5})\s+obj\b")


@dataclass(frozen=True, slots=True)
class Place:
    """One signature field that is filled, and what is wrong with its place (None: nothing)."""

    field: str
    fault: Text | None
    embedded: EmbeddedPdfSignature | None
    """None when its contents are no signature at all."""
    end: int
    """Bytes up to the end of the revision it covers; 0 when it covers none."""
    body: tuple[int, int]
    """Where the signature's own object lies in the file."""


@dataclass(frozen=True, slots=True)
class Places:
    """All filled signature fields, by the end of what they cover; no field refers to the `strays`."""

    found: tuple[Place, ...]
    strays: int
    too_many: bool


def places(pdf: bytes, reader: PdfFileReader) -> Places:
    """Look at every signature of the file. Raises MALFORMED only when the form itself cannot be walked."""
    fields = _Fields(reader)
    met = [_place(pdf, reader, name, field) for name, field in fields.signatures()]
    found = _without_twins(met)
    known = [*(place.body for place in found), *_usage_rights(pdf, reader)]
    strays = sum(1 for _ in _strays(pdf, reader, known))
    return Places(tuple(sorted(found, key=lambda place: place.end)), strays, fields.too_many)


def claimed_ends(pdf: bytes) -> list[int]:
    """Where byte ranges say that a signed revision ends inside the file, the last first."""
    found = {int(mark.group(1)) + int(mark.group(2)) for mark in _SPAN.finditer(pdf)}
    return sorted((end for end in found if 0 < end < len(pdf)), reverse=True)


def _strays(pdf: bytes, reader: PdfFileReader, bodies: list[tuple[int, int]]) -> Iterator[int]:
    """Byte ranges outside the signatures found; those inside a stream are an attached file's own."""
    objects = sorted(listed(reader))
    for mark in _RANGE.finditer(pdf):
        place = mark.start()
        if any(start <= place < end for start, end in bodies):
            continue
        index = bisect.bisect_right(objects, place)
        within = pdf[objects[index - 1] : place] if index else b""
        opened = within.rfind(b"stream")
        if opened < 0 or within[:opened].endswith(b"end"):
            yield place


def _usage_rights(pdf: bytes, reader: PdfFileReader) -> Iterator[tuple[int, int]]:
    """Where a maker's signature lies that only unlocks functions of a reader (ISO 32000-2, 12.8.2.3).

    Nobody signs a document with it, and it ends with the first change; a person's, put there, names no such
    rights within the bytes that it covers.
    """
    try:
        permissions = reader.root["/Perms"]
        for key in ("/UR3", "/UR"):
            raw = permissions.raw_get(key) if key in permissions else None
            if isinstance(raw, IndirectObject):
                rules = raw.get_object()["/Reference"]
                if all(rule.get_object()["/TransformMethod"] in ("/UR3", "/UR") for rule in rules):
                    yield _body(pdf, reader, raw)
    except MALFORMED:
        return


class _Fields:
    """Every field of the form, also where the tree is odd; circles and crowds end the walk."""

    def __init__(self, reader: PdfFileReader) -> None:
        self._reader = reader
        self._seen: set[Any] = set()
        self.too_many = False

    def signatures(self) -> Iterator[tuple[str, DictionaryObject]]:
        """Those that hold a signature or pretend to."""
        try:
            top = self._reader.root["/AcroForm"]["/Fields"]
        except KeyError:
            return
        yield from self._under(top, "", None, 0)

    def _under(
        self, fields: Any, parent: str, kind: Any, depth: int
    ) -> Iterator[tuple[str, DictionaryObject]]:
        if not isinstance(fields, ArrayObject) or depth > _DEEPEST:
            return
        for index in range(len(fields)):
            raw = fields.raw_get(index)
            if isinstance(raw, IndirectObject):
                if raw.reference in self._seen:
                    continue
                self._seen.add(raw.reference)
                if len(self._seen) > MOST_FIELDS:
                    self.too_many = True
                    return
            field = raw.get_object()
            if not isinstance(field, DictionaryObject):
                continue
            own = str(entry(field, "/T", ""))
            name = f"{parent}.{own}" if parent and own else own or parent
            of_kind = entry(field, "/FT", kind)
            if _pretends(field, of_kind):
                yield name, field
            yield from self._under(entry(field, "/Kids"), name, of_kind, depth + 1)


class _Signature(EmbeddedPdfSignature):
    """pyHanko's, but a claimed time that is written oddly or not readable does not spoil the signature.

    LibreOffice writes `Z'` for UTC, other programs `Z00'00'`, or no zone at all.
    """

    @property
    def self_reported_timestamp(self) -> datetime | None:
        try:
            told = super().self_reported_timestamp
        except MALFORMED:
            try:
                said = _ZULU.sub("Z", str(self.sig_object["/M"]))
                told = generic.parse_pdf_date(said, strict=False)
            except MALFORMED:
                return None
        return told if told is None or told.tzinfo else told.replace(tzinfo=VIETNAM)


def entry(where: DictionaryObject, key: str, otherwise: Any = None) -> Any:
    """What a dictionary says, also by reference; pyHanko's own `get` does not look references up."""
    return where[key] if key in where else otherwise  # noqa: SIM401


def _pretends(field: DictionaryObject, kind: Any) -> bool:
    value = entry(field, "/V")
    if value is None or isinstance(value, NullObject):
        return False
    return kind == "/Sig" or (isinstance(value, DictionaryObject) and "/ByteRange" in value)


def _place(pdf: bytes, reader: PdfFileReader, name: str, field: DictionaryObject) -> Place:
    body, end = (0, 0), 0
    try:
        reference = field.raw_get("/V")
        value = field["/V"]
        if not isinstance(reference, IndirectObject) or not isinstance(value, DictionaryObject):
            return Place(name, NO_CONTENTS, None, 0, body)
        body = _body(pdf, reader, reference)
        bounds = _bounds(pdf, value)
        end = bounds[2] if bounds is not None else 0
        if "/Contents" not in value or not value.raw_get("/Contents", generic.EncryptedObjAccess.RAW):
            return Place(name, NO_CONTENTS, None, end, body)
        if bounds is None:
            return Place(name, WRONG_RANGE, None, end, body)
        embedded = _Signature(reader, field, name)
    except MALFORMED:
        return Place(name, NO_CONTENTS, None, end, body)
    return Place(name, _fault(pdf, body, bounds, embedded), embedded, bounds[2], body)


def _bounds(pdf: bytes, value: DictionaryObject) -> tuple[int, int, int] | None:
    """Start and end of what the range leaves out, and the end of what it covers; None when it is no range."""
    numbers = entry(value, "/ByteRange")
    if not isinstance(numbers, ArrayObject) or len(numbers) != 4:
        return None
    if not all(type(numbers.raw_get(index)) is NumberObject for index in range(4)):
        return None
    start, length, second, rest = (int(number) for number in numbers)
    if start != 0 or length <= 0 or rest <= 0 or not length < second or second + rest > len(pdf):
        return None
    return length, second, second + rest


def _body(pdf: bytes, reader: PdfFileReader, reference: IndirectObject) -> tuple[int, int]:
    """The bytes of an object that stands by itself in the file; (0, 0) when it does not."""
    offset = reader.xrefs[reference.reference]
    if not isinstance(offset, int):
        return 0, 0
    header = _HEADER.match(pdf, offset)
    if header is None or int(header.group(1)) != reference.idnum:
        return 0, 0
    end = pdf.find(b"endobj", header.end())
    return (offset, end) if end >= 0 else (0, 0)


def _fault(
    pdf: bytes, body: tuple[int, int], bounds: tuple[int, int, int], embedded: EmbeddedPdfSignature
) -> Text | None:
    start, end, covered = bounds
    gap = pdf[start:end]
    own = pdf[body[0] : start] + pdf[end : body[1]]
    whole = (
        body[0] < start < end <= body[1] <= covered
        and _HEX.fullmatch(gap) is not None
        and _CONTENTS.search(pdf, body[0], start) is not None
        and own.count(b"/Contents") == 1
        and own.count(b"/ByteRange") == 1
        and len(embedded.pkcs7_content) == (len(gap) - 1) // 2
        and _nothing_behind(embedded.pkcs7_content)
        and gap[1:-1].lower() == embedded.pkcs7_content.hex().encode()[: len(gap) - 2]
    )
    return None if whole else WRONG_RANGE


def _nothing_behind(contents: bytes) -> bool:
    """Whether only zeros follow the signature's own encoding in the room kept free for it."""
    if contents[:2] == b"\x30\x80":  # indefinite: its end is found by the parser only
        return True
    if len(contents) < 2 or contents[0] != 0x30:
        return False
    first = contents[1]
    size = first & 0x7F if first > 0x80 else 0
    length = int.from_bytes(contents[2 : 2 + size], "big") if size else first
    return not contents[2 + size + length :].strip(b"\x00")


def _without_twins(met: list[Place]) -> list[Place]:
    """Signatures that share their object or their end: a field that borrows another's signature."""
    bodies = Counter(place.body for place in met if place.body != (0, 0))
    ends = Counter(place.end for place in met if place.end)
    return [
        Place(place.field, SHARED, place.embedded, place.end, place.body)
        if bodies[place.body] > 1 or ends[place.end] > 1
        else place
        for place in met
    ]


NO_CONTENTS = Text(
    "Ô ký này được ghi là đã ký nhưng không có nội dung chữ ký đọc được.",
    "This field claims to be signed but holds no signature that can be read.",
)
WRONG_RANGE = Text(
    "Chữ ký này không bao trùm đúng phần tệp mà nó phải bao trùm: cấu trúc tệp đã bị can thiệp.",
    "This signature does not cover what it must cover: the structure of the file was tampered with.",
)
SHARED = Text(
    "Hai ô ký dùng chung một chữ ký: cấu trúc tệp đã bị can thiệp.",
    "Two fields share one signature: the structure of the file was tampered with.",
)
