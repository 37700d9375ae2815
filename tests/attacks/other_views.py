"""Prepared before signing: nothing is ever appended, and another program or a printer shows something else.

Layers that browsers switch by themselves, second pictures for printers, files called in from outside, notes
and fields each program draws in its own way, objects of which readers take different halves.
"""

from __future__ import annotations

from functools import partial

from tests.attacks import raw
from tests.attacks.byte_ranges import FIELD_ENTRIES
from tests.attacks.display import LAYER, LAYER_2, layered, prepared
from tests.attacks.letters import CONTENT, FONT, PAGE, PAGES, SIGNATURE, SUM, close, objects, words
from tests.attacks.samples import UNKNOWN, Attacks

ATTACKS = Attacks("other views")
sample = ATTACKS.sample
PICTURE, MORE = 40, 41
TEXT = words(b"TO TRINH", SUM)
ROOT = b"<< /Type /Catalog /Pages 2 0 R %s >>"


def with_page(resources: bytes = b"", entries: bytes = b"") -> bytes:
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> %s >> %s >>" % (resources, entries)
    )


def with_layers(one: bytes, other: bytes) -> dict[int, bytes]:
    return layered() | {
        LAYER: b"<< /Type /OCG /Name (lop 1) %s >>" % one,
        LAYER_2: b"<< /Type /OCG /Name (lop 2) %s >>" % other,
    }


def drawn(entries: bytes, more: bytes = b"") -> dict[int, bytes]:
    """A picture on the page, of one grey pixel or a form, with entries of its own."""
    return {
        PAGE: with_page(b"/XObject << /I %d 0 R >>" % PICTURE),
        CONTENT: raw.stream(TEXT + b" q 100 0 0 100 100 400 cm /I Do Q"),
        PICTURE: raw.stream(b"\0", entries),
        **({MORE: more} if more else {}),
    }


_PIXEL = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray "
_FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] "
_OPENED = b"/OCProperties << /OCGs [20 0 R 21 0 R] /D << /ON [20 0 R] /OFF [21 0 R] >> >> "


def noted(kind: bytes) -> dict[int, bytes]:
    note = b"<< /Type /Annot /Subtype /%s /F 4 /Rect [60 690 400 730] /Contents (900 000 000) >>" % kind
    return {PAGE: with_page(entries=b"/Annots [%d 0 R]" % PICTURE), PICTURE: note}


def filled_unseen() -> dict[int, bytes]:
    """A field with words and without a picture."""
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (sum) /V (900 000 000) /F 4 /Rect [60 400 300 420] "
        b"/DA (/F1 12 Tf 0 g) >>"
    )
    form = b"/AcroForm << /Fields [%d 0 R] /DR << /Font << /F1 5 0 R >> >> >>" % PICTURE
    return {1: ROOT % form, PAGE: with_page(entries=b"/Annots [%d 0 R]" % PICTURE), PICTURE: field}


def filled_otherwise() -> dict[int, bytes]:
    """The picture says one sum, the value another; a viewer shows the value when the field is clicked."""
    made = filled_unseen()
    shown = raw.stream(
        b"/Tx BMC q BT /F1 12 Tf 0 g 2 5 Td (5 000 000) Tj ET Q EMC",
        b"/Type /XObject /Subtype /Form /BBox [0 0 240 20] /Resources << /Font << /F1 5 0 R >> >>",
    )
    made[PICTURE] = raw.with_entry(made[PICTURE], b"/AP << /N %d 0 R >> " % MORE)
    return made | {MORE: shown}


PREPARED: dict[str, dict[int, bytes]] = {
    "layers that browsers switch for paper": with_layers(
        b"/Usage << /Print << /PrintState /OFF >> >>", b"/Usage << /Print << /PrintState /ON >> >>"
    ),
    "layers that browsers switch on the screen": with_layers(
        b"/Usage << /View << /ViewState /OFF >> >>", b"/Usage << /View << /ViewState /ON >> >>"
    ),
    "layers that are not meant to be viewed": with_layers(b"/Intent /Design", b"/Intent [/Design]"),
    "another picture for the printer": drawn(
        _PIXEL + b"/Alternates [<< /Image %d 0 R /DefaultForPrinting true >>]" % MORE,
        raw.stream(b"\xff", _PIXEL),
    ),
    "a picture that the print shop exchanges": drawn(
        _PIXEL + b"/OPI << /2.0 << /Type /OPI /Version 2.0 /F (http://example.org/a.tif) >> >>"
    ),
    "a page of another file": drawn(_FORM + b"/Ref << /F (other.pdf) /Page 0 >>"),
    "a program for printers": drawn(b"/Type /XObject /Subtype /PS"),
    "a program for printers in a form": drawn(
        _FORM + b"/Subtype2 /PS /PS %d 0 R" % MORE, raw.stream(b"(x) show")
    ),
    "tones turned round": {
        PAGE: with_page(b"/ExtGState << /G << /TR %d 0 R >> >>" % PICTURE),
        CONTENT: raw.stream(b"/G gs " + TEXT),
        PICTURE: b"<< /FunctionType 2 /Domain [0 1] /C0 [1] /C1 [0] /N 1 >>",
    },
    "a note each program draws": noted(b"FreeText"),
    "a stamp each program draws": noted(b"Stamp"),
    "a field's words each program draws": filled_unseen(),
    "a field's value that is not what it shows": filled_otherwise(),
    "a layer switched on opening": layered(
        ROOT % (_OPENED + b"/OpenAction << /S /SetOCGState /State [/ON 21 0 R /OFF 20 0 R] >>")
    ),
    "a field hidden on opening a page": {
        PAGE: with_page(entries=b"/AA << /O << /S /Hide /T (number) /H true >> >>")
    },
    "a form emptied on opening": {
        1: ROOT % b"/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /ResetForm >> >>"
    },
    "two fonts of one name": {
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /BaseFont /ZapfDingbats >>"
    },
    "a text shorter than it is": {CONTENT: b"<< /Length 20 >>\nstream\n%s\nendstream" % TEXT},
    "a text longer than it is": {CONTENT: b"<< /Length 4000 >>\nstream\n%s\nendstream" % TEXT},
    "fewer pages counted": {PAGES: b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 1 >>"},
    "more pages counted": {PAGES: b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 3 >>"},
}


@sample("tables at the head that browsers believe", None, UNKNOWN)
def linear() -> bytes:
    """The head says that the whole file is laid out for reading page by page, and as long."""
    claim = b"<< /Linearized 1 /L %010d /O 3 /E 100 /N 2 /T 100 /H [100 10] >>"
    form = b"/AcroForm << /Fields [20 0 R] /SigFlags 3 >>"
    kept = objects({1: ROOT % form, PAGE: with_page(entries=b"/Annots [20 0 R]")})
    signed = {20: FIELD_ENTRIES % b"/V 21 0 R", 21: SIGNATURE}
    size = len(raw.build({30: claim % 0, **kept, **signed}))
    return close(raw.build({30: claim % size, **kept, **signed}))


for _name, _changes in PREPARED.items():
    ATTACKS.add(_name, partial(prepared, _changes), None, UNKNOWN)
