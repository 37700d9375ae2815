"""A cell of the board as a table of cases, and held against the flags of the clock; no database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.calendar import TeachingWeek, school_year
from flows.catalogue import type_of
from flows.cells import Cell, Paper, columns, fits, stand
from flows.deadlines import limit
from flows.due_rules import WEDNESDAY, BeforeWeekday
from flows.flags import Debtor, DueWeek, Ledger, Signed, find
from models.settings import VIETNAM
from service.standing import said

PLAN = BeforeWeekday(WEDNESDAY, weeks_before=1, setting="lesson_plan_due")
WEEKS = tuple(
    TeachingWeek(f"w{w.number}", w.year, w.term, w.number, w.monday, w.sunday)
    for w in school_year(date(2024, 9, 9), breaks=[date(2025, 1, 27), date(2025, 2, 3)])
)
DUE = [DueWeek(w, limit(PLAN, w), PLAN.rule) for w in WEEKS]
HERE = DUE[10]
LIMIT = HERE.due_at
LONG_AGO = datetime(2020, 1, 1, tzinfo=VIETNAM)
HOUR = timedelta(hours=1)
LESSON, TEAM = type_of("lesson-plan"), type_of("team-teaching-plan")


def paper(
    status: str,
    step: str = "",
    signed: datetime | None = None,
    *,
    week: str = "w11",
    last: str | None = None,
    due: datetime | None = None,
    key: str = "d1",
) -> Paper:
    return Paper(key, "lan", week, last, status, step, due, signed, True)


def cell(*papers: Paper, now: datetime = LIMIT + HOUR, since: datetime = LONG_AGO) -> Cell:
    return stand(LESSON, HERE, since, papers, now)


IN_TIME, LATE = LIMIT - HOUR, LIMIT + 8 * HOUR


@pytest.mark.parametrize(
    ("papers", "now", "state", "mark", "words"),
    [
        ([], LIMIT - HOUR, "not_due", "todo", "Chưa đến hạn"),
        ([], LIMIT, "missing", "miss", "Chưa nộp"),
        ([paper("draft", "draft")], LIMIT - HOUR, "draft", "draft", "Bản nháp"),
        ([paper("draft", "draft")], LIMIT, "missing", "miss", "Chưa nộp, có bản nháp"),
        ([paper("draft", "author")], LIMIT, "missing", "miss", "Chưa nộp, có bản nháp"),
        ([paper("in_progress", "group_review", IN_TIME)], LIMIT, "group", "wait", "Ở tổ, đúng hạn"),
        (
            [paper("in_progress", "principal_approval", IN_TIME)],
            LIMIT,
            "review",
            "wait",
            "Đang duyệt, đúng hạn",
        ),
        ([paper("approved", "archive", IN_TIME)], LIMIT, "approved", "ok", "Đã duyệt, đúng hạn"),
        ([paper("archived", "", IN_TIME)], LIMIT, "approved", "ok", "Đã duyệt, đúng hạn"),
        ([paper("returned", "draft", IN_TIME)], LIMIT, "returned", "ret", "Trả lại, đúng hạn"),
        ([paper("returned", "draft", LATE)], LATE, "returned", "ret", "Trả lại, muộn 8 giờ"),
        ([paper("in_progress", "group_review", LIMIT)], LATE, "late", "late", "Muộn chưa đến 1 phút, ở tổ"),
        (
            [paper("in_progress", "principal_approval", LATE)],
            LATE,
            "late",
            "late",
            "Muộn 8 giờ, đang duyệt",
        ),
        ([paper("archived", "", LATE)], LATE, "late", "late", "Muộn 8 giờ, đã duyệt"),
    ],
)
def test_the_states_of_a_cell(papers: list[Paper], now: datetime, state: str, mark: str, words: str) -> None:
    found = cell(*papers, now=now)
    assert (found.state, said(found).mark, said(found).whole.vi) == (state, mark, words)
    if state in ("missing", "late", "returned", "group", "review", "draft"):
        word = said(found).word
        assert word and said(found).whole.vi == word.vi + said(found).rest("vi"), (
            "what wants a look has a word"
        )


def test_marks_and_words_tell_states_apart_without_colour() -> None:
    """No two of them are drawn alike: another mark, or the same one with another word."""
    drawn = [
        cell(now=LIMIT - HOUR),
        cell(),
        cell(since=LIMIT),
        cell(paper("draft", "draft"), now=LIMIT - HOUR),
        cell(paper("in_progress", "group_review", IN_TIME)),
        cell(paper("in_progress", "principal_approval", IN_TIME)),
        cell(paper("archived", "", IN_TIME)),
        cell(paper("returned", "draft", IN_TIME)),
        cell(paper("archived", "", LATE)),
        Cell("break"),
    ]
    looks = {(said(c).mark, word.vi if (word := said(c).word) else "") for c in drawn}
    assert len(looks) == len(drawn) == len({c.state for c in drawn})


def test_who_came_after_the_limit_does_not_owe_that_week() -> None:
    assert cell(since=LIMIT).state == "not_owed"
    assert cell(since=LIMIT - HOUR).state == "missing"


def test_a_return_does_not_make_it_late_and_the_limit_it_was_sent_under_stays() -> None:
    sent_again = paper("in_progress", "group_review", IN_TIME, due=LIMIT)
    assert cell(sent_again, now=LIMIT + 90 * HOUR).time == "on_time"
    moved = paper("in_progress", "group_review", IN_TIME, due=IN_TIME - 2 * HOUR)
    found = cell(moved)
    assert (found.time, found.late_by) == ("late", 2 * HOUR)


def test_one_that_replaces_another_does_not_set_it_back() -> None:
    old, new = paper("archived", "", IN_TIME), paper("in_progress", "group_review", LATE, key="d2")
    assert (cell(old, new).state, cell(old, new).document_id) == ("approved", "d1")
    replaced = cell(paper("replaced", "", IN_TIME), paper("archived", "", LATE, key="d2"))
    assert (replaced.time, replaced.document_id) == ("on_time", "d2")


def test_of_a_groups_plans_the_least_advanced_is_shown() -> None:
    going = paper("in_progress", "vice_principal_review", IN_TIME, key="d2")
    papers = [paper("archived", "", IN_TIME), going]
    found = stand(TEAM, HERE, LONG_AGO, [paper("archived", "", IN_TIME)], LIMIT, every=True)
    assert found.state == "approved"
    found = stand(TEAM, HERE, LONG_AGO, [*papers, paper("draft", "draft", key="d3")], LIMIT, every=True)
    assert (found.state, len(found.papers)) == ("review", 2)


def test_what_is_asked_for() -> None:
    late = cell(paper("archived", "", LATE))
    assert fits(late, "late") and fits(late, "attention") and not fits(late, "on_time")
    fine = cell(paper("archived", "", IN_TIME))
    assert fits(fine, "approved") and fits(fine, "on_time") and not fits(fine, "attention")


def test_breaks_have_a_column_of_their_own() -> None:
    across = columns(DUE)
    assert len(across) == 36
    [free] = [c for c in across if c.week is None]
    assert (free.monday, free.sunday) == (date(2025, 1, 27), date(2025, 2, 9))
    assert [c.monday for c in across] == sorted(c.monday for c in across)


SIGNED = st.lists(
    st.tuples(
        st.integers(0, 7), st.integers(0, 4), st.integers(-30 * 24, 30 * 24), st.sampled_from(["", "s"])
    ),
    max_size=5,
)


@given(SIGNED, st.integers(-200, 900))
def test_the_board_and_the_clock_agree(drawn: list[tuple[int, int, int, str]], hours: int) -> None:
    """Missing and late here are the flags of there, whatever was signed when, for one week or several."""
    weeks, now = DUE[8:16], DUE[10].due_at + hours * HOUR
    signed: list[Signed] = []
    for number, (first, more, offset, _) in enumerate(drawn):
        start, end = weeks[first], weeks[min(first + more, 7)]
        at = min(start.due_at + offset * HOUR, now)
        signed.append(Signed("lan", f"d{number}", "lan", "g1", start.week.id, end.week.id, at))
    lan = Debtor("lan", "lan", "g1", LONG_AGO)
    found = find("lesson-plan", [lan], weeks, Ledger(WEEKS, signed), now)
    drawn_cells = {due.week.id: stand(LESSON, due, LONG_AGO, _covering(due, signed), now) for due in weeks}

    def flagged(rule: str, *, still: bool) -> set[str]:
        return {f.week_id for f in found if f.rule == rule and (f.resolved_at is None) == still}

    missing = {week for week, c in drawn_cells.items() if c.time == "missing"}
    late = {week for week, c in drawn_cells.items() if c.time == "late"}
    assert missing == flagged("missing", still=True)
    assert late == flagged("late", still=True) | flagged("missing", still=False)


def _covering(due: DueWeek, signed: Sequence[Signed]) -> list[Paper]:
    numbers = {w.id: w.number for w in WEEKS}
    return [
        paper(
            "in_progress", "group_review", s.signed_at, week=s.week_id, last=s.last_week_id, key=s.document_id
        )
        for s in signed
        if numbers[s.week_id] <= due.week.number <= numbers[s.last_week_id or s.week_id]
    ]
