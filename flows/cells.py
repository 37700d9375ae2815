"""A cell of the board: one person or group, one teaching week, one type. Pure.

`time` is what came when, held against the limit as in `flows/flags.py`: what is *missing* or *late* there is
so here. `stage` is where the record stands now; a return never makes it late (law 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

from flows.calendar import WEEK, TeachingWeek
from flows.deadlines import is_late
from flows.flags import DueWeek
from flows.grammar import DocumentType, Draft, Sign
from flows.people import GroupHead

Time = Literal["on_time", "late", "missing", "not_due", "not_owed", "break"]
Stage = Literal["", "draft", "returned", "group", "review", "approved"]
State = Literal[
    "missing",
    "late",
    "waived",
    "returned",
    "group",
    "review",
    "approved",
    "draft",
    "not_due",
    "not_owed",
    "break",
]

STAGES: tuple[Stage, ...] = ("draft", "returned", "group", "review", "approved")
"""From the first to the last."""
ATTENTION = frozenset({"missing", "late", "returned"})
"""States that want somebody's attention."""


class Paper(NamedTuple):
    """A document as far as a cell needs it; never a withdrawn one. `open`: whoever asks may open it."""

    document_id: str
    debtor: str
    week_id: str
    last_week_id: str | None
    status: str
    step: str
    due_at: datetime | None
    signed_at: datetime | None
    open: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """What one owes for one week. `papers`: the records that count for it, the one shown first."""

    time: Time
    stage: Stage = ""
    due_at: datetime | None = None
    sent_at: datetime | None = None
    papers: tuple[Paper, ...] = ()
    week_id: str = ""
    waived: bool = False
    """Its lateness was waived: it is shown, and not counted."""
    own_limit: bool = False
    """`due_at` is the limit it was signed under, and no longer that of the week."""

    @property
    def tells(self) -> bool:
        """Is there more to tell of it than that nothing is due?"""
        return bool(self.papers) or self.time not in ("not_due", "not_owed", "break")

    @property
    def state(self) -> State:
        """The one word that stands for it: what wants attention comes first."""
        match self.time, self.stage:
            case "missing", _ if self.waived:
                return "waived"
            case ("missing" | "not_owed" | "break") as time, _:
                return time
            case _, "returned":
                return "returned"
            case "late", _ if self.waived:
                return "waived"
            case "late", _:
                return "late"
            case "on_time", ("group" | "review" | "approved") as stage:
                return stage
        return "draft" if self.stage == "draft" else "not_due"

    @property
    def late_by(self) -> timedelta | None:
        """How long after the limit it was sent."""
        if self.time != "late" or self.sent_at is None or self.due_at is None:
            return None
        return self.sent_at - self.due_at

    @property
    def document_id(self) -> str | None:
        """The record to open; None when there is none, or none that the reader may open."""
        return next((paper.document_id for paper in self.papers if paper.open), None)


BREAK = Cell("break")


def fits(cell: Cell, wanted: str) -> bool:
    """Is the cell in the state asked for? `attention`: in any that wants it; `on_time`: sent in time."""
    if wanted == "attention":
        return cell.state in ATTENTION
    return wanted == cell.state or (wanted == cell.time and not cell.waived)


def stand(
    declared: DocumentType,
    due: DueWeek,
    since: datetime,
    papers: Sequence[Paper],
    now: datetime,
    *,
    every: bool = False,
) -> Cell:
    """The cell of who owes it `since`, from the documents that cover the week.

    `every`: several records of one week are all meant (a group plans each subject), and the least advanced is
    shown; else the furthest, as when one is being replaced.
    """
    week = due.week.id
    signed = sorted((p for p in papers if p.signed_at), key=lambda p: (p.signed_at, p.document_id))
    ranked = _ranked(declared, papers, every=every)
    stage: Stage = ranked[0][1] if ranked else ""
    shown = tuple(paper for paper, _ in ranked)
    if not signed:
        if since >= due.due_at:
            return Cell("not_owed", stage, due.due_at, None, shown, week)
        return Cell("missing" if due.due_at <= now else "not_due", stage, due.due_at, None, shown, week)
    limit, sent_at = due.due_at, signed[0].signed_at
    begun = next((p for p in signed if p.week_id == week), None)
    if begun is not None and begun.signed_at:
        # What begins here keeps the limit it was sent under, whatever the rule is by now.
        held = begun.due_at or due.due_at
        if begun is signed[0] or is_late(begun.signed_at, held):
            limit, sent_at = held, begun.signed_at
    assert sent_at is not None
    time: Time = "late" if is_late(sent_at, limit) else "on_time"
    return Cell(time, stage, limit, sent_at, shown, week, own_limit=limit != due.due_at)


def _ranked(declared: DocumentType, papers: Sequence[Paper], *, every: bool) -> list[tuple[Paper, Stage]]:
    """The records that still count, the one to be shown first; a replaced one is history."""
    found = [(p, stage_of(declared, p)) for p in papers]
    found = [one for one in found if one[0].status != "replaced"] or found
    if every and any(p.signed_at for p, _ in found):
        found = [one for one in found if one[0].signed_at]  # another that is only begun is no step back
    return sorted(found, key=lambda one: STAGES.index(one[1]), reverse=not every)


def stage_of(declared: DocumentType, paper: Paper) -> Stage:
    """Where a record stands, in the few words of the board."""
    if paper.status in ("approved", "archived", "replaced", "destroyed"):
        return "approved"
    step = declared.step(paper.step)
    unsigned = not paper.signed_at and any(isinstance(part, Sign) for part in step.leaves)
    if unsigned or isinstance(step, Draft | Sign):
        return "returned" if paper.signed_at else "draft"
    return "group" if isinstance(step.by, GroupHead) else "review"


@dataclass(frozen=True, slots=True)
class Column:
    """A teaching week with its limit, or a break between two (`due` None); both days inclusive."""

    monday: date
    sunday: date
    due: DueWeek | None = None

    @property
    def week(self) -> TeachingWeek | None:
        return self.due.week if self.due else None


def columns(dues: Sequence[DueWeek]) -> tuple[Column, ...]:
    """The weeks in order, and between two of one year a column for the weeks without a number."""
    made = [Column(due.week.monday, due.week.sunday, due) for due in dues[:1]]
    for before, due in pairwise(dues):
        free = before.week.monday + WEEK
        if before.week.year == due.week.year and free < due.week.monday:
            made.append(Column(free, due.week.monday - timedelta(days=1)))
        made.append(Column(due.week.monday, due.week.sunday, due))
    return tuple(made)
