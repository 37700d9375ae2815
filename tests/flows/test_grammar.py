"""A declaration that contradicts itself fails when it is made, with one sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.due_rules import DaysAfter, DaysBefore, Deadline
from flows.grammar import Archive, Draft, Review, Seal, Sign, Step
from flows.people import author, clerk, group_head, principal
from models.errors import BadType
from models.text import Text

DRAFT, SIGN, ARCHIVE = Draft(by=author), Sign(by=author), Archive(keep=5)
APPROVAL = Review(name="approval", label=Text("Duyệt", "Approval"), by=principal, approves=True)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ((SIGN, APPROVAL, ARCHIVE), "first step must be Draft"),
        ((DRAFT, SIGN, APPROVAL), "last step must be Archive"),
        ((DRAFT, ARCHIVE), "someone must decide"),
        ((DRAFT, SIGN, ARCHIVE), "exactly one review approves"),
        ((DRAFT, SIGN, APPROVAL, APPROVAL, ARCHIVE), "same name"),
        ((DRAFT, SIGN, replace(APPROVAL, by=author), ARCHIVE), "nobody approves their own"),
        ((DRAFT, SIGN, replace(APPROVAL, by=principal | author), ARCHIVE), "nobody approves their own"),
        ((DRAFT, SIGN, replace(APPROVAL, returns_to="archive"), ARCHIVE), "not before it"),
        ((DRAFT, SIGN, Seal(by=clerk), APPROVAL, ARCHIVE), "seal comes after"),
        ((DRAFT, replace(SIGN, approves=True), APPROVAL, ARCHIVE), "exactly one review approves"),
        (
            (DRAFT, replace(SIGN, approves=True), replace(APPROVAL, approves=False), ARCHIVE),
            "so nobody reviews",
        ),
        ((DRAFT, replace(SIGN, by=group_head), APPROVAL, ARCHIVE), "author's signature"),
        ((DRAFT, APPROVAL, SIGN, ARCHIVE), "right after the draft"),
        ((DRAFT, SIGN, replace(APPROVAL, by=None), ARCHIVE), "needs someone"),
    ],
)
def test_a_wrong_chain_is_refused(steps: tuple[Step, ...], sentence: str) -> None:
    with pytest.raises(BadType, match=sentence):
        replace(LESSON_PLAN, steps=steps)


def test_a_type_may_end_with_its_authors_signature() -> None:
    alone = replace(LESSON_PLAN, steps=(DRAFT, replace(SIGN, approves=True), ARCHIVE))
    assert not alone.reviewed


def test_a_week_that_is_no_field_is_refused() -> None:
    with pytest.raises(BadType, match="no field of the form"):
        replace(TEAM_TEACHING_PLAN, week_field="tuan")


@pytest.mark.parametrize(
    ("deadline", "sentence"),
    [
        (DaysBefore(10), "names the setting"),
        (DaysBefore(91, setting="x"), "from 0 to 90"),
        (DaysAfter(1, event="approved", setting="x"), "cannot be due after it"),
    ],
)
def test_a_deadline_that_is_none_is_refused(deadline: Deadline, sentence: str) -> None:
    with pytest.raises(BadType, match=sentence):
        replace(LESSON_PLAN, deadline=deadline)
