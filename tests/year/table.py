"""The whole table of a story: every flag at the end and every line of every mail. Nothing of the product."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.year.acts import Story
from tests.year.days import HOUR
from tests.year.facts import facts, others
from tests.year.oracle import Case, FlagRow, cases_of
from tests.year.telling import Notice, Post, Told

CLUSTER = timedelta(minutes=3)
"""Steps so near to each other are one look: what the first finds, the next ones mail."""


@dataclass
class Expected:
    """What must be there in the end, and what must have been told."""

    flags: dict[tuple[str, str, str, int], FlagRow] = field(default_factory=dict)
    told: Counter[Told] = field(default_factory=Counter)
    owed: Counter[int] = field(default_factory=Counter)
    """By week: records owed."""


def expect(story: Story, steps: Sequence[datetime]) -> Expected:
    """The table; `steps`: the instants at which a server was awake and did its jobs."""
    looks = [step for before, step in zip([None, *steps], steps, strict=False) if _apart(before, step)]
    found, post = Expected(), Post()
    notices: dict[datetime, list[Notice]] = defaultdict(list)
    cases = cases_of(story, looks)
    for case in cases:
        case.run()
        found.flags |= {row.key: row for row in case.flags.values()}
        found.owed[case.week] += case.owes(case.limit(story.end) - HOUR)
        for look, notice in case.found:
            notices[look].append(notice)
    for look, (row, told) in facts(story, looks):
        found.flags[row.key] = row
        notices[look] += [told] if told else []
    for look, notice in others(story, looks):
        notices[look].append(notice)
    near = sorted((case.near() for case in cases), key=lambda span: span[0])
    by_start = sorted(cases, key=lambda case: case.near()[0])
    open_cases: list[Case] = []
    for look in looks:
        while by_start and near[0][0] <= look:
            near.pop(0)
            open_cases.append(by_start.pop(0))
        open_cases = [case for case in open_cases if case.near()[1] >= look]
        for notice in notices[look]:
            post.add(notice)
        for case in open_cases:
            for notice in case.remind(look):
                post.add(notice)
        post.send(look)
    found.told = post.told
    return found


def _apart(before: datetime | None, step: datetime) -> bool:
    """Or the first after a full hour, at which digests go."""
    return before is None or step - before > CLUSTER or step.hour != before.hour
