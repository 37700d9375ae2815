"""`hososo doctor`: every part an installation needs, one line each, with what to do where something is wrong.

Looks and asks, changes nothing. Faults end with 1; what may be missing (the page scripts, a running part) is
marked and does not.
"""

from __future__ import annotations

import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session, col, func, select

from flows.leases import alive
from flows.office import utc_now
from models.audit import AuditRoot
from models.db import Database
from models.document import Document
from models.event import Event
from models.key import AuthorityPart
from models.migrate import is_current, is_there
from models.school import School
from models.settings import VIETNAM, Settings
from models.text import Text
from service import cli_faults
from service.doctor_reach import REACHED
from service.doctor_trust import trust
from service.findings import Finding, Mark
from service.health import disk
from tasks import libreoffice, master_keys, restoring
from tasks.blobs import BlobStore
from tasks.master_keys import LostMasterKey


def examine(settings: Settings, say: Callable[[str], None]) -> bool:
    """Say every finding; False when one is a fault."""
    settings, well = settings.only_looking(), True
    for look in (
        _packages,
        _folder,
        _database,
        _blobs,
        trust,
        *REACHED,
        _office,
        _scripts,
    ):
        for finding in look(settings):
            say(finding.line)
            well = well and finding.mark != "✗"
    return well


_NAME_AND_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?:==([0-9][^\s;,]*))?")


def _packages(settings: Settings) -> Iterator[Finding]:  # noqa: ARG001 - every look is asked the same way
    part = Text("Gói Python", "Python packages")
    wrong = []
    for line in requires("hososo") or ():
        wanted = _NAME_AND_PIN.match(line)
        if wanted is None or ("sys_platform" in line and sys.platform == "win32"):
            continue
        name, pin = wanted.groups()
        try:
            found = version(name)
        except PackageNotFoundError:
            found = ""
        if not found or (pin and found != pin):
            wrong.append(f"{name} {found or '(thiếu · missing)'}")
    if wrong:
        names = ", ".join(wrong)
        yield Finding("✗", part, Text(f"{names}. Chạy: make -B setup", f"{names}. Run: make -B setup"))
    else:
        yield Finding("✓", part, Text("Đủ và đúng bản.", "All there, in the right versions."))


def _folder(settings: Settings) -> Iterator[Finding]:
    part = Text("Thư mục dữ liệu", "Data folder")
    data = settings.data.resolve()
    word = disk(settings)
    if not data.is_dir() and word == "ok":
        yield Finding(
            "✗",
            part,
            Text(
                f"Chưa có {data}. Xem HOSOSO_DATA; trường mới thì chạy: hososo admin create-school",
                f"{data} is not there. See HOSOSO_DATA; for a new school run: hososo admin create-school",
            ),
        )
        return
    if word != "ok":
        left = f"{shutil.disk_usage(data).free // 2**20} MB" if data.is_dir() else "–"
        yield Finding(
            "✗",
            part,
            Text(
                f"Không ghi được vào {data} ({word}, còn trống {left}). Dọn chỗ, sửa quyền, gắn lại ổ đĩa, "
                "hoặc đặt HOSOSO_DATA. Những gì đã lưu vẫn nguyên; sao lưu sang ổ khác: hososo backup.",
                f"{data} cannot be written ({word}, {left} free). Make room, mend its permissions, remount "
                "the disk, or set HOSOSO_DATA. What was saved is whole; back it up onto another disk: "
                "hososo backup.",
            ),
        )
        return
    free = shutil.disk_usage(data).free // 2**20
    low: Mark = "–" if free < 1024 else "✓"
    yield Finding(low, part, Text(f"{data}, còn trống {free} MB.", f"{data}, {free} MB free."))
    if stat.S_IMODE(data.stat().st_mode) & 0o007:
        yield Finding(
            "–",
            part,
            Text(
                f"Mọi tài khoản trên máy này đọc được hồ sơ trong đó. Chạy: chmod o= {data}",
                f"Every account of this machine can read the records in it. Run: chmod o= {data}",
            ),
        )
    yield from _secrets(data / "secrets")


def _secrets(folder: Path) -> Iterator[Finding]:
    part = Text("Tệp khóa", "Secret files")
    files = [folder, *folder.glob("*")] if folder.is_dir() else []
    open_to_others = [f.name for f in files if stat.S_IMODE(f.stat().st_mode) & 0o077]
    if open_to_others:
        names = ", ".join(open_to_others)
        yield Finding(
            "✗",
            part,
            Text(
                f"Người khác trên máy đọc được {names}. Chạy: chmod -R go= {folder}",
                f"Others on this machine can read {names}. Run: chmod -R go= {folder}",
            ),
        )
    else:
        yield Finding(
            "✓", part, Text("Chỉ tài khoản chạy hệ thống đọc được.", "Readable by this account only.")
        )


def _database(settings: Settings) -> Iterator[Finding]:
    part = Text("Cơ sở dữ liệu", "Database")
    if not is_there(settings) and not settings.unfinished_restore.exists():
        yield Finding("✗", part, Text("Chưa có. Chạy: hososo migrate", "Not made yet. Run: hososo migrate"))
        return
    db = Database(settings.database)
    try:
        if command := restoring.unfinished(settings):
            told = restoring.UNFINISHED.format(command=command, data=settings.data.resolve())
            yield Finding("✗", Text("Phục hồi", "Restore"), told)
            return
        if not is_current(db):
            yield Finding(
                "✗", part, Text("Chưa nâng cấp. Chạy: hososo migrate", "Not upgraded. Run: hososo migrate")
            )
            return
        yield Finding("✓", part, Text("Trả lời, đúng bản.", "Answers, up to date."))
        with db.read() as session:
            yield from _school(session)
            yield from _clock(session)
            yield _keys(session, settings)
            yield _workers(session)
    except SQLAlchemyError as error:
        kind = type(error).__name__
        unread = Text(
            f"Không trả lời ({kind}). Xem HOSOSO_DATABASE_URL.",
            f"Does not answer ({kind}). See HOSOSO_DATABASE_URL.",
        )
        said = cli_faults.of_database(error, settings) if isinstance(error, DBAPIError) else None
        yield Finding("✗", part, said or unread)
    finally:
        db.dispose()


def _school(session: Session) -> Iterator[Finding]:
    if session.exec(select(School.id)).first() is None:
        part, run = Text("Trường", "School"), "hososo admin create-school"
        yield Finding("–", part, Text(f"Chưa có. Chạy: {run}", f"None yet. Run: {run}"))


def _clock(session: Session) -> Iterator[Finding]:
    """A machine whose battery is empty begins in the past: what it signs and counts is wrong by as much."""
    part, now = Text("Đồng hồ", "Clock"), utc_now()
    newest = [
        at
        for at in (
            session.exec(select(func.max(Event.at))).one(),
            session.exec(select(func.max(AuditRoot.at))).one(),
        )
        if at is not None
    ]
    if newest and max(newest) > now + timedelta(minutes=5):
        clock, last = (f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}" for at in (now, max(newest)))
        yield Finding(
            "✗",
            part,
            Text(
                f"Máy đang ghi {clock}, sớm hơn điều đã lưu lúc {last}. Chỉnh giờ máy (timedatectl "
                "set-ntp true) trước khi chạy: chữ ký và thời hạn tính theo giờ máy.",
                f"This machine says {clock}, before what was recorded at {last}. Set its clock (timedatectl "
                "set-ntp true) before anything is started: signatures and deadlines go by it.",
            ),
        )


def _keys(session: Session, settings: Settings) -> Finding:
    part = Text("Khóa hệ thống", "System keys")
    try:
        master_keys.check(session, settings)
    except LostMasterKey as lost:
        return Finding("✗", part, lost.sentence)
    rows = session.exec(select(AuthorityPart)).all()
    if len(rows) < 3:
        return Finding("–", part, Text("Chưa tạo. Chạy: hososo migrate", "Not made yet. Run: hososo migrate"))
    return Finding("✓", part, Text("Mở được.", "They open."))


def _workers(session: Session) -> Finding:
    part = Text("Bộ chạy", "Worker")
    found = alive(session, "worker", utc_now())
    if not found:
        return Finding(
            "–", part, Text("Không chạy lúc này. Chạy: hososo up", "Not running now. Run: hososo up")
        )
    return Finding("✓", part, Text(f"{len(found)} đang chạy.", f"{len(found)} running."))


def _blobs(settings: Settings) -> Iterator[Finding]:
    """A sample of the newest files: each must be there and be what its name says."""
    part = Text("Tệp hồ sơ", "Files of records")
    if not is_there(settings):
        return
    store, db, wrong, seen = BlobStore(settings.blobs), Database(settings.database), 0, 0
    try:
        with db.read() as session:
            newest = select(Document.blob).where(col(Document.blob).is_not(None))
            names = session.exec(newest.order_by(col(Document.updated_at).desc()).limit(20)).all()
    except SQLAlchemyError:
        return  # said already
    finally:
        db.dispose()
    for name in names:
        seen += 1
        try:
            store.get(name or "")
        except (OSError, ValueError):
            wrong += 1
    if wrong:
        yield Finding(
            "✗",
            part,
            Text(
                f"{wrong} trong {seen} tệp mới nhất bị thiếu hoặc hỏng. Lấy lại từ bản sao lưu.",
                f"{wrong} of the {seen} newest files are missing or damaged. Restore them from the backup.",
            ),
        )
    else:
        yield Finding(
            "✓", part, Text(f"{seen} tệp mới nhất nguyên vẹn.", f"The {seen} newest files are whole.")
        )


def _office(settings: Settings) -> Iterator[Finding]:
    part, found = Text("LibreOffice", "LibreOffice"), libreoffice.find(settings.libreoffice)
    if found:
        yield Finding("✓", part, Text(f"Có: {found}.", f"Found: {found}."))
    else:
        yield Finding(
            "–",
            part,
            Text(
                "Không có: tệp Word tải lên chỉ lấy được chữ, tệp PDF vẫn dùng được. Cài gói "
                "libreoffice-writer-nogui để giữ nguyên trang.",
                "Not here: uploaded Word files give their text only, PDF works. Install the package "
                "libreoffice-writer-nogui to keep their pages.",
            ),
        )


def _scripts(settings: Settings) -> Iterator[Finding]:  # noqa: ARG001 - as above
    part = Text("Mã của trang", "Page scripts")
    vendor = Path(__file__).parent / "static" / "vendor"
    if any(vendor.glob("**/*.js")) if vendor.is_dir() else False:
        yield Finding("✓", part, Text("Đã cài.", "Installed."))
    else:
        yield Finding(
            "–",
            part,
            Text(
                "Chưa cài; trang vẫn dùng được, chậm hơn. Cài npm rồi chạy: make -B setup",
                "Not installed; pages work, more slowly. Install npm, then run: make -B setup",
            ),
        )
