"""What the administrator's pages read of runs: where each document stands, without its content.

Every query takes its school. Nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal_column, true, tuple_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from flows.commands import Here
from flows.queries import COUNTED, LIGHT
from flows.reading import read
from flows.views import EventSeen, history
from models.account import Account
from models.document import UNDER_WAY, Document
from models.run import Incident, LedgerEntry


@dataclass(frozen=True, slots=True)
class RunSeen:
    """A document's run: where it stands, without the document's content."""

    document: Document
    owner: str
    incident: Incident | None


RUN_STATES = ("waiting", "running", "incident", "archived")
_UNDER_WAY = and_(literal_column(f"document.{UNDER_WAY}"), col(Document.archived_at).is_(None))
"""Not archived, which is said twice so that no other index fits as well as `ix_document_under_way`."""
_DROPPED = and_(col(Document.status) == "withdrawn", col(Document.revision) == 0)


def _run_state(school_id: str, state: str) -> ColumnElement[bool]:
    """The condition of a state; "waiting" and "running" are looked for among what is under way alone."""
    troubled = col(Document.id).in_(_troubled(school_id))
    automatic = col(Document.step) == "archive"
    return {
        "incident": troubled,
        "running": and_(_UNDER_WAY, automatic, ~troubled),
        "waiting": and_(_UNDER_WAY, ~automatic, ~troubled, col(Document.revision) > 0),
        "archived": col(Document.archived_at).is_not(None),
    }.get(state, and_(col(Document.version) > 1, ~_DROPPED))


def _troubled(school_id: str) -> SelectOfScalar[str]:
    """Documents with an open incident."""
    open_ones = col(Incident.school_id) == school_id, col(Incident.resolved_at).is_(None)
    return select(Incident.document_id).where(*open_ones).distinct()


def runs(
    session: Session,
    school_id: str,
    *,
    state: str = "",
    type: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[RunSeen]:
    """Runs of a school, the newest change first; `state` is one of `RUN_STATES` or empty for all."""
    of_state = [col(Document.school_id) == school_id, _run_state(school_id, state)]
    if state == "incident":
        # Asked for first, and without the school: else SQLite would read all its documents in their order.
        of_state = [col(Document.id).in_(session.exec(_troubled(school_id).limit(COUNTED)).all())]
    query = (
        select(Document, Account.full_name, Incident)
        .join(Account, col(Account.id) == col(Document.owner_id))
        .join(
            Incident,
            and_(col(Incident.document_id) == col(Document.id), col(Incident.resolved_at).is_(None)),
            isouter=True,
        )
        .where(
            *of_state,
            col(Document.type) == type if type else true(),
        )
        .order_by(col(Document.updated_at).desc(), col(Document.id).desc())
        .options(LIGHT)
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(col(Document.updated_at), col(Document.id)) < after)
    found: dict[str, RunSeen] = {}
    for document, owner, incident in session.exec(query).all():
        found.setdefault(document.id, RunSeen(document, owner, incident))
    return list(found.values())


def run_counts(session: Session, school_id: str) -> dict[str, int]:
    """How many runs are in each of `RUN_STATES`, counted to `COUNTED`."""
    counts = {}
    for state in RUN_STATES:
        found = select(Document.id).where(col(Document.school_id) == school_id, _run_state(school_id, state))
        if state == "incident":
            found = _troubled(school_id)
        few = found.limit(COUNTED).subquery()
        counts[state] = session.exec(select(func.count()).select_from(few)).one()
    return counts


@dataclass(frozen=True, slots=True)
class RunWhole:
    """One run with its history: events without their remarks, ledger, incidents (resolved ones too)."""

    here: Here
    owner: str
    events: tuple[EventSeen, ...]
    ledger: tuple[LedgerEntry, ...]
    incidents: tuple[Incident, ...]


def run(session: Session, school_id: str, document_id: str) -> RunWhole:
    """One run of the school; NotFound otherwise. For the administrator: no field, no remark."""
    here = read(session, document_id, school_id)
    events = tuple(replace(e, remark=None) for e in history(session, here.document)[0])
    ledger = session.exec(
        select(LedgerEntry)
        .where(col(LedgerEntry.document_id) == document_id)
        .order_by(col(LedgerEntry.started_at))
    ).all()
    incidents = session.exec(
        select(Incident)
        .where(col(Incident.document_id) == document_id)
        .order_by(col(Incident.opened_at).desc())
    ).all()
    owner = session.get_one(Account, here.document.owner_id).full_name
    return RunWhole(here, owner, events, tuple(ledger), tuple(incidents))
