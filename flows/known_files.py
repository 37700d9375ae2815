"""Is a file one of ours, and does it still count? Said of the file alone: nothing about any person.

Asked by the public pages (`/verify`, `/p`), so a title, which may hold a name, never leaves here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import literal_column
from sqlmodel import Session, col, or_, select

from flows import plan, prints
from flows.catalogue import type_of
from flows.evidence import PRINT
from flows.posts import issuer_of
from models.destruction import DestroyedFile, Destruction
from models.document import Document, Revision, Signature
from models.errors import NotFound
from models.event import Event
from models.evidence import Evidence
from models.settings import VIETNAM
from models.text import Text
from tasks.blobs import BlobStore

FileStanding = Literal["in-force", "under-way", "unfinished", "older", "replaced", "withdrawn", "destroyed"]
"""`under-way`: people still have to approve or seal it; `unfinished`: they have, and this file lacks some of
the signatures; `older`: there is a later revision; `replaced`: another record stands in its place."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file of a record, and what became of it."""

    document_id: str
    type: Text
    school: str
    revision: int
    sha256: str
    standing: FileStanding
    since: datetime | None = None
    """When that came about: the approval, the withdrawal, the day it was replaced."""
    by_revision: int | None = None
    """The revision that stands now, where a later one does."""
    by_list: str = ""
    """Number of the list by which a destroyed record went."""


def find(session: Session, blobs: BlobStore, sha256: str) -> KnownFile | None:
    """The record this very file belongs to; None when it is none of a record's files."""
    if not blobs.path(sha256).exists() and not _destroyed(session, sha256):
        return None  # nearly every file that strangers bring: no table of records is read for it
    found = _named(session, sha256)
    if found is None:
        return None
    document_id, revision = found
    return _known(session, session.get_one(Document, document_id), revision, sha256)


def _destroyed(session: Session, sha256: str) -> bool:
    """Did this file go with its record?"""
    gone = select(DestroyedFile.sha256).where(col(DestroyedFile.sha256) == sha256).limit(1)
    return session.exec(gone).first() is not None


def _named(session: Session, sha256: str) -> tuple[str, int] | None:
    """Record and revision of a file: of a revision, of a signature, or of the archive before its renewal."""
    for statement in (
        select(Revision.document_id, Revision.number).where(
            or_(col(Revision.final) == sha256, col(Revision.pdf) == sha256)
        ),
        select(Signature.document_id, Signature.revision).where(col(Signature.output_blob) == sha256),
        select(Event.document_id, Event.revision).where(
            col(Event.output_blob) == sha256, col(Event.actor_id) == literal_column(f"'{plan.SYSTEM}'")
        ),
    ):
        found = session.exec(statement.limit(1)).first()
        if found is not None:
            return found
    return None


def of_print(session: Session, code: str) -> KnownFile:
    """The file a print was made of, by the code on the paper; NotFound when no print has it."""
    row = session.exec(
        select(Evidence).where(col(Evidence.code) == prints.tidy(code), col(Evidence.kind) == PRINT)
    ).first()
    if row is None or row.document_id is None or row.blob is None or row.revision is None:
        raise NotFound(_NO_PRINT)
    return _known(session, session.get_one(Document, row.document_id), row.revision, row.blob)


def _known(session: Session, document: Document, revision: int, blob: str) -> KnownFile:
    standing, since = _standing(session, document, revision, blob)
    on = (since or document.created_at).astimezone(VIETNAM).date()
    return KnownFile(
        document_id=document.id,
        type=type_of(document.type).name,
        school=issuer_of(session, document.school_id, on).name,
        revision=revision,
        sha256=blob,
        standing=standing,
        since=since,
        by_revision=document.revision if standing == "older" else None,
        by_list=_list_of(session, document.id) if standing == "destroyed" else "",
    )


def _list_of(session: Session, document_id: str) -> str:
    number = session.exec(
        select(Document.number)
        .join(Destruction, col(Destruction.list_id) == col(Document.id))
        .where(col(Destruction.document_id) == document_id)
    ).first()
    return number or ""


def _standing(
    session: Session, document: Document, revision: int, blob: str
) -> tuple[FileStanding, datetime | None]:
    if document.status == "withdrawn":
        return "withdrawn", _last(session, document.id, plan.WITHDRAW)
    if document.status == "replaced":
        return "replaced", _last(session, document.id, plan.REPLACE)
    if document.status == "destroyed":
        return "destroyed", _last(session, document.id, plan.DESTROY)
    approved = document.approved_at if document.status in plan.DONE else None
    if revision < document.revision:
        return "older", approved
    if not prints.ready(document):
        return "under-way", None
    if prints.standing(session, document, blob) == "in-force":
        return "in-force", approved
    return (
        ("unfinished", approved) if _came_before(session, document.id, revision, blob) else ("replaced", None)
    )


def _came_before(session: Session, document_id: str, revision: int, blob: str) -> bool:
    """Was this the file before or between the signatures of the revision?"""
    row = session.get_one(Revision, (document_id, revision))
    signed = session.exec(
        select(Signature.output_blob).where(
            col(Signature.document_id) == document_id, col(Signature.revision) == revision
        )
    ).all()
    return blob in (row.pdf, *signed)


def _last(session: Session, document_id: str, action: str) -> datetime | None:
    return session.exec(
        select(Event.at)
        .where(col(Event.document_id) == document_id, col(Event.action) == action)
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()


_NO_PRINT = Text(
    "Không có bản in nào mang mã này. Kiểm tra lại mã ghi ở chân trang giấy.",
    "No print has this code. Check the code at the foot of the page.",
)
