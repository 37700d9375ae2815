"""A signing round that was started: its manifest and the result of each item."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, maybe_instant


class Batch(SQLModel, table=True):
    """`state`: running, done, stopped (its process died; the rest is untouched and needs the PIN again)."""

    __table_args__ = (ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),)
    id: str = identifier()
    school_id: str
    account_id: str
    action: str = Field(max_length=24)
    state: str = Field(default="running", max_length=8)
    holder: str = Field(max_length=80, description="process that runs it")
    created_at: datetime = instant()
    finished_at: datetime | None = maybe_instant()


class BatchItem(SQLModel, table=True):
    """`state`: queued, signing, signed, refused (with the refusal's code and words)."""

    __tablename__ = "batch_item"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
    )
    batch_id: str = Field(primary_key=True, foreign_key="batch.id")
    position: int = Field(primary_key=True)
    school_id: str
    document_id: str
    version: int
    state: str = Field(default="queued", max_length=8)
    code: str = Field(default="", max_length=24)
    sentence_vi: str = Field(default="", max_length=400)
    sentence_en: str = Field(default="", max_length=400)
    finished_at: datetime | None = maybe_instant()
