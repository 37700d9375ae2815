"""An open file as PDFium draws it and reads its words, page by page.

What `page_evidence` compares, `place_pictures` shows and `judging` holds against the values of fields.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from tasks.comparing import Box
from tasks.form_snapshots import Rect, Widget

# PDFium without XFA says so on every such form; `live_content` says it to the reader.
logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)

SCALE = 100 / 72
"""Pixels to a point: 100 to the inch."""
MOST_PIXELS = 6_000_000
"""Of one drawn page; a larger one is drawn smaller (A4 needs one million)."""

_Letter = tuple[str, Rect | None]


def pages_seen(pdf: bytes) -> int:
    """How many pages PDFium sees; PdfiumError for what it does not open."""
    with closing(pypdfium2.PdfDocument(pdf)) as document:
        return len(document)


class Drawing:
    """An open file that is drawn and read page by page."""

    def __init__(self, pdf: bytes) -> None:
        self._letters: dict[int, list[_Letter]] = {}
        self._own: dict[int, set[_Letter]] = {}
        self._document = pypdfium2.PdfDocument(pdf)
        self._document.init_forms()

    def __enter__(self) -> Drawing:
        return self

    def __exit__(self, *_: object) -> None:
        self._document.close()

    def __len__(self) -> int:
        return len(self._document)

    def image(self, page: int, *, fields: bool = True, wanted: float = SCALE) -> Image.Image:
        """The page in colour; without `fields` only its own content, no annotations."""
        sheet = self._document[page]
        bitmap = sheet.render(
            scale=_scale(sheet.get_size(), wanted), may_draw_forms=fields, draw_annots=fields
        )
        image: Image.Image = bitmap.to_pil()
        return image if image.mode == "RGB" else image.convert("RGB")  # else converting copies it

    def size(self, page: int) -> tuple[int, int]:
        """How large `image` is, in pixels, without drawing it."""
        sheet = self._document[page]
        scale = _scale(sheet.get_size(), SCALE)
        width, height = sheet.get_size()
        return math.ceil(width * scale), math.ceil(height * scale)

    def placed(self, widget: Widget, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Where a field stands on the drawn page, in pixels and one more on each side; empty off the page."""
        sheet = self._document[widget.page]
        corners = (widget.rect[:2], widget.rect[2:])
        points = [_device(sheet, x, y, size) for x, y in corners]
        xs, ys = sorted(x for x, _ in points), sorted(y for _, y in points)
        left, right = (min(max(0, x), size[0]) for x in (xs[0] - 1, xs[1] + 2))
        top, bottom = (min(max(0, y), size[1]) for y in (ys[0] - 1, ys[1] + 2))
        return left, top, right, bottom

    def width(self, page: int) -> float:
        """Points across the page as it is shown."""
        return float(self._document[page].get_size()[0])

    def turned(self, page: int) -> bool:
        """Whether words on the page may run otherwise than from left to right."""
        if self._document[page].get_rotation() % 180:
            return True
        text = self._document[page].get_textpage()
        angles = (pdfium.FPDFText_GetCharAngle(text, index) for index in range(text.count_chars()))
        return any(0.05 < angle < 6.23 for angle in angles)

    def words(self, page: int, rect: Rect) -> str:
        """The words the page itself prints within a rectangle of its coordinates.

        A letter counts by half: what only touches the edge belongs to the line beside.
        """
        return _said(self._read(page), rect, 0.5)

    def field_words(self, page: int, rect: Rect) -> str:
        """The words a field shows in its rectangle, once flattened: those the page did not print before.

        A letter of which a quarter can be seen counts.
        """
        own = self._own.get(page, set())
        shown = [("" if one[1] is not None and one in own else one[0], one[1]) for one in self._read(page)]
        return _said(shown, rect, 0.25)

    def _read(self, page: int) -> list[_Letter]:
        if page not in self._letters:
            self._letters[page] = list(_letters(self._document[page].get_textpage()))
        return self._letters[page]

    def words_in(self, page: int, box: Box) -> str:
        """The words in a box of thousandths of the drawn page, fields included when they were flattened."""
        sheet = self._document[page]
        corners = [_user(sheet, x, y) for x, y in ((box[0], box[3]), (box[2], box[1]))]
        xs, ys = sorted(x for x, _ in corners), sorted(y for _, y in corners)
        return self.words(page, (xs[0], ys[0], xs[1], ys[1]))

    def flattened(self, page: int) -> None:
        """From here on what fields show counts as the page's own; for reading, not for drawing."""
        self._own[page] = set(self._read(page))
        if self._document.formenv is not None:  # PDFium may see no form where others do
            self._document[page].flatten()
        del self._letters[page]


def _scale(points: tuple[float, float], wanted: float) -> float:
    """As fine as wanted, as far as memory goes; a page of no width has a pixel."""
    width, height = points
    scale = min(wanted, math.sqrt(MOST_PIXELS / max(1.0, width * height)))
    return max(scale, 1.01 / max(0.01, min(width, height)))


def _letters(text: Any) -> Iterator[_Letter]:
    """Every letter of a page; spaces, many of which PDFium adds itself, stand nowhere."""
    for index in range(text.count_chars()):
        letter = chr(pdfium.FPDFText_GetUnicode(text, index))
        added = letter.isspace() or pdfium.FPDFText_IsGenerated(text, index) == 1
        if added:
            yield letter, None
            continue
        left, bottom, right, top = (round(side, 2) for side in text.get_charbox(index))
        yield letter, (left, bottom, right, top)


def _said(letters: Iterable[_Letter], rect: Rect, least: float) -> str:
    """The letters of which at least this share lies in a rectangle, in order, with the spaces between."""
    said, inside = "", False
    for letter, box in letters:
        if box is not None and letter:
            inside = _share(box, rect) >= least
        said += letter if inside else " "
    return " ".join(said.split())


def _share(box: Rect, rect: Rect) -> float:
    """How much of a letter lies inside, of 1; a dot or a bar has no area but lies somewhere."""
    share = 1.0
    for low in (0, 1):
        size = box[low + 2] - box[low]
        common = min(box[low + 2], rect[low + 2]) - max(box[low], rect[low])
        share *= max(0.0, common / size) if size > 0 else float(common >= 0)
    return share


def _device(sheet: Any, x: float, y: float, size: tuple[int, int]) -> tuple[int, int]:
    across, down = pdfium.c_int(), pdfium.c_int()
    pdfium.FPDF_PageToDevice(sheet, 0, 0, size[0], size[1], 0, x, y, across, down)
    return int(across.value), int(down.value)


def _user(sheet: Any, x: float, y: float) -> tuple[float, float]:
    across, up = pdfium.c_double(), pdfium.c_double()
    pdfium.FPDF_DeviceToPage(sheet, 0, 0, 1000, 1000, 0, round(x), round(y), across, up)
    return float(across.value), float(up.value)
