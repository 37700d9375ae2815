"""Is there room to write? Which errors of disk and database mean "no", and a look before anyone tries.

A disk that is full and one that has become read-only are one thing to people: nothing can be saved now.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from models.errors import NoRoom

_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
_SQLITE = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
)
_POSTGRES = frozenset({"53100", "25006", "58030"})
"""disk_full, read_only_sql_transaction, io_error."""


def lacks(error: BaseException) -> bool:
    """Does this error say that the disk, or the database's disk, takes nothing more?"""
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlite_errorcode", None)
        if code is not None:
            return (code & 0xFF) in _SQLITE
        return getattr(error.orig, "sqlstate", None) in _POSTGRES
    return isinstance(error, OSError) and error.errno in _DISK


@contextmanager
def wanted() -> Iterator[None]:
    """Around what writes files: NoRoom for an error that says so."""
    try:
        yield
    except OSError as error:
        if lacks(error):
            raise NoRoom from error
        raise


def look(folder: Path) -> str:
    """ "ok", or what is wrong with writing into a folder; it tries a small file and takes it away."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        words = {errno.EROFS: "read-only", errno.ENOENT: "not there", errno.EACCES: "not writable"}
        return words.get(error.errno or 0, "full" if lacks(error) else type(error).__name__)
    return "ok"
