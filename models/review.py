"""What a reviewer keeps for themselves while reading: their signing round, notes, filters.

None of this is a decision: nothing here moves a document.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field


class RoundMark(SQLModel, table=True):
    """A record put into a person's signing round, at the revision and step they saw."""

    __tablename__ = "round_mark"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
    )
    account_id: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True, index=True)
    school_id: str
    revision: int
    step: str = Field(max_length=40)
    marked_at: datetime = instant()


class PartMark(SQLModel, table=True):
    """A reviewer's own note on one lesson of a record (`part` empty: on the whole), nobody else's to see.

    `content` is the fingerprint of the lesson that was looked at: a changed lesson is to be looked at again.
    `comment` is a draft until it is sent with a return; from then on it is a remark beside the event.
    """

    __tablename__ = "part_mark"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
    )
    account_id: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True, index=True)
    part: str = Field(primary_key=True, max_length=16)
    school_id: str
    revision: int
    content: str = Field(default="", max_length=64)
    seen: bool = False
    mend: bool = False
    comment: str = ""
    updated_at: datetime = instant()


class SavedFilter(SQLModel, table=True):
    """A filter a person named, of one list (`place`: inbox or documents). Its address works for everyone."""

    __tablename__ = "saved_filter"
    __table_args__ = (
        UniqueConstraint("account_id", "place", "name"),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
    )
    id: str = identifier()
    school_id: str
    account_id: str
    place: str = Field(max_length=12)
    name: str = Field(max_length=60)
    query: dict[str, str] = json_field()
    created_at: datetime = instant()
