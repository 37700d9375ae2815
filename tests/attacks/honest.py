"""Honest files that must raise no alarm: other producers' habits, many signatures, stamps, time passing."""

from __future__ import annotations

import asyncio
import functools
import io
from collections.abc import Callable
from datetime import timedelta

import pikepdf
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.validation.dss import async_add_validation_info

from tasks import certificates, signing
from tasks.assembling import assemble
from tasks.certificates import Purpose, Subject
from tasks.rendering import Box
from tasks.verifying import validation_context
from tests import signatures
from tests.attacks import display, form_content, raw, shadow
from tests.attacks.byte_ranges import plain
from tests.attacks.certified import certified_for
from tests.attacks.letters import (
    APPROVAL,
    AUTHOR,
    BOXES,
    CONTENT,
    CONTENT_2,
    PAGE,
    PAGES,
    approval_signs,
    approved,
    archived,
    author_signs,
    certified,
    letter,
    objects,
    page,
    sign_plainly,
    signed,
    words,
)
from tests.attacks.samples import Make
from tests.signatures import FOUNDED, NAMES, NOW, SCHOOL, Paper, Person, authority, person, timestamper, trust
from tests.tasks.test_signature_table import ANSWERED, WAYS_OF_TYPES, revisions

FILES: dict[str, Make] = {
    "one signature": signed,
    "one certifying signature": certified,
    "certified, approved with a number": approved,
    "archived": archived,
    "signed in one revision, no validation data": plain,
}


def honest(name: str) -> Callable[[Make], Make]:
    def added(make: Make) -> Make:
        if name in FILES:
            raise ValueError(f"There is a file {name!r} already.")
        FILES[name] = make
        return make

    return added


def archive(pdf: bytes, after: timedelta = timedelta()) -> bytes:
    return signing.archive_timestamp(pdf, trust(), timestamper(NOW + after), NOW + after)


# --- our own papers ----------------------------------------------------------------------------------------


def house(paper: Paper, acts: tuple[tuple[str, str, dict[str, str]], ...]) -> bytes:
    pdf = paper.pdf
    for field, who, texts in acts:
        filled = paper.texts(texts)
        pdf = signatures.sign(
            pdf, field, person(who), paper.boxes[field], texts=filled, certify=pdf is paper.pdf
        )
    return pdf


@honest("lesson plan of three signatures")
@functools.cache
def lesson_plan() -> bytes:
    acts = (("author", "lan", {}), ("group_review", "hoa", {}), ("principal_approval", "minh", {}))
    return house(signatures.lesson_plan(1), acts)


@honest("lesson plan archived")
def lesson_plan_archived() -> bytes:
    return archive(lesson_plan())


@functools.cache
def team_plan() -> bytes:
    numbered = {"number": "05", "date": "ngày 18 tháng 11 năm 2026"}
    acts = (
        ("author", "hoa", {}),
        ("vice_principal_review", "ngoc", {}),
        ("principal_approval", "minh", numbered),
        ("seal", "thu", {}),
    )
    return archive(house(signatures.team_plan(), acts))


honest("group plan: four signatures, number, date, seal, archive")(team_plan)


@honest("group plan archived three times")
def archived_three_times() -> bytes:
    return archive(archive(team_plan(), timedelta(days=1)), timedelta(days=2))


def validation_data_added(pdf: bytes, *, entry: bool = False) -> bytes:
    """As a validator does that keeps evidence for later; `entry`: named as that of the last signature."""
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output, strict=False)
    embedded = list(writer.prev.embedded_regular_signatures)[-1]
    context = validation_context(trust(), NOW)
    asyncio.run(async_add_validation_info(embedded, context, in_place=True, add_vri_entry=entry))
    return output.getvalue()


honest("validation data appended at the end")(lambda: validation_data_added(approved()))


@honest("archived, then validation data appended")
def validation_data_after_the_archive() -> bytes:
    return validation_data_added(archived(), entry=True)


# --- other producers ---------------------------------------------------------------------------------------


def by_qpdf(changes: dict[int, bytes] | None = None, **options: object) -> bytes:
    """The letter written anew by another library."""
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(raw.build(objects(changes)))) as document:
        document.save(output, **options)  # type: ignore[arg-type]
    return signing.prepare(output.getvalue(), BOXES)


@honest("linearized, then signed")
def linearized() -> bytes:
    return approval_signs(author_signs(by_qpdf(linearize=True), certify=True))


@honest("object streams, then signed")
def object_streams() -> bytes:
    made = by_qpdf(object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return archive(approval_signs(author_signs(made, certify=True)))


@honest("hybrid table, then signed")
def hybrid() -> bytes:
    """Table and stream tell the same, as old office programs wrote it."""
    pdf = raw.build(objects())
    place = pdf.index(b"%d 0 obj" % CONTENT_2)
    row = bytes([1]) + place.to_bytes(4, "big") + (0).to_bytes(2, "big")
    entries = b"/Type /XRef /Size 9 /W [1 4 2] /Index [%d 1] /Root 1 0 R" % CONTENT_2
    at = len(pdf)
    xref = b"8 0 obj\n%s\nendobj\n" % raw.stream(row, entries)
    made = raw.update(pdf + xref, {}, entries=b"/XRefStm %d" % at, prev=raw.last_xref(pdf))
    return sign_plainly(signing.prepare(made, BOXES), "author", person("lan"))


@honest("invisible signature, as pyHanko makes it without a layout")
def invisible() -> bytes:
    return sign_plainly(raw.build(objects()), SigFieldSpec("Signature1"), person("lan"))


@honest("adbe.pkcs7.detached")
def pkcs7() -> bytes:
    return sign_plainly(
        raw.build(objects()),
        SigFieldSpec("Signature1"),
        person("lan"),
        evidence=False,
        subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
    )


@honest("adbe.pkcs7.detached with revocation data within")
def pkcs7_with_evidence() -> bytes:
    return sign_plainly(
        raw.build(objects()),
        SigFieldSpec("Signature1"),
        person("lan"),
        subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
    )


@honest("two invisible signatures, the second in a field of its own")
def two_invisible() -> bytes:
    return sign_plainly(invisible(), SigFieldSpec("Signature2"), person("minh"))


@functools.cache
def rsa_person() -> Person:
    key = rsa.generate_private_key(65537, 2048)
    subject = Subject(NAMES["lan"], SCHOOL, "lan")
    certificate = certificates.issue(authority(), subject, Purpose.PERSONAL, key.public_key(), FOUNDED)
    return Person("lan", key, certificate)  # type: ignore[arg-type]


@honest("RSA")
def of_rsa() -> bytes:
    return signatures.sign(letter(), "author", rsa_person(), AUTHOR, certify=True)


@honest("RSA-PSS")
def of_rsa_pss() -> bytes:
    return sign_plainly(letter(), "author", rsa_person(), pss=True)


@honest("SHA-512")
def sha_512() -> bytes:
    return sign_plainly(letter(), "author", person("lan"), md_algorithm="sha512")


@honest("certified, no changes allowed")
def no_changes() -> bytes:
    return certified_for(MDPPerm.NO_CHANGES)


@honest("certified, no changes allowed, archived")
def no_changes_archived() -> bytes:
    """A document timestamp is allowed even then (ISO 32000-2, 12.8.2.2)."""
    return archive(no_changes())


@honest("certified, notes allowed, then approved")
def notes_allowed() -> bytes:
    return approval_signs(certified_for(MDPPerm.ANNOTATE))


@honest("not certified, then approved")
def not_certified() -> bytes:
    return archive(approval_signs(signed()))


# --- pages of every kind -----------------------------------------------------------------------------------

BODIES: dict[str, dict[int, bytes]] = {
    "turned page": {PAGE: page(CONTENT, b"/Rotate 90")},
    "page upside down": {PAGE: page(CONTENT, b"/Rotate 180")},
    "cropped page": {PAGE: page(CONTENT, b"/CropBox [30 60 560 800]")},
    "page that does not begin at zero": {
        PAGE: page(CONTENT).replace(b"/MediaBox [0 0 595 842]", b"/MediaBox [-20 -30 575 812]")
    },
    "page of larger units": {PAGE: page(CONTENT, b"/UserUnit 1.5")},
    "pages that inherit": {
        PAGES: b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 /MediaBox [0 0 595 842] /Rotate 0 >>",
        PAGE: page(CONTENT).replace(b"/MediaBox [0 0 595 842]", b""),
    },
    "fractions of points": {
        PAGE: page(CONTENT).replace(b"/MediaBox [0 0 595 842]", b"/MediaBox [0 0 595.276 841.89]")
    },
    "pages of two sizes": {
        PAGE: page(CONTENT).replace(b"/MediaBox [0 0 595 842]", b"/MediaBox [0 0 842 1191]")
    },
    "empty page": {CONTENT_2: raw.stream(b"")},
    "page without content": {6: page(CONTENT_2).replace(b"/Contents 7 0 R", b"")},
    "text in several streams": {
        PAGE: page(CONTENT).replace(b"/Contents 4 0 R", b"/Contents [4 0 R 20 0 R]"),
        20: raw.stream(words(b"Them 1 dong.", top=500)),
    },
    "links and bookmarks": {
        1: b"<< /Type /Catalog /Pages 2 0 R /Outlines << /Type /Outlines /Count 0 >> /Lang (vi) >>",
        PAGE: page(CONTENT, b"/Annots [20 0 R]"),
        20: b"<< /Type /Annot /Subtype /Link /Rect [50 695 550 735] /Border [0 0 1] /Dest [6 0 R /Fit] >>",
    },
    "a note with a picture, from before": {
        PAGE: page(CONTENT, b"/Annots [20 0 R]"),
        20: b"<< /Type /Annot /Subtype /Stamp /F 4 /Rect [50 495 150 535] /AP << /N 21 0 R >> >>",
        21: raw.stream(b"1 0 0 rg 0 0 100 40 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 100 40]"),
    },
    "see-through picture": {
        PAGE: page(CONTENT, b"/Group << /S /Transparency /CS /DeviceRGB >>").replace(
            b"/Font <<", b"/ExtGState << /G << /ca 0.4 >> >> /Font <<"
        ),
        CONTENT: raw.stream(words(b"TO TRINH") + b" /G gs 1 0 0 rg 60 400 200 100 re f"),
    },
    "metadata and title": {
        1: b"<< /Type /Catalog /Pages 2 0 R /Metadata 20 0 R >>",
        20: raw.stream(
            b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF "
            b"xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>",
            b"/Type /Metadata /Subtype /XML",
        ),
    },
    "a file attached before signing": {
        1: b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 20 0 R] >> >> >>",
        20: b"<< /Type /Filespec /F (a.txt) /EF << /F 21 0 R >> >>",
        21: raw.stream(b"x", b"/Type /EmbeddedFile"),
    },
    "layers that stay": display.layered(),
}


def with_body(changes: dict[int, bytes]) -> bytes:
    return archive(approval_signs(author_signs(letter(changes), certify=True)))


for _name, _changes in BODIES.items():
    FILES[_name] = functools.partial(with_body, _changes)


# --- what attackers prepare, untouched ----------------------------------------------------------------------

FILES |= {
    "a form filled before signing": shadow.filled_field,
    "a form filled before signing, certified": functools.partial(shadow.filled_field, True),
    "a ticked box": form_content.ticked,
    "a form of several layers": display.with_layers,
    "an object nobody refers to": shadow.two_documents,
    "a hidden note": display.with_hidden_note,
    "invisible words of a scanner": display.with_invisible_words,
    "white over a word": shadow.covered,
}


@honest("a form filled before signing, then approved")
def filled_then_approved() -> bytes:
    return archive(signatures.sign(shadow.filled_field(True), "approval", person("minh"), APPROVAL))


@honest("thirty pages")
def thirty_pages() -> bytes:
    numbers = range(100, 128)
    kids = b" ".join(b"%d 0 R" % n for n in (PAGE, 6, *numbers))
    changes = {PAGES: b"<< /Type /Pages /Kids [%s] /Count 30 >>" % kids}
    for n in numbers:
        changes |= {n: page(n + 100), n + 100: raw.stream(words(b"Trang %d" % (n - 97)))}
    return approval_signs(author_signs(letter(changes), certify=True))


@honest("ten signatures")
def ten_signatures() -> bytes:
    boxes = tuple(
        Box(
            f"s{n}",
            "signature",
            0,
            (50 + n % 5 * 100, 100 + n // 5 * 100, 145 + n % 5 * 100, 190 + n // 5 * 100),
        )
        for n in range(10)
    )
    pdf = letter(boxes=boxes)
    for box, who in zip(boxes, ("lan", "hoa", "ngoc", "hanh", "minh") * 2, strict=True):
        pdf = signatures.sign(pdf, box.name, person(who), box, certify=box is boxes[0])
    return archive(pdf)


def uploaded(changes: dict[int, bytes]) -> bytes:
    """Cover, pages that somebody brought, signing sheet: number and date filled by the principal."""
    made = assemble(_UPLOADED, raw.build(objects(changes)))
    paper = Paper(made.pdf, {box.name: box for box in made.boxes})
    numbered = {"number": "12", "date": "ngày 18 tháng 11 năm 2026"}
    return archive(house(paper, (("author", "lan", {}), ("principal_approval", "minh", numbered))))


_UPLOADED = {
    "title": "Kế hoạch bồi dưỡng",
    "issuer": signatures._ISSUER,
    "author": {"name": NAMES["lan"]},
    "heading": "KẾ HOẠCH",
    "about": "bồi dưỡng học sinh năng khiếu",
    "facts": [["Lớp", "3A"]],
    "parts": [],
    "parts_head": [],
    "numbered": True,
    "date": "2026-11-18",
    "first": 2,
    "file": {"name": "ke-hoach.pdf", "pages": 2, "sha256": "0" * 64, "note": ""},
    "boxes": [{"field": "author", "caption": ""}, {"field": "principal_approval", "caption": ""}],
}
for _name in ("turned page", "cropped page", "pages of two sizes", "layers that stay", "see-through picture"):
    FILES[f"uploaded: {_name}"] = functools.partial(uploaded, BODIES[_name])


def answered(slug: str) -> bytes:
    """The way of most signatures through a type whose people write answers into prepared fields."""
    ways = (acts for of, acts in WAYS_OF_TYPES.values() if of == slug)
    paper = ANSWERED[slug]()
    return revisions(paper, max(ways, key=lambda acts: sum(1 + len(act.texts) for act in acts)))[-1]


for _slug in ANSWERED:
    FILES[f"answers written into a {_slug}"] = functools.partial(answered, _slug)
