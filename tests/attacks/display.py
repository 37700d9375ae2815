"""Updates that change what is shown, or what a file does, by every way a page has.

Pages added, removed, turned, cut, put in another order; fonts, layers, invisible words, annotation flags;
scripts, attachments, titles. Nothing of the kind is allowed after any signature.
"""

from __future__ import annotations

import functools
from functools import partial

from tests.attacks import raw
from tests.attacks.letters import (
    CONTENT,
    CONTENT_2,
    FONT,
    OTHER_SUM,
    PAGE,
    PAGE_2,
    PAGES,
    approval_signs,
    approved,
    archived,
    author_signs,
    certified,
    letter,
    page,
    signed,
    words,
)
from tests.attacks.samples import ALTERED, BROKEN, UNKNOWN, Attacks, Make

ATTACKS = Attacks("display")
sample = ATTACKS.sample
BASES: tuple[Make, ...] = (signed, archived)


def with_page(base: Make, entry: bytes, number: int = PAGE) -> bytes:
    """An entry put in front of a page's dictionary; the one that stood there is taken out."""
    key = entry.split()[0]
    kept = raw.value_of(base(), number)
    if key == b"/MediaBox":
        kept = kept.replace(b"/MediaBox [ 0 0 595 842 ]", b"").replace(b"/MediaBox [0 0 595 842]", b"")
    return raw.update(base(), {number: raw.with_entry(kept, entry + b" ")})


PAGE_ENTRIES = {
    "turned": b"/Rotate 180",
    "turned by a quarter": b"/Rotate 90",
    "cropped": b"/CropBox [0 0 595 700]",
    "cropped by a hair": b"/CropBox [0 0 595 841]",
    "media box moved": b"/MediaBox [0 150 595 842]",
    "media box grown": b"/MediaBox [0 0 700 842]",
    "of larger units": b"/UserUnit 2.0",
    "trimmed": b"/TrimBox [0 0 595 300]",
    "cut": b"/ArtBox [0 0 595 300]",
    "bled": b"/BleedBox [0 0 595 300]",
    "with a script": b"/AA << /O << /S /JavaScript /JS (app.alert\\(1\\)) >> >>",
    "with a transition": b"/Trans << /S /Wipe >> /Dur 1",
    "with a group": b"/Group << /S /Transparency /K true >>",
}
_SEEN = {
    "turned",
    "turned by a quarter",
    "cropped",
    "cropped by a hair",
    "media box moved",
    "media box grown",
}
for _base in BASES:
    for _name, _entry in PAGE_ENTRIES.items():
        ATTACKS.add(
            f"page {_name}, {_base.__name__}",
            partial(with_page, _base, _entry),
            _base,
            ALTERED,
            *(() if _name in _SEEN else (UNKNOWN,)),
        )
ATTACKS.add("second page turned", partial(with_page, approved, b"/Rotate 180", PAGE_2), approved, ALTERED)


def with_pages(base: Make, value: bytes, more: dict[int, bytes] | None = None) -> bytes:
    return raw.update(base(), {PAGES: value, **(more or {})})


NEW = 900
PAGE_LISTS: dict[str, tuple[bytes, dict[int, bytes]]] = {
    "page added": (
        b"<< /Type /Pages /Kids [3 0 R 6 0 R %d 0 R] /Count 3 >>" % NEW,
        {NEW: page(NEW + 1), NEW + 1: raw.stream(words(OTHER_SUM))},
    ),
    "empty page added": (
        b"<< /Type /Pages /Kids [3 0 R 6 0 R %d 0 R] /Count 3 >>" % NEW,
        {NEW: page(NEW + 1), NEW + 1: raw.stream(b"")},
    ),
    "page added in front": (
        b"<< /Type /Pages /Kids [%d 0 R 3 0 R 6 0 R] /Count 3 >>" % NEW,
        {NEW: page(NEW + 1), NEW + 1: raw.stream(words(OTHER_SUM))},
    ),
    "page shown twice": (b"<< /Type /Pages /Kids [3 0 R 6 0 R 6 0 R] /Count 3 >>", {}),
    "page removed": (b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", {}),
    "pages in another order": (b"<< /Type /Pages /Kids [6 0 R 3 0 R] /Count 2 >>", {}),
    "all pages turned": (b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 /Rotate 180 >>", {}),
    "all pages cropped": (b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 2 /CropBox [0 0 300 842] >>", {}),
    "count of pages too small": (b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 1 >>", {}),
    "count of pages too large": (b"<< /Type /Pages /Kids [3 0 R 6 0 R] /Count 3 >>", {}),
    "page tree deeper": (
        b"<< /Type /Pages /Kids [%d 0 R 6 0 R] /Count 2 >>" % NEW,
        {NEW: b"<< /Type /Pages /Parent 2 0 R /Kids [3 0 R] /Count 1 >>"},
    ),
    "page exchanged": (
        b"<< /Type /Pages /Kids [%d 0 R 6 0 R] /Count 2 >>" % NEW,
        {NEW: page(NEW + 1), NEW + 1: raw.stream(words(OTHER_SUM))},
    ),
}
for _base in BASES:
    for _name, (_value, _more) in PAGE_LISTS.items():
        ATTACKS.add(
            f"{_name}, {_base.__name__}",
            partial(with_pages, _base, _value, _more),
            _base,
            ALTERED,
            *((UNKNOWN,) if "count" in _name or "deeper" in _name else ()),
        )


# --- fonts -------------------------------------------------------------------------------------------------


def with_font(base: Make, entries: bytes, more: dict[int, bytes] | None = None) -> bytes:
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding %s >>" % entries
    if b"/Encoding" in entries:
        font = font.replace(b"/Encoding /WinAnsiEncoding ", b"", 1)
    return raw.update(base(), {FONT: font, **(more or {})})


FONTS = {
    "figures exchanged": b"/Encoding << /Type /Encoding /Differences [48 /nine 53 /nine] >>",
    "widths changed": b"/FirstChar 32 /LastChar 126 /Widths [%s]" % b" ".join([b"900"] * 95),
}
for _base in (signed, certified, archived):
    for _name, _entries in FONTS.items():
        ATTACKS.add(f"font, {_name}, {_base.__name__}", partial(with_font, _base, _entries), _base, ALTERED)
_MAP = (
    b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange "
    b"1 beginbfchar <35> <0039> endbfchar endcmap end"
)
ATTACKS.add(
    "font, what a reader copies and hears",
    partial(with_font, signed, b"/ToUnicode %d 0 R" % NEW, {NEW: raw.stream(_MAP)}),
    signed,
    ALTERED,
    UNKNOWN,
)
ATTACKS.add(
    "font, another family",
    lambda: raw.update(signed(), {FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"}),
    signed,
    ALTERED,
)


# --- layers, invisible words, annotations that were hidden --------------------------------------------------

LAYER, LAYER_2, NOTE = 20, 21, 22
PROPERTIES = (
    b"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [%d 0 R %d 0 R] "
    b"/D << /ON [%d 0 R] /OFF [%d 0 R] %%s >> >> >>" % (LAYER, LAYER_2, LAYER, LAYER_2)
)


def layered(catalogue: bytes = PROPERTIES % b"") -> dict[int, bytes]:
    entries = b"/Properties << /A %d 0 R /B %d 0 R >> /Font <<" % (LAYER, LAYER_2)
    text = (
        b"/OC /A BDC " + words(b"Chi: 5 000 000") + b" EMC /OC /B BDC " + words(b"Chi: 900 000 000") + b" EMC"
    )
    return {
        1: catalogue,
        PAGE: page(CONTENT).replace(b"/Font <<", entries),
        CONTENT: raw.stream(text),
        LAYER: b"<< /Type /OCG /Name (lop 1) >>",
        LAYER_2: b"<< /Type /OCG /Name (lop 2) >>",
    }


@functools.cache
def with_layers() -> bytes:
    return author_signs(letter(layered()))


@sample("layers switched", with_layers, ALTERED)
def layers_switched() -> bytes:
    pdf = with_layers()
    root = raw.value_of(pdf, 1)
    made = root.replace(b"/ON [ %d 0 R ]" % LAYER, b"/ON [ %d 0 R ]" % LAYER_2)
    made = made.replace(b"/OFF [ %d 0 R ]" % LAYER_2, b"/OFF [ %d 0 R ]" % LAYER)
    return raw.update(pdf, {1: made})


@sample("layers switched, then approved", with_layers, ALTERED)
def layers_switched_then_signed() -> bytes:
    return approval_signs(layers_switched())


@sample("a layer made of another kind", with_layers, ALTERED)
def layer_replaced() -> bytes:
    return raw.update(with_layers(), {LAYER: b"<< /Type /OCMD /OCGs [] /P /AllOff >>", LAYER_2: b"null"})


@functools.cache
def with_invisible_words() -> bytes:
    content = words(b"TO TRINH") + b" 3 Tr " + words(OTHER_SUM, top=712)
    return author_signs(letter({CONTENT: raw.stream(content)}))


@sample("invisible words made visible", with_invisible_words, ALTERED)
def words_shown() -> bytes:
    content = raw.value_of(with_invisible_words(), CONTENT).replace(b" 3 Tr ", b" 0 Tr ")
    return raw.update(with_invisible_words(), {CONTENT: content})


@functools.cache
def with_hidden_note(flags: int = 2) -> bytes:
    note = b"<< /Type /Annot /Subtype /Stamp /F %d /Rect [50 695 550 735] /AP << /N %d 0 R >> >>" % (
        flags,
        NOTE + 1,
    )
    shown = raw.stream(
        b"1 g 0 0 500 40 re f 0 g BT /F1 14 Tf 10 17 Td (%s) Tj ET" % OTHER_SUM,
        b"/Type /XObject /Subtype /Form /BBox [0 0 500 40] /Resources << /Font << /F1 5 0 R >> >>",
    )
    return author_signs(
        letter({PAGE: page(CONTENT, b"/Annots [%d 0 R]" % NOTE), NOTE: note, NOTE + 1: shown})
    )


def note_shown(flags: int) -> bytes:
    base = with_hidden_note(flags)
    return raw.update(base, {NOTE: raw.value_of(base, NOTE).replace(b"/F %d" % flags, b"/F 4")})


for _flags, _name in ((2, "hidden"), (32, "not viewed")):
    ATTACKS.add(
        f"a {_name} annotation shown",
        partial(note_shown, _flags),
        partial(with_hidden_note, _flags),
        ALTERED,
        UNKNOWN,
    )


@sample("an annotation that only prints", signed, ALTERED, UNKNOWN)
def printed_only() -> bytes:
    """Not drawn on the screen, drawn on paper."""
    base = signed()
    note = b"<< /Type /Annot /Subtype /Stamp /F 36 /Rect [50 695 550 735] /AP << /N %d 0 R >> >>" % (NEW + 1)
    shown = raw.stream(b"0 g 0 0 500 40 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 500 40]")
    before = raw.value_of(base, PAGE).replace(b"/Annots [", b"/Annots [%d 0 R " % NEW)
    return raw.update(base, {PAGE: before, NEW: note, NEW + 1: shown})


# --- what a file does, what it carries ----------------------------------------------------------------------

CATALOGUE_ENTRIES = {
    "script on opening": b"/OpenAction << /S /JavaScript /JS (this.getField\\('number'\\).value='99') >>",
    "another page on opening": b"/OpenAction [6 0 R /Fit]",
    "program on opening": b"/OpenAction << /S /Launch /F (cmd.exe) >>",
    "script on closing": b"/AA << /WC << /S /JavaScript /JS (app.alert\\(1\\)) >> >>",
    "script by name": b"/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (a\\(\\)) >>] >> >>",
    "attachment": b"/Names << /EmbeddedFiles << /Names [(a) %d 0 R] >> >>" % NEW,
    "associated file": b"/AF [%d 0 R]" % NEW,
    "portfolio": b"/Collection << /Type /Collection /View /D /D (a) >>",
    "layer": b"/OCProperties << /OCGs [] /D << >> >>",
    "bookmarks": b"/Outlines << /Type /Outlines /Count 0 >>",
    "page labels": b"/PageLabels << /Nums [0 << /S /r >>] >>",
    "viewer's settings": b"/ViewerPreferences << /HideToolbar true /Direction /R2L >>",
    "language": b"/Lang (en)",
    "older version": b"/Version /1.0",
    "articles": b"/Threads []",
    "base address": b"/URI << /Base (http://example.org/) >>",
    "requirements": b"/Requirements [<< /S /EnableJavaScripts >>]",
    "output intent": b"/OutputIntents [<< /S /GTS_PDFX /OutputConditionIdentifier (x) >>]",
}


def with_catalogue(base: Make, entry: bytes) -> bytes:
    spec = b"<< /Type /Filespec /F (a.pdf) /EF << /F %d 0 R >> >>" % (NEW + 1)
    more = {NEW: spec, NEW + 1: raw.stream(b"x", b"/Type /EmbeddedFile")} if b"%d 0 R" % NEW in entry else {}
    root = (
        raw.value_of(base(), 1).replace(b"/Version /2.0", b"")
        if b"/Version" in entry
        else raw.value_of(base(), 1)
    )
    return raw.update(base(), {1: raw.with_entry(root, entry + b" "), **more})


for _base in BASES:
    for _name, _entry in CATALOGUE_ENTRIES.items():
        ATTACKS.add(
            f"{_name} added, {_base.__name__}",
            partial(with_catalogue, _base, _entry),
            _base,
            ALTERED,
            UNKNOWN,
        )


@sample("title changed", signed, ALTERED, UNKNOWN)
def title() -> bytes:
    """The document's title in a viewer's window; no page shows it."""
    return raw.update(
        signed(), {NEW: b"<< /Title (Quyet dinh khen thuong) >>"}, entries=b"/Info %d 0 R" % NEW
    )


@sample("a note to a page that has none", approved, ALTERED)
def note_on_second_page() -> bytes:
    from tests.attacks.certified import annotated

    return annotated(approved, "FreeText", True, PAGE_2)


@sample("page's text gone", approved, ALTERED)
def text_gone() -> bytes:
    return raw.update(approved(), {CONTENT_2: b"null"})


@sample("text drawn in another colour", approved, ALTERED)
def colour() -> bytes:
    content = b"1 g " + words(b"Trang 2: danh sach 35 hoc sinh.", b"Het.")
    return raw.update(approved(), {CONTENT_2: raw.stream(content)})


@sample("a stream of a wrong length", approved, ALTERED, BROKEN)
def wrong_length() -> bytes:
    """Readers differ on where it ends."""
    content = raw.value_of(approved(), CONTENT_2).replace(b"BT ", b"1 g BT ")
    return raw.update(approved(), {CONTENT_2: content})


# --- prepared before signing: nothing is appended, and the display changes all the same ---------------------

PREPARED = {
    "a script that fills in a field": {
        1: b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript "
        b"/JS (this.getField\\('number'\\).value = new Date\\(\\).getFullYear\\(\\);) >> >>"
    },
    "a script of the field that calculates": {
        1: b"<< /Type /Catalog /Pages 2 0 R /AA << /WP << /S /JavaScript "
        b"/JS (this.getField\\('number'\\).hidden = true;) >> >> >>"
    },
    "a form of Adobe's that draws pages anew": {
        1: b"<< /Type /Catalog /Pages 2 0 R /NeedsRendering true /AcroForm << /Fields [] /XFA %d 0 R >> >>"
        % LAYER,
        LAYER: raw.stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>"),
    },
    "layers that differ on paper": layered(
        PROPERTIES % b"/AS [<< /Event /Print /Category [/Print] /OCGs [%d 0 R %d 0 R] >>]" % (LAYER, LAYER_2)
    )
    | {
        LAYER: b"<< /Type /OCG /Name (lop 1) /Usage << /Print << /PrintState /OFF >> >> >>",
        LAYER_2: b"<< /Type /OCG /Name (lop 2) /Usage << /Print << /PrintState /ON >> >> >>",
    },
    "text in a file outside": {
        CONTENT: b"<< /Length 0 /F (http://example.org/text.txt) >>\nstream\n\nendstream"
    },
}


def prepared(changes: dict[int, bytes]) -> bytes:
    return author_signs(letter(changes))


for _name, _changes in PREPARED.items():
    ATTACKS.add(f"prepared: {_name}", partial(prepared, _changes), None, UNKNOWN, ALTERED)
