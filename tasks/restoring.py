"""Putting a checked backup onto an empty machine: files first, then all rows in one transaction.

Nothing is overwritten. The rows go into tables of the shape they were saved in, which is then upgraded; what
breaks off before the commit leaves a database without tables and a note of the command: it may be run again,
and no other command starts before.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from models.db import Database
from models.errors import RecordsError
from models.migrate import is_empty, is_there, rebuilding, shape
from models.portable import any_order, load
from models.settings import Settings
from models.text import Text
from tasks.blobs import BlobStore
from tasks.checking_backups import Backup

_SPARE = 64 * 2**20


class NotEmpty(RecordsError):
    """There is something here that a restore would overwrite."""

    code = "not-empty"


class CannotRestore(RecordsError):
    """The machine could not take it; the database is as empty as before."""

    code = "cannot-restore"


def refuse_unfit(settings: Settings, backup: Backup) -> None:
    """Raise NotEmpty or CannotRestore before anything is written."""
    db = Database(settings.database)
    try:
        if not is_empty(db):
            raise NotEmpty(_HAS_TABLES)
    except SQLAlchemyError as error:
        raise CannotRestore(_NO_DATABASE.format(error=type(error).__name__)) from error
    finally:
        db.dispose()
    key = _key_file(settings)
    if key.exists() and key.read_bytes() != backup.master:
        raise NotEmpty(_OTHER_KEY.format(path=key))
    known = set(backup.manifest.blobs)
    if any(p.name not in known for p in settings.blobs.glob("??/*") if not p.name.startswith(".")):
        raise NotEmpty(_HAS_FILES.format(path=settings.blobs))
    for place, data in backup.anchors():
        path = settings.trust_folder / place
        if path.exists() and path.read_bytes() != data:
            raise NotEmpty(_OTHER_ANCHOR.format(path=path))
    if shutil.disk_usage(settings.data).free < backup.manifest.size + _SPARE:
        raise CannotRestore(_NO_ROOM.format(path=settings.data, need=backup.manifest.size // 2**20 + 64))


class Unfinished(RecordsError):
    """A restore was cut off here: files without rows, which no other command may take for an installation."""

    code = "restore-unfinished"


def restore(
    settings: Settings, backup: Backup, file: Path, check: Callable[[Session], None], args: Sequence[str] = ()
) -> None:
    """Write everything; `check` looks at the upgraded rows and raises when they may not be committed.

    Until the commit a note says that a restore of `file` was begun, with the options it needs (`args`).
    """
    try:
        _close_to_others(settings.data)
        _note(settings.unfinished_restore, shlex.join(["hososo", "restore", str(file.resolve()), *args]))
        _write_key(_key_file(settings), backup.master)
        store = BlobStore(settings.blobs)
        for name in backup.manifest.blobs:
            store.put(backup.blob(name))
        _write_anchors(settings.trust_folder, backup)
        with rebuilding(settings) as connection:
            shape(connection, backup.manifest.revision)
            _load(connection, backup)
            shape(connection)
            with Session(connection, join_transaction_mode="rollback_only", autoflush=False) as session:
                check(session)
        settings.unfinished_restore.unlink()
    except (OSError, SQLAlchemyError) as error:
        raise CannotRestore(_BROKE_OFF.format(error=error)) from error


def unfinished(settings: Settings) -> str:
    """The command that began a restore which was cut off here; empty when there is none.

    All rows come in one transaction: a note beside rows is one that was left after them.
    """
    try:
        command = settings.unfinished_restore.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    if is_there(settings):
        db = Database(settings.database)
        try:
            if not is_empty(db):
                return ""
        finally:
            db.dispose()
    return command or "hososo restore"


def refuse_unfinished(settings: Settings) -> None:
    """Raise Unfinished where a restore was cut off."""
    command = unfinished(settings)
    if command:
        raise Unfinished(UNFINISHED.format(command=command, data=settings.data.resolve()))


def _note(path: Path, command: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{command}\n")
        file.flush()
        os.fsync(file.fileno())


def _close_to_others(data: Path) -> None:
    """A folder every account of the machine could read was chosen by nobody: it is this account's alone now.

    A group that was let in stays; a folder that belongs to another account is for `doctor` to name.
    """
    if stat.S_IMODE(data.stat().st_mode) & 0o007:
        with contextlib.suppress(PermissionError):
            data.chmod(0o700)


def _load(connection: Connection, backup: Backup) -> None:
    with any_order(connection):
        for table in backup.manifest.tables:
            load(connection, table.shape, backup.lines(table))


def _write_anchors(folder: Path, backup: Backup) -> None:
    """What the school trusts goes back to where it is read; `refuse_unfit` found nothing else there."""
    for place, data in backup.anchors():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.write_bytes(data)


def _key_file(settings: Settings) -> Path:
    return settings.data / "secrets" / "master.key"


def _write_key(path: Path, master: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # `refuse_unfit` found it to be the same
    with os.fdopen(handle, "wb") as file:
        file.write(master)
        file.flush()
        os.fsync(file.fileno())


UNFINISHED = Text(
    "Một lần phục hồi vào {data} bị ngắt giữa chừng: mới có một phần tệp, chưa có dữ liệu. Chạy lại lệnh "
    "phục hồi, không mất gì: {command}. Không phục hồi nữa thì đặt HOSOSO_DATA sang một thư mục trống.",
    "A restore into {data} was cut off: part of the files are there, and no data. Begin the restore again, "
    "nothing is lost: {command}. To give it up, set HOSOSO_DATA to an empty folder.",
)
_HAS_TABLES = Text(
    "Cơ sở dữ liệu này đã có dữ liệu; phục hồi không ghi đè. "
    "Đặt HOSOSO_DATA (và HOSOSO_DATABASE_URL) sang nơi trống rồi chạy lại.",
    "This database already holds data, and a restore overwrites nothing. "
    "Set HOSOSO_DATA (and HOSOSO_DATABASE_URL) to an empty place and run it again.",
)
_OTHER_KEY = Text(
    "{path} là khóa chủ của một hệ thống khác. Đặt HOSOSO_DATA sang thư mục trống rồi chạy lại.",
    "{path} is another system's master key. Set HOSOSO_DATA to an empty folder and run it again.",
)
_HAS_FILES = Text(
    "{path} đã có tệp không thuộc bản sao lưu này. Đặt HOSOSO_DATA sang thư mục trống rồi chạy lại.",
    "{path} holds files that are not of this backup. Set HOSOSO_DATA to an empty folder and run it again.",
)
_OTHER_ANCHOR = Text(
    "{path} khác với tệp cùng tên trong bản sao lưu. Chuyển tệp đó đi chỗ khác rồi chạy lại.",
    "{path} differs from the file of that name in the backup. Move it elsewhere and run this again.",
)
_NO_ROOM = Text(
    "{path} không đủ chỗ trống: cần {need} MB.",
    "There is not enough room in {path}: {need} MB are needed.",
)
_NO_DATABASE = Text(
    "Không kết nối được cơ sở dữ liệu ({error}). Xem HOSOSO_DATABASE_URL.",
    "The database does not answer ({error}). See HOSOSO_DATABASE_URL.",
)
_BROKE_OFF = Text(
    "Phục hồi dừng giữa chừng ({error}); cơ sở dữ liệu vẫn trống. Sửa nguyên nhân rồi chạy lại lệnh này.",
    "The restore broke off ({error}); the database is still empty. Mend the cause and run the command again.",
)
