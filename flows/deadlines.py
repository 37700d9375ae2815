"""When a document is due, and how late it is in words. Pure.

A limit is an *exclusive* instant in Vietnam's time: what arrives at the limit is late. A document is held
to it by the arrival of the request that led to the author's first signature (`Document.first_signed_at`);
a later return does not make it late (DESIGN.md, law 8).
Source: the school plan, part II ("trước ngày thứ 4 của tuần liền trước", "trước 16 ngày"); "the week
before" is the calendar week, holidays included.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flows.grammar import BeforeWeekday, DaysBefore, Deadline, StepDue, UntilWeekday
from models.settings import VIETNAM
from models.text import Text

REMIND_FROM = time(7, 0)
"""Local hour from which the reminder of the day before may go out."""

WEEKDAYS = (
    Text("thứ Hai", "Mon"),
    Text("thứ Ba", "Tue"),
    Text("thứ Tư", "Wed"),
    Text("thứ Năm", "Thu"),
    Text("thứ Sáu", "Fri"),
    Text("thứ Bảy", "Sat"),
    Text("Chủ nhật", "Sun"),
)


def effective(deadline: Deadline, overrides: Mapping[str, Any]) -> Deadline:
    """The deadline with the school's own value, if it has one under the deadline's setting.

    A value is {"days": 15} or {"weekday": 2, "weeks_before": 1} (Monday is 0); a school may also choose
    the other kind of rule. ValueError for anything else: the settings page lets nothing else in.
    """
    value = overrides.get(deadline.setting)
    if value is None:
        return deadline
    match value:
        case {"days": int(days)} if 0 <= days <= 366:
            return DaysBefore(days, setting=deadline.setting)
        case {"weekday": int(weekday)} if 0 <= weekday <= 6:
            weeks = value.get("weeks_before", 1)
            if isinstance(weeks, int) and 0 <= weeks <= 52:
                return BeforeWeekday(weekday, weeks_before=weeks, setting=deadline.setting)
    raise ValueError(f"The setting {deadline.setting} holds {value!r}, which is no deadline.")


def limit(deadline: Deadline, monday: date, overrides: Mapping[str, Any] | None = None) -> datetime:
    """The first instant that is too late, for the teaching week that begins on `monday`."""
    return limit_by(effective(deadline, overrides or {}), monday)


def limit_by(rule: Deadline, monday: date) -> datetime:
    """The same for a rule that is already the school's own."""
    if isinstance(rule, BeforeWeekday):
        day = monday - timedelta(weeks=rule.weeks_before) + timedelta(days=rule.weekday)
    else:
        day = monday - timedelta(days=rule.days) + timedelta(days=1)
    return _midnight(day)


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


def remind_from(due_at: datetime) -> datetime:
    """When to remind: at 07:00 of the day before the limit, Vietnam's time."""
    day = due_at.astimezone(VIETNAM).date() - timedelta(days=1)
    return datetime.combine(day, REMIND_FROM, VIETNAM)


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
