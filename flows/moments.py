"""When the reminders of one limit go: from rules, limit and working days to moments. Pure.

Nobody is reminded on a holiday, in a break or at a weekend: what comes before the limit goes on the last
working day before, what comes after it on the first one after. There an escalation comes at least a working
day after the reminder it follows: where days off would bring both on one morning, it is pushed on. Whoever
computes the moments, once, twice or a week late, gets the same ones; of those that have passed only the
latest is still told, so that a week's sleep makes one reminder and not five.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flows.deadlines import WorkingDays
from flows.remind import Remind, To
from models.settings import VIETNAM

STALE = timedelta(days=7)
"""What should have been told so long ago after a limit is told no more: the weekly summary has it."""

DAY = timedelta(days=1)
_LONGEST_REST = 40
"""A calendar without a working day in so many days moves nothing."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant at which someone is to be told; `code` tells it from the others of one limit."""

    at: datetime
    code: str
    rule: Remind

    @property
    def to(self) -> To:
        return self.rule.to

    @property
    def overdue(self) -> bool:
        """Does it come after the limit?"""
        return self.rule.when == "after"


def limit_day(due_at: datetime) -> date:
    """The last day that is in time, Vietnam's."""
    return (due_at.astimezone(VIETNAM) - timedelta(microseconds=1)).date()


def moments(rules: Sequence[Remind], due_at: datetime, is_working_day: WorkingDays) -> list[Moment]:
    """Every moment of a limit, in order; at most one a recipient, day and side of the limit."""
    found: dict[tuple[To, date], Moment] = {}
    last = limit_day(due_at)
    # The nearer to the limit, the more is said: on the same day the farther one gives way.
    for rule in sorted(rules, key=lambda r: -r.days):
        if rule.when == "after":
            continue
        day = _working(last - rule.days * DAY, -1, is_working_day)
        at = _at(day, rule.hour)
        if at >= due_at:
            at = _at(_working(day - DAY, -1, is_working_day), rule.hour)
        found[rule.to, at.date()] = Moment(at, rule.code, rule)
    firsts: list[tuple[Remind, date]] = []
    for rule in sorted(rules, key=lambda r: r.days):
        if rule.when != "after":
            continue
        day = _working(last + rule.days * DAY, 1, is_working_day)
        followed = [on for one, on in firsts if one.days < rule.days and one.to != rule.to]
        if followed and day <= max(followed):
            day = _working(max(followed) + DAY, 1, is_working_day)
        firsts.append((rule, day))
        for number in range(rule.times):
            if number:
                day = _working(day + rule.every * DAY, 1, is_working_day)
            code = rule.code + (f".{number}" if number else "")
            found.setdefault((rule.to, day), Moment(_at(day, rule.hour), code, rule))
    return sorted(found.values(), key=lambda m: (m.at, m.to))


def to_tell(
    planned: Sequence[Moment], due_at: datetime, now: datetime, since: datetime | None = None
) -> list[Moment]:
    """Of each recipient the latest moment that has passed and still means something.

    Before the limit that is one before it, after the limit one after it that is not `STALE`. `since`: when
    the matter arose; who has only just been told of it is not reminded of earlier moments.
    """
    latest: dict[To, Moment] = {}
    for moment in planned:
        if moment.at > now or moment.overdue != (now >= due_at):
            continue
        if (moment.overdue and moment.at <= now - STALE) or (since is not None and moment.at <= since):
            continue
        if moment.rule.since is not None and moment.at <= moment.rule.since:
            continue  # the rule is younger
        latest[moment.to] = moment
    return sorted(latest.values(), key=lambda m: (m.at, m.to))


def reach(rules: Sequence[Remind]) -> tuple[timedelta, timedelta]:
    """How long before and after a limit one of its moments may still be told, whatever the calendar."""
    before = max((r.days + 2 for r in rules if r.when != "after"), default=-_LONGEST_REST)
    later = [r for r in rules if r.when == "after"]
    # Each may have to follow every other one by a working day.
    after = max((r.days + (r.every + 2) * r.times + 3 * len(later) for r in later), default=-_LONGEST_REST)
    return (before + _LONGEST_REST) * DAY, (after + _LONGEST_REST) * DAY + STALE


def _working(day: date, step: int, is_working_day: WorkingDays) -> date:
    """The day itself where it is a working day, else the nearest in that direction."""
    for number in range(_LONGEST_REST):
        if is_working_day(other := day + number * step * DAY):
            return other
    return day


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), VIETNAM)
