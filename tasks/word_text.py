"""The text of a .docx in our own vocabulary, block by block, where no LibreOffice lays out its pages.

What a lesson, a heading or a phase is, the document types know (`flows/documents`); here are only
paragraphs, lists and tables, cleaned, with their pictures made anew. Runs in the converter's children.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import mammoth
from lxml import html

from models.errors import Invalid, RecordsError
from tasks import pictures, word_equations
from tasks.blocks import Block
from tasks.recognising import DAMAGED
from tasks.rich_text import clean, plain

IMAGE_LIMIT = 100
_STYLES = "u => u\nstrike => s\np[style-name='Title'] => p:fresh\n"


@dataclass(frozen=True, slots=True)
class TextTaken:
    """The blocks in their order, the pictures they use by SHA-256; `lost`: something could not be read;
    `equations`: some were written as plain text."""

    blocks: tuple[Block, ...]
    images: dict[str, bytes] = field(repr=False)
    lost: bool
    equations: bool = False


def take_text(document: bytes) -> TextTaken:
    """Read a .docx that `tasks/word_files.py` packed; Invalid when it cannot be."""
    kept: dict[str, bytes] = {}
    failed: list[str] = []

    def picture(image: Any) -> dict[str, str]:
        try:
            with image.open() as opened:
                made = pictures.accept(opened.read(pictures.BYTE_LIMIT + 1))
        except (RecordsError, OSError, KeyError) as error:
            failed.append(type(error).__name__)
            return {}
        name = hashlib.sha256(made).hexdigest()
        if name not in kept and len(kept) >= IMAGE_LIMIT:
            failed.append("too many")
            return {}
        kept[name] = made
        return {"src": f"image:{name}"}

    try:
        document, equations, drawings = word_equations.as_text(document)
        if drawings:
            failed.append("drawing")
        result = mammoth.convert_to_html(
            io.BytesIO(document),
            style_map=_STYLES,
            include_embedded_style_map=False,
            convert_image=mammoth.images.img_element(picture),
        )
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise Invalid(DAMAGED) from error
    blocks = tuple(_blocks(result.value, failed)) if result.value.strip() else ()
    return TextTaken(blocks, kept, bool(failed), equations)


def _blocks(source: str, failed: list[str]) -> Iterator[Block]:
    for element in html.fragments_fromstring(source):
        if isinstance(element, str) or not isinstance(element.tag, str):
            continue
        try:
            cleaned = clean(_written(element))
            if element.tag == "table":
                rows = tuple(
                    tuple(clean(_inner(cell)) for cell in row if cell.tag in ("td", "th"))
                    for row in element.iter("tr")
                    if _table_of(row) is element
                )
                yield Block(cleaned, _folded(cleaned), rows)
            elif cleaned:
                yield Block(cleaned, _folded(cleaned))
        except RecordsError as error:  # one block beyond what a field holds does not cost the others
            failed.append(type(error).__name__)


def _table_of(row: Any) -> Any:
    return next(row.iterancestors("table"), None)


def _written(element: Any) -> str:
    element.tail = None
    return str(html.tostring(element, encoding="unicode"))


def _inner(element: Any) -> str:
    children = "".join(str(html.tostring(child, encoding="unicode")) for child in element)
    return f"{element.text or ''}{children}"


def _folded(cleaned: str) -> str:
    return " ".join(plain(cleaned).split())
