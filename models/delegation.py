"""Absence: decisions a person hands to another for some days, and the decisions made so."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant
from models.kept import entered


class Delegation(SQLModel, table=True):
    """While `absent_id` is away, `delegate_id` takes what waits for these posts. Both days are included.

    `posts`: keys as in `models.document.OpenStep.audience`; `types`: slugs, empty for every type. `number`
    and `dated`: the written authorisation (giấy ủy quyền), without which nobody signs TUQ. `document_id`: the
    one record that is handed over, by someone who need not be away. `begun_at` and `over_at`: when its
    beginning and its end were told.
    """

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "absent_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "delegate_id"], ["account.school_id", "account.id"]),
        Index("ix_delegation_days", "school_id", "last_day"),
        Index("ix_delegation_delegate", "delegate_id", "last_day"),
        Index("ix_delegation_told", "over_at"),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    absent_id: str
    delegate_id: str
    posts: list[str] = json_field(list)
    types: list[str] = json_field(list)
    first_day: date
    last_day: date
    number: str = Field(default="", max_length=60)
    dated: date | None = None
    given_by: str = Field(max_length=36)
    given_at: datetime = instant()
    ended_by: str | None = Field(default=None, max_length=36)
    ended_at: datetime | None = maybe_instant()
    document_id: str | None = Field(default=None, foreign_key="document.id", index=True)
    begun_at: datetime | None = maybe_instant()
    over_at: datetime | None = maybe_instant()


entered(Delegation, "begun_at", "over_at")


class Substitution(SQLModel, table=True):
    """A decision (event `seq` of a document) that someone made for a person who was away."""

    __table_args__ = (
        ForeignKeyConstraint(["document_id", "seq"], ["event.document_id", "event.seq"]),
        ForeignKeyConstraint(["school_id", "absent_id"], ["account.school_id", "account.id"]),
        Index("ix_substitution_acted", "document_id", "revision", "absent_id"),
        Index("ix_substitution_delegation", "delegation_id"),
    )
    document_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    school_id: str
    revision: int
    action: str = Field(max_length=24)
    delegation_id: str = Field(foreign_key="delegation.id")
    absent_id: str
