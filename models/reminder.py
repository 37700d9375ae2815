"""The reminders a school set for itself; what a school that set none goes by stands with each type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field
from models.kept import entered


class ReminderRules(SQLModel, table=True):
    """All rules of one subject, set once and never changed: the row set last holds from then on.

    `key` names the subject as `flows/reminder_rules.py` does: a type's slug for its own deadline, the slug
    with ":review" for the reviewers' time. `value`: the rules as `flows/remind.py` writes them; none at all
    means that nobody is reminded.
    """

    __tablename__ = "reminder_rules"
    __table_args__ = (Index("ix_reminder_rules_school", "school_id", "key", "set_at"),)
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    key: str = Field(max_length=64)
    value: list[dict[str, Any]] = json_field(list)
    set_by: str = Field(foreign_key="account.id")
    set_at: datetime = instant()


entered(ReminderRules)
