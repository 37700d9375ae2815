"""The ministry's frame of a school year, and the weeks that follow from it. Pure.

The ministry sets by when the terms of a year end; the province and the school set the first day and the
breaks (`models.school.YearFrame` keeps them). A calendar week whose Monday to Friday all lie in breaks has no
number; the others are numbered, 18 and 17 (`flows/calendar.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from flows.calendar import TERM_WEEKS, WEEK, TeachingWeek, monday_of, school_year, year_name
from flows.public_holidays import tet
from flows.school_days import DAY, each_day
from models.errors import Fault, Invalid
from models.text import Text

SOURCES = {
    "2024-2025": "Quyết định số 2045/QĐ-BGDĐT ngày 01/8/2024",
    "2026-2027": "Quyết định số 2308/QĐ-BGDĐT ngày 06/8/2026",
}
"""The ministry's decision of a year, where it is known; another year's is typed."""

TET = Text("Nghỉ Tết Nguyên đán", "Tết holidays")
PUT_OFF = Text("Nghỉ thêm một tuần", "One more week off")
NAMELESS = Text("Nghỉ", "Break")


@dataclass(frozen=True, slots=True)
class Break:
    """A time without lessons, both days included."""

    name: str
    first: date
    last: date

    @property
    def words(self) -> Text:
        """Its name in both languages, as far as the system gave it; what people typed stays as it is."""
        known = [_GIVEN.get(part, Text(part, part)) for part in self.name.split(", ")]
        return Text(", ".join(part.vi for part in known), ", ".join(part.en for part in known))


_GIVEN = {said: name for name in (TET, PUT_OFF, NAMELESS) for said in (name.vi, name.en)}


@dataclass(frozen=True, slots=True)
class Frame:
    """A year's frame. The ends are exclusive, as the ministry writes them: "before 18/01"."""

    source: str
    first_day: date
    term1_before: date
    term2_before: date
    breaks: tuple[Break, ...] = ()

    @property
    def year(self) -> str:
        return year_name(self.first_day)


def proposal(autumn: int) -> Frame:
    """A frame to begin with: lessons from 05/9, the usual ends, the whole weeks that Tết touches off."""
    days = [day for day in tet(autumn + 1) if day.weekday() < 5]
    tet_break = Break(TET.vi, monday_of(days[0]), monday_of(days[-1]) + 6 * DAY)
    year = f"{autumn}-{autumn + 1}"
    ends = date(autumn + 1, 1, 18), date(autumn + 1, 5, 31)
    return Frame(SOURCES.get(year, ""), date(autumn, 9, 5), *ends, (tet_break,))


def weeks_of(frame: Frame) -> tuple[TeachingWeek, ...]:
    """The 35 weeks of a frame. Invalid, naming the field, when a term ends too late or a break is amiss."""
    start = monday_of(frame.first_day)
    if frame.first_day.weekday() >= 5:
        start += WEEK
    faults = [Fault("breaks", _BACKWARDS.format(name=b.name)) for b in frame.breaks if b.last < b.first]
    if not faults:
        weeks = school_year(start, free_mondays(frame.breaks))
        faults = [*_too_late(weeks, frame)]
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return weeks


def free_mondays(breaks: Iterable[Break]) -> set[date]:
    """The Mondays of calendar weeks without a weekday outside the breaks."""
    off = {day for one in breaks for day in each_day(one.first, one.last)}
    return {day for day in off if day.weekday() == 0 and all(day + n * DAY in off for n in range(5))}


def _too_late(weeks: tuple[TeachingWeek, ...], frame: Frame) -> Iterable[Fault]:
    ends = (("term1_before", TERM_WEEKS[0], frame.term1_before), ("term2_before", 35, frame.term2_before))
    for path, number, before in ends:
        friday = weeks[number - 1].monday + timedelta(days=4)
        if friday >= before:
            sentence = _ENDS_LATE.format(number=number, day=f"{friday:%d/%m/%Y}", before=f"{before:%d/%m/%Y}")
            yield Fault(path, sentence)


_WRONG = Text(
    "Khung năm học chưa đúng. Sửa các ngày được đánh dấu.",
    "The frame of the year is not right. Mend the days marked.",
)
_BACKWARDS = Text(
    "“{name}” có ngày cuối trước ngày đầu. Sửa lại.", "“{name}” ends before it begins. Mend it."
)
_ENDS_LATE = Text(
    "Tuần {number} kết thúc ngày {day}, không trước {before}. Bớt tuần nghỉ, bắt đầu sớm hơn, hoặc sửa ngày.",
    "Week {number} ends on {day}, not before {before}. Shorten a break, begin earlier or change this day.",
)
