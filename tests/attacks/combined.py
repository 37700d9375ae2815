"""Attacks put together from several classes, aimed at a verification that compares pages.

Each passes by one of the things such a verification relies on: masks of lawful fields, words extracted from a
picture, a rendering for the screen, objects that may lawfully be updated.
"""

from __future__ import annotations

import asyncio
import functools
import io
from functools import partial

from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, append_signature_field
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

from tasks import signing
from tasks.form_fields import show
from tests import signatures
from tests.attacks import raw
from tests.attacks.certified import cover
from tests.attacks.form_content import drawing, filled, on_field, on_form, ticked
from tests.attacks.letters import (
    APPROVAL,
    AUTHOR,
    CONTENT,
    OTHER_SUM,
    PAGE,
    approved,
    archived,
    author_signs,
    certified,
    form_field,
    letter,
    page,
    sign_plainly,
    signed,
    unsigned,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, UNSIGNED, Attacks, Make
from tests.attacks.shadow import SHADOW, covered_by_widget, filled_field, sum_shown, widget_cover
from tests.signatures import NOW, person, timestamper, trust

ATTACKS = Attacks("combined")
sample = ATTACKS.sample
DOUBT = (ALTERED, UNKNOWN)


def stamped(pdf: bytes) -> bytes:
    """Anybody can have a file stamped by the time-stamp authority."""
    return signing.archive_timestamp(pdf, trust(), timestamper(), NOW)


# --- the archive's time-stamp as a cloak --------------------------------------------------------------------

ATTACKS.add(
    "a field filled by nobody, then stamped",
    lambda: stamped(filled(certified(), "number", "9", "9")),
    certified,
    *DOUBT,
)
ATTACKS.add(
    "a stamp redrawn, then stamped",
    lambda: stamped(on_field(certified, "author", drawing)),
    certified,
    *DOUBT,
)
ATTACKS.add("a tick switched, then stamped", lambda: stamped(_unticked()), ticked, *DOUBT)


def _unticked() -> bytes:
    pdf = ticked()
    return raw.update(pdf, {20: raw.value_of(pdf, 20).replace(b"/V /Yes /AS /Yes", b"/V /Off /AS /Off")})


def timestamp_in(pdf: bytes, field: str, change: object = None) -> bytes:
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output, strict=False)
    if callable(change):
        change(writer)
    stamper = PdfTimeStamper(timestamper(), field_name=field)
    asyncio.run(stamper.async_timestamp_pdf(writer, "sha256", None, in_place=True))
    return output.getvalue()


@sample("the approver's field taken by a time-stamp, with the approver's stamp", certified, *DOUBT, BROKEN)
def approver_by_stamp() -> bytes:
    """The page looks approved; only the time-stamp authority knows the file."""

    def drawn(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "approval")
        show(writer, field, signatures.stamp(APPROVAL, person("minh"), ("HIỆU TRƯỞNG",)))
        writer.update_container(field)

    return timestamp_in(certified(), "approval", drawn)


@sample("a visible time-stamp over the text", signed, *DOUBT, BROKEN)
def visible_stamp() -> bytes:
    def drawn(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("cloak", on_page=0, box=(50, 695, 550, 735)))
        field = form_field(writer, "cloak")
        show(writer, field, cover(500, 40))
        writer.update_container(field)

    return timestamp_in(signed(), "cloak", drawn)


def with_no_place(pdf: bytes, change: object = None) -> bytes:
    """A time-stamp whose field has no size on the page and an empty picture, as iText makes it."""

    def drawn(writer: IncrementalPdfFileWriter) -> None:
        append_signature_field(writer, SigFieldSpec("stamp", on_page=0, box=(0, 0, 0, 0)))
        field = form_field(writer, "stamp")
        kind = {
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): ArrayObject([NumberObject(0)] * 4),
        }
        picture = writer.add_object(StreamObject(kind, stream_data=b""))
        field["/AP"] = DictionaryObject({pdf_name("/N"): picture})
        writer.update_container(field)
        if callable(change):
            change(writer)

    return timestamp_in(pdf, "stamp", drawn)


@sample("a time-stamp of no size, and a field filled beside it", signed, *DOUBT)
def filled_beside_a_stamp() -> bytes:
    def fill(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "number")
        field["/V"] = pdf_string("99")
        writer.update_container(field)

    return with_no_place(signed(), fill)


@sample("a time-stamp of no size, and an empty field drawn beside it", signed, *DOUBT)
def drawn_beside_a_stamp() -> bytes:
    def draw(writer: IncrementalPdfFileWriter) -> None:
        field = form_field(writer, "approval")
        show(writer, field, cover(200, 90))
        writer.update_container(field)

    return with_no_place(signed(), draw)


@sample("a time-stamp of no size, and a field that nobody sees beside it", signed, *DOUBT)
def field_beside_a_stamp() -> bytes:
    def add(writer: IncrementalPdfFileWriter) -> None:
        form = writer.root["/AcroForm"]
        kind = {pdf_name("/FT"): pdf_name("/Tx"), pdf_name("/T"): pdf_string("more")}
        form["/Fields"].append(writer.add_object(DictionaryObject(kind)))
        writer.update_container(form["/Fields"])

    return with_no_place(signed(), add)


@sample("a file that only a time-stamp knows", None, UNSIGNED, UNKNOWN, BROKEN)
def only_stamped() -> bytes:
    """Nobody signed it."""
    return stamped(unsigned())


# --- differences too small or of another medium -------------------------------------------------------------


def redrawn_sum(content: bytes) -> bytes:
    """The picture of the filled field with something more in it."""
    pdf = filled_field()
    shown = b"/Tx BMC q BT /F1 14 Tf 0 g 2 8 Td (5 000 000) Tj ET %s Q EMC" % content
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 200 30] /Resources << /Font << /F1 5 0 R >> >>"
    return raw.update(pdf, {20: raw.stream(shown, entries)})


for _name, _content in {
    "almost white": b"BT /F1 14 Tf 0.985 g 100 8 Td (900 000 000) Tj ET",
    "of half a point": b"BT /F1 0.5 Tf 0 g 100 8 Td (900 000 000) Tj ET",
    "almost transparent": b"0.99 g 100 0 90 30 re f",
    "a dot": b"0 g 26 8.5 0.6 0.6 re f",
    "invisible": b"BT 3 Tr /F1 14 Tf 100 8 Td (900 000 000) Tj ET",
    "nothing": b"",
}.items():
    ATTACKS.add(
        f"filled field with words more: {_name}", partial(redrawn_sum, _content), filled_field, *DOUBT
    )

for _name, _flags in {
    "not printed": 0,
    "of one size at every zoom": 12,
    "never turned": 20,
    "for reading only": 68,
}.items():
    ATTACKS.add(
        f"covering field made {_name}",
        partial(widget_cover, b"/F 4", b"/F %d" % _flags),
        covered_by_widget,
        *DOUBT,
    )


def with_entries(entry: bytes, more: dict[int, bytes] | None = None) -> bytes:
    pdf = filled_field()
    return raw.update(pdf, {SHADOW: raw.with_entry(raw.value_of(pdf, SHADOW), entry + b" "), **(more or {})})


ENTRIES = {
    "a script when it is calculated": b"/AA << /C << /S /JavaScript /JS (event.value='900';) >> >>",
    "a script when it is shown": b"/AA << /F << /S /JavaScript /JS (event.value='900';) >> >>",
    "an action": b"/A << /S /JavaScript /JS (app.alert\\(1\\)) >>",
    "a rich value": b"/RV (<body>900 000 000</body>)",
    "a default value": b"/DV (900 000 000)",
    "another spoken name": b"/TU (900 000 000 dong)",
    "a background": b"/MK << /BG [1 0 0] /CA (900) >>",
    "a layer": b"/OC << /Type /OCG /Name (x) >>",
    "another flag": b"/Ff 8192",
    "a mapping name": b"/TM (khac)",
}
for _name, _entry in ENTRIES.items():
    ATTACKS.add(f"filled field given {_name}", partial(with_entries, _entry), filled_field, *DOUBT, BROKEN)


def hovering(key: bytes) -> bytes:
    """Another picture under the mouse, while the page stays as it is."""
    pdf = filled_field()
    widget = raw.value_of(pdf, SHADOW).replace(b"/AP << /N 20 0 R", b"/AP << %s 901 0 R /N 20 0 R" % key)
    return raw.update(pdf, {SHADOW: widget, 901: sum_shown(b"900 000 000")})


for _key in (b"/R", b"/D"):
    ATTACKS.add(
        f"filled field with another picture under the mouse, {_key.decode()}",
        partial(hovering, _key),
        filled_field,
        *DOUBT,
    )
for _key, _value in {
    "/DR": DictionaryObject({pdf_name("/Font"): DictionaryObject()}),
    "/SigFlags": NumberObject(0),
    "/Q": NumberObject(2),
}.items():
    ATTACKS.add(f"form's {_key} changed", partial(on_form, approved, _key, _value), approved, *DOUBT, BROKEN)


# --- objects of two masters ---------------------------------------------------------------------------------


@functools.cache
def text_is_metadata() -> bytes:
    """One stream is the page's second text and the file's metadata, which may lawfully be updated."""
    inner = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></x:xmpmeta>"
    prepared = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Metadata 20 0 R >>",
        PAGE: page(CONTENT).replace(b"/Contents 4 0 R", b"/Contents [4 0 R 20 0 R]"),
        20: raw.stream(inner, b"/Type /Metadata /Subtype /XML"),
    }
    return sign_plainly(letter(prepared), "author", person("lan"), evidence=False)


@sample("text that is metadata too", text_is_metadata, *DOUBT, BROKEN)
def metadata_changed() -> bytes:
    text = words(OTHER_SUM, top=500)
    return raw.update(text_is_metadata(), {20: raw.stream(text, b"/Type /Metadata /Subtype /XML")})


@functools.cache
def picture_of_two() -> bytes:
    """The page draws the picture of a form field, too."""
    prepared = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] >> >>" % SHADOW,
        PAGE: page(CONTENT, b"/Annots [%d 0 R]" % SHADOW).replace(
            b"/Font <<", b"/XObject << /X 20 0 R >> /Font <<"
        ),
        CONTENT: raw.stream(words(b"TO TRINH") + b" q 1 0 0 1 60 705 cm /X Do Q"),
        SHADOW: b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (sum) /F 4 /DA (/F1 14 Tf 0 g) /V (5 000 000) "
        b"/Rect [60 600 260 630] /P 3 0 R /AP << /N 20 0 R >> >>",
        20: sum_shown(b"5 000 000"),
    }
    return author_signs(letter(prepared, (AUTHOR, APPROVAL)))


@sample("picture that the page draws too", picture_of_two, ALTERED)
def picture_of_two_changed() -> bytes:
    return raw.update(picture_of_two(), {20: sum_shown(b"900 000 000")})


@functools.cache
def two_windows() -> bytes:
    """Two filled fields lie one over the other: the order of the page's list decides."""
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (%s) /F 4 /DA (/F1 14 Tf 0 g) /V (%s) "
        b"/Rect [60 600 260 630] /P 3 0 R /AP << /N %d 0 R >> >>"
    )
    white = b"/Type /XObject /Subtype /Form /BBox [0 0 200 30] /Resources << /Font << /F1 5 0 R >> >>"
    text = b"1 g 0 0 200 30 re f 0 g BT /F1 14 Tf 2 8 Td (%s) Tj ET"
    prepared = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [22 0 R 23 0 R] >> >>",
        PAGE: page(CONTENT, b"/Annots [22 0 R 23 0 R]"),
        22: widget % (b"a", b"900 000 000", 24),
        23: widget % (b"b", b"5 000 000", 25),
        24: raw.stream(text % b"900 000 000", white),
        25: raw.stream(text % b"5 000 000", white),
    }
    return author_signs(letter(prepared, (AUTHOR, APPROVAL)))


@sample("fields drawn in another order", two_windows, ALTERED)
def other_order() -> bytes:
    annotated = raw.value_of(two_windows(), PAGE)
    return raw.update(two_windows(), {PAGE: annotated.replace(b"22 0 R 23 0 R", b"23 0 R 22 0 R")})


@sample("an update of nothing", archived, *DOUBT)
def empty_update() -> bytes:
    return raw.update(archived(), {})


# --- lawful signatures with a burden ------------------------------------------------------------------------


def approves_and(change: object, base: Make = certified) -> bytes:
    """In the very revision of the approval something else changes."""
    output = io.BytesIO(base())
    writer = IncrementalPdfFileWriter(output)
    change(writer)  # type: ignore[operator]
    writer.write_in_place()
    return signatures.sign(output.getvalue(), "approval", person("minh"), APPROVAL)


def _grow(writer: IncrementalPdfFileWriter) -> None:
    field = form_field(writer, "number")
    field[pdf_name("/Rect")] = ArrayObject(map(NumberObject, (50, 690, 550, 740)))
    writer.update_container(field)


def _paint(writer: IncrementalPdfFileWriter) -> None:
    writer.add_stream_to_page(0, writer.add_object(StreamObject(stream_data=words(OTHER_SUM, top=500))))


ATTACKS.add("approved, and the number's field grown", partial(approves_and, _grow), certified, *DOUBT)
ATTACKS.add("approved, and the page painted on", partial(approves_and, _paint), certified, ALTERED)
ATTACKS.add(
    "approved without certification, and the page painted on",
    partial(approves_and, _paint, signed),
    signed,
    ALTERED,
)


@sample("a number filled by nobody, then approved without it", certified, *DOUBT)
def filled_then_approved() -> bytes:
    """The approver's signature closes nothing; the number is the attacker's."""
    later = filled(approved_without_number(), "number", "99", "99")
    return stamped(later)


def approved_without_number() -> bytes:
    return signatures.sign(certified(), "approval", person("minh"), APPROVAL)


def zoomed(usage: bytes, event: bytes) -> bytes:
    """Two layers, of which a viewer chooses by itself."""
    from tests.attacks.display import LAYER, LAYER_2, PROPERTIES, layered

    automatic = b"/AS [<< /Event /%s /Category [/%s] /OCGs [%d 0 R %d 0 R] >>]" % (
        event,
        usage.split()[0].strip(b"/"),
        LAYER,
        LAYER_2,
    )
    changes = layered(PROPERTIES % automatic) | {
        LAYER: b"<< /Type /OCG /Name (lop 1) /Usage << %s >> >>" % usage,
        LAYER_2: b"<< /Type /OCG /Name (lop 2) >>",
    }
    return author_signs(letter(changes))


for _name, _usage, _event in (
    ("zoomed", b"/Zoom << /min 0 /max 1.5 >>", b"View"),
    ("of another language", b"/Language << /Lang (vi) /Preferred /ON >>", b"View"),
    ("exported", b"/Export << /ExportState /OFF >>", b"Export"),
    ("viewed", b"/View << /ViewState /OFF >>", b"View"),
):
    ATTACKS.add(f"prepared: layers that differ when {_name}", partial(zoomed, _usage, _event), None, *DOUBT)
