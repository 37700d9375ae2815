"""What the command line says of a fault of the machine: a folder, a disk or a database that cannot be used.

A fault of the program is not among them; its traceback is what mends it.
"""

from __future__ import annotations

import errno
import sqlite3

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from models import room
from models.settings import Settings
from models.text import Text

_MACHINE = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EEXIST,
        errno.EIO,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
_DAMAGED_FILE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def of(fault: Exception, settings: Settings) -> Text | None:
    """The fault in words, with what to do; None when it is not the machine's."""
    if isinstance(fault, DBAPIError):
        return of_database(fault, settings)
    if isinstance(fault, OSError) and fault.errno in _MACHINE and fault.filename:
        return _FOLDER.format(path=fault.filename, why=fault.strerror)
    return None


def of_database(fault: DBAPIError, settings: Settings) -> Text | None:
    """The same for a database; its password is never told."""
    address, code = make_url(settings.database), getattr(fault.orig, "sqlite_errorcode", None)
    if code is not None:
        told = {"path": address.database, "data": settings.data.resolve()}
        if (code & 0xFF) in _DAMAGED_FILE:
            return _DAMAGED.format(**told)
        return _NOT_OPEN.format(**told) if room.lacks(fault) else None
    if getattr(fault.orig, "sqlstate", None) is not None:
        return None  # it answered
    said = str(fault.orig).strip().splitlines() or [type(fault.orig).__name__]
    return _NO_ANSWER.format(address=address.render_as_string(), why=said[0])


_FOLDER = Text(
    "Không dùng được {path} ({why}). Xem HOSOSO_DATA, quyền của thư mục và chỗ trống trên ổ đĩa, "
    "rồi chạy lại.",
    "{path} cannot be used ({why}). See HOSOSO_DATA, the folder's permissions and the room on the disk, then "
    "run this again.",
)
_DAMAGED = Text(
    "Tệp cơ sở dữ liệu {path} bị hỏng. Dừng hệ thống, cất tệp đó sang một bên, rồi phục hồi bản sao lưu mới "
    "nhất vào một thư mục trống (hososo restore).",
    "The database file {path} is damaged. Stop everything, put that file aside, then restore the newest "
    "backup into an empty folder (hososo restore).",
)
_NOT_OPEN = Text(
    "Không mở được tệp cơ sở dữ liệu {path}: ổ đĩa đầy, hỏng hoặc chỉ cho đọc, hoặc thiếu quyền. Những gì đã "
    "lưu vẫn nguyên. Dọn chỗ, sửa quyền, gắn lại ổ đĩa; hoặc chép cả thư mục {data} sang ổ đĩa khác và đặt "
    "HOSOSO_DATA vào đó.",
    "The database file {path} cannot be opened: its disk is full, failing or read-only, or permissions are "
    "missing. What was saved is whole. Make room, mend the permissions, remount the disk; or copy the whole "
    "folder {data} to another disk and set HOSOSO_DATA to it.",
)
_NO_ANSWER = Text(
    "Cơ sở dữ liệu {address} không trả lời ({why}). Xem PostgreSQL có chạy không, và HOSOSO_DATABASE_URL.",
    "The database {address} does not answer ({why}). See whether PostgreSQL runs, and HOSOSO_DATABASE_URL.",
)
