"""Who reviews whose document: the table a school would sign."""

from __future__ import annotations

import pytest

from flows.people import Actor, Subject, group_head, principal, vice_principal

HEAD = Actor("head", "s", heads=frozenset({"g"}))
DEPUTY = Actor("deputy", "s", deputises=frozenset({"g"}))
VICE = Actor("vice", "s", frozenset({"vice_principal"}))
PRINCIPAL = Actor("principal", "s", frozenset({"principal"}))
BOTH = Actor("both", "s", frozenset({"principal"}), heads=frozenset({"g"}))


@pytest.mark.parametrize(
    ("owner", "deputy", "expected"),
    [
        ("author", "deputy", "head"),
        ("head", "deputy", "deputy"),
        ("head", None, "vice"),
        ("deputy", "deputy", "head"),
    ],
)
def test_a_group_heads_own_plan_goes_to_the_deputy_else_to_the_vice_principal(
    owner: str, deputy: str | None, expected: str
) -> None:
    subject = Subject("s", owner, "g", "head", deputy)
    allowed = {a.id for a in (HEAD, DEPUTY, VICE, PRINCIPAL) if group_head.allows(a, subject)}
    assert allowed == {expected}


def test_who_reviewed_does_not_approve() -> None:
    subject = Subject("s", "author", "g", "both", None, frozenset({"author", "both"}))
    assert not (principal | vice_principal).allows(BOTH, subject)
    assert (principal | vice_principal).allows(VICE, subject)


def test_the_vice_principal_approves_nothing_they_wrote() -> None:
    subject = Subject("s", "vice", "g", "head", "deputy")
    assert not (principal | vice_principal).allows(VICE, subject)
    assert (principal | vice_principal).allows(PRINCIPAL, subject)
