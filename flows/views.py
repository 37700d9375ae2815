"""One document whole, as an account sees it: its way, its signatures, its history. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import BindParameter, and_, bindparam, or_
from sqlmodel import Session, col, select

from flows import audit_chain, board, handing, outstanding, permits, plan
from flows.audit_findings import Finding
from flows.audit_record import Record
from flows.candidates import StandIn, candidates, stand_ins
from flows.commands import Here
from flows.flag_words import WEEKLY
from flows.grammar import Step
from flows.outstanding import DutySeen
from flows.people import Actor
from flows.plan import SYSTEM
from flows.queries import visible
from flows.reading import read
from models.account import Account, Group
from models.delegation import Delegation, Substitution
from models.document import Document, OpenStep, Revision, Signature
from models.event import Event, Remark
from models.flag import Flag
from models.run import Incident, LedgerEntry
from models.school import SchoolWeek


@dataclass(frozen=True, slots=True)
class SignatureSeen:
    """A signature with its signer; `superseded` when a later revision replaced the one it stands in."""

    signature: Signature
    name: str
    post: str
    superseded: bool
    absent: str = ""
    """Whom the signer stood in for, and on which written authorisation."""
    number: str = ""
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event with its actor's name and the words beside it; `linked`: hash and previous hash are right.

    `absent`: the name of whom the actor stood in for; `to`: of whom the record was handed to, or of the
    witness a refusal names.
    """

    event: Event
    name: str
    remark: Remark | None
    linked: bool
    absent: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class WaitingStep:
    """An open step, and whom it waits for; holders of its post who are away, and who stands in."""

    step: Step
    people: tuple[Account, ...]
    away: tuple[StandIn, ...]
    opened_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class View:
    """Everything a page or an answer about one document needs."""

    here: Here
    owner: Account
    concerned: Account | None
    """Whom it is about."""
    group: Group | None
    week: SchoolWeek | None
    last_week: SchoolWeek | None
    turns: Mapping[str, Step]
    """What this person may do now, each with the step it is done at."""
    early: datetime | None
    """From when this person may record a refusal of whom it is about; None where it is not awaited."""
    may_hand_over: bool
    """May this person give an open step of this record to another?"""
    waiting: tuple[WaitingStep, ...]
    """The open steps: one, or the parts of a group that are not done."""
    opened_at: datetime | None
    due_at: datetime | None
    revisions: tuple[Revision, ...]
    """None of a destroyed record: their words and files are gone."""
    signatures: tuple[SignatureSeen, ...]
    events: tuple[EventSeen, ...]
    broken: Finding | None
    """Where the chain of events does not hold, if it does not."""
    returned: EventSeen | None
    """The return that is to be mended now."""
    flags: tuple[Flag, ...]
    duties: tuple[DutySeen, ...]
    incidents: tuple[Incident, ...]
    ledger: tuple[LedgerEntry, ...]

    @property
    def waived(self) -> bool:
        """Was its lateness waived?"""
        return any(flag.rule == "late" and flag.waived_at is not None for flag in self.flags)

    @property
    def document(self) -> Document:
        return self.here.document

    @property
    def actions(self) -> tuple[str, ...]:
        return tuple(self.turns)

    @property
    def waiting_for(self) -> tuple[Account, ...]:
        """Everyone it waits for now."""
        return tuple({person.id: person for one in self.waiting for person in one.people}.values())

    @property
    def away(self) -> tuple[StandIn, ...]:
        """Holders of an open step's post who are away, and who stands in."""
        return tuple(absence for one in self.waiting for absence in one.away)

    @property
    def intact(self) -> bool:
        """The whole event chain holds."""
        return self.broken is None


def view(session: Session, actor: Actor, document_id: str, now: datetime) -> View:
    """One document whole, as this account sees it now; NotFound when it may not."""
    visible(session, actor, document_id)
    here = read(session, document_id, actor.school_id)
    document, own = here.document, {"of_document": document_id}
    waiting = _waiting(session, here, now)
    first = min(waiting, key=lambda one: (one.due_at is None, one.due_at), default=None)
    events, broken = history(session, document)
    status = here.position.status
    returns = [e for e in events if e.event.action == "return"]
    return View(
        here=here,
        owner=session.get_one(Account, document.owner_id),
        concerned=session.get(Account, document.concerned_id) if document.concerned_id else None,
        group=session.get(Group, document.group_id) if document.group_id else None,
        week=session.get(SchoolWeek, document.week_id) if document.week_id else None,
        last_week=session.get(SchoolWeek, document.last_week_id) if document.last_week_id else None,
        turns=permits.turns(here, actor, now),
        early=recorded if (recorded := permits.recorded_from(here, actor)) and now < recorded else None,
        may_hand_over=handing.to_give(session, here, actor) is not None,
        waiting=waiting,
        opened_at=min((one.opened_at for one in waiting if one.opened_at), default=None),
        due_at=first.due_at if first else None,
        revisions=() if document.status == "destroyed" else tuple(session.exec(_REVISIONS, params=own).all()),
        signatures=_signatures(session, here),
        events=events,
        broken=broken,
        returned=returns[-1] if returns and status == "returned" else None,
        flags=_flags(session, actor, document_id),
        duties=outstanding.of_document(session, document),
        incidents=tuple(session.exec(_INCIDENTS, params=own).all()),
        ledger=tuple(session.exec(_LEDGER, params=own).all()),
    )


_OF_DOCUMENT: BindParameter[str] = bindparam("of_document")
_REVISIONS = select(Revision).where(col(Revision.document_id) == _OF_DOCUMENT).order_by(col(Revision.number))
_INCIDENTS = select(Incident).where(
    col(Incident.document_id) == _OF_DOCUMENT, col(Incident.resolved_at).is_(None)
)
_LEDGER = (
    select(LedgerEntry)
    .where(col(LedgerEntry.document_id) == _OF_DOCUMENT)
    .order_by(col(LedgerEntry.started_at))
)
_OPEN = select(OpenStep).where(col(OpenStep.document_id) == _OF_DOCUMENT)
_HISTORY = (
    select(Event, Account.full_name, Remark)
    .join(Account, col(Account.id) == col(Event.actor_id), isouter=True)
    .join(
        Remark,
        and_(col(Remark.document_id) == col(Event.document_id), col(Remark.seq) == col(Event.seq)),
        isouter=True,
    )
    .where(col(Event.document_id) == _OF_DOCUMENT)
    .order_by(col(Event.seq))
)
_SIGNED = (
    select(Signature, Account.full_name, Account.post)
    .join(Account, col(Account.id) == col(Signature.account_id))
    .where(col(Signature.document_id) == _OF_DOCUMENT)
    .order_by(col(Signature.revision), col(Signature.signed_at))
)
_STOOD_FOR = (
    select(Event.output_blob, Account.full_name, Delegation)
    .join(
        Substitution,
        and_(
            col(Substitution.document_id) == col(Event.document_id), col(Substitution.seq) == col(Event.seq)
        ),
    )
    .join(Account, col(Account.id) == col(Substitution.absent_id))
    .join(Delegation, col(Delegation.id) == col(Substitution.delegation_id))
    .where(col(Event.document_id) == _OF_DOCUMENT)
)


def _waiting(session: Session, here: Here, now: datetime) -> tuple[WaitingStep, ...]:
    """The open steps, each with whom it waits for and since when."""
    rows = session.exec(_OPEN, params={"of_document": here.document.id}).all()
    subject = plan.situated(here.position, here.subject)
    found = []
    for step in here.position.open:
        row = next((r for r in rows if r.step == step.name), None)
        audiences = plan.audiences(here.position, step, subject)
        people, away = (
            candidates(session, subject, audiences, now),
            stand_ins(session, subject, audiences, now),
        )
        opened, due = (row.opened_at, row.due_at) if row else (None, None)
        found.append(WaitingStep(step, tuple(people), tuple(away), opened, due))
    return tuple(found)


def _flags(session: Session, actor: Actor, document_id: str) -> tuple[Flag, ...]:
    """Its lateness, for whoever sees it; what else is flagged of it, for whom that concerns."""
    seen = or_(col(Flag.rule).in_(WEEKLY), board.visible_to(actor))
    return tuple(session.exec(select(Flag).where(col(Flag.document_id) == document_id, seen)).all())


_NAMED = ("stood_for", "to", "witness")
"""Accounts an event may name beside its actor."""


def history(session: Session, document: Document) -> tuple[tuple[EventSeen, ...], Finding | None]:
    """A document's events in order, each with its remark and whether its hashes are right; where they end."""
    rows = session.exec(_HISTORY, params={"of_document": document.id}).all()
    others = {key for event, _, _ in rows for name in _NAMED if (key := event.data.get(name))}
    names = (
        dict(session.exec(select(Account.id, Account.full_name).where(col(Account.id).in_(others))).all())
        if others
        else {}
    )
    remarks = {event.seq: remark for event, _, remark in rows if remark is not None}
    record = Record(document, [event for event, _, _ in rows], remarks)
    faults = [*audit_chain.chain(record), *audit_chain.remarks(record)]
    wrong = {fault.seq for fault in faults}
    seen = []
    for event, name, remark in rows:
        who = "" if event.actor_id == SYSTEM else name or ""
        absent, to, witness = (names.get(event.data.get(name, ""), "") for name in _NAMED)
        seen.append(EventSeen(event, who, remark, event.seq not in wrong, absent, to or witness))
    return tuple(seen), next(iter(faults), None)


def _signatures(session: Session, here: Here) -> tuple[SignatureSeen, ...]:
    rows = session.exec(_SIGNED, params={"of_document": here.document.id}).all()
    present = here.position.revision
    over = here.position.status in ("returned", "withdrawn")
    instead = _stood_for(session, here.document.id)
    return tuple(
        SignatureSeen(s, name, post, s.revision < present or over, *instead.get(s.output_blob, ()))
        for s, name, post in rows
    )


def _stood_for(session: Session, document_id: str) -> dict[str, tuple[str, str, date | None]]:
    """By the file a signature made: whom its signer stood in for, and on which written authorisation."""
    rows = session.exec(_STOOD_FOR, params={"of_document": document_id}).all()
    return {blob: (absent, row.number, row.dated) for blob, absent, row in rows if blob}
