"""What pages and API read: which documents an account sees, what waits for it. One whole: `flows/views.py`.

Every query takes its school from the actor. Nothing here writes.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, tuple_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from flows import plan
from flows.catalogue import TYPES
from flows.grammar import Seal
from flows.people import Actor, Cover
from models.account import Account
from models.delegation import Delegation, Substitution
from models.document import Document, OpenStep
from models.errors import Gone, NotFound
from models.event import Event
from models.flag import Flag
from models.indexing import mark
from models.school import SchoolWeek

DONE = (*plan.DONE, "replaced", "destroyed")
OPEN = ("draft", "in_progress", "returned", "approved")
"""What somebody, or the machine, still has to do something about; always few beside what is at its end."""
COUNTED = 2_000
"""Records that are counted; more read “2,000+”."""
# SQLModel gives a column the type of its value.
LIGHT = defer(Document.fields, raiseload=True)  # type: ignore[arg-type]
"""Lists leave out what was typed: a bundle of lessons is hundreds of kilobytes."""
LATE = col(Document.first_signed_at) >= col(Document.due_at)
"""First signed after its limit: the very rule of `flows/deadlines.py`, for the database."""
WAIVED = exists().where(
    col(Flag.document_id) == col(Document.id), col(Flag.rule) == "late", col(Flag.waived_at).is_not(None)
)
"""It was first signed after its limit, and that was waived: a fact still, and not counted."""
RETURNED = col(Document.revision) > 1
"""Returned at least once: a later revision comes of nothing else."""
CONFIDENTIAL = tuple(t.slug for t in TYPES if t.confidential)
"""Types about a person: no colleague and no other inspector sees them."""
SEALED = tuple(t.slug for t in TYPES if any(isinstance(s, Seal) for s in t.leaves))
_OWN_SEAL = [(t.slug, s.name) for t in TYPES for s in t.leaves if isinstance(s, Seal) and s.own]
"""Steps that bind nobody, whoever acted before."""
FILED = tuple(t.slug for t in TYPES if any(s.numbers and not isinstance(s, Seal) for s in t.leaves))
"""Types with a number of the school's series: the clerk keeps them once they are archived (“Lưu: VT”)."""


@functools.lru_cache(maxsize=128)
def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The documents this account may see, as a condition; a draft is its author's alone."""
    return and_(col(Document.school_id) == actor.school_id, or_(*ways_to_see(actor)))


def ways_to_see(actor: Actor) -> list[ColumnElement[bool]]:
    """Each reason for which this account may see a document of its school; any of them is enough. The first:
    it is their own."""
    # A draft its author dropped was never sent to anyone; whom one is about has it from the submit on.
    unsent = or_(col(Document.concerned_id).is_(None), col(Document.revision) == 0)
    dropped = and_(col(Document.status) == "withdrawn", col(Document.first_signed_at).is_(None), unsent)
    sent = and_(col(Document.status) != "draft", ~dropped)
    done = col(Document.status).in_(DONE)
    common = and_(done, col(Document.type).not_in(CONFIDENTIAL))
    own = col(Document.owner_id) == actor.id
    seen: list[ColumnElement[bool]] = [own]
    if actor.roles & {"principal", "vice_principal"}:
        seen = [and_(own, col(Document.status).in_(("draft", "withdrawn"))), sent]
    if actor.heads or actor.deputises:
        seen.append(and_(col(Document.group_id).in_(actor.heads | actor.deputises), sent))
    if actor.groups:
        seen.append(and_(col(Document.group_id).in_(actor.groups), common))
    if "clerk" in actor.roles:
        seen += _kept_by_clerk(done, frozenset(SEALED + FILED))
    if "inspector" in actor.roles:
        seen.append(common)
    if not actor.roles & {"principal", "vice_principal"}:
        named = (Document.concerned_id, Document.witness_id)
        seen += [and_(col(column) == actor.id, sent) for column in named]
    if actor.stood_in:
        decided = (
            select(Substitution.document_id)
            .join(Delegation, col(Delegation.id) == col(Substitution.delegation_id))
            .where(col(Delegation.delegate_id) == actor.id)
        )
        seen.append(and_(col(Document.id).in_(decided), sent))
    return seen + [_covered(c, post, sent, done) for c in actor.covers for post in sorted(c.posts)]


def _kept_by_clerk(done: ColumnElement[bool], types: Collection[str]) -> list[ColumnElement[bool]]:
    """What a clerk seals, once it is approved, and what has a number of the school, once it is archived.

    A way for each type: each is read along the index of its type, which a choice of types is not.
    """
    kept = col(Document.archived_at).is_not(None)
    return [
        and_(col(Document.type) == slug, done if slug in SEALED else kept)
        for slug in sorted({*SEALED, *FILED} & set(types))
    ]


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
        return or_(*_kept_by_clerk(done, cover.types))
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
        mark("person", actor.id),
        *(mark("group", g) for g in actor.groups | actor.heads | actor.deputises),
    ]
    if "clerk" in actor.roles:
        some += [mark("type", slug) for slug in {*SEALED, *FILED}]
    return [school, tuple(sorted(some))]


def seen_among(session: Session, actor: Actor, ids: Collection[str]) -> frozenset[str]:
    """Those of some documents that this account may see."""
    return frozenset(session.exec(select(Document.id).where(col(Document.id).in_(ids), visible_to(actor))))


def visible(session: Session, actor: Actor, document_id: str) -> Document:
    """The document, when this account may see it; NotFound otherwise, whatever the reason."""
    document = seen(session, actor, document_id)
    if document is None:
        raise NotFound
    return document


def waived_in(session: Session, school_id: str) -> frozenset[str]:
    """The documents of a school whose lateness was waived; few beside all that are late."""
    rows = select(Flag.document_id).where(
        col(Flag.school_id) == school_id, col(Flag.rule) == "late", col(Flag.waived_at).is_not(None)
    )
    return frozenset(key for key in session.exec(rows) if key)


def waived_of(session: Session, ids: Collection[str]) -> frozenset[str]:
    """Those of some documents whose lateness was waived."""
    return frozenset(session.exec(select(Document.id).where(col(Document.id).in_(ids), WAIVED)))


def readable(session: Session, actor: Actor, document_id: str) -> Document:
    """The same, where its files are wanted: Gone once it is destroyed."""
    document = visible(session, actor, document_id)
    if document.status == "destroyed":
        raise Gone
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
    waived: bool = False
    """It is late, and somebody waived that."""

    @property
    def late(self) -> bool:
        """Was it first signed after its limit?"""
        signed, due = self.document.first_signed_at, self.document.due_at
        return signed is not None and due is not None and signed >= due


NO_ACTS = ("create", "submit", "reopen", "return", "withdraw", "delegate", "replace", "archive", "renew")
"""After every other action a person acts no more in the same revision."""


def waiting_for(actor: Actor, *, own: bool) -> ColumnElement[bool]:
    """Open steps this account may take. `own` adds what the author must do: sign, or mend a return."""
    others = and_(
        col(OpenStep.step).not_in(("draft", "author")),
        or_(_free(actor.id), tuple_(col(OpenStep.type), col(OpenStep.step)).in_(_OWN_SEAL)),
        or_(_not_about(actor.id), col(OpenStep.audience) == f"account:{actor.id}"),
        or_(
            col(OpenStep.audience).in_(actor.audiences()),
            *(
                and_(
                    col(OpenStep.audience).in_(sorted(c.posts)),
                    col(OpenStep.place) == 0,
                    col(OpenStep.type).in_(sorted(c.types)),
                    *([col(OpenStep.document_id) == c.document_id] if c.document_id else []),
                    _free(c.absent_id),
                    _not_about(c.absent_id),
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


def _not_about(account_id: str) -> ColumnElement[bool]:
    """Whom a document is about decides nothing on it; what they respond to waits for their own account."""
    return or_(col(Document.concerned_id).is_(None), col(Document.concerned_id) != account_id)


def _free(account_id: str) -> ColumnElement[bool]:
    """Neither the document's author, nor acting in this revision, nor stood in for in it (law 6)."""
    acted = exists().where(
        col(Event.document_id) == col(Document.id),
        col(Event.revision) == col(Document.revision),
        col(Event.actor_id) == account_id,
        col(Event.action).not_in(NO_ACTS),
    )
    stood_for = exists().where(
        col(Substitution.document_id) == col(Document.id),
        col(Substitution.revision) == col(Document.revision),
        col(Substitution.absent_id) == account_id,
        col(Substitution.action).not_in(NO_ACTS),
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
    rows = session.exec(query).all()
    waived = waived_of(session, {document.id for document, *_ in rows})
    for document, step, owner, its_week in rows:
        absent = "" if step.audience in mine else _handed_by(actor, step)
        if document.id not in found or not absent:
            found[document.id] = Waiting(
                document,
                step.step,
                step.opened_at,
                step.due_at,
                owner,
                its_week,
                absent,
                document.id in waived,
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
