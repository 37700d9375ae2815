"""Which days are school days and working days, and which weekday's lessons a day has. Pure.

Three things decide about a day: the teaching weeks (a day in none of them has no lessons), its weekday and
the changes: holidays, days off, days whose lessons are taught on another day. A change may be for some
classes only. Where two changes speak of a day, the one entered later counts. `flows/day_rows.py` reads all
this from the database.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, NamedTuple

from flows.calendar import TeachingWeek, in_order, week_of
from models.text import Text

Kind = Literal["holiday", "off", "moved"]
DAY = timedelta(days=1)
SATURDAY = 5
_LONGEST_REST = 400
"""No working day within so many days means that the calendar is wrong."""


class Taught(NamedTuple):
    """A class, as far as changes narrow themselves to some."""

    class_id: str
    grade: int


@dataclass(frozen=True, slots=True)
class Change:
    """A row of the school's calendar (`models.school.CalendarChange` says what the fields mean)."""

    kind: Kind
    first: date
    last: date
    reason: Text
    taught_on: date | None = None
    grades: frozenset[int] = frozenset()
    classes: frozenset[str] = frozenset()
    void_from: date | None = None
    id: str = ""

    @property
    def for_all(self) -> bool:
        """Does it hold for the whole school?"""
        return not self.grades and not self.classes

    def concerns(self, taught: Taught | None) -> bool:
        """Does it hold for this class? For None: for the whole school?"""
        if self.for_all:
            return True
        return taught is not None and (taught.class_id in self.classes or taught.grade in self.grades)

    def frees(self, day: date) -> bool:
        """Are there no lessons that day because of it?"""
        return self.first <= day <= self.last and self._holds(day)

    def fills(self, day: date) -> bool:
        """Are the lessons of another day taught that day because of it?"""
        return self.taught_on == day and self._holds(day)

    def _holds(self, day: date) -> bool:
        return self.void_from is None or day < self.void_from


@dataclass(frozen=True)
class SchoolDays:
    """A school's weeks in order and its changes in the order they were entered."""

    weeks: tuple[TeachingWeek, ...] = ()
    changes: tuple[Change, ...] = ()
    _by_day: dict[date, list[Change]] = field(init=False, repr=False, compare=False)
    _years: tuple[tuple[date, date], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weeks", in_order(self.weeks))
        by_day: dict[date, list[Change]] = {}
        for change in self.changes:
            days = {change.first + n * DAY for n in range((change.last - change.first).days + 1)}
            for day in days | ({change.taught_on} if change.taught_on else set()):
                by_day.setdefault(day, []).append(change)
        object.__setattr__(self, "_by_day", by_day)
        years: dict[str, tuple[date, date]] = {}
        for week in self.weeks:
            first, _ = years.get(week.year, (week.monday, week.sunday))
            years[week.year] = (first, week.sunday)
        object.__setattr__(self, "_years", tuple(sorted(years.values())))

    # --- lessons ----------------------------------------------------------------------------------------

    def taught_as(self, day: date, taught: Taught | None = None) -> int | None:
        """Which weekday's lessons a class has that day (Monday is 0); None when it has none.

        Without a class: the school as a whole, so that only what holds for everybody counts.
        """
        if week_of(self.weeks, day) is None:
            return None
        change = self._decides(day, taught)
        if change is None:
            return day.weekday()
        return change.first.weekday() if change.fills(day) else None

    def is_school_day(self, day: date, taught: Taught | None = None) -> bool:
        """Is there school for this class (or for the school as a whole)?

        Saturday is one only where the lessons of another day are taught on it; that some class has its own
        lessons on Saturdays only the timetable knows.
        """
        weekday = self.taught_as(day, taught)
        return weekday is not None and weekday < SATURDAY

    def day_of_lessons(self, day: date, taught: Taught | None = None) -> date | None:
        """On which day the lessons planned for `day` are really taught; None when they fall away."""
        if week_of(self.weeks, day) is None:
            return None
        if self._decides(day, taught) is None:
            return day
        for change in reversed(self._by_day.get(day, ())):
            on = change.taught_on
            if on and change.first == day and change.concerns(taught) and change.fills(on):
                return on if self._decides(on, taught) is change and week_of(self.weeks, on) else None
        return None

    def lesson_days(self, week: TeachingWeek, taught: Taught | None = None) -> list[tuple[date, int]]:
        """The days of a week on which this class is taught, each with the weekday whose lessons it has."""
        days = (week.monday + n * DAY for n in range((week.sunday - week.monday).days + 1))
        return [(day, as_) for day in days if (as_ := self.taught_as(day, taught)) is not None]

    def changes_on(self, day: date) -> list[Change]:
        """What still holds about a day, in the order it was entered."""
        return [c for c in self._by_day.get(day, ()) if c.frees(day) or c.fills(day)]

    def _decides(self, day: date, taught: Taught | None) -> Change | None:
        """The change that counts for a day; None: the day is as its weekday."""
        about = (c for c in reversed(self._by_day.get(day, ())) if c.concerns(taught))
        return next((c for c in about if c.fills(day) or c.frees(day)), None)

    # --- working days -----------------------------------------------------------------------------------

    def is_holiday(self, day: date) -> bool:
        """Is it a public holiday, a weekend's one included?"""
        return any(c.kind == "holiday" and c.frees(day) for c in self._by_day.get(day, ()))

    def in_break(self, day: date) -> bool:
        """Does it lie between two teaching weeks of a school year, in none of them?"""
        index = bisect_right(self._years, day, key=lambda year: year[0]) - 1
        return index >= 0 and day <= self._years[index][1] and week_of(self.weeks, day) is None

    def is_working_day(self, day: date, *, in_breaks: bool = False) -> bool:
        """Do people work that day: Monday to Friday, no holiday, no day off of the whole school, no break?

        A day to which the whole school's lessons are moved is one too, the day they left is not. `in_breaks`:
        count the working days of a break as well. Outside the school years the weekday and holidays decide.
        """
        change = self._decides(day, None)
        if change is not None:
            return change.fills(day)
        return day.weekday() < SATURDAY and (in_breaks or not self.in_break(day))

    def next_working_day(self, day: date, *, in_breaks: bool = False) -> date:
        """The first working day after this one."""
        return self._search(day, DAY, in_breaks)

    def previous_working_day(self, day: date, *, in_breaks: bool = False) -> date:
        """The last working day before this one."""
        return self._search(day, -DAY, in_breaks)

    def working_days_after(self, day: date, count: int) -> date:
        """`count` working days further on; the day itself for 0."""
        for _ in range(count):
            day = self.next_working_day(day)
        return day

    def _search(self, day: date, step: timedelta, in_breaks: bool) -> date:
        for _ in range(_LONGEST_REST):
            day += step
            if self.is_working_day(day, in_breaks=in_breaks):
                return day
        raise ValueError(f"No working day within {_LONGEST_REST} days of {day}.")


@dataclass(frozen=True, slots=True)
class Slot:
    """One period of a timetable: whose, with which class, on which weekday, in which timetable."""

    teacher_id: str
    taught: Taught
    weekday: int
    valid_from: date


def with_lessons(
    slots: Iterable[Slot], starts: Sequence[date], days: SchoolDays, week: TeachingWeek
) -> set[str]:
    """Who really teaches in a week; `starts`: the days on which the school's timetables begin, in order."""
    per_class: dict[Taught, set[tuple[date | None, int]]] = {}
    found: set[str] = set()
    for slot in slots:
        held = per_class.get(slot.taught)
        if held is None:
            held = per_class[slot.taught] = {
                (in_force(starts, day), as_) for day, as_ in days.lesson_days(week, slot.taught)
            }
        if (slot.valid_from, slot.weekday) in held:
            found.add(slot.teacher_id)
    return found


def in_force(starts: Sequence[date], day: date) -> date | None:
    """Which timetable holds on a day: the last that began; None before the first."""
    index = bisect_right(starts, day) - 1
    return starts[index] if index >= 0 else None


def each_day(first: date, last: date) -> Iterator[date]:
    """The days from one to another, both included."""
    return (first + n * DAY for n in range((last - first).days + 1))
