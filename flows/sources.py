"""What a record may be begun from: one's own records, and what colleagues of the group have had approved.

How that stays visible stands in `flows/citing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from flows import citing
from flows.grammar import DocumentType
from flows.namesakes import names_of
from flows.people import Actor
from flows.queries import DONE, LIGHT, visible_to
from models.account import Account
from models.document import Document, Revision
from models.errors import NotFound
from models.school import SchoolWeek

LISTED = 60
"""Records offered at a time, the newest weeks first."""


@dataclass(frozen=True, slots=True)
class Source:
    """A record that may be copied from."""

    document: Document
    owner: str
    week: SchoolWeek | None
    mine: bool


def sources(session: Session, actor: Actor, declared: DocumentType, limit: int = LISTED) -> list[Source]:
    """Records of this type to begin from, the newest week first, the person's own before others'."""
    rows = session.exec(
        select(Document, SchoolWeek)
        .join(SchoolWeek, col(SchoolWeek.id) == col(Document.week_id))
        .where(*_offered(actor, declared))
        .order_by((col(Document.owner_id) != actor.id), col(SchoolWeek.monday).desc(), col(Document.id))
        .options(LIGHT)
        .limit(limit)
    ).all()
    names = names_of(session, {d.owner_id for d, _ in rows})
    return [Source(d, names[d.owner_id], week, d.owner_id == actor.id) for d, week in rows]


def content_of(
    session: Session, actor: Actor, declared: DocumentType, source_id: str
) -> tuple[Source, dict[str, Any]]:
    """A record to copy from with its fields: as approved where it is, else as its author last saved it.

    NotFound for what this person may not copy, whether they may see it or not.
    """
    row = session.exec(
        select(Document, Account.full_name, SchoolWeek)
        .join(Account, col(Account.id) == col(Document.owner_id))
        .join(SchoolWeek, col(SchoolWeek.id) == col(Document.week_id))
        .where(col(Document.id) == source_id, *_offered(actor, declared))
    ).first()
    if row is None:
        raise NotFound
    document, name, week = row
    approved = session.get(Revision, (source_id, document.revision)) if document.status in DONE else None
    fields = approved.fields if approved else document.fields
    return Source(document, name, week, document.owner_id == actor.id), fields


def _offered(actor: Actor, declared: DocumentType) -> Sequence[Any]:
    mine = and_(col(Document.owner_id) == actor.id, col(Document.status) != "withdrawn")
    there = col(Document.status) != "destroyed"  # nothing is left to copy
    group = and_(col(Document.group_id).in_(actor.groups | actor.heads), col(Document.status).in_(DONE))
    return visible_to(actor), col(Document.type) == declared.slug, there, or_(mine, group)


def based_on(session: Session, actor: Actor, document: Document) -> tuple[citing.BasedOn, ...]:
    """What a document is based on, with a way there for whoever may see it."""
    found = citing.based_on(session, document)
    ids = [source.source_id for source in found]
    seen = set(session.exec(select(Document.id).where(col(Document.id).in_(ids), visible_to(actor))).all())
    return tuple(replace(s, path=f"/documents/{s.source_id}" if s.source_id in seen else "") for s in found)
