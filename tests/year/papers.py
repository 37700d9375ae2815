"""The records of the story: what each was held to, when it was approved, what its author did with the file.

Nothing of the product is imported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.year.acts import END, Begins, Decides, Sends, Story, Withdraws, then
from tests.year.after import Approves, Downloads, Laptop, Prints, UsesLaptop
from tests.year.days import DAY, PLAN, TEAM, midnight

DOWNLOAD, PRINT = "download", "print"


@dataclass
class Paper:
    """A record: drafted, sent, taken back, decided on, approved; what its author did with the file."""

    sent: Sends
    held: datetime
    gone: datetime | None = None
    begun: datetime | None = None
    decisions: list[Decides] = field(default_factory=list)
    approved: datetime | None = None
    done: dict[type, datetime] = field(default_factory=dict)
    laptop: list[Laptop] = field(default_factory=list)
    """What the author reports of the laptop."""

    def stands(self, when: datetime) -> bool:
        return self.sent.at <= when and (self.gone is None or when < self.gone)

    def stage(self, when: datetime) -> str:
        """As whoever looks for a lack sees it."""
        if self.gone is not None and self.gone <= when:
            return ""
        if self.approved and self.approved <= when:
            return "approved"
        if self.sent.at <= when:
            return "waiting"
        return "draft" if self.begun and self.begun <= when else ""

    def did(self, what: type, when: datetime) -> bool:
        return what in self.done and self.done[what] <= when

    def due(self, when: datetime) -> datetime:
        """File and paper are due before the week begins, but never in less than a day after the approval."""
        assert self.approved is not None
        return max(self.approved + DAY, midnight(then(when).mondays[self.sent.first]))

    def met(self, duty: str, when: datetime) -> bool:
        """Was it downloaded? Printed, or a lesson plan taught from a laptop that works?"""
        if duty == DOWNLOAD:
            return self.did(Downloads, when)
        return self.did(Prints, when) or (self.did(UsesLaptop, when) and not self.broken(when))

    def broken(self, when: datetime) -> bool:
        said = [one.broken for one in self.laptop if one.at <= when]
        return bool(said) and said[-1]

    def unmet(self, duty: str) -> list[tuple[datetime, datetime | None]]:
        """From when to when a duty was past its time and not met."""
        if self.approved is None:
            return []
        changes = sorted({*self.done.values(), *(one.at for one in self.laptop)})
        first = next((when for when in changes if self.met(duty, when)), None)
        due = self.due(first or END)
        found: list[tuple[datetime, datetime | None]] = []
        for when in (due, *(when for when in changes if when > due)):
            is_open = bool(found) and found[-1][1] is None
            if self.met(duty, when) and is_open:
                found[-1] = found[-1][0], when
            elif not self.met(duty, when) and not is_open:
                found.append((when, None))
        return found


Papers = dict[tuple[str, str], list[Paper]]
"""By kind and whose they are: a teacher's, or a group's."""


def papers_of(story: Story) -> Papers:
    """All of the story, in the order in which they were sent."""
    found: Papers = defaultdict(list)
    by_key: dict[tuple[str, str, int], Paper] = {}
    begun = {(act.who, act.week): act.at for act in story.acts if isinstance(act, Begins)}
    laptops: dict[str, list[Laptop]] = defaultdict(list)
    for act in story.acts:
        if isinstance(act, Laptop):
            laptops[act.who].append(act)
    for act in story.acts:
        match act:
            case Sends():
                paper = Paper(act, then(act.at).limit(act.kind, act.first), laptop=laptops[act.who])
                if act.real:
                    paper.begun = begun[act.who, act.first]
                found[_whose(story, act)].append(paper)
                by_key[act.who, act.kind, act.first] = paper
            case Withdraws():
                by_key[act.who, act.kind, act.first].gone = act.at
            case Approves():
                for one in act.papers:
                    paper = by_key[one.who, one.kind, one.first]
                    paper.approved = act.at
                    paper.done = {Downloads: act.at, Prints: act.at} if one.kept else {}
            case Decides():
                paper = by_key[act.who, PLAN, act.week]
                paper.decisions.append(act)
                if len(paper.decisions) == STEPS:
                    paper.approved = act.at
            case Downloads() | Prints():
                by_key[act.who, act.kind, act.week].done[type(act)] = act.at
            case UsesLaptop():
                by_key[act.who, PLAN, act.week].done[UsesLaptop] = act.at
    return found


STEPS = 2
"""The head reviews, the principal approves."""


def _whose(story: Story, act: Sends) -> tuple[str, str]:
    return act.kind, f"group {story.person(act.who).grade}" if act.kind == TEAM else act.who


def covering(papers: Sequence[Paper], week: int) -> list[Paper]:
    """Those whose weeks include this one."""
    return [paper for paper in papers if paper.sent.first <= week <= paper.sent.last]
