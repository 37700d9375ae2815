"""What a person needs in a teaching week: their approved files, and what is not approved yet. Only reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from flows.catalogue import type_of
from flows.covering import covering
from flows.people import Actor
from models.document import Document
from models.errors import NotFound
from models.school import SchoolWeek


@dataclass(frozen=True, slots=True)
class Bundle:
    """`ready`: approved to the last person's step, each with its file; `waiting`: still on their way."""

    week: SchoolWeek
    ready: tuple[Document, ...]
    waiting: tuple[Document, ...]


def next_week(session: Session, school_id: str, today: date) -> SchoolWeek | None:
    """The teaching week that begins next; None after the last."""
    return session.exec(
        select(SchoolWeek)
        .where(col(SchoolWeek.school_id) == school_id, col(SchoolWeek.monday) > today)
        .order_by(col(SchoolWeek.monday))
        .limit(1)
    ).first()


def of_week(session: Session, actor: Actor, today: date, week_id: str = "") -> Bundle:
    """This person's own records that cover the week (the next one without an id). NotFound when none is."""
    week = session.get(SchoolWeek, week_id) if week_id else next_week(session, actor.school_id, today)
    if week is None or week.school_id != actor.school_id:
        raise NotFound
    weeks = session.exec(select(SchoolWeek).where(col(SchoolWeek.school_id) == actor.school_id)).all()
    found = covering(
        session,
        weeks,
        week.monday,
        week.monday,
        col(Document.owner_id) == actor.id,
        col(Document.status).not_in(("withdrawn", "replaced", "destroyed")),
    )
    found.sort(key=lambda d: (d.type, d.id))
    ready = tuple(d for d in found if d.blob and _final(d))
    return Bundle(week, ready, tuple(d for d in found if d not in ready))


def _final(document: Document) -> bool:
    """Has the last person decided?"""
    if document.status == "archived":
        return True
    return document.status == "approved" and type_of(document.type).step(document.step).automatic
