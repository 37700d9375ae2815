"""What a check's marks amount to, as a table, and what holds for every combination of marks and records."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import spot_finding
from flows.spot_finding import (
    ITEMS,
    LESSON_PLAN,
    MARKS,
    TEACHING_PLAN,
    Known,
    asks_words,
    judged_words,
    paper_words,
    propose,
)
from models.text import Text

WELL = Known("approved", printed=True)
KNOWN = st.builds(
    Known,
    st.sampled_from(["approved", "waiting", "returned", "draft", "none"]),
    owed=st.booleans(),
    in_time=st.booleans(),
    printed=st.booleans(),
    code=st.sampled_from(["right", "other", "unknown", ""]),
)
KNOWNS = st.fixed_dictionaries(dict.fromkeys(ITEMS, KNOWN))
MARKED = st.fixed_dictionaries({item: st.sampled_from(list(MARKS[item])) for item in ITEMS})


@pytest.mark.parametrize(
    ("mark", "known", "why", "outcome"),
    [
        ("present", Known("approved"), "seen", "held"),
        ("present", Known("approved", code="right"), "seen", "held"),
        ("present", Known("approved", code="unknown"), "seen", "held"),
        ("present", Known("approved", code="other"), "other-print", "lacking"),
        ("absent", Known("approved", printed=True), "not-seen", "lacking"),
        ("absent", Known("approved", printed=True, code="right"), "not-seen", "lacking"),
        ("unclear", Known("approved", printed=True), "known-printed", "held"),
        ("unclear", Known("approved", code="right"), "known-printed", "held"),
        ("unclear", Known("approved"), "not-printed", "lacking"),
        ("present", Known("none"), "not-approved", "lacking"),
        ("present", Known("draft"), "not-approved", "lacking"),
        ("present", Known("returned", in_time=True), "not-approved", "lacking"),
        ("present", Known("waiting", in_time=False), "not-approved", "lacking"),
        ("absent", Known("waiting", in_time=True), "reviewing", "excused"),
        ("absent", Known("none", owed=False), "free", "excused"),
        ("absent", Known("approved", owed=False), "not-seen", "lacking"),
    ],
)
def test_one_item(mark: str, known: Known, why: str, outcome: str) -> None:
    proposal = propose(
        {TEACHING_PLAN: mark, LESSON_PLAN: "present"},
        {TEACHING_PLAN: known, LESSON_PLAN: WELL},
        both=False,
    )
    judged = proposal.items[0]
    assert (judged.item, judged.why, judged.outcome) == (TEACHING_PLAN, why, outcome)
    assert proposal.asks == (outcome == "lacking")


@pytest.mark.parametrize(("mark", "asks"), [("present", False), ("printed", False), ("absent", True)])
def test_a_printed_lesson_plan_is_as_good_as_the_file(mark: str, asks: bool) -> None:
    marks = {TEACHING_PLAN: "present", LESSON_PLAN: mark}
    assert propose(marks, {TEACHING_PLAN: WELL, LESSON_PLAN: WELL}, both=False).asks == asks


def test_the_rule_of_the_school_says_if_one_is_enough() -> None:
    known = {TEACHING_PLAN: WELL, LESSON_PLAN: WELL}
    one, two = ({TEACHING_PLAN: first, LESSON_PLAN: "absent"} for first in ("present", "absent"))
    assert [propose(marks, known, both=both).asks for marks in (one, two) for both in (False, True)] == [
        True,
        False,
        True,
        True,
    ]


@given(MARKED, KNOWNS)
def test_where_both_must_lack_nobody_is_asked_more_often(marks: dict, known: dict) -> None:
    if propose(marks, known, both=True).asks:
        assert propose(marks, known, both=False).asks


@given(MARKED, KNOWNS, st.sampled_from(ITEMS), st.booleans())
def test_seeing_more_never_asks_more(marks: dict, known: dict, item: str, both: bool) -> None:
    before = propose(marks | {item: "absent"}, known, both=both)
    after = propose(marks | {item: "present"}, known, both=both)
    assert before.asks or not after.asks


@given(MARKED, KNOWNS, st.booleans())
def test_nobody_answers_for_a_reviewer_or_for_what_is_not_owed(marks: dict, known: dict, both: bool) -> None:
    for judged in propose(marks, known, both=both).lacks:
        of = known[judged.item]
        assert of.state == "approved" or of.owed
        assert not (of.state == "waiting" and of.in_time)


@given(MARKED, KNOWNS, st.booleans(), st.integers(1, 35))
def test_no_word_pronounces_before_anybody_decided(marks: dict, known: dict, both: bool, week: int) -> None:
    proposal = propose(marks, known, both=both)
    for said in (
        asks_words(asks=proposal.asks),
        paper_words(proposal, asks=proposal.asks),
        *(judged_words(j, week) for j in proposal.items),
    ):
        unspoken(said)
        assert "{" not in said.vi + said.en


@given(MARKED, KNOWNS, st.booleans())
def test_all_is_there_is_said_only_where_all_was_there(marks: dict, known: dict, both: bool) -> None:
    proposal = propose(marks, known, both=both)
    held = all(judged.outcome == "held" for judged in proposal.items)
    assert ("Đủ hồ sơ" in paper_words(proposal, asks=proposal.asks).vi) == held


def test_what_is_not_owed_is_said_not_to_be_looked_at() -> None:
    free = dict.fromkeys(ITEMS, Known("none", owed=False))
    proposal = propose(dict.fromkeys(ITEMS, "absent"), free, both=False)
    said = [judged_words(judged, 12).vi for judged in proposal.items]
    assert said[0] == "Kế hoạch dạy học tuần 12: không thuộc diện phải lập, không xét."
    assert paper_words(proposal, asks=proposal.asks).vi == "Không có việc phải xem tiếp."


def unspoken(said: Text) -> None:
    assert said.vi
    assert said.en
    assert "vi phạm" not in said.vi.lower()
    assert not {"violat", "guilt", "offence", "fault", "breach"} & {
        word[: len(stem)]
        for word in said.en.lower().split()
        for stem in ("violat", "guilt", "offence", "fault", "breach")
    }


def test_every_word_of_the_proposal_is_kind() -> None:
    texts = [value for value in vars(spot_finding).values() if isinstance(value, Text)]
    for table in (spot_finding._SAID, spot_finding._NOT_SEEN, spot_finding.ITEM_NAMES, *MARKS.values()):
        texts += table.values()
    assert len(texts) > 15
    for said in texts:
        unspoken(said)


def test_every_combination_is_weighed() -> None:
    for plan, lesson, state in product(MARKS[TEACHING_PLAN], MARKS[LESSON_PLAN], ("approved", "none")):
        known = {item: Known(state) for item in ITEMS}
        assert len(propose({TEACHING_PLAN: plan, LESSON_PLAN: lesson}, known, both=False).items) == 2
