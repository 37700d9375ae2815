"""Every kind of deadline over ten years of calendars, and what a change of a rule may do to a limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.calendar import TeachingWeek, school_year, week_of
from flows.deadlines import Days, Own, in_force, least_notice, limit, limit_by, monday_to_friday
from flows.due_rules import (
    FRIDAY,
    KINDS,
    MONDAY,
    WEDNESDAY,
    BeforeWeekday,
    DayOfMonth,
    DaysAfter,
    DaysBefore,
    Deadline,
    EndOfTerm,
    as_data,
    from_data,
    kind_of,
    problem,
)
from models.settings import VIETNAM

DAY = timedelta(days=1)
TET = {date(2027, 2, 1) + timedelta(days=n) for n in range(14)}
YEARS = range(2024, 2034)
"""Leap days of 2028 and 2032 included."""


@st.composite
def calendars(draw: st.DrawFn) -> Days:
    """Ten school years with breaks of one to three weeks, and some holidays in the middle of weeks."""
    weeks: list[TeachingWeek] = []
    for year in YEARS:
        first = date(year, 9, 1)
        start = first + timedelta(days=(7 - first.weekday()) % 7)
        breaks = {
            start + timedelta(weeks=after + n)
            for after in draw(st.sets(st.sampled_from((6, 17, 21)), max_size=3))
            for n in range(draw(st.integers(1, 3)))
        }
        weeks += [replace(w, id=f"{year}-{w.number}") for w in school_year(start, breaks)]
    holidays = draw(st.frozensets(st.integers(0, 365 * 11), max_size=60))
    off = {date(2024, 8, 1) + timedelta(days=n) for n in holidays}
    return Days(tuple(weeks), lambda day: monday_to_friday(day) and day not in off)


@st.composite
def rules(draw: st.DrawFn) -> Deadline:
    kind = draw(st.sampled_from(list(KINDS.values())))
    common = {
        "strict": draw(st.booleans()),
        "working": draw(st.booleans()),
        "on_break": draw(st.sampled_from(("stays", "earlier", "teaching"))),
        "setting": "x",
    }
    number = draw(st.integers(0, 90))
    made: Deadline = {
        BeforeWeekday: lambda: BeforeWeekday(number % 7, number % 9, **common),
        DaysBefore: lambda: DaysBefore(number, **common),
        DayOfMonth: lambda: DayOfMonth(number % 31 + 1, number % 7, **common),
        DaysAfter: lambda: DaysAfter(number, **common),
        EndOfTerm: lambda: EndOfTerm(number, after=draw(st.booleans()), **common),
    }[kind]()
    if (wrong := problem(made)) is not None:
        made = replace(made, **{wrong[0]: False if wrong[0] == "working" else "stays"})
    assert problem(made) is None
    return made


def last_day(due: datetime) -> date:
    return (due - timedelta(microseconds=1)).date()


@settings(max_examples=60, deadline=None)
@given(calendars(), rules())
def test_every_rule_over_ten_years(days: Days, rule: Deadline) -> None:
    limits = [limit_by(rule, week, days) for week in days.weeks]
    assert all(due.tzinfo is VIETNAM and (due.hour, due.minute, due.second) == (0, 0, 0) for due in limits)
    # a later week is never due earlier
    assert all(one <= other for one, other in pairwise(limits))
    # asked again, and from its form as data: the same
    assert [limit_by(from_data(as_data(rule), "x"), week, days) for week in days.weeks] == limits
    if rule.on_break == "earlier":
        assert all(days.is_working_day(last_day(due)) for due in limits)


@settings(max_examples=60, deadline=None)
@given(calendars(), rules())
def test_strict_and_inclusive_differ_by_exactly_the_day_named(days: Days, rule: Deadline) -> None:
    strict, inclusive = replace(rule, strict=True), replace(rule, strict=False)
    for week in days.weeks[::7]:
        before, until = limit_by(strict, week, days), limit_by(inclusive, week, days)
        if rule.on_break != "earlier":
            assert until - before == DAY
            continue
        named = last_day(limit_by(replace(inclusive, on_break="stays"), week, days))
        mine = [w for w in days.weeks if w.year == week.year]
        in_break = mine[0].monday <= named <= mine[-1].sunday and week_of(mine, named) is None
        if days.is_working_day(named) and not in_break:
            assert last_day(until) == named > last_day(before)
        else:
            assert until == before


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(0, 60))
def test_what_is_counted_is_counted(days: Days, number: int) -> None:
    for week in days.weeks[::11]:
        last = last_day(limit_by(DaysBefore(number, working=True), week, days))
        between = [last + timedelta(days=n) for n in range((week.monday - last).days)]
        assert sum(days.is_working_day(d) for d in between) == number
        skips = last_day(limit_by(DaysBefore(number, on_break="teaching"), week, days))
        mine = [w for w in days.weeks if w.year == week.year]
        taught = [
            d
            for d in (skips + timedelta(days=n) for n in range((week.monday - skips).days))
            if d < mine[0].monday or week_of(mine, d)
        ]
        assert len(taught) == number


WEEKS = tuple(
    replace(w, id=f"w{w.number}") for w in school_year(date(2026, 9, 7), [date(2027, 2, 1), date(2027, 2, 8)])
)
AFTER_TET = next(w for w in WEEKS if w.monday == date(2027, 2, 15))
CALENDAR = Days(WEEKS, lambda day: monday_to_friday(day) and day not in TET)


@pytest.mark.parametrize(
    ("rule", "last"),
    [
        (BeforeWeekday(WEDNESDAY, 1), date(2027, 2, 9)),
        (BeforeWeekday(WEDNESDAY, 1, on_break="earlier"), date(2027, 1, 29)),
        (BeforeWeekday(WEDNESDAY, 1, on_break="teaching"), date(2027, 1, 26)),
        (BeforeWeekday(WEDNESDAY, 1, strict=False), date(2027, 2, 10)),
        (BeforeWeekday(MONDAY, 0), date(2027, 2, 14)),
        (DaysBefore(10), date(2027, 2, 5)),
        (DaysBefore(10, strict=True), date(2027, 2, 4)),
        (DaysBefore(10, working=True), date(2027, 1, 18)),
        (DaysBefore(10, on_break="earlier"), date(2027, 1, 29)),
        (DaysBefore(10, on_break="teaching"), date(2027, 1, 22)),
        (DaysBefore(0), date(2027, 2, 15)),
        (DayOfMonth(31, 1), date(2027, 1, 31)),
        (DayOfMonth(31, 0), date(2027, 2, 28)),
        (DayOfMonth(1, 0, on_break="earlier"), date(2027, 1, 29)),
        (DayOfMonth(3, 1, working=True), date(2027, 1, 5)),
        (DayOfMonth(31, 2), date(2026, 12, 31)),
        (DaysAfter(1), date(2027, 2, 22)),
        (DaysAfter(2, working=True, strict=True), date(2027, 2, 22)),
        (EndOfTerm(), date(2027, 5, 21)),
        (EndOfTerm(5), date(2027, 5, 16)),
        (EndOfTerm(5, working=True), date(2027, 5, 14)),
        (EndOfTerm(1, after=True, working=True), date(2027, 5, 24)),
    ],
)
def test_the_week_after_tet(rule: Deadline, last: date) -> None:
    assert last_day(limit_by(rule, AFTER_TET, CALENDAR)) == last


def test_a_leap_day_is_a_day() -> None:
    first = replace(WEEKS[0], monday=date(2028, 3, 6), sunday=date(2028, 3, 12), year="2027-2028")
    assert last_day(limit_by(DaysBefore(6), first)) == date(2028, 2, 29)
    assert last_day(limit_by(DayOfMonth(30, 1), first)) == date(2028, 2, 29)


def test_a_rule_counts_from_the_approval() -> None:
    due = limit_by(DaysAfter(3, event="approved", working=True), AFTER_TET, CALENDAR, date(2027, 1, 28))
    assert last_day(due) == date(2027, 2, 16)


def test_a_calendar_without_a_working_day_ends() -> None:
    never = Days(WEEKS, lambda day: False)
    assert limit_by(DaysBefore(5, working=True, on_break="earlier"), AFTER_TET, never)


# --- rules with dates -----------------------------------------------------------------------------------

PLAN = BeforeWeekday(WEDNESDAY, 1, setting="x")
MONDAYS = {w.number: w.monday for w in WEEKS}


def own(number: int, set_at: datetime, rule: Deadline) -> Own:
    return Own(MONDAYS[number], set_at, rule)


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=VIETNAM)


def test_a_rule_holds_from_its_week_on_and_the_latest_day_wins() -> None:
    later, earlier = own(14, at(9, 1), DaysBefore(3)), own(10, at(10, 1), DaysBefore(20))
    given_ = [later, earlier]
    held = [in_force(PLAN, given_, WEEKS[n - 1].monday) for n in (9, 10, 13, 14)]
    assert held == [PLAN, DaysBefore(20), DaysBefore(20), DaysBefore(3)]
    again = [*given_, own(14, at(10, 2), DaysBefore(4))]
    assert in_force(PLAN, again, MONDAYS[20]) == DaysBefore(4)


def test_a_stricter_rule_leaves_the_rest_of_the_day_and_the_next() -> None:
    week = WEEKS[13]  # Monday 07/12/2026, due before Wednesday 02/12
    set_at = at(11, 24, 17)
    strict = [own(1, set_at, DaysBefore(30))]
    assert limit_by(PLAN, week) == at(12, 2)
    assert limit(PLAN, week, own=strict) == least_notice(set_at) == at(11, 26)
    # where the old limit comes sooner than that, it stays
    assert limit(PLAN, WEEKS[12], own=strict) == limit_by(PLAN, WEEKS[12]) == at(11, 25)


def test_a_limit_that_has_passed_moves_only_to_a_time_still_to_come() -> None:
    week, set_at = WEEKS[11], at(11, 24, 17)  # Monday 23/11, due before 18/11
    assert limit(PLAN, week, own=[own(1, set_at, DaysBefore(4))]) == at(11, 18)
    friday = BeforeWeekday(FRIDAY, 0)
    assert limit(PLAN, week, own=[own(1, set_at, friday)]) == at(11, 27)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(rules(), st.integers(1, 35), st.integers(0, 24 * 300)), max_size=4),
    st.integers(1, 35),
    st.integers(0, 24 * 300),
)
def test_no_rule_makes_anyone_late_with_what_was_sent_in_time(
    changes: list[tuple[Deadline, int, int]], number: int, hours: int
) -> None:
    begin = at(8, 1)
    given_ = [own(n, begin + timedelta(hours=h), rule) for rule, n, h in sorted(changes, key=lambda c: c[2])]
    week, sent = WEEKS[number - 1], begin + timedelta(hours=hours)
    for known in range(len(given_) + 1):
        then = limit(PLAN, week, CALENDAR, given_[:known])
        if sent < then and all(one.set_at >= sent for one in given_[known:]):
            assert sent < limit(PLAN, week, CALENDAR, given_)


# --- as data, in words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"kind": "never"},
        {"kind": "days-before", "days": -1},
        {"kind": "days-before", "days": 91},
        {"kind": "days-before", "days": "5"},
        {"kind": "days-before", "days": True},
        {"kind": "days-before"},
        {"kind": "days-before", "days": 5, "on_break": "sometimes"},
        {"kind": "days-before", "days": 5, "weekday": 2},
        {"kind": "weekday", "weekday": 7, "weeks_before": 1},
        {"kind": "weekday", "weekday": 2, "weeks_before": 1, "working": True},
        {"kind": "day-of-month", "day": 0},
        {"kind": "day-of-month", "day": 3, "on_break": "teaching"},
        {"kind": "days-after", "days": 1, "event": "lunch"},
        {"kind": "end-of-term", "days": 1, "setting": "y"},
    ],
)
def test_what_is_no_rule_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="The setting x holds"):
        from_data(value, "x")


@given(rules())
def test_every_rule_has_a_sentence_in_both_languages_and_keeps_it_as_data(rule: Deadline) -> None:
    again = from_data(as_data(rule), "x")
    assert (again, kind_of(again)) == (rule, kind_of(rule))
    for said in (rule.rule.vi, rule.rule.en):
        assert "{" not in said
        assert not said.endswith(".")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (PLAN, "hết thứ Ba của tuần liền trước tuần dạy (trước 00:00 thứ Tư)"),
        (BeforeWeekday(MONDAY, 1), "hết Chủ nhật, 2 tuần trước tuần dạy (trước 00:00 thứ Hai)"),
        (BeforeWeekday(FRIDAY, 0, strict=False), "hết thứ Sáu của tuần dạy đầu tiên (trước 00:00 thứ Bảy)"),
        (DaysBefore(16), "chậm nhất 16 ngày trước thứ Hai của tuần dạy đầu tiên"),
        (
            DaysBefore(10, working=True, strict=True, on_break="earlier"),
            "sớm hơn mốc 10 ngày làm việc trước thứ Hai của tuần dạy đầu tiên (trước 00:00 ngày đó); "
            "trúng ngày nghỉ thì hạn là hết ngày đi học liền trước",
        ),
        (DayOfMonth(25, 1), "hết ngày 25 của tháng liền trước tháng có tuần dạy"),
        (DaysAfter(3, event="approved"), "chậm nhất 3 ngày sau ngày hồ sơ được ký duyệt"),
        (EndOfTerm(), "hết ngày học cuối cùng của học kì"),
        (EndOfTerm(5, after=True), "chậm nhất 5 ngày sau ngày học cuối cùng của học kì"),
    ],
)
def test_a_rule_as_an_office_worker_says_it(rule: Deadline, said: str) -> None:
    assert rule.rule.vi == said
