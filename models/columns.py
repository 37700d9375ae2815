"""Column types and identifiers every table shares."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. Naive values are refused: they would be read as another instant."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A datetime needs its time zone before it is stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], datetime | None] | None:
        """SQLite keeps text: read at once, for a look of the clock reads a hundred thousand of them."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def new_id() -> str:
    """A UUID whose first 48 bits are the time (RFC 9562, version 7), so that indexes grow at one end."""
    stamp = time.time_ns() // 1_000_000
    value = (stamp << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def identifier() -> Any:
    """Primary key column of a root table."""
    return Field(default_factory=new_id, primary_key=True, max_length=36)


def instant(*, index: bool = False) -> Any:
    """A required instant."""
    return Field(sa_type=UtcDateTime, nullable=False, index=index)


def maybe_instant(*, index: bool = False) -> Any:
    """An instant that has not come yet, or never will."""
    return Field(default=None, sa_type=UtcDateTime, nullable=True, index=index)


def blob_name(*, primary_key: bool = False) -> Any:
    """The SHA-256 by which the blob folder knows a file; a backup takes every file a row names this way."""
    return Field(max_length=64, primary_key=primary_key, sa_column_kwargs={"info": {"blob": True}})


def maybe_blob_name() -> Any:
    """A file that is not there yet, or never will be."""
    return Field(default=None, max_length=64, sa_column_kwargs={"info": {"blob": True}})


def json_field(default: type[dict[str, Any]] | type[list[Any]] = dict) -> Any:
    """A JSON column; the database never looks inside."""
    return Field(default_factory=default, sa_type=JSON, nullable=False)
