"""What is open now, and what a person may do, from the declaration and the events alone. Pure.

This is the process: `flows/decide.py` obeys it, pages and API show it, Prefect never sees it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from flows.grammar import Archive, DocumentType, Draft, Review, Seal, Sign, Step
from flows.people import Actor, Standing, Subject

SYSTEM = "system"
WITHDRAW, REPLACE, DELEGATE = "withdraw", "replace", "delegate"
"""What happens to a document at no step of its own: its author takes it back, its successor replaces it, the
open step is given to another person."""
DONE = ("approved", "archived")


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as far as the process needs it."""

    seq: int
    actor: str
    step: str
    action: str
    revision: int
    stood_for: str = ""
    """The absent person this was done for; neither of both acts again (law 6)."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a document stands. `step` None: the end. `opened_seq`: the event that opened the step."""

    step: Step | None
    status: str
    revision: int
    opened_seq: int
    acted: frozenset[str] = field(default=frozenset())
    signed: tuple[str, ...] = ()
    """Steps that signed in this revision, in order."""

    @property
    def automatic(self) -> bool:
        """The machine's turn?"""
        return isinstance(self.step, Archive)


class Impossible(ValueError):
    """The events do not fit the declaration; only a damaged database can say so."""


def position(declared: DocumentType, events: Iterable[Happened]) -> Position:
    """Replay the events of one document."""
    here = Position(step=declared.steps[0], status="draft", revision=0, opened_seq=0)
    for event in events:
        here = follow(declared, here, event)
    return here


def follow(declared: DocumentType, here: Position, event: Happened) -> Position:
    """One event further."""
    if event.action == "create":
        return replace(here, opened_seq=event.seq)
    if event.action == REPLACE and here.status in DONE:
        # Whatever is left to do, the seal or the archive, is still done: both stay on record.
        return replace(here, status="replaced")
    step = here.step
    if event.action == DELEGATE and step is not None and step.name == event.step:
        return here  # the same step waits, for someone else
    if event.action == WITHDRAW and step is not None and step.name == event.step and withdrawable(here):
        return Position(None, "withdrawn", here.revision, event.seq, here.acted, here.signed)
    if step is None or step.name != event.step or event.action not in step.actions:
        raise Impossible(f"{declared.slug}: {event.action} at {event.step} does not follow at {event.seq}.")
    if event.action == "reopen":
        # Nothing was signed, so this revision never was: the next submit takes its number.
        back = "returned" if here.revision > 1 else "draft"
        return Position(declared.steps[0], back, here.revision - 1, event.seq)
    if event.action == "return":
        assert isinstance(step, Review)
        return _returned(declared, here, step, event)
    onward = declared.after(step.name)
    acted = here.acted if event.action in ("submit", "archive") else here.acted | _actors(event)
    signed = (*here.signed, step.name) if step.signs else here.signed
    revision = event.revision if isinstance(step, Draft) else here.revision
    if isinstance(step, Draft):
        acted, signed = frozenset(), ()
    return Position(onward, _status(here, step), revision, event.seq, acted, signed)


def _actors(event: Happened) -> frozenset[str]:
    return frozenset({event.actor, event.stood_for} - {""})


def _returned(declared: DocumentType, here: Position, step: Review, event: Happened) -> Position:
    target = declared.step(step.returns_to)
    if isinstance(target, Draft):
        return Position(target, "returned", here.revision, event.seq)
    # Going back within the signing round: what was signed before that step stays.
    kept = here.signed[: here.signed.index(target.name)] if target.name in here.signed else here.signed
    return Position(target, "in_progress", here.revision, event.seq, frozenset(), kept)


def _status(here: Position, passed: Step) -> str:
    if here.status == "replaced":
        return here.status
    if isinstance(passed, Archive):
        return "archived"
    if isinstance(passed, Review | Sign) and passed.approves:
        return "approved"
    return here.status if here.status == "approved" else "in_progress"


def withdrawable(here: Position) -> bool:
    """May its author still take it back? Until it is approved."""
    return here.step is not None and here.step.by is not None and here.status not in (*DONE, "replaced")


def offered(here: Position) -> tuple[str, ...]:
    """What may be done at the open step, by whomever it may be."""
    if here.step is None or here.step.by is None:
        return ()
    return (*here.step.actions, WITHDRAW) if withdrawable(here) else here.step.actions


def actions(here: Position, actor: Actor, subject: Subject) -> tuple[str, ...]:
    """What this person may do now, in the order of the declaration; the machine's actions never."""
    step = here.step
    if step is None or step.by is None:
        return ()
    turn = step.actions if standing(here, actor, subject) else ()
    own = (actor.id, actor.school_id) == (subject.owner_id, subject.school_id)
    return (*turn, WITHDRAW) if own and withdrawable(here) else turn


def standing(here: Position, actor: Actor, subject: Subject) -> Standing | None:
    """By which post this person may take the open step; None: they may not."""
    if here.step is None or here.step.by is None:
        return None
    return here.step.by.standing(actor, replace(subject, acted=here.acted))


def audiences(here: Position, subject: Subject) -> tuple[str, ...]:
    """Where the open step waits; empty for the machine's and at the end."""
    if here.step is None or here.step.by is None:
        return ()
    return here.step.by.audiences(replace(subject, acted=here.acted))


def field_of(step: Step) -> str:
    """The signature field a step signs in."""
    return step.name


def decides(step: Step, action: str) -> bool:
    """Does this action of the step make a signature?"""
    return (
        (isinstance(step, Sign) and action == "sign")
        or (isinstance(step, Review) and action == "approve" and step.signs)
        or (isinstance(step, Seal) and action == "seal")
    )
