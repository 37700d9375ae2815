"""Statements that are made once and run by every decision.

To build a statement and take it through the ORM costs thirty times what the database takes to run it. Those a
decision always needs are values of a module, their variables named parameters (`bindparam`); no parameter
may have the name of a column that the statement sets. Rows come as plain rows.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable, Insert, insert
from sqlmodel import Session, SQLModel


def ask(session: Session, statement: Executable, /, **values: Any) -> Sequence[Any]:
    """The plain rows of a question. What the session has not written yet is written first, unless it may not
    (`no_autoflush`), as the ORM does."""
    _write_pending(session)
    return session.connection().execute(statement, values).all()


def change(session: Session, statement: Executable, /, **values: Any) -> int:
    """How many rows an UPDATE or DELETE touched. Objects the session holds of them stay as they were read."""
    _write_pending(session)
    return session.connection().execute(statement, values).rowcount


def store(session: Session, row: SQLModel) -> None:
    """Insert a new row at once; the session does not watch it."""
    _write_pending(session)
    table = type(row)
    session.connection().execute(_insert(table), {name: getattr(row, name) for name in table.model_fields})


def _write_pending(session: Session) -> None:
    if session.autoflush:
        session.flush()


@functools.cache
def _insert(table: type[SQLModel]) -> Insert:
    return insert(table)
