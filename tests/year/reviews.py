"""Whom a lesson plan on the whole way waits for, until when, and what is told of it. Nothing of the product.

The head of the group has until noon, the principal until 17:00 of the Friday before the week, and a day at
least; the vice principal may decide instead of the principal, and both learn that it waits. Who is away is
not asked: whoever stands in is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tests.year.acts import Story, then
from tests.year.days import DAY, HOUR, PLAN, midnight
from tests.year.papers import Paper, Papers
from tests.year.telling import OWES, REVIEWS, Moment, Notice, to_tell

FRIDAY = 4
STEPS = (("group_review", 12 * HOUR), ("principal_approval", 17 * HOUR))


@dataclass(frozen=True)
class Turn:
    """A step of a record: since when it waits and until when it should, when it was over and by whom."""

    paper: Paper
    step: str
    opened: datetime
    due: datetime
    over: datetime | None
    by: str

    @property
    def debtor(self) -> str:
        return f"{self.paper.sent.who}/{self.step}"

    @property
    def week(self) -> int:
        return self.paper.sent.first

    def waits(self, now: datetime) -> bool:
        return self.over is None or now < self.over


def turns(story: Story, paper: Paper) -> Iterator[Turn]:
    """The steps that were reached, in order."""
    opened = paper.sent.at
    for (step, hour), decision in zip(STEPS, [*paper.decisions, None], strict=False):
        friday = midnight(then(opened).mondays[paper.sent.first] - 7 * DAY + FRIDAY * DAY)
        due = max(friday + hour, opened + DAY)
        over = decision.at if decision else None
        by = decision.by if decision else deciding(story, paper, step, opened)[0]
        yield Turn(paper, step, opened, due, over, by)
        if over is None:
            break
        opened = over


def deciding(story: Story, paper: Paper, step: str, when: datetime) -> list[str]:
    """For whom a step waits at an instant."""
    away = story.away(when)
    if step == "group_review":
        head = story.head(story.person(paper.sent.who).grade, when)
        return [away.get(head, head)]
    return ["pho"] if "hieu-truong" in away else ["hieu-truong", "pho"]


def overdue_fact(debtor: str, week: int, account: str) -> str:
    """What both a flag and a reminder of a late review are about."""
    return f"{debtor}:{week}:{account}"


class Reviews:
    """What is told of the records on the whole way."""

    def __init__(self, story: Story, papers: Papers) -> None:
        self.story = story
        self.turns = [t for of in papers.values() for p in of if p.sent.real for t in turns(story, p)]
        self._told: set[tuple[str, str, int, str, tuple[int, int]]] = set()

    def overdue(self, now: datetime) -> int:
        """How many are past their time."""
        return sum(turn.due <= now and turn.opened <= now and turn.waits(now) for turn in self.turns)

    def decided(self) -> Iterator[Notice]:
        """What is told with a signature: whose turn it is, and that it is approved."""
        for turn in self.turns:
            for who in deciding(self.story, turn.paper, turn.step, turn.opened):
                notice = self._notice(turn, who, "waiting", "waiting", turn.opened)
                notice.true, notice.limit = turn.waits, turn.due
                yield notice
            if turn.step == STEPS[-1][0] and turn.over:
                yield self._approved(turn, turn.over)

    def _approved(self, turn: Turn, when: datetime) -> Notice:
        notice = self._notice(turn, turn.paper.sent.who, "approved", "approved", when)
        notice.limit = turn.paper.due(when)
        return notice

    def remind(self, now: datetime) -> Iterator[Notice]:
        """What is to be told at this look and was not told before."""
        for turn in self.turns:
            if turn.opened <= now and turn.waits(now):
                for moment in to_tell(REVIEWS, turn.due, now, turn.opened):
                    yield from self._reminders(turn, moment, now)

    def _reminders(self, turn: Turn, moment: Moment, now: datetime) -> Iterator[Notice]:
        asked = deciding(self.story, turn.paper, turn.step, now)
        people = asked
        if moment.to != OWES:
            principal = self.story.away(now).get("hieu-truong", "hieu-truong")
            people = [principal] if principal not in asked else []
        for who in people:
            told = who, turn.debtor, turn.week, moment.to, moment.code
            if told not in self._told:
                self._told.add(told)
                yield self._reminder(turn, moment, who)

    def _reminder(self, turn: Turn, moment: Moment, who: str) -> Notice:
        if moment.to != OWES:
            notice = self._notice(turn, who, "escalation", "review-escalation", moment.at)
            notice.fact, notice.name, notice.kind = f"review:{turn.week}", turn.paper.sent.who, PLAN
            notice.true, notice.record = turn.waits, ""
            return notice
        heading = "overdue" if moment.after else "reminder"
        notice = self._notice(turn, who, heading, f"review-{heading}", moment.at)
        notice.fact = overdue_fact(turn.debtor, turn.week, who)
        notice.limit = None if moment.after else turn.due
        notice.true = lambda now: turn.waits(now) and (moment.after or now < turn.due)
        return notice

    def _notice(self, turn: Turn, who: str, heading: str, what: str, due: datetime) -> Notice:
        author, week = turn.paper.sent.who, turn.week
        record = f"{author}/{week}"
        return Notice(who, heading, what, author, week, due, record, record=record)
