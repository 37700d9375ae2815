"""A school's days from its rows: weeks, changes of the calendar, and who teaches in a week. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows.calendar import TeachingWeek
from flows.school_days import Change, SchoolDays, Slot, Taught, with_lessons
from models.school import (
    CalendarChange,
    SchoolClass,
    SchoolWeek,
    TeachingAssignment,
    Timetable,
    TimetableEntry,
)
from models.text import Text

AT_ONCE = 5000
"""Databases bound the number of values in one question."""


def school_days(session: Session, school_id: str) -> SchoolDays:
    """Everything that decides about a school's days; kept for a while, it grows old."""
    return all_school_days(session, [school_id])[school_id]


def all_school_days(session: Session, schools: Sequence[str]) -> dict[str, SchoolDays]:
    """The same for many schools, in two questions."""
    weeks: dict[str, list[TeachingWeek]] = defaultdict(list)
    for week in session.exec(select(SchoolWeek).where(col(SchoolWeek.school_id).in_(schools))):
        weeks[week.school_id].append(teaching_week(week))
    changes: dict[str, list[Change]] = defaultdict(list)
    rows = select(CalendarChange).where(col(CalendarChange.school_id).in_(schools))
    for row in session.exec(rows.order_by(col(CalendarChange.seq))):
        changes[row.school_id].append(change_of(row))
    return {school: SchoolDays(tuple(weeks[school]), tuple(changes[school])) for school in schools}


def teaching_week(row: SchoolWeek) -> TeachingWeek:
    """A stored week as the pure rooms know it."""
    return TeachingWeek(row.id, row.year, row.term, row.number, row.monday, row.sunday)


def change_of(row: CalendarChange) -> Change:
    """A stored change as the pure rooms know it."""
    return Change(
        row.kind,  # type: ignore[arg-type]  # the database holds no other
        row.first_day,
        row.last_day,
        Text(row.reason, row.reason_en or row.reason),
        row.taught_on,
        frozenset(row.grades),
        frozenset(row.classes),
        row.void_from,
        row.id,
    )


def idle(
    session: Session, school_id: str, week: TeachingWeek, teachers: Iterable[str], days: SchoolDays
) -> Set[str]:
    """Who of these teachers has no lesson at all in the week, and so owes nothing that lessons need.

    The timetable in force decides: standing in it without a lesson that week, or not at all. Before the first
    timetable of the year the assignments decide: classes without a school day that week. While a school has
    entered neither, nobody is known to be idle.
    """
    asked = sorted(set(teachers))
    timetables = session.exec(select(Timetable).where(col(Timetable.school_id) == school_id))
    starts = sorted(row.valid_from for row in timetables)
    e, c = TimetableEntry, SchoolClass
    columns = (col(e.account_id), col(e.class_id), col(c.grade), col(e.weekday), col(e.valid_from))
    entries = (
        select_columns(*columns)
        .join(c, col(c.id) == col(e.class_id))
        .where(col(e.school_id) == school_id, col(c.year) == week.year, col(e.valid_from) <= week.sunday)
    )
    if session.execute(entries.limit(1)).first() is not None:
        found: set[str] = set()
        for start in range(0, len(asked), AT_ONCE):
            rows = session.execute(entries.where(col(e.account_id).in_(asked[start : start + AT_ONCE])))
            slots = [
                Slot(who, Taught(class_id, grade), day, since) for who, class_id, grade, day, since in rows
            ]
            found |= with_lessons(slots, starts, days, week)
        return set(asked) - found
    assigned = _assigned(session, school_id, week.year)
    if not assigned:
        return frozenset()
    return {who for who in asked if not any(_meets(days, week, taught) for taught in assigned.get(who, ()))}


def _assigned(session: Session, school_id: str, year: str) -> Mapping[str, set[Taught]]:
    a, c = TeachingAssignment, SchoolClass
    rows = session.execute(
        select_columns(*(col(a.account_id), col(c.id), col(c.grade)))
        .join(c, col(c.id) == col(a.class_id))
        .where(col(a.school_id) == school_id, col(c.year) == year)
    )
    found: dict[str, set[Taught]] = defaultdict(set)
    for who, class_id, grade in rows:
        found[who].add(Taught(class_id, grade))
    return found


def _meets(days: SchoolDays, week: TeachingWeek, taught: Taught) -> bool:
    return any(weekday < 5 for _, weekday in days.lesson_days(week, taught))
