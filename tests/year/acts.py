"""What a story is made of: people, what they do when, what changes in mid-year, what is known when. Pure.

School year 2027-2028, which has a 29 February and a Tết break in January. Imports nothing of the product.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, cached_property

import holidays

from tests.year.after import Approves, Downloads, Laptop, Prints, UsesLaptop
from tests.year.days import (
    DAY,
    HANOI,
    PLAN,
    TEAM,
    Known,
    Rule,
    Set,
    midnight,
    numbered,
)

FIRST_DAY = date(2027, 9, 6)
TET_BREAK = date(2028, 1, 24)
BEGIN, END = (datetime(*day, 8, tzinfo=HANOI) for day in ((2027, 8, 16), (2028, 5, 27)))
FOUNDED = datetime(2027, 8, 1, 9, tzinfo=HANOI)
"""Accounts are made and get their passwords."""
GRADES = 5
STAFF = 4
CLERK = "van-thu"
"""Never changes the password that was given out, does not sign in for some weeks, has a key that expires."""
SIGNERS = 4
"""Teachers some of whose lesson plans go the whole way; making a key takes longer than signing with it."""


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=HANOI)


# --- people ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    """A member of staff; teachers belong to the group of their grade."""

    name: str
    role: str
    grade: int = 0
    since: datetime = FOUNDED
    until: datetime | None = None

    @property
    def given(self) -> bool:
        """Is the first password one that was given out?"""
        return self.name == CLERK or self.since != FOUNDED

    @property
    def full_name(self) -> str:
        return f"Người {self.name}"


@dataclass(frozen=True)
class Heads:
    """Who leads a group from an instant on, and stands in."""

    grade: int
    head: str
    deputy: str
    since: datetime


# --- what happens ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sends:
    """A record is signed by its author, for one week or several. `real`: by the whole way, in the flows."""

    at: datetime
    who: str
    kind: str
    first: int
    last: int
    real: bool = False


@dataclass(frozen=True)
class Begins:
    """A lesson plan is drafted, to be sent the whole way; its lesson is on `day`."""

    at: datetime
    who: str
    week: int
    day: date


@dataclass(frozen=True)
class Decides:
    """Whoever's turn it is approves a lesson plan: the head, the principal, or who stands in."""

    at: datetime
    by: str
    who: str
    week: int


@dataclass(frozen=True)
class NewTimetable:
    """A timetable is entered that holds from a day on."""

    at: datetime
    since: date


@dataclass(frozen=True)
class SignIn:
    """People are seen on the pages."""

    at: datetime
    who: tuple[str, ...]


@dataclass(frozen=True)
class NewPassword:
    at: datetime
    who: str


@dataclass(frozen=True)
class Withdraws:
    """The author takes back what was sent last for a week."""

    at: datetime
    who: str
    kind: str
    first: int


@dataclass(frozen=True)
class Waives:
    """The principal waives what a teacher has not handed in."""

    at: datetime
    who: str
    kind: str
    week: int


@dataclass(frozen=True)
class Away:
    """A person hands their decisions to another for some days, both included."""

    at: datetime
    who: str
    to: str
    first: date
    last: date


@dataclass(frozen=True)
class DayOff:
    """Days without lessons are entered, for the school or one grade."""

    at: datetime
    first: date
    last: date
    reason: str
    grade: int = 0


@dataclass(frozen=True)
class MadeUp:
    """The lessons of a day are to be taught on another."""

    at: datetime
    day: date
    on: date


@dataclass(frozen=True)
class PutOff:
    """A week and all later ones begin a week later."""

    at: datetime
    week: int


@dataclass(frozen=True)
class NewRule:
    """The school sets a deadline of its own."""

    at: datetime
    kind: str
    since: date
    rule: Rule


@dataclass(frozen=True)
class Joins:
    at: datetime
    who: str


@dataclass(frozen=True)
class Leaves:
    at: datetime
    who: str


@dataclass(frozen=True)
class NewHead:
    at: datetime
    grade: int
    who: str


Change = DayOff | MadeUp | PutOff | NewRule
Done = Approves | Downloads | Prints | UsesLaptop | Laptop | SignIn | NewPassword
Plans = Away | Change | Joins | Leaves | NewHead | NewTimetable
Act = Sends | Begins | Decides | Done | Withdraws | Waives | Plans

CHANGES: tuple[Change, ...] = (
    DayOff(at(2027, 10, 6, 16, 30), date(2027, 10, 7), date(2027, 10, 8), "Nghỉ tránh bão"),
    MadeUp(at(2027, 10, 8, 9, 20), date(2027, 10, 7), date(2027, 10, 16)),
    DayOff(at(2027, 10, 20, 14, 0), date(2027, 11, 15), date(2027, 11, 19), "Khối 5 đi trải nghiệm", 5),
    NewRule(at(2027, 12, 20, 10, 0), PLAN, date(2028, 1, 10), Rule(5, working=True)),
    NewRule(at(2028, 2, 8, 10, 0), TEAM, date(2028, 2, 21), Rule(12)),
    DayOff(at(2028, 2, 21, 15, 0), date(2028, 3, 2), date(2028, 3, 2), "Hội khỏe Phù Đổng"),
    PutOff(at(2028, 3, 9, 10, 0), 27),
    MadeUp(at(2028, 3, 24, 14, 0), date(2028, 4, 4), date(2028, 4, 15)),
    DayOff(at(2028, 4, 10, 10, 30), date(2028, 4, 12), date(2028, 4, 13), "Nghỉ tránh bão"),
    DayOff(at(2028, 4, 19, 9, 30), date(2028, 4, 24), date(2028, 4, 28), "Khối 4 nghỉ dịch", 4),
)
"""Changes of calendar and rules in the order they are made."""

ASLEEP = (at(2027, 12, 3, 18, 0), at(2027, 12, 11, 8, 0))
"""Both servers sleep: eight days, so that something is older than a week when they wake."""


@dataclass(frozen=True)
class Story:
    """All of it."""

    seed: int
    people: tuple[Person, ...]
    heads: tuple[Heads, ...]
    acts: tuple[Act, ...]
    """In order of time."""
    begin: datetime = BEGIN
    end: datetime = END
    first_day: date = FIRST_DAY
    breaks: tuple[date, ...] = (TET_BREAK,)
    asleep: tuple[datetime, datetime] = ASLEEP

    def until(self, end: datetime) -> Story:
        """The same, told only so far: who leaves later has not left."""
        people = tuple(
            replace(one, until=None) if one.until and one.until >= end else one for one in self.people
        )
        return replace(self, end=end, people=people, acts=tuple(act for act in self.acts if act.at < end))

    @property
    def teachers(self) -> list[Person]:
        return [person for person in self.people if person.role == "teacher"]

    def person(self, name: str) -> Person:
        return next(one for one in self.people if one.name == name)

    def away(self, when: datetime, day: date | None = None) -> dict[str, str]:
        """Who is away on a day (that of the instant), and who stands in, as far as is said by then."""
        on = day or when.date()
        return {a.who: a.to for a in self._absences if a.at <= when and a.first <= on <= a.last}

    @cached_property
    def _absences(self) -> list[Away]:
        return [act for act in self.acts if isinstance(act, Away)]

    def head(self, grade: int, when: datetime) -> str:
        return self.leaders(grade, when)[0]

    def leaders(self, grade: int, when: datetime) -> tuple[str, str]:
        """Head and deputy of a group."""
        last = [h for h in self.heads if h.grade == grade and h.since <= when][-1]
        return last.head, last.deputy


@cache
def public_holidays() -> frozenset[date]:
    """Straight from the library."""
    return frozenset(holidays.country_holidays("VN", years=(2027, 2028)))


@cache
def known(when: datetime) -> Known:
    """The calendar and the rules at an instant; to be read alone."""
    found = Known(numbered(FIRST_DAY, {TET_BREAK}), off=set(public_holidays()))
    for change in CHANGES:
        if change.at > when:
            break
        before = found.limits()
        match change:
            case DayOff(grade=0):
                found.off |= {change.first + n * DAY for n in range((change.last - change.first).days + 1)}
            case DayOff():
                found.some_off.append((change.first, change.last, change.grade))
            case MadeUp():
                found.off.add(change.day)
                found.made_up.add(change.on)
                found.moved[change.on] = change.day
            case PutOff():
                later = {n: m + 7 * DAY for n, m in found.mondays.items() if n >= change.week}
                found.mondays |= later
            case NewRule():
                found.rules.append(Set(change.at, change.kind, change.since, change.rule))
        # never less than the rest of the day and the next, nor more than there was
        least = midnight(change.at.date() + 2 * DAY)
        floors = {key: min(was, least) for key, was in before.items() if was > change.at}
        after = found.limits()
        found.kept |= {key: floor for key, floor in floors.items() if after[key] < floor}
    return found


MOMENTS = (BEGIN, *(change.at for change in CHANGES))
"""From each of them on something else is known."""


def known_since(when: datetime) -> datetime:
    """Since when that is known which is known at an instant."""
    return MOMENTS[max(bisect_right(MOMENTS, when) - 1, 0)]


def then(when: datetime) -> Known:
    """What is known at an instant."""
    return known(known_since(when))


IDLE = {
    CLERK: (date(2027, 10, 20), date(2027, 12, 2)),
    "quan-tri": (date(2028, 2, 16), date(2028, 4, 6)),
}
"""Who is not seen between two days: once over a week asleep, once over a break."""
EXPIRES = at(2028, 4, 20, 10, 0)
"""The clerk's certificate."""
GIVEN_TIME = 10 * DAY
"""Who joins changes the password that was given out after so long."""
