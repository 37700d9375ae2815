"""A school year before it is made: its weeks and days off, and what carries over from the year before.

Nothing stays: the year is made in a transaction that is undone, so what is shown is what will be there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, NoReturn

from sqlmodel import Session, col, func, select

from flows.people import ROLES
from flows.year_frame import Frame
from models.account import Account, AccountRole, Group
from models.db import Database
from models.names import by_given_name
from models.school import CalendarChange, SchoolClass, TeachingAssignment, Timetable
from models.text import Text
from service.calendar_told import Told, told
from service.school_years import weeks_of

_POSTS = ("principal", "vice_principal", "clerk", "inspector")


class Week(NamedTuple):
    """A week as it would be; the row it is read from is gone after the look."""

    number: int
    monday: date
    sunday: date


@dataclass(frozen=True, slots=True)
class NewYear:
    """What there will be. `terms`: the weeks of each; `holidays`: what comes into the calendar with it.

    `posts` and `groups` stay as they are (who holds them; group, head or None); classes and assignments are
    of a year (`classes`, `assigned`: those of the new one there are already); `timetable`: since when the one
    holds that goes on until another begins.
    """

    frame: Frame
    terms: tuple[tuple[int, tuple[Week, ...]], ...]
    holidays: tuple[Told, ...]
    posts: tuple[tuple[Text, tuple[str, ...]], ...]
    groups: tuple[tuple[str, str | None], ...]
    classes: int
    assigned: int
    timetable: date | None

    @property
    def mark(self) -> str:
        """What a person has seen, for the button that makes it: another frame or other weeks differ."""
        seen = repr((self.frame, self.terms, [(h.days.vi, h.reason.vi) for h in self.holidays]))
        return hashlib.sha256(seen.encode()).hexdigest()[:32]


class _Undone(Exception):
    """Ends the transaction of a look."""


def _undo() -> NoReturn:
    raise _Undone


def look(db: Database, school_id: str, frame: Frame, make: Callable[[Session], object]) -> NewYear:
    """What `make` would leave behind, which is undone. Its refusals are the caller's."""
    found: list[NewYear] = []
    try:
        with db.write() as session:
            before = {row.id for row in _entries(session, school_id)}
            make(session)
            session.flush()
            found.append(_seen(session, school_id, frame, before))
            _undo()
    except _Undone:
        return found[0]


def _entries(session: Session, school_id: str) -> Sequence[CalendarChange]:
    query = select(CalendarChange).where(col(CalendarChange.school_id) == school_id)
    return session.exec(query.order_by(col(CalendarChange.first_day))).all()


def _seen(session: Session, school_id: str, frame: Frame, before: set[str]) -> NewYear:
    weeks = [w for w in weeks_of(session, school_id) if w.year == frame.year]
    classes = select(SchoolClass.id).where(
        col(SchoolClass.school_id) == school_id, col(SchoolClass.year) == frame.year
    )
    made = session.exec(classes).all()
    taught = select(func.count()).where(col(TeachingAssignment.class_id).in_(classes))
    newest = select(func.max(Timetable.valid_from)).where(col(Timetable.school_id) == school_id)
    return NewYear(
        frame,
        tuple(
            (term, tuple(Week(w.number, w.monday, w.sunday) for w in weeks if w.term == term))
            for term in (1, 2)
        ),
        tuple(told(session, row) for row in _entries(session, school_id) if row.id not in before),
        tuple((ROLES[role], _holders(session, school_id, role)) for role in _POSTS),
        tuple(_groups(session, school_id)),
        len(made),
        session.exec(taught).one(),
        session.exec(newest).one(),
    )


def _holders(session: Session, school_id: str, role: str) -> tuple[str, ...]:
    names = session.exec(
        select(Account.full_name)
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .where(
            col(Account.school_id) == school_id, col(Account.active).is_(True), col(AccountRole.role) == role
        )
    ).all()
    return tuple(sorted(names, key=by_given_name))


def _groups(session: Session, school_id: str) -> Sequence[tuple[str, str | None]]:
    rows = session.exec(
        select(Group.name, Account.full_name)
        .join(Account, col(Account.id) == col(Group.head_id), isouter=True)
        .where(col(Group.school_id) == school_id)
        .order_by(col(Group.name))
    )
    return [(name, head) for name, head in rows]
