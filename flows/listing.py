"""Lists of documents: filtered, searched, a page at a time, as far as the account may see. Reads only.

Two orders. Without words, class or week: the newest change first, by an index over the change. With any of
these the word index answers, and gives the newest documents first; each page begins where the last ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, select, tuple_
from sqlmodel import Session, col

from flows import search
from flows.people import Actor
from flows.queries import DONE, LIGHT, reach, visible_to
from models.account import Account
from models.document import Document
from models.evidence import Duty
from models.indexing import mark
from models.school import SchoolWeek
from models.search import DocumentText


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; empty values narrow nothing. `owner`, `week`, `class_` are ids."""

    q: str = ""
    type: str = ""
    status: tuple[str, ...] = ()
    week: str = ""
    owner: str = ""
    class_: str = ""
    owed: bool = False
    """Only what is approved and has a duty that is not met."""

    @property
    def by_words(self) -> bool:
        """Does the word index answer?"""
        return bool(self.q.strip() or self.week or self.class_)


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a list of documents."""

    document: Document
    owner: str
    week: SchoolWeek | None


Place = tuple[datetime, str]
"""Where a page ended: a moment and a document's id."""


def documents(
    session: Session, actor: Actor, asked: Filter, *, after: Place | None = None, limit: int = 50
) -> tuple[list[Listed], Place | None]:
    """A page of what this account sees, and where the next one begins (None: there is none)."""
    query = _by_words(session, actor, asked, after) if asked.by_words else _by_change(after)
    query = query.where(visible_to(actor), *_narrowed(actor, asked)).options(LIGHT).limit(limit + 1)
    rows = [Listed(*row) for row in session.execute(query)]
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1].document
    return rows[:limit], (last.created_at if asked.by_words else last.updated_at, last.id)


def everything(session: Session, actor: Actor, asked: Filter) -> Iterator[Listed]:
    """Every row of a list, read some hundreds at a time."""
    after: Place | None = None
    while True:
        rows, after = documents(session, actor, asked, after=after, limit=500)
        yield from rows
        session.expunge_all()
        if after is None:
            return


def _by_change(after: Place | None) -> Any:
    query = _columns().select_from(Document)
    if after:
        query = query.where(tuple_(col(Document.updated_at), col(Document.id)) < after)
    return _named(query).order_by(col(Document.updated_at).desc(), col(Document.id).desc())


def _by_words(session: Session, actor: Actor, asked: Filter, after: Place | None) -> Any:
    marks = [(mark(kind, key),) for kind, key in asked_marks(asked)]
    question = search.question(asked.q, (*marks, *reach(actor)))
    query = _columns()
    place: ColumnElement[int] = col(DocumentText.place)  # type: ignore[assignment]  # never null once stored
    if session.get_bind().dialect.name == "sqlite":
        place = search.WORDS.c.rowid
        query = query.select_from(search.WORDS).join(DocumentText, col(DocumentText.place) == place)
    else:
        query = query.select_from(DocumentText)
    query = _named(query.join(Document, col(Document.id) == col(DocumentText.document_id)))
    query = query.where(search.fits(session, question) if question else false())
    if after:
        last = select(col(DocumentText.place)).where(col(DocumentText.document_id) == after[1])
        query = query.where(place < last.scalar_subquery())
    return query.order_by(place.desc())


def asked_marks(asked: Filter) -> list[tuple[Any, str]]:
    """What the filter names, as marks of the word index."""
    wanted = (("type", asked.type), ("owner", asked.owner), ("week", asked.week), ("class", asked.class_))
    return [(kind, key) for kind, key in wanted if key]


def _columns() -> Any:
    return select(Document, col(Account.full_name), SchoolWeek)


def _named(query: Any) -> Any:
    return query.join(Account, col(Account.id) == col(Document.owner_id)).join(
        SchoolWeek, col(SchoolWeek.id) == col(Document.week_id), isouter=True
    )


def _narrowed(actor: Actor, asked: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.type:
        found.append(col(Document.type) == asked.type)
    if asked.status:
        found.append(col(Document.status).in_(asked.status))
    if asked.owner:
        found.append(col(Document.owner_id) == asked.owner)
    if asked.owed:
        unmet = select(col(Duty.document_id)).where(
            col(Duty.school_id) == actor.school_id, col(Duty.met_at).is_(None)
        )
        found += [col(Document.status).in_(DONE), col(Document.id).in_(unmet)]
    return found
