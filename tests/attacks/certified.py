"""Attacks on certified documents: what the certification allows is misused.

Rohlmann, Mladenov, Mainka, Schwenk: "Breaking the Specification: PDF Certification", S&P 2021. Evil
annotations under P=2 and P=3; sneaky signatures whose picture covers the page.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from functools import partial

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, NumberObject, pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec

from tasks import certificates, signing
from tasks.certificates import Subject
from tasks.form_fields import PageStyle
from tasks.rendering import Box
from tests import signatures
from tests.attacks import raw
from tests.attacks.letters import (
    APPROVAL,
    OTHER_SUM,
    PAGE,
    appended,
    approved,
    archived,
    certified,
    form_field,
    number_of,
    sign_by_hand,
    sign_plainly,
    signed,
    unsigned,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks, Make
from tests.signatures import FOUNDED, SCHOOL, Person, person

ATTACKS = Attacks("certified")
sample = ATTACKS.sample


@functools.cache
def certified_for(permission: MDPPerm) -> bytes:
    """Certified with P=1, 2 or 3."""
    return sign_plainly(unsigned(), "author", person("lan"), certify=True, docmdp_permissions=permission)


NOTES = partial(certified_for, MDPPerm.ANNOTATE)

# --- evil annotations --------------------------------------------------------------------------------------

PICTURE = raw.stream(
    b"1 g 0 0 500 40 re f 0 g BT /F1 14 Tf 10 17 Td (%s) Tj ET" % OTHER_SUM,
    b"/Type /XObject /Subtype /Form /BBox [0 0 500 40] /Resources << /Font << /F1 5 0 R >> >>",
)
_AREA = b"/Rect [50 695 550 735] /F 4"
ANNOTATIONS = {
    "FreeText": b"/Contents (900 000 000) /DA (/F1 14 Tf 0 g)",
    "Redact": b"/QuadPoints [50 735 550 735 50 695 550 695] /IC [1 1 1] /OverlayText (900 000 000) /DA (0 g)",
    "Stamp": b"/Name /Approved",
    "Highlight": b"/QuadPoints [50 735 550 735 50 695 550 695] /C [1 1 1]",
    "Underline": b"/QuadPoints [50 735 550 735 50 695 550 695] /C [0 0 0]",
    "StrikeOut": b"/QuadPoints [50 735 550 735 50 695 550 695] /C [0 0 0]",
    "Squiggly": b"/QuadPoints [50 735 550 735 50 695 550 695] /C [0 0 0]",
    "Square": b"/IC [1 1 1] /C [1 1 1]",
    "Circle": b"/IC [1 1 1] /C [1 1 1]",
    "Line": b"/L [50 710 550 710] /C [1 1 1] /BS << /W 30 >>",
    "Polygon": b"/Vertices [50 695 550 695 550 735 50 735] /IC [1 1 1]",
    "PolyLine": b"/Vertices [50 695 550 695 550 735 50 735] /C [1 0 0]",
    "Ink": b"/InkList [[60 700 500 730]] /C [0 0 0] /BS << /W 12 >>",
    "Caret": b"/Contents (900 000 000)",
    "Text": b"/Contents (900 000 000)",
    "FileAttachment": b"/FS << /Type /Filespec /F (bang.xlsx) >>",
    "Watermark": b"",
    "Link": b"/Border [0 0 30] /C [1 1 1] /A << /S /URI /URI (http://example.org) >>",
    "Screen": b"/MK << /BG [1 1 1] >>",
    "Widget": b"/FT /Tx /T (sneaky) /V (900 000 000) /DA (/F1 14 Tf 0 g)",
}


def annotated(base: Make, kind: str, picture: bool, page: int = PAGE) -> bytes:
    pdf = base()
    note, drawn = raw.size_of(pdf), raw.size_of(pdf) + 1
    entries = ANNOTATIONS[kind] + (b" /AP << /N %d 0 R >>" % drawn if picture else b"")
    made = b"<< /Type /Annot /Subtype /%s %s %s /P %d 0 R >>" % (kind.encode(), _AREA, entries, page)
    before = raw.value_of(pdf, page)
    if b"/Annots" in before:
        after = before.replace(b"/Annots [", b"/Annots [%d 0 R " % note)
    else:
        after = raw.with_entry(before, b"/Annots [%d 0 R]" % note)
    return raw.update(pdf, {page: after, note: made, **({drawn: PICTURE} if picture else {})})


for _kind in ANNOTATIONS:
    ATTACKS.add(f"{_kind} over the text, P=3", partial(annotated, NOTES, _kind, True), NOTES, ALTERED)
    ATTACKS.add(
        f"{_kind} without a picture, P=3",
        partial(annotated, NOTES, _kind, False),
        NOTES,
        ALTERED,
        UNKNOWN,
    )
for _kind in ("FreeText", "Redact", "Stamp", "Widget"):
    ATTACKS.add(f"{_kind} over the text, P=2", partial(annotated, certified, _kind, True), certified, ALTERED)
    ATTACKS.add(
        f"{_kind} over the text, archived", partial(annotated, archived, _kind, True), archived, ALTERED
    )
    ATTACKS.add(f"{_kind} over the text, signed", partial(annotated, signed, _kind, True), signed, ALTERED)


@sample("an annotation, then a lawful signature over it", NOTES, ALTERED)
def annotated_then_signed() -> bytes:
    return signatures.sign(annotated(NOTES, "FreeText", True), "approval", person("minh"), APPROVAL)


# --- sneaky signatures -------------------------------------------------------------------------------------


@functools.cache
def stranger(name: str = "Đỗ Quang Minh") -> Person:
    """Somebody whose certificate comes from an authority with the very same names as the school's."""
    theirs = certificates.make_authority(FOUNDED, SCHOOL)
    key = certificates.new_key()
    subject = Subject(name, SCHOOL, "minh")
    purpose = certificates.Purpose.PERSONAL
    return Person("minh", key, certificates.issue(theirs, subject, purpose, key.public_key(), FOUNDED))


def cover(width: float, height: float) -> bytes:
    """A stamp of a box's size, white, that says another sum."""
    return raw.build(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %f %f] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>" % (width, height),
            4: raw.stream(
                b"1 g 0 0 %f %f re f 0 g BT /F1 14 Tf 10 %f Td (%s) Tj ET"
                % (width, height, max(2, height - 20), OTHER_SUM)
            ),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        }
    )


def over_the_text(base: Make, who: str) -> bytes:
    """A field of its own, made and signed at once, over the words of the page."""
    spec = SigFieldSpec("sneaky", on_page=0, box=(50, 600, 550, 800))
    return sign_plainly(base(), spec, by(who), PageStyle(page=cover(500, 200)), evidence=who != "stranger")


def by(who: str) -> Person:
    return stranger() if who == "stranger" else person(who)


for _base in (signed, certified, NOTES, approved, archived):
    for _who in ("minh", "stranger"):
        _name = "P=3" if _base is NOTES else _base.__name__
        ATTACKS.add(
            f"a new signature over the text, by {_who}, {_name}",
            partial(over_the_text, _base, _who),
            _base,
            ALTERED,
            *((BROKEN, UNKNOWN) if _who == "stranger" else ()),
        )


@sample("a new empty signature field over the text", signed, ALTERED)
def empty_field_over_the_text() -> bytes:
    """Not signed at all: its picture is enough."""
    box = Box("sneaky", "signature", 0, (50, 695, 550, 735))
    pdf = signing.prepare(signed(), (box,))
    picture, number = raw.size_of(pdf), number_of(pdf, "sneaky")
    field = raw.value_of(pdf, number)
    drawn = field[: field.index(b"/AP")] + b"/AP << /N %d 0 R >> >>" % picture
    return raw.update(pdf, {number: drawn, picture: PICTURE})


@sample("a prepared field signed by a stranger with the approver's name", certified, BROKEN, UNKNOWN, ALTERED)
def signed_by_a_stranger() -> bytes:
    return sign_plainly(certified(), "approval", stranger(), evidence=False)


@sample("a prepared field signed by a stranger, with a picture", certified, BROKEN, UNKNOWN, ALTERED)
def signed_by_a_stranger_with_picture() -> bytes:
    stamp = signatures.stamp(APPROVAL, person("minh"), ("HIỆU TRƯỞNG",))
    return sign_plainly(certified(), "approval", stranger(), PageStyle(page=stamp), evidence=False)


def resized(base: Make, rect: tuple[int, int, int, int]) -> bytes:
    """The empty field is moved before a true person of the school signs it."""

    def move(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "approval")
        field[pdf_name("/Rect")] = ArrayObject(map(NumberObject, rect))
        writer.update_container(field)

    left, bottom, right, top = rect
    stamp = cover(right - left, top - bottom)
    return sign_plainly(appended(base(), move), "approval", person("minh"), PageStyle(page=stamp))


for _base in (signed, certified):
    for _name, _rect in (("grown", (50, 100, 550, 800)), ("moved", (50, 690, 550, 740))):
        ATTACKS.add(
            f"the prepared field {_name}, then signed, {_base.__name__}",
            partial(resized, _base, _rect),
            _base,
            ALTERED,
        )


@functools.cache
def oversized_field() -> bytes:
    """Prepared by an attacker: the empty field lies over the whole page when the author signs."""
    box = replace(APPROVAL, rect=(0, 0, 595, 842))
    pdf = signing.prepare(unsigned_of_one_field(), (box,))
    return signatures.sign(pdf, "author", person("lan"), certify=True)


def unsigned_of_one_field() -> bytes:
    from tests.attacks.letters import AUTHOR, letter

    return letter(boxes=(AUTHOR,))


@sample("an empty field over the whole page, signed by another of the school", None, ALTERED, UNKNOWN)
def oversized_signed() -> bytes:
    return sign_plainly(oversized_field(), "approval", person("minh"), PageStyle(page=cover(595, 842)))


@functools.cache
def field_over_the_sum() -> bytes:
    """A field of ordinary size that was put over the words of the page."""
    from tests.attacks.letters import AUTHOR, letter

    box = replace(APPROVAL, rect=(50, 695, 550, 735))
    return signatures.sign(letter(boxes=(AUTHOR, box)), "author", person("lan"), certify=True)


@sample("an empty field over the sum, signed by another of the school", None, ALTERED, UNKNOWN)
def over_the_sum_signed() -> bytes:
    return sign_plainly(field_over_the_sum(), "approval", person("minh"), PageStyle(page=cover(500, 40)))


@sample("the certification's permission raised", certified, ALTERED, BROKEN)
def permission_raised() -> bytes:
    """The reference of the certifying signature is replaced by an update with P=3."""
    pdf = certified()
    from tests.attacks.letters import last_signature

    number, dictionary = last_signature(pdf)
    raised = dictionary.replace(b"/P 2", b"/P 3")
    assert raised != dictionary
    return raw.update(annotated(lambda: pdf, "FreeText", True), {number: raised})


@sample("the certification taken away, then an annotation", certified, ALTERED)
def permission_removed() -> bytes:
    def lift(writer: IncrementalPdfFileWriter) -> None:
        del writer.root[pdf_name("/Perms")]
        writer.update_root()

    return appended(annotated(certified, "FreeText", True), lift)


@sample("a second certification", signed, ALTERED, BROKEN)
def second_certification() -> bytes:
    """Certified after the author signed: only the first signature may."""

    def certify(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name("/Perms")] = DictionaryObject({pdf_name("/DocMDP"): pdf_string("x")})
        writer.update_root()

    return appended(signed(), certify)


P1 = partial(certified_for, MDPPerm.NO_CHANGES)


@sample("signed although nothing more was allowed", P1, ALTERED, BROKEN)
def signed_under_p1() -> bytes:
    return sign_by_hand(P1(), "approval", person("minh"))


@sample("filled although nothing more was allowed", P1, ALTERED)
def filled_under_p1() -> bytes:
    from tests.attacks.form_content import filled

    return filled(P1(), "number", "05", "05")
