"""A school's days from its rows: weeks, changes of the calendar, and who teaches in a week. Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any

from sqlalchemy import bindparam
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
from tasks.mail_hours import WorkingDay

AT_ONCE = 5000
"""Databases bound the number of values in one question."""


def school_days(session: Session, school_id: str) -> SchoolDays:
    """Everything that decides about a school's days; kept for a while, it grows old."""
    return all_school_days(session, [school_id])[school_id]


def all_school_days(session: Session, schools: Sequence[str]) -> dict[str, SchoolDays]:
    """The same for many schools, in two questions."""
    weeks: dict[str, list[TeachingWeek]] = defaultdict(list)
    w = SchoolWeek
    columns = (col(w.id), col(w.year), col(w.term), col(w.number), col(w.monday), col(w.sunday))
    rows_of_weeks = select_columns(col(w.school_id), *columns).where(col(w.school_id).in_(schools))
    for school, *week in session.execute(rows_of_weeks):
        weeks[school].append(TeachingWeek(*week))
    return with_changes(session, {school: weeks[school] for school in schools})


def working_days(session: Session, school_id: str) -> WorkingDay:
    """A school's working days, breaks without: on no other is anybody reminded of anything."""
    return school_days(session, school_id).is_working_day


def with_changes(session: Session, weeks: Mapping[str, Sequence[TeachingWeek]]) -> dict[str, SchoolDays]:
    """The days of schools whose weeks are known."""
    changes: dict[str, list[Change]] = defaultdict(list)
    for row in session.exec(_CHANGES, params={"of_schools": list(weeks)}):
        changes[row.school_id].append(change_of(row))
    return {school: SchoolDays(tuple(found), tuple(changes[school])) for school, found in weeks.items()}


_CHANGES = (
    select(CalendarChange)
    .where(col(CalendarChange.school_id).in_(bindparam("of_schools", expanding=True)))
    .order_by(col(CalendarChange.seq))
)


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


Pairs = Set[tuple[str, str]]
"""Week ids, each with an account."""


def idle(session: Session, asked: Mapping[str, Pairs]) -> dict[str, Pairs]:
    """By school: of the teachers asked about, each with a week, those without any lesson in it.

    They owe nothing that lessons need. The timetable in force decides: standing in it without a lesson that
    week, or not at all. Before the first timetable of a year the assignments decide, of those who have some:
    classes without a school day that week. Nobody else is known to be idle.
    """
    schools = [school for school, pairs in asked.items() if pairs]
    none: dict[str, Pairs] = {school: frozenset() for school in asked}
    if not schools:
        return none
    starts: dict[str, list[date]] = defaultdict(list)
    timetables = select(Timetable).where(col(Timetable.school_id).in_(schools))
    for row in session.exec(timetables.order_by(col(Timetable.valid_from))):
        starts[row.school_id].append(row.valid_from)
    a = TeachingAssignment
    assigned = set(session.exec(select(a.school_id).where(col(a.school_id).in_(schools)).distinct()))
    known = [school for school in schools if school in starts or school in assigned]
    calendars = all_school_days(session, known)
    return none | {s: _idle(session, s, asked[s], calendars[s], starts[s]) for s in known}


def _idle(session: Session, school_id: str, pairs: Pairs, days: SchoolDays, starts: Sequence[date]) -> Pairs:
    found: set[tuple[str, str]] = set()
    weeks = {week.id: week for week in days.weeks}
    by_week: dict[str, set[str]] = defaultdict(set)
    for week_id, who in pairs:
        if week_id in weeks:
            by_week[week_id].add(who)
    slots: dict[str, list[Slot]] = {}
    for week_id, asked in by_week.items():
        week = weeks[week_id]
        if week.year not in slots:
            slots[week.year] = slots_of(session, school_id, week.year, {who for _, who in pairs})
        mine = slots[week.year]
        if any(s.valid_from <= week.sunday for s in mine) or _has_timetable(session, school_id, week):
            busy = with_lessons(mine, starts, days, week)
        else:
            classes = _assigned(session, school_id, week.year)
            of = {who: classes.get(who) for who in asked}
            busy = {who for who, some in of.items() if not some or any(_meets(days, week, c) for c in some)}
        found |= {(week_id, who) for who in asked - busy}
    return found


def _has_timetable(session: Session, school_id: str, week: TeachingWeek) -> bool:
    """Has any class of the year a timetable by the end of this week?"""
    e, c = TimetableEntry, SchoolClass
    rows = (
        select(e)
        .join(c, col(c.id) == col(e.class_id))
        .where(col(e.school_id) == school_id, col(c.year) == week.year, col(e.valid_from) <= week.sunday)
    )
    return session.exec(rows.limit(1)).first() is not None


def slots_of(session: Session, school_id: str, year: str, teachers: Set[str] | None = None) -> list[Slot]:
    """The periods of a year's timetables. Of some teachers, where given: one for each class and weekday."""
    e, c = TimetableEntry, SchoolClass
    columns: tuple[Any, ...] = (
        col(e.account_id),
        col(e.class_id),
        col(c.grade),
        col(e.weekday),
        col(e.valid_from),
    )
    rows = (
        select_columns(*columns)
        .join(c, col(c.id) == col(e.class_id))
        .where(col(e.school_id) == school_id, col(c.year) == year)
    )
    asked = None if teachers is None else sorted(teachers)
    slots = []
    for start in range(0, 1 if asked is None else len(asked), AT_ONCE):
        some = rows
        if asked is not None:
            some = rows.where(col(e.account_id).in_(asked[start : start + AT_ONCE])).distinct()
        for who, class_id, grade, day, since in session.execute(some):
            slots.append(Slot(who, Taught(class_id, grade), day, since))
    return slots


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
