"""Shadow attacks: the file was prepared before an honest person signed it, to show something else later.

Mainka, Mladenov, Rohlmann: "Shadow Attacks: Hiding and Replacing Content in Signed PDFs", NDSS 2021. What
was signed is true to the byte; an update that viewers hold to be harmless switches the content.
"""

from __future__ import annotations

import functools
from functools import partial

from tasks import signing
from tests import signatures
from tests.attacks import raw
from tests.attacks.letters import (
    AUTHOR,
    BOXES,
    CONTENT,
    FONT,
    NUMBER,
    OTHER_SUM,
    PAGE,
    SUM,
    approval_signs,
    author_signs,
    letter,
    objects,
    page,
    words,
)
from tests.attacks.samples import ALTERED, UNKNOWN, Attacks
from tests.signatures import person

ATTACKS = Attacks("shadow")
sample = ATTACKS.sample

SPARE = 20  # numbers from here on are free in the letter before its fields are made
COVER, SHADOW, FONT_2, IMAGE = range(SPARE, SPARE + 4)
WHITE = b"1 g 50 690 500 40 re f 0 g "
_LINES = (b"TO TRINH", SUM, b"Kinh gui: Hieu truong")


def form_xobject(content: bytes) -> bytes:
    return raw.stream(
        content,
        b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >>",
    )


# --- hide --------------------------------------------------------------------------------------------------


@functools.cache
def covered(certify: bool = False) -> bytes:
    """What the author signs: 900 millions stand on the page under a white form that says 5 millions."""
    content = words(b"TO TRINH", OTHER_SUM, b"Kinh gui: Hieu truong") + b" /X1 Do"
    resources = page(CONTENT).replace(b"/Font <<", b"/XObject << /X1 %d 0 R >> /Font <<" % COVER)
    prepared = {
        PAGE: resources,
        CONTENT: raw.stream(content),
        COVER: form_xobject(WHITE + words(SUM, top=712)),
    }
    return author_signs(letter(prepared), certify=certify)


def uncovered(certify: bool, cover: bytes) -> bytes:
    return raw.update(covered(certify), {COVER: cover})


EMPTY = form_xobject(b"")
for _certify in (False, True):
    _name, _base = "certified" if _certify else "signed", partial(covered, _certify)
    ATTACKS.add(f"hide: cover emptied, {_name}", partial(uncovered, _certify, EMPTY), _base, ALTERED)
    ATTACKS.add(
        f"hide: cover of another type, {_name}", partial(uncovered, _certify, b"null"), _base, ALTERED
    )


@sample("hide: cover set free in the table", covered, ALTERED)
def cover_freed() -> bytes:
    return raw.update(covered(), {}, free=(COVER,))


@sample("hide: cover made metadata", covered, ALTERED)
def cover_made_metadata() -> bytes:
    """An update that claims to be metadata only."""
    return raw.update(covered(), {COVER: raw.stream(b"<x/>", b"/Type /Metadata /Subtype /XML")})


@sample("hide: cover outside its own box", covered, ALTERED)
def cover_box_shrunk() -> bytes:
    shrunk = raw.value_of(covered(), COVER).replace(b"/BBox [0 0 595 842]", b"/BBox [0 0 0 0]")
    return raw.update(covered(), {COVER: shrunk})


@functools.cache
def covered_by_image() -> bytes:
    """The cover is a picture of one white pixel."""
    content = words(b"TO TRINH", OTHER_SUM) + b" q 500 0 0 40 50 695 cm /X1 Do Q"
    prepared = {
        PAGE: page(CONTENT).replace(b"/Font <<", b"/XObject << /X1 %d 0 R >> /Font <<" % IMAGE),
        CONTENT: raw.stream(content),
        IMAGE: image(b"\xff", b""),
    }
    return author_signs(letter(prepared))


def image(pixel: bytes, entries: bytes) -> bytes:
    return raw.stream(
        pixel,
        b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "
        + entries,
    )


@sample("hide: covering picture made see-through", covered_by_image, ALTERED)
def image_masked() -> bytes:
    return raw.update(covered_by_image(), {IMAGE: image(b"\xff", b"/Mask [255 255]")})


@functools.cache
def covered_by_widget(field_type: bytes = b"/Tx") -> bytes:
    """The cover is a form field's picture: viewers let anybody fill in fields."""
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT %s /T (note) /Ff 1 /F 4 /DA (/F1 12 Tf 0 g) /V (%s) "
        b"/Rect [50 695 550 735] /P 3 0 R /AP << /N %d 0 R >> >>" % (field_type, SUM, COVER)
    )
    prepared = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] >> >>" % SHADOW,
        PAGE: page(CONTENT, b"/Annots [%d 0 R]" % SHADOW),
        CONTENT: raw.stream(words(b"TO TRINH", OTHER_SUM)),
        SHADOW: widget,
        COVER: raw.stream(
            b"1 g 0 0 500 40 re f 0 g " + b"BT /F1 14 Tf 11 17 Td (%s) Tj ET" % SUM,
            b"/Type /XObject /Subtype /Form /BBox [0 0 500 40] /Resources << /Font << /F1 5 0 R >> >>",
        ),
    }
    return author_signs(letter(prepared))


def widget_cover(change: bytes, by: bytes) -> bytes:
    widget = raw.value_of(covered_by_widget(), SHADOW)
    return raw.update(covered_by_widget(), {SHADOW: raw.replaced(widget, change, by)})


for _name, _change, _by in (
    ("emptied", b"/AP << /N %d 0 R >>" % COVER, b""),
    ("hidden", b"/F 4", b"/F 2"),
    ("not shown", b"/F 4", b"/F 32"),
    ("moved", b"[50 695 550 735]", b"[50 5 550 45]"),
    ("made small", b"[50 695 550 735]", b"[50 695 51 696]"),
):
    ATTACKS.add(
        f"hide: covering field {_name}", partial(widget_cover, _change, _by), covered_by_widget, ALTERED
    )


@sample("hide: covering field's picture replaced", covered_by_widget, ALTERED)
def widget_picture_replaced() -> bytes:
    empty = raw.stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 500 40]")
    return raw.update(covered_by_widget(), {COVER: empty})


# --- replace -----------------------------------------------------------------------------------------------


@functools.cache
def filled_field(certify: bool = False) -> bytes:
    """A text field that was filled before the author signed."""
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (sum) /F 4 /DA (/F1 14 Tf 0 g) /V (5 000 000) "
        b"/Rect [60 600 260 630] /P 3 0 R /AP << /N %d 0 R >> >>" % COVER
    )
    prepared = {
        1: b"<< /Type /Catalog /Pages 2 0 R "
        b"/AcroForm << /Fields [%d 0 R] /DR << /Font << /F1 5 0 R >> >> >> >>" % SHADOW,
        PAGE: page(CONTENT, b"/Annots [%d 0 R]" % SHADOW),
        SHADOW: widget,
        COVER: sum_shown(b"5 000 000"),
    }
    boxes = tuple(box for box in BOXES if box is not NUMBER)
    return author_signs(letter(prepared, boxes), certify=certify)


def sum_shown(value: bytes, entries: bytes = b"") -> bytes:
    return raw.stream(
        b"/Tx BMC q BT /F1 14 Tf 0 g 2 8 Td (%s) Tj ET Q EMC" % value,
        b"/Type /XObject /Subtype /Form /BBox [0 0 200 30] /Resources << /Font << /F1 5 0 R >> >> " + entries,
    )


def refilled(certify: bool, value: bytes | None, shown: bytes | None) -> bytes:
    pdf = filled_field(certify)
    changes = {}
    if value is not None:
        changes[SHADOW] = raw.value_of(pdf, SHADOW).replace(b"/V (5 000 000)", b"/V (%s)" % value)
    if shown is not None:
        changes[COVER] = sum_shown(shown)
    return raw.update(pdf, changes)


_FORGED = b"900 000 000"
for _certify in (False, True):
    _who, _base = "certified" if _certify else "signed", partial(filled_field, _certify)
    for _name, _value, _shown in (
        ("picture of a filled field exchanged, value kept", None, _FORGED),
        ("value and picture of a filled field exchanged", _FORGED, _FORGED),
        ("value of a filled field exchanged, picture kept", _FORGED, None),
        ("filled field emptied", b"", b""),
    ):
        ATTACKS.add(
            f"replace: {_name}, {_who}",
            partial(refilled, _certify, _value, _shown),
            _base,
            ALTERED,
            *((UNKNOWN,) if _shown is None else ()),
        )


@sample("replace: new picture object for a filled field", filled_field, ALTERED)
def new_picture() -> bytes:
    pdf = filled_field()
    new = raw.size_of(pdf)
    widget = raw.value_of(pdf, SHADOW).replace(b"/N %d 0 R" % COVER, b"/N %d 0 R" % new)
    return raw.update(pdf, {SHADOW: widget, new: sum_shown(_FORGED)})


@sample("replace: picture exchanged, then signed by another of the school", filled_field, ALTERED)
def new_picture_then_signed() -> bytes:
    return signatures.sign(new_picture(), "approval", person("minh"))


@functools.cache
def with_own_font() -> bytes:
    """Digits are drawn by a Type 3 font of the attacker's, in the field's picture only."""
    widget = raw.value_of(filled_field(), SHADOW)
    prepared = {
        1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] >> >>" % SHADOW,
        PAGE: page(CONTENT, b"/Annots [%d 0 R]" % SHADOW),
        SHADOW: raw.replaced(widget, b"/V (5 000 000)", b"/V (1)"),
        COVER: sum_shown(b"1").replace(b"/F1 5 0 R", b"/F1 %d 0 R" % FONT_2),
        FONT_2: type_3(IMAGE),
        IMAGE: raw.stream(b"600 0 d0 100 0 100 700 re f"),
    }
    return author_signs(letter(prepared, (AUTHOR,)))


def type_3(glyph: int) -> bytes:
    return (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 600 700] /FontMatrix [0.001 0 0 0.001 0 0] "
        b"/CharProcs << /one %d 0 R >> /Encoding << /Type /Encoding /Differences [49 /one] >> "
        b"/FirstChar 49 /LastChar 49 /Widths [600] /Resources << >> >>" % glyph
    )


@sample("replace: the field's font draws other figures", with_own_font, ALTERED)
def other_glyph() -> bytes:
    return raw.update(with_own_font(), {IMAGE: raw.stream(b"600 0 d0 50 0 500 700 re f")})


@sample("replace: font of the page under the same name", filled_field, ALTERED)
def page_font_swapped() -> bytes:
    """Figures are swapped by the encoding alone: no content stream changes."""
    font = raw.value_of(filled_field(), FONT).replace(
        b"/WinAnsiEncoding", b"<< /Type /Encoding /Differences [48 /nine /eight 53 /zero 57 /five] >>"
    )
    return raw.update(filled_field(), {FONT: font})


# --- hide and replace --------------------------------------------------------------------------------------

HIDDEN_PAGES, HIDDEN_PAGE, HIDDEN_CONTENT, HIDDEN_ROOT = range(SPARE + 10, SPARE + 14)


@functools.cache
def two_documents() -> bytes:
    """A second catalogue with other pages lies in the signed bytes, and nothing refers to it."""
    hidden = {
        HIDDEN_ROOT: b"<< /Type /Catalog /Pages %d 0 R >>" % HIDDEN_PAGES,
        HIDDEN_PAGES: b"<< /Type /Pages /Kids [%d 0 R 6 0 R] /Count 2 >>" % HIDDEN_PAGE,
        HIDDEN_PAGE: page(HIDDEN_CONTENT).replace(b"/Parent 2 0 R", b"/Parent %d 0 R" % HIDDEN_PAGES),
        HIDDEN_CONTENT: raw.stream(words(b"TO TRINH", OTHER_SUM)),
    }
    return author_signs(letter(hidden))


@sample("hide and replace: the other page called up", two_documents, ALTERED)
def other_page_called() -> bytes:
    return raw.update(two_documents(), {2: b"<< /Type /Pages /Kids [%d 0 R 6 0 R] /Count 2 >>" % HIDDEN_PAGE})


@sample("hide and replace: the other pages called up", two_documents, ALTERED)
def other_pages_called() -> bytes:
    catalogue = raw.value_of(two_documents(), 1).replace(b"/Pages 2 0 R", b"/Pages %d 0 R" % HIDDEN_PAGES)
    return raw.update(two_documents(), {1: catalogue})


@sample("hide and replace: the other catalogue called up", two_documents, ALTERED)
def other_catalogue_called() -> bytes:
    """The form hangs on the other catalogue too, so the signature is still listed."""
    form = raw.value_of(two_documents(), 1)
    made = form.replace(b"/Pages 2 0 R", b"/Pages %d 0 R" % HIDDEN_PAGES)
    return raw.update(two_documents(), {HIDDEN_ROOT: made}, root=b"%d 0 R" % HIDDEN_ROOT)


@functools.cache
def two_contents() -> bytes:
    """The page's text stands twice in the signed bytes under one number; the table says which counts."""
    twice = raw.body({CONTENT: raw.stream(words(b"TO TRINH", OTHER_SUM))})
    pdf = raw.build(objects(), header=raw.HEADER + twice)
    return author_signs(signing.prepare(pdf, BOXES))


@sample("hide and replace: a table alone, pointing to the other text", two_contents, ALTERED)
def table_alone() -> bytes:
    place = two_contents().index(b"%d 0 obj" % CONTENT)
    return raw.update(two_contents(), {}, offsets={CONTENT: place})


@sample("hide and replace: the table, then signed by another of the school", two_contents, ALTERED)
def table_then_signed() -> bytes:
    return approval_signs(table_alone())


@functools.cache
def hidden_in_metadata() -> bytes:
    """The other text lies inside the XMP packet."""
    inner = raw.body({CONTENT: raw.stream(words(b"TO TRINH", OTHER_SUM))})
    return author_signs(letter({HIDDEN_CONTENT: raw.stream(inner, b"/Type /Metadata /Subtype /XML")}))


@sample("hide and replace: an object within a stream called up", hidden_in_metadata, ALTERED)
def within_a_stream() -> bytes:
    place = hidden_in_metadata().rindex(b"%d 0 obj\n<< /Length" % CONTENT)
    return raw.update(hidden_in_metadata(), {}, offsets={CONTENT: place})
