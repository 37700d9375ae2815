"""The blocks and runs of rich text, and the one walk that makes them from sanitised HTML.

Nothing here trusts the nesting of its input: marks are a set on each run of text, lists and tables deeper
than a page can show are flattened into paragraphs (their text is kept), and every table is laid on a grid
whose cells neither overlap nor stick out. The parser is event-driven, so depth never meets the recursion
limit. Only `tasks/rich_text.py` uses this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import groupby, product

MARKS = ("strong", "em", "u", "s", "sub", "sup")
"""In the order they are written, outermost first."""

LIST_DEPTH = 5
TABLE_DEPTH = 2
COLUMN_LIMIT = 20
ALT_LIMIT = 200

_MARK_OF = {"b": "strong", "i": "em", "ins": "u", "strike": "s", "del": "s"} | {mark: mark for mark in MARKS}
_GROUPS = ("ul", "ol", "table")
_PARTS = ("li", "tr", "td", "th")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LIST_MARKERS = re.compile(r"[-–—+*•·●○oOØüvq§▪■□◻❑❖➢✓✗]")


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one look."""

    text: str
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by the hash of its bytes."""

    sha256: str
    alt: str


@dataclass(frozen=True, slots=True)
class Break:
    """A line break inside a paragraph."""


Piece = Run | Image | Break


@dataclass(frozen=True, slots=True)
class Paragraph:
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `kind` is ul or ol."""

    kind: str
    items: tuple[tuple[Unit, ...], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    x: int
    y: int
    width: int
    height: int
    heading: bool
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells cover the grid exactly: none overlaps, none is missing."""

    columns: int
    rows: int
    cells: tuple[Cell, ...]


Unit = Paragraph | Items | Table


def parse(sanitised: str, tidy: Callable[[str], str]) -> list[Unit]:
    """Blocks of sanitised, well-formed HTML; `tidy` normalises each run of text."""
    builder = _Builder(tidy)
    builder.feed(sanitised)
    builder.close()
    return builder.finish()


@dataclass(slots=True)
class _Draft:
    """A cell as it was written, before the grid."""

    width: int
    height: int
    heading: bool
    units: list[Unit] = field(default_factory=list)


@dataclass(slots=True)
class _Frame:
    """An open container: the root, a list, an item, a table or a cell."""

    tag: str
    units: list[Unit] = field(default_factory=list)
    items: list[tuple[Unit, ...]] = field(default_factory=list)
    rows: list[list[_Draft]] = field(default_factory=list)


class _Builder(HTMLParser):
    """Frames are the containers we keep; `_groups` says of every open list and table whether it is kept."""

    def __init__(self, tidy: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self._tidy = tidy
        self._frames = [_Frame("root")]
        self._groups: list[bool] = []
        self._marks: dict[str, int] = dict.fromkeys(MARKS, 0)
        self._pieces: list[Piece] = []
        self._spans: list[bool] = []
        self._bullet: list[str] = []
        self._bullets = 0

    def finish(self) -> list[Unit]:
        self._end_paragraph()
        return self._frames[0].units

    # HTMLParser calls these three.

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in _MARK_OF:
            self._marks[_MARK_OF[tag]] += 1
        elif tag == "br":
            self._pieces.append(Break())
        elif tag == "img":
            if attributes.get("src"):
                alt = " ".join(self._tidy(attributes.get("alt", "")).split())[:ALT_LIMIT].strip()
                self._pieces.append(Image(attributes["src"].removeprefix("image:"), alt))
        elif tag == "span":
            self._spans.append(attributes.get("style") == "bullet")
            self._bullets += self._spans[-1]
        else:
            self._end_paragraph()
            if tag in _HEADINGS:
                self._marks["strong"] += 1
            elif tag in _GROUPS:
                self._open_group(tag)
            elif tag in _PARTS and self._groups and self._groups[-1]:
                self._open_part(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag in _MARK_OF:
            self._marks[_MARK_OF[tag]] -= 1
        elif tag == "span":
            if self._spans.pop():
                self._bullets -= 1
                if not self._bullets:
                    self._end_bullet()
        elif tag not in ("br", "img"):
            self._end_paragraph()
            if tag in _HEADINGS:
                self._marks["strong"] -= 1
            elif tag in _GROUPS:
                if self._groups.pop():
                    self._close(tag)
            elif tag in _PARTS and tag != "tr" and self._groups and self._groups[-1]:
                self._close(tag)

    def handle_data(self, data: str) -> None:
        if self._bullets:
            self._bullet.append(data)
        else:
            self._text(data)

    # Paragraphs

    def _text(self, data: str) -> None:
        self._pieces.append(Run(data, frozenset(mark for mark, depth in self._marks.items() if depth > 0)))

    def _end_bullet(self) -> None:
        """Word writes the bullet of a list line as text in a symbol font; a dash is what it stands for."""
        mark = "".join("".join(self._bullet).split())
        self._bullet.clear()
        if mark:
            symbol = _LIST_MARKERS.fullmatch(mark) or (len(mark) == 1 and "\ue000" <= mark <= "\uf8ff")
            self._text("- " if symbol else f"{mark} ")

    def _end_paragraph(self) -> None:
        pieces, self._pieces = self._pieces, []
        paragraphs = _paragraphs(pieces, self._tidy)
        if paragraphs:
            self._content().extend(paragraphs)

    def _content(self) -> list[Unit]:
        """Where a block goes now: text straight in a list is an item, straight in a table it precedes it."""
        frame = next(frame for frame in reversed(self._frames) if frame.tag != "table")
        if frame.tag in ("ul", "ol"):
            frame = _Frame("li")
            self._frames.append(frame)
        return frame.units

    # Lists and tables

    def _open_group(self, tag: str) -> None:
        kinds, limit = (("table",), TABLE_DEPTH) if tag == "table" else (("ul", "ol"), LIST_DEPTH)
        kept = sum(frame.tag in kinds for frame in self._frames) < limit
        self._groups.append(kept)
        if kept:
            self._frames.append(_Frame(tag))

    def _open_part(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "li" and self._frames[-1].tag == "li":  # stray text's item ends where the next begins
            self._close("li")
        top = self._frames[-1]
        if tag == "tr":
            top.rows.append([])
        elif tag == "li":
            self._frames.append(_Frame("li"))
        else:
            width = _span(attributes.get("colspan"), COLUMN_LIMIT)
            height = _span(attributes.get("rowspan"), 1_000)
            top.rows[-1].append(_Draft(width, height, heading=tag == "th"))
            self._frames.append(_Frame(tag))

    def _close(self, tag: str) -> None:
        """Close the innermost kept `tag`, and the item of stray text that may be open inside it."""
        while True:
            frame = self._frames.pop()
            self._settle(frame)
            if frame.tag == tag:
                return

    def _settle(self, frame: _Frame) -> None:
        top = self._frames[-1]
        if frame.tag == "li":
            if frame.units:
                top.items.append(tuple(frame.units))
        elif frame.tag in ("td", "th"):
            top.rows[-1][-1].units = frame.units
        elif frame.tag == "table":
            table = _on_grid(frame.rows)
            if table is not None:
                self._content().append(table)
        elif frame.items:
            self._content().append(Items(frame.tag, tuple(frame.items)))


def _paragraphs(pieces: list[Piece], tidy: Callable[[str], str]) -> list[Paragraph]:
    """Paragraphs out of one run of pieces: white space folded across runs, two breaks part paragraphs."""
    paragraphs: list[Paragraph] = []
    line: list[Piece] = []
    breaks = 0
    for piece in _joined(pieces, tidy):
        if isinstance(piece, Break):
            breaks += 1
            continue
        if isinstance(piece, Run):
            last = line[-1] if line else None
            if last is None or breaks or (isinstance(last, Run) and last.text[-1].isspace()):
                piece = Run(piece.text.lstrip(), piece.marks)
            if not piece.text:
                continue
        if breaks:
            _trim_end(line)
            if breaks > 1 and line:
                paragraphs.append(Paragraph(tuple(line)))
                line = []
            elif line:
                line.append(Break())
            breaks = 0
        last = line[-1] if line else None
        if isinstance(piece, Run) and isinstance(last, Run) and last.marks == piece.marks:
            line[-1] = Run(tidy(last.text + piece.text), last.marks)
        else:
            line.append(piece)
    _trim_end(line)
    if line:
        paragraphs.append(Paragraph(tuple(line)))
    return paragraphs


def _joined(pieces: list[Piece], tidy: Callable[[str], str]) -> list[Piece]:
    """Runs of the same marks joined, then normalised, so that a letter never parts from its accent."""
    joined: list[Piece] = []
    for marks, group in groupby(pieces, key=lambda piece: piece.marks if isinstance(piece, Run) else None):
        if marks is None:
            joined += group
        else:
            text = _folded(tidy("".join(piece.text for piece in group if isinstance(piece, Run))))
            if text:
                joined.append(Run(text, marks))
    return joined


def _trim_end(line: list[Piece]) -> None:
    """Drop white space before a break or an end, and runs that held nothing else."""
    while line and isinstance(line[-1], Run):
        text = line[-1].text.rstrip()
        if text:
            line[-1] = Run(text, line[-1].marks)
            return
        line.pop()


def _folded(text: str) -> str:
    """One space for every run of white space; a no-break space alone between words stays."""
    return re.sub(r"\s+", lambda found: "\xa0" if found[0] == "\xa0" else " ", text)


def _span(value: str | None, limit: int) -> int:
    digits = (value or "").strip()
    if not (digits.isascii() and digits.isdigit()):
        return 1
    return max(1, min(limit, int(digits[:6])))


def _on_grid(rows: list[list[_Draft]]) -> Table | None:
    """Place cells as browsers do; spans are cut where they would leave the table or cover another cell."""
    rows = [row for row in rows if row]
    cells = _placed(rows)
    if not any(cell.units for cell in cells):
        return None
    if len({cell.y for cell in cells}) < len(rows):  # a row drowned in the spans above it: give them up
        for draft in (draft for row in rows for draft in row):
            draft.height = 1
        cells = _placed(rows)
    columns = max(cell.x + cell.width for cell in cells)
    taken = {(x, y) for cell in cells for x, y in _places(cell)}
    cells += [
        Cell(x, y, 1, 1, heading=False, units=())
        for y in range(len(rows))
        for x in range(columns)
        if (x, y) not in taken
    ]
    return Table(columns, len(rows), tuple(sorted(cells, key=lambda cell: (cell.y, cell.x))))


def _placed(rows: list[list[_Draft]]) -> list[Cell]:
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    for y, row in enumerate(rows):
        x = 0
        for draft in row:
            while (x, y) in taken:
                x += 1
            if x >= COLUMN_LIMIT:  # a column no page can show: its text joins the last cell's
                cells[-1] = replace(cells[-1], units=cells[-1].units + tuple(draft.units))
                continue
            width = 1
            while width < draft.width and x + width < COLUMN_LIMIT and (x + width, y) not in taken:
                width += 1
            height = min(draft.height, len(rows) - y)
            cell = Cell(x, y, width, height, draft.heading, tuple(draft.units))
            taken.update(_places(cell))
            cells.append(cell)
            x += width
    return cells


def _places(cell: Cell) -> Iterator[tuple[int, int]]:
    return product(range(cell.x, cell.x + cell.width), range(cell.y, cell.y + cell.height))
