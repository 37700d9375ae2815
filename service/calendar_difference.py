"""What a change of the calendar would change: done, looked at, and undone again in one transaction.

The very functions that apply a change make its preview, so that the two never differ. What is decided
(signatures, approvals, flags resolved) is in none of this: no function of the calendar writes it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select

from flows import clock, obligations, rule_changes
from flows.catalogue import type_of
from flows.day_rows import school_days, slots_of
from flows.deadlines import least_notice
from flows.flag_rows import Changes
from flows.flag_words import NAMES
from flows.school_days import SchoolDays, Slot, each_day, in_force, with_lessons
from models.account import Account
from models.db import Database
from models.deadline import KeptLimit
from models.document import Document
from models.evidence import Duty
from models.flag import Flag
from models.school import Timetable
from models.settings import VIETNAM
from models.text import Text
from service import calendar_lessons
from service.calendar_lessons import NO_PLANS, Carried, OnHoliday, Plans


@dataclass(frozen=True, slots=True)
class Moved:
    """A week, before and after; None where it was or will not be."""

    number: int
    year: str
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A type's limit for a week, before and after. `kept`: by the new calendar alone it came too soon."""

    type: Text
    number: int
    before: datetime
    after: datetime
    kept: bool = False
    slug: str = ""
    week_id: str = ""
    """The type and week that are owed by then; empty for what follows an approval."""
    unsigned: int | None = None
    """How many owe it and have not signed; None where it is no limit of signing."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """A day whose lessons change: periods before and after."""

    day: date
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class FlagChange:
    """An open flag that closes, moves, or one that opens: `what` is "closes", "moves" or "opens"."""

    what: str
    rule: Text
    who: str
    number: int


@dataclass(frozen=True, slots=True)
class Free:
    """Whoever teaches nothing in a week after the change, or again something: they owe (no) lesson plan."""

    number: int
    who: tuple[str, ...]
    owes: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything a person should see before the change is applied."""

    weeks: tuple[Moved, ...] = ()
    limits: tuple[Limit, ...] = ()
    lessons: tuple[Lessons, ...] = ()
    flags: tuple[FlagChange, ...] = ()
    free: tuple[Free, ...] = ()
    carried: tuple[Carried, ...] = ()
    plans: Plans = NO_PLANS
    on_holidays: tuple[OnHoliday, ...] = ()
    records: int = 0
    """Records of moved weeks, which stay with their week and as they are."""

    def __bool__(self) -> bool:
        found = (self.weeks, self.limits, self.lessons, self.flags, self.free, self.carried, self.plans)
        return any(found)

    asked: str = ""
    """What was asked for, as it was typed."""

    @property
    def mark(self) -> str:
        """The same for the same difference of the same act: what was shown is what is applied."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _State:
    """Of one moment: weeks, limits by setting, type and week; periods a day and who teaches in a week, both
    from today on."""

    days: SchoolDays
    weeks: Mapping[str, tuple[str, int, date]]
    limits: Mapping[tuple[str, str, str], tuple[Text, int, datetime]]
    lessons: Mapping[date, int]
    teaching: Mapping[str, tuple[int, frozenset[str]]]


class _Undone(Exception):
    """Ends the transaction of a preview, with what it found."""

    def __init__(self, found: Difference) -> None:
        self.found = found


def apply_if_shown(
    db: Database,
    school_id: str,
    now: datetime,
    do: Callable[[Session], object],
    shown: str,
    asked: str = "",
    tell: Callable[[Session, Difference], None] | None = None,
) -> Difference | None:
    """Do it when the difference it makes is the one a person was shown (its mark); else say the difference.

    None when it was done. Refusals of `do` are the caller's. `tell`: who is to learn of it, in the same
    transaction.
    """
    try:
        with db.write() as session:
            found = replace(_measured(session, school_id, now, do), asked=asked)
            _undo_unless(found.mark == shown, found)
            if tell is not None:
                tell(session, found)
    except _Undone as undone:
        return undone.found
    return None


def _undo_unless(shown: bool, found: Difference) -> None:
    if not shown:
        raise _Undone(found)


def _measured(session: Session, school_id: str, now: datetime, do: Callable[[Session], object]) -> Difference:
    before, due = _state(session, school_id, now), clock.pending(session, now, school_id)
    duties = _duties_to_come(session, school_id, now)
    do(session)
    session.flush()
    session.expire_all()
    kept = _keep(session, school_id, before, duties, now)
    after, then = _state(session, school_id, now), clock.pending(session, now, school_id)
    return _compare(session, school_id, before, after, now, _flags(session, due, then), kept)


# --- no limit comes without notice ----------------------------------------------------------------------


def _duties_to_come(session: Session, school_id: str, now: datetime) -> Mapping[tuple[str, str], datetime]:
    """The limits of what is to be done after an approval, by document and kind."""
    return {
        (duty.document_id, duty.kind): duty.due_at
        for duty, _ in session.exec(_duties(school_id))
        if duty.due_at > now
    }


def _duties(school_id: str) -> Select[Duty, str]:
    """What is still to be done after an approval, and the type of its document."""
    return (
        select(Duty, Document.type)
        .join(Document, col(Document.id) == col(Duty.document_id))
        .where(col(Duty.school_id) == school_id, col(Duty.met_at).is_(None))
        .order_by(col(Duty.document_id), col(Duty.kind))
    )


def _keep(
    session: Session,
    school_id: str,
    before: _State,
    duties: Mapping[tuple[str, str], datetime],
    now: datetime,
) -> Mapping[tuple[str, str], Limit]:
    """Limits to come leave the notice a new rule would leave, or stay as they are where they came sooner.

    Nobody is made late backwards or at once. By deadline and week; what is open follows.
    """
    after, notice = _state(session, school_id, now), least_notice(now)
    kept: dict[tuple[str, str], Limit] = {}

    def keep(setting: str, week_id: str, name: Text, due: datetime, will: datetime) -> None:
        if due > now and will < min(due, notice):
            number, key = after.weeks[week_id][1], (setting, week_id)
            found = Limit(name, number, due, min(due, notice), kept=True)
            kept[key] = max(found, kept.get(key, found), key=lambda limit: limit.after)

    for (setting, slug, week_id), (name, _, due) in before.limits.items():
        if (setting, slug, week_id) in after.limits:
            keep(setting, week_id, name, due, after.limits[setting, slug, week_id][2])
    for duty, slug in session.exec(_duties(school_id)):
        due_before = duties.get((duty.document_id, duty.kind))
        if due_before is not None and duty.week_id is not None and duty.week_id in after.weeks:
            rule = next(o.due for o in type_of(slug).obligations if o.kind == duty.kind)
            name = rule_changes.declared_rules()[rule.setting].name
            keep(rule.setting, duty.week_id, name, due_before, duty.due_at)
    for (setting, week_id), limit in kept.items():
        session.merge(KeptLimit(school_id=school_id, week_id=week_id, key=setting, at=limit.after))
    if kept:
        session.flush()
        rule_changes.recompute(session, obligations.calendar_of(session, school_id))
        session.flush()
    return kept


def _state(session: Session, school_id: str, now: datetime) -> _State:
    days, today = school_days(session, school_id), now.astimezone(VIETNAM).date()
    timetables = session.exec(select(Timetable).where(col(Timetable.school_id) == school_id))
    starts = sorted(row.valid_from for row in timetables)
    coming = [w for w in days.weeks if w.sunday >= today]
    slots = {year: slots_of(session, school_id, year) for year in {w.year for w in coming}}
    return _State(
        days=days,
        weeks={w.id: (w.year, w.number, w.monday) for w in days.weeks},
        limits={
            (owed.deadline.setting, owed.slug, due.week.id): (owed.declared.name, due.week.number, due.due_at)
            for calendar in obligations.calendars(session, [school_id])
            for owed in obligations.owed_types()
            for due in calendar.due_weeks(owed.deadline)
        },
        lessons=_lessons(days, slots, starts, today),
        teaching={
            w.id: (w.number, frozenset(with_lessons(slots[w.year], starts, days, w)))
            for w in coming
            if slots[w.year]
        },
    )


def _lessons(
    days: SchoolDays, slots: Mapping[str, Sequence[Slot]], starts: Sequence[date], today: date
) -> Counter[date]:
    """Periods taught on each day from today on."""
    found: Counter[date] = Counter()
    periods = {
        year: Counter((slot.taught, slot.valid_from, slot.weekday) for slot in inside)
        for year, inside in slots.items()
    }
    for week in days.weeks:
        classes = {slot.taught for slot in slots.get(week.year, ())}
        for day in each_day(max(week.monday, today), week.sunday):
            holds = in_force(starts, day)
            for taught in classes:
                weekday = days.taught_as(day, taught)
                if holds is not None and weekday is not None:
                    found[day] += periods[week.year][taught, holds, weekday]
    return found


def _compare(
    session: Session,
    school_id: str,
    before: _State,
    after: _State,
    now: datetime,
    flags: list[FlagChange],
    kept: Mapping[tuple[str, str], Limit],
) -> Difference:
    weeks = _weeks(before, after)
    ids = [w for w in before.weeks if w in after.weeks and before.weeks[w] != after.weeks[w]]
    signed = select(func.count()).where(
        col(Document.school_id) == school_id,
        col(Document.week_id).in_(ids),
        col(Document.first_signed_at).is_not(None),
    )
    owed = {(setting, week_id) for setting, _, week_id in after.limits}
    moved = {
        key: Limit(name, number, was, after.limits[key][2], (key[0], key[2]) in kept, key[1], key[2])
        for key, (name, number, was) in before.limits.items()
        if key in after.limits and was != after.limits[key][2] and max(was, after.limits[key][2]) > now
    }
    unsigned = calendar_lessons.unsigned(session, school_id, moved)
    limits = [limit for key, limit in kept.items() if key not in owed and limit.before != limit.after] + [
        replace(limit, unsigned=unsigned[key]) for key, limit in moved.items()
    ]
    lessons = [
        Lessons(day, before.lessons.get(day, 0), after.lessons.get(day, 0))
        for day in sorted(set(before.lessons) | set(after.lessons))
        if before.lessons.get(day, 0) != after.lessons.get(day, 0)
    ]
    return Difference(
        weeks=tuple(weeks),
        limits=tuple(sorted(limits, key=lambda limit: (limit.number, limit.before))),
        lessons=tuple(lessons),
        flags=tuple(sorted(flags, key=lambda flag: (flag.what, flag.number, flag.who))),
        free=tuple(_free(session, before, after)),
        carried=tuple(calendar_lessons.carried(session, school_id, before.days, after.days)),
        plans=calendar_lessons.plans_on(session, school_id, before.days, after.days),
        on_holidays=tuple(calendar_lessons.on_holidays(before.days, after.days)),
        records=session.exec(signed).one(),
    )


def _weeks(before: _State, after: _State) -> Iterator[Moved]:
    every = {**before.weeks, **after.weeks}
    for week_id, (year, number, _) in sorted(every.items(), key=lambda item: item[1][:2]):
        was, will = before.weeks.get(week_id), after.weeks.get(week_id)
        if was != will:
            yield Moved(number, year, was[2] if was else None, will[2] if will else None)


def _free(session: Session, before: _State, after: _State) -> Iterator[Free]:
    for week_id, (number, was) in before.teaching.items():
        _, will = after.teaching.get(week_id, (number, was))
        for who, owes in ((was - will, False), (will - was, True)):
            if who:
                accounts = session.exec(select(Account).where(col(Account.id).in_(who)))
                yield Free(number, tuple(sorted(account.full_name for account in accounts)), owes)


def _flags(session: Session, before: Changes, after: Changes) -> list[FlagChange]:
    """What happens to flags because of the change, and would not happen without it."""
    known = [key for key, _ in before.change]
    found = []
    for flag_id, values in after.change:
        what = _what(values)
        if what and (flag_id not in known or (flag_id, values) not in before.change):
            flag = session.get_one(Flag, flag_id)
            found.append((what, flag.rule, flag.account_id, flag.data))
    opening = {row["key"] for row in before.insert}
    found += [
        ("opens", row["rule"], row["account_id"], row["data"])
        for row in after.insert
        if row["resolved_at"] is None and row["key"] not in opening
    ]
    names = {
        account.id: account.full_name
        for account in session.exec(select(Account).where(col(Account.id).in_({one[2] for one in found})))
    }
    return [FlagChange(what, NAMES[rule], names[who], data["week"]) for what, rule, who, data in found]


def _what(values: Mapping[str, Any]) -> str:
    if "resolved_at" in values:
        return "opens" if values["resolved_at"] is None else "closes"
    return "moves" if "due_at" in values else ""
