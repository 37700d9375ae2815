"""The process as such: random people doing random things never skip a step nor get a document stuck."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import plan
from flows.catalogue import TYPES
from flows.grammar import Archive, DocumentType, Review
from flows.people import Actor, Cover, Subject
from flows.plan import SYSTEM, Happened, Impossible, Position

ALL = frozenset(t.slug for t in TYPES)


def stands_in(absent: str, *posts: str) -> tuple[Cover, ...]:
    return (Cover("d", absent, frozenset(posts), ALL, "12/GUQ", date(2026, 11, 20)),)


PEOPLE = {
    "author": Actor("author", "s", frozenset({"teacher"}), groups=frozenset({"g"})),
    "head": Actor("head", "s", frozenset({"teacher"}), heads=frozenset({"g"})),
    "deputy": Actor("deputy", "s", frozenset({"teacher"}), deputises=frozenset({"g"})),
    "vice": Actor("vice", "s", frozenset({"vice_principal"})),
    "principal": Actor("principal", "s", frozenset({"principal"})),
    "clerk": Actor("clerk", "s", frozenset({"clerk"})),
    "stranger": Actor("stranger", "s", frozenset({"teacher", "admin", "inspector"})),
    "for_head": Actor("for_head", "s", frozenset({"teacher"}), covers=stands_in("head", "group_head:g")),
    "for_principal": Actor(
        "deputy", "s", deputises=frozenset({"g"}), covers=stands_in("principal", "role:principal")
    ),
    "for_both": Actor(
        "head",
        "s",
        frozenset({"teacher"}),
        heads=frozenset({"g"}),
        covers=stands_in("principal", "role:principal"),
    ),
    "elsewhere": Actor("principal", "other", frozenset({"principal", "vice_principal", "clerk"})),
}
ACTIONS = ("submit", "sign", "reopen", "approve", "return", "withdraw", "seal", "archive")


def subject(owner: str, declared: DocumentType = TYPES[0]) -> Subject:
    return Subject("s", owner, "g", "head", "deputy", type=declared.slug)


def step_on(
    declared: DocumentType, here: Position, events: list[Happened], owner: str, who: str, action: str
) -> Position:
    """Carry out what is allowed; what is not changes nothing."""
    actor, stood_for = PEOPLE[who], ""
    if action == "archive":
        if not here.automatic:
            return here
        name = SYSTEM
    elif action not in plan.actions(here, actor, subject(owner, declared)):
        return here
    else:
        name = actor.id
        standing = plan.standing(here, actor, subject(owner, declared))
        if standing and standing.cover and action != "withdraw":
            stood_for = standing.cover.absent_id
    assert here.step is not None
    revision = here.revision + (action == "submit")
    event = Happened(len(events) + 1, name, here.step.name, action, revision, stood_for)
    events.append(event)
    return plan.follow(declared, here, event)


def new(declared: DocumentType) -> tuple[Position, list[Happened]]:
    events = [Happened(1, "x", "draft", "create", 0)]
    return plan.position(declared, events), events


@given(
    st.sampled_from(TYPES),
    st.sampled_from(["author", "head", "vice", "principal"]),
    st.lists(st.tuples(st.sampled_from(sorted(PEOPLE)), st.sampled_from(ACTIONS)), max_size=40),
)
def test_random_people_never_skip_a_step_and_never_act_twice(
    declared: DocumentType, owner: str, moves: list[tuple[str, str]]
) -> None:
    here, events = new(declared)
    for who, action in moves:
        here = step_on(declared, here, events, owner, who, action)
    assert plan.position(declared, events) == here
    order = [s.name for s in declared.steps]
    current = [e for e in events if e.revision == here.revision and e.action in ("sign", "approve", "seal")]
    last_return = max((e.seq for e in events if e.action in ("return", "reopen")), default=0)
    since = [e for e in current if e.seq > last_return]
    assert [e.step for e in since] == [n for n in order if n in {e.step for e in since}]
    taken = [person for e in since for person in (e.actor, e.stood_for) if person]
    assert len(set(taken)) == len(taken)
    approvals = [e for e in events if e.action == "approve"]
    assert all(owner not in (e.actor, e.stood_for) for e in approvals)
    if here.status == "withdrawn":
        assert here.step is None
        last = events[-1]
        assert (last.action, last.actor) == ("withdraw", owner)
        assert plan.position(declared, events[:-1]).status not in plan.DONE
    if here.status == "archived":
        done = {e.step for e in since} | {"draft", "archive"}
        assert done == set(order)


@given(st.sampled_from(TYPES), st.sampled_from(["author", "head"]))
def test_a_document_always_reaches_its_archive(declared: DocumentType, owner: str) -> None:
    here, events = new(declared)
    for _ in range(len(declared.steps)):
        before = len(events)
        for who, action in itertools.product(sorted(PEOPLE), ACTIONS):
            if action in ("return", "reopen", "withdraw"):
                continue
            here = step_on(declared, here, events, owner, who, action)
            if len(events) > before:
                break
    assert here.step is None
    assert here.status == "archived"


@pytest.mark.parametrize("declared", TYPES, ids=lambda t: t.slug)
def test_nobody_may_do_the_machines_step(declared: DocumentType) -> None:
    archive = declared.steps[-1]
    here = Position(archive, "approved", 1, 9)
    assert isinstance(archive, Archive)
    assert all(plan.actions(here, a, subject("author")) == () for a in PEOPLE.values())


def test_the_same_role_in_another_school_may_do_nothing() -> None:
    declared = TYPES[0]
    approval = next(s for s in declared.steps if isinstance(s, Review) and s.approves)
    here = Position(approval, "in_progress", 1, 4)
    assert plan.actions(here, PEOPLE["principal"], subject("author")) == ("approve", "return")
    assert plan.actions(here, PEOPLE["elsewhere"], subject("author")) == ()


@given(st.sampled_from(TYPES), st.integers(min_value=0, max_value=8))
def test_only_the_author_withdraws_and_only_before_the_approval(declared: DocumentType, steps: int) -> None:
    here, events = new(declared)
    for step in declared.steps[:steps]:
        if here.automatic:
            break
        who = next(
            w for w in sorted(PEOPLE) if step.actions[0] in plan.actions(here, PEOPLE[w], subject("author"))
        )
        here = step_on(declared, here, events, "author", who, step.actions[0])
    may = [w for w in PEOPLE if "withdraw" in plan.actions(here, PEOPLE[w], subject("author"))]
    assert may == ([] if here.status in plan.DONE else ["author"])


@given(st.sampled_from(TYPES))
def test_what_is_replaced_is_still_sealed_and_archived(declared: DocumentType) -> None:
    here, events = new(declared)
    while not here.automatic:
        step = here.step
        assert step is not None
        who = next(
            w for w in sorted(PEOPLE) if step.actions[0] in plan.actions(here, PEOPLE[w], subject("author"))
        )
        here = step_on(declared, here, events, "author", who, step.actions[0])
        if here.status == "approved":
            opened, step = here.opened_seq, here.step
            here = plan.follow(
                declared, here, Happened(99, SYSTEM, step.name if step else "", "replace", here.revision)
            )
            assert (here.status, here.step, here.opened_seq) == ("replaced", step, opened)
    here = step_on(declared, here, events, "author", "author", "archive")
    assert (here.status, here.step) == ("replaced", None)
    with pytest.raises(Impossible):
        plan.follow(declared, here, Happened(100, SYSTEM, "", "replace", here.revision))


def test_events_that_do_not_fit_are_refused() -> None:
    declared = TYPES[0]
    here, _ = new(declared)
    with pytest.raises(Impossible):
        plan.follow(declared, here, Happened(2, "head", "group_review", "approve", 1))


def test_a_reopened_submit_gives_its_revision_number_back() -> None:
    declared = TYPES[0]
    here, events = new(declared)
    for who, action in (("author", "submit"), ("author", "reopen"), ("author", "submit")):
        here = step_on(declared, here, events, "author", who, action)
    assert here.revision == 1
