"""Rows beside the events that an audit answers for: whoever writes one lawfully enters its hash here.

In the very transaction that writes the row, so no clock and no turn to wait for is needed: a row that stands
without its entry, or says something else, was written by hand. The next root commits to the entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import DDL, ColumnElement, Connection, Index, String, Table, cast, func, insert, literal
from sqlalchemy import inspect as looked_into
from sqlalchemy import select as select_columns
from sqlalchemy.event import listen
from sqlmodel import Field, Session, SQLModel

from models.event import canonical

GONE = ""
"""In the place of a hash: the row was lawfully taken away."""


class KeptRow(SQLModel, table=True):
    """That a row was written: its table, its key, how often so far, the hash of what it then said.

    `row_key`: the primary key, its parts between slashes. `version`: from 1; 0 for what stood there when this
    table was made. `root_number`: the root that commits to it, none until the next one; it is set once, and
    nothing else ever changes.
    """

    __tablename__ = "kept_row"
    __table_args__ = (Index("ix_kept_row_root", "root_number", "table_name"),)
    table_name: str = Field(primary_key=True, max_length=40)
    row_key: str = Field(primary_key=True, max_length=160)
    version: int = Field(primary_key=True)
    hash: str = Field(max_length=64)
    root_number: int | None = Field(default=None, foreign_key="audit_root.number")


@dataclass(frozen=True, slots=True)
class Kept:
    """A table whose rows are entered, and the columns of it that are nobody's decision."""

    table: Table
    working: frozenset[str]

    @property
    def key(self) -> ColumnElement[str]:
        """A row's `row_key`, for the database to join by."""
        first, *others = self.table.primary_key
        if not others:
            return first
        found: ColumnElement[str] = cast(first, String)
        for other in others:
            found = found.concat(literal("/")).concat(cast(other, String))
        return found

    def key_of(self, row: Mapping[str, Any]) -> str:
        return "/".join(str(row[c.name]) for c in self.table.primary_key)

    def digest(self, row: Mapping[str, Any]) -> str:
        """SHA-256 over every column that says something; a column that comes with a later version, and is
        empty in the rows there are, leaves it as it was."""
        said = {c.name: plain(row[c.name]) for c in self.table.c if c.name not in self.working}
        return digest(said)


def digest(said: Mapping[str, Any]) -> str:
    """The hash of a row's values, as plain JSON has them."""
    return sha256(canonical({name: v for name, v in said.items() if v is not None}).encode()).hexdigest()


def plain(value: Any) -> Any:
    """As JSON has it: bytes by their hash; an instant without a time zone is one of UTC, as in SQLite."""
    if isinstance(value, bytes):
        return sha256(value).hexdigest()
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=UTC)
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value


KEPT: dict[str, Kept] = {}
"""By table; filled as the tables are declared."""


def entered(model: type[SQLModel], *working: str) -> None:
    """Have every row of this table entered whenever the ORM writes one or takes one away.

    `working`: columns that are nobody's decision. Who writes by statements enters the rows by `enter`
    or `enter_again`.
    """
    kept = Kept(SQLModel.metadata.tables[str(model.__tablename__)], frozenset(working))
    KEPT[kept.table.name] = kept

    def written(_mapper: object, connection: Connection, row: Any) -> None:
        _enter_next(connection, kept, {c.name: getattr(row, c.name) for c in kept.table.c})

    def changed(mapper: object, connection: Connection, row: Any) -> None:
        attributes = looked_into(row).attrs
        if any(attributes[c.name].history.has_changes() for c in kept.table.c if c.name not in working):
            written(mapper, connection, row)

    def gone(_mapper: object, connection: Connection, row: Any) -> None:
        _enter(connection, kept, kept.key_of({c.name: getattr(row, c.name) for c in kept.table.c}), GONE)

    listen(model, "after_insert", written)
    listen(model, "after_update", changed)
    listen(model, "after_delete", gone)


def enter(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Enter rows that one statement has just put in, each for the first time."""
    kept = KEPT[str(model.__tablename__)]
    entries = [_entry(kept, kept.key_of(row), 1, kept.digest(row)) for row in rows]
    if entries:
        session.execute(insert(_ENTRIES), entries)


def enter_again(session: Session, model: type[SQLModel], *condition: ColumnElement[bool]) -> None:
    """Enter the rows that one statement has just changed, as they are now."""
    kept = KEPT[str(model.__tablename__)]
    connection = session.connection()
    for row in connection.execute(select_columns(kept.table).where(*condition)).mappings().all():
        _enter_next(connection, kept, dict(row))


def _enter_next(connection: Connection, kept: Kept, row: Mapping[str, Any]) -> None:
    _enter(connection, kept, kept.key_of(row), kept.digest(row))


def _enter(connection: Connection, kept: Kept, key: str, hash_: str) -> None:
    """The writer of a row holds it, so two never count at once."""
    e = _ENTRIES.c
    mine = (e.table_name == kept.table.name) & (e.row_key == key)
    version = (connection.execute(select_columns(func.max(e.version)).where(mine)).scalar() or 0) + 1
    connection.execute(insert(_ENTRIES).values(_entry(kept, key, version, hash_)))


def _entry(kept: Kept, key: str, version: int, hash_: str) -> dict[str, Any]:
    return {"table_name": kept.table.name, "row_key": key, "version": version, "hash": hash_}


_ENTRIES = SQLModel.metadata.tables["kept_row"]
_SAME = ("table_name", "row_key", "version", "hash")
ENTRIES_STAY = {
    "sqlite": (
        "CREATE TRIGGER kept_row_never_changes BEFORE UPDATE ON kept_row WHEN OLD.root_number IS NOT NULL OR "
        + " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _SAME)
        + " BEGIN SELECT RAISE(ABORT, 'kept_row is append-only'); END",
        "CREATE TRIGGER kept_row_never_goes BEFORE DELETE ON kept_row "
        "BEGIN SELECT RAISE(ABORT, 'kept_row is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_kept_row_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF TG_OP = 'UPDATE' AND OLD.root_number IS NULL AND "
        f"({', '.join(f'NEW.{name}' for name in _SAME)}) IS NOT DISTINCT FROM "
        f"({', '.join(f'OLD.{name}' for name in _SAME)}) THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'kept_row is append-only'; END $$",
        "CREATE TRIGGER kept_row_never_changes BEFORE UPDATE OR DELETE ON kept_row "
        "FOR EACH ROW EXECUTE FUNCTION refuse_kept_row_change()",
    ),
}
"""What makes the database itself refuse to change or delete them; migrations run the same words."""

for _dialect, _statements in ENTRIES_STAY.items():
    for _statement in _statements:
        listen(
            _ENTRIES,
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        )
