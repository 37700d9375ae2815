"""Searches the words of documents: what was typed becomes a question both databases answer alike.

Words outside quotation marks must all occur, in any order; "words in quotation marks" one after the other.
The last word may be unfinished. Marks narrow the question to what a person may see at all; who may see what
is decided by `flows.queries.visible_to`, never here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, and_, column, func, literal, literal_column, or_, table
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped
from sqlmodel import Session

from models.indexing import MARKED, fold
from models.text import Text

_QUOTED = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]?')
MOST_WORDS = 20
SHORTEST_BEGINNING = 2
"""Letters of an unfinished word: a single one begins a tenth of all words."""

WORDS = table("document_word", column("rowid"), column("document_word", String))
"""SQLite's index; its rowid is `DocumentText.place`."""


@dataclass(frozen=True, slots=True)
class Question:
    """`phrases`: words that must follow one another, each alone when it is one; `last` may be unfinished.

    `among`: of each group of marks at least one must stand there.
    """

    phrases: tuple[tuple[str, ...], ...] = ()
    last: str = ""
    among: tuple[tuple[str, ...], ...] = ()

    @property
    def sqlite(self) -> str:
        """As FTS5 reads it."""
        parts = [f'"{" ".join(phrase)}"' for phrase in self.phrases]
        parts += [f'"{self.last}" *'] if self.last else []
        parts += ["(" + " OR ".join(f'"{m}"' for m in marks) + ")" for marks in self.among]
        return " AND ".join(parts)

    @property
    def postgresql(self) -> str:
        """As `to_tsquery` reads it."""
        parts = ["(" + " <-> ".join(f"'{word}'" for word in phrase) + ")" for phrase in self.phrases]
        parts += [f"'{self.last}':*"] if self.last else []
        parts += ["(" + " | ".join(f"'{m}'" for m in marks) + ")" for marks in self.among]
        return " & ".join(parts)


def question(typed: str, among: Iterable[tuple[str, ...]]) -> Question | None:
    """What was typed, folded; None when it holds no word at all, so that nothing fits it."""
    phrases = [tuple(words) for quoted in _QUOTED.findall(typed) if (words := fold(quoted)[:MOST_WORDS])]
    loose = fold(_QUOTED.sub(" ", typed))[:MOST_WORDS]
    if typed.strip() and not phrases and not loose:
        return None
    unfinished = loose and typed.strip()[-1].isalnum() and len(loose[-1]) >= SHORTEST_BEGINNING
    unfinished = unfinished and not loose[-1].startswith(MARKED)  # else every record would fit
    last = loose.pop() if unfinished else ""
    return Question((*phrases, *((word,) for word in dict.fromkeys(loose))), last, tuple(among))


def hint(typed: str) -> Text | None:
    """Why a search may have found nothing, when the words themselves are the reason."""
    words = fold(typed)
    if typed.strip() and not words:
        return Text("Gõ ít nhất một chữ cái hoặc chữ số.", "Type at least one letter or digit.")
    if words and len(words[-1]) < SHORTEST_BEGINNING:
        return Text(
            "Một chữ cái chỉ tìm đúng chữ ấy khi đứng riêng. Gõ từ hai chữ cái trở lên để tìm theo đầu từ.",
            "A single letter finds only itself, as a word. Type two letters or more to find how words begin.",
        )
    return None


def fits(session: Session, asked: Question) -> ColumnElement[bool]:
    """The condition on `DocumentText` (and on SQLite `WORDS`) that answers a question."""
    if session.get_bind().dialect.name == "postgresql":
        lexemes = literal_column("document_text.lexemes", TSVECTOR)
        return lexemes.bool_op("@@")(func.to_tsquery("simple", asked.postgresql))
    return WORDS.c.document_word.bool_op("MATCH")(asked.sqlite)


def found_in(text: ColumnElement[str] | Mapped[str], asked: Question) -> ColumnElement[bool]:
    """The same question put to a text itself, where only a few texts are looked through.

    Folded words hold letters and digits alone, and single blanks between them.
    """
    padded = literal(" ").concat(text).concat(" ")
    parts = [padded.contains(f" {' '.join(phrase)} ") for phrase in asked.phrases]
    parts += [padded.contains(f" {asked.last}")] if asked.last else []
    parts += [or_(*(padded.contains(f" {m} ") for m in marks)) for marks in asked.among]
    return and_(*parts)
