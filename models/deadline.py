"""The deadlines a school set for itself; what a school that set none goes by stands with each type."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant
from models.kept import entered


class DeadlineRule(SQLModel, table=True):
    """One rule, set once and never changed: it holds for teaching weeks from `valid_from` on.

    Until it begins to hold it can be dropped, and then it never held.

    Of several for the same week the one with the latest `valid_from` holds, of two with the same the one set
    last. `value`: the rule as `flows/due_rules.py` writes it. `set_by`: an account; empty for a rule from
    before rules had dates.
    """

    __tablename__ = "deadline_rule"
    __table_args__ = (Index("ix_deadline_rule_school", "school_id", "set_at"),)
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    key: str = Field(max_length=64)
    valid_from: date
    value: dict[str, Any] = json_field()
    set_by: str | None = Field(default=None, foreign_key="account.id")
    set_at: datetime = instant()
    dropped_by: str | None = Field(default=None, foreign_key="account.id")
    dropped_at: datetime | None = maybe_instant()


entered(DeadlineRule)


class KeptLimit(SQLModel, table=True):
    """A limit that was still to come when a change of the calendar would have left it too little notice.

    Of that deadline (`key`) and week it comes no sooner than `at`: the end of the day after the change was
    entered, or the limit there was, where that came sooner.
    """

    __tablename__ = "kept_limit"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_id", "week_id"], ["school_week.school_id", "school_week.id"], ondelete="CASCADE"
        ),
    )
    school_id: str = Field(primary_key=True)
    week_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=64)
    at: datetime = instant()
