"""The story's timetables: who teaches on which weekdays, from which day on. Pure.

Imports nothing of the product.
"""

from __future__ import annotations

from datetime import date, datetime

from tests.year.acts import FIRST_DAY, NewTimetable, Person, at, then

TIMETABLES = (FIRST_DAY, date(2028, 2, 16))
"""The days from which they hold; the second begins on a Wednesday."""
ENTERED = NewTimetable(at(2028, 2, 14, 10, 0), TIMETABLES[1])


def weekdays(who: str, since: date) -> frozenset[int]:
    """On which a teacher has lessons in a timetable: four days in the first, three in the second."""
    number = int(who.removeprefix("gv"))
    free = {number % 5} if since == TIMETABLES[0] else {(number + 1) % 5, (number + 3) % 5}
    return frozenset(range(5)) - free


def has_lessons(person: Person, day: date, when: datetime) -> bool:
    """Does this teacher teach on a day, as far as is known at an instant?"""
    known = then(when)
    if known.week_of(day) is None:
        return False
    entered = TIMETABLES if when >= ENTERED.at else TIMETABLES[:1]
    holds = [since for since in entered if since <= day]
    return bool(holds) and known.taught_as(day, person.grade) in weekdays(person.name, holds[-1])
