"""Limits, flags and reminders over ten real school years: their Tết breaks, holidays and leap days. Pure.

The weeks are those of the ministry's frame with the holidays of the law, ten years in a row, as a school has
them in its tables. What one rule does in an invented calendar stands in `test_due_rules.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.calendar import TeachingWeek
from flows.catalogue import TYPES
from flows.clock import LAST_WEEK, LOOK_BACK
from flows.deadlines import Days, Own, limit, limit_by
from flows.due_rules import DaysBefore, Deadline
from flows.flags import Debtor, DueWeek, Found, Ledger, Signed, find, owing
from flows.moments import moments, to_tell
from flows.public_holidays import public_holidays, tet
from flows.school_days import Change, SchoolDays
from flows.year_frame import proposal, weeks_of
from models.settings import VIETNAM
from models.text import Text
from tests.year import acts, telling
from tests.year.days import Known, Rule, Set

AUTUMNS = range(2024, 2034)
"""Leap days in 2028 and 2032."""
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
RULES: dict[str, Deadline] = {t.slug: t.deadline for t in TYPES if t.owes and t.deadline}
PLAN = RULES["lesson-plan"]
LAN = Debtor("lan", "lan", "g1", datetime(2024, 1, 1, tzinfo=VIETNAM))


@cache
def weeks() -> tuple[TeachingWeek, ...]:
    return tuple(
        replace(week, id=f"{autumn}-{week.number}")
        for autumn in AUTUMNS
        for week in weeks_of(proposal(autumn))
    )


@cache
def free_days() -> frozenset[date]:
    return frozenset(h.day for h in public_holidays(date(2024, 1, 1), date(2034, 12, 31)))


@cache
def school_days() -> SchoolDays:
    off = Text("nghỉ", "off")
    return SchoolDays(weeks(), tuple(Change("holiday", day, day, off) for day in sorted(free_days())))


@cache
def calendar() -> Days:
    return Days(school_days().weeks, partial(school_days().is_working_day, in_breaks=True))


@cache
def due_weeks(rule: Deadline) -> tuple[DueWeek, ...]:
    return tuple(DueWeek(week, limit_by(rule, week, calendar()), rule.rule) for week in weeks())


def local(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), VIETNAM)


counted = st.builds(
    DaysBefore,
    st.integers(0, 20),
    strict=st.booleans(),
    working=st.booleans(),
    on_break=st.sampled_from(("stays", "earlier", "teaching")),
)
"""Rules for which holidays and breaks matter."""


# --- limits ---------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(counted)
def test_no_limit_is_lost_or_doubled_over_ten_years(rule: Deadline) -> None:
    due = due_weeks(rule)
    assert len(due) == len({d.week.id for d in due}) == 35 * len(AUTUMNS)
    assert all(one.due_at <= other.due_at for one, other in pairwise(due))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 20), st.sampled_from(AUTUMNS))
def test_a_limit_of_working_days_reaches_over_tet_and_a_leap_day_by_just_what_they_take(
    number: int, autumn: int
) -> None:
    rule = DaysBefore(number, working=True)
    for d in due_weeks(rule):
        if d.week.year != f"{autumn}-{autumn + 1}":
            continue
        last = d.due_at.date() - DAY
        between = [last + n * DAY for n in range((d.week.monday - last).days)]
        worked = [day for day in between if day.weekday() < 5 and day not in free_days()]
        assert len(worked) == number
        assert worked[0] == last
        leap = date(autumn + 1, 2, 28) + DAY
        if leap.month == 2 and leap in between:
            assert leap in worked or leap.weekday() >= 5
        assert not set(worked) & set(tet(autumn + 1))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 25), st.booleans(), st.integers(0, 34), st.integers(-60 * 24, 250 * 24)),
        max_size=3,
    ),
    st.sampled_from(AUTUMNS),
)
def test_plain_arithmetic_gives_the_same_limits(
    changes: list[tuple[int, bool, int, int]], autumn: int
) -> None:
    """What the simulated year is held against (`tests/year/days.py`), for rules a school sets in mid-year."""
    mine = [week for week in weeks() if week.year == f"{autumn}-{autumn + 1}"]
    own: list[Own] = []
    plain = Known({week.number: week.monday for week in mine}, off=set(free_days()))
    since = mine[0].monday
    for number, working, week, hours in sorted(changes, key=lambda c: c[3]):
        set_at = local(mine[0].monday) + hours * HOUR
        since = max(since, mine[week].monday)  # a rule for earlier weeks than the one before is another story
        own.append(Own(since, set_at, DaysBefore(number, working=working)))
        plain.rules.append(Set(set_at, "lesson-plan", since, Rule(number, working)))
    for week in mine:
        assert limit(PLAN, week, calendar(), own) == plain.limit("lesson-plan", week.number)


# --- flags and reminders --------------------------------------------------------------------------------


def paper(number: int, first: int, more: int, hours: float, rule: Deadline) -> Signed:
    due = due_weeks(rule)
    last = min(first + more, len(due) - 1)
    signed = due[first].due_at + hours * HOUR
    return Signed(
        "lan", f"d{number}", "lan", "g1", due[first].week.id, due[last].week.id, signed, due[first].due_at
    )


written = st.lists(
    st.tuples(st.integers(0, 349), st.integers(0, 4), st.floats(-400, 400)),
    max_size=25,
    unique_by=lambda p: p[0],
)


def found_at(papers: list[Signed], rule: Deadline, now: datetime) -> dict[str, Found]:
    """What stands at an instant: nothing that is signed later is known yet."""
    ledger = Ledger(weeks(), [p for p in papers if p.signed_at <= now])
    found = find("x", [LAN], due_weeks(rule), ledger, now)
    assert len({f.key for f in found}) == len(found)
    return {f.key: f for f in found}


@settings(max_examples=100, deadline=None)
@given(written, counted, st.integers(0, 349), st.floats(0, 2000))
def test_flags_only_come_and_close_as_time_goes_on(
    papers: list[tuple[int, int, float]], rule: Deadline, upto: int, hours: float
) -> None:
    signed = [paper(n, *p, rule) for n, p in enumerate(papers)]
    now = due_weeks(rule)[upto].due_at
    before, after = found_at(signed, rule, now), found_at(signed, rule, now + hours * HOUR)
    assert before.keys() <= after.keys()
    for key, flag in before.items():
        later = after[key]
        assert (flag.opened_at, flag.due_at) == (later.opened_at, later.due_at)
        assert flag.resolved_at in (None, later.resolved_at)
    assert all(f.opened_at <= now for f in before.values())
    assert all(f.opened_at > now or key in before for key, f in after.items())


@settings(max_examples=100, deadline=None)
@given(written, counted, st.integers(0, 349))
def test_whoever_is_not_reminded_has_signed_and_whoever_was_missing_was_reminded(
    papers: list[tuple[int, int, float]], rule: Deadline, number: int
) -> None:
    signed = [paper(n, *p, rule) for n, p in enumerate(papers)]
    due = due_weeks(rule)[number]
    morning = due.due_at - 17 * HOUR
    told = owing([LAN], due, Ledger(weeks(), [p for p in signed if p.signed_at <= morning]))
    flag = found_at(signed, rule, due.due_at).get(f"missing:x:lan:{due.week.id}")
    assert told == [LAN] or flag is None
    covered = any(p.signed_at <= morning and _covers(p, number) for p in signed)
    assert bool(told) is not covered


def _covers(paper: Signed, number: int) -> bool:
    ids = [week.id for week in weeks()]
    return ids.index(paper.week_id) <= number <= ids.index(paper.last_week_id or paper.week_id)


@settings(max_examples=60, deadline=None)
@given(counted)
def test_no_limit_is_overslept(rule: Deadline) -> None:
    """Who falls asleep just before a limit and wakes to no weekly look sleeps no longer than the night look
    goes back; the weekly one goes back a month."""
    for due in (d.due_at for d in due_weeks(rule)):
        sunday = local(due.date() + (6 - due.weekday()) * DAY, 2, 15)
        if sunday < due:
            sunday += 7 * DAY
        assert sunday - MINUTE - LAST_WEEK < due
        assert sunday + 28 * DAY - LOOK_BACK < due


@pytest.mark.parametrize("slug", sorted(RULES))
def test_of_every_limit_whoever_owes_is_told_in_time_on_a_working_day_and_each_time_once(slug: str) -> None:
    """By the types' own reminders, over every Tết and leap day: before the limit, and each moment once."""
    works, asked = school_days().is_working_day, next(t.reminders for t in TYPES if t.slug == slug)
    for due in due_weeks(RULES[slug]):
        planned = moments(asked, due.due_at, works)
        assert all(works(m.at.date()) and not school_days().in_break(m.at.date()) for m in planned)
        assert any(m.to == "owes" and m.at < due.due_at for m in planned)
        assert all((m.at >= due.due_at) is m.overdue for m in planned)
        told = Counter[tuple[str, str]]()
        said: set[tuple[str, str]] = set()
        for morning in sorted({m.at for m in planned}):
            new = {(m.code, m.to) for m in to_tell(planned, due.due_at, morning)} - said
            said |= new
            told.update(new)
        assert told == {(m.code, m.to): 1 for m in planned}


@pytest.mark.parametrize("slug", sorted(RULES))
def test_plain_arithmetic_gives_the_same_moments(slug: str) -> None:
    """What the simulated year is held against (`tests/year/telling.py`), whatever changes in mid-year."""
    posts = {"owes": "owes", "group_head": "head", "vice_principal": "vice", "principal": "principal"}
    asked = next(t.reminders for t in TYPES if t.slug == slug)
    for since in acts.MOMENTS:
        known = acts.known(since)
        for number in range(1, 36):
            due = known.limit(slug, number)
            product = sorted((m.at, posts[m.to], m.overdue) for m in moments(asked, due, known.at_school))
            assert product == [m[:3] for m in telling.moments(telling.ASKS[slug], due, since)]


def test_shared_limits_over_a_break_still_give_each_week_its_own_flag() -> None:
    rule = DaysBefore(12, on_break="teaching", working=True)
    counts = Counter(d.due_at for d in due_weeks(rule))
    now = due_weeks(rule)[-1].due_at
    assert len(found_at([], rule, now)) == 350
    assert sum(counts.values()) == 350
