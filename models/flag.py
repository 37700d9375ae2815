"""What is late or missing, and since when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant


class Flag(SQLModel, table=True):
    """One fact the clock found. `key` names rule, person or group, and week; it opens, resolves, reopens.

    `rule`: late (sent after the limit), missing (limit past, nothing sent). `data` keeps the times the
    sentence is made from (ISO 8601), so that it reads the same later.
    """

    __table_args__ = (
        UniqueConstraint("school_id", "key"),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_flag_week", "school_id", "week_id"),
    )
    id: str = identifier()
    school_id: str
    key: str = Field(max_length=160)
    rule: str = Field(max_length=24)
    type: str = Field(max_length=40)
    account_id: str
    group_id: str | None = Field(default=None, foreign_key="staff_group.id")
    week_id: str = Field(foreign_key="school_week.id")
    document_id: str | None = Field(default=None, foreign_key="document.id")
    due_at: datetime = instant()
    data: dict[str, Any] = json_field()
    opened_at: datetime = instant()
    resolved_at: datetime | None = maybe_instant()
