"""When documents are due: the worked example of the plan, settings, ten years of weeks, words."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.calendar import TeachingWeek
from flows.deadlines import (
    is_late,
    last_day_words,
    late_words,
    limit,
    limit_words,
    remaining_words,
    step_due,
)
from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.teacher_teaching_plan import TEACHER_TEACHING_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.due_rules import FRIDAY, WEDNESDAY, BeforeWeekday, DaysBefore
from flows.grammar import DocumentType, UntilWeekday, Within
from models.settings import VIETNAM

PLAN = BeforeWeekday(WEDNESDAY, weeks_before=1, setting="lesson_plan_due")
WEEK = date(2024, 11, 18)
"""Monday of the plan's worked example."""

MONDAYS = st.integers(0, 52 * 10).map(lambda n: date(2024, 9, 2) + timedelta(weeks=n))


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


def days(number: int) -> DaysBefore:
    return DaysBefore(number, setting="team_plan_lead")


def week(monday: date = WEEK) -> TeachingWeek:
    return TeachingWeek("", "2024-2025", 1, 11, monday, monday + timedelta(days=6))


@pytest.mark.parametrize(
    ("declared", "last_in_time", "first_late"),
    [
        (LESSON_PLAN, "hết thứ Ba 12/11", at(2024, 11, 13)),
        (TEAM_TEACHING_PLAN, "hết thứ Bảy 02/11", at(2024, 11, 3)),
        (TEACHER_TEACHING_PLAN, "hết thứ Sáu 08/11", at(2024, 11, 9)),
    ],
)
def test_the_rules_of_the_plan(declared: DocumentType, last_in_time: str, first_late: datetime) -> None:
    assert declared.deadline is not None
    due = limit(declared.deadline, week())
    assert (last_day_words(due).vi, due) == (last_in_time, first_late)
    assert due.utcoffset() == timedelta(hours=7)


def test_the_probable_intent_of_the_plans_author_is_a_day_later() -> None:
    assert limit(days(15), week()) == at(2024, 11, 4)


def test_the_limit_itself_is_late() -> None:
    due = limit(PLAN, week())
    assert not is_late(due - timedelta(microseconds=1), due)
    assert is_late(due, due)


@given(MONDAYS)
def test_a_lesson_plan_is_due_on_the_wednesday_of_the_calendar_week_before(monday: date) -> None:
    due = limit(PLAN, week(monday))
    assert (due.weekday(), due.hour, due.minute) == (WEDNESDAY, 0, 0)
    assert due.date() == monday - timedelta(days=5)


@given(MONDAYS, st.integers(0, 60))
def test_days_before_count_calendar_days_to_the_end_of_the_last(monday: date, number: int) -> None:
    due = limit(days(number), week(monday))
    last = (due - timedelta(seconds=1)).date()
    assert (monday - last).days == number


@given(MONDAYS, st.integers(0, 60 * 24 * 20))
def test_a_reviewer_has_until_friday_and_at_least_a_day(monday: date, minutes: int) -> None:
    rule = UntilWeekday(weekday=FRIDAY, hour=17, weeks_before=1, least=timedelta(days=1))
    opened = datetime.combine(monday, datetime.min.time(), VIETNAM) - timedelta(minutes=minutes)
    due = step_due(rule, monday, opened)
    friday = datetime.combine(monday - timedelta(days=3), datetime.min.time(), VIETNAM) + timedelta(hours=17)
    assert due == (friday if opened + timedelta(days=1) <= friday else opened + timedelta(days=1))


def test_a_reviewer_may_have_a_time_of_their_own_or_none() -> None:
    opened = at(2024, 12, 30, 9)
    assert step_due(Within(timedelta(days=3)), None, opened) == at(2025, 1, 2, 9)
    assert step_due(None, WEEK, opened) is None
    assert step_due(UntilWeekday(weekday=FRIDAY, hour=17, weeks_before=1), None, opened) is None


def test_words_name_the_limit_the_signature_and_the_difference() -> None:
    due, signed = at(2024, 11, 13), at(2024, 11, 13, 8, 10)
    assert (
        late_words(due, signed).vi == "Hạn: trước 00:00 thứ Tư 13/11; ký lúc 08:10 thứ Tư 13/11: muộn 8 giờ"
    )
    assert late_words(due, signed).en == "Due before 00:00 Wed 13/11; signed 08:10 Wed 13/11: 8 h late"
    assert late_words(due, due + timedelta(minutes=25)).vi.endswith("muộn 25 phút")
    assert late_words(due, due).vi.endswith("muộn chưa đến 1 phút")
    assert late_words(due, due + timedelta(days=2, hours=5)).en.endswith("2 days late")
    assert limit_words(due).vi == "trước 00:00 thứ Tư 13/11"
    assert last_day_words(due).vi == "hết thứ Ba 12/11"
    assert last_day_words(limit(days(16), week())).vi == "hết thứ Bảy 02/11"


def test_what_remains_is_said_until_the_limit_and_what_is_over_after() -> None:
    due = at(2024, 11, 13)
    assert remaining_words(due, due - timedelta(hours=3, minutes=5)).vi == "còn 3 giờ"
    assert remaining_words(due, due).vi == "đã quá hạn chưa đến 1 phút"
    assert remaining_words(due, due + timedelta(days=1)).en == "overdue by 1 day"
