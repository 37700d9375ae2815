"""Bring a database to the present shape, or to that of a backup. Safe to start in several processes at once.

SQLite changes a table by building it anew, which foreign keys would forbid or, worse, follow: here they are
off, and checked as a whole before the commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError

from models.db import Database
from models.errors import RecordsError
from models.indexing import fill
from models.settings import Settings
from models.text import Text

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_400_113
"""PostgreSQL advisory lock of our migrations; SQLite's write lock does the same by itself."""


class NewerData(RecordsError):
    """The database was shaped by a later version of this program."""

    code = "newer-data"


class NotInstalled(RecordsError):
    """There is no database here: nothing was installed, or the settings name another place."""

    code = "not-installed"


def config() -> Config:
    """Alembic's configuration, without a file."""
    from alembic.config import Config

    found = Config()
    found.set_main_option("script_location", str(_MIGRATIONS))
    return found


def upgrade(settings: Settings) -> None:
    """Run every migration that is missing, in one transaction; NewerData leaves a later database as it is."""
    with rebuilding(settings) as connection:
        refuse_newer(connection)
        shape(connection)


def shape(connection: Connection, revision: str = "head") -> None:
    """Run the migrations to a revision in the caller's transaction; after the last, what follows from it."""
    # Only here: every process that starts asks for the revision, and Alembic takes it a tenth of a second.
    from alembic import command

    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, revision)
    if revision == "head":
        fill(connection)


@contextmanager
def rebuilding(settings: Settings) -> Iterator[Connection]:
    """One transaction that nobody else migrates beside, with foreign keys checked at its end.

    IntegrityError, and nothing changed, when a row then points to one that is not there.
    """
    db = Database(settings.database)
    if db.is_sqlite:
        event.listen(db.engine, "connect", _let_go)
    try:
        with db.write() as session:
            connection = session.connection()
            if not db.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection
            if db.is_sqlite:
                _check_all(connection)
    finally:
        db.dispose()


def _let_go(connection: DBAPIConnection, _record: object) -> None:
    connection.cursor().execute("PRAGMA foreign_keys=OFF")


def _check_all(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise IntegrityError("foreign_key_check", None, ValueError(f"{broken[0]} points to no {broken[2]}"))


def revision_of(connection: Connection) -> str | None:
    """The migration that ran last; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def knows(revision: str | None) -> bool:
    """Is this a shape the present program can read or upgrade?"""
    return revision is None or revision in _revisions()


def refuse_newer(connection: Connection) -> None:
    """Raise NewerData for a database of a later version."""
    found = revision_of(connection)
    if not knows(found):
        raise NewerData(_NEWER.format(found=found, known=head()))


def refuse_newer_data(settings: Settings) -> None:
    """The same, for a process that migrates nothing itself."""
    db = Database(settings.database)
    try:
        with db.engine.connect() as connection:
            refuse_newer(connection)
    finally:
        db.dispose()


def is_there(settings: Settings) -> bool:
    """Is there a database to open? To open a SQLite file that is not there would make an empty one."""
    address = make_url(settings.database)
    return address.get_backend_name() != "sqlite" or Path(address.database or "").is_file()


def refuse_not_installed(settings: Settings) -> None:
    """Raise NotInstalled, and make nothing, where no installation is."""
    if is_there(settings):
        db = Database(settings.database)
        try:
            if not is_empty(db):
                return
        finally:
            db.dispose()
    raise NotInstalled(_NOT_HERE.format(data=settings.data.resolve()))


def is_current(db: Database) -> bool:
    """Has every migration run?"""
    with db.engine.connect() as connection:
        return revision_of(connection) == head()


def is_empty(db: Database) -> bool:
    """Is there no table yet?"""
    with db.engine.connect() as connection:
        return not inspect(connection).get_table_names()


def head() -> str | None:
    """The newest migration of this program."""
    return max(_revisions(), default=None)


def _revisions() -> set[str]:
    """All this program knows: a migration's file begins with its number."""
    return {path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")}


_NOT_HERE = Text(
    "Chưa cài đặt gì ở {data}. Xem HOSOSO_DATA và HOSOSO_DATABASE_URL; trường mới thì chạy: "
    "hososo admin create-school",
    "Nothing is installed in {data}. See HOSOSO_DATA and HOSOSO_DATABASE_URL; for a new school run: "
    "hososo admin create-school",
)
_NEWER = Text(
    "Cơ sở dữ liệu thuộc một phiên bản Hồ Sơ Số mới hơn ({found}; chương trình này biết đến {known}): "
    "cài phiên bản mới hơn rồi chạy lại; chưa có gì bị thay đổi.",
    "The database belongs to a newer version of Hồ Sơ Số ({found}; this program knows {known}): "
    "install the newer version and start again; nothing was changed.",
)
