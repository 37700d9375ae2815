"""Which weeks the board shows, from what was asked and the time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows.calendar import TeachingWeek
from flows.flags import DueWeek
from models.errors import NotFound

BEFORE, SHOWN = 3, 5
"""Weeks shown before the one in the middle of things, and all together."""
STAYS = timedelta(days=3)
"""So long after its limit a week is still the one people ask about."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the board is narrowed to; empty values narrow nothing.

    `first` and `last` are ids of weeks, both included; `week` is the one in the middle; `key` one debtor.
    """

    type: str = ""
    year: str = ""
    first: str = ""
    last: str = ""
    week: str = ""
    group: str = ""
    person: str = ""
    state: str = ""
    key: str = ""


def shown_weeks(
    dues: Sequence[DueWeek], asked: Asked, now: datetime
) -> tuple[TeachingWeek, tuple[TeachingWeek, ...], tuple[DueWeek, ...]]:
    """The week in the middle, its whole year, and the weeks shown."""
    ends_asked = (_place(dues, week) if week else None for week in (asked.first, asked.last))
    # Who chooses another year has left the weeks of the one before standing in the form.
    first, last = (
        None if at is None or asked.year not in ("", dues[at].week.year) else at for at in ends_asked
    )
    bound = first if first is not None else last
    middle = _middle(dues, asked, now, bound)
    year = dues[middle if bound is None else bound].week.year
    places = [n for n, due in enumerate(dues) if due.week.year == year]
    if first is None and last is None:
        start = max(min(middle - BEFORE, places[-1] - SHOWN + 1), places[0])
        shown = dues[start : min(start + SHOWN, places[-1] + 1)]
    else:
        ends = (places[0] if first is None else first, places[-1] if last is None else last)
        start, end = max(min(ends), places[0]), min(max(ends), places[-1])
        middle = max(start, min(middle, end))
        shown = dues[start : end + 1]
    return dues[middle].week, tuple(dues[n].week for n in places), tuple(shown)


def _place(dues: Sequence[DueWeek], week_id: str) -> int:
    for place, due in enumerate(dues):
        if due.week.id == week_id:
            return place
    raise NotFound


def _middle(dues: Sequence[DueWeek], asked: Asked, now: datetime, bound: int | None) -> int:
    """The week asked for; else the one whose limit comes next or has just passed, of the year asked for."""
    if asked.week:
        return _place(dues, asked.week)
    year = dues[bound].week.year if bound is not None else asked.year
    among = [n for n, due in enumerate(dues) if year in ("", due.week.year)]
    if not among:
        raise NotFound
    return next((n for n in among if dues[n].due_at > now - STAYS), among[-1])
