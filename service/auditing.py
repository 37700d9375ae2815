"""`hososo audit verify`, and the audit the clock makes every week: said, kept, and whom it alarms."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows import auditing
from flows.auditing import Asked, Audit, Progress
from flows.candidates import answering
from flows.office import close_office, open_office
from models.account import AccountRole
from models.db import Database
from models.errors import NotFound
from models.migrate import refuse_not_installed
from models.notice import Notice, notice
from models.school import School
from models.settings import Settings
from models.text import Text
from service import words

FAULTY = 2
"""Exit code of an audit that found something."""
PAGE = "/admin/audit"
Say = Callable[[str], None]
Tell = Callable[[Text], None]


def verify(settings: Settings, asked: Asked, tell: Tell, say: Say, *, as_json: bool = False) -> int:
    """Look through everything and say what came of it; the exit code.

    NotInstalled where nothing is, NotFound for a school that is not there. An audit of the whole is kept for
    the administrator's page; what it finds alarms principals and administrators.
    """
    refuse_not_installed(settings)
    cores = len(os.sched_getaffinity(0))
    office = open_office(settings, "audit", renderers=cores if asked.signatures else 0)
    try:
        _refuse_unknown(office.db, asked.school_id)
        made = auditing.audit(office, asked, cores, _progress(as_json))
        if not asked.school_id:
            keep(office.db, made)
    finally:
        close_office(office)
    if as_json:
        say(json.dumps(as_data(made), ensure_ascii=False, indent=2))
    else:
        report(made, tell)
    return 0 if made.holds else FAULTY


class Ended(Exception):
    """The process was told to end; the audit begins anew with the next one."""


def look(settings: Settings, now: Callable[[], datetime], going: Callable[[], bool] = lambda: True) -> Audit:
    """The clock's own audit: every row, root and file, without validating each signature again.

    `going` is asked at every record and file; Ended, and nothing is kept, once it says no.
    """

    def step(_what: Text, _done: int, _all: int) -> None:
        if not going():
            raise Ended

    office = open_office(settings, "audit")
    office.now = now
    try:
        made = auditing.audit(office, Asked(signatures=False), progress=step)
        keep(office.db, made)
    finally:
        close_office(office)
    return made


def keep(db: Database, made: Audit) -> None:
    """Keep the result; what it found is told to principals and administrators, once a day."""
    auditing.record(db, made)
    if made.holds:
        return
    with db.read() as session:
        rows = _alarms(session, made)
        known = set(session.exec(select(Notice.account_id, Notice.key).where(col(Notice.kind) == "audit")))
    with db.write() as session:
        session.add_all(row for row in rows if (row.account_id, row.key) not in known)


def _alarms(session: Session, made: Audit) -> list[Notice]:
    first, now = made.first, made.finished_at
    assert first is not None
    key = f"audit:{words.local(now).date()}:{first.kind}:{first.document_id}"[:120]
    rows = []
    for school_id in session.exec(select(School.id)):
        whom = {p.id for p in answering(session, school_id, "role:principal", "", now)}
        held = col(AccountRole.school_id) == school_id, col(AccountRole.role) == "admin"
        whom |= set(session.exec(select(AccountRole.account_id).where(*held)))
        rows += [
            notice(school_id, who, "audit", key, now, ALARM.format(n=made.findings.total), path=PAGE)
            for who in sorted(whom)
        ]
    return rows


def _refuse_unknown(db: Database, school_id: str) -> None:
    with db.read() as session:
        if school_id and session.get(School, school_id) is None:
            raise NotFound


def _progress(quiet: bool) -> Progress:
    """A line on the terminal that counts; nothing where nobody looks."""
    shown = -1

    def tell(what: Text, done: int, of: int) -> None:
        nonlocal shown
        share = done * 100 // max(of, 1)
        if share != shown or done == of:
            shown = share
            sys.stderr.write(
                f"\r{what.vi} · {what.en}: {done}/{of} ({share} %)" + ("\n" if done == of else "")
            )
            sys.stderr.flush()

    def silent(_what: Text, _done: int, _of: int) -> None:
        """Nobody looks."""

    return silent if quiet or not sys.stderr.isatty() else tell


def report(made: Audit, tell: Tell) -> None:
    """What was looked at, the newest root, then the first finding and how many there are of each kind."""
    counts = {name: made.counts[name] for name in ("documents", "events", "roots", "files", "validated")}
    tell(_LOOKED.format(**counts))
    if made.root_hash:
        tell(_ROOT.format(number=made.root_number, hash=made.root_hash))
    if made.counts["uncommitted"]:
        tell(_UNCOMMITTED.format(n=made.counts["uncommitted"]))
    if made.counts["unstamped"]:
        tell(_UNSTAMPED.format(n=made.counts["unstamped"]))
    if made.holds:
        tell(_HOLDS)
        return
    assert made.first is not None
    tell(_BROKEN.format(n=made.findings.total, first=made.first.sentence))
    for found in made.findings.kept[1:20]:
        tell(_ALSO.format(what=found.sentence))
    if made.findings.total > 20:
        tell(_MORE.format(n=made.findings.total - 20))
    tell(_NEXT)


def as_data(made: Audit) -> dict[str, Any]:
    """The result for a machine."""
    return {
        "holds": made.holds,
        "started_at": made.started_at.isoformat(),
        "finished_at": made.finished_at.isoformat(),
        "counts": dict(made.counts),
        "root": {"number": made.root_number, "hash": made.root_hash} if made.root_hash else None,
        "findings": made.findings.total,
        "by_kind": dict(made.findings.counts),
        "first": made.first.as_data() if made.first else None,
        "listed": [found.as_data() for found in made.findings.kept],
    }


ALARM = Text(
    "Đối chiếu toàn bộ hồ sơ phát hiện {n} chỗ không khớp: có thể dữ liệu đã bị sửa ngoài hệ thống. "
    "Không xóa, không phục hồi gì; xem chi tiết và giữ nguyên máy chủ để kiểm tra.",
    "The audit of all records found {n} things that do not fit: data may have been changed behind the "
    "system. Delete and restore nothing; look at the details and leave the server as it is.",
)
_LOOKED = Text(
    "Đã đối chiếu {documents} hồ sơ, {events} sự kiện, {roots} gốc, {files} tệp; kiểm tra chữ ký của "
    "{validated} tệp lưu trữ.",
    "Looked at {documents} records, {events} events, {roots} roots, {files} files; validated the "
    "signatures of {validated} archived files.",
)
_ROOT = Text("Gốc mới nhất, số {number}: {hash}", "Newest root, number {number}: {hash}")
_UNCOMMITTED = Text(
    "Chưa gốc nào cam kết tình trạng hiện nay của {n} hồ sơ. Gốc được lập ít nhất mỗi ngày một lần; "
    "đến lúc ấy, phần mới của các hồ sơ này chỉ được bảo vệ bằng chuỗi sự kiện của chính chúng.",
    "Records whose present state no root commits to yet: {n}. A root is made at least once a day; "
    "until then what is new in them is protected by their own chains of events only.",
)
_UNSTAMPED = Text(
    "Gốc chưa có dấu thời gian: {n}. Hệ thống tự xin lại; quá hai ngày thì bị tính là không khớp.",
    "Roots without a time-stamp yet: {n}. The system asks again by itself; after two days it counts "
    "as a finding.",
)
_HOLDS = Text("Mọi thứ khớp.", "Everything holds.")
_BROKEN = Text("KHÔNG KHỚP, {n} chỗ. Đầu tiên: {first}.", "DOES NOT HOLD, findings: {n}. The first: {first}.")
_ALSO = Text("- {what}.", "- {what}.")
_MORE = Text("… và {n} chỗ nữa (xem --json).", "… and {n} more (see --json).")
_NEXT = Text(
    "Không xóa, không phục hồi gì. So với bản sao lưu gần nhất (hososo restore --check) và báo hiệu trưởng.",
    "Delete and restore nothing. Compare with the newest backup (hososo restore --check) and tell the "
    "principal.",
)
