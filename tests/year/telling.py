"""Who is to read what in a mail of which day, worked out from the story alone: rules, digests, quiet hours.

The reminders are those of the types (`docs/` says them in words), the hours the standard ones: a digest at
07:00 of working days, one a person and day; what cannot wait at once, from 06:00 to 20:00. Nothing of the
product is imported.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from tests.year.acts import known_since, then
from tests.year.days import DAY, HOUR, PLAN, TEACHER, TEAM, midnight

STALE = 7 * DAY
DIGEST, WAKING, QUIET = 7 * HOUR, 6, 20
SECOND = timedelta(seconds=1)


class Told(NamedTuple):
    """One line of a mail: to whom, of what, on which day."""

    who: str
    what: str
    """reminder, overdue, escalation, a flag's rule, delegation, rule, weekly ..."""
    kind: str
    week: int
    day: date
    names: int = 0
    """Of how many people an escalation speaks."""


# --- moments --------------------------------------------------------------------------------------------

OWES, HEAD, VICE, PRINCIPAL = "owes", "head", "vice", "principal"


class Ask(NamedTuple):
    """A rule: days from the last day in time (before it: negative), whom, and again every so many days."""

    days: int
    to: str = OWES
    every: int = 0
    times: int = 1


ASKS = {
    PLAN: (Ask(-1), Ask(0), Ask(1, every=1, times=3), Ask(2, HEAD), Ask(4, PRINCIPAL)),
    TEACHER: (Ask(-3), Ask(0), Ask(1, every=2, times=3), Ask(3, HEAD), Ask(7, PRINCIPAL)),
    TEAM: (Ask(-3), Ask(0), Ask(1, every=2, times=3), Ask(2, VICE), Ask(7, PRINCIPAL)),
}


REVIEWS = Ask(0), Ask(1, every=1, times=3), Ask(2, PRINCIPAL)
"""Of a lesson plan that waits to be decided on."""


class Moment(NamedTuple):
    """From when on someone is to be told; `after`: the limit has passed then."""

    at: datetime
    to: str
    after: bool
    code: tuple[int, int]


@cache
def moments(asks: tuple[Ask, ...], limit: datetime, since: datetime) -> list[Moment]:
    """All of a limit, by what is known since then: on working days, one a recipient and day and side.

    A post above is told on a later working day than whoever is told first, however many days off there are.
    """
    works = then(since).at_school
    last = (limit - SECOND).date()
    before: dict[tuple[str, date], Moment] = {}
    after: dict[tuple[str, date], Moment] = {}
    told_first: list[tuple[Ask, date]] = []
    for ask in sorted(asks):
        day = last + min(ask.days, 0) * DAY
        if ask.days <= 0:
            while not works(day) or midnight(day) + DIGEST >= limit:
                day -= DAY
            before[ask.to, day] = Moment(midnight(day) + DIGEST, ask.to, False, (ask.days, 0))
            continue
        lower = [there for one, there in told_first if one.days < ask.days and one.to != ask.to]
        for number in range(ask.times):
            day += (ask.every if number else ask.days) * DAY
            while not works(day) or (not number and any(day <= there for there in lower)):
                day += DAY
            if not number:
                told_first.append((ask, day))
            there = Moment(midnight(day) + DIGEST, ask.to, True, (ask.days, number))
            after.setdefault((ask.to, day), there)
    return sorted([*before.values(), *after.values()])


def to_tell(
    asks: tuple[Ask, ...], limit: datetime, now: datetime, opened: datetime | None = None
) -> list[Moment]:
    """Of each recipient the last that has come since the matter arose, and still means something."""
    latest: dict[str, Moment] = {}
    for moment in moments(asks, limit, known_since(now)):
        stale = (moment.after and moment.at <= now - STALE) or (opened is not None and moment.at <= opened)
        if moment.at <= now and moment.after == (now >= limit) and not stale:
            latest[moment.to] = moment
    return list(latest.values())


# --- mails ----------------------------------------------------------------------------------------------


@dataclass
class Notice:
    """What is to be told, from `due` on, if it is `true` then. `fact`: what it is about, said once a mail."""

    who: str
    heading: str
    what: str
    kind: str
    week: int
    due: datetime
    fact: str
    true: Callable[[datetime], bool] = lambda _now: True
    waits: bool = True
    limit: datetime | None = None
    name: str = ""
    record: str = ""
    """Of which it asks for a decision: that it waits is said with a reminder of it."""


@dataclass
class Post:
    """What waits for each person, and what went."""

    told: Counter[Told] = field(default_factory=Counter)
    _waiting: dict[str, list[Notice]] = field(default_factory=lambda: defaultdict(list))
    _had: set[tuple[str, date]] = field(default_factory=set)

    def add(self, notice: Notice) -> None:
        self._waiting[notice.who].append(notice)

    def send(self, now: datetime) -> None:
        """What goes at this instant."""
        for who, notices in self._waiting.items():
            ready: list[tuple[Notice, bool]] = []
            for notice in notices:
                if notice.due <= now:
                    notice.due, digest = self._goes(notice, now)
                    if notice.due <= now:
                        ready.append((notice, digest))
            if ready:
                gone = {id(notice) for notice, _ in ready}
                self._waiting[who] = [n for n in notices if id(n) not in gone]
                true = [(notice, digest) for notice, digest in ready if notice.true(now)]
                if any(digest for _, digest in true):
                    self._had.add((who, now.date()))
                self.told += Counter(_lines([n for n, _ in true], now.date()))

    def _goes(self, notice: Notice, now: datetime) -> tuple[datetime, bool]:
        """When a notice goes, and whether with the day's digest."""
        if not notice.waits:
            return _awake(now), False
        when, today = _digest(notice.due, now), now.date()
        if when <= now:
            open_today = then(now).at_school(today) and midnight(today) + DIGEST <= now
            had = (notice.who, today) in self._had
            if open_today and not had and _awake(now) == now:
                return now, True
            when = _digest(midnight(today) + DAY if open_today and had else now, now)
        if notice.limit is not None and now < notice.limit <= when:
            return _awake(now), False
        return when, True


def _digest(since: datetime, now: datetime) -> datetime:
    """The first digest from an instant on, as far as is known now."""
    day = since.date()
    while not then(now).at_school(day) or midnight(day) + DIGEST < since:
        day += DAY
    return midnight(day) + DIGEST


def _awake(now: datetime) -> datetime:
    if now.hour >= QUIET:
        return midnight(now.date() + DAY) + WAKING * HOUR
    return max(now, midnight(now.date()) + WAKING * HOUR)


def _lines(notices: list[Notice], day: date) -> Iterator[Told]:
    """Each fact once under a heading; past its limit says more than soon due, and than the flag itself."""
    said: dict[tuple[str, str], list[Notice]] = defaultdict(list)
    reminded = {n.record for n in notices if n.heading in ("reminder", "overdue")} - {""}
    for notice in notices:
        if notice.heading != "waiting" or notice.record not in reminded:
            said[notice.heading, notice.fact].append(notice)
    for (heading, fact), same in said.items():
        if heading in ("flag", "reminder") and ("overdue", fact) in said:
            continue
        last = same[-1]
        names = len({notice.name for notice in same if notice.name})
        yield Told(last.who, last.what, last.kind, last.week, day, names)
