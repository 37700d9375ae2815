"""A file with all that real files bring along, and each of its parts changed after the signature.

Resources inherited from the tree of pages, text in several streams, a form drawn twice, layers, links,
bookmarks, destinations, page labels, an attached file, a structure, metadata. Some changes show on the pages
and some only in a viewer's margins; what was signed was all of it.
"""

from __future__ import annotations

import functools
import re

from tests.attacks import raw
from tests.attacks.letters import (
    CONTENT,
    CONTENT_2,
    FONT,
    PAGE,
    PAGE_2,
    PAGES,
    SUM,
    approval_signs,
    author_signs,
    letter,
    number_of,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks

ATTACKS = Attacks("whole file")
DOUBT = (ALTERED, UNKNOWN)
BAD = (*DOUBT, BROKEN)

MORE, FORM, LAYER, STATE, LINK, ATTACHED, FILE, OUTLINE, ITEM, TREE, PART, SAID = range(30, 42)

CATALOGUE = (
    b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) %d 0 R] >> "
    b"/Dests << /Names [(d) [3 0 R /XYZ 0 700 0]] >> >> /PageLabels << /Nums [0 << /S /D >>] >> "
    b"/Outlines %d 0 R /StructTreeRoot %d 0 R /MarkInfo << /Marked true >> /Lang (vi) /Metadata %d 0 R "
    b"/ViewerPreferences << /DisplayDocTitle true >> "
    b"/OCProperties << /OCGs [%d 0 R] /D << /ON [%d 0 R] /Order [%d 0 R] >> >> >>"
) % (ATTACHED, OUTLINE, TREE, SAID, LAYER, LAYER, LAYER)
TOP = (
    b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 /MediaBox [0 0 595 842] "
    b"/Resources << /Font << /F1 %d 0 R >> /XObject << /X %d 0 R >> "
    b"/ExtGState << /G %d 0 R >> /Properties << /L %d 0 R >> >> >>"
) % (FONT, FORM, STATE, LAYER)
FIRST = b"<< /Type /Page /Parent 2 0 R /Contents [%d 0 R %d 0 R] /Annots [%d 0 R] >>" % (CONTENT, MORE, LINK)
SECOND = b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R >>" % CONTENT_2
PICTURE = b"q 60 0 0 20 60 560 cm BI /W 2 /H 1 /CS /G /BPC 8 ID %s EI Q"
DRAWN = (
    b"/G gs /OC /L BDC "
    + words(b"Bang chu: hai trieu dong.", top=600)
    + b" EMC /X Do "
    + PICTURE % b"\x20\xd0"
)
SHAPE = b"/Type /XObject /Subtype /Form /BBox [0 0 300 60] /Matrix [1 0 0 1 60 480]"
XMP = (
    b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    b"<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>%s</dc:title>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)
PARTS = {
    1: CATALOGUE,
    PAGES: TOP,
    PAGE: FIRST,
    PAGE_2: SECOND,
    CONTENT: raw.stream(words(b"TO TRINH", SUM)),
    MORE: raw.stream(DRAWN),
    FORM: raw.stream(b"0.8 g 0 0 120 40 re f", SHAPE),
    LAYER: b"<< /Type /OCG /Name (Noi dung) >>",
    STATE: b"<< /Type /ExtGState /ca 1 >>",
    LINK: b"<< /Type /Annot /Subtype /Link /F 4 /Rect [60 690 400 720] /Border [0 0 0] "
    b"/A << /S /URI /URI (https://truong.edu.vn/) >> >>",
    ATTACHED: b"<< /Type /Filespec /F (a.txt) /EF << /F %d 0 R >> >>" % FILE,
    FILE: raw.stream(b"35 hoc sinh", b"/Type /EmbeddedFile"),
    OUTLINE: b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count 1 >>" % (ITEM, ITEM),
    ITEM: b"<< /Title (To trinh) /Parent %d 0 R /Dest [3 0 R /Fit] >>" % OUTLINE,
    TREE: b"<< /Type /StructTreeRoot /K %d 0 R >>" % PART,
    PART: b"<< /Type /StructElem /S /P /P %d 0 R /Pg 3 0 R /Alt (hai trieu) >>" % TREE,
    SAID: raw.stream(XMP % b"To trinh", b"/Type /Metadata /Subtype /XML"),
}


@functools.cache
def whole() -> bytes:
    return letter(PARTS)


@functools.cache
def whole_signed() -> bytes:
    return author_signs(whole())


@functools.cache
def whole_certified() -> bytes:
    return author_signs(whole(), certify=True)


Edit = tuple[int, bytes, bytes]
"""Of an object, as the newest revision has it (0: of the form): what is replaced by what."""


def onto(number: int, entry: bytes) -> Edit:
    """One entry more, at the front."""
    return number, b"", entry


SEEN: dict[str, Edit] = {
    "inherited font told to draw other figures": (
        FONT,
        b"/Encoding /WinAnsiEncoding",
        b"/Encoding << /Type /Encoding /Differences [53 /nine] >>",
    ),
    "first page twice": (PAGES, b"[3 0 R 6 0 R]", b"[3 0 R 3 0 R]"),
    "second stream changed": (MORE, b"hai trieu", b"chin tram"),
    "picture within the text changed": (MORE, b"\x20\xd0", b"\xd0\x20"),
    "form cut": (FORM, b"[0 0 300 60]", b"[0 0 60 20]"),
    "words made see-through": (STATE, b"/ca 1", b"/ca 0"),
}
UNSEEN: dict[str, Edit] = {
    "layer's name": (LAYER, b"Noi dung", b"Da huy"),
    "trim box": onto(PAGE, b"/TrimBox [0 0 595 500] "),
    "page labels": (1, b"/S /D", b"/S /r /St 90"),
    "destination": (1, b"[3 0 R /XYZ 0 700 0]", b"[6 0 R /Fit]"),
    "bookmark's words": (ITEM, b"To trinh", b"Quyet dinh"),
    "attached file": (FILE, b"35 hoc sinh", b"90 hoc sinh"),
    "a further attached file": (
        1,
        b"/Names [(a) %d 0 R]" % ATTACHED,
        b"/Names [(a) %d 0 R (b) %d 0 R]" % (ATTACHED, ATTACHED),
    ),
    "words for the blind": (PART, b"hai trieu", b"chin tram trieu"),
    "language": (1, b"(vi)", b"(en)"),
    "title in the metadata": (SAID, b"To trinh", b"Bien ban"),
    "the address of links": (LINK, b"truong.edu.vn", b"truong.edu.xy"),
    "link over everything": (LINK, b"[60 690 400 720]", b"[0 0 595 842]"),
    "title bar": (1, b"/DisplayDocTitle true", b"/DisplayDocTitle false"),
    "a page's thumbnail": onto(PAGE, b"/Thumb %d 0 R " % FORM),
    "what the font is called in copies": onto(FONT, b"/ToUnicode %d 0 R " % MORE),
}
FIELDS: dict[str, tuple[str, bytes]] = {
    "number's tooltip": ("number", b"/TU (Da duyet) "),
    "approval's background": ("approval", b"/MK << /BG [1 0 0] /CA (Da duyet) >> "),
    "approval's lock": ("approval", b"/Lock << /Type /SigFieldLock /Action /All >> "),
    "author's action": ("author", b"/A << /S /URI /URI (http://x.vn) >> "),
}


def changed(pdf: bytes, edit: Edit) -> bytes:
    number, old, new = edit
    number = number or int(re.findall(rb"/AcroForm (\d+) 0 R", pdf)[-1])
    value = _on_one_line(raw.value_of(pdf, number))
    return raw.update(pdf, {number: raw.replaced(value, old, new) if old else raw.with_entry(value, new)})


def _on_one_line(value: bytes) -> bytes:
    """An object as it is written here, whoever wrote it last."""
    if b"stream" in value:
        return value
    return b" ".join(value.split()).replace(b"[ ", b"[").replace(b" ]", b"]")


def of_field(pdf: bytes, name: str, entry: bytes) -> bytes:
    number, key = number_of(pdf, name), re.escape(entry.split()[0])
    bare = re.sub(key + rb"\s+(?:\d+|\([^)]*\))(?=\s)", b"", _on_one_line(raw.value_of(pdf, number)))
    return raw.update(pdf, {number: raw.with_entry(bare, entry)})


for _name, _edit in SEEN.items():
    ATTACKS.add(
        _name,
        lambda edit=_edit: changed(whole_signed(), edit),  # type: ignore[misc]
        whole_signed,
        ALTERED,
    )
for _name, _edit in UNSEEN.items():
    ATTACKS.add(
        f"{_name}, then approved",
        lambda edit=_edit: approval_signs(changed(whole_certified(), edit)),  # type: ignore[misc]
        whole_certified,
        *BAD,
    )
for _name, (_field, _entry) in FIELDS.items():
    ATTACKS.add(
        f"{_name}, then approved",
        lambda field=_field, entry=_entry: approval_signs(  # type: ignore[misc]
            of_field(whole_certified(), field, entry)
        ),
        whole_certified,
        *BAD,
    )
