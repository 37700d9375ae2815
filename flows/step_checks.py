"""Which chains of steps make sense: every way through them is walked when a type is made. Pure.

A contradiction is refused with one sentence (`BadType`).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from flows.branching import Past, Refused
from flows.people import AnyOf, Author, Concerned, Who, Witness
from flows.steps import Acknowledge, Archive, Decision, Draft, Parallel, Respond, Review, Seal, Sign, Step
from models.errors import BadType

Way = tuple[tuple[Step, str], ...]
"""One way from the first step to the last: each step that is taken and the action it is passed with."""
_TAKEN = frozenset(
    [
        "create",
        "submit",
        "sign",
        "reopen",
        "approve",
        "return",
        "acknowledge",
        "agree",
        "state",
        "refuse",
        "seal",
        "withdraw",
        "replace",
        "delegate",
        "archive",
        "edit",
        "large",
        "pdf",
        "pages",
        "events",
        "preview",
        "body",
        "print",
        "marks",
    ]
)
"""Actions with a meaning of their own, and what stands in the same place of a document's address."""


def leaves(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps somebody takes, groups replaced by their parts."""
    return tuple(leaf for step in steps for leaf in step.leaves)


def ways(steps: Sequence[Step], *, orders: bool = False) -> Iterator[Way]:
    """Every way through these steps without going back. `orders`: a group's parts in every order."""
    for values in _forms(steps):
        yield from _ways(steps, {}, values, orders)


def _forms(steps: Sequence[Step]) -> Iterator[Mapping[str, Any]]:
    """Forms that make a difference: each field asked about with each value asked for, and without any."""
    asked: dict[str, list[Any]] = {}
    for step in steps:
        if step.when and step.when.value:
            asked.setdefault(step.when.value, [None]).append(getattr(step.when, "equals", None))
    for chosen in itertools.product(*(dict.fromkeys(values) for values in asked.values())):
        yield dict(zip(asked, chosen, strict=True))


def _ways(
    steps: Sequence[Step], outcomes: Mapping[str, str], values: Mapping[str, Any], orders: bool
) -> Iterator[Way]:
    if not steps:
        yield ()
        return
    first, *rest = steps
    if first.when is not None and not first.when.holds(Past(outcomes, values)):
        yield from _ways(rest, outcomes, values, orders)
        return
    for passed in _passed(first, orders):
        known = {**outcomes, **{step.name: action for step, action in passed}}
        for onward in _ways(rest, known, values, orders):
            yield (*passed, *onward)


def _passed(step: Step, orders: bool) -> Iterator[Way]:
    """Every way to be done with one station."""
    enough = step.enough if isinstance(step, Parallel) else 1
    for parts in itertools.combinations(step.leaves, enough):
        for order in itertools.permutations(parts) if orders else [parts]:
            for actions in itertools.product(*(part.passing for part in order)):
                yield tuple(zip(order, actions, strict=True))


def is_author(who: Who | None) -> bool:
    """Does this name the author, alone or among others?"""
    return any(isinstance(choice, Author) for choice in _choices(who))


def _choices(who: Who | None) -> tuple[Who, ...]:
    if isinstance(who, AnyOf):
        return tuple(one for choice in who.choices for one in _choices(choice))
    return (who,) if who else ()


@cache  # a type with an uploaded body is made again for each document that has one
def check_steps(slug: str, steps: tuple[Step, ...]) -> None:
    """Refuse steps that contradict each other: see the sentences below."""

    def demand(truth: bool, sentence: str) -> None:
        if not truth:
            raise BadType(f"{slug}: {sentence}")

    every = leaves(steps)
    names = [s.name for s in (*every, *(s for s in steps if isinstance(s, Parallel)))]
    demand(len(set(names)) == len(names), "two steps have the same name.")
    demand(bool(steps) and isinstance(steps[0], Draft), "the first step must be Draft.")
    demand(isinstance(steps[-1], Archive), "the last step must be Archive, or nothing ever ends.")
    demand(sum(isinstance(s, Archive | Draft) for s in every) == 2, "Draft and Archive stand once.")
    demand(len(steps) > 2, "between Draft and Archive someone must decide.")
    demand(all(s.by is not None for s in every[:-1]), "every step but Archive needs someone (by=…).")
    demand(steps[0].when is None and steps[-1].when is None, "Draft and Archive are always taken.")
    for step in steps:
        if isinstance(step, Parallel):
            _check_group(step, demand)
    _check_approval(steps, demand)
    _check_backwards(steps, demand)
    for index, station in enumerate(steps):
        for step in station.leaves:
            _check_step(step, index, demand)
        _check_condition(station, steps[:index], demand)
    walked = {step.name for way in ways(steps) for step, _ in way}
    for step in every:
        demand(step.name in walked, f"{step.name} is never reached.")


def _check_group(group: Parallel, demand: Any) -> None:
    name, parts = group.name, group.parts
    demand(len(parts) > 1, f"{name} is a group, so it has two parts or more.")
    demand(0 <= group.need <= len(parts), f"{name} needs more parts than it has.")
    demand(group.by is None, f"{name} is a group: only its parts are taken by someone.")
    demand(
        all(not isinstance(p, Parallel | Draft | Archive | Seal) for p in parts),
        f"the parts of {name} are signatures and decisions of people, no group, draft, seal or archive.",
    )
    demand(all(p.when is None for p in parts), f"the parts of {name} are always taken: no when= there.")
    demand(
        not any(p.approves or p.numbers for p in parts),
        f"a part of {name} cannot approve: the others may still be missing.",
    )
    posts = Counter(choice for p in parts for choice in set(_choices(p.by)))
    demand(max(posts.values(), default=1) == 1, f"two parts of {name} wait for the same post.")


def _check_approval(steps: Sequence[Step], demand: Any) -> None:
    found = [sum(step.approves for step, _ in way) for way in ways(steps)]
    demand(
        all(number == 1 for number in found),
        "exactly one review approves (approves=True), or the author's signature, on every way to the end.",
    )
    first = next(i for i, s in enumerate(steps) if s.approves)
    demand(
        not isinstance(steps[first], Sign) or not any(isinstance(s, Review) for s in leaves(steps)),
        "the author's signature ends the round, so nobody reviews.",
    )
    for index, station in enumerate(steps):
        for step in station.leaves:
            demand(
                not isinstance(step, Seal) or index > first,
                "the seal comes after the competent signature (Decree 30, Đ32).",
            )
            demand(index <= first or not step.returns_to, f"{step.name}: what is approved is not returned.")


def _check_backwards(steps: Sequence[Step], demand: Any) -> None:
    """A return leads to a station before it that is always there."""
    for index, station in enumerate(steps):
        before = {s.name: s for s in steps[:index]}
        for step in station.leaves:
            if isinstance(step, Review) or step.returns_to:
                back = step.returns_to
                demand(back in before, f"{step.name} returns to {back!r}, not before it.")
                demand(
                    not isinstance(step, Acknowledge)
                    or not step.refusal_of
                    or any(leaf.name == step.refusal_of for leaf in before[back].leaves),
                    f"{step.name} returns to {back!r}, where no refusal is recorded.",
                )
                demand(before[back].when is None, f"{step.name} returns to {back!r}, which may be skipped.")


def _check_step(step: Step, index: int, demand: Any) -> None:
    name = step.name
    if isinstance(step, Sign):
        demand(name == "author", f"the author's signature step is called author, not {name!r}.")
        demand(is_author(step.by), f"{name} is the author's signature.")
        demand(index == 1, "the author signs right after the draft; the signature certifies the file.")
    if isinstance(step, Review | Acknowledge | Decision):
        demand(not is_author(step.by), f"{name}: nobody approves their own document.")
        demand(
            not any(isinstance(who, Concerned) for who in _choices(step.by)),
            f"{name}: nobody decides on what is about them; they respond (Respond).",
        )
    demand(
        step.numbers is None or (step.signs and step.approves),
        f"{name} gives a number, so it must be the competent signature.",
    )
    if isinstance(step, Respond):
        demand(isinstance(step.by, Concerned), f"{name}: whom it is about responds (by=concerned).")
    if any(isinstance(who, Witness) for who in _choices(step.by)):
        demand(
            isinstance(step, Acknowledge) and isinstance(step.when, Refused),
            f"{name} waits for a witness, so it is an Acknowledge under the condition Refused(…).",
        )
    if isinstance(step, Acknowledge) and (step.text or step.refusal_of):
        demand(
            bool(step.text) and isinstance(step.when, Refused) and step.when.of == step.refusal_of,
            f"{name} writes a refusal down, so it is taken only after that refusal and names its text field.",
        )
    if isinstance(step, Decision):
        actions = [choice.action for choice in step.choices]
        demand(len(set(actions)) == len(actions) > 1, f"{name} decides between two outcomes or more.")
        demand(_TAKEN.isdisjoint(actions), f"{name} names an outcome as another action is called.")
        demand(
            all(action.isidentifier() and action.islower() and len(action) <= 24 for action in actions),
            f"{name}: an outcome is one short word in small letters.",
        )
        demand(bool(step.text), f"{name} names the text field its reasons are filled into.")


def _check_condition(station: Step, before: Sequence[Step], demand: Any) -> None:
    if station.when is None or not station.when.step:
        return
    of = next((s for s in leaves(before) if s.name == station.when.step), None)
    demand(
        of is not None, f"{station.name} asks how {station.when.step!r} ended, which is no step before it."
    )
