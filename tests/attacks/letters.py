"""The honest files that are attacked, and ways to sign that our own signing does not offer.

A letter of two pages, written by hand so that every object is known, signed in the school of
`tests/signatures.py`. Each file is made once per process and shared.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import time_machine
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.generic import DictionaryObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.stamp import BaseStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tasks import certificates, rendering, signing
from tasks.rendering import Box
from tasks.signing import FilledText
from tasks.timestamping import LocalTimeStamper
from tasks.verifying import validation_context
from tests import signatures
from tests.attacks import raw
from tests.signatures import NOW, Person, person, timestamper, trust

CATALOGUE, PAGES, PAGE, CONTENT, FONT, PAGE_2, CONTENT_2 = range(1, 8)
AUTHOR = Box("author", "signature", 0, (60, 100, 260, 190))
APPROVAL = Box("approval", "signature", 0, (330, 100, 530, 190))
NUMBER = Box("number", "text", 0, (100, 640, 200, 660))
BOXES = (AUTHOR, APPROVAL, NUMBER)

SUM = b"De nghi chi: 5 000 000 dong cho lop 3A."
OTHER_SUM = b"De nghi chi: 900 000 000 dong cho lop 3A."


def words(*lines: bytes, top: int = 740) -> bytes:
    """A content stream of one line of text after the other, from `top` down."""
    shown = b" ".join(b"(%s) Tj 0 -28 Td" % line for line in lines)
    return b"BT /F1 14 Tf 60 %d Td %s ET" % (top, shown)


def page(content: int, entries: bytes = b"") -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> %s >>" % (content, entries)
    )


def objects(changes: Mapping[int, bytes] | None = None) -> dict[int, bytes]:
    """The letter's objects, some exchanged or added."""
    return {
        CATALOGUE: b"<< /Type /Catalog /Pages 2 0 R >>",
        PAGES: b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 >>",
        PAGE: page(CONTENT),
        CONTENT: raw.stream(words(b"TO TRINH", SUM, b"Kinh gui: Hieu truong")),
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        PAGE_2: page(CONTENT_2),
        CONTENT_2: raw.stream(words(b"Trang 2: danh sach 35 hoc sinh.", b"Het.")),
    } | dict(changes or {})


def letter(changes: Mapping[int, bytes] | None = None, boxes: tuple[Box, ...] = BOXES) -> bytes:
    """The letter with its empty fields."""
    return signing.prepare(raw.build(objects(changes)), boxes)


@functools.cache
def unsigned() -> bytes:
    return letter()


@functools.cache
def signed() -> bytes:
    """The author's ordinary signature; two fields are still empty."""
    return author_signs(unsigned())


@functools.cache
def certified() -> bytes:
    """The author's certifying signature, which allows the prepared fields to be filled."""
    return author_signs(unsigned(), certify=True)


@functools.cache
def approved() -> bytes:
    """Certified, then approved with a number."""
    return approval_signs(certified())


@functools.cache
def archived() -> bytes:
    return signing.archive_timestamp(approved(), trust(), timestamper(), NOW)


def author_signs(pdf: bytes, *, certify: bool = False) -> bytes:
    return signatures.sign(pdf, "author", person("lan"), AUTHOR, certify=certify)


def approval_signs(pdf: bytes, value: str = "05", shown: str = "", who: str = "minh") -> bytes:
    """The second signature, which fills and closes the number; `shown` is what the page says instead."""
    texts = (FilledText("number", value, rendering.text_field(NUMBER, shown or value)),)
    return signatures.sign(pdf, "approval", person(who), APPROVAL, texts=texts)


# --- other ways to sign ------------------------------------------------------------------------------------


def key_of(who: Person, *, pss: bool = False) -> SimpleSigner:
    """pyHanko's own signer with a person's key."""
    registry = SimpleCertificateStore()
    registry.register_multiple([asn1_x509.Certificate.load(der) for der in trust().intermediates])
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(who.certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(certificates.private_der(who.key)),
        cert_registry=registry,
        prefer_pss=pss,
    )


def sign_plainly(
    pdf: bytes,
    field: str | SigFieldSpec,
    who: Person,
    stamp: BaseStampStyle | None = None,
    *,
    stamped: bool = True,
    evidence: bool = True,
    pss: bool = False,
    **metadata: Any,
) -> bytes:
    """A signature as pyHanko makes it; a field that is described is made on the way."""
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output, strict=False)
    if writer.prev.encrypted:  # it opens without a password
        writer.encrypt("")
    spec = field if isinstance(field, SigFieldSpec) else None
    known: dict[str, Any] = {
        "field_name": spec.sig_field_name if spec else field,
        "md_algorithm": "sha256",
        "subfilter": SigSeedSubFilter.PADES,
        "embed_validation_info": evidence,
        "validation_context": validation_context(trust(), NOW) if evidence else None,
    }
    signer = PdfSigner(
        PdfSignatureMetadata(**(known | metadata)),
        key_of(who, pss=pss),
        timestamper=timestamper() if stamped else None,
        stamp_style=stamp,
        new_field_spec=spec,
    )
    with time_machine.travel(NOW, tick=True):
        asyncio.run(signer.async_sign_pdf(writer, in_place=True))
    return output.getvalue()


def cms_of(digest: bytes, who: Person, stamps: LocalTimeStamper) -> bytes:
    """A detached PAdES signature (DER) over a SHA-256 digest."""
    made = key_of(who).async_sign(digest, "sha256", use_pades=True, timestamper=stamps)
    return bytes(asyncio.run(made).dump())


ROOM = 24_000
"""Hexadecimal digits kept for a signature made by hand."""
HOLE = b"<" + b"0" * ROOM + b">"
NO_RANGE = b"[0 9999999999 9999999999 9999999999]"
SIGNATURE = (
    b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
    b"/M (D:20261118075803+07'00') /ByteRange " + NO_RANGE + b" /Contents " + HOLE + b" >>"
)
"""A signature dictionary to be completed by `close`."""

Ranges = Callable[[int, int, int], tuple[int, ...]]


def close(
    pdf: bytes,
    who: Person | None = None,
    ranges: Ranges | None = None,
    stamps: LocalTimeStamper | None = None,
) -> bytes:
    """Sign the one hole left in a file; `ranges` says which bytes, of the hole's two ends and the file's."""
    start = pdf.index(HOLE)
    end = start + len(HOLE)
    covered = (ranges or standard)(start, end, len(pdf))
    numbers = b"[%s]" % b" ".join(b"%d" % n for n in covered)
    pdf = raw.replaced(pdf, NO_RANGE, numbers.ljust(len(NO_RANGE)))
    digest = hashlib.sha256()
    for at, length in zip(covered[::2], covered[1::2], strict=True):
        digest.update(pdf[at : at + length])
    made = cms_of(digest.digest(), who or person("lan"), stamps or timestamper())
    return pdf[: start + 1] + made.hex().encode().ljust(ROOM, b"0") + pdf[end - 1 :]


def sign_by_hand(pdf: bytes, field: str, who: Person, changes: Mapping[int, bytes] | None = None) -> bytes:
    """Sign an empty field whatever the file allows; `changes` come in the same revision."""
    number, new = number_of(pdf, field), raw.size_of(pdf)
    value = raw.with_entry(raw.value_of(pdf, number), b"/V %d 0 R" % new)
    return close(raw.update(pdf, {number: value, new: SIGNATURE, **(changes or {})}), who)


def standard(start: int, end: int, size: int) -> tuple[int, ...]:
    return 0, start, end, size - end


# --- what attackers append ---------------------------------------------------------------------------------


def appended(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """An incremental update by pyHanko's writer."""
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output, strict=False)
    change(writer)
    writer.write_in_place()
    return output.getvalue()


def form_field(writer: IncrementalPdfFileWriter, name: str) -> DictionaryObject:
    fields = (reference.get_object() for reference in writer.root["/AcroForm"]["/Fields"])
    return next(field for field in fields if field["/T"] == name)


def number_of(pdf: bytes, name: str) -> int:
    """The object number of a form field."""
    return int(re.findall(rb"(\d+) 0 obj\s*<<(?:(?!endobj).)*?/T \(%s\)" % name.encode(), pdf, re.DOTALL)[-1])


def last_signature(pdf: bytes) -> tuple[int, bytes]:
    """Number and bytes of the newest signature dictionary."""
    found = list(re.finditer(rb"(\d+) 0 obj\s*(<<(?:(?!endobj).)*?/ByteRange.*?)\s*endobj", pdf, re.DOTALL))
    return int(found[-1][1]), found[-1][2]


def contents_of(pdf: bytes, place: int = -1) -> tuple[int, int]:
    """Where a signature's hexadecimal string stands, its braces included; the newest, or the n-th."""
    found = [match.span(1) for match in re.finditer(rb"/Contents\s*(<[0-9A-Fa-f]{1000,}>)", pdf)]
    return found[place]


def byte_range_of(pdf: bytes, place: int = -1) -> re.Match[bytes]:
    return list(re.finditer(rb"/ByteRange\s*\[([\d ]+)\]", pdf))[place]
