"""Teaching weeks and the making of a school year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.calendar import in_order, monday_of, school_year, span, week_of, weeks_from, year_name
from models.errors import Invalid

START = date(2026, 9, 7)
TET = (date(2027, 2, 1), date(2027, 2, 8))


def test_a_year_has_18_and_17_weeks_and_breaks_take_no_number() -> None:
    weeks = school_year(START, TET)
    assert [w.number for w in weeks] == list(range(1, 36))
    assert [w.term for w in weeks].count(1) == 18
    assert weeks[0].monday == START
    assert weeks[0].sunday == date(2026, 9, 13)
    assert {w.year for w in weeks} == {"2026-2027"}
    assert not {w.monday for w in weeks} & set(TET)
    around = [w for w in weeks if date(2027, 1, 25) <= w.monday <= date(2027, 2, 15)]
    assert [w.number for w in around] == [21, 22]


def test_a_day_finds_its_week_and_a_break_finds_none() -> None:
    weeks = school_year(START, TET)
    assert week_of(weeks, date(2026, 9, 13)) == weeks[0]
    assert week_of(weeks, date(2026, 9, 14)) == weeks[1]
    assert week_of(weeks, date(2027, 2, 3)) is None
    assert week_of(weeks, date(2026, 9, 6)) is None
    assert week_of(weeks, weeks[-1].sunday + timedelta(days=1)) is None


def test_the_next_weeks_begin_with_this_one_or_the_one_after_the_break() -> None:
    weeks = school_year(START, TET)
    assert [w.number for w in weeks_from(weeks, date(2026, 9, 9), 2)] == [1, 2]
    assert [w.number for w in weeks_from(weeks, date(2027, 2, 3), 2)] == [22, 23]
    assert weeks_from(weeks, weeks[-1].sunday + timedelta(days=1), 2) == ()


def test_a_span_has_both_ends() -> None:
    weeks = [
        w.__class__(str(w.number), w.year, w.term, w.number, w.monday, w.sunday) for w in school_year(START)
    ]
    assert [w.number for w in span(weeks, "3", "5")] == [3, 4, 5]
    assert span(weeks, "5", "3") == ()
    assert span(weeks, "5", "elsewhere") == ()


@pytest.mark.parametrize(
    ("start", "breaks", "path"),
    [
        (date(2026, 9, 8), (), "start"),
        (START, (date(2027, 2, 2),), "breaks"),
        (START, (date(2026, 8, 31),), "breaks"),
        (START, (START,), "breaks"),
        (START, (date(2028, 2, 7),), "breaks"),
        (START, tuple(START + timedelta(weeks=n) for n in range(1, 15)), "breaks"),
    ],
)
def test_a_wrong_day_is_named(start: date, breaks: tuple[date, ...], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        school_year(start, breaks)
    assert [fault.path for fault in refused.value.faults] == [path]


@given(
    start=st.dates(date(2024, 1, 1), date(2034, 12, 31)).map(monday_of),
    breaks=st.sets(st.integers(1, 30), max_size=5),
)
def test_every_year_is_35_mondays_in_order(start: date, breaks: set[int]) -> None:
    free = {start + timedelta(weeks=n) for n in breaks}
    weeks = school_year(start, free)
    assert len(weeks) == 35
    assert in_order(weeks) == weeks
    assert all(w.monday.weekday() == 0 and w.sunday - w.monday == timedelta(days=6) for w in weeks)
    assert {w.year for w in weeks} == {year_name(start)}
    assert (weeks[-1].monday - start).days == 7 * (34 + len(free))
