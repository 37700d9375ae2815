"""A declaration that contradicts itself fails when it is made, with one sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.due_rules import DaysAfter, DaysBefore, Deadline
from flows.grammar import (
    Acknowledge,
    Archive,
    Choice,
    DocumentType,
    Draft,
    Outcome,
    Refused,
    Review,
    Seal,
    Sign,
    Step,
    Submitted,
)
from flows.people import author, clerk, concerned, group_head, principal
from flows.step_checks import ways
from models.errors import BadType
from models.text import Text
from tests.processes import ANY_OF, APPEAL, CHECK, MINUTES, PARTIES, RULING, TEACHER, WITNESSED

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


X = Text("x", "x")
IF_GRANTED = Outcome("ruling", "grant", X)
EARLY = replace(RULING, approves=False)
LATER = Acknowledge(name="later", label=X, by=clerk)


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ((replace(PARTIES, parts=(SIGN,)), APPROVAL), "two parts or more"),
        ((replace(PARTIES, need=3), APPROVAL), "needs more parts than it has"),
        ((replace(PARTIES, by=clerk), APPROVAL), "only its parts are taken by someone"),
        (
            (SIGN, replace(PARTIES, parts=(TEACHER, Seal(by=clerk))), APPROVAL),
            "no group, draft, seal or archive",
        ),
        ((replace(PARTIES, parts=(SIGN, replace(TEACHER, when=Refused("x")))), APPROVAL), "no when= there"),
        ((SIGN, replace(PARTIES, parts=(TEACHER, APPROVAL))), "others may still be missing"),
        ((SIGN, replace(PARTIES, parts=(LATER, replace(LATER, name="b"))), APPROVAL), "same post"),
        ((PARTIES, replace(TEACHER, by=concerned), APPROVAL), "same name"),
        ((SIGN, EARLY, replace(APPROVAL, when=IF_GRANTED)), "on every way to the end"),
        ((SIGN, EARLY, replace(LATER, when=IF_GRANTED, approves=True), APPROVAL), "on every way to the end"),
        ((SIGN, APPROVAL, replace(LATER, returns_to="draft")), "what is approved is not returned"),
        (
            (SIGN, EARLY, replace(LATER, when=IF_GRANTED), replace(APPROVAL, returns_to="later")),
            "which may be skipped",
        ),
        ((PARTIES, replace(APPROVAL, returns_to="teacher")), "not before it"),
        ((replace(SIGN, name="signed"), APPROVAL), "is called author"),
        ((SIGN, replace(EARLY, by=author), APPROVAL), "nobody approves their own"),
        ((SIGN, replace(LATER, by=concerned), APPROVAL), "nobody decides on what is about them"),
        ((SIGN, replace(TEACHER, by=clerk), APPROVAL), "whom it is about responds"),
        ((PARTIES, replace(WITNESSED, when=None, text="", refusal_of=""), APPROVAL), "waits for a witness"),
        ((PARTIES, replace(WITNESSED, refusal_of="author"), APPROVAL), "only after that refusal"),
        ((PARTIES, replace(WITNESSED, returns_to="draft"), APPROVAL), "where no refusal is recorded"),
        ((SIGN, replace(EARLY, choices=EARLY.choices[:1]), APPROVAL), "two outcomes or more"),
        (
            (SIGN, replace(EARLY, choices=(Choice("sign", X, X), Choice("b", X, X))), APPROVAL),
            "another action",
        ),
        ((SIGN, replace(EARLY, choices=(Choice("So so", X, X), Choice("b", X, X))), APPROVAL), "short word"),
        ((SIGN, replace(EARLY, text=""), APPROVAL), "names the text field"),
        ((SIGN, replace(LATER, when=Refused("teacher")), APPROVAL), "no step before it"),
        ((SIGN, EARLY, replace(LATER, when=Outcome("ruling", "x", X)), APPROVAL), "never reached"),
        ((SIGN, replace(LATER, when=Submitted("colour", "red", X)), APPROVAL), "the form has not"),
        ((SIGN, replace(LATER, numbers="x"), APPROVAL), "must be the competent signature"),
    ],
)
def test_a_group_a_response_or_a_condition_that_makes_no_sense_is_refused(
    steps: tuple[Step, ...], sentence: str
) -> None:
    with pytest.raises(BadType, match=sentence):
        replace(LESSON_PLAN, steps=(DRAFT, *steps, ARCHIVE))


def test_every_way_through_a_process_is_walked() -> None:
    def names(declared: DocumentType, *, orders: bool = False) -> set[tuple[str, ...]]:
        return {
            tuple(f"{step.name} {action}" for step, action in way[1:-1])
            for way in ways(declared.steps, orders=orders)
        }

    assert names(APPEAL) == {
        ("author sign", "ruling grant", "heard acknowledge"),
        ("author sign", "ruling reject"),
    }
    assert names(CHECK) == {
        ("author sign",),
        ("author sign", "finding violation"),
        ("author sign", "finding dismiss"),
    }
    assert names(ANY_OF, orders=True) == {
        ("author sign", "group_review approve", "approval approve"),
        ("author sign", "deputy_review approve", "approval approve"),
    }
    assert len(names(MINUTES)) == 3
    assert len(names(MINUTES, orders=True)) == 6


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
