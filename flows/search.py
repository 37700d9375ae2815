"""Searches the words of documents: what was typed becomes a question both databases answer alike.

Words outside quotation marks must all occur, in any order; "words in quotation marks" one after the other.
The last word may be unfinished, and short forms find what they stand for too. Marks narrow the question to
what a person may see at all; who may see what is decided by `flows.queries.visible_to`, never here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, String, and_, column, func, literal, literal_column, or_, table
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped
from sqlmodel import Session

from flows.short_forms import LONGEST, short_form
from models.indexing import MARKED, fold, mark
from models.names import tidy_name
from models.text import Text

_QUOTED = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]?')
MOST_WORDS = 20
SHORTEST_BEGINNING = 2
"""Letters of an unfinished word: a single one begins a tenth of all words."""

WORDS = table("document_word", column("rowid"), column("document_word", String))
"""SQLite's index; its rowid is `DocumentText.place`."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that follow one another; the last may be `unfinished`."""

    words: tuple[str, ...]
    unfinished: bool = False

    @property
    def sqlite(self) -> str:
        """As FTS5 reads it."""
        return f'"{" ".join(self.words)}"' + (" *" if self.unfinished else "")

    @property
    def postgresql(self) -> str:
        """As `to_tsquery` reads it."""
        *before, last = (f"'{word}'" for word in self.words)
        return "(" + " <-> ".join((*before, last + (":*" if self.unfinished else ""))) + ")"

    @property
    def plain(self) -> str:
        """As it stands in a text of folded words between two blanks."""
        return f" {' '.join(self.words)}" + ("" if self.unfinished else " ")


@dataclass(frozen=True, slots=True)
class Question:
    """Of each group at least one phrase must stand there. `also`: what is looked for beside the words."""

    groups: tuple[tuple[Phrase, ...], ...] = ()
    also: tuple[Text, ...] = ()

    @property
    def sqlite(self) -> str:
        """As FTS5 reads it."""
        return " AND ".join("(" + " OR ".join(p.sqlite for p in group) + ")" for group in self.groups)

    @property
    def postgresql(self) -> str:
        """As `to_tsquery` reads it."""
        return " & ".join("(" + " | ".join(p.postgresql for p in group) + ")" for group in self.groups)


Named = Mapping[str, tuple[str, str]]
"""Sign-in name to account id and name, of those that were typed."""


def question(typed: str, among: Iterable[tuple[str, ...]], named: Named | None = None) -> Question | None:
    """What was typed, folded; None when it holds no word at all, so that nothing fits it.

    `among`: groups of marks. Outside quotation marks short forms (`flows/short_forms.py`) and sign-in names
    find what they stand for too.
    """
    quoted = [Phrase(tuple(words)) for part in _QUOTED.findall(typed) if (words := fold(part)[:MOST_WORDS])]
    groups, also = _loose(_QUOTED.sub(" ", typed).split()[:MOST_WORDS], typed.strip()[-1:], named or {})
    if typed.strip() and not quoted and not groups:
        return None
    marks = (tuple(Phrase((mark,)) for mark in group) for group in among)
    whole = dict.fromkeys([*((phrase,) for phrase in quoted), *groups[:MOST_WORDS], *marks])
    return Question(tuple(whole), tuple(dict.fromkeys(also)))


def _loose(typed: Sequence[str], end: str, named: Named) -> tuple[list[tuple[Phrase, ...]], list[Text]]:
    """Groups of the words outside quotation marks, and what is looked for beside them."""
    groups: list[tuple[Phrase, ...]] = []
    also: list[Text] = []
    while typed:
        some, phrases, words = _taken(typed, named)
        typed = typed[len(some) :]
        own = fold(" ".join(some))
        unfinished = not typed and end.isalnum() and _may_go_on(own[-1:])
        if phrases:
            groups.append((Phrase(tuple(own), unfinished), *phrases))
            also += words
        else:
            groups += [(Phrase((word,)),) for word in own[:-1]]
            groups += [(Phrase((word,), unfinished),) for word in own[-1:]]
    return groups, also


def _taken(typed: Sequence[str], named: Named) -> tuple[Sequence[str], list[Phrase], list[Text]]:
    """The first word, or the longest short form that begins there, with what else it stands for."""
    for length in range(LONGEST, 0, -1):
        phrases, words = _beside(tuple(typed[:length]), named)
        if phrases:
            return typed[:length], phrases, words
    return typed[:1], [], []


def _may_go_on(last: Sequence[str]) -> bool:
    """May this be the beginning of a longer word? Not of a mark: every record would fit."""
    return any(len(word) >= SHORTEST_BEGINNING and not word.startswith(MARKED) for word in last)


def _beside(typed: tuple[str, ...], named: Named) -> tuple[list[Phrase], list[Text]]:
    """What else these words stand for, and how that is told."""
    form = short_form(typed)
    if form is not None:
        marks = [Phrase((mark("type", slug),)) for slug in form.types]
        return [Phrase(tuple(fold(form.means))), *marks], [Text(form.means, form.means)]
    if len(typed) == 1 and (found := named.get(tidy_name(typed[0]))):
        return [Phrase((mark("owner", found[0]),))], [_OF.format(who=found[1])]
    return [], []


_OF = Text("hồ sơ của {who}", "records of {who}")


def names_in(typed: str) -> list[str]:
    """The words outside quotation marks, as sign-in names."""
    return [tidy_name(word) for word in _QUOTED.sub(" ", typed).split()[:MOST_WORDS]]


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
    return and_(*(or_(*(padded.contains(phrase.plain) for phrase in group)) for group in asked.groups))
