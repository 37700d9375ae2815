"""What pages and API read: which documents an account sees, what waits for it, one document whole.

Every query takes its school from the actor. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, tuple_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from flows import handing, outstanding, plan
from flows.candidates import StandIn, candidates, stand_ins
from flows.catalogue import TYPES
from flows.commands import Here
from flows.decide import happened, read
from flows.grammar import Seal
from flows.outstanding import DutySeen
from flows.people import Actor, Cover
from flows.plan import SYSTEM
from models.account import Account, Group
from models.delegation import Delegation, Substitution
from models.document import Document, OpenStep, Revision, Signature
from models.errors import NotFound
from models.event import Event, Remark
from models.flag import Flag
from models.indexing import mark
from models.run import Incident, LedgerEntry
from models.school import SchoolWeek

DONE = (*plan.DONE, "replaced")
OPEN = ("draft", "in_progress", "returned", "approved")
"""What somebody, or the machine, still has to do something about; always few beside what is at its end."""
COUNTED = 2_000
"""Records that are counted; more read “2,000+”."""
# SQLModel gives a column the type of its value.
LIGHT = defer(Document.fields, raiseload=True)  # type: ignore[arg-type]
"""Lists leave out what was typed: a bundle of lessons is hundreds of kilobytes."""
LATE = col(Document.first_signed_at) >= col(Document.due_at)
"""First signed after its limit: the very rule of `flows/deadlines.py`, for the database."""
RETURNED = col(Document.revision) > 1
"""Returned at least once: a later revision comes of nothing else."""
SEALED = tuple(t.slug for t in TYPES if any(isinstance(s, Seal) for s in t.steps))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The documents this account may see, as a condition; a draft is its author's alone."""
    return and_(col(Document.school_id) == actor.school_id, or_(*ways_to_see(actor)))


def ways_to_see(actor: Actor) -> list[ColumnElement[bool]]:
    """Each reason for which this account may see a document of its school; any of them is enough."""
    # A draft its author dropped was never sent to anyone.
    dropped = and_(col(Document.status) == "withdrawn", col(Document.first_signed_at).is_(None))
    sent = and_(col(Document.status) != "draft", ~dropped)
    done = col(Document.status).in_(DONE)
    own = col(Document.owner_id) == actor.id
    seen: list[ColumnElement[bool]] = [own]
    if actor.roles & {"principal", "vice_principal"}:
        seen = [and_(own, col(Document.status).in_(("draft", "withdrawn"))), sent]
    if actor.heads or actor.deputises:
        seen.append(and_(col(Document.group_id).in_(actor.heads | actor.deputises), sent))
    if actor.groups:
        seen.append(and_(col(Document.group_id).in_(actor.groups), done))
    if "clerk" in actor.roles:
        seen.append(and_(col(Document.type).in_(SEALED), done))
    if "inspector" in actor.roles:
        seen.append(done)
    if actor.stood_in:
        decided = (
            select(Substitution.document_id)
            .join(Delegation, col(Delegation.id) == col(Substitution.delegation_id))
            .where(col(Delegation.delegate_id) == actor.id)
        )
        seen.append(and_(col(Document.id).in_(decided), sent))
    return seen + [_covered(c, post, sent, done) for c in actor.covers for post in sorted(c.posts)]


def _covered(
    cover: Cover, post: str, sent: ColumnElement[bool], done: ColumnElement[bool]
) -> ColumnElement[bool]:
    """What the holder of a post sees, for who stands in: of the types handed over alone."""
    kind, _, key = post.partition(":")
    if cover.document_id:
        return and_(col(Document.id) == cover.document_id, sent)
    of_types = col(Document.type).in_(sorted(cover.types))
    if kind != "role":
        return and_(col(Document.group_id) == key, of_types, sent)
    if key == "clerk":
        return and_(col(Document.type).in_(sorted(cover.types & set(SEALED))), done)
    return and_(of_types, sent)


def seen(session: Session, actor: Actor, document_id: str) -> Document | None:
    """The document, when this account may see it."""
    return session.exec(select(Document).where(col(Document.id) == document_id, visible_to(actor))).first()


def reach(actor: Actor) -> list[tuple[str, ...]]:
    """Marks of the word index: whatever `visible_to` lets through has one of each group. They go together."""
    school = (mark("school", actor.school_id),)
    if actor.roles & {"principal", "vice_principal", "inspector"} or actor.stood_in:
        return [school]
    some = [
        mark("owner", actor.id),
        *(mark("group", g) for g in actor.groups | actor.heads | actor.deputises),
    ]
    if "clerk" in actor.roles:
        some += [mark("type", slug) for slug in SEALED]
    return [school, tuple(sorted(some))]


def visible(session: Session, actor: Actor, document_id: str) -> Document:
    """The document, when this account may see it; NotFound otherwise, whatever the reason."""
    document = seen(session, actor, document_id)
    if document is None:
        raise NotFound
    return document


# --- what waits for me -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for a person."""

    document: Document
    step: str
    opened_at: datetime
    due_at: datetime | None
    owner: str
    week: SchoolWeek | None = None
    absent: str = ""
    """The name of whom this person would decide for."""

    @property
    def late(self) -> bool:
        """Was it first signed after its limit?"""
        signed, due = self.document.first_signed_at, self.document.due_at
        return signed is not None and due is not None and signed >= due


ACTS = ("sign", "approve", "seal")
"""Actions after which a person acts no more in the same revision."""


def waiting_for(actor: Actor, *, own: bool) -> ColumnElement[bool]:
    """Open steps this account may take. `own` adds what the author must do: sign, or mend a return."""
    others = and_(
        col(OpenStep.step).not_in(("draft", "author")),
        _free(actor.id),
        or_(
            col(OpenStep.audience).in_(actor.audiences()),
            *(
                and_(
                    col(OpenStep.audience).in_(sorted(c.posts)),
                    col(OpenStep.place) == 0,
                    col(OpenStep.type).in_(sorted(c.types)),
                    *([col(OpenStep.document_id) == c.document_id] if c.document_id else []),
                    _free(c.absent_id),
                )
                for c in actor.covers
            ),
        ),
    )
    mine = and_(
        col(Document.owner_id) == actor.id,
        or_(col(OpenStep.step) == "author", col(Document.status) == "returned"),
    )
    return and_(
        col(OpenStep.school_id) == actor.school_id,
        col(OpenStep.audience).in_(actor.reached()),
        or_(others, mine if own else false()),
    )


def _free(account_id: str) -> ColumnElement[bool]:
    """Neither the document's author, nor acting in this revision, nor stood in for in it (law 6)."""
    acted = exists().where(
        col(Event.document_id) == col(Document.id),
        col(Event.revision) == col(Document.revision),
        col(Event.actor_id) == account_id,
        col(Event.action).in_(ACTS),
    )
    stood_for = exists().where(
        col(Substitution.document_id) == col(Document.id),
        col(Substitution.revision) == col(Document.revision),
        col(Substitution.absent_id) == account_id,
        col(Substitution.action).in_(ACTS),
    )
    return and_(col(Document.owner_id) != account_id, ~acted, ~stood_for)


def waiting(
    session: Session,
    actor: Actor,
    *,
    own: bool = False,
    type: str = "",
    week: str = "",
    group: str = "",
    owner: str = "",
    late: bool = False,
    returned: bool = False,
    ids: Collection[str] | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Waiting]:
    """What waits for this person, the oldest deadline first; `after`: (due, document id) of the last seen.

    `ids` narrows it to some documents.
    """
    query = (
        select(Document, OpenStep, Account.full_name, SchoolWeek)
        .join(OpenStep, col(OpenStep.document_id) == col(Document.id))
        .join(Account, col(Account.id) == col(Document.owner_id))
        .join(SchoolWeek, col(SchoolWeek.id) == col(Document.week_id), isouter=True)
        .where(waiting_for(actor, own=own))
        .order_by(col(OpenStep.due_at), col(Document.id))
        .options(LIGHT)
        .limit(limit)
    )
    for value, column in (
        (type, Document.type),
        (week, Document.week_id),
        (group, Document.group_id),
        (owner, Document.owner_id),
    ):
        if value:
            query = query.where(col(column) == value)
    if late:
        query = query.where(LATE)
    if returned:
        query = query.where(RETURNED)
    if ids is not None:
        query = query.where(col(Document.id).in_(ids))
    if after:
        query = query.where(tuple_(col(OpenStep.due_at), col(Document.id)) > after)
    mine, found = set(actor.audiences()), dict[str, Waiting]()
    for document, step, owner, its_week in session.exec(query).all():
        absent = "" if step.audience in mine else _handed_by(actor, step)
        if document.id not in found or not absent:
            found[document.id] = Waiting(
                document, step.step, step.opened_at, step.due_at, owner, its_week, absent
            )
    return list(found.values())


def _handed_by(actor: Actor, step: OpenStep) -> str:
    covers = (
        c
        for c in actor.covers
        if step.audience in c.posts and step.type in c.types and c.document_id in ("", step.document_id)
    )
    return next((c.absent for c in covers), "")


def count_waiting(session: Session, actor: Actor) -> int:
    """How many documents wait for this person's decision, counted to `COUNTED`."""
    found = (
        select(OpenStep.document_id)
        .join(Document, col(Document.id) == col(OpenStep.document_id))
        .where(waiting_for(actor, own=False))
        .distinct()
        .limit(COUNTED)
    )
    return session.exec(select(func.count()).select_from(found.subquery())).one()


# --- one document ----------------------------------------------------------------------------------------


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
        flags=tuple(session.exec(select(Flag).where(col(Flag.document_id) == document_id)).all()),
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
