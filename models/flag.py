"""What is late, missing or otherwise to be looked at, since when, and what was said and done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DDL, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.event import listen
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant
from models.kept import entered


class Flag(SQLModel, table=True):
    """One fact the clock found. `key` names rule, subject and person; it opens, resolves, reopens.

    `rule`: one of `flows.flag_words.NAMES`. `type` is empty and `week_id` None where no record is meant (a
    password, a certificate). `data` keeps the times the sentence is made from (ISO 8601), so that it reads
    the same later; `gone` in it says why one that is resolved holds no more though nothing came.
    `waived_at`: while it is set the flag is not counted; by whom and why, its events say.
    """

    __table_args__ = (
        UniqueConstraint("school_id", "key"),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_flag_week", "school_id", "week_id"),
        Index("ix_flag_rule", "school_id", "rule", "resolved_at"),
        Index("ix_flag_account", "account_id", "resolved_at"),
        Index("ix_flag_document", "document_id"),
    )
    id: str = identifier()
    school_id: str
    key: str = Field(max_length=160)
    rule: str = Field(max_length=24)
    type: str = Field(default="", max_length=40)
    account_id: str
    group_id: str | None = Field(default=None, foreign_key="staff_group.id")
    week_id: str | None = Field(default=None, foreign_key="school_week.id")
    document_id: str | None = Field(default=None, foreign_key="document.id")
    due_at: datetime = instant()
    data: dict[str, Any] = json_field()
    opened_at: datetime = instant()
    resolved_at: datetime | None = maybe_instant()
    waived_at: datetime | None = maybe_instant()


class FlagEvent(SQLModel, table=True):
    """One thing that happened to a flag; append-only, written in the transaction that changed the flag.

    `kind`: opened, resolved, reopened, explained, waived, unwaived. `account_id`: None for the system.
    `words`: the explanation or the reason; of a `resolved` why nothing is owed any more, as JSON, or empty.
    """

    __tablename__ = "flag_event"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_flag_event_flag", "flag_id", "at"),
    )
    id: str = identifier()
    school_id: str
    flag_id: str = Field(foreign_key="flag.id")
    kind: str = Field(max_length=12)
    at: datetime = instant()
    account_id: str | None = None
    words: str = Field(default="", max_length=500)


entered(FlagEvent)

FLAG_EVENTS_STAY = {
    "sqlite": (
        "CREATE TRIGGER flag_event_never_changes BEFORE UPDATE ON flag_event "
        "BEGIN SELECT RAISE(ABORT, 'flag events are append-only'); END",
        "CREATE TRIGGER flag_event_never_goes BEFORE DELETE ON flag_event "
        "BEGIN SELECT RAISE(ABORT, 'flag events are append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_flag_event_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'flag events are append-only'; END $$",
        "CREATE TRIGGER flag_event_never_changes BEFORE UPDATE OR DELETE ON flag_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_flag_event_change()",
    ),
}
"""What makes the database itself refuse to change or delete history; migrations run the same words."""

for _dialect, _statements in FLAG_EVENTS_STAY.items():
    for _statement in _statements:
        listen(
            SQLModel.metadata.tables["flag_event"],
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        )
