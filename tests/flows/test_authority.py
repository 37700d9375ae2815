"""In which capacity people sign, as Decree 30/2020 I.II.7 prints it."""

from __future__ import annotations

import pytest

from flows.authority import authority
from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.grammar import DocumentType
from flows.people import Actor, Subject

SUBJECT = Subject("s", "author", "g", "head", "deputy")
HEAD = Actor("head", "s", frozenset({"teacher"}), heads=frozenset({"g"}))
DEPUTY = Actor("deputy", "s", frozenset({"teacher"}), deputises=frozenset({"g"}))
VICE = Actor("vice", "s", frozenset({"vice_principal"}))
PRINCIPAL = Actor("principal", "s", frozenset({"principal"}))


@pytest.mark.parametrize(
    ("declared", "step", "actor", "lines"),
    [
        (LESSON_PLAN, "author", HEAD, ()),
        (LESSON_PLAN, "group_review", HEAD, ("TỔ TRƯỞNG CHUYÊN MÔN",)),
        (LESSON_PLAN, "group_review", DEPUTY, ("KT. TỔ TRƯỞNG CHUYÊN MÔN", "TỔ PHÓ CHUYÊN MÔN")),
        (LESSON_PLAN, "group_review", VICE, ("PHÓ HIỆU TRƯỞNG",)),
        (LESSON_PLAN, "principal_approval", PRINCIPAL, ("HIỆU TRƯỞNG",)),
        (LESSON_PLAN, "principal_approval", VICE, ("KT. HIỆU TRƯỞNG", "PHÓ HIỆU TRƯỞNG")),
        (TEAM_TEACHING_PLAN, "author", HEAD, ("TỔ TRƯỞNG CHUYÊN MÔN",)),
        (TEAM_TEACHING_PLAN, "vice_principal_review", VICE, ("PHÓ HIỆU TRƯỞNG",)),
        (TEAM_TEACHING_PLAN, "principal_approval", PRINCIPAL, ("HIỆU TRƯỞNG",)),
        (TEAM_TEACHING_PLAN, "seal", Actor("clerk", "s"), ("TRƯỜNG TIỂU HỌC ĐỒNG MAI",)),
    ],
)
def test_the_lines_above_a_signature(
    declared: DocumentType, step: str, actor: Actor, lines: tuple[str, ...]
) -> None:
    assert authority(declared, declared.step(step), actor, SUBJECT, "Trường Tiểu học Đồng Mai") == lines
