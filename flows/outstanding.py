"""What is owed after approval, as people see it: of one document, of one person, of a group or the school.

Reads only; the rule stands in `flows/evidence.py`, the rows are written by `flows/duties.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, true
from sqlalchemy import select as select_columns
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from flows import evidence
from flows.duties import duties_of
from flows.people import ALL_SEEING, Actor
from flows.same_file import files_of, is_form
from models.account import Account, Group
from models.document import Document
from models.evidence import Duty, Evidence
from models.school import SchoolWeek

DONE = ("approved", "archived")
"""Of withdrawn and replaced records nothing is owed."""
# SQLModel gives a column the type of its value.
_LIGHT = defer(Document.fields, raiseload=True)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Shown:
    """One piece of evidence; `counts`: it is about the present file, not one that was replaced."""

    evidence: Evidence
    name: str
    counts: bool


@dataclass(frozen=True, slots=True)
class DutySeen:
    """A duty of a document with what was done about it, the latest first."""

    duty: Duty
    met: Shown | None
    shown: tuple[Shown, ...]

    @property
    def prints(self) -> tuple[Shown, ...]:
        """Prints made from the present file."""
        return tuple(s for s in self.shown if s.evidence.kind == evidence.PRINT and s.counts)

    @property
    def replaced(self) -> tuple[Shown, ...]:
        """What was done with a file that is no longer the approved one."""
        return tuple(s for s in self.shown if not s.counts)


def of_document(session: Session, document: Document) -> tuple[DutySeen, ...]:
    """Every duty of a document; none while it is not approved, or once it is withdrawn or replaced."""
    if document.status not in DONE:
        return ()
    duties = duties_of(session, document.id)
    if not duties:
        return ()
    rows = session.exec(
        select(Evidence, Account.full_name)
        .join(Account, col(Account.id) == col(Evidence.account_id))
        .where(col(Evidence.document_id) == document.id)
        .order_by(col(Evidence.at).desc(), col(Evidence.id).desc())
    ).all()
    return tuple(_seen(duty, files_of(session, duty), document, rows) for duty in duties)


def _seen(
    duty: Duty, forms: frozenset[str], document: Document, rows: Sequence[tuple[Evidence, str]]
) -> DutySeen:
    files = forms if document.blob in forms else frozenset(filter(None, (document.blob,)))
    about = {*evidence.MEETS[duty.kind], *(() if duty.kind == "download" else (evidence.PRINT,))}
    shown = tuple(Shown(e, name, e.blob in files) for e, name in rows if e.kind in about)
    met = next(
        (s for s in reversed(shown) if s.counts and duty.met_at and s.evidence.at == duty.met_at), None
    )
    return DutySeen(duty, met, shown)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A duty in a list: whose, of which document, of which week."""

    duty: Duty
    document: Document
    owner: str
    group: str
    week: SchoolWeek | None
    print_made_at: datetime | None = None
    """When a print of the present file was last made; no proof of paper."""


def mine(session: Session, actor: Actor, limit: int = 12) -> list[Outstanding]:
    """What this person still owes, the nearest due first."""
    return _listed(session, and_(col(Duty.account_id) == actor.id, col(Duty.met_at).is_(None)), actor, limit)


def of_week(session: Session, actor: Actor, week_id: str) -> list[Outstanding]:
    """Every duty of a week, met or not, that this person has, or answers for."""
    return _listed(session, and_(visible_to(actor), col(Duty.week_id) == week_id), actor, None)


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """Unmet duties this person has or answers for, by week."""
    query = (
        select(Duty.week_id, func.count())
        .join(Document, col(Document.id) == col(Duty.document_id))
        .where(
            visible_to(actor),
            col(Duty.school_id) == actor.school_id,
            col(Duty.met_at).is_(None),
            col(Document.status).in_(DONE),
        )
        .group_by(col(Duty.week_id))
    )
    return {week: number for week, number in session.exec(query).all() if week}


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Principals see every duty of the school, heads and deputies their group's, everyone their own.

    Who stands in sees what the absent one does, of the types handed over. For questions about documents.
    """
    if actor.roles & ALL_SEEING:
        return col(Duty.school_id) == actor.school_id
    seen = [col(Duty.account_id) == actor.id]
    if actor.heads or actor.deputises:
        seen.append(col(Duty.group_id).in_(actor.heads | actor.deputises))
    seen += [
        and_(
            col(Document.type).in_(sorted(c.types)),
            true() if c.whole_school else col(Duty.group_id).in_(c.groups),
        )
        for c in actor.covers
        if c.groups or c.whole_school
    ]
    return and_(col(Duty.school_id) == actor.school_id, or_(*seen))


def _listed(
    session: Session, wanted: ColumnElement[bool], actor: Actor, limit: int | None
) -> list[Outstanding]:
    made = (
        select_columns(func.max(col(Evidence.at)))
        .where(
            col(Evidence.document_id) == col(Duty.document_id),
            col(Evidence.kind) == evidence.PRINT,
            is_form(col(Evidence.blob)),
        )
        .correlate(Duty)
        .scalar_subquery()
    )
    query = (
        select_columns(
            Duty, Document, col(Account.full_name), func.coalesce(col(Group.name), ""), SchoolWeek, made
        )
        .join(Document, col(Document.id) == col(Duty.document_id))
        .join(Account, col(Account.id) == col(Duty.account_id))
        .join(Group, col(Group.id) == col(Duty.group_id), isouter=True)
        .join(SchoolWeek, col(SchoolWeek.id) == col(Duty.week_id), isouter=True)
        .where(wanted, col(Duty.school_id) == actor.school_id, col(Document.status).in_(DONE))
        .order_by(col(Duty.due_at), col(Duty.document_id), col(Duty.kind))
        .options(_LIGHT)
    )
    if limit is not None:
        query = query.limit(limit)
    return [Outstanding(*row) for row in session.execute(query)]
