"""Rows as lines of JSON that any of our databases can read back: what a backup is made of.

A table is described by name and kinds of columns, not by today's classes, so that the lines of an older
version go into the shape they came from before that is upgraded. The same rows give the same lines on SQLite
and on PostgreSQL. No files here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    column,
    select,
    table,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Session

from models.columns import UtcDateTime
from models.tables import METADATA

PASSING = frozenset({"pass", "throttle", "lease", "heartbeat", "document_text"})
"""What only means something to processes that run now (sessions, counts, leases, signs of life), and what
`models.migrate.shape` makes anew from the rest (the words documents are found by)."""

_AT_ONCE = 500
_KINDS: dict[str, TypeEngine[Any]] = {
    "instant": UtcDateTime(),
    "json": JSON(),
    "boolean": Boolean(),
    "integer": Integer(),
    "number": Float(),
    "date": Date(),
    "bytes": LargeBinary(),
    "text": String(),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it stands in a backup: its columns with their kinds, in the order of a line's values."""

    name: str
    columns: tuple[tuple[str, str], ...]

    def place(self, name: str) -> int | None:
        """Where a column's value stands in a line."""
        return next((n for n, (known, _) in enumerate(self.columns) if known == name), None)


def shapes() -> tuple[Shape, ...]:
    """Every table that lasts, a table after those it points to."""
    return tuple(
        Shape(found.name, tuple((c.name, _kind(c)) for c in found.columns))
        for found in METADATA.sorted_tables
        if found.name not in PASSING
    )


def blob_columns() -> frozenset[tuple[str, str]]:
    """(table, column) of every column that names a file in the blob folder."""
    return frozenset(
        (found.name, c.name)
        for found in METADATA.sorted_tables
        for c in found.columns
        if c.info.get("blob", False)
    )


def _kind(found: Column[Any]) -> str:
    of = found.type
    if not isinstance(of, UtcDateTime) and isinstance(of, TypeDecorator):
        of = of.impl_instance
    for kind, known in _KINDS.items():
        if isinstance(of, type(known)) or (kind == "bytes" and of.python_type is bytes):
            return kind
    raise TypeError(f"{found} has a type a backup cannot hold: add it to models/portable.py.")


def lines(session: Session, shape: Shape) -> Iterator[str]:
    """Every row as a JSON array, by primary key, as the session's transaction sees them."""
    found = METADATA.tables[shape.name]
    on_postgres = session.get_bind().dialect.name == "postgresql"
    order = [
        c.collate("C") if on_postgres and kind == "text" else c
        for c, (_, kind) in zip(found.columns, shape.columns, strict=True)
        if c.primary_key
    ]
    rows = session.execute(select(found).order_by(*order), execution_options={"yield_per": _AT_ONCE})
    kinds = [kind for _, kind in shape.columns]
    for row in rows:
        values = [_written(kind, value) for kind, value in zip(kinds, row, strict=True)]
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _written(kind: str, value: Any) -> Any:
    if value is None or kind == "json":
        return value
    match kind:
        case "instant":
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case "date":
            return value.isoformat()
        case "bytes":
            return base64.b64encode(value).decode()
    return value


def _read(kind: str, value: Any) -> Any:
    if value is None or kind == "json":
        return value
    match kind:
        case "instant":
            return datetime.fromisoformat(value)
        case "date":
            return date.fromisoformat(value)
        case "bytes":
            return base64.b64decode(value, validate=True)
    return value


def values(shape: Shape, line: str) -> dict[str, Any]:
    """A line as column values; ValueError when it is not one of this table."""
    found = json.loads(line)
    if not isinstance(found, list) or len(found) != len(shape.columns):
        raise ValueError(f"{shape.name}: a row does not have the columns its table has.")
    return {name: _read(kind, value) for (name, kind), value in zip(shape.columns, found, strict=True)}


def load(connection: Connection, shape: Shape, rows: Iterable[str]) -> int:
    """Insert every line into its table; the number of rows."""
    columns: Sequence[Any] = [column(name, _KINDS[kind]) for name, kind in shape.columns]
    into = table(shape.name, *columns).insert()
    count, waiting = 0, iter(rows)
    while some := [values(shape, line) for line in islice(waiting, _AT_ONCE)]:
        connection.execute(into, some)
        count += len(some)
    return count


@contextmanager
def any_order(connection: Connection) -> Iterator[None]:
    """Rows may point to rows that come later; PostgreSQL checks them all when the block ends."""
    if connection.dialect.name != "postgresql":
        yield  # `models.migrate.rebuilding` checks SQLite's at its own end
        return
    found = connection.execute(
        text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint "
            "WHERE contype = 'f' AND NOT condeferrable AND connamespace = current_schema()::regnamespace"
        )
    ).all()
    for of, name in found:
        connection.execute(text(f'ALTER TABLE {of} ALTER CONSTRAINT "{name}" DEFERRABLE INITIALLY DEFERRED'))
    yield
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for of, name in found:
        connection.execute(text(f'ALTER TABLE {of} ALTER CONSTRAINT "{name}" NOT DEFERRABLE'))
