"""Calendars that people's own programs read: one secret address a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant


class CalendarFeed(SQLModel, table=True):
    """A person's feed; its address is made again from `id` and the master key, and only its hash is kept.

    A new address is a new row in its place, so that the old one is wrong at once.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),)
    id: str = identifier()
    school_id: str
    account_id: str = Field(unique=True)
    token_hash: str = Field(unique=True, max_length=64)
    made_at: datetime = instant()
