"""Processes that no type has yet, in the pages of a lesson plan: a group, a refusal, a decision, conditions.

`in_place_of(monkeypatch, declared)` makes `lesson-plan` this process for one test; whom a record is about is
given to `about`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from flows import catalogue
from flows.documents.lesson_plan import LESSON_PLAN
from flows.drafts import create, save
from flows.grammar import (
    Acknowledge,
    Archive,
    Choice,
    Decision,
    DocumentType,
    Draft,
    Facts,
    Outcome,
    Parallel,
    Refused,
    Respond,
    Review,
    Sign,
    Step,
    Submitted,
)
from flows.people import author, concerned, group_head, principal, vice_principal, witness
from models.document import Document
from models.text import Text
from tests.cast import Cast

DRAFT, SIGN, ARCHIVE = Draft(by=author), Sign(by=author), Archive(keep=10)
TEACHER = Respond(name="teacher", label=Text("Người được nêu ký", "The person concerned signs"), by=concerned)
PARTIES = Parallel(
    name="parties", label=Text("Các bên ký biên bản", "Both parties sign"), parts=(SIGN, TEACHER)
)
WITNESSED = Acknowledge(
    name="witness",
    label=Text("Người chứng kiến ký", "The witness signs"),
    by=witness,
    when=Refused("teacher"),
    refusal_of="teacher",
    text="refusal",
    returns_to="parties",
)
NOTED = Acknowledge(
    name="note",
    label=Text("Lãnh đạo xác nhận", "The principal takes note"),
    by=principal | vice_principal,
    approves=True,
)
FINDING = Decision(
    name="finding",
    label=Text("Kết luận", "Finding"),
    by=principal | vice_principal,
    when=Submitted("week", "found", Text("máy đề xuất vi phạm", "a violation is proposed")),
    choices=(
        Choice(
            "violation", Text("Có vi phạm", "Violation"), Text("{who} kết luận có vi phạm", "{who} found it")
        ),
        Choice(
            "dismiss", Text("Không vi phạm", "None"), Text("{who} kết luận không vi phạm", "{who} dismissed")
        ),
    ),
)
RULING = replace(
    FINDING,
    name="ruling",
    label=Text("Giải quyết kiến nghị", "Ruling"),
    when=None,
    approves=True,
    choices=(
        Choice("grant", Text("Chấp nhận", "Grant"), Text("{who} chấp nhận", "{who} granted it")),
        Choice(
            "reject", Text("Không chấp nhận", "Reject"), Text("{who} không chấp nhận", "{who} rejected it")
        ),
    ),
)
HEARD = Acknowledge(
    name="heard",
    label=Text("Tổ trưởng xác nhận", "The group head takes note"),
    by=group_head,
    when=Outcome("ruling", "grant", Text("được chấp nhận", "granted")),
)
BOTH = Parallel(
    name="reviews",
    label=Text("Hai bên duyệt", "Two reviews"),
    parts=(
        Review(name="group_review", label=Text("Tổ trưởng duyệt", "Group head's review"), by=group_head),
        Review(name="deputy_review", label=Text("Phó Hiệu trưởng duyệt", "Vice's review"), by=vice_principal),
    ),
)
APPROVAL = Review(name="approval", label=Text("Duyệt", "Approval"), by=principal, approves=True)
FIELDS = ("statement", "refusal", "reasons")


def process(*steps: Step) -> DocumentType:
    """A lesson plan with these steps between draft and archive; a place on its last page for each field."""
    declared = replace(LESSON_PLAN, steps=(DRAFT, *steps, ARCHIVE), review_reminders=())

    def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
        return LESSON_PLAN.lay_out(fields, facts) | {"boxes": places(declared)}

    return replace(declared, lay_out=lay_out)


def places(declared: DocumentType) -> list[dict[str, str]]:
    """The places of a process's signatures and of the words that come with them."""
    texts = [name for name in FIELDS if any(name in _fields(step) for step in declared.leaves)]
    return [
        *({"field": step.name, "caption": step.label.vi} for step in declared.signing_steps),
        *({"field": name, "caption": name, "kind": "text"} for name in texts),
    ]


def _fields(step: Step) -> tuple[str, ...]:
    return (*(step.filled(action) for action in step.actions), getattr(step, "text", ""))


MINUTES = process(PARTIES, WITNESSED, NOTED)
"""As a record of violation: both parties in any order, a witness of a refusal, the principal's note."""
APPEAL = process(SIGN, RULING, HEARD)
CHECK = process(replace(SIGN, approves=True), FINDING)
REVIEWED = process(SIGN, BOTH, APPROVAL)
ANY_OF = process(SIGN, replace(BOTH, need=1), APPROVAL)
PROCESSES = {"minutes": MINUTES, "appeal": APPEAL, "check": CHECK, "reviewed": REVIEWED, "any-of": ANY_OF}


def in_place_of(monkeypatch: pytest.MonkeyPatch, declared: DocumentType) -> None:
    monkeypatch.setitem(catalogue._BY_SLUG, declared.slug, declared)


def about(cast: Cast, name: str, concerned_name: str, week: int = 13) -> Document:
    """A complete draft by one person about another."""
    actor = cast.actor(name)
    week_of = {"week": cast.weeks[week]}
    made = create(cast.office, actor, "lesson-plan", week_of, concerned_id=cast.ids[concerned_name])
    saved, _ = save(cast.office, actor, made.id, made.content_version, cast.lesson_fields(week))
    return saved
