"""What is open now, and what a person may do, from the declaration and the events alone. Pure.

This is the process: `flows/decide.py` obeys it, pages and API show it, Prefect never sees it. A document
stands at one station of its way; at a group several steps are open there at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flows.branching import Past
from flows.grammar import Acknowledge, DocumentType, Draft, Parallel, Respond, Sign, Step
from flows.people import Actor, Standing, Subject

SYSTEM = "system"
WITHDRAW, REPLACE, DELEGATE, REFUSE = "withdraw", "replace", "delegate", "refuse"
"""What happens to a document at no step of its own: its author takes it back, its successor replaces it, an
open step is given to another person. A refusal is the one act others may record for somebody."""
RENEW = "renew"
"""The machine's, at the end: the archived file gets a further archive timestamp; nothing else changes."""
DONE = ("approved", "archived")
KEPT = ("archived", "replaced")
"""How an archived record stands."""


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
    witness: str = ""
    """Whom a refusal names."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The fields of the form that conditions ask about, as a submit froze them."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A step that was passed in this revision, how, and by whom."""

    step: str
    action: str
    actors: frozenset[str]
    signed: bool
    witness: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a document stands. `step` None: the end; a group: its parts that are not passed are open.

    `opened_seq`: the event that opened the station. `passed`: what was done since the submit and stands.
    `answered`: whom it is about has signed or refused, in this revision or an earlier one.
    """

    step: Step | None
    status: str
    revision: int
    opened_seq: int
    passed: tuple[Passed, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = False

    @property
    def automatic(self) -> bool:
        """The machine's turn?"""
        return self.step is not None and self.step.automatic

    @property
    def open(self) -> tuple[Step, ...]:
        """The steps that somebody can take now; none at the machine's turn and at the end."""
        if self.step is None or self.step.automatic:
            return ()
        if not isinstance(self.step, Parallel):
            return (self.step,)
        names = {one.step for one in self.passed}
        return tuple(part for part in self.step.parts if part.name not in names)

    @property
    def grouped(self) -> bool:
        """Is it at a group, where others may act at the same time?"""
        return isinstance(self.step, Parallel)

    @property
    def acted(self) -> frozenset[str]:
        """Everyone who signed or decided in this revision, or was stood in for."""
        return frozenset().union(*(one.actors for one in self.passed))

    @property
    def signed(self) -> tuple[str, ...]:
        """Steps that signed in this revision, in the order they did."""
        return tuple(one.step for one in self.passed if one.signed)

    @property
    def witness(self) -> str:
        """Who is named in this revision's refusal; empty without one."""
        return next((one.witness for one in reversed(self.passed) if one.witness), "")

    @property
    def past(self) -> Past:
        """What conditions may know."""
        return _past(self.passed, self.values)


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
        return Position(here.step, here.status, here.revision, event.seq)
    if event.action == REPLACE and here.status in DONE:
        # Whatever is left to do, the seal or the archive, is still done: both stay on record.
        return replace(here, status="replaced")
    station = here.step
    if event.action == RENEW and station is None and here.status in KEPT:
        return here
    if event.action == WITHDRAW and station and station.name == event.step and withdrawable(here):
        return replace(here, step=None, status="withdrawn", opened_seq=event.seq)
    step = next((s for s in here.open or _machines(here) if s.name == event.step), None)
    if step is not None and event.action == DELEGATE and not step.automatic:
        return here  # the same step waits, for someone else
    if station is None or step is None or event.action not in possible(here, step):
        raise Impossible(f"{declared.slug}: {event.action} at {event.step} does not follow at {event.seq}.")
    if event.action == "reopen":
        # Nothing was signed, so this revision never was: the next submit takes its number.
        back = "returned" if here.revision > 1 else "draft"
        return Position(declared.steps[0], back, here.revision - 1, event.seq, answered=here.answered)
    if event.action == "return":
        return _returned(declared, here, step, event)
    if isinstance(step, Draft):
        onward = _onward(declared, step, (), event.values)
        return Position(onward, "in_progress", event.revision, event.seq, (), event.values, here.answered)
    if step.automatic:
        status = here.status if here.status == "replaced" else "archived"
        return replace(here, step=None, status=status, opened_seq=event.seq)
    done = Passed(step.name, event.action, _actors(event), event.action in step.signing, event.witness)
    passed, status = (*here.passed, done), _status(here, step)
    answered = here.answered or isinstance(step, Respond)
    if isinstance(station, Parallel) and len(station.parts) - len(here.open) + 1 < station.enough:
        return Position(station, status, here.revision, here.opened_seq, passed, here.values, answered)
    onward = _onward(declared, station, passed, here.values)
    return Position(onward, status, here.revision, event.seq, passed, here.values, answered)


def _machines(here: Position) -> tuple[Step, ...]:
    return (here.step,) if here.step is not None and here.step.automatic else ()


def _onward(
    declared: DocumentType, station: Step, passed: tuple[Passed, ...], values: Mapping[str, Any]
) -> Step:
    """The next station whose condition holds."""
    following = declared.steps[declared.station(station.name) + 1 :]
    return next(s for s in following if s.when is None or s.when.holds(_past(passed, values)))


def _past(passed: tuple[Passed, ...], values: Mapping[str, Any]) -> Past:
    """What conditions may know."""
    return Past({one.step: one.action for one in passed}, values)


def _actors(event: Happened) -> frozenset[str]:
    return frozenset({event.actor, event.stood_for} - {""})


def _returned(declared: DocumentType, here: Position, step: Step, event: Happened) -> Position:
    target = declared.step(step.returns_to)
    if isinstance(target, Draft):
        return Position(target, "returned", here.revision, event.seq, answered=here.answered)
    # Going back within the signing round: what was passed before that station stays. Where a witness saw no
    # refusal, so does what else was signed there: a refusal left nothing in the file.
    at, denied = declared.station(target.name), step.refusal_of if isinstance(step, Acknowledge) else ""

    def stands(one: Passed) -> bool:
        place = declared.station(one.step)
        return place < at or (bool(denied) and place == at and one.step != denied)

    kept = tuple(one for one in here.passed if stands(one))
    return Position(target, "in_progress", here.revision, event.seq, kept, here.values, here.answered)


def _status(here: Position, passed: Step) -> str:
    if here.status == "replaced":
        return here.status
    if passed.approves:
        return "approved"
    return here.status if here.status == "approved" else "in_progress"


def withdrawable(here: Position) -> bool:
    """May its author still take it back? Until it is approved, or whom it is about has answered; nowhere
    where the step keeps it."""
    step = here.step
    open_to = step is not None and not step.automatic and not step.kept and not here.answered
    return open_to and here.status not in (*DONE, "replaced")


def possible(here: Position, step: Step) -> tuple[str, ...]:
    """The actions of an open step that fit now; nothing is reopened once somebody signed or refused."""
    if here.passed and isinstance(step, Sign):
        return step.passing
    return step.actions


def offered(here: Position) -> tuple[str, ...]:
    """What may be done now, by whomever it may be."""
    found = dict.fromkeys(action for step in here.open for action in possible(here, step))
    return (*found, WITHDRAW) if withdrawable(here) else tuple(found)


def allowed(here: Position, step: Step, actor: Actor, subject: Subject) -> tuple[str, ...]:
    """What this person may do at one open step; the author may record a refusal of whom it is about."""
    if standing(here, step, actor, subject):
        return possible(here, step)
    return (REFUSE,) if isinstance(step, Respond) and _own(actor, subject) else ()


def _own(actor: Actor, subject: Subject) -> bool:
    return (actor.id, actor.school_id) == (subject.owner_id, subject.school_id)


def turns(here: Position, actor: Actor, subject: Subject) -> dict[str, Step]:
    """What this person may do now, each at the first open step where it is theirs; the machine's never.

    In the order of the declaration. A withdrawal belongs to the station as a whole.
    """
    found: dict[str, Step] = {}
    for step in here.open:
        for action in allowed(here, step, actor, subject):
            found.setdefault(action, step)
    if here.step is not None and _own(actor, subject) and withdrawable(here):
        found[WITHDRAW] = here.step
    return found


def actions(here: Position, actor: Actor, subject: Subject) -> tuple[str, ...]:
    """What this person may do now."""
    return tuple(turns(here, actor, subject))


def situated(here: Position, subject: Subject) -> Subject:
    """The same, knowing who acted in this revision and who was named in it."""
    return replace(subject, acted=here.acted, witness_id=here.witness)


def standing(here: Position, step: Step, actor: Actor, subject: Subject) -> Standing | None:
    """By which post this person may take an open step; None: they may not."""
    return step.by.standing(actor, situated(here, subject)) if step.by else None


def audiences(here: Position, step: Step, subject: Subject) -> tuple[str, ...]:
    """Where an open step waits."""
    return step.by.audiences(situated(here, subject)) if step.by else ()


def field_of(step: Step) -> str:
    """The signature field a step signs in."""
    return step.name


def decides(step: Step, action: str) -> bool:
    """Does this action of the step make a signature?"""
    return action in step.signing
