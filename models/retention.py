"""How long a school keeps its records, and what it may not destroy for the time being."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.appending import guard
from models.columns import identifier, instant
from models.kept import entered


class RetentionRule(SQLModel, table=True):
    """How long records of a type are kept that are archived from a day on; append-only.

    `years` None: permanently. `basis`: where the school has it from. A type without a rule is kept as its
    declaration says. `number` orders rules of the same day: the newest holds. `earlier`: what was archived
    before and would be kept shorter is kept as long as well.
    """

    __tablename__ = "retention_rule"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "by_id"], ["account.school_id", "account.id"]),
        CheckConstraint("years BETWEEN 1 AND 100", name="ck_retention_rule_years"),
    )
    school_id: str = Field(primary_key=True, foreign_key="school.id")
    type: str = Field(primary_key=True, max_length=40)
    number: int = Field(primary_key=True)
    from_day: date
    years: int | None = None
    basis: str = Field(default="", max_length=200)
    earlier: bool = False
    by_id: str
    at: datetime = instant()


class LegalHold(SQLModel, table=True):
    """Records that must not be destroyed until the hold is lifted; append-only.

    What is named must all fit: one record, a person's (written by them or about them), a type, and those
    approved from the first to the last day. At least one of them is named.
    """

    __tablename__ = "legal_hold"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "by_id"], ["account.school_id", "account.id"]),
        CheckConstraint(
            "document_id IS NOT NULL OR account_id IS NOT NULL OR type IS NOT NULL"
            " OR first_day IS NOT NULL OR last_day IS NOT NULL",
            name="ck_legal_hold_something",
        ),
        CheckConstraint("first_day <= last_day", name="ck_legal_hold_days"),
        CheckConstraint("reason <> ''", name="ck_legal_hold_reason"),
        Index("ix_legal_hold_school", "school_id"),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    document_id: str | None = None
    account_id: str | None = None
    type: str | None = Field(default=None, max_length=40)
    first_day: date | None = None
    last_day: date | None = None
    reason: str = Field(max_length=500)
    reference: str = Field(default="", max_length=100)
    """The letter, decision or case it rests on, as the school writes it."""
    by_id: str
    at: datetime = instant()


class HoldLift(SQLModel, table=True):
    """The end of a hold, and why; append-only."""

    __tablename__ = "hold_lift"
    __table_args__ = (
        ForeignKeyConstraint(["hold_id"], ["legal_hold.id"]),
        ForeignKeyConstraint(["school_id", "by_id"], ["account.school_id", "account.id"]),
        CheckConstraint("reason <> ''", name="ck_hold_lift_reason"),
    )
    hold_id: str = Field(primary_key=True)
    school_id: str
    reason: str = Field(max_length=500)
    by_id: str
    at: datetime = instant()


for _model in (RetentionRule, LegalHold, HoldLift):
    entered(_model)

RETENTION_STAYS = guard("retention_rule", "legal_hold", "hold_lift")
"""What makes the database itself refuse to change or delete them; migrations run the same words."""
