"""What the machine does by itself: the ledger of automatic steps, incidents, leases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, maybe_instant


class LedgerEntry(SQLModel, table=True):
    """An automatic step of a document: done once for the event that opened it.

    `state`: running, done, failed. `result` is what a later step needs (a blob's hash), never a text.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
    )
    document_id: str = Field(primary_key=True)
    opened_seq: int = Field(primary_key=True)
    step: str = Field(primary_key=True, max_length=40)
    school_id: str
    state: str = Field(max_length=8)
    attempts: int = 1
    started_at: datetime = instant()
    finished_at: datetime | None = maybe_instant()
    result: str = Field(default="", max_length=200)
    error: str = Field(default="", max_length=400)


class Incident(SQLModel, table=True):
    """Something that needs a person: a step that failed, a step nobody may take.

    `kind`: step-failed, nobody. `retry_at` is set while the machine itself goes on trying.
    """

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        Index("ix_incident_open", "school_id", "resolved_at"),
        Index("ix_incident_document", "document_id"),
    )
    id: str = identifier()
    school_id: str
    document_id: str
    step: str = Field(max_length=40)
    kind: str = Field(max_length=24)
    sentence_vi: str = Field(max_length=400)
    sentence_en: str = Field(max_length=400)
    opened_at: datetime = instant()
    retry_at: datetime | None = maybe_instant()
    attempts: int = 1
    resolved_at: datetime | None = maybe_instant()
    resolved_by: str | None = Field(default=None, max_length=36)


class Lease(SQLModel, table=True):
    """Who holds a job now: one leader of several processes; expires by itself."""

    name: str = Field(primary_key=True, max_length=80)
    holder: str = Field(max_length=80)
    until: datetime = instant()


class Heartbeat(SQLModel, table=True):
    """A process of ours that is alive, for `/healthz` and the runs page."""

    name: str = Field(primary_key=True, max_length=80)
    kind: str = Field(max_length=16)
    at: datetime = instant()
    detail: str = Field(default="", max_length=200)
