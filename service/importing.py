"""Importing a workbook: read it, show what it would do, then do exactly that, in one transaction.

The workbook is opened in the intake pool only; what is kept of it between the preview and the import is its
text. First passwords are made at the import, hashed outside the transaction, and handed out once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select, update

from flows import clock
from flows.office import Office
from flows.people import Actor
from models.errors import Invalid, NotFound, Stale
from models.imports import Import, ImportedRow
from models.settings import VIETNAM
from models.text import Text
from service.import_grid import read_timetable
from service.import_names import fold
from service.import_people import plan_accounts, plan_groups
from service.import_plan import Applying, Plan, known
from service.import_sheets import (
    ACCOUNTS,
    GROUPS,
    GUIDE,
    NOTHING,
    TEACHING,
    TIMETABLE,
    UNKNOWN_SHEET,
    Contents,
    Problem,
    read_accounts,
    read_groups,
    read_teaching,
)
from service.import_teaching import plan_teaching, plan_timetable
from tasks import passwords, workbooks
from tasks.keys import Secret

KEPT = timedelta(days=1)
"""How long a checked workbook waits for its import."""


@dataclass(frozen=True, slots=True)
class Slip:
    """A first password for one person, shown once."""

    full_name: str
    sign_in_name: str
    password: Secret = field(repr=False)


def check(office: Office, asker: Actor, file_name: str, data: bytes, now: datetime) -> Import:
    """Read a workbook and keep its text; Invalid or TooLarge with what to do. Changes nothing else."""
    if not data:
        raise Invalid(NO_FILE)
    sheets = office.intake.submit(workbooks.read, data)
    made = Import(
        school_id=asker.school_id,
        asked_by=asker.id,
        file_name=" ".join(file_name.split())[:200] or "–",
        sheets=[[sheet.name, [list(row) for row in sheet.rows]] for sheet in sheets],
        created_at=now,
    )
    with office.db.write() as session:
        forget_old(session, now)
        session.add(made)
    return made


def forget_old(session: Session, now: datetime) -> None:
    """Workbooks nobody went on with, and the text of those that were applied."""
    session.exec(delete(Import).where(col(Import.created_at) <= now - KEPT))


def find(session: Session, asker: Actor, import_id: str) -> Import:
    """A checked workbook of this administrator; NotFound for anyone else, or when it was forgotten."""
    found = session.get(Import, import_id)
    if found is None or found.asked_by != asker.id or found.school_id != asker.school_id:
        raise NotFound
    return found


def plan(session: Session, asker: Actor, found: Import, now: datetime, *, again: bool = False) -> Plan:
    """What the workbook would change now. `again`: rows that were applied before count anew."""
    sheets = [workbooks.Sheet(name, tuple(tuple(row) for row in rows)) for name, rows in found.sheets]
    contents = read_sheets(sheets)
    there = known(session, asker, now.astimezone(VIETNAM).date(), again=again)
    made = Plan(asker.id, problems=list(contents.problems))
    plan_accounts(session, there, contents.accounts, made)
    plan_groups(there, contents.groups, made)
    plan_teaching(there, contents.teaching, made)
    plan_timetable(session, there, contents, made)
    order = {sheet.name: number for number, sheet in enumerate(sheets)}
    made.problems.sort(key=lambda p: (not p.stops, order.get(p.sheet, 0), *p.place()))
    if made.counts()["waits"] and not there.has_principal:
        first = next(entry for entry in made.entries if entry.verdict == "waits")
        made.problems.append(Problem(first.sheet, first.cell, _NO_PRINCIPAL))
    return made


def read_sheets(sheets: Sequence[workbooks.Sheet]) -> Contents:
    """The sheets that are ours; others are left alone, one of no known name is a note."""
    found = Contents([], [], [], None, [], {}, [])
    readers: dict[str, Callable[[workbooks.Sheet, Contents], None]] = {
        fold(ACCOUNTS): read_accounts,
        fold(GROUPS): read_groups,
        fold(TEACHING): read_teaching,
        fold(TIMETABLE): read_timetable,
    }
    for sheet in sheets:
        reader = readers.pop(fold(sheet.name), None)
        if reader is not None:
            reader(sheet, found)
        elif fold(sheet.name) != fold(GUIDE) and any(sheet.rows):
            found.problems.append(Problem(sheet.name, "A1", UNKNOWN_SHEET, stops=False))
    if found.empty and not found.problems:
        found.problems.append(Problem(sheets[0].name if sheets else ACCOUNTS, "A1", NOTHING))
    return found


def apply(
    office: Office, asker: Actor, import_id: str, digest: str, now: datetime, *, again: bool = False
) -> list[Slip]:
    """Do what the preview with this digest showed, all or nothing; the slips of the new accounts.

    Stale when the school has changed since the preview, or the workbook was applied already; Invalid while a
    problem stops it. Afterwards the clock looks: who has no lesson in a week owes no plan of it.
    """
    with office.db.read() as session:
        found = find(session, asker, import_id)
        people = plan(session, asker, found, now, again=again).new_accounts
    slips = [Slip(full_name, name, Secret(passwords.once())) for name, full_name in people]
    with ThreadPoolExecutor() as pool:  # argon2 lets go of the interpreter
        hashes = list(pool.map(lambda slip: passwords.make_hash(slip.password), slips))
    with office.db.write() as session:
        made = plan(session, asker, find(session, asker, import_id), now, again=again)
        if made.digest() != digest:
            raise Stale(_CHANGED)
        if made.stopped:
            raise Invalid(_STOPPED)
        _claim(session, import_id, now)
        shared = Applying(
            session, office, asker, now, {s.sign_in_name: h for s, h in zip(slips, hashes, strict=True)}
        )
        for entry in made.effective:
            assert entry.act is not None
            entry.act(shared)
            session.flush()
        _remember(session, asker.school_id, made, now)
    clock.rescan(office.db, now, asker.school_id)
    return slips


def _claim(session: Session, import_id: str, now: datetime) -> None:
    """One of two clicks applies it. The text is no longer needed."""
    done = session.exec(
        update(Import)
        .where(col(Import.id) == import_id, col(Import.applied_at).is_(None))
        .values(applied_at=now, sheets=[])
    )
    if done.rowcount != 1:
        raise Stale(DONE)


def _remember(session: Session, school_id: str, made: Plan, now: datetime) -> None:
    digests = {entry.digest for entry in made.entries if entry.digest}
    there = set(session.exec(select(ImportedRow.digest).where(col(ImportedRow.school_id) == school_id)).all())
    session.add_all(
        ImportedRow(school_id=school_id, digest=digest, at=now) for digest in sorted(digests - there)
    )


NO_FILE = Text("Chọn một tệp Excel (.xlsx) rồi tải lên.", "Choose an Excel file (.xlsx) and upload it.")
_CHANGED = Text(
    "Dữ liệu của trường đã thay đổi sau khi kiểm tra tệp, nên chưa nhập gì. Xem lại bảng dưới đây rồi nhập.",
    "The school's data has changed since the check, so nothing was imported. Look again, then import.",
)
_STOPPED = Text(
    "Tệp còn lỗi nên chưa nhập gì. Sửa các ô được nêu rồi tải lên lại.",
    "The file still has problems, so nothing was imported. Mend the cells named and upload it again.",
)
DONE = Text("Tệp này vừa được nhập xong.", "This file has just been imported.")
_NO_PRINCIPAL = Text(
    "Trường chưa có hiệu trưởng đang hoạt động để xác nhận. Người vận hành máy chủ chạy “hososo admin” để "
    "giao vai trò hiệu trưởng.",
    "The school has no active principal to confirm this. The server's operator grants that role with "
    "“hososo admin”.",
)
