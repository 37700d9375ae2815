"""What our tables know of a document's run: the outbox, how a parked run is called, a retry asked for.

No Prefect here, so that the web may import it; the worker (`flows/worker.py`) carries it out. Only this file
writes `Document.dispatched`, `.settled` (True) and `.run_id`: a decision sets `settled` to False, the worker
back to True when the run shows what was decided and nothing automatic is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam
from sqlmodel import col, select, update

from flows import plan
from flows.catalogue import type_of
from flows.grammar import Draft, Step
from flows.office import Office
from flows.people import Actor
from flows.plan import Position
from flows.reading import happened
from models.db import Database
from models.document import Document
from models.errors import NotFound, WrongStep
from models.run import Incident
from models.statements import ask
from models.text import Text


@dataclass(frozen=True, slots=True)
class Turn:
    """A document the worker has to look at, as it stands."""

    document_id: str
    school_id: str
    slug: str
    version: int
    decided_at: datetime
    run_id: str | None
    settled: bool
    position: Position

    @property
    def unborn(self) -> bool:
        """A draft that was never submitted has no run, nor has one that was dropped."""
        waits_for_author = self.position.step is None or isinstance(self.position.step, Draft)
        return self.run_id is None and waits_for_author and self.position.revision == 0

    @property
    def works(self) -> bool:
        """Must the flow itself run: the machine's step, or the end of the run?"""
        return self.position.automatic or self.position.step is None


def parked_name(steps: Sequence[Step]) -> str:
    """The state a run is parked in, as Prefect's own pages show it: "Awaiting group head".

    Where several steps are open at once: "Awaiting author and person concerned".
    """
    named = (step.waiting.en.removeprefix("Waiting for the ").replace(" or the ", " or ") for step in steps)
    return "Awaiting " + " and ".join(named)


def waiting_turns(db: Database, now: datetime, limit: int = 500) -> list[tuple[str, datetime, bool]]:
    """Documents the worker has not settled: id, when last changed, is it the machine's step or the end?

    Idle, this reads an empty range of `ix_document_outbox`. A document with an incident waits for its time.
    """
    with db.read() as session:
        rows = ask(session, _UNSETTLED, now=now, most=limit)
    return [(key, at, _works(slug, step)) for key, at, step, slug in rows]


_LATER = (
    select(Incident.id)
    .where(
        col(Incident.document_id) == col(Document.id),
        col(Incident.kind) == "step-failed",
        col(Incident.resolved_at).is_(None),
        col(Incident.retry_at).is_(None) | (col(Incident.retry_at) > bindparam("now")),
    )
    .exists()
)
_UNSETTLED = (
    select(Document.id, Document.updated_at, Document.step, Document.type)
    .where(col(Document.settled).is_(False), ~_LATER)
    .order_by(col(Document.updated_at))
    .limit(bindparam("most", type_=Integer))
)


def _works(slug: str, step: str) -> bool:
    return not step or step == type_of(slug).archive.name


def turn(db: Database, document_id: str) -> Turn | None:
    """Where a document stands, from its events; None when there is no such document."""
    with db.read() as session:
        document = session.get(Document, document_id)
        if document is None:
            return None
        return Turn(
            document_id=document.id,
            school_id=document.school_id,
            slug=document.type,
            version=document.version,
            decided_at=document.updated_at,
            run_id=document.run_id,
            settled=document.settled,
            position=plan.position(type_of(document.type), happened(session, document_id)),
        )


def note_run(db: Database, document_id: str, run_id: str | None) -> None:
    """Remember which run is the document's; None when Prefect no longer has it."""
    with db.write() as session:
        session.exec(update(Document).where(col(Document.id) == document_id).values(run_id=run_id))


def note_settled(db: Database, document_id: str, version: int) -> bool:
    """The run shows this version and the worker is done with it; False when someone decided meanwhile."""
    with db.write() as session:
        done = session.exec(
            update(Document)
            .where(col(Document.id) == document_id, col(Document.version) == version)
            .values(dispatched=version, settled=True)
        )
        return done.rowcount == 1


def unsettle(db: Database, document_ids: list[str]) -> None:
    """Have the worker look at these again: their runs are not what they should be."""
    if document_ids:
        with db.write() as session:
            session.exec(update(Document).where(col(Document.id).in_(document_ids)).values(settled=False))


def parked_after(db: Database, cursor: str, limit: int) -> list[tuple[str, str]]:
    """(document, run) of documents that wait for a person, by id after `cursor`: what the repair compares.

    Read in the order of the ids: "is not false" keeps SQLite from the index of what is settled, which is
    nearly everything and would be sorted each time.
    """
    rows = (
        select(Document.id, Document.run_id)
        .where(
            col(Document.id) > cursor,
            col(Document.settled).is_not(False),
            col(Document.run_id).is_not(None),
            col(Document.step) != "",
        )
        .order_by(col(Document.id))
        .limit(limit)
    )
    with db.read() as session:
        return [(key, run) for key, run in session.exec(rows).all() if run]


def request_retry(office: Office, incident_id: str, actor: Actor) -> None:
    """Ask the worker to do a failed step again now. It signs and approves nothing (law 3).

    NotFound outside the actor's school; WrongStep when it is resolved or not the machine's to repeat.
    """
    now = office.now()
    with office.db.write() as session:
        incident = session.get(Incident, incident_id)
        if incident is None or incident.school_id != actor.school_id:
            raise NotFound
        if incident.resolved_at is not None or incident.kind != "step-failed":
            raise WrongStep(_NOT_TO_RETRY)
        # The back-off begins anew: someone is looking, and what was down may be back any moment.
        incident.retry_at, incident.attempts = now, 0
        session.exec(update(Document).where(col(Document.id) == incident.document_id).values(settled=False))
    office.poke()


_NOT_TO_RETRY = Text(
    "Sự cố này đã được xử lý hoặc không phải bước tự động, nên không có gì để chạy lại. Tải lại trang.",
    "This incident is resolved or is no automatic step, so there is nothing to run again. Reload the page.",
)
