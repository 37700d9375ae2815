"""What a spot check would probably find missing, worked out from the story alone.

Of a day with lessons is spoken from 16:00 of the last working day before until 17:00 of the day itself: to
the teacher the day before and again from 06:30, to the head of the group from 06:30. A flag stands from the
look that finds a lack to the look that does not find it any more. Looks are due every few minutes; whoever
becomes the leader looks at once, too, and who that is at a step nobody can know before. So a flag comes and
goes at the look that is due, or at any step since the one before at which a new leader would have seen it.
Nothing of the product is imported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tests.year.acts import Person, Story, then
from tests.year.after import Downloads, Prints
from tests.year.days import DAY, HOUR, MINUTE, PLAN, TEACHER, midnight
from tests.year.lessons import has_lessons
from tests.year.oracle import FlagRow, limit_of
from tests.year.papers import PRINT, Paper, Papers, covering
from tests.year.telling import Notice

RULE, TO_HEAD = "spot-check", "spot-check-head"
EVE, MORNING, OVER = 16 * HOUR, 6 * HOUR + 30 * MINUTE, 17 * HOUR
AHEAD = 16
LOOK_TAKES = timedelta(minutes=3)
"""Until another server has taken over from one that was killed."""
NOT_APPROVED = ("none", "draft", "waiting")


@dataclass(frozen=True)
class Lack:
    """What a teacher would lack on a day: of a kind, in a state."""

    who: Person
    day: date
    week: int
    kind: str
    state: str

    @property
    def key(self) -> tuple[str, date, str, str]:
        """Of its flag: that nothing is approved is one matter, whatever the state."""
        return self.who.name, self.day, self.kind, self.flagged

    @property
    def flagged(self) -> str:
        return "not-approved" if self.state in NOT_APPROVED else self.state


class Seen(NamedTuple):
    """That something is so now: seen by the look that is due, at the soonest by a new leader's before."""

    soonest: datetime
    due: datetime


@dataclass
class Spell:
    """A flag: from which look to which it stood, once or again."""

    lack: Lack
    spans: list[list[Seen]] = field(default_factory=list)

    def is_open(self) -> bool:
        return len(self.spans[-1]) == 1

    def ended(self, when: datetime) -> bool:
        """Was it there and is resolved?"""
        begun = [span for span in self.spans if span[0].due <= when]
        return bool(begun) and len(begun[-1]) > 1 and begun[-1][1].due <= when

    def stands(self, when: datetime) -> bool:
        return self.spans[0][0].due <= when and not self.ended(when)

    def row(self) -> FlagRow:
        lack, first, last = self.lack, self.spans[0][0], self.spans[-1]
        name = lack.who.name
        debtor = f"{name}/{lack.flagged}/{lack.day}"
        resolved = None if self.is_open() else (last[1].soonest, last[1].due + LOOK_TAKES)
        due = midnight(lack.day) + MORNING
        by = first.due + LOOK_TAKES
        return FlagRow(RULE, lack.kind, debtor, lack.week, name, due, first.soonest, resolved, by)


class SpotChecks:
    """All of the year: the flags by the looks at what holds, the notices by the looks at what is to tell."""

    def __init__(
        self, story: Story, papers: Papers, steps: Sequence[datetime], looks: Collection[datetime]
    ) -> None:
        """`steps`: when a server was awake; `looks`: those of them at which a look at what holds is due."""
        self.story, self._papers = story, papers
        self._covering: dict[tuple[str, str, int], list[Paper]] = {}
        self._told: set[tuple[str, str, date, str]] = set()
        self._last: tuple[datetime, Mapping[tuple[Person, date], list[Lack]]] | None = None
        self.spells: dict[tuple[str, date, str, str], Spell] = {}
        self._open: dict[tuple[str, date, str, str], Lack] = {}
        soonest: dict[tuple[str, date, str, str], datetime] = {}
        for step in steps:
            changed = self._changed(step)
            soonest = {key: soonest.get(key, step) for key in changed}
            if step in looks:
                for key, lack in changed.items():
                    self._turn(key, lack, Seen(soonest[key], step))
                soonest = {}

    def _changed(self, now: datetime) -> Mapping[tuple[str, date, str, str], Lack]:
        """What lacks and has no flag, or has one and does not lack any more."""
        found = {lack.key: lack for lacks in self.lacks(now).values() for lack in lacks}
        new = {key: lack for key, lack in found.items() if key not in self._open}
        return new | {key: lack for key, lack in self._open.items() if key not in found}

    def _turn(self, key: tuple[str, date, str, str], lack: Lack, seen: Seen) -> None:
        spell = self.spells.setdefault(key, Spell(lack))
        if self._open.pop(key, None):
            spell.spans[-1].append(seen)
        else:
            spell.spans.append([seen])
            self._open[key] = lack

    def rows(self) -> Iterator[FlagRow]:
        yield from (spell.row() for spell in self.spells.values())

    def standing(self, now: datetime) -> int:
        """How many flags stand."""
        return sum(spell.stands(now) for spell in self.spells.values())

    # --- what is lacking --------------------------------------------------------------------------------

    def lacks(self, now: datetime) -> Mapping[tuple[Person, date], list[Lack]]:
        """Of everybody, on the days that are spoken of now."""
        if self._last is None or self._last[0] != now:
            self._last = now, self._lacks(now)
        return self._last[1]

    def _lacks(self, now: datetime) -> Mapping[tuple[Person, date], list[Lack]]:
        days = [day for n in range(AHEAD + 1) if self._spoken_of(day := now.date() + n * DAY, now)]
        people = [p for p in self.story.teachers if p.since <= now and not (p.until and p.until <= now)]
        found: dict[tuple[Person, date], list[Lack]] = {}
        for day in days:
            away = self.story.away(now, day)
            for person in people:
                there = person.name not in away and has_lessons(person, day, now)
                if mine := list(self._of(person, day, now)) if there else []:
                    found[person, day] = mine
        return found

    def _spoken_of(self, day: date, now: datetime) -> bool:
        return midnight(_before(day, now)) + EVE <= now < midnight(day) + OVER

    def _of(self, person: Person, day: date, now: datetime) -> Iterator[Lack]:
        week = then(now).week_of(day)
        assert week is not None
        for kind in (TEACHER, PLAN):
            state = self._state(person, kind, week, now)
            if state in NOT_APPROVED and person.since >= limit_of(kind, week, now):
                continue  # not owed
            if state:
                yield Lack(person, day, week, kind, state)

    def _state(self, person: Person, kind: str, week: int, now: datetime) -> str:
        """Empty where nothing is lacking."""
        key = kind, person.name, week
        if key not in self._covering:
            self._covering[key] = covering(self._papers[key[:2]], week)
        stages = [(paper, paper.stage(now)) for paper in self._covering[key]]
        approved = [paper for paper, stage in stages if stage == "approved"]
        if any(_at_hand(paper, now) for paper in approved):
            return ""
        if approved:
            return "not-printed" if kind == TEACHER or approved[0].broken(now) else "not-kept"
        there = {stage for _, stage in stages}
        return next((stage for stage in ("waiting", "draft") if stage in there), "none")

    # --- what is told -----------------------------------------------------------------------------------

    def tell(self, now: datetime) -> Iterator[Notice]:
        """What was not told before."""
        groups: dict[tuple[int, date], list[Person]] = {}
        for (person, day), lacks in self.lacks(now).items():
            is_eve, begun = now < midnight(day), now >= midnight(day) + MORNING
            said = f"{day:%d/%m}: " + "; ".join(f"{lack.kind} {lack.week} {lack.state}" for lack in lacks)
            over = midnight(day) + (timedelta(0) if is_eve else OVER)
            if is_eve or begun:
                yield from self._once(person.name, RULE, day, "eve" if is_eve else "", said, over, lacks, now)
            if begun:
                groups.setdefault((person.grade, day), []).append(person)
        for (grade, day), people in groups.items():
            yield from self._to_head(grade, day, people, now)

    def _to_head(self, grade: int, day: date, people: Sequence[Person], now: datetime) -> Iterator[Notice]:
        away, lacks = self.story.away(now, day), self.lacks(now)
        head = next(
            (who for who in self.story.leaders(grade, now) if who not in away), None
        )  # or the deputy while the head is away
        others = [person for person in people if person.name != head]
        if head is None or not others:
            return
        said = f"{day:%d/%m}: " + ", ".join(sorted(person.name for person in others))
        of = [lack for person in others for lack in lacks[person, day]]
        yield from self._once(head, TO_HEAD, day, str(grade), said, midnight(day) + OVER, of, now)

    def _once(
        self,
        who: str,
        what: str,
        day: date,
        which: str,
        said: str,
        over: datetime,
        lacks: Sequence[Lack],
        now: datetime,
    ) -> Iterator[Notice]:
        key = who, what, day, which
        if key in self._told:
            return
        self._told.add(key)
        notice = Notice(who, "spot-check", what, said, 0, now, f"{key}", waits=False)
        keys = [lack.key for lack in lacks]
        notice.true = lambda when: when < over and not all(self._ended(one, when) for one in keys)
        yield notice

    def _ended(self, key: tuple[str, date, str, str], when: datetime) -> bool:
        return key in self.spells and self.spells[key].ended(when)


def _before(day: date, now: datetime) -> date:
    """The last day before on which people work, in a break too."""
    known = then(now)
    day -= DAY
    while not known.works(day):
        day -= DAY
    return day


def _at_hand(paper: Paper, now: datetime) -> bool:
    """On paper, or a lesson plan's file on a laptop that works. Only a word for paper is paper."""
    kept, broken = paper.did(Downloads, now), paper.broken(now)
    printed = paper.met(PRINT, now) and (kept or paper.did(Prints, now))
    return printed or (kept and paper.sent.kind == PLAN and not broken)
