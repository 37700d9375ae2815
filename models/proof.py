"""Until when an archived file proves what it says: what the job of renewal goes by."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.columns import blob_name, instant, maybe_instant


class ArchiveProof(SQLModel, table=True):
    """The newest archive timestamp of a document's archived file, and when it ceases to prove.

    Derived from the file named by `blob` alone; a row about an earlier file is made anew. `weakest`: what
    ends first, "certificate" or an algorithm's name. `rule` stands for the settings the dates were made by.
    `try_at`: set after a renewal that failed.
    """

    __tablename__ = "archive_proof"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        Index("ix_archive_proof_due", "renew_at"),
    )
    document_id: str = Field(primary_key=True)
    school_id: str
    blob: str = blob_name()
    stamped_at: datetime = instant()
    until: datetime = instant()
    renew_at: datetime = instant()
    weakest: str = Field(max_length=16)
    rule: str = Field(max_length=16)
    try_at: datetime | None = maybe_instant()
