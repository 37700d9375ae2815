"""One document whole, as an account sees it: its way, its signatures, its history. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from flows import board, handing, outstanding, plan
from flows.candidates import StandIn, candidates, stand_ins
from flows.commands import Here
from flows.decide import happened, read
from flows.flag_words import WEEKLY
from flows.outstanding import DutySeen
from flows.people import Actor
from flows.plan import SYSTEM
from flows.queries import visible
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

    `absent`: the name of whom the actor stood in for; `to`: of whom the record was handed to.
    """

    event: Event
    name: str
    remark: Remark | None
    linked: bool
    absent: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """Everything a page or an answer about one document needs."""

    here: Here
    owner: Account
    group: Group | None
    week: SchoolWeek | None
    last_week: SchoolWeek | None
    actions: tuple[str, ...]
    may_hand_over: bool
    """May this person give the open step of this record to another?"""
    waiting_for: tuple[Account, ...]
    away: tuple[StandIn, ...]
    """Holders of the open step's post who are away, and who stands in."""
    opened_at: datetime | None
    due_at: datetime | None
    revisions: tuple[Revision, ...]
    signatures: tuple[SignatureSeen, ...]
    events: tuple[EventSeen, ...]
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
    def intact(self) -> bool:
        """The whole event chain holds."""
        last = self.events[-1].event.hash if self.events else ""
        return all(e.linked for e in self.events) and last == self.document.head_hash


def view(session: Session, actor: Actor, document_id: str, now: datetime) -> View:
    """One document whole, as this account sees it now; NotFound when it may not."""
    visible(session, actor, document_id)
    here = read(session, document_id, actor.school_id)
    document = here.document
    steps = session.exec(select(OpenStep).where(col(OpenStep.document_id) == document_id)).all()
    audiences = plan.audiences(here.position, here.subject)
    now_subject = replace(here.subject, acted=here.position.acted)
    events = history(session, document_id)
    status = here.position.status
    returns = [e for e in events if e.event.action == "return"]
    return View(
        here=here,
        owner=session.get_one(Account, document.owner_id),
        group=session.get(Group, document.group_id) if document.group_id else None,
        week=session.get(SchoolWeek, document.week_id) if document.week_id else None,
        last_week=session.get(SchoolWeek, document.last_week_id) if document.last_week_id else None,
        actions=plan.actions(here.position, actor, here.subject),
        may_hand_over=bool(handing.owners(session, here, actor)),
        waiting_for=tuple(candidates(session, now_subject, audiences, now)),
        away=tuple(stand_ins(session, now_subject, audiences, now)),
        opened_at=steps[0].opened_at if steps else None,
        due_at=steps[0].due_at if steps else None,
        revisions=tuple(
            session.exec(
                select(Revision)
                .where(col(Revision.document_id) == document_id)
                .order_by(col(Revision.number))
            ).all()
        ),
        signatures=_signatures(session, here),
        events=events,
        returned=returns[-1] if returns and status == "returned" else None,
        flags=_flags(session, actor, document_id),
        duties=outstanding.of_document(session, document),
        incidents=tuple(
            session.exec(
                select(Incident).where(
                    col(Incident.document_id) == document_id, col(Incident.resolved_at).is_(None)
                )
            ).all()
        ),
        ledger=tuple(
            session.exec(
                select(LedgerEntry)
                .where(col(LedgerEntry.document_id) == document_id)
                .order_by(col(LedgerEntry.started_at))
            ).all()
        ),
    )


def _flags(session: Session, actor: Actor, document_id: str) -> tuple[Flag, ...]:
    """Its lateness, for whoever sees it; what else is flagged of it, for whom that concerns."""
    seen = or_(col(Flag.rule).in_(WEEKLY), board.visible_to(actor))
    return tuple(session.exec(select(Flag).where(col(Flag.document_id) == document_id, seen)).all())


def history(session: Session, document_id: str) -> tuple[EventSeen, ...]:
    """A document's events in order, each with its remark and whether its hashes are right."""
    rows = session.exec(
        select(Event, Account.full_name, Remark)
        .join(Account, col(Account.id) == col(Event.actor_id), isouter=True)
        .join(
            Remark,
            and_(col(Remark.document_id) == col(Event.document_id), col(Remark.seq) == col(Event.seq)),
            isouter=True,
        )
        .where(col(Event.document_id) == document_id)
        .order_by(col(Event.seq))
    ).all()
    others = {key for event, _, _ in rows for name in ("stood_for", "to") if (key := event.data.get(name))}
    names = (
        dict(session.exec(select(Account.id, Account.full_name).where(col(Account.id).in_(others))).all())
        if others
        else {}
    )
    previous, seen = "", []
    for event, name, remark in rows:
        linked = event.previous == previous and event.digest() == event.hash
        if remark is not None and not remark.erased:
            linked = linked and remark.digest() == event.remark_hash
        previous = event.hash
        who = "" if event.actor_id == SYSTEM else name or ""
        absent, to = (names.get(event.data.get(name, ""), "") for name in ("stood_for", "to"))
        seen.append(EventSeen(event, who, remark, linked, absent, to))
    return tuple(seen)


def _signatures(session: Session, here: Here) -> tuple[SignatureSeen, ...]:
    rows = session.exec(
        select(Signature, Account.full_name, Account.post)
        .join(Account, col(Account.id) == col(Signature.account_id))
        .where(col(Signature.document_id) == here.document.id)
        .order_by(col(Signature.revision), col(Signature.signed_at))
    ).all()
    present = here.position.revision
    over = here.position.status in ("returned", "withdrawn")
    instead = _stood_for(session, here.document.id)
    return tuple(
        SignatureSeen(s, name, post, s.revision < present or over, *instead.get(s.output_blob, ()))
        for s, name, post in rows
    )


def _stood_for(session: Session, document_id: str) -> dict[str, tuple[str, str, date | None]]:
    """By the file a signature made: whom its signer stood in for, and on which written authorisation."""
    rows = session.exec(
        select(Event.output_blob, Account.full_name, Delegation)
        .join(
            Substitution,
            and_(
                col(Substitution.document_id) == col(Event.document_id),
                col(Substitution.seq) == col(Event.seq),
            ),
        )
        .join(Account, col(Account.id) == col(Substitution.absent_id))
        .join(Delegation, col(Delegation.id) == col(Substitution.delegation_id))
        .where(col(Event.document_id) == document_id)
    ).all()
    return {blob: (absent, row.number, row.dated) for blob, absent, row in rows if blob}


def chain_holds(session: Session, document_id: str) -> bool:
    """Does the event chain of a document verify from its first event to its head?"""
    events = history(session, document_id)
    head = session.exec(select(Document.head_hash).where(col(Document.id) == document_id)).one()
    numbers = [e.event.seq for e in events]
    return (
        all(e.linked for e in events)
        and numbers == list(range(1, len(numbers) + 1))
        and bool(events)
        and events[-1].event.hash == head
    )


def replayed(session: Session, document_id: str, school_id: str) -> bool:
    """Do the stored step and status follow from the events?"""
    here = read(session, document_id, school_id)
    step = here.position.step.name if here.position.step else ""
    return (here.document.step, here.document.status, here.document.version) == (
        step,
        here.position.status,
        len(happened(session, document_id)),
    )
