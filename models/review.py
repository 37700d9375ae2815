"""What a reviewer keeps for themselves while reading: which records are in their signing round.

None of this is a decision: nothing here moves a document.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from models.columns import instant


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
