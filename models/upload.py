"""A file on its way to become a document's body, and the body it became."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant


class Upload(SQLModel, table=True):
    """One uploaded file of a draft. The states, in their order:

    `receiving` (`received` of `size` bytes lie in a partial file), `waiting` (whole; to be converted),
    `converting` (a process holds it until `claimed_until`), then `ready` (it is the document's body, the
    only one), `taken` (its text went into the form) or `refused` (the sentence says why).
    """

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_upload_document", "document_id", "state"),
        Index("ix_upload_state", "state", "updated_at"),
    )
    id: str = identifier()
    school_id: str
    document_id: str
    account_id: str
    state: str = Field(default="receiving", max_length=12)
    name: str = Field(max_length=200)
    """As the author's device calls it, without folders."""
    size: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    """Of the whole file, as announced; checked when it is whole. The original is kept under it."""
    received: int = Field(default=0, sa_type=BigInteger)
    kind: str = Field(default="", max_length=8)
    pdf: str | None = Field(default=None, max_length=64, description="the sanitised pages")
    pages: int = 0
    words: str = Field(default="", description="the text of its pages, for the search; none of a scan")
    lessons: int = 0
    """Parts the text was divided into, when it was taken over."""
    removed: list[str] = json_field(list)
    warnings: list[str] = json_field(list)
    too_large: bool = False
    """Refused for its size, its pages or what it unpacks to."""
    sentence_vi: str = ""
    sentence_en: str = ""
    attempts: int = 0
    claimed_by: str | None = Field(default=None, max_length=80)
    claimed_until: datetime | None = maybe_instant()
    created_at: datetime = instant()
    updated_at: datetime = instant()
