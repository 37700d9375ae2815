"""Text a person typed, or pasted from Word, as data and never as markup.

Two forms leave this module: `clean` HTML of a small fixed vocabulary, which is what is stored and edited,
and the `tree` the page layouts read. Both come from one walk, so cleaning twice changes nothing. What does
not belong here: anything about documents, pages or fonts.

The vocabulary: p br strong em u sub sup s ul ol li table tr th td, and img with src="image:<sha256>".
"""

from __future__ import annotations

import html as entities
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import nh3

from models.errors import Fault, Invalid, TooLarge
from models.text import Text
from tasks.rich_text_tree import MARKS, Cell, Image, Items, Paragraph, Piece, Run, Table, Unit, parse

Node = dict[str, Any]
"""One block of a tree, as JSON: `{"t": "p" | "ul" | "ol" | "table", …}`; `rich.typ` lays it out."""

CHARACTER_LIMIT = 1_000_000
"""Characters of one field as it arrives; what Word puts on the clipboard is mostly style."""
TEXT_LIMIT = 100_000
"""Characters of text left in one field, some forty pages."""
TAG_LIMIT = 20_000
"""Tags of one field as it arrives; the time to parse nested tags grows with their square."""
ROW_LIMIT = 200
"""Table rows in one field."""
BLOCK_LIMIT = 3_000
"""Paragraphs, list items and table cells in one field."""
IMAGE_LIMIT = 20
"""Pictures in one field."""

_IMAGE = re.compile(r"image:[0-9a-f]{64}\Z")
_ROW = re.compile(r"<tr\b", re.IGNORECASE)
# Only a tag HTML knows makes a text HTML: "a < b" and "<3" are what a person typed.
_TAG = re.compile(
    r"<(?:!--|!\[|!doctype\b|/?(?:p|br|hr|b|strong|i|em|u|ins|sub|sup|s|strike|del|ul|ol|li|dl|dt|dd|table|caption"
    r"|colgroup|col|thead|tbody|tfoot|tr|td|th|img|div|span|font|a|h[1-6]|blockquote|pre|code|center|section"
    r"|article|header|footer|main|html|head|body|meta|link|style|script|title|xml|o:p|small|big|mark|label|svg"
    r"|iframe|object|input|button|form|textarea|select)(?:\s[^<>]*=[^<>]*)?\s*/?>)",
    re.IGNORECASE,
)
# Controls but tab and line feed, marks that turn the direction of text, halves of surrogate pairs,
# byte-order marks and other code points that are no characters. Paragraph and line separators are kept as
# white space.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\u200b\ufeff\u00ad"
    "\ud800-\udfff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]"
)
_SPACE = re.compile(r"\s+")
_LINE_END = re.compile(r"\r\n?|[\x85\u2028\u2029]")


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "src":
        return value if _IMAGE.match(value) else None
    if name == "style":  # the one thing Word's styles tell us: this span is the bullet of a list line
        return "bullet" if "mso-list" in value.lower() and "ignore" in value.lower() else None
    return value


_BLOCKS = {
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "pre",
    "center",
    "section",
    "article",
    "dt",
    "dd",
}
TAGS = (
    {"p", "br", "hr", "b", "strong", "i", "em", "u", "ins", "sub", "sup", "s", "strike", "del"}
    | {"ul", "ol", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th", "img", "span"}
    | _BLOCKS
)
"""What is understood of foreign HTML; the vocabulary is made of it."""
WITH_CONTENT = {"script", "style", "title", "noscript", "template", "iframe", "object", "svg", "math"}
"""Tags that go with all that is in them."""
_CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=WITH_CONTENT,
    attributes={
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
        "img": {"src", "alt"},
        "span": {"style"},
    },
    attribute_filter=_attribute,
    url_schemes={"image"},
    link_rel=None,
)


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a pasted table: its text (a line a paragraph), its HTML, the columns and rows it covers."""

    text: str
    html: str
    width: int = 1
    height: int = 1


def clean(html: str, *, at: str = "") -> str:
    """The text in our vocabulary; plain text is taken too, each line a paragraph.

    `at` is the field's path, for the fault. Raises `TooLarge` or `Invalid` with a sentence that names the
    limit; nothing else. Cleaning what is clean returns it unchanged.
    """
    return "".join(_write(unit) for unit in _parse(html, at))


def tree(html: str, *, at: str = "") -> list[Node]:
    """The text as the JSON tree the layouts read; same refusals as `clean`."""
    return [_node(unit) for unit in _parse(html, at)]


def plain(html: str) -> str:
    """The text alone, a line a paragraph and table cells parted by ` | `: for search and differences."""
    return "\n".join(_lines(_parse(html, "")))


def table(html: str) -> list[list[TableCell]] | None:
    """The cells of a text that is one table and nothing else, by rows; None for any other text.

    A joined cell stands where it begins; the places it covers are empty. Same refusals as `clean`.
    """
    units = [u for u in _parse(html, "") if not (isinstance(u, Paragraph) and not _lines([u]))]
    if len(units) != 1 or not isinstance(units[0], Table):
        return None
    found = units[0]
    rows = [[TableCell("", "") for _ in range(found.columns)] for _ in range(found.rows)]
    for cell in found.cells:
        text = "\n".join(_lines(cell.units))
        written = "".join(_write(u) for u in cell.units)
        rows[cell.y][cell.x] = TableCell(text, written, cell.width, cell.height)
    return rows


def images(html: str) -> set[str]:
    """SHA-256 (hex) of every picture the text shows."""
    return {piece.sha256 for piece in _pieces(_parse(html, "")) if isinstance(piece, Image)}


def clean_line(text: str) -> str:
    """One line of plain text: composed (NFC), without controls and direction marks, white space folded."""
    return _SPACE.sub(" ", tidy(text)).strip()


def tidy(text: str) -> str:
    """Composed characters (NFC) and none that are invisible or turn the text around; lines end in LF."""
    return unicodedata.normalize("NFC", _UNWANTED.sub("", _LINE_END.sub("\n", text)))


def _parse(html: str, at: str) -> list[Unit]:
    _refuse_too_large(html, at)
    text = _UNWANTED.sub("", html)
    if _TAG.search(text) is None:
        lines = (clean_line(line) for line in _LINE_END.sub("\n", text).split("\n"))
        units: list[Unit] = [Paragraph((Run(line, frozenset()),)) for line in lines if line]
    else:
        units = parse(_CLEANER.clean(text), tidy)
    _refuse_too_many(units, at)
    return units


def _refuse_too_large(html: str, at: str) -> None:
    if len(html) > CHARACTER_LIMIT:
        raise _too_large("{n} ký tự", "{n} characters", len(html), CHARACTER_LIMIT, at)
    rows = len(_ROW.findall(html))
    if rows > ROW_LIMIT:
        raise _too_large("{n} hàng bảng", "{n} table rows", rows, ROW_LIMIT, at)
    tags = html.count("<")
    if tags > TAG_LIMIT:
        raise _too_large("{n} thẻ định dạng", "{n} tags", tags, TAG_LIMIT, at)


def _refuse_too_many(units: list[Unit], at: str) -> None:
    blocks = pictures = letters = 0
    for unit in _walk(units):
        blocks += 1
        if isinstance(unit, Paragraph):
            pictures += sum(isinstance(piece, Image) for piece in unit.pieces)
            letters += sum(len(piece.text) for piece in unit.pieces if isinstance(piece, Run))
    if letters > TEXT_LIMIT:
        raise _too_large("{n} ký tự", "{n} characters", letters, TEXT_LIMIT, at)
    if blocks > BLOCK_LIMIT:
        raise _too_large("{n} đoạn và ô bảng", "{n} paragraphs and table cells", blocks, BLOCK_LIMIT, at)
    if pictures > IMAGE_LIMIT:
        raise _too_large("{n} ảnh", "{n} pictures", pictures, IMAGE_LIMIT, at)


def _too_large(vi: str, en: str, count: int, limit: int, at: str) -> TooLarge | Invalid:
    """The refusal: about one field when we know which, else about the whole."""
    sentence = Text(
        f"Nội dung có {vi.format(n=_dotted(count))}; một ô nhập nhận nhiều nhất {_dotted(limit)}. "
        "Hãy chia nội dung thành nhiều phần, hoặc bỏ bớt.",
        f"The text has {en.format(n=f'{count:,}')}; one field takes {limit:,} at most. "
        "Divide the text into parts, or shorten it.",
    )
    return Invalid(sentence, (Fault(at, sentence),)) if at else TooLarge(sentence)


def _dotted(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _walk(units: Iterable[Unit]) -> Iterable[Unit]:
    """Every block, outer before inner; the parser bounds the depth."""
    for unit in units:
        yield unit
        if isinstance(unit, Items):
            for item in unit.items:
                yield from _walk(item)
        elif isinstance(unit, Table):
            for cell in unit.cells:
                yield from _walk(cell.units or (Paragraph(()),))


def _pieces(units: Iterable[Unit]) -> Iterable[Piece]:
    for unit in _walk(units):
        if isinstance(unit, Paragraph):
            yield from unit.pieces


def _node(unit: Unit) -> Node:
    if isinstance(unit, Paragraph):
        return {"t": "p", "c": [_inline_node(piece) for piece in unit.pieces]}
    if isinstance(unit, Items):
        return {"t": unit.kind, "c": [[_node(inner) for inner in item] for item in unit.items]}
    cells = [
        {
            "x": cell.x,
            "y": cell.y,
            "w": cell.width,
            "h": cell.height,
            "th": cell.heading,
            "c": [_node(inner) for inner in cell.units],
        }
        for cell in unit.cells
    ]
    return {"t": "table", "columns": unit.columns, "rows": unit.rows, "cells": cells}


def _inline_node(piece: Piece) -> str | Node:
    if isinstance(piece, Image):
        return {"t": "img", "id": piece.sha256, "alt": piece.alt}
    if isinstance(piece, Run):
        if not piece.marks:
            return piece.text
        return {"t": "run", "m": [mark for mark in MARKS if mark in piece.marks], "s": piece.text}
    return {"t": "br"}


def _write(unit: Unit) -> str:
    if isinstance(unit, Paragraph):
        return f"<p>{_inline(unit)}</p>"
    if isinstance(unit, Items):
        return f"<{unit.kind}>{''.join(f'<li>{_inner(item)}</li>' for item in unit.items)}</{unit.kind}>"
    rows: list[list[str]] = [[] for _ in range(unit.rows)]
    for cell in unit.cells:
        rows[cell.y].append(_cell(cell))
    written = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table>{written}</table>"


def _cell(cell: Cell) -> str:
    name = "th" if cell.heading else "td"
    spans = f' colspan="{cell.width}"' if cell.width > 1 else ""
    spans += f' rowspan="{cell.height}"' if cell.height > 1 else ""
    return f"<{name}{spans}>{_inner(cell.units)}</{name}>"


def _inner(units: tuple[Unit, ...]) -> str:
    """A lone paragraph in a list item or cell is written without its tags, as people type it."""
    if len(units) == 1 and isinstance(units[0], Paragraph):
        return _inline(units[0])
    return "".join(_write(unit) for unit in units)


def _inline(paragraph: Paragraph) -> str:
    written: list[str] = []
    for piece in paragraph.pieces:
        if isinstance(piece, Image):
            alt = f' alt="{entities.escape(piece.alt)}"' if piece.alt else ""
            written.append(f'<img src="image:{piece.sha256}"{alt}>')
        elif isinstance(piece, Run):
            marks = [mark for mark in MARKS if mark in piece.marks]
            opened = "".join(f"<{mark}>" for mark in marks)
            closed = "".join(f"</{mark}>" for mark in reversed(marks))
            written.append(f"{opened}{entities.escape(piece.text, quote=False)}{closed}")
        else:
            written.append("<br>")
    return "".join(written)


def _lines(units: Iterable[Unit]) -> list[str]:
    lines: list[str] = []
    for unit in units:
        if isinstance(unit, Paragraph):
            text = "".join(
                piece.text if isinstance(piece, Run) else "" if isinstance(piece, Image) else "\n"
                for piece in unit.pieces
            )
            lines.append(text)
        elif isinstance(unit, Items):
            for item in unit.items:
                lines += _lines(item)
        else:
            for row in range(unit.rows):
                cells = (" ".join(_lines(cell.units)) for cell in unit.cells if cell.y == row)
                lines.append(" | ".join(cells))
    return [line for line in lines if line]
