"""A school that somebody changes who owns the database: triggers and foreign keys are off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.event import listen
from sqlmodel import Session

from flows import audit_chain, audit_rows
from flows.auditing import Asked, Audit, audit
from models.db import Database
from models.portable import lines, load, shapes
from models.tables import METADATA
from tests.cast import Cast

ROWS = Asked(files=False, signatures=False)
KEPT = {"school", "account", "document_text"}
"""Tables no test here changes."""


def sound(session: Session, document_id: str) -> bool:
    """Does everything about one document follow from its events?"""
    (record,) = audit_rows.records(session, [document_id])
    faults = [fault.sentence.en for fault in audit_chain.faults(record)]
    assert not faults, faults
    return True


@dataclass(frozen=True)
class School:
    """A school with a record in every state, by the state's name, and two roots, stamped."""

    cast: Cast
    made: dict[str, str]

    def audit(self, asked: Asked = ROWS) -> Audit:
        return audit(self.cast.office, asked)


def let_go(connection: Connection) -> None:
    """No trigger and no foreign key stands in the way of who owns the database."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
        return
    named = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    for name in named:
        connection.execute(text(f"DROP TRIGGER {name}"))


@contextmanager
def behind(school: School) -> Iterator[Session]:
    """A session that changes anything; when it is over all is as it was."""
    db = school.cast.office.db
    changed = [shape for shape in shapes() if shape.name not in KEPT]
    with db.read() as session:
        before = [(shape, list(lines(session, shape))) for shape in changed]
    raw = Database(school.cast.office.settings.database)
    try:
        if raw.is_sqlite:
            for check in ("foreign_keys=OFF", "ignore_check_constraints=ON"):
                listen(raw.engine, "connect", lambda made, _, off=check: made.execute(f"PRAGMA {off}"))
        with raw.engine.connect() as connection:
            let_go(connection)
            connection.commit()
            try:
                with Session(connection, expire_on_commit=False) as session:
                    yield session
            finally:
                connection.rollback()
                for shape, _ in reversed(before):
                    connection.execute(text(f"DELETE FROM {shape.name}"))
                for shape, rows in before:
                    load(connection, shape, rows)
                connection.commit()
    finally:
        raw.dispose()


Change = Callable[[Session, School], Any]


def sql(statement: str, **values: Any) -> Change:
    """A statement in which `:archived`, `:again`, `:plan` are records."""

    def change(session: Session, school: School) -> None:
        known = {
            "archived": school.made["archived"],
            "again": school.made["sent again"],
            "plan": school.made["waits for the seal"],
        } | values
        used = {name: value for name, value in known.items() if f":{name}" in statement}
        done = session.connection().execute(text(statement), used)
        assert done.rowcount

    return change


def both(*changes: Change) -> Change:
    def change(session: Session, school: School) -> None:
        for one in changes:
            one(session, school)

    return change


def gone(session: Session, school: School, *left: str, of: str = "") -> None:
    """A record with everything that was ever written of it, but for some tables."""
    for table in METADATA.sorted_tables:
        column = "id" if table.name == "document" else "document_id"
        if column in table.c and table.name not in {"audit_leaf", *left}:
            session.connection().execute(
                text(f"DELETE FROM {table.name} WHERE {column} = :key"),
                {"key": of or school.made["archived"]},
            )


def column(name: str, value: Any, of: str = "archived") -> Change:
    return sql(f"UPDATE document SET {name} = :value WHERE id = :{of}", value=value)
