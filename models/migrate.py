"""Bring a database to the present shape. Safe to start in several processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from models.db import Database
from models.settings import Settings

_LOCK = 7_400_113
"""PostgreSQL advisory lock of our migrations; SQLite's write lock does the same by itself."""


def config() -> Config:
    """Alembic's configuration, without a file."""
    found = Config()
    found.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return found


def upgrade(settings: Settings) -> None:
    """Run every migration that is missing, in one transaction."""
    db = Database(settings.database)
    try:
        with db.write() as session:
            connection = session.connection()
            if not db.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            made = config()
            made.attributes["connection"] = connection
            command.upgrade(made, "head")
    finally:
        db.dispose()


def is_current(db: Database) -> bool:
    """Has every migration run?"""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head()


def head() -> str | None:
    """The newest migration of this program."""
    return ScriptDirectory.from_config(config()).get_current_head()
