"""What is late and what is missing, as a table of cases; no database."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.calendar import TeachingWeek, school_year
from flows.deadlines import limit
from flows.due_rules import WEDNESDAY, BeforeWeekday
from flows.flag_words import rule_of, sentence
from flows.flags import Debtor, DueWeek, Found, Ledger, Signed, find, owing
from models.settings import VIETNAM

PLAN = BeforeWeekday(WEDNESDAY, weeks_before=1, setting="lesson_plan_due")
WEEKS = tuple(
    TeachingWeek(f"w{w.number}", w.year, w.term, w.number, w.monday, w.sunday)
    for w in school_year(date(2024, 9, 9))
)
DUE = [DueWeek(w, limit(PLAN, w), PLAN.rule) for w in WEEKS]
LONG_AGO = datetime(2020, 1, 1, tzinfo=VIETNAM)
LAN = Debtor("lan", "lan", "g1", LONG_AGO)
HOUR = timedelta(hours=1)


def paper(signed_at: datetime, week: str = "w11", last: str | None = None, id_: str = "d1") -> Signed:
    return Signed("lan", id_, "lan", "g1", week, last, signed_at)


def flags(
    *papers: Signed, now: datetime, debtor: Debtor = LAN, weeks: list[DueWeek] | None = None
) -> list[Found]:
    return find("lesson-plan", [debtor], weeks or [DUE[10]], Ledger(WEEKS, papers), now)


def brief(found: list[Found]) -> list[tuple[str, str, bool]]:
    return [(f.rule, f.week_id, f.resolved_at is None) for f in found]


LIMIT = DUE[10].due_at  # week 11 begins on Monday 18/11/2024


@pytest.mark.parametrize(
    ("signed", "now", "expected"),
    [
        (None, LIMIT - HOUR, []),
        (None, LIMIT, [("missing", "w11", True)]),
        (LIMIT - HOUR, LIMIT + HOUR, []),
        (LIMIT, LIMIT + HOUR, [("missing", "w11", False), ("late", "w11", True)]),
        (LIMIT + 8 * HOUR, LIMIT + 9 * HOUR, [("missing", "w11", False), ("late", "w11", True)]),
    ],
)
def test_one_teacher_one_week(
    signed: datetime | None, now: datetime, expected: list[tuple[str, str, bool]]
) -> None:
    assert brief(flags(*([paper(signed)] if signed else []), now=now)) == expected


def test_a_flag_opens_and_resolves_at_the_moments_of_the_facts_not_of_the_look() -> None:
    signed = LIMIT + 8 * HOUR
    soon, later = flags(paper(signed), now=signed), flags(paper(signed), now=signed + timedelta(days=3))
    assert soon == later
    missing, late = soon
    assert (missing.opened_at, missing.resolved_at) == (LIMIT, signed)
    assert (late.opened_at, late.resolved_at, late.document_id) == (signed, None, "d1")


def test_a_flag_says_the_rule_and_the_times() -> None:
    late = flags(paper(LIMIT + 8 * HOUR + timedelta(minutes=10)), now=LIMIT + 9 * HOUR)[1]
    assert (
        sentence("late", late.data).vi
        == "Hạn: trước 00:00 thứ Tư 13/11; ký lúc 08:10 thứ Tư 13/11: muộn 8 giờ"
    )
    assert rule_of(late.data).vi == "hết thứ Ba của tuần liền trước tuần dạy (trước 00:00 thứ Tư)"
    missing = flags(now=LIMIT)[0]
    assert sentence("missing", missing.data).vi == "Hạn: trước 00:00 thứ Tư 13/11; chưa ký và trình"
    assert missing.data["week"] == 11


def test_a_range_is_held_to_the_limit_of_its_first_week_and_covers_the_others() -> None:
    now = DUE[14].due_at
    weeks = DUE[8:15]
    on_time = flags(paper(DUE[10].due_at - HOUR, "w11", "w14"), now=now, weeks=weeks)
    assert [(f.rule, f.week_id) for f in on_time] == [("missing", w) for w in ("w9", "w10", "w15")]
    late = flags(paper(DUE[11].due_at + HOUR, "w11", "w14"), now=now, weeks=weeks)
    assert brief(late) == [
        ("missing", "w9", True),
        ("missing", "w10", True),
        ("missing", "w11", False),
        ("missing", "w12", False),
        ("missing", "w15", True),
        ("late", "w11", True),
    ]


def test_the_earliest_of_several_signatures_counts() -> None:
    two = [paper(LIMIT + HOUR, id_="second"), paper(LIMIT - HOUR, id_="first")]
    assert flags(*two, now=LIMIT + 2 * HOUR) == []


def test_who_came_after_the_limit_owes_nothing_for_that_week() -> None:
    came = LAN._replace(since=DUE[10].due_at)
    assert flags(now=LIMIT + timedelta(days=30), debtor=came) == []
    assert owing([came], DUE[10], Ledger(WEEKS, [])) == []


def test_who_signed_late_and_left_stays_late_and_owes_nothing_more() -> None:
    ledger = Ledger(WEEKS, [paper(LIMIT + HOUR)])
    found = find("lesson-plan", [], DUE[9:12], ledger, DUE[11].due_at)
    assert brief(found) == [("late", "w11", True)]


def test_to_remind_are_those_who_have_not_signed() -> None:
    huong = LAN._replace(key="huong", account_id="huong")
    assert owing([LAN, huong], DUE[10], Ledger(WEEKS, [paper(LIMIT - HOUR)])) == [huong]


@given(
    st.lists(st.tuples(st.integers(0, 34), st.integers(0, 4), st.integers(-400, 400)), max_size=12),
    st.integers(0, 34),
)
def test_a_week_past_its_limit_is_covered_in_time_or_has_one_missing_flag(
    written: list[tuple[int, int, int]], upto: int
) -> None:
    now = DUE[upto].due_at
    papers = [
        paper(DUE[first].due_at + hours * HOUR, f"w{first + 1}", f"w{min(first + more, 34) + 1}", f"d{n}")
        for n, (first, more, hours) in enumerate(written)
    ]
    found = flags(*papers, now=now, weeks=DUE)
    assert len({f.key for f in found}) == len(found)
    missing = {f.week_id for f in found if f.rule == "missing"}
    for n, due in enumerate(DUE):
        covering = [
            p for p in papers if int(p.week_id[1:]) <= n + 1 <= int((p.last_week_id or p.week_id)[1:])
        ]
        in_time = any(p.signed_at < due.due_at for p in covering)
        assert (due.week.id in missing) == (due.due_at <= now and not in_time)


def test_a_plan_sent_in_time_stays_so_for_all_its_weeks_when_the_calendar_moves() -> None:
    sent = DUE[10].due_at + HOUR
    long = paper(sent, "w10", "w11")._replace(due_at=sent + HOUR)  # the limit it was held to then
    assert flags(long, weeks=DUE[9:11], now=DUE[11].due_at) == []
    unheld = flags(long._replace(due_at=None), weeks=DUE[9:11], now=DUE[11].due_at)
    assert {f.rule for f in unheld} == {"late", "missing"}
