"""A piece of a document's text: what `tasks/word_text.py` makes and the document types divide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list or a table. `text` is what it says, white space folded; `rows` a table's cells,
    a cell that spans columns once, each as clean HTML."""

    html: str
    text: str
    rows: tuple[tuple[str, ...], ...] = ()
