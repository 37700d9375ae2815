"""School days and working days: cases as a school would tell them, and ten years of calendars by chance."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.calendar import TeachingWeek, week_of
from flows.public_holidays import public_holidays, tet
from flows.school_days import DAY, Change, SchoolDays, Slot, Taught, each_day, with_lessons
from flows.year_frame import Break, Frame, proposal, weeks_of
from models.errors import Invalid
from models.text import Text

WHY = Text("Bão số 3", "Storm number 3")
YEAR = tuple(
    TeachingWeek(str(w.number), w.year, w.term, w.number, w.monday, w.sunday)
    for w in weeks_of(proposal(2026))
)
A3, B3, A5 = Taught("3A", 3), Taught("3B", 3), Taught("5A", 5)
TUESDAY, SATURDAY = date(2026, 10, 13), date(2026, 10, 17)
SUNDAY = SATURDAY + DAY


def off(first: date, last: date | None = None, **more: object) -> Change:
    return Change("off", first, last or first, WHY, **more)  # type: ignore[arg-type]  # named per case


def moved(day: date, to: date, **more: object) -> Change:
    return Change("moved", day, day, WHY, taught_on=to, **more)  # type: ignore[arg-type]  # named per case


def holiday(day: date) -> Change:
    return Change("holiday", day, day, Text("Lễ", "Holiday"))


def test_a_plain_week_is_taught_from_monday_to_friday() -> None:
    days = SchoolDays(YEAR)
    assert [days.is_school_day(TUESDAY + n * DAY) for n in range(-1, 6)] == [True] * 5 + [False] * 2
    assert days.taught_as(TUESDAY) == 1
    assert not days.is_school_day(date(2027, 2, 3))  # Tết
    assert not days.is_school_day(date(2026, 7, 1))


def test_a_storm_closes_the_school_or_some_of_it() -> None:
    assert not SchoolDays(YEAR, (off(TUESDAY),)).is_school_day(TUESDAY, A3)
    one = SchoolDays(YEAR, (off(TUESDAY, classes=frozenset({"3A"})),))
    assert [one.is_school_day(TUESDAY, c) for c in (A3, B3, None)] == [False, True, True]
    grade = SchoolDays(YEAR, (off(TUESDAY, grades=frozenset({3})),))
    assert [grade.is_school_day(TUESDAY, c) for c in (A3, B3, A5)] == [False, False, True]
    assert grade.is_working_day(TUESDAY)


def test_the_lessons_of_a_moved_day_are_taught_on_the_other_one() -> None:
    days = SchoolDays(YEAR, (moved(TUESDAY, SATURDAY),))
    assert (days.taught_as(TUESDAY), days.taught_as(SATURDAY)) == (None, 1)
    assert days.day_of_lessons(TUESDAY) == SATURDAY
    assert days.day_of_lessons(TUESDAY + DAY) == TUESDAY + DAY
    assert days.is_school_day(SATURDAY)
    assert [days.is_working_day(d) for d in (TUESDAY, SATURDAY, SUNDAY)] == [False, True, False]


def test_a_make_up_day_teaches_what_a_storm_or_a_holiday_took() -> None:
    storm = SchoolDays(YEAR, (off(TUESDAY),))
    assert storm.day_of_lessons(TUESDAY) is None
    made_up = SchoolDays(YEAR, (off(TUESDAY), moved(TUESDAY, SATURDAY, grades=frozenset({3}))))
    assert made_up.day_of_lessons(TUESDAY, A3) == SATURDAY
    assert made_up.day_of_lessons(TUESDAY, A5) is None
    assert made_up.taught_as(SATURDAY, A5) == 5


def test_a_storm_on_the_make_up_day_takes_it_again() -> None:
    days = SchoolDays(YEAR, (moved(TUESDAY, SATURDAY), off(SATURDAY)))
    assert days.day_of_lessons(TUESDAY) is None
    assert not days.is_school_day(SATURDAY)
    again = SchoolDays(YEAR, (moved(TUESDAY, SATURDAY), off(SATURDAY), moved(TUESDAY, SUNDAY)))
    assert again.day_of_lessons(TUESDAY) == SUNDAY


def test_what_is_taken_back_holds_until_that_day() -> None:
    days = SchoolDays(YEAR, (off(TUESDAY, TUESDAY + 3 * DAY, void_from=TUESDAY + 2 * DAY),))
    assert [days.is_school_day(TUESDAY + n * DAY) for n in range(4)] == [False, False, True, True]
    assert len(days.changes_on(TUESDAY + DAY)) == 1
    assert days.changes_on(TUESDAY + 2 * DAY) == []


def test_working_days_leave_out_weekends_holidays_and_breaks_unless_asked() -> None:
    days = SchoolDays(YEAR, tuple(holiday(h) for h in (date(2026, 11, 24), *tet(2027))))
    assert days.previous_working_day(date(2026, 11, 25)) == date(2026, 11, 23)
    assert days.previous_working_day(date(2027, 2, 15)) == date(2027, 1, 29)
    assert days.previous_working_day(date(2027, 2, 1), in_breaks=True) == date(2027, 1, 29)
    assert days.previous_working_day(date(2027, 2, 11), in_breaks=True) == date(2027, 2, 3)
    assert days.is_working_day(date(2027, 7, 5))  # summer: after the last week


def test_who_teaches_in_a_week_follows_the_days_that_are_really_taught() -> None:
    week = week_of(YEAR, TUESDAY)
    assert week is not None
    start = YEAR[0].monday
    slots = [Slot("lan", A3, 1, start), Slot("mai", A5, 2, start), Slot("huong", A5, 5, start)]
    assert with_lessons(slots, [start], SchoolDays(YEAR), week) == {"lan", "mai", "huong"}
    assert with_lessons(slots, [start], SchoolDays(YEAR, (off(TUESDAY),)), week) == {"mai", "huong"}
    later = SchoolDays(YEAR, (moved(TUESDAY, SATURDAY + 7 * DAY),))
    assert with_lessons(slots[:1], [start], later, week) == set()
    next_week = week_of(YEAR, SATURDAY + 7 * DAY)
    assert next_week is not None
    assert with_lessons([Slot("binh", A3, 1, start)], [start], later, next_week) == {"binh"}
    assert with_lessons(slots, [start, week.monday], SchoolDays(YEAR), week) == set()


# --- frames ---------------------------------------------------------------------------------------------


def test_the_frame_of_2026_gives_the_weeks_the_ministry_means() -> None:
    frame = proposal(2026)
    weeks = weeks_of(frame)
    assert "2308/QĐ-BGDĐT" in frame.source
    assert (weeks[0].monday, weeks[17].sunday) == (date(2026, 9, 7), date(2027, 1, 10))
    assert [w.number for w in weeks if date(2027, 1, 25) <= w.monday <= date(2027, 2, 15)] == [21, 22]
    assert weeks[-1].monday == date(2027, 5, 17)


def test_a_break_of_some_days_takes_no_number_away() -> None:
    frame = Frame("QĐ", date(2026, 9, 7), date(2027, 1, 18), date(2027, 5, 31))
    short = Break("Nghỉ giữa kì", date(2026, 10, 26), date(2026, 10, 29))
    whole = Break("Nghỉ giữa kì", date(2026, 10, 24), date(2026, 11, 1))
    assert len({w.monday for w in weeks_of(frame)}) == 35
    with_short = weeks_of(Frame("QĐ", frame.first_day, frame.term1_before, frame.term2_before, (short,)))
    assert with_short == weeks_of(frame)
    with_whole = weeks_of(Frame("QĐ", frame.first_day, frame.term1_before, frame.term2_before, (whole,)))
    assert date(2026, 10, 26) not in {w.monday for w in with_whole}


@pytest.mark.parametrize(
    ("term1", "term2", "paths"),
    [
        (date(2027, 1, 8), date(2027, 5, 31), ["term1_before"]),
        (date(2027, 1, 9), date(2027, 5, 7), ["term2_before"]),
        (date(2027, 1, 9), date(2027, 5, 8), []),
    ],
)
def test_a_year_that_ends_too_late_says_which_week(term1: date, term2: date, paths: list[str]) -> None:
    frame = Frame("QĐ", date(2026, 9, 7), term1, term2)
    if not paths:
        assert len(weeks_of(frame)) == 35
        return
    with pytest.raises(Invalid) as refused:
        weeks_of(frame)
    assert [f.path for f in refused.value.faults] == paths


# --- ten years of calendars -----------------------------------------------------------------------------

AUTUMNS = st.integers(2024, 2034)


@st.composite
def calendars(draw: st.DrawFn) -> SchoolDays:
    """A year as the frame gives it with its holidays and up to eight changes of any kind."""
    autumn = draw(AUTUMNS)
    weeks = weeks_of(proposal(autumn))
    first, last = weeks[0].monday, weeks[-1].sunday
    days = st.integers(0, (last - first).days).map(lambda n: first + n * DAY)
    some = st.sampled_from([frozenset(), frozenset({3}), frozenset({5})])
    off_days = st.builds(
        lambda day, length, grades, void: off(
            day, day + length * DAY, grades=grades, void_from=None if void is None else day + void * DAY
        ),
        days, st.integers(0, 6), some, st.none() | st.integers(0, 7),
    )  # fmt: skip
    moves = st.builds(
        lambda day, to, grades: moved(day, to, grades=grades),
        days.filter(lambda d: d.weekday() < 5), days, some,
    )  # fmt: skip
    changes = draw(st.lists(off_days | moves, max_size=8))
    public = [holiday(h.day) for h in public_holidays(date(autumn, 9, 1), date(autumn + 1, 6, 30))]
    return SchoolDays(weeks, (*public, *changes))


@given(calendars(), st.sampled_from([A3, A5, None]))
def test_lessons_are_taught_in_numbered_weeks_and_never_on_a_day_that_is_free(
    days: SchoolDays, taught: Taught | None
) -> None:
    for day in each_day(days.weeks[0].monday - 7 * DAY, days.weeks[-1].sunday + 7 * DAY):
        weekday = days.taught_as(day, taught)
        about = [c for c in days.changes_on(day) if c.concerns(taught)]
        if week_of(days.weeks, day) is None:
            assert weekday is None
            assert not days.is_school_day(day, taught)
        elif not about:
            assert weekday == day.weekday()
        else:
            assert weekday == (about[-1].first.weekday() if about[-1].fills(day) else None)


@given(calendars(), st.sampled_from([A3, A5]))
def test_each_day_s_lessons_are_taught_once_at_most_and_where_they_are_said_to_be(
    days: SchoolDays, taught: Taught
) -> None:
    places = Counter(
        place
        for week in days.weeks
        for day in each_day(week.monday, week.sunday)
        if (place := days.day_of_lessons(day, taught)) is not None
    )
    assert not places or max(places.values()) == 1
    for place in places:
        assert days.taught_as(place, taught) is not None
    for week in days.weeks:  # and what is taught comes from somewhere
        for day, _ in days.lesson_days(week, taught):
            deciding = [c for c in days.changes_on(day) if c.concerns(taught)]
            assert day in places or deciding[-1].kind == "moved"


@given(calendars(), st.integers(0, 300), st.booleans())
def test_between_a_day_and_the_working_day_before_it_nobody_works(
    days: SchoolDays, since: int, in_breaks: bool
) -> None:
    day = days.weeks[0].monday + since * DAY
    before = days.previous_working_day(day, in_breaks=in_breaks)
    worked = [d for d in each_day(before, day - DAY) if days.is_working_day(d, in_breaks=in_breaks)]
    assert worked == [before]
    assert not days.is_holiday(before) or days.changes_on(before)[-1].fills(before)


@given(AUTUMNS)
def test_every_year_has_35_weeks_over_tet_and_ends_before_the_ministry_s_dates(autumn: int) -> None:
    frame = proposal(autumn)
    weeks = weeks_of(frame)
    days = SchoolDays(weeks)
    assert [w.number for w in days.weeks] == list(range(1, 36))
    assert Counter(w.term for w in weeks) == {1: 18, 2: 17}
    assert weeks[17].monday + timedelta(days=4) < frame.term1_before
    assert weeks[34].monday + timedelta(days=4) < frame.term2_before
    assert not any(days.is_school_day(day) for day in tet(autumn + 1))
    assert all(not days.is_working_day(day) for day in tet(autumn + 1))
    assert all(days.in_break(day) for day in tet(autumn + 1) if day.weekday() < 5)


@given(st.dates(date(2024, 1, 1), date(2034, 12, 31)))
def test_leap_days_and_all_others_have_one_previous_working_day(day: date) -> None:
    days = SchoolDays((), tuple(holiday(h.day) for h in public_holidays(date(2023, 12, 1), date(2035, 2, 1))))
    before = days.previous_working_day(day)
    assert before < day <= before + timedelta(days=12)
    assert [d for d in each_day(before, day - DAY) if days.is_working_day(d)] == [before]


def test_a_29_february_is_a_day_like_others() -> None:
    days = SchoolDays(weeks_of(proposal(2027)))
    leap = date(2028, 2, 29)
    assert days.is_school_day(leap)
    assert days.previous_working_day(leap + DAY) == leap
