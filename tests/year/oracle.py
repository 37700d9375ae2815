"""What must stand and be told at the end of the year, worked out from the story alone.

Own arithmetic, person by person and week by week, by the rules in words: *missing* from the limit until the
first signature; *late* when that signature came at the limit or after. Who reads what in which mail follows
in `telling.py`, what holds while a fact holds in `facts.py`. Nothing of the product is imported.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import NamedTuple

from tests.year.acts import CHANGES, MOMENTS, Story, Waives, known, known_since, then
from tests.year.days import DAY, PLAN, TEACHER, TEAM, WEEKS
from tests.year.papers import Paper, Papers, covering
from tests.year.telling import ASKS, HEAD, OWES, PRINCIPAL, Moment, Notice, to_tell

TELL_WITHIN = 7 * DAY
BEFORE, AFTER = 21 * DAY, 35 * DAY
"""So long around a limit something may be reminded of, over Tết too."""


class FlagRow(NamedTuple):
    """A flag as it must stand at the end. `resolved`: None open; else from and to, the same when exact.

    `by`: where `opened` is the soonest, the last instant at which it may have opened.
    """

    rule: str
    kind: str
    debtor: str
    week: int
    account: str
    due: datetime
    opened: datetime
    resolved: tuple[datetime, datetime] | None
    by: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.rule, self.kind, self.debtor, self.week


@cache
def _limit(kind: str, week: int, since: datetime) -> datetime:
    return known(since).limit(kind, week)


def limit_of(kind: str, week: int, when: datetime) -> datetime:
    """The first instant too late for a week, as far as is known then."""
    return _limit(kind, week, known_since(when))


@dataclass
class Case:
    """One who owes, one kind of record, one week."""

    story: Story
    looks: Sequence[datetime]
    kind: str
    debtor: str
    grade: int
    week: int
    papers: list[Paper]
    since: datetime
    until: datetime | None
    flags: dict[str, FlagRow] = field(default_factory=dict)
    found: list[tuple[datetime, Notice]] = field(default_factory=list)
    """Notices of flags, each with the look that finds it."""
    waived: datetime | None = None
    reminded: set[tuple[str, str, tuple[int, int], datetime]] = field(default_factory=set)

    def account(self, when: datetime) -> str:
        return self.story.head(self.grade, when) if self.kind == TEAM else self.debtor

    def limit(self, when: datetime) -> datetime:
        return limit_of(self.kind, self.week, when)

    def owes(self, when: datetime) -> bool:
        if self.since >= self.limit(when) or (self.until and self.until <= when):
            return False
        return self.kind == TEAM or then(when).teaches(self.grade, self.week)

    def covering(self, when: datetime) -> Paper | None:
        """The first that covers the week and stands."""
        return min((p for p in self.papers if p.stands(when)), key=lambda p: p.sent.at, default=None)

    # --- flags ------------------------------------------------------------------------------------------

    def run(self) -> None:
        """All flags, instant by instant."""
        for when in self.moments():
            self._missing(when)
            self._late(when)

    def moments(self) -> list[datetime]:
        """Every instant at which something may change."""
        found = {self.limit(change) for change in MOMENTS} | {change.at for change in CHANGES}
        for paper in self.papers:
            found |= {paper.sent.at} | ({paper.gone} if paper.gone else set())
        found |= {h.since for h in self.story.heads} | ({self.until} if self.until else set())
        return sorted(when for when in found if when <= self.story.end)

    def is_missing(self, when: datetime) -> bool:
        """Past its limit, and nothing covers it."""
        return self.limit(when) <= when and self.owes(when) and self.covering(when) is None

    def is_late(self, when: datetime) -> bool:
        """What begins with this week came at its limit or after."""
        paper = self._begun(when)
        return paper is not None and paper.sent.at >= paper.held

    def _begun(self, when: datetime) -> Paper | None:
        begun = [p for p in self.papers if p.stands(when) and p.sent.first == self.week]
        return min(begun, key=lambda p: p.sent.at, default=None)

    def _missing(self, when: datetime) -> None:
        limit, paper, row = self.limit(when), self.covering(when), self.flags.get("missing")
        holds = limit <= when and self.owes(when)
        if holds and paper is not None and paper.sent.at < max(limit, paper.held):
            holds = False
        if not holds:
            self._end("missing", when)
            return
        signed = None if paper is None else (paper.sent.at, paper.sent.at)
        if row and row.resolved and signed:
            return  # past and told
        self._put("missing", when, self.account(when), limit, limit, signed)

    def _late(self, when: datetime) -> None:
        paper, row = self._begun(when), self.flags.get("late")
        if paper is None or paper.sent.at < paper.held:
            self._end("late", when)
        elif row is None or row.resolved or row.opened != paper.sent.at:
            self._put("late", when, paper.sent.who, paper.held, paper.sent.at, None)

    def _put(
        self,
        rule: str,
        when: datetime,
        account: str,
        due: datetime,
        opened: datetime,
        resolved: tuple[datetime, datetime] | None,
    ) -> None:
        row = self.flags.get(rule)
        self.flags[rule] = FlagRow(rule, self.kind, self.debtor, self.week, account, due, opened, resolved)
        if resolved is None and (row is None or row.resolved):
            self._tell(rule, when, account, opened)

    def _end(self, rule: str, when: datetime) -> None:
        """What a change of rules or calendar or a farewell ends, at once; anything else by the next looks."""
        row = self.flags.get(rule)
        if row and row.resolved is None:
            at_once = when == self.until or any(change.at == when for change in CHANGES)
            last = when if at_once else when + 8 * DAY
            self.flags[rule] = row._replace(resolved=(when, last))

    def _tell(self, rule: str, when: datetime, account: str, opened: datetime) -> None:
        """Once a flag and person, unless the fact is a week old or over when it is found."""
        found, true = first_look(self.looks, when), self.is_missing if rule == "missing" else self.is_late
        once = not any(n.who == account and n.what == rule for _, n in self.found)
        if found is not None and once and opened > found - TELL_WITHIN and true(found):
            notice = self._notice(account, "flag", rule, found)
            notice.true = lambda now: true(now) and self.reached(now) and self.open_(now)
            self.found.append((found, notice))

    def reached(self, when: datetime) -> bool:
        return not (self.until and self.until <= when)

    def open_(self, when: datetime) -> bool:
        """Nobody has waived what is missing."""
        return self.waived is None or when < self.waived

    def _notice(self, who: str, heading: str, what: str, due: datetime) -> Notice:
        fact = f"{self.kind}:{self.debtor}:{self.week}"
        return Notice(who, heading, what, self.kind, self.week, due, fact)

    # --- reminders --------------------------------------------------------------------------------------

    def near(self) -> tuple[datetime, datetime]:
        """Between which instants something may be reminded of."""
        limits = {self.limit(moment) for moment in MOMENTS}
        return min(limits) - BEFORE, max(limits) + AFTER

    def remind(self, when: datetime) -> Iterator[Notice]:
        """What is to be told at this look and was not told before."""
        if self.covering(when) is not None or not self.owes(when):
            return
        limit = self.limit(when)
        for moment in to_tell(ASKS[self.kind], limit, when):
            for who in self._told(moment, when):
                told = who, moment.to, moment.code, limit
                if told not in self.reminded:
                    self.reminded.add(told)
                    yield self._reminder(who, moment, limit)

    def _told(self, moment: Moment, when: datetime) -> list[str]:
        account, away = self.account(when), self.story.away(when)
        if moment.to == OWES:
            return [] if account in away else [account]
        post = {HEAD: self.story.head(self.grade, when), PRINCIPAL: "hieu-truong"}.get(moment.to, "pho")
        who = away.get(post, post)
        return [] if who == account else [who]

    def _reminder(self, who: str, moment: Moment, limit: datetime) -> Notice:
        if moment.to != OWES:
            notice = self._notice(who, "escalation", "escalation", moment.at)
            notice.fact, notice.name = f"{self.kind}:{self.week}", self.debtor
            notice.true = lambda now: self.covering(now) is None and self.open_(now)
            return notice
        what = "overdue" if moment.after else "reminder"
        notice = self._notice(who, what, what, moment.at)
        notice.limit = None if moment.after else limit
        notice.true = partial(self._unsigned, None if moment.after else limit)
        return notice

    def _unsigned(self, limit: datetime | None, now: datetime) -> bool:
        in_time = limit is None or now < limit
        return in_time and self.covering(now) is None and self.reached(now) and self.open_(now)


def first_look(looks: Sequence[datetime], when: datetime) -> datetime | None:
    """The first at which a server is awake."""
    place = bisect_left(looks, when)
    return looks[place] if place < len(looks) else None


def cases_of(story: Story, looks: Sequence[datetime], papers: Papers) -> list[Case]:
    """Everyone who owes, with every kind and week."""
    waived = {(act.kind, act.who, act.week): act.at for act in story.acts if isinstance(act, Waives)}
    found = []
    for kind in (PLAN, TEACHER, TEAM):
        debtors = [(p.name, p.grade, p.since, p.until) for p in story.teachers]
        if kind == TEAM:
            grades = sorted({h.grade for h in story.heads})
            debtors = [
                (f"group {n}", n, story.person(story.head(n, story.begin)).since, None) for n in grades
            ]
        for name, grade, since, until in debtors:
            for week in range(1, WEEKS + 1):
                mine = covering(papers[kind, name], week)
                case = Case(story, looks, kind, name, grade, week, mine, since, until)
                case.waived = waived.get((kind, name, week))
                found.append(case)
    return found
