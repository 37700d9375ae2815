"""What is taught when: the periods of a teacher or a class on given days. Reads; writes nothing.

A timetable holds from a day until the next one begins (`models.school.Timetable`). Periods are found for
teaching weeks only: a break has no lessons, nor has a holiday or a day off, and a day to which another day's
lessons are moved has those (`flows/school_days.py`). A class belongs to a school year, so last year's
timetable says nothing about this year's weeks, even while no new one is entered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, true
from sqlmodel import Session, col, select

from flows import day_rows
from flows.school_days import Taught, in_force
from models.school import SchoolClass, SchoolWeek, Timetable, TimetableEntry
from models.text import Text

SESSIONS: dict[str, Text] = {
    "morning": Text("Sáng", "Morning"),
    "afternoon": Text("Chiều", "Afternoon"),
}
"""The sessions of a day in their order; periods count from 1 in each."""


@dataclass(frozen=True, slots=True)
class Period:
    """One taught period of a day: `session` is a key of SESSIONS, `number` counts from 1 in it."""

    day: date
    session: str
    number: int
    class_id: str
    class_name: str
    subject: str
    teacher_id: str


def of_teacher(session: Session, school_id: str, account_id: str, week: SchoolWeek) -> list[Period]:
    """What this person teaches in a teaching week, in the order of the week."""
    return _periods(session, school_id, week, col(TimetableEntry.account_id) == account_id)


def of_class(session: Session, school_id: str, class_id: str, week: SchoolWeek) -> list[Period]:
    """What this class is taught in a teaching week, in the order of the week."""
    return _periods(session, school_id, week, col(TimetableEntry.class_id) == class_id)


def of_days(session: Session, school_id: str, first: date, last: date) -> list[Period]:
    """What everybody teaches from one day to another, both included, in the order of the days."""
    weeks = session.exec(
        select(SchoolWeek).where(
            col(SchoolWeek.school_id) == school_id,
            col(SchoolWeek.monday) <= last,
            col(SchoolWeek.sunday) >= first,
        )
    ).all()
    found = (p for week in weeks for p in _periods(session, school_id, week, true()))
    return in_order(p for p in found if first <= p.day <= last)


def valid_on(session: Session, school_id: str, day: date) -> date | None:
    """From which day the timetable of this day holds; None before the first."""
    return in_force(_starts(session, school_id), day)


def _periods(session: Session, school_id: str, week: SchoolWeek, whose: ColumnElement[bool]) -> list[Period]:
    starts = _starts(session, school_id)
    calendar = day_rows.school_days(session, school_id)
    days = [week.monday + timedelta(days=n) for n in range((week.sunday - week.monday).days + 1)]
    # A timetable may begin in the middle of a week: each day has its own.
    holds = {day: start for day in days if (start := in_force(starts, day)) is not None}
    rows = session.exec(
        select(TimetableEntry, SchoolClass)
        .join(SchoolClass, col(SchoolClass.id) == col(TimetableEntry.class_id))
        .where(
            col(TimetableEntry.school_id) == school_id,
            col(TimetableEntry.valid_from).in_(set(holds.values())),
            col(SchoolClass.year) == week.year,
            whose,
        )
    ).all()
    return in_order(
        Period(day, row.session, row.period, row.class_id, taught.name, row.subject, row.account_id)
        for day, start in holds.items()
        for row, taught in rows
        if row.valid_from == start and row.weekday == calendar.taught_as(day, Taught(taught.id, taught.grade))
    )


def in_order(periods: Iterable[Period]) -> list[Period]:
    """By day, session and period; classes taught together by name."""
    sessions = list(SESSIONS)
    return sorted(periods, key=lambda p: (p.day, sessions.index(p.session), p.number, p.class_name))


def _starts(session: Session, school_id: str) -> list[date]:
    query = select(Timetable).where(col(Timetable.school_id) == school_id)
    return [row.valid_from for row in session.exec(query.order_by(col(Timetable.valid_from)))]
