"""What a test begins with, made once for each test process and copied: tables, the authority, the cast.

A copy takes milliseconds; tables, keys and their PINs' hashes take half a second of processor time, and
a PostgreSQL database of its own a second more. Ids, keys and certificates are therefore the same in every
test of a process.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.util import LRUCache

from flows.office import Office
from models.db import Database
from models.portable import Shape, lines, load, shapes
from models.tables import create_all
from tests.cast import Cast


@dataclass(frozen=True)
class Seed:
    """A database's content: the file SQLite keeps, and its rows for any other."""

    file: bytes
    rows: tuple[tuple[Shape, tuple[str, ...]], ...]

    def sow(self, url: str) -> Database:
        """The database at this address with this content; PostgreSQL's has its tables and no rows."""
        path = sqlite_file(url)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.file)
            return remembering(Database(url))
        db = remembering(Database(url))
        with db.write() as session:
            for shape, rows in self.rows:
                load(session.connection(), shape, rows)
        return db


@dataclass(frozen=True)
class SeededCast:
    """The cast as it stands in a seed."""

    seed: Seed
    made: Cast

    def over(self, office: Office) -> Cast:
        """The same people, in an office over a copy of the seed."""
        made = self.made
        own = {name: dict(getattr(made, name)) for name in ("ids", "groups", "weeks", "classes")}
        return replace(made, office=office, **own)


_known: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}
"""By the kind of database: how it is spoken to, and the statements compiled for it."""


def remembering(db: Database) -> Database:
    """This database, with the statements that were compiled for the others of this test process.

    An installation compiles each statement once; without this a test would compile it again for its own
    database, which is an eighth of all processor time.
    """
    kind = db.engine.name
    if db.is_sqlite:
        event.listen(db.engine, "connect", _trust_the_kernel)
    if kind not in _known:
        with db.engine.connect():  # the first connection tells the dialect what the server can do
            _known[kind] = (db.engine.dialect, LRUCache(2000))
    for engine in (db.engine, db._writer, db._reader):
        engine.dialect, engine._compiled_cache = _known[kind]
    return db


def _trust_the_kernel(connection: DBAPIConnection, _record: object) -> None:
    """Do not wait for the disk: a test's database need not outlive the machine, only its processes."""
    assert isinstance(connection, sqlite3.Connection)
    connection.execute("PRAGMA synchronous=OFF")


def harvest(db: Database) -> Seed:
    """The content of an SQLite database, which is closed with this."""
    with db.read() as session:
        rows = tuple((shape, tuple(lines(session, shape))) for shape in shapes())
    path = sqlite_file(str(db.engine.url))
    assert path is not None
    db.dispose()  # the last connection brings everything into the one file
    return Seed(path.read_bytes(), tuple((shape, some) for shape, some in rows if some))


@cache
def tables() -> Seed:
    """All tables, empty."""
    with TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{folder}/tables.db")
        create_all(db)
        return harvest(db)


def sqlite_file(url: str) -> Path | None:
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def clear(url: str) -> None:
    """Take every row out of a PostgreSQL database, and whoever is left there from the test before."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        # Else append-only tables refuse, and foreign keys want an order.
        connection.execute("SET LOCAL session_replication_role = replica")
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        each = (sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for (name,) in found)
        connection.execute(sql.SQL("; ").join(each))
