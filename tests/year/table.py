"""The whole table of a story: every flag at the end and every line of every mail. Nothing of the product."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.year.acts import Story
from tests.year.days import HOUR, MINUTE
from tests.year.facts import facts, others
from tests.year.oracle import Case, FlagRow, cases_of, first_look
from tests.year.papers import papers_of
from tests.year.reviews import Reviews
from tests.year.spot_checks import SpotChecks
from tests.year.summary import Summary
from tests.year.telling import Notice, Post, Told

CLUSTER = timedelta(minutes=3)
"""Steps so near to each other are one look: what the first finds, the next ones mail."""
FACTS_EVERY = 5 * MINUTE
"""So often a server looks at what holds while a fact holds."""


@dataclass
class Expected:
    """What must be there in the end, and what must have been told."""

    flags: dict[tuple[str, str, str, int], FlagRow] = field(default_factory=dict)
    told: Counter[Told] = field(default_factory=Counter)
    owed: Counter[int] = field(default_factory=Counter)
    """By week: records owed."""


def expect(story: Story, steps: Sequence[datetime]) -> Expected:
    """The table; `steps`: the instants at which a server was awake and did its jobs."""
    return _Table(story, steps).made()


class _Table:
    def __init__(self, story: Story, steps: Sequence[datetime]) -> None:
        pairs = zip([None, *steps], steps, strict=False)
        self.looks = looks = [step for before, step in pairs if _apart(before, step)]
        self.story, self.found = story, Expected()
        self.papers = papers_of(story)
        self.cases = cases_of(story, looks, self.papers)
        self.checks = SpotChecks(story, self.papers, steps, set(_every(FACTS_EVERY, steps)))
        self.reviews = Reviews(story, self.papers)
        self.summary = Summary(story, self.cases, self.papers, self.reviews, self.checks)
        self.notices: dict[datetime, list[Notice]] = defaultdict(list)
        """By the look that writes them or is the first after."""

    def made(self) -> Expected:
        for case in self.cases:
            case.run()
            self.found.flags |= {row.key: row for row in case.flags.values()}
            self.found.owed[case.week] += case.owes(case.limit(self.story.end) - HOUR)
            for look, notice in case.found:
                self.notices[look].append(notice)
        for look, (row, told) in facts(self.story, self.looks, self.papers):
            self.found.flags[row.key] = row
            self.notices[look] += [told] if told else []
        self.found.flags |= {row.key: row for row in self.checks.rows()}
        self._others()
        self.found.told = self._told()
        return self.found

    def _others(self) -> None:
        for look, notice in others(self.story, self.looks):
            self.notices[look].append(notice)
            if notice.what == "weekly":
                self.notices[look] += self._figures(notice, look)
        for notice in self.reviews.decided():
            if look := first_look(self.looks, notice.due):
                self.notices[look].append(notice)

    def _figures(self, weekly: Notice, look: datetime) -> Iterator[Notice]:
        for week, said in self.summary.lines(look):
            notice = Notice(weekly.who, "figures", "figures", said, week, weekly.due, f"{week} {said}")
            notice.true = weekly.true
            yield notice

    def _told(self) -> Counter[Told]:
        """Look by look: what is written, then what goes."""
        post, near = Post(), list[tuple[datetime, Case]]()
        by_start = sorted(((*case.near(), case) for case in self.cases), key=lambda one: one[0], reverse=True)
        for look in self.looks:
            while by_start and by_start[-1][0] <= look:
                near.append(by_start.pop()[1:])
            near = [one for one in near if one[0] >= look]
            for notice in (
                *self.notices[look],
                *(notice for _, case in near for notice in case.remind(look)),
                *self.reviews.remind(look),
                *self.checks.tell(look),
            ):
                post.add(notice)
            post.send(look)
        return post.told


def _apart(before: datetime | None, step: datetime) -> bool:
    """Or the first after a full hour, at which digests go."""
    return before is None or step - before > CLUSTER or step.hour != before.hour


def _every(least: timedelta, steps: Sequence[datetime]) -> Iterator[datetime]:
    """Those at which a job is due that comes so often."""
    last: datetime | None = None
    for step in steps:
        if last is None or step - last >= least:
            last = step
            yield step
