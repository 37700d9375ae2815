"""Days and limits by plain arithmetic, apart from the product: what script and oracle count with.

Imports nothing of ours; `test_oracle.py` sees to that. The rules are those of the school plan, written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone

HANOI = timezone(timedelta(hours=7))
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WEEKS, FIRST_TERM = 35, 18

PLAN, TEACHER, TEAM = "lesson-plan", "teacher-teaching-plan", "team-teaching-plan"
NAMES = {
    PLAN: "Kế hoạch bài dạy (giáo án)",
    TEACHER: "Kế hoạch dạy học cá nhân (lịch báo giảng)",
    TEAM: "Kế hoạch dạy học của tổ chuyên môn",
}


def midnight(day: date) -> datetime:
    """Its first instant in Hanoi."""
    return datetime.combine(day, time(0), HANOI)


@dataclass(frozen=True)
class Rule:
    """So many days before Monday of the week, in time until the end of that day; of all days or working days.

    Of the week before, "before Wednesday" is six days before: Tuesday's end.
    """

    days: int
    working: bool = False


DEFAULTS = {PLAN: Rule(6), TEACHER: Rule(10), TEAM: Rule(16)}


@dataclass(frozen=True)
class Set:
    """A rule the school set for itself at an instant, for the weeks from a Monday on."""

    at: datetime
    kind: str
    since: date
    rule: Rule


@dataclass
class Known:
    """What is known of the year at an instant."""

    mondays: dict[int, date]
    off: set[date] = field(default_factory=set)
    """Public holidays and the whole school's days off."""
    made_up: set[date] = field(default_factory=set)
    moved: dict[date, date] = field(default_factory=dict)
    """By the day made up: whose lessons are taught on it."""
    some_off: list[tuple[date, date, int]] = field(default_factory=list)
    """First and last day a grade has no lessons."""
    rules: list[Set] = field(default_factory=list)
    kept: dict[tuple[str, int], datetime] = field(default_factory=dict)
    """Limits a change of the calendar would have brought too soon: no sooner than so."""

    def works(self, day: date) -> bool:
        return day in self.made_up or (day.weekday() < 5 and day not in self.off)

    def at_school(self, day: date) -> bool:
        """A working day, and in no break between two weeks of the year."""
        if day in self.made_up or day in self.off:
            return day in self.made_up
        in_week = any(monday <= day <= monday + 6 * DAY for monday in self.mondays.values())
        outside = day < self.mondays[1] or day > self.mondays[WEEKS] + 6 * DAY
        return day.weekday() < 5 and (in_week or outside)

    def limit(self, kind: str, week: int) -> datetime:
        """The first instant too late, by the school's rules as they stand."""
        monday = self.mondays[week]
        due = self._by(DEFAULTS[kind], monday)
        for one in self.rules:
            if one.kind != kind or one.since > monday:
                continue
            asked = self._by(one.rule, monday)
            if asked > due:
                # more time, unless it is over already
                due = asked if asked > one.at else due
            else:
                # less time, but never less than the rest of the day and the next
                floor = midnight(one.at.astimezone(HANOI).date() + 2 * DAY)
                due = max(asked, min(due, floor))
        return max(due, self.kept.get((kind, week), due))

    def limits(self) -> dict[tuple[str, int], datetime]:
        """All of the year, by kind and week."""
        return {(kind, week): self.limit(kind, week) for kind in DEFAULTS for week in self.mondays}

    def _by(self, rule: Rule, monday: date) -> datetime:
        if not rule.working:
            return midnight(monday - (rule.days - 1) * DAY)
        day, left = monday, rule.days
        while left:
            day -= DAY
            left -= self.works(day)
        return midnight(day + DAY)

    def week_of(self, day: date) -> int | None:
        """The number of the teaching week it lies in."""
        found = (n for n, monday in self.mondays.items() if monday <= day <= monday + 6 * DAY)
        return next(found, None)

    def taught_as(self, day: date, grade: int) -> int | None:
        """Which weekday's lessons a class of this grade has that day; None without lessons."""
        if day in self.moved:
            return self.moved[day].weekday()
        free = any(g == grade and first <= day <= last for first, last, g in self.some_off)
        return None if day in self.off or free else day.weekday()

    def teaches(self, grade: int, week: int) -> bool:
        """Has a class of this grade a lesson from Monday to Friday, or on a day made up?"""
        monday = self.mondays[week]
        for number in range(7):
            day = monday + number * DAY
            away = any(g == grade and first <= day <= last for first, last, g in self.some_off)
            if self.works(day) and not away:
                return True
        return False


def numbered(start: date, breaks: set[date]) -> dict[int, date]:
    """The Mondays of weeks 1 to 35; a Monday in `breaks` gets no number."""
    mondays = (monday for monday in _mondays(start) if monday not in breaks)
    return {number: next(mondays) for number in range(1, WEEKS + 1)}


def _mondays(start: date) -> Iterator[date]:
    while True:
        yield start
        start += 7 * DAY
