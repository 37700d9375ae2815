"""When reminders go: cases as a school would tell them, and ten years of calendars by chance."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.deadlines import Days, monday_to_friday
from flows.moments import STALE, Moment, limit_day, moments, reach, to_tell
from flows.people import author, group_head, principal
from flows.remind import Remind, as_data, clash, from_data, problem, sentence
from models.settings import VIETNAM
from tests.flows.test_due_rules import DAY, calendars

LIMIT = datetime(2026, 11, 25, tzinfo=VIETNAM)
"""Before Wednesday 00:00: the last day in time is Tuesday 24/11."""

RULES = (
    Remind.before(days=1),
    Remind.at(),
    Remind.after(days=1, every=1, times=3),
    Remind.after(days=2, to=group_head),
    Remind.after(days=4, to=principal),
)


def told(found: list[Moment]) -> list[tuple[str, str, str]]:
    return [(f"{m.at:%d/%m %H:%M}", m.code, m.to) for m in found]


def test_a_plain_week() -> None:
    assert told(moments(RULES, LIMIT, monday_to_friday)) == [
        ("23/11 07:00", "b1", "owes"),
        ("24/11 07:00", "a0", "owes"),
        ("25/11 07:00", "a1", "owes"),
        ("26/11 07:00", "a2", "group_head"),
        ("26/11 07:00", "a1.1", "owes"),
        ("27/11 07:00", "a1.2", "owes"),
        ("30/11 07:00", "a4", "principal"),  # the 28th is a Saturday
    ]


def test_days_off_move_what_is_before_back_and_what_is_after_on() -> None:
    off = {date(2026, 11, day) for day in (23, 24, 25)}
    found = moments(RULES, LIMIT, lambda day: monday_to_friday(day) and day not in off)
    assert told(found)[:3] == [
        ("20/11 07:00", "a0", "owes"),  # both moved to Friday: the day itself says more
        ("26/11 07:00", "a1", "owes"),
        ("27/11 07:00", "a2", "group_head"),  # nobody is passed over before they could read
    ]


def test_after_a_long_break_each_escalation_is_a_working_day_after_the_one_before() -> None:
    off = {date(2026, 11, 25) + n * DAY for n in range(12)}
    found = moments(RULES, LIMIT, lambda day: monday_to_friday(day) and day not in off)
    first: dict[str, str] = {}
    for at, _, to in told([m for m in found if m.overdue]):
        first.setdefault(to, at)
    assert first == {
        "owes": "07/12 07:00",
        "group_head": "08/12 07:00",
        "principal": "09/12 07:00",
    }


def test_a_limit_in_the_middle_of_a_day() -> None:
    noon = datetime(2026, 11, 27, 12, tzinfo=VIETNAM)
    assert limit_day(noon) == date(2026, 11, 27)
    early, late = Remind.at(), Remind.at(hour=15)
    assert [m.at for m in moments((early,), noon, monday_to_friday)] == [noon - timedelta(hours=5)]
    assert [m.at for m in moments((late,), noon, monday_to_friday)] == [noon - timedelta(hours=21)]


def test_of_what_was_slept_through_only_the_latest_is_told() -> None:
    found = moments(RULES, LIMIT, monday_to_friday)
    assert told(to_tell(found, LIMIT, LIMIT - timedelta(hours=1))) == [("24/11 07:00", "a0", "owes")]
    assert to_tell(found, LIMIT, LIMIT + timedelta(hours=1)) == []
    monday = datetime(2026, 11, 30, 9, tzinfo=VIETNAM)
    assert [(m.code, m.to) for m in to_tell(found, LIMIT, monday)] == [
        ("a2", "group_head"),
        ("a1.2", "owes"),
        ("a4", "principal"),
    ]
    assert to_tell(found, LIMIT, monday + 2 * STALE) == []
    assert to_tell(found, LIMIT, LIMIT - DAY, since=LIMIT - DAY) == []


@st.composite
def rule_sets(draw: st.DrawFn) -> tuple[Remind, ...]:
    found: list[Remind] = []
    for _ in range(draw(st.integers(1, 6))):
        when = draw(st.sampled_from(("before", "at", "after")))
        times = draw(st.integers(1, 4)) if when == "after" else 1
        rule = Remind(
            when=when,
            days=0 if when == "at" else draw(st.integers(1, 9)),
            to=draw(st.sampled_from(("owes", "group_head", "principal"))),
            hour=draw(st.integers(6, 18)),
            every=draw(st.integers(1, 5)) if times > 1 else 0,
            times=times,
        )
        if clash([*found, rule]) is None:
            found.append(rule)
    return tuple(found)


limits = st.builds(
    lambda days, hour: datetime(2024, 9, 1, tzinfo=VIETNAM) + timedelta(days=days, hours=hour),
    st.integers(0, 3700),
    st.sampled_from((0, 0, 12, 17)),
)


@settings(max_examples=60, deadline=None)
@given(calendars(), rule_sets(), limits)
def test_every_moment_is_in_a_working_hour_on_its_side_of_the_limit(
    days: Days, rules: tuple[Remind, ...], due_at: datetime
) -> None:
    found = moments(rules, due_at, days.is_working_day)
    before, after = reach(rules)
    for moment in found:
        assert days.is_working_day(moment.at.date())
        assert moment.at.hour == moment.rule.hour
        assert (moment.at >= due_at) == moment.overdue
        assert due_at - before <= moment.at < due_at + after - STALE
    firsts = [m for m in found if m.overdue and "." not in m.code]
    for one, other in permutations(firsts, 2):
        if one.rule.days < other.rule.days and one.to != other.to:
            assert one.at.date() < other.at.date()
    assert max(Counter((m.to, m.at.date(), m.overdue) for m in found).values(), default=1) == 1
    assert len({(m.to, m.code) for m in found}) == len(found)


@settings(max_examples=25, deadline=None)
@given(calendars(), rule_sets(), limits)
def test_asked_every_hour_each_moment_is_told_once_and_asked_late_at_most_one(
    days: Days, rules: tuple[Remind, ...], due_at: datetime
) -> None:
    found = moments(rules, due_at, days.is_working_day)
    if not found:
        return
    now, end = found[0].at - timedelta(hours=1), max(found[-1].at, due_at) + STALE
    seen: set[tuple[str, str]] = set()
    while now <= end:
        seen |= {(m.to, m.code) for m in to_tell(found, due_at, now)}
        late = Counter(m.to for m in to_tell(found, due_at, now))
        assert set(late.values()) <= {1}
        now += timedelta(hours=1)
    assert seen == {(m.to, m.code) for m in found}
    assert to_tell(found, due_at, end + DAY) == []


@given(rule_sets())
def test_rules_read_the_same_from_data_and_have_a_sentence(rules: tuple[Remind, ...]) -> None:
    assert from_data(as_data(rules), "lesson-plan") == rules
    for rule in rules:
        assert problem(rule) is None
        for review in (False, True):
            said = sentence(rule, review=review)
            assert f"{rule.hour:02}:00" in said.vi
            assert "{" not in said.vi + said.en


@pytest.mark.parametrize(
    ("rule", "vi"),
    [
        (Remind.before(days=1), "trước ngày hạn 1 ngày, lúc 07:00: nhắc người phải nộp"),
        (Remind.at(hour=9), "đúng ngày hạn, lúc 09:00: nhắc người phải nộp"),
        (
            Remind.after(days=1, every=1, times=3),
            "sau ngày hạn 1 ngày, lúc 07:00: nhắc người phải nộp; nhắc lại mỗi ngày làm việc đến khi xong, "
            "nhiều nhất 3 lần",
        ),
        (
            Remind.after(days=2, to=group_head),
            "sau ngày hạn 2 ngày, lúc 07:00: báo tổ trưởng danh sách người chưa nộp",
        ),
    ],
)
def test_a_rule_in_words(rule: Remind, vi: str) -> None:
    assert sentence(rule).vi == vi


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        (Remind.before(days=0), "days"),
        (Remind.before(days=31), "days"),
        (Remind.at(hour=5), "hour"),
        (Remind(when="at", days=1), "days"),
        (Remind(when="before", days=1, every=1, times=2), "every"),
        (Remind.after(days=1, every=1), "times"),
        (Remind.after(days=1, times=2), "every"),
    ],
)
def test_what_is_no_rule_says_what_is_wrong(rule: Remind, part: str) -> None:
    wrong = problem(rule)
    assert wrong is not None
    assert wrong[0] == part


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        ["at"],
        [{"when": "at"}],
        as_data((Remind.at(), Remind.at())),
        [as_data((Remind.at(),))[0] | {"hour": "7"}],
        [as_data((Remind.at(),))[0] | {"to": "everyone"}],
        [as_data((Remind.at(),))[0] | {"days": True}],
    ],
)
def test_data_that_is_no_set_of_rules_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="which are none"):
        from_data(value, "lesson-plan")


def test_only_posts_are_reminded() -> None:
    with pytest.raises(ValueError, match="Nobody is reminded"):
        Remind.at(to=author)
