"""The figures of the principals' weekly summary, counted from the story alone. Nothing of the product.

Of the weeks before, at and after a Monday: by kind and group how many are in time, late, missing, waiting for
a decision, approved; then what is past its time or stands now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from tests.year.acts import Story, then
from tests.year.days import DAY, TEAM
from tests.year.oracle import Case
from tests.year.papers import DOWNLOAD, PRINT, Papers
from tests.year.reviews import Reviews
from tests.year.spot_checks import SpotChecks

COUNTED = ("in time", "late", "missing", "review", "approved")
DUTIES = {DOWNLOAD: "downloads", PRINT: "prints"}


class Summary:
    """What a summary says at an instant."""

    def __init__(
        self, story: Story, cases: Iterable[Case], papers: Papers, reviews: Reviews, checks: SpotChecks
    ) -> None:
        self.story, self._papers, self._reviews, self._checks = story, papers, reviews, checks
        self._by_week: dict[int, list[Case]] = defaultdict(list)
        for case in cases:
            self._by_week[case.week].append(case)

    def lines(self, now: datetime) -> Iterator[tuple[int, str]]:
        """Each with the number of its week, 0 for what is outstanding."""
        for week in shown(now.date() - now.weekday() * DAY, now):
            counts: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
            for case in self._by_week[week]:
                counts[case.kind, case.grade] += Counter(self._counted(case, now))
            for (kind, grade), counted in counts.items():
                if any(counted.values()):
                    figures = " ".join(str(counted[name]) for name in COUNTED)
                    yield week, f"{kind} Tổ {grade}: {figures}"
        for name, number in self._outstanding(now):
            if number:
                yield 0, f"{name}: {number}"

    def _counted(self, case: Case, now: datetime) -> Iterator[str]:
        """What one who owes counts as."""
        if case.kind != TEAM:
            person = self.story.person(case.debtor)
            if person.since > now or (person.until and person.until <= now):
                return
        standing = sorted((p for p in case.papers if p.stands(now)), key=lambda p: p.sent.at)
        if not standing:
            if case.is_missing(now) and case.open_(now):
                yield "missing"
            return
        first, limit = standing[0], case.limit(now)
        sent = first.sent.at
        begun = next((p for p in standing if p.sent.first == case.week), None)
        if begun is not None and (begun is first or begun.sent.at >= begun.held):
            sent, limit = begun.sent.at, begun.held
        yield "late" if sent >= limit else "in time"
        stages = {paper.stage(now) for paper in standing}
        yield "approved" if "approved" in stages else "review"

    def _outstanding(self, now: datetime) -> Iterator[tuple[str, int]]:
        yield "reviews", self._reviews.overdue(now)
        papers = [
            paper
            for of in self._papers.values()
            for paper in of
            if paper.approved and paper.approved <= now and paper.due(now) <= now
        ]
        here = [p for p in papers if self._is_here(p.sent.who, now)]
        for duty, name in DUTIES.items():
            yield name, sum(not paper.met(duty, now) for paper in here)
        yield "checks", self._checks.standing(now)

    def _is_here(self, who: str, now: datetime) -> bool:
        until = self.story.person(who).until
        return until is None or now < until


def shown(monday: date, now: datetime) -> Sequence[int]:
    """The teaching week before a Monday, that of the Monday, the next."""
    mondays = then(now).mondays
    before = [n for n, day in mondays.items() if day < monday]
    after = [n for n, day in mondays.items() if day > monday]
    here = [n for n, day in mondays.items() if day == monday]
    return [*before[-1:], *here, *after[:1]]
