"""A document as the process sees it: its row, its declaration, where its events have led it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows import bodies, plan
from flows.catalogue import type_of
from flows.commands import Here
from flows.grammar import Respond
from flows.plan import Happened, Position
from flows.posts import subject_of
from models.document import Document
from models.errors import NotFound
from models.event import Event
from models.statements import ask


def read(session: Session, document_id: str, school_id: str) -> Here:
    """The document with its process position; NotFound outside the school."""
    found = session.exec(_DOCUMENT, params={"of_document": document_id, "of_school": school_id}).first()
    if found is None:
        raise NotFound
    document, with_file = found
    session.expunge(document)  # only the compare-and-set writes it
    declared = bodies.applied(type_of(document.type), with_file=with_file)
    events = happened(session, document_id)
    position = plan.position(declared, events)
    opened = _answered_from(session, document, position)
    return Here(document, declared, position, subject_of(session, document), len(events), opened)


def _answered_from(session: Session, document: Document, position: Position) -> datetime | None:
    """When the station opened, where somebody's own time to answer runs from it."""
    if not any(isinstance(step, Respond) for step in position.open):
        return None
    opened = select(Event.at).where(
        col(Event.document_id) == document.id, col(Event.seq) == position.opened_seq
    )
    return session.exec(opened).first()


def happened(session: Session, document_id: str) -> list[Happened]:
    """A document's events as the process reads them."""
    return [as_happened(*row) for row in ask(session, _EVENTS, of_document=document_id)]


_DOCUMENT = (
    select(Document, bodies.HAS_ONE)
    .where(col(Document.id) == bindparam("of_document"), col(Document.school_id) == bindparam("of_school"))
    .execution_options(populate_existing=True)
)
_EVENTS = (
    select_columns(
        col(Event.seq),
        col(Event.actor_id),
        col(Event.step),
        col(Event.action),
        col(Event.revision),
        col(Event.data),
    )
    .where(col(Event.document_id) == bindparam("of_document"))
    .order_by(col(Event.seq))
)
"""Their columns alone: every decision reads them twice."""


def as_happened(
    seq: int, actor: str, step: str, action: str, revision: int, data: Mapping[str, Any]
) -> Happened:
    stood_for, witness = data.get("stood_for", ""), data.get("witness", "")
    return Happened(seq, actor, step, action, revision, stood_for, witness, data.get("values", {}))
