"""The process as such: random people doing random things never skip a step nor get a document stuck."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import plan
from flows.catalogue import TYPES
from flows.documents.spot_check import SPOT_CHECK
from flows.grammar import (
    Acknowledge,
    Archive,
    DocumentType,
    Draft,
    Outcome,
    Parallel,
    Refused,
    Respond,
    Review,
    Step,
    Submitted,
)
from flows.people import Actor, Cover, Subject, clerk, group_head, principal, vice_principal
from flows.plan import SYSTEM, Happened, Impossible, Position
from flows.step_checks import ways
from models.text import Text
from tests.processes import FINDING, PROCESSES, RULING, SIGN, TEACHER, WITNESSED, process

ALL = frozenset(t.slug for t in TYPES)
LINEAR = tuple(t for t in TYPES if all(s.when is None and s.leaves == (s,) for s in t.steps))
"""Types whose every step is taken, one after the other."""


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
    "witness": Actor("witness", "s", frozenset({"teacher"})),
    "elsewhere": Actor("principal", "other", frozenset({"principal", "vice_principal", "clerk"})),
}
FORWARD = (
    "submit", "sign", "agree", "state", "refuse", "acknowledge", "approve", "seal", "grant", "violation",
    "archive",
)  # fmt: skip
ACTIONS = tuple(dict.fromkeys(("return", "reopen", "withdraw", *FORWARD, "reject", "dismiss")))


def subject(owner: str, declared: DocumentType = TYPES[0], concerned: str = "stranger") -> Subject:
    about = concerned if declared.about_someone else None
    return Subject("s", owner, "g", "head", "deputy", type=declared.slug, concerned_id=about)


def step_on(
    declared: DocumentType,
    here: Position,
    events: list[Happened],
    owner: str,
    who: str,
    action: str,
    values: Mapping[str, Any] | None = None,
    witness: str = "clerk",
    concerned: str = "stranger",
) -> Position:
    """Carry out what is allowed; what is not changes nothing."""
    actor, stood_for = PEOPLE[who], ""
    about = subject(owner, declared, concerned)
    step = plan.turns(here, actor, about).get(action)
    name = actor.id
    if action == "archive":
        if not here.automatic:
            return here
        name, step = SYSTEM, here.step
    if step is None:
        return here
    standing = plan.standing(here, step, actor, about) if action != "archive" else None
    if standing and standing.cover and action != "withdraw":
        stood_for = standing.cover.absent_id
    revision = here.revision + (action == "submit")
    named = witness if action == "refuse" else ""
    if named in plan.situated(here, about).bound:
        return here
    frozen = (values or {}) if action == "submit" else {}
    event = Happened(len(events) + 1, name, step.name, action, revision, stood_for, named, frozen)
    events.append(event)
    return plan.follow(declared, here, event)


def new(declared: DocumentType) -> tuple[Position, list[Happened]]:
    events = [Happened(1, "x", "draft", "create", 0)]
    return plan.position(declared, events), events


# --- processes of every shape -----------------------------------------------------------------------------

WORDS = Text("x", "x")


@st.composite
def declarations(draw: st.DrawFn) -> DocumentType:
    """Any process the grammar allows, of posts that people here hold: groups, responses, decisions, skips."""
    responds = draw(st.booleans())
    first: list[Step] = [Parallel(name="parties", label=WORDS, parts=(SIGN, TEACHER))] if responds else [SIGN]
    if responds and draw(st.booleans()):
        first.append(WITNESSED)
    posts = draw(st.permutations([group_head, vice_principal, principal]))
    middle: list[Step] = []
    if draw(st.booleans()):
        parts = tuple(
            draw(st.sampled_from([Review, Acknowledge]))(name=f"part_{n}", label=WORDS, by=post)
            for n, post in enumerate(posts[:2])
        )
        middle.append(Parallel(name="group", label=WORDS, parts=parts, need=draw(st.integers(0, 2))))
    else:
        middle.append(draw(st.sampled_from([Review, Acknowledge]))(name="part_0", label=WORDS, by=posts[0]))
    if draw(st.booleans()):
        back = draw(st.sampled_from(["", "draft", first[0].name]))
        middle.append(replace(RULING, name="early", by=posts[1], approves=False, returns_to=back))
        if draw(st.booleans()):
            granted = Outcome("early", "grant", WORDS)
            middle.append(Acknowledge(name="then", label=WORDS, by=clerk, when=granted))
    if responds and draw(st.booleans()):
        middle.append(Acknowledge(name="heard", label=WORDS, by=posts[0], when=Refused("teacher")))
    kind = draw(st.sampled_from(["review", "note", "decision"]))
    approval: Step = {
        "review": Review(name="approval", label=WORDS, by=posts[2], approves=True),
        "note": Acknowledge(name="approval", label=WORDS, by=posts[2], approves=True),
        "decision": replace(RULING, name="approval", by=posts[2]),
    }[kind]
    last: list[Step] = [replace(FINDING, by=clerk, when=Submitted("week", "found", WORDS))] * draw(
        st.booleans()
    )
    return process(*first, *middle, approval, *last)


every = st.one_of(st.sampled_from((*TYPES, *PROCESSES.values())), declarations())


def check(declared: DocumentType, here: Position, events: list[Happened], about: Subject) -> None:
    """What holds wherever a document stands."""
    assert plan.position(declared, events) == here, "replayed, it stands where it stood"
    done = [(one.step, one.action) for one in here.passed]
    assert any(way[: len(done)] == done for way in named_ways(declared)), "no step is skipped or done twice"
    acted = [(one, who) for one in here.passed for who in one.actors]
    judges = [(one, who) for one, who in acted if one.step != "author" and one.action != "refuse"]
    assert len({who for _, who in judges}) == len(judges), "nobody acts twice"
    assert all(who != about.owner_id for _, who in judges), "nobody decides on their own"
    answers = {step.name for step in declared.leaves if isinstance(step, Respond)}
    assert all(who != about.concerned_id or one.step in answers for one, who in judges)
    if here.status == "archived":
        assert done in named_ways(declared)
    if here.step is None or here.automatic:
        assert not any(plan.actions(here, actor, about) for actor in PEOPLE.values())
        return
    assert here.open
    for step in here.open:
        waits = plan.audiences(here, step, about)
        assert waits, "it waits for somebody"
        situated = plan.situated(here, about)
        free = [a for a in PEOPLE.values() if plan.standing(here, step, a, about)]
        holders = [a for a in PEOPLE.values() if a.school_id == "s" and set(waits) & set(a.audiences())]
        assert free or all(a.id in situated.bound for a in holders), "or it is an incident of law 6"


def named_ways(declared: DocumentType) -> list[list[tuple[str, str]]]:
    """Every way through, of the steps that are passed by somebody."""
    return [
        [(step.name, action) for step, action in way if not isinstance(step, Draft | Archive)]
        for way in ways(declared.steps, orders=True)
    ]


@given(
    every,
    st.sampled_from([("author", "stranger"), ("author", "vice"), ("head", "principal"), ("vice", "head")]),
    st.booleans(),
    st.data(),
)
def test_wherever_random_people_take_it_the_process_holds(
    declared: DocumentType, named: tuple[str, str], found: bool, data: st.DataObject
) -> None:
    """They do what they may, back and forth, and try what they may not."""
    owner, concerned = named
    about = subject(owner, declared, concerned)
    here, events = new(declared)
    values = {"week": "found"} if found else {}
    anything = st.tuples(st.sampled_from(sorted(PEOPLE)), st.sampled_from(ACTIONS))
    for _ in range(25):
        may = [(who, a) for who in sorted(PEOPLE) for a in plan.actions(here, PEOPLE[who], about)]
        lasting = [(who, action) for who, action in may if action != "withdraw"] or may
        move = st.sampled_from(lasting) if lasting else st.just(("author", "archive"))
        who, action = data.draw(st.one_of(move, move, move, anything))
        witness = data.draw(st.sampled_from(["clerk", "witness", "deputy"])) if action == "refuse" else ""
        here = step_on(declared, here, events, owner, who, action, values, witness, concerned)
        check(declared, here, events, about)
        if here.step is None:
            break


@given(every, st.data())
def test_every_process_comes_to_its_end_whichever_allowed_thing_is_done(
    declared: DocumentType, data: st.DataObject
) -> None:
    """Only what is allowed is chosen, never the way back: it ends archived, and says so on the way."""
    here, events = new(declared)
    for _ in range(20):
        if here.step is None:
            break
        choices = [
            (who, action)
            for who in sorted(PEOPLE)
            for action in plan.actions(here, PEOPLE[who], subject("author", declared))
            if action not in ("return", "reopen", "withdraw")
        ]
        if not choices and not here.automatic:
            return  # an incident: whoever holds the post acted already (checked above)
        who, action = ("author", "archive") if here.automatic else data.draw(st.sampled_from(choices))
        before = len(events)
        here = step_on(declared, here, events, "author", who, action, {}, "witness")
        assert len(events) == before + 1
    assert (here.step, here.status) == (None, "archived")
    assert [(p.step, p.action) for p in here.passed] in named_ways(declared)


@given(every, st.data())
def test_of_two_who_want_the_same_step_one_has_it(declared: DocumentType, data: st.DataObject) -> None:
    here, events = new(declared)
    for _ in range(data.draw(st.integers(1, 12))):
        about = subject("author", declared)
        choices = [
            (who, action, step)
            for who in sorted(PEOPLE)
            for action, step in plan.turns(here, PEOPLE[who], about).items()
        ]
        if not choices:
            break
        who, action, step = data.draw(st.sampled_from(choices))
        before = here
        here = step_on(declared, here, events, "author", who, action)
        if here == before:
            continue
        if action in step.passing:
            assert step not in here.open, "what is passed is not open to another"
        siblings = [s for s in before.open if s is not step]
        if before.grouped and here.step is before.step:
            assert list(here.open) == siblings, "the other parts wait on as they did"


@given(st.sampled_from((*TYPES, *PROCESSES.values())), st.sampled_from(["author", "head"]))
def test_a_document_always_reaches_its_archive(declared: DocumentType, owner: str) -> None:
    here, events = new(declared)
    for _ in range(len(declared.leaves)):
        before = len(events)
        for who, action in itertools.product(sorted(PEOPLE), FORWARD):
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


@given(st.sampled_from(LINEAR), st.integers(min_value=0, max_value=8))
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


def test_what_the_system_wrote_is_not_rewritten_and_taken_back_only_before_it_is_signed() -> None:
    here, events = new(SPOT_CHECK)
    assert plan.actions(here, PEOPLE["author"], subject("author")) == ("submit",)
    here = step_on(SPOT_CHECK, here, events, "author", "author", "submit")
    assert plan.actions(here, PEOPLE["author"], subject("author")) == ("sign", "withdraw")
    here = step_on(SPOT_CHECK, here, events, "author", "author", "sign")
    assert not plan.withdrawable(here)


@given(st.sampled_from(LINEAR))
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


def test_a_return_to_a_group_opens_all_its_parts_again_and_keeps_what_came_before() -> None:
    early = replace(RULING, name="early", by=group_head, approves=False, returns_to="parties")
    last = Acknowledge(name="approval", label=WORDS, by=principal, approves=True)
    declared = process(Parallel(name="parties", label=WORDS, parts=(SIGN, TEACHER)), WITNESSED, early, last)
    here, events = new(declared)
    for who, action in (
        ("author", "submit"),
        ("author", "sign"),
        ("author", "refuse"),
        ("clerk", "acknowledge"),
    ):
        here = step_on(declared, here, events, "author", who, action)
    assert (here.witness, here.acted) == ("clerk", frozenset({"author", "clerk"}))
    here = step_on(declared, here, events, "author", "head", "return")
    assert [s.name for s in here.open] == ["author", "teacher"]
    assert (here.status, here.revision, here.passed) == ("in_progress", 1, ())
    for who, action in (("stranger", "agree"), ("author", "sign"), ("head", "grant")):
        here = step_on(declared, here, events, "author", who, action)
    assert here.signed == ("teacher", "author", "early")
    assert here.step is not None
    assert here.step.name == "approval"
