"""Writing a backup while everything runs: one ZIP file with all rows, all files, and a manifest of hashes.

The rows are read in one transaction, so they are of one moment; every file they name was on the disk before
them, and is copied after. The file appears under its name only when it is whole and has been read back. What
reads one stands in `tasks/checking_backups.py`. Why so: docs/decisions/0005-backups.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlmodel import Session, select

from models import room
from models.db import Database
from models.destruction import DestroyedFile
from models.errors import RecordsError
from models.migrate import head, is_current, is_empty, is_there
from models.portable import Shape, blob_columns, lines, shapes
from models.settings import VIETNAM, Settings
from models.text import Text
from tasks import master_keys
from tasks.blobs import BlobStore
from tasks.keys import Secret, backup_mac, seal
from tasks.master_keys import LostMasterKey

FORMAT = 2
"""Of the manifest; 2 has the trust anchors, and a program that knows 1 alone says it is too old."""
MANIFEST, MAC, SEALED_KEY = "manifest.json", "manifest.mac", "secrets/master.key.sealed"
OURS = re.compile(r"hososo-\d{8}-\d{6}\.zip")
_BLOB = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


class CannotBackUp(RecordsError):
    """There is nothing to back up, or nowhere to put it."""

    code = "cannot-back-up"


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table in a backup: its columns with their kinds, how many lines it has and their SHA-256."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    sha256: str

    @property
    def shape(self) -> Shape:
        return Shape(self.name, self.columns)

    @property
    def member(self) -> str:
        return f"database/{self.name}.jsonl"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `blobs` and `missing` are hashes; `missing` were gone or damaged by then."""

    format: int
    program: str
    made_at: str
    database: str
    revision: str
    tables: tuple[TableEntry, ...]
    blobs: tuple[str, ...]
    size: int
    missing: tuple[str, ...]
    master_key: bool
    trust: tuple[tuple[str, str], ...] = ()
    """Files of the folder of trust anchors: their place in it and their SHA-256."""

    def text(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @property
    def documents(self) -> int:
        return next((t.rows for t in self.tables if t.name == "document"), 0)


def blob_member(sha256: str) -> str:
    """Where a file lies in a backup."""
    return f"blobs/{sha256[:2]}/{sha256}"


def trust_member(sha256: str) -> str:
    """Where a file of the folder of trust anchors lies in a backup."""
    return f"trust/{sha256}"


def target(asked: Path, now: datetime) -> Path:
    """The file to write: the one asked for, or in a folder one named by the moment."""
    if asked.is_dir():
        return asked / f"hososo-{now.astimezone(VIETNAM):%Y%m%d-%H%M%S}.zip"
    return asked


def write(
    settings: Settings,
    path: Path,
    now: datetime,
    passphrase: Secret | None,
    trust: Mapping[str, Path],
    read_back: Callable[[Path], object],
) -> Manifest:
    """Make a backup at `path`; CannotBackUp, and no file, when there is nothing there or no room for it.

    With a passphrase the master key comes along, sealed under it. `trust`: what lies in the folder of trust
    anchors, by its place there. `read_back` raises when the written file
    is not what it should be. Files that are gone or damaged stand in the manifest's `missing`.
    """
    if path.exists():
        raise CannotBackUp(_EXISTS.format(path=path))
    if not is_there(settings):
        raise CannotBackUp(_NOTHING)
    part = path.with_name(f".{path.name}.part")
    try:
        with _database(settings, path) as db:
            _refuse_unfit(settings, db)
            sealed = seal(settings.master_key, passphrase) if passphrase is not None else None
            with _created(part) as archive:
                made = _fill(archive, settings, db, now, sealed, trust)
        read_back(part)
        part.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise CannotBackUp(_NO_ROOM.format(path=path.parent, error=error.strerror or error)) from error
    finally:
        with contextlib.suppress(OSError):  # where nothing can be written there is nothing to take away
            part.unlink(missing_ok=True)
    return made


@contextlib.contextmanager
def _database(settings: Settings, path: Path) -> Iterator[Database]:
    """The database to read from.

    On a read-only disk SQLite cannot open its file, for the log beside it wants an index: a copy of both is
    read, beside the backup, and is gone afterwards. OSError when there is no room for it.
    """
    address = make_url(settings.database)
    file = Path(address.database or "")
    with contextlib.ExitStack() as left:
        url = settings.database
        if address.get_backend_name() == "sqlite" and room.look(file.parent) == "read-only":
            beside = tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
            url = f"sqlite:///{_copied(file, Path(left.enter_context(beside)))}"
        db = Database(url)
        left.callback(db.dispose)
        yield db


def _copied(file: Path, folder: Path) -> Path:
    """A database file and its log, of one moment: CannotBackUp when somebody writes to them elsewhere."""
    both = [file, file.with_name(f"{file.name}-wal")]

    def state() -> list[tuple[int, int, int] | None]:
        found = [one.stat() if one.exists() else None for one in both]
        return [(s.st_size, s.st_mtime_ns, s.st_ctime_ns) if s else None for s in found]

    for _ in range(_COPIES):
        before = state()
        for one in both:
            (folder / one.name).unlink(missing_ok=True)
            if one.exists():
                shutil.copyfile(one, folder / one.name)
        if state() == before:
            return folder / file.name
    raise CannotBackUp(_WRITTEN_ELSEWHERE.format(path=file))


_COPIES = 3


def _refuse_unfit(settings: Settings, db: Database) -> None:
    if is_empty(db):
        raise CannotBackUp(_NOTHING)
    if not is_current(db):
        raise CannotBackUp(_NOT_UPGRADED)
    try:
        with db.read() as session:
            master_keys.check(session, settings)
    except LostMasterKey as error:
        raise CannotBackUp(_WRONG_KEY) from error


@contextlib.contextmanager
def _created(part: Path) -> Iterator[zipfile.ZipFile]:
    """A new file only this account can read, on the disk when the block ends."""
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            yield archive
        file.flush()
        os.fsync(file.fileno())


def _fill(
    archive: zipfile.ZipFile,
    settings: Settings,
    db: Database,
    now: datetime,
    sealed: bytes | None,
    trust: Mapping[str, Path],
) -> Manifest:
    archive.writestr("READ-ME.txt", _READ_ME)
    named: set[str] = set()
    required: set[str] = set()
    with db.read() as session:
        tables = tuple(_table(archive, session, shape, named, required) for shape in shapes())
        required -= set(session.exec(select(DestroyedFile.sha256)).all())  # their records say so
    copied, size, missing = _blobs(archive, BlobStore(settings.blobs), named, required)
    if sealed is not None:
        archive.writestr(SEALED_KEY, sealed)
    made = Manifest(
        format=FORMAT,
        program=version("hososo"),
        made_at=now.astimezone(VIETNAM).isoformat(timespec="seconds"),
        database="sqlite" if db.is_sqlite else "postgresql",
        revision=head() or "",
        tables=tables,
        blobs=copied,
        size=size,
        missing=missing,
        master_key=sealed is not None,
        trust=tuple(_anchors(archive, trust)),
    )
    archive.writestr(MANIFEST, made.text(), zipfile.ZIP_DEFLATED)
    archive.writestr(MAC, backup_mac(settings.master_key, made.text()))
    return made


def _table(
    archive: zipfile.ZipFile, session: Session, shape: Shape, named: set[str], required: set[str]
) -> TableEntry:
    """Write a table's lines; note which files they name, and which of them must be there."""
    marked = [n for n, (name, _) in enumerate(shape.columns) if (shape.name, name) in blob_columns()]
    digest, count = hashlib.sha256(), 0
    member = zipfile.ZipInfo(f"database/{shape.name}.jsonl")
    member.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(member, "w", force_zip64=True) as file:
        for line in lines(session, shape):
            data = line.encode() + b"\n"
            digest.update(data)
            file.write(data)
            count += 1
            found = _BLOB.findall(line)
            named.update(found)
            if found and marked:
                row = json.loads(line)
                required.update(row[n] for n in marked if row[n])
    return TableEntry(shape.name, shape.columns, count, digest.hexdigest())


def _blobs(
    archive: zipfile.ZipFile, store: BlobStore, named: Iterable[str], required: set[str]
) -> tuple[tuple[str, ...], int, tuple[str, ...]]:
    """Copy every file a row names, held against its hash: what was copied, its bytes, what was not whole."""
    copied, missing, size = [], [], 0
    for name in sorted(named):
        try:
            data = store.get(name)
        except OSError:  # most names in the rows are other hashes, and no file's
            if name in required or store.path(name).exists():
                missing.append(name)
            continue
        archive.writestr(blob_member(name), data)
        copied.append(name)
        size += len(data)
    return tuple(copied), size, tuple(missing)


def _anchors(archive: zipfile.ZipFile, trust: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Copy the files of the folder of trust anchors, each content once."""
    written: set[str] = set()
    for place, path in sorted(trust.items()):
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in written:
            archive.writestr(trust_member(sha256), data)
            written.add(sha256)
        yield place, sha256


def rotate(folder: Path, keep: int, newest: Path) -> list[Path]:
    """Remove the oldest backups of a folder beyond `keep`, never the newest; only files named as ours are."""
    ours = sorted(p for p in folder.iterdir() if OURS.fullmatch(p.name) and p != newest)
    gone = ours[: max(0, len(ours) - (keep - 1))]
    for path in gone:
        path.unlink()
    return gone


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_EXISTS = Text(
    "{path} đã có; bản sao lưu không ghi đè. Chọn tên khác hoặc một thư mục.",
    "{path} is there already, and a backup overwrites nothing. Choose another name, or a folder.",
)
_NO_ROOM = Text(
    "Không ghi được bản sao lưu vào {path} ({error}). Kiểm tra chỗ trống và quyền ghi, hoặc chọn nơi khác.",
    "The backup cannot be written to {path} ({error}). Check space and permissions, or choose another place.",
)
_NOTHING = Text(
    "Cơ sở dữ liệu này còn trống, không có gì để sao lưu. Xem HOSOSO_DATA và HOSOSO_DATABASE_URL.",
    "This database is empty; there is nothing to back up. See HOSOSO_DATA and HOSOSO_DATABASE_URL.",
)
_WRITTEN_ELSEWHERE = Text(
    "{path} nằm trên ổ đĩa chỉ cho đọc ở đây nhưng đang được ghi từ nơi khác. Chạy sao lưu ở nơi hệ "
    "thống đang chạy.",
    "{path} is on a disk that is read-only here, but is being written from elsewhere. Run the backup where "
    "the system runs.",
)
_NOT_UPGRADED = Text(
    "Cơ sở dữ liệu không cùng phiên bản với chương trình. Chạy: hososo migrate",
    "The database is not of this program's version. Run: hososo migrate",
)
_WRONG_KEY = Text(
    "secrets/master.key bị thiếu hoặc không mở được khóa trong cơ sở dữ liệu, nên bản sao lưu sẽ vô dụng. "
    "Lấy lại tệp đó trước (hososo doctor kiểm tra).",
    "secrets/master.key is missing or does not open the database's keys, so a backup would be of no use. "
    "Put that file back first (hososo doctor checks it).",
)
_READ_ME = """\
Bản sao lưu của Hồ Sơ Số. Phục hồi trên máy trống: hososo restore <tệp này>
Các tệp trong blobs/ là PDF hoặc hình ảnh, mở được bằng chương trình xem PDF thông thường.

A backup of Hồ Sơ Số. To put it on an empty machine: hososo restore <this file>
What lies in blobs/ are PDF files and pictures; any viewer opens them. database/ holds one JSON array a line.
"""
