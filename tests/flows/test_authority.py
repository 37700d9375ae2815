"""In which capacity people sign, as Decree 30/2020 I.II.7 prints it."""

from __future__ import annotations

from datetime import date

import pytest

from flows.authority import authority, manner
from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.grammar import DocumentType
from flows.people import Actor, Cover, Standing, Subject

SUBJECT = Subject("s", "author", "g", "head", "deputy")
HEAD = Actor("head", "s", frozenset({"teacher"}), heads=frozenset({"g"}))
DEPUTY = Actor("deputy", "s", frozenset({"teacher"}), deputises=frozenset({"g"}))
VICE = Actor("vice", "s", frozenset({"vice_principal"}))
PRINCIPAL = Actor("principal", "s", frozenset({"principal"}))
COLLEAGUE = Actor("colleague", "s", frozenset({"teacher"}), groups=frozenset({"g"}))


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
    own = Standing("role:own")
    assert authority(declared, declared.step(step), actor, SUBJECT, "Trường Tiểu học Đồng Mai", own) == lines


@pytest.mark.parametrize(
    ("audience", "actor", "how", "lines"),
    [
        ("group_head:g", DEPUTY, "KT", ("KT. TỔ TRƯỞNG CHUYÊN MÔN", "TỔ PHÓ CHUYÊN MÔN")),
        ("group_head:g", VICE, "own", ("PHÓ HIỆU TRƯỞNG",)),
        ("group_head:g", PRINCIPAL, "own", ("HIỆU TRƯỞNG",)),
        ("group_head:g", COLLEAGUE, "TUQ", ("TUQ. TỔ TRƯỞNG CHUYÊN MÔN", "GIÁO VIÊN")),
        ("group_deputy:g", COLLEAGUE, "TUQ", ("TUQ. TỔ PHÓ CHUYÊN MÔN", "GIÁO VIÊN")),
        ("role:principal", VICE, "KT", ("KT. HIỆU TRƯỞNG", "PHÓ HIỆU TRƯỞNG")),
        ("role:principal", HEAD, "TUQ", ("TUQ. HIỆU TRƯỞNG", "GIÁO VIÊN")),
        ("role:vice_principal", PRINCIPAL, "own", ("HIỆU TRƯỞNG",)),
        ("role:vice_principal", HEAD, "TUQ", ("TUQ. PHÓ HIỆU TRƯỞNG", "GIÁO VIÊN")),
    ],
)
def test_the_lines_of_who_stands_in(audience: str, actor: Actor, how: str, lines: tuple[str, ...]) -> None:
    step = LESSON_PLAN.step("group_review")
    cover = Cover("d", "away", frozenset({audience}), frozenset({"lesson-plan"}), "12", date(2026, 11, 20))
    stands = Standing(audience, cover)
    assert manner(audience, actor) == how
    assert authority(LESSON_PLAN, step, actor, SUBJECT, "", stands, "Giáo viên") == lines


def test_the_seal_is_handed_over_in_writing_alone() -> None:
    assert {manner("role:clerk", actor) for actor in (HEAD, VICE, PRINCIPAL, COLLEAGUE)} == {"TUQ"}
