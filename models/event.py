"""The history of a document: append-only, hash-linked; and the remarks that stand beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DDL, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.event import listen
from sqlmodel import Field, SQLModel

from models.columns import instant, json_field, maybe_blob_name


def canonical(values: Mapping[str, Any]) -> str:
    """JSON of which there is only one for the same values: keys in order, no spaces, letters as they are."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


MADE = text("actor_id = 'system'")
"""Files the machine made: those of the archive, before and after a renewal."""


class Event(SQLModel, table=True):
    """One decision. `hash` covers every other column and the hash of the document's previous event.

    `actor_id` is "system" for automatic steps. `remark_hash` is the SHA-256 of the remark's text and salt,
    so that a personal remark can be erased without breaking the chain.
    """

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        UniqueConstraint("hash"),
        Index("ix_event_acted", "document_id", "revision", "actor_id"),
        Index("ix_event_at", "school_id", "at"),
        Index("ix_event_made", "output_blob", sqlite_where=MADE, postgresql_where=MADE),
    )
    document_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    school_id: str
    at: datetime = instant()
    actor_id: str = Field(max_length=36)
    step: str = Field(max_length=40)
    action: str = Field(max_length=24)
    revision: int
    input_blob: str | None = maybe_blob_name()
    output_blob: str | None = maybe_blob_name()
    data: dict[str, Any] = json_field()
    remark_hash: str | None = Field(default=None, max_length=64)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)

    def hashed(self) -> str:
        """What `hash` is the SHA-256 of: the canonical JSON of all other columns."""
        values = {name: getattr(self, name) for name in type(self).model_fields if name != "hash"}
        values["at"] = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return canonical(values)

    def digest(self) -> str:
        """SHA-256 of `hashed`."""
        return hashlib.sha256(self.hashed().encode()).hexdigest()


class Remark(SQLModel, table=True):
    """Words a person wrote with a decision; `parts` maps a lesson's id to the comment on it. Erasable."""

    __table_args__ = (ForeignKeyConstraint(["document_id", "seq"], ["event.document_id", "event.seq"]),)
    document_id: str = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    text: str
    parts: dict[str, str] = json_field()
    salt: str = Field(max_length=32)
    erased: bool = False

    def hashed(self) -> str:
        """What the event's `remark_hash` is the SHA-256 of."""
        return json.dumps([self.salt, self.text, self.parts], ensure_ascii=False, sort_keys=True)

    def digest(self) -> str:
        """SHA-256 that the event holds."""
        return hashlib.sha256(self.hashed().encode()).hexdigest()


APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER event_never_changes BEFORE UPDATE ON event "
        "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
        "CREATE TRIGGER event_never_goes BEFORE DELETE ON event "
        "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$",
        "CREATE TRIGGER event_never_changes BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_event_change()",
    ),
}
"""What makes the database itself refuse to change or delete an event; migrations run the same words."""

for _dialect, _statements in APPEND_ONLY.items():
    for _statement in _statements:
        listen(
            SQLModel.metadata.tables["event"],
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        )
