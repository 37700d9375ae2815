"""Lists of documents: filtered, searched, a page at a time, as far as the account may see. Reads only.

Two orders. Without words, class or week: the newest change first, by an index over the change. With any of
these the word index answers, and gives the newest documents first; each page begins where the last ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, false, or_, select, true, tuple_, type_coerce, union
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from flows import search
from flows.people import Actor
from flows.queries import COUNTED, DONE, LIGHT, OPEN, reach, visible_to, ways_to_see
from models.account import Account
from models.document import Document
from models.evidence import Duty
from models.indexing import mark
from models.school import SchoolWeek
from models.search import DocumentText
from models.settings import VIETNAM
from models.text import Text


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
    kept: str = ""
    """The last year it is to be kept in, or `permanent`: of what is archived."""

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
    few = _few(session, actor, asked)
    if asked.by_words:
        query = _by_words(session, actor, asked, after, few)
    else:
        query = _by_change(actor, asked, after, few, limit + 1)
    rows = [Listed(*row) for row in session.execute(query.options(LIGHT).limit(limit + 1))]
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


Few = Sequence[str] | None
"""The only documents that can fit, when they are few; None when an index over all serves better."""


def _few(session: Session, actor: Actor, asked: Filter) -> Few:
    d = Document
    if asked.owed:
        found = (
            select(col(Duty.document_id))
            .distinct()
            .where(col(Duty.school_id) == actor.school_id, col(Duty.met_at).is_(None))
        )
    elif asked.by_words and asked.status and set(asked.status) <= set(OPEN):
        found = select(col(d.id)).where(col(d.school_id) == actor.school_id, col(d.status).in_(asked.status))
    else:
        return None
    ids = session.scalars(found.limit(COUNTED + 1)).all()
    return ids if len(ids) <= COUNTED else None


def _by_change(actor: Actor, asked: Filter, after: Place | None, few: Few, limit: int) -> Any:
    """The first of each way to see a document and each status asked for, put together.

    Each of these parts is read along an index of its own and ends at the limit; with all of them in one
    condition the database would read past everything this account may not see.
    """
    d = Document
    changed = (col(d.updated_at), col(d.id))
    rest = [tuple_(*changed) < after] if after else []
    newest = [c.desc() for c in changed]
    if few is not None:
        query = _named(_columns().select_from(Document))
        return query.where(_among(actor, few), *_narrowed(actor, asked), *rest).order_by(*newest)
    own, *others = ways_to_see(actor)
    parts = [
        select(*changed).where(
            col(d.school_id) == actor.school_id, way, *_narrowed(actor, asked, mine), *rest, status
        )
        for way, mine in ((own, True), *((other, False) for other in others))
        for status in ([_in_status(actor, s, mine) for s in asked.status] or [true()])
    ]
    first = [select(part.order_by(*newest).limit(limit).subquery()) for part in parts]
    found = union(*first).subquery()
    query = _named(_columns().select_from(found).join(Document, col(d.id) == found.c.id))
    return query.order_by(found.c.updated_at.desc(), found.c.id.desc())


def _by_words(session: Session, actor: Actor, asked: Filter, after: Place | None, few: Few) -> Any:
    marks = [(mark(kind, key),) for kind, key in asked_marks(asked)]
    question = search.question(asked.q, (*marks, *reach(actor)), _people_in(session, actor, asked.q))
    query = _columns()
    place: ColumnElement[int] = col(DocumentText.place)  # type: ignore[assignment]  # never null once stored
    by_index = few is None
    if by_index and session.get_bind().dialect.name == "sqlite":
        place = search.WORDS.c.rowid
        query = query.select_from(search.WORDS).join(DocumentText, col(DocumentText.place) == place)
    else:
        query = query.select_from(DocumentText)
    query = _named(query.join(Document, col(Document.id) == col(DocumentText.document_id)))
    query = query.where(visible_to(actor) if few is None else _among(actor, few), *_narrowed(actor, asked))
    fits = search.fits(session, question) if by_index and question else None
    if question and not by_index:
        fits = search.found_in(col(DocumentText.text), question)
    query = query.where(false() if fits is None else fits)
    if after:
        last = select(col(DocumentText.place)).where(col(DocumentText.document_id) == after[1])
        query = query.where(place < last.scalar_subquery())
    return query.order_by(place.desc())


def beside(session: Session, actor: Actor, typed: str) -> tuple[Text, ...]:
    """What a search looks for beside the words that were typed: what short forms and sign-in names mean."""
    question = search.question(typed, (), _people_in(session, actor, typed))
    return question.also if question else ()


def _people_in(session: Session, actor: Actor, typed: str) -> search.Named:
    """Whose sign-in names stand in a search."""
    names = search.names_in(typed)
    if not names:
        return {}
    found = select(col(Account.sign_in_name), col(Account.id), col(Account.full_name)).where(
        col(Account.sign_in_name).in_(names), col(Account.school_id) == actor.school_id
    )
    return {row.sign_in_name: (row.id, row.full_name) for row in session.execute(found)}


def _among(actor: Actor, few: Sequence[str]) -> ColumnElement[bool]:
    """These of the school's documents, as far as the account may see them.

    The school, which they were asked for by, is not named again: SQLite would read its whole index for it.
    """
    return and_(col(Document.id).in_(few), or_(*ways_to_see(actor)))


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


def _in_status(actor: Actor, status: str, mine: bool) -> ColumnElement[bool]:
    """Few documents are in an open status, nearly all in the others."""
    column = col(Document.status)
    return (column if status in OPEN else _by_reader(actor, column, mine)) == status


def _by_reader(actor: Actor, column: Mapped[str], mine: bool) -> ColumnElement[str]:
    """A column of which no index knows, for readers whose own ways to see have the better ones, and among
    anybody's own records (`mine`): few, where SQLite would read all of a type for them."""
    sees_all = not mine and actor.roles & {"principal", "vice_principal", "inspector"}
    return type_coerce(column, String) if sees_all else column.concat("")


PERMANENT = "permanent"


def _kept(asked: str) -> ColumnElement[bool]:
    until = col(Document.keep_until)
    if asked == PERMANENT:
        return and_(until.is_(None), col(Document.archived_at).is_not(None))
    year = int(asked) if asked.isascii() and asked.isdigit() and 2000 <= int(asked[:4]) < 2200 else 0
    if not year or len(asked) != 4:
        return false()
    first, last = (datetime(y, 1, 1, 12, tzinfo=VIETNAM) for y in (year, year + 1))
    return and_(until > first, until < last)


def _narrowed(actor: Actor, asked: Filter, mine: bool = False) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.type:
        found.append(_by_reader(actor, col(Document.type), mine) == asked.type)
    if asked.status:
        found.append(col(Document.status).in_(asked.status))
    if asked.owner:
        found.append(col(Document.owner_id) == asked.owner)
    if asked.kept:
        found.append(_kept(asked.kept))
    if asked.owed:
        unmet = select(col(Duty.document_id)).where(
            col(Duty.school_id) == actor.school_id, col(Duty.met_at).is_(None)
        )
        found += [col(Document.status).in_(DONE), col(Document.id).in_(unmet)]
    return found
