"""When a document is due by a school's rules and calendar, and how late it is in words. Pure.

A limit is an *exclusive* instant in Vietnam's time: what arrives at the limit is late. A document is held
to it by the arrival of the request that led to the author's first signature (`Document.first_signed_at`);
a later return does not make it late (DESIGN.md, law 8).
Source: the school plan, part II ("trước ngày thứ 4 của tuần liền trước", "trước 16 ngày"); "the week
before" is the calendar week, holidays included, unless the school's rule says otherwise.
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import Protocol

from flows.calendar import WEEK, TeachingWeek, week_of
from flows.due_rules import BeforeWeekday, DayOfMonth, DaysBefore, Deadline, EndOfTerm
from flows.grammar import StepDue, UntilWeekday
from models.settings import VIETNAM
from models.text import Text

_FARTHEST = 1000
"""So many days are looked at, at most, for one that counts."""

WEEKDAYS = (
    Text("thứ Hai", "Mon"),
    Text("thứ Ba", "Tue"),
    Text("thứ Tư", "Wed"),
    Text("thứ Năm", "Thu"),
    Text("thứ Sáu", "Fri"),
    Text("thứ Bảy", "Sat"),
    Text("Chủ nhật", "Sun"),
)


class WorkingDays(Protocol):
    """Which days people work: the calendar's holidays and make-up days, when there are any."""

    def __call__(self, day: date, /) -> bool: ...


def monday_to_friday(day: date, /) -> bool:
    """Where nothing else is known."""
    return day.weekday() < 5


@dataclass(frozen=True, slots=True)
class Days:
    """What a rule counts in: a school's teaching weeks in order, and its working days."""

    weeks: Sequence[TeachingWeek] = ()
    is_working_day: WorkingDays = monday_to_friday


ANY_DAYS = Days()
"""Without a calendar: no break is known."""


@dataclass(frozen=True, slots=True)
class Own:
    """A rule a school set at an instant, for the teaching weeks that begin on `valid_from` or later."""

    valid_from: date
    set_at: datetime
    rule: Deadline


@dataclass(frozen=True, slots=True)
class Kept:
    """The limit of a week that a change of the calendar would have brought too soon: no sooner than `at`."""

    week_id: str
    at: datetime


def dated(own: Sequence[Own | Kept]) -> list[Own]:
    """The rules among what a school set."""
    return [one for one in own if isinstance(one, Own)]


def in_force(default: Deadline, own: Sequence[Own | Kept], monday: date) -> Deadline:
    """The rule for the teaching week of that Monday; `own` in the order in which it was set."""
    last = last_of(own, monday)
    return last.rule if last else default


def last_of(own: Sequence[Own | Kept], monday: date) -> Own | None:
    """The school's own rule for that week, if it has one."""
    last = None
    for one in dated(own):
        if one.valid_from <= monday and (last is None or one.valid_from >= last.valid_from):
            last = one
    return last


def limit(
    default: Deadline,
    week: TeachingWeek,
    days: Days = ANY_DAYS,
    own: Sequence[Own | Kept] = (),
    event: date | None = None,
) -> datetime:
    """The first instant that is too late for a teaching week, by the school's own rules where it has any.

    A rule never takes back time that was there when it was set. A limit that has passed moves only to a time
    still to come; one that comes earlier leaves at least the rest of the day and the whole next one, so that
    nobody is late with what was sent in time. Nor does the calendar (`Kept`). `event` is the day a rule after
    an event counts from.
    """
    due, last = limit_by(default, week, days, event), None
    for one in dated(own):
        if one.valid_from > week.monday or (last is not None and one.valid_from < last.valid_from):
            continue
        last, asked = one, limit_by(one.rule, week, days, event)
        if asked > due:
            due = asked if asked > one.set_at else due
        else:
            due = max(asked, min(due, least_notice(one.set_at)))
    return max([due, *(one.at for one in own if isinstance(one, Kept) and one.week_id == week.id)])


def least_notice(set_at: datetime) -> datetime:
    """The earliest limit a rule or a calendar entered at this instant may bring: the end of the next day."""
    return _midnight(set_at.astimezone(VIETNAM).date() + timedelta(days=2))


def limit_by(
    rule: Deadline, week: TeachingWeek, days: Days = ANY_DAYS, event: date | None = None
) -> datetime:
    """The same by one rule alone: midnight after the last day that is in time."""
    if _same_everywhere(rule):
        return _alike(rule, week.monday, week.sunday, event)
    return _by_year(
        rule, week, _Year(tuple(w for w in days.weeks if w.year == week.year), days.is_working_day), event
    )


def limits_by(rule: Deadline, days: Days) -> tuple[datetime, ...]:
    """The limits of all weeks by one rule alone."""
    if _same_everywhere(rule):
        return _all_alike(rule, tuple([(week.monday, week.sunday) for week in days.weeks]))
    return tuple(limit_by(rule, week, days) for week in days.weeks)


def _same_everywhere(rule: Deadline) -> bool:
    """Has the rule no use for a school's own days?"""
    return rule.fixed and not isinstance(rule, EndOfTerm)


@lru_cache(maxsize=256)
def _all_alike(rule: Deadline, weeks: tuple[tuple[date, date], ...]) -> tuple[datetime, ...]:
    return tuple(_alike(rule, monday, sunday, None) for monday, sunday in weeks)


@lru_cache(maxsize=4096)
def _alike(rule: Deadline, monday: date, sunday: date, event: date | None) -> datetime:
    week = TeachingWeek("", "", 0, 0, monday, sunday)
    return _by_year(rule, week, _Year((), monday_to_friday), event)


def _by_year(rule: Deadline, week: TeachingWeek, year: _Year, event: date | None) -> datetime:
    last = year.named(rule, week, event) - timedelta(days=rule.strict)
    if rule.on_break == "earlier":
        last = year.walk(last + timedelta(days=1), 1, -1, year.has_lessons)
    return _midnight(last + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class _Year:
    """One school year's days; before its first week and after its last there is no break."""

    weeks: tuple[TeachingWeek, ...]
    is_working_day: WorkingDays

    def in_break(self, day: date) -> bool:
        if not self.weeks or not self.weeks[0].monday <= day <= self.weeks[-1].sunday:
            return False
        return week_of(self.weeks, day) is None

    def has_lessons(self, day: date) -> bool:
        return self.is_working_day(day) and not self.in_break(day)

    def counts(self, rule: Deadline, day: date) -> bool:
        """Is the day one of those that the rule counts?"""
        if rule.working and not self.is_working_day(day):
            return False
        return rule.on_break != "teaching" or not self.in_break(day)

    def walk(self, start: date, number: int, step: int, counts: Callable[[date], bool]) -> date:
        """The so-manieth day that counts, before (-1) or after (1) `start`."""
        day = start
        for _ in range(_FARTHEST):
            if not number:
                return day
            day += timedelta(days=step)
            number -= counts(day)
        return start  # a calendar without a working day changes nothing

    def named(self, rule: Deadline, week: TeachingWeek, event: date | None) -> date:
        """The day the rule names."""
        if isinstance(rule, BeforeWeekday):
            return self._weeks_before(rule, week) + timedelta(days=rule.weekday)
        if isinstance(rule, DayOfMonth):
            return self._in_month(rule, week.monday)
        if isinstance(rule, DaysBefore):
            start, step = week.monday, -1
        elif isinstance(rule, EndOfTerm):
            start, step = self._term_end(week), 1 if rule.after else -1
        else:
            start, step = (event or week.monday) if rule.event == "approved" else week.sunday, 1
        if rule.fixed or (rule.on_break == "earlier" and not rule.working):
            return start + timedelta(days=step * rule.days)
        return self.walk(start, rule.days, step, partial(self.counts, rule))

    def _weeks_before(self, rule: BeforeWeekday, week: TeachingWeek) -> date:
        """Monday of the week so many before; before the year's first all weeks count."""
        place = bisect_left(self.weeks, week.monday, key=lambda one: one.monday)
        if rule.on_break != "teaching" or not self.weeks:
            return week.monday - rule.weeks_before * WEEK
        if place >= rule.weeks_before:
            return self.weeks[place - rule.weeks_before].monday
        return self.weeks[0].monday - (rule.weeks_before - place) * WEEK

    def _in_month(self, rule: DayOfMonth, monday: date) -> date:
        year, month = divmod(monday.year * 12 + monday.month - 1 - rule.months_before, 12)
        month_days = [date(year, month + 1, n) for n in range(1, monthrange(year, month + 1)[1] + 1)]
        able = [d for d in month_days if not rule.working or self.is_working_day(d)] or month_days
        return able[min(rule.day, len(able)) - 1]

    def _term_end(self, week: TeachingWeek) -> date:
        """The last working day of the term's last week."""
        last = max((w.sunday for w in self.weeks if w.term == week.term), default=week.sunday)
        worked = (last - timedelta(days=n) for n in range(7) if self.is_working_day(last - timedelta(days=n)))
        return next(worked, last)


def is_late(signed_at: datetime, due_at: datetime) -> bool:
    """Did the first signature come at the limit or after it?"""
    return signed_at >= due_at


def step_due(due: StepDue | None, monday: date | None, opened_at: datetime) -> datetime | None:
    """When a reviewer's own time ends; None when the step has none, or needs a week and there is none."""
    if due is None:
        return None
    if isinstance(due, UntilWeekday):
        if monday is None:
            return None
        day = monday - timedelta(weeks=due.weeks_before) + timedelta(days=due.weekday)
        planned = _midnight(day) + timedelta(hours=due.hour)
        return max(planned, opened_at.astimezone(VIETNAM) + due.least)
    return opened_at.astimezone(VIETNAM) + due.time


def moment_words(moment: datetime) -> Text:
    """`08:10 thứ Tư 13/11`."""
    local = moment.astimezone(VIETNAM)
    name = WEEKDAYS[local.weekday()]
    return Text(f"{local:%H:%M} {name.vi} {local:%d/%m}", f"{local:%H:%M} {name.en} {local:%d/%m}")


def limit_words(due_at: datetime) -> Text:
    """`trước 00:00 thứ Tư 13/11`: the exact limit."""
    moment = moment_words(due_at)
    return Text(f"trước {moment.vi}", f"before {moment.en}")


def last_day_words(due_at: datetime) -> Text:
    """`hết thứ Ba 12/11`: the last day on which it is in time, as people say it."""
    day = (due_at.astimezone(VIETNAM) - timedelta(microseconds=1)).date()
    name = WEEKDAYS[day.weekday()]
    return Text(f"hết {name.vi} {day:%d/%m}", f"end of {name.en} {day:%d/%m}")


def length_words(length: timedelta) -> Text:
    """A length in its largest whole unit: minutes below an hour, hours below a day, then days."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    if minutes < 1:
        return Text("chưa đến 1 phút", "less than a minute")
    if minutes < 60:
        return Text(f"{minutes} phút", f"{minutes} min")
    if minutes < 24 * 60:
        return Text(f"{minutes // 60} giờ", f"{minutes // 60} h")
    days = minutes // (24 * 60)
    return Text(f"{days} ngày", f"{days} day" if days == 1 else f"{days} days")


def late_words(due_at: datetime, signed_at: datetime) -> Text:
    """`Hạn: trước 00:00 thứ Tư 13/11; ký lúc 08:10 thứ Tư 13/11: muộn 8 giờ`."""
    return Text(
        "Hạn: {due}; ký lúc {signed}: muộn {length}", "Due {due}; signed {signed}: {length} late"
    ).format(due=limit_words(due_at), signed=moment_words(signed_at), length=length_words(signed_at - due_at))


def missing_words(due_at: datetime) -> Text:
    """`Hạn: trước 00:00 thứ Tư 13/11; chưa ký và trình`."""
    return Text("Hạn: {due}; chưa ký và trình", "Due {due}; not signed and submitted").format(
        due=limit_words(due_at)
    )


def remaining_words(due_at: datetime, now: datetime) -> Text:
    """`còn 3 giờ`, or `đã quá hạn 2 ngày` when the limit has passed."""
    if now < due_at:
        return Text("còn {length}", "{length} left").format(length=length_words(due_at - now))
    return Text("đã quá hạn {length}", "overdue by {length}").format(length=length_words(now - due_at))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), VIETNAM)
