"""What is late and what is missing, from obligations, signed documents and the clock. Pure.

The flags of a week are a function of the facts: whoever computes them, once, twice or a day late, gets
the same rows. `flows/clock.py` reads the facts and keeps the rows.

Rules: *missing*, the limit is past and no signed document covers the week, from the limit until the first
signature; *late*, the first signature came at the limit or after it. A document that covers several weeks
is held to the limit of its first; the weeks after are covered from its signature on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flows.calendar import TeachingWeek
from flows.deadlines import is_late
from flows.flag_words import stamp
from models.text import Text


class Debtor(NamedTuple):
    """Who owes: `key` is the teacher's account or the group; `account_id` answers for it.

    `since`: when that account was made; what was due by then is not owed.
    """

    key: str
    account_id: str
    group_id: str | None
    since: datetime


class Signed(NamedTuple):
    """A signed document: whose, its first and last teaching week, when its author first signed.

    `due_at`: the limit it was held to when it was signed. A rule or a calendar that changes later neither
    makes it late nor takes its lateness back; None where it has none of its own.
    """

    debtor: str
    document_id: str
    owner_id: str
    group_id: str | None
    week_id: str
    last_week_id: str | None
    signed_at: datetime
    due_at: datetime | None = None

    def in_time(self, limit: datetime) -> bool:
        """Was it signed before the limit of a week, or before the limit it was held to?"""
        return not is_late(self.signed_at, max(limit, self.due_at or limit))


@dataclass(frozen=True, slots=True)
class DueWeek:
    """A teaching week, the first instant that is too late for it, and the rule in a sentence."""

    week: TeachingWeek
    due_at: datetime
    rule: Text


class Found(NamedTuple):
    """A flag as it should stand; `rule` is one of `flows.flag_words.NAMES`."""

    key: str
    rule: str
    type: str
    account_id: str
    group_id: str | None
    week_id: str | None
    document_id: str | None
    due_at: datetime
    opened_at: datetime
    resolved_at: datetime | None
    data: dict[str, Any]


class Ledger:
    """The signed documents of one type, by debtor and week: who has covered what, since when.

    Most sign in time and need no second look: `in_time` names, by week, debtors who did, and only the
    documents of the others need to be among `papers`.
    """

    def __init__(
        self,
        weeks: Sequence[TeachingWeek],
        papers: Iterable[Signed],
        in_time: Mapping[str, Set[str]] | None = None,
    ) -> None:
        self._in_time = in_time or {}
        self._places = {week.id: index for index, week in enumerate(weeks)}
        self._ids = [week.id for week in weeks]
        self.first: dict[tuple[str, str], Signed] = {}
        """The earliest signed document that *begins* with the week."""
        self.covered: dict[tuple[str, str], Signed] = {}
        """The earliest signed document that covers the week."""
        for paper in papers:
            self._enter(paper)

    def in_time(self, week_id: str) -> Set[str]:
        """Debtors known to have signed before the limit of the week."""
        return self._in_time.get(week_id, frozenset())

    def _enter(self, paper: Signed) -> None:
        _earlier(self.first, (paper.debtor, paper.week_id), paper)
        if paper.last_week_id is None or paper.last_week_id == paper.week_id:
            _earlier(self.covered, (paper.debtor, paper.week_id), paper)
            return
        start = self._places.get(paper.week_id)
        if start is None:
            return
        end = self._places.get(paper.last_week_id, start)
        for week_id in self._ids[start : end + 1]:
            _earlier(self.covered, (paper.debtor, week_id), paper)


def _earlier(papers: dict[tuple[str, str], Signed], at: tuple[str, str], paper: Signed) -> None:
    there = papers.get(at)
    if there is None or paper.signed_at < there.signed_at:
        papers[at] = paper


def find(
    slug: str,
    debtors: Iterable[Debtor],
    weeks: Sequence[DueWeek],
    ledger: Ledger,
    now: datetime,
) -> list[Found]:
    """Every flag these weeks should have at `now`, resolved ones too."""
    found: list[Found] = []
    asked = {due.week.id: due for due in weeks}
    owers = list(debtors)
    for due in asked.values():
        if due.due_at <= now:
            found += _missing(slug, owers, due, ledger)
    for (debtor, week_id), paper in ledger.first.items():
        started = asked.get(week_id)
        if started is None or debtor in ledger.in_time(week_id):
            continue
        if is_late(paper.signed_at, paper.due_at or started.due_at):
            found.append(_late(slug, paper, started))
    return found


def owing(debtors: Iterable[Debtor], due: DueWeek, ledger: Ledger) -> list[Debtor]:
    """Who has still to sign for this week: the people to remind."""
    week_id, in_time = due.week.id, ledger.in_time(due.week.id)
    return [
        debtor
        for debtor in debtors
        if debtor.key not in in_time
        and (debtor.key, week_id) not in ledger.covered
        and debtor.since < due.due_at
    ]


def _missing(
    slug: str,
    debtors: Iterable[Debtor],
    due: DueWeek,
    ledger: Ledger,
) -> list[Found]:
    found = []
    week_id, due_at = due.week.id, due.due_at.astimezone(UTC)
    in_time, data = ledger.in_time(week_id), _data(due, due.due_at, None)
    for debtor in debtors:
        if debtor.key in in_time:
            continue
        paper = ledger.covered.get((debtor.key, week_id))
        if paper is not None and paper.in_time(due_at):
            continue
        if debtor.since >= due_at:
            continue
        found.append(
            Found(
                key=f"missing:{slug}:{debtor.key}:{week_id}",
                rule="missing",
                type=slug,
                account_id=debtor.account_id,
                group_id=debtor.group_id,
                week_id=week_id,
                document_id=None,
                due_at=due_at,
                opened_at=due_at,
                resolved_at=paper.signed_at if paper else None,
                data=data,
            )
        )
    return found


def _late(slug: str, paper: Signed, due: DueWeek) -> Found:
    held_to = paper.due_at or due.due_at
    return Found(
        key=f"late:{slug}:{paper.debtor}:{paper.week_id}",
        rule="late",
        type=slug,
        account_id=paper.owner_id,
        group_id=paper.group_id,
        week_id=paper.week_id,
        document_id=paper.document_id,
        due_at=held_to,
        opened_at=paper.signed_at,
        resolved_at=None,
        data=_data(due, held_to, paper.signed_at),
    )


def _data(due: DueWeek, due_at: datetime, signed_at: datetime | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "week": due.week.number,
        "monday": due.week.monday.isoformat(),
        "due_at": stamp(due_at),
        "rule": {"vi": due.rule.vi, "en": due.rule.en},
    }
    if signed_at is not None:
        data["signed_at"] = stamp(signed_at)
    return data
