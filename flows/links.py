"""What documents have to do with each other: an addendum with its plan, a successor with what it replaces.

Reads only; `flows/drafts.py` writes a link with the draft that has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from flows.catalogue import type_of
from flows.fields import Known
from flows.grammar import Cited
from flows.plan import SYSTEM
from flows.posts import actor_of, known_of
from models.document import Document, DocumentLink, Revision
from models.event import Event
from models.settings import VIETNAM
from models.statements import ask

ABOUT, REPLACES = "about", "replaces"


@dataclass(frozen=True, slots=True)
class Links:
    """The documents one is about, or replaces; ids."""

    about: str | None = None
    replaces: str | None = None


def links_of(session: Session, document_id: str) -> Links:
    """What a document has to do with earlier ones."""
    return Links(**dict(map(tuple, ask(session, _LINKS, of_document=document_id))))


_LINKS = select(DocumentLink.kind, DocumentLink.other_id).where(
    col(DocumentLink.document_id) == bindparam("of_document")
)


def linked_to(session: Session, document_id: str, kind: str) -> list[Document]:
    """The later documents that are about this one, or replace it, the oldest first; withdrawn ones not."""
    return list(session.exec(_LINKED, params={"of_document": document_id, "of_kind": kind}))


_LINKED = (
    select(Document)
    .join(DocumentLink, col(DocumentLink.document_id) == col(Document.id))
    .where(
        col(DocumentLink.other_id) == bindparam("of_document"),
        col(DocumentLink.kind) == bindparam("of_kind"),
        col(Document.status) != "withdrawn",
    )
    .order_by(col(Document.created_at), col(Document.id))
)


def parts_of(session: Session, document_id: str | None) -> Mapping[str, str]:
    """What of a document may be named by one that is about it: its lessons, by id."""
    document = session.get(Document, document_id) if document_id else None
    if document is None:
        return {}
    declared = type_of(document.type)
    revision = session.get(Revision, (document.id, document.revision))
    return declared.parts(revision.fields) if declared.parts and revision else {}


def known_for(session: Session, document: Document, now: datetime | None = None) -> Known:
    """What a document's form is read with: what its author may choose from; `now` where it is submitted."""
    about = links_of(session, document.id).about
    return known_of(session, actor_of(session, document.owner_id), parts_of(session, about), now)


def cited(session: Session, document_id: str | None) -> Cited | None:
    """An approved document as another one cites it; None before it is approved."""
    document = session.get(Document, document_id) if document_id else None
    if document is None or document.approved_at is None:
        return None
    last = session.exec(
        select(Event)
        .where(
            col(Event.document_id) == document.id,
            col(Event.actor_id) != SYSTEM,
            col(Event.output_blob).is_not(None),
        )
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()
    return Cited(
        document_id=document.id,
        title=document.title,
        revision=document.revision,
        approved_on=document.approved_at.astimezone(VIETNAM).date().isoformat(),
        decided_on=(last.at if last else document.approved_at).astimezone(VIETNAM).date().isoformat(),
        approved_sha256=(last.output_blob or "") if last else "",
        archived_sha256=(document.blob or "") if document.archived_at else "",
        parts=parts_of(session, document.id),
    )
