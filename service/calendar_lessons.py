"""What a change of the calendar does to lessons: their week, plans that hold them, who has to sign. Reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from flows import day_rows, obligations
from flows.calendar import week_of
from flows.covering import covering
from flows.flags import owing
from flows.public_holidays import public_holidays
from flows.school_days import Change, SchoolDays, Taught, each_day
from models.account import Account
from models.document import Document
from models.school import SchoolClass, SchoolWeek
from models.text import Text

_NOT_SENT = ("draft", "withdrawn", "replaced", "destroyed")
Classes = Mapping[str, Sequence[Taught | None]]
"""By school year; None stands for the school as a whole."""
Limits = Collection[tuple[str, str, str]]
"""Setting, type and week of each."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The lessons of `day` go from `was` to `on`, which lies in week `number`; before in week `before`."""

    day: date
    was: date
    on: date
    before: int
    number: int


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans handed in that hold lessons on the days concerned, and whose they are."""

    count: int = 0
    who: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.count)


NO_PLANS = Plans()


@dataclass(frozen=True, slots=True)
class OnHoliday:
    """Lessons would be taught on a public holiday."""

    day: date
    name: Text


def carried(session: Session, school_id: str, before: SchoolDays, after: SchoolDays) -> Iterator[Carried]:
    """Lessons that get another day, in order; of whichever classes."""
    classes, found = _classes(session, school_id), set()
    for day in _days(_changed(before, after)):
        week = week_of(after.weeks, day)
        for taught in classes.get(week.year, (None,)) if week else ():
            was = before.day_of_lessons(day, taught) or day
            will = after.day_of_lessons(day, taught)
            if will is not None and will != was:
                found.add((day, was, will))
    for day, was, will in sorted(found):
        from_week, to_week = week_of(after.weeks, was), week_of(after.weeks, will)
        if from_week and to_week:
            yield Carried(day, was, will, from_week.number, to_week.number)


def plans_on(session: Session, school_id: str, before: SchoolDays, after: SchoolDays) -> Plans:
    """What was handed in or signed with lessons on a day that no longer has those of its weekday, or gets
    other ones."""
    classes = _classes(session, school_id)
    concerned: dict[date, set[str]] = {}
    for day in _days(_changed(before, after)):
        week = week_of(after.weeks, day)
        concerned[day] = {
            taught.class_id
            for taught in (classes.get(week.year, ()) if week else ())
            if taught and before.taught_as(day, taught) != after.taught_as(day, taught)
        }
    concerned = {day: some for day, some in concerned.items() if some}
    if not concerned:
        return NO_PLANS
    query = select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id).order_by(col(SchoolWeek.monday))
    weeks = session.exec(query).all()
    mondays = [week.monday for week in weeks if any(week.monday <= day <= week.sunday for day in concerned)]
    if not mondays:
        return NO_PLANS
    ids = [
        d.id
        for d in covering(session, weeks, min(mondays), max(mondays), col(Document.status).not_in(_NOT_SENT))
    ]
    rows = session.exec(
        select(Document.id, Document.fields, Account.full_name)
        .join(Account, col(Account.id) == col(Document.owner_id))
        .where(col(Document.id).in_(ids))
    )
    who = [name for _, fields, name in rows if any(c in concerned.get(d, ()) for d, c in _lessons(fields))]
    return Plans(len(who), tuple(sorted(set(who))))


def on_holidays(before: SchoolDays, after: SchoolDays) -> Iterator[OnHoliday]:
    """Days newly filled with another day's lessons that are public holidays, entered or by the law."""
    for change in after.changes:
        day = change.taught_on
        if day is None or change in before.changes or not change.fills(day):
            continue
        entered = [c.reason for c in before.changes_on(day) if c.kind == "holiday" and c.frees(day)]
        names = entered or [holiday.name for holiday in public_holidays(day, day)]
        if names:
            yield OnHoliday(day, names[-1])


def unsigned(session: Session, school_id: str, wanted: Limits) -> Mapping[tuple[str, str, str], int]:
    """How many owe each of these and have not signed it, by the calendar as it stands now."""
    found: dict[tuple[str, str, str], int] = {}
    calendar = obligations.calendar_of(session, school_id)
    for owed in obligations.owed_types() if wanted else ():
        setting = owed.deadline.setting
        weeks = [d for d in calendar.due_weeks(owed.deadline) if (setting, owed.slug, d.week.id) in wanted]
        if not weeks:
            continue
        people = obligations.debtors(session, owed, [school_id]).get(school_id, [])
        ledger = obligations.ledgers(session, owed, {school_id: (calendar, weeks)})[school_id]
        owes = {(d.week.id, one.key) for d in weeks for one in owing(people, d, ledger)}
        if not owed.by_group:
            owes -= day_rows.idle(session, {school_id: owes})[school_id]
        for due in weeks:
            found[setting, owed.slug, due.week.id] = sum(week == due.week.id for week, _ in owes)
    return found


def _classes(session: Session, school_id: str) -> Classes:
    found: dict[str, list[Taught | None]] = defaultdict(lambda: [None])
    rows = select(SchoolClass).where(col(SchoolClass.school_id) == school_id).order_by(col(SchoolClass.id))
    for row in session.exec(rows):
        found[row.year].append(Taught(row.id, row.grade))
    return found


def _changed(before: SchoolDays, after: SchoolDays) -> list[Change]:
    """Entries made or taken back."""
    return [c for c in {*before.changes, *after.changes} if (c in before.changes) != (c in after.changes)]


def _days(changes: Sequence[Change]) -> list[date]:
    days = {day for c in changes for day in each_day(c.first, c.last)}
    return sorted(days | {c.taught_on for c in changes if c.taught_on})


def _lessons(fields: Mapping[str, Any]) -> Iterator[tuple[date, str]]:
    """Day and class of each lesson that has both, in whatever list of a form."""
    for value in fields.values():
        for row in value if isinstance(value, list) else ():
            if isinstance(row, dict) and row.get("date") and row.get("class"):
                yield date.fromisoformat(row["date"]), row["class"]
