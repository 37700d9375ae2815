"""Old work in a new week: weeks, dates and classes of copied fields as they are for the one who copies. Pure.

A date moves to the same weekday of the new week, or to the day the timetable has the subject on. A class
stays where the person teaches it; a colleague's, or last year's, becomes the person's own of the same grade.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flows.fields import Choice, Field, Form, Repeated


@dataclass(frozen=True, slots=True)
class Class:
    """A class as copying needs it."""

    id: str
    name: str
    grade: int
    year: str


@dataclass(frozen=True, slots=True)
class Week:
    """A teaching week: its id, school year and days (both inclusive)."""

    id: str
    year: str
    monday: date
    sunday: date


@dataclass(frozen=True, slots=True)
class Slot:
    """One period the timetable has for the person in the new week."""

    day: date
    class_id: str
    subject: str
    session: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """From one week to another, for one teacher. `weeks`: all of the school's, in order."""

    start: Week
    target: Week
    weeks: Sequence[Week]
    classes: Mapping[str, Class] = field(default_factory=dict)
    taught: frozenset[tuple[str, str]] = frozenset()
    """(class id, subject) of the person's own assignments."""
    timetable: Sequence[Slot] = ()

    def week(self, week_id: str) -> str:
        """The week as far from the target as this one is from the start; "" beyond the target's year."""
        at = {week.id: n for n, week in enumerate(self.weeks)}
        if week_id not in at:
            return ""
        index = at[self.target.id] + at[week_id] - at[self.start.id]
        found = self.weeks[index] if 0 <= index < len(self.weeks) else None
        return found.id if found and found.year == self.target.year else ""

    def day(self, iso: str) -> str:
        """The same weekday in the week that takes the place of its own; "" for a day of no teaching week."""
        try:
            day = date.fromisoformat(iso)
        except ValueError:
            return ""
        index = bisect_right([week.monday for week in self.weeks], day) - 1
        if index < 0 or day > self.weeks[index].sunday:
            return ""
        moved = {week.id: week for week in self.weeks}.get(self.week(self.weeks[index].id))
        return (
            (moved.monday + timedelta(days=(day - self.weeks[index].monday).days)).isoformat()
            if moved
            else ""
        )

    def class_of(self, class_id: str, subject: str) -> str:
        """The class this person gives the lesson to; "" when it is theirs to choose."""
        old = self.classes.get(class_id)
        if old is None:
            return ""
        own = {key for key, taught in self.taught if taught == subject} or {key for key, _ in self.taught}
        mine = [c for c in self.classes.values() if c.id in own and c.year == self.target.year]
        alike = [c for c in mine if c.grade == old.grade]
        for choice in ([c for c in alike if c.name == old.name], alike):
            if len(choice) == 1:
                return choice[0].id
        if alike:
            return ""
        same = [c for c in self.classes.values() if c.year == self.target.year and c.name == old.name]
        return same[0].id if same else ""


def moved(form: Form, values: Mapping[str, Any], move: Move) -> dict[str, Any]:
    """A whole form's answers in the new week; rows get ids of their own when they are read."""
    carried = _carried(form.fields, values, move)
    for part in form.fields:
        if isinstance(part, Repeated):
            settle(part, carried[part.name], move)
    return carried


def moved_row(part: Repeated, row: Mapping[str, Any], move: Move) -> dict[str, Any]:
    """One row (a lesson) in the new week."""
    return _carried(part.fields, row, move)


def _carried(fields: Iterable[Field], values: Mapping[str, Any], move: Move) -> dict[str, Any]:
    subject = next((str(values.get(f.name) or "") for f in fields if f.kind == "subject"), "")
    carried: dict[str, Any] = {}
    for part in fields:
        value = values.get(part.name)
        if isinstance(part, Repeated):
            rows = value if isinstance(value, list) else []
            carried[part.name] = [
                _carried(part.fields, row, move) for row in rows if isinstance(row, Mapping)
            ]
        elif part.kind == "week":
            carried[part.name] = move.week(str(value or ""))
        elif part.kind == "day":
            carried[part.name] = move.day(str(value or ""))
        elif part.kind == "class":
            carried[part.name] = move.class_of(str(value or ""), subject)
        else:
            carried[part.name] = value
    return carried


def settle(
    part: Repeated, rows: list[dict[str, Any]], move: Move, taken: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Give rows the days on which the timetable has their class and subject, in the order they stand.

    A row whose day fits keeps it; a subject the timetable does not have stays on its weekday. Rows of more
    than one period take so many places, rows that name their period get one of the timetable's; `taken` are
    rows that stand already and keep theirs. A table of periods is then in the order of the week.
    """
    kinds = {f.kind: f.name for f in part.fields}
    if not {"day", "class", "subject"} <= kinds.keys() or not move.timetable:
        return
    single = {"session", "period"} <= {f.name for f in part.fields}
    asked = [kinds["class"], kinds["subject"], kinds["day"], *(("session", "period") if single else ())]
    free = Counter(_place(slot, single) for slot in move.timetable)
    for row in taken:
        free[tuple(row.get(name) for name in asked)] -= _periods(row)
    waiting = []
    for row in rows:
        place = tuple(row[name] for name in asked)
        if free[place] > 0:
            free[place] -= _periods(row)
        else:
            waiting.append(row)
    order = list(dict.fromkeys(_place(slot, single) for slot in move.timetable))
    for row in waiting:
        found = next((p for p in order if free[p] > 0 and p[:2] == (row[asked[0]], row[asked[1]])), None)
        if found is not None:
            row |= dict(zip(asked, found, strict=True))
            free[found] -= _periods(row)
    if single:
        rows.sort(key=_taught(part, kinds["day"]))


def _taught(part: Repeated, day: str) -> Callable[[Mapping[str, Any]], tuple[str, int, int]]:
    """Periods in the order of the week; what has no day stands last."""
    sessions = next(list(f.among) for f in part.fields if isinstance(f, Choice) and f.name == "session")

    def place(row: Mapping[str, Any]) -> tuple[str, int, int]:
        session, period = row.get("session"), row.get("period")
        rank = sessions.index(session) if session in sessions else len(sessions)
        return row.get(day) or "~", rank, period if isinstance(period, int) else 0

    return place


def _place(slot: Slot, single: bool) -> tuple[Any, ...]:
    """What a row must say to stand in this period."""
    place = (slot.class_id, slot.subject, slot.day.isoformat())
    return (*place, slot.session, slot.number) if single else place


def _periods(row: Mapping[str, Any]) -> int:
    value = row.get("periods")
    return value if isinstance(value, int) and 0 < value <= 10 else 1
