"""What a record is based on: kept beside it, in its events, and in its text where its author wants it.

Whoever copies is the author of what they sign; whose work it was stays visible. What may be copied stands in
`flows/sources.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from flows.catalogue import type_of
from flows.grammar import DocumentType
from models.account import Account
from models.document import Document, DocumentImage, DocumentSource
from models.school import SchoolWeek
from models.text import Text
from tasks.rich_text import images


def cite(session: Session, document: Document, source: Document, texts: Iterable[str], now: datetime) -> None:
    """Note the source, and make the pictures in the copied text this document's own too.

    Only pictures of the source itself are taken over: a hash in a text opens nothing.
    """
    if source.id != document.id and session.get(DocumentSource, (document.id, source.id)) is None:
        session.add(
            DocumentSource(
                document_id=document.id,
                source_id=source.id,
                revision=source.revision,
                school_id=document.school_id,
                at=now,
            )
        )
    shown = {sha256 for text in texts if "image:" in text for sha256 in images(text)}
    if not shown:
        return
    held = col(DocumentImage.document_id)
    own = set(session.exec(select(DocumentImage.sha256).where(held == document.id)).all())
    rows = session.exec(
        select(DocumentImage).where(held == source.id, col(DocumentImage.sha256).in_(shown - own))
    ).all()
    session.add_all(
        DocumentImage(
            document_id=document.id,
            sha256=row.sha256,
            school_id=document.school_id,
            media_type=row.media_type,
        )
        for row in rows
    )


def texts_of(value: Any) -> Iterable[str]:
    """Every string of nested values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from texts_of(below)
    elif isinstance(value, list):
        for below in value:
            yield from texts_of(below)


@dataclass(frozen=True, slots=True)
class BasedOn:
    """One source of a record in words."""

    source_id: str
    words: Text
    own: bool
    named: bool
    """Does the author want it in the signed text?"""
    path: str = ""
    """Where it is, for whoever may see it (`sources.based_on`)."""


def based_on(session: Session, document: Document) -> tuple[BasedOn, ...]:
    """What a document is based on, the first source first."""
    rows = session.exec(
        select(DocumentSource, Document.type, Account, SchoolWeek)
        .join(Document, col(Document.id) == col(DocumentSource.source_id))
        .join(Account, col(Account.id) == col(Document.owner_id))
        .join(SchoolWeek, col(SchoolWeek.id) == col(Document.week_id), isouter=True)
        .where(col(DocumentSource.document_id) == document.id)
        .order_by(col(DocumentSource.at), col(DocumentSource.source_id))
    ).all()
    present = session.get(SchoolWeek, document.week_id) if document.week_id else None
    year = present.year if present else ""
    return tuple(
        BasedOn(
            row.source_id,
            said(type_of(slug), week, owner.full_name, year),
            owner.id == document.owner_id,
            row.named,
        )
        for row, slug, owner, week in rows
    )


def said(declared: DocumentType, week: SchoolWeek | None, owner: str, year: str) -> Text:
    """A source as one names it: `KHBD tuần 12 của Nguyễn Thị Lan`; another school year is said."""
    if week is None:
        return Text(f"{declared.short.vi} của {owner}", f"{declared.short.en} by {owner}")
    other = week.year != year
    return Text(
        f"{declared.short.vi} tuần {week.number}{f' năm học {week.year}' if other else ''} của {owner}",
        f"{declared.short.en}, week {week.number}{f' of {week.year}' if other else ''}, by {owner}",
    )


def recorded(session: Session, document_id: str) -> dict[str, Any]:
    """What an event keeps of the sources: their ids and revisions, no names. Nothing when there are none."""
    rows = session.exec(
        select(DocumentSource)
        .where(col(DocumentSource.document_id) == document_id)
        .order_by(col(DocumentSource.at), col(DocumentSource.source_id))
    ).all()
    return {"based_on": [{"document": r.source_id, "revision": r.revision} for r in rows]} if rows else {}


def name_in_text(session: Session, document_id: str, named: bool) -> None:
    """Whether the sources stand in the text that will be signed; the author's choice while it is a draft.

    It changes the pages, so it counts as a save.
    """
    session.exec(
        update(DocumentSource).where(col(DocumentSource.document_id) == document_id).values(named=named)
    )
    session.exec(
        update(Document)
        .where(col(Document.id) == document_id)
        .values(content_version=Document.content_version + 1)
    )
