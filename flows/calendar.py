"""Teaching weeks: which week a day lies in, which come next, and the making of a school year. Pure.

The weeks themselves are entered per school and year (`models.school.SchoolWeek`); numbers skip breaks,
so that the week before teaching week 20 in the calendar may be a holiday without a number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from models.errors import Fault, Invalid
from models.text import Text

TERM_WEEKS = (18, 17)
"""Weeks of the two terms: 35 together (QĐ 2308/QĐ-BGDĐT of 06/8/2026, as in the years before)."""

WEEK = timedelta(days=7)
_MOST_BREAKS = 12


@dataclass(frozen=True, slots=True)
class TeachingWeek:
    """A numbered week, Monday to Sunday, both inclusive. `id` is empty until the week is stored."""

    id: str
    year: str
    term: int
    number: int
    monday: date
    sunday: date

    def __contains__(self, day: date) -> bool:
        return self.monday <= day <= self.sunday


def monday_of(day: date) -> date:
    """Monday of the calendar week the day lies in."""
    return day - timedelta(days=day.weekday())


def year_name(start: date) -> str:
    """ "2026-2027" for a year that starts in 2026."""
    return f"{start.year}-{start.year + 1}"


def in_order(weeks: Iterable[TeachingWeek]) -> tuple[TeachingWeek, ...]:
    """By Monday; what the look-ups below expect."""
    return tuple(sorted(weeks, key=lambda week: week.monday))


def week_of(weeks: Sequence[TeachingWeek], day: date) -> TeachingWeek | None:
    """The teaching week the day lies in; None in a break, before the first and after the last."""
    index = bisect_right(weeks, day, key=lambda week: week.monday) - 1
    return weeks[index] if index >= 0 and day in weeks[index] else None


def weeks_from(weeks: Sequence[TeachingWeek], day: date, count: int) -> tuple[TeachingWeek, ...]:
    """At most `count` weeks, beginning with the one the day lies in, or the next that comes."""
    first = next((i for i, week in enumerate(weeks) if week.sunday >= day), len(weeks))
    return tuple(weeks[first : first + count])


def span(weeks: Sequence[TeachingWeek], first_id: str, last_id: str) -> tuple[TeachingWeek, ...]:
    """The weeks from one to another, both included; empty when one is unknown or they stand the wrong way."""
    places = {week.id: index for index, week in enumerate(weeks)}
    if first_id not in places or last_id not in places:
        return ()
    return tuple(weeks[places[first_id] : places[last_id] + 1])


def school_year(start: date, breaks: Iterable[date] = ()) -> tuple[TeachingWeek, ...]:
    """The 35 weeks of a year from the Monday of week 1; weeks whose Monday stands in `breaks` get no number.

    Raises Invalid naming `start` or `breaks` when a day is no Monday or a break lies outside the year.
    """
    free = set(breaks)
    faults = _faults(start, free)
    weeks: list[TeachingWeek] = []
    if not faults:
        weeks = _numbered(start, free)
        outside = sorted(day for day in free if not start < day < weeks[-1].monday)
        faults = [_fault("breaks", _OUTSIDE, day) for day in outside]
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return tuple(weeks)


def _numbered(start: date, free: set[date]) -> list[TeachingWeek]:
    weeks: list[TeachingWeek] = []
    monday, year = start, year_name(start)
    while len(weeks) < sum(TERM_WEEKS):
        if monday not in free:
            number = len(weeks) + 1
            term = 1 if number <= TERM_WEEKS[0] else 2
            weeks.append(TeachingWeek("", year, term, number, monday, monday + timedelta(days=6)))
        monday += WEEK
    return weeks


def _faults(start: date, free: set[date]) -> list[Fault]:
    faults = [] if start.weekday() == 0 else [_fault("start", _NO_MONDAY, start)]
    faults += [_fault("breaks", _NO_MONDAY, day) for day in sorted(free) if day.weekday() != 0]
    if len(free) > _MOST_BREAKS:
        faults.append(Fault("breaks", _TOO_MANY))
    return faults


def _fault(path: str, sentence: Text, day: date) -> Fault:
    return Fault(path, sentence.format(day=f"{day:%d/%m/%Y}"))


_WRONG = Text(
    "Lịch năm học chưa đúng. Sửa các ngày được đánh dấu.",
    "The school year is not right. Mend the days marked.",
)
_NO_MONDAY = Text(
    "{day} không phải thứ Hai. Nhập ngày thứ Hai của tuần.",
    "{day} is no Monday. Enter the Monday of the week.",
)
_OUTSIDE = Text(
    "Tuần nghỉ {day} không nằm giữa tuần 1 và tuần cuối của năm học. Bỏ ngày này hoặc sửa lại.",
    "The break of {day} does not lie between week 1 and the last week of the year. Remove or mend it.",
)
_TOO_MANY = Text(
    f"Có quá nhiều tuần nghỉ. Nhập nhiều nhất {_MOST_BREAKS} tuần.",
    f"There are too many breaks. Enter at most {_MOST_BREAKS} weeks.",
)
