"""A PDF someone uploads becomes pages and nothing else: no script, action, form, attachment or link.

Its pages are taken over into a new file, each with the few entries a page needs; what the old file's root
held is left behind. What a reader sees stays: annotations and filled fields are drawn into the page first.
Refused: passwords, signatures, XFA, damage, too many or odd pages, streams that unpack too far. Runs in the
converter's children; reads and returns bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pikepdf
import pypdfium2

from models.errors import Invalid, TooLarge
from models.text import Text
from tasks.recognising import BLANK, BOMB, DAMAGED, PAGE_LIMIT, PASSWORD, SIGNED, too_many_pages
from tasks.unpacking import size_of

OBJECT_LIMIT = 300_000
DEPTH_LIMIT = 60
"""Arrays and dictionaries inside one another in one object."""
TOTAL_LIMIT = 512 * 1024 * 1024
"""Bytes all of these together may unpack to."""
LEAST_SIDE, MOST_SIDE = 227.0, 1276.0
"""Points: 80 and 450 mm. A5 to A3 lie well within."""

_PAGE_KEYS = frozenset(
    {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/Resources", "/Contents", "/Group", "/UserUnit"}
)
_DANGEROUS = (
    "/AA", "/OpenAction", "/JS", "/A", "/AF", "/EF", "/XFA", "/PieceInfo", "/Metadata", "/OPI", "/Ref", "/PS",
    "/Alternates", "/StructParent", "/StructParents", "/Annots", "/Usage", "/Measure", "/PtData",
)  # fmt: skip
_OUTSIDE = ("/F", "/FFilter", "/FDecodeParms")
"""Of a stream: its bytes are in another file."""
_ACTIONS = {
    "/JavaScript": "scripts",
    "/Launch": "actions",
    "/SubmitForm": "actions",
    "/ImportData": "actions",
    "/GoToR": "actions",
    "/GoToE": "actions",
    "/Rendition": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/RichMediaExecute": "media",
    "/URI": "links",
}
_ANNOTATIONS = {
    "/FileAttachment": "attachments",
    "/RichMedia": "media",
    "/Movie": "media",
    "/Sound": "media",
    "/Screen": "media",
    "/3D": "media",
    "/Widget": "forms",
    "/Link": "links",
    "/Popup": "comments",
    "/Text": "comments",
}


_DRAWN_ON = frozenset(
    {
        "/FreeText",
        "/Highlight",
        "/Underline",
        "/StrikeOut",
        "/Squiggly",
        "/Ink",
        "/Line",
        "/Square",
        "/Circle",
    }
    | {"/Polygon", "/PolyLine", "/Stamp"}
)
"""Annotations that are seen as they look in the file; without a look of theirs they cannot be kept."""
_FONTS = frozenset({"/Type1", "/MMType1", "/TrueType", "/CIDFontType0", "/CIDFontType2"})
_EVERYWHERE = re.compile(r"/(?:Helvetica|Courier|Times-|Symbol\Z|ZapfDingbats\Z)")
"""The fonts every reader has."""
_LETTERS = ("/FontFile", "/FontFile2", "/FontFile3")


@dataclass(frozen=True, slots=True)
class Clean:
    """Pages of our own making; `removed`, `warnings` are codes of `tasks/recognising.py`."""

    pdf: bytes = field(repr=False)
    pages: int
    removed: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def sanitise(data: bytes) -> Clean:
    """The pages of a PDF in a new file. Raises Invalid or TooLarge with the way out."""
    try:
        with _opened(data) as source:
            removed, warnings = _examined(source)
            pdf = _rebuilt(source)
    except (
        pikepdf.PdfError,
        RuntimeError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
    ) as error:
        raise Invalid(DAMAGED) from error
    return Clean(pdf, _drawn(pdf), tuple(sorted(removed)), warnings)


def _opened(data: bytes) -> pikepdf.Pdf:
    """Read without repairing: what a repair guesses may not be what the author wrote."""
    try:
        source = pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True)
    except pikepdf.PasswordError as error:
        raise Invalid(PASSWORD) from error
    except pikepdf.PdfError as error:
        raise Invalid(DAMAGED) from error
    if source.is_encrypted:
        source.close()
        raise Invalid(PASSWORD)
    return source


# --- looking ---------------------------------------------------------------------------------------------


def _examined(source: pikepdf.Pdf) -> tuple[set[str], tuple[str, ...]]:
    """What the new file will lack, and what its author should look at; every refusal is made here."""
    pages = len(source.pages)
    if pages > PAGE_LIMIT:
        raise too_many_pages(pages)
    if pages == 0:
        raise Invalid(DAMAGED)
    if len(source.objects) > OBJECT_LIMIT:
        raise TooLarge(BOMB)
    form = source.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary) and "/XFA" in form:
        raise Invalid(_XFA)
    contents = _contents(source)
    found: set[str] = set()
    unpacked, letters_lack = 0, False
    for thing in source.objects:
        for part in _parts(thing):
            found |= _named(part)
            letters_lack = letters_lack or _lacks_its_letters(part)
        if isinstance(thing, pikepdf.Stream):
            unpacked += size_of(thing, whole=thing.objgen in contents)
            if unpacked > TOTAL_LIMIT:
                raise TooLarge(BOMB)
    for number, page in enumerate(source.pages, 1):
        _refuse_size(page, number)
    if isinstance(form, pikepdf.Dictionary) and len(form.get("/Fields", [])):
        found.add("forms")
    if "scripts" in found:
        found.discard("actions")
    return found, ("fonts-outside",) if letters_lack else ()


def _contents(source: pikepdf.Pdf) -> set[tuple[int, int]]:
    """The streams that draw the pages: damage in them is damage of the file."""
    found = set()
    for page in source.pages:
        drawn = page.obj.get("/Contents")
        for stream in drawn if isinstance(drawn, pikepdf.Array) else (drawn,):
            if isinstance(stream, pikepdf.Stream):
                found.add(stream.objgen)
    return found


def _parts(thing: Any) -> Iterator[Any]:
    """The dictionaries directly inside an object, itself included; not what it refers to."""
    level = [(thing, 0)]
    while level:
        here, depth = level.pop()
        if depth > DEPTH_LIMIT:
            raise TooLarge(BOMB)
        if isinstance(here, pikepdf.Dictionary | pikepdf.Stream):
            yield here
            inner = [here.get(key) for key in here.keys()]  # noqa: SIM118 - a stream is no mapping
        elif isinstance(here, pikepdf.Array):
            inner = list(here)
        else:
            continue
        level += [
            (one, depth + 1)
            for one in inner
            if isinstance(one, pikepdf.Dictionary | pikepdf.Array) and not one.is_indirect
        ]


def _named(part: Any) -> set[str]:
    """What this dictionary would do, by code; Invalid when it is a signature."""
    if "/ByteRange" in part and "/Contents" in part:
        raise Invalid(SIGNED)
    found = set()
    if "/JS" in part:
        found.add("scripts")
    if "/EF" in part:
        found.add("attachments")
    action = _ACTIONS.get(_word(part, "/S"))
    if action:
        found.add(action)
    subtype = _ANNOTATIONS.get(_word(part, "/Subtype"))
    if subtype and "/Rect" in part:
        found.add(subtype)
    if _word(part, "/Subtype") in _DRAWN_ON and "/Rect" in part and "/AP" not in part:
        found.add("unseen")
    if isinstance(part, pikepdf.Stream) and ("/F" in part or "/OPI" in part or "/Ref" in part):
        found.add("external")
    return found


def _lacks_its_letters(part: Any) -> bool:
    """Is it a font whose letters are not in the file, and not one every reader has?"""
    name = _word(part, "/BaseFont")
    if not name or _word(part, "/Subtype") not in _FONTS or _EVERYWHERE.match(name):
        return False
    inside = part.get("/FontDescriptor")
    return not isinstance(inside, pikepdf.Dictionary) or not any(key in inside for key in _LETTERS)


def _word(part: Any, key: str) -> str:
    value = part.get(key)
    return str(value) if isinstance(value, pikepdf.Name) else ""


def _refuse_size(page: pikepdf.Page, number: int) -> None:
    unit = float(page.obj.get("/UserUnit", 1))
    left, bottom, right, top = (float(side) for side in page.cropbox)
    sides = (abs(right - left) * unit, abs(top - bottom) * unit)
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in sides):
        width, height = (round(side / 72 * 25.4) for side in sides)
        raise Invalid(
            Text(
                f"Trang {number} có khổ {width} × {height} mm. Khổ giấy phải từ A5 đến A3: đặt lại khổ giấy "
                "(thường là A4) rồi xuất lại tệp.",
                f"Page {number} measures {width} × {height} mm. Pages must be A5 to A3: set the paper size "
                "(mostly A4) and export the file again.",
            )
        )


# --- making anew -----------------------------------------------------------------------------------------


def _rebuilt(source: pikepdf.Pdf) -> bytes:
    _draw_annotations(source)
    with pikepdf.new() as made:
        made.pages.extend(source.pages)
        for page in made.pages:
            for key in set(page.obj.keys()) - _PAGE_KEYS:
                del page.obj[key]
        _keep_layers(source, made)
        for thing in made.objects:
            for part in _parts(thing):
                _disarm(part)
        output = io.BytesIO()
        made.save(
            output,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            deterministic_id=True,
        )
    return output.getvalue()


def _draw_annotations(source: pikepdf.Pdf) -> None:
    """What annotations and filled fields show becomes part of the page."""
    if "/AcroForm" in source.Root:
        source.generate_appearance_streams()
    source.flatten_annotations("all")


def _disarm(part: Any) -> None:
    for key in _DANGEROUS:
        if key in part:
            del part[key]
    if isinstance(part, pikepdf.Stream):
        for key in _OUTSIDE:
            if key in part:
                del part[key]


def _keep_layers(source: pikepdf.Pdf, made: pikepdf.Pdf) -> None:
    """Layers that are switched off stay off, or what the author hid would show."""
    layers = source.Root.get("/OCProperties")
    if not isinstance(layers, pikepdf.Dictionary) or "/OCGs" not in layers:
        return
    default = layers.get("/D", pikepdf.Dictionary())
    groups = made.copy_foreign(source.make_indirect(layers.OCGs))
    chosen = pikepdf.Dictionary(Order=pikepdf.Array())
    for key in ("/ON", "/OFF"):
        if isinstance(default.get(key), pikepdf.Array):
            chosen[key] = made.copy_foreign(source.make_indirect(default[key]))
    if _word(default, "/BaseState") == "/OFF":
        chosen.BaseState = pikepdf.Name.OFF
    made.Root.OCProperties = made.make_indirect(pikepdf.Dictionary(OCGs=groups, D=chosen))


def _drawn(pdf: bytes) -> int:
    """Draw every page small with the viewer people see it by; the number of pages.

    Invalid when that fails, and when nothing is to be seen on any page: nobody signs blank paper by mistake.
    """
    try:
        document = pypdfium2.PdfDocument(pdf)
    except pypdfium2.PdfiumError as error:
        raise Invalid(DAMAGED) from error
    try:
        blank = True
        for page in document:
            picture = page.render(scale=96 / max(1.0, page.get_width()))
            blank = blank and picture.to_pil().convert("L").getextrema() == (255, 255)
            page.close()
        if blank:
            raise Invalid(BLANK)
        return len(document)
    except pypdfium2.PdfiumError as error:
        raise Invalid(DAMAGED) from error
    finally:
        document.close()


_XFA = Text(
    "Đây là biểu mẫu XFA, nội dung không nằm trên trang. Mở bằng Adobe Reader, chọn In → Lưu thành PDF, "
    "rồi tải tệp đó lên.",
    "This is an XFA form, whose content is not on its pages. Open it in Adobe Reader, print it to a PDF, "
    "and upload that.",
)
