"""The audit as people meet it: the command, the clock, the alarm, the page, the weekly mail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from fastapi.testclient import TestClient
from sqlmodel import Session, col, func, select

from flows import auditing, roots, weekly
from models.audit import AuditRoot, AuditRun, AuditStamp
from models.document import Document
from models.notice import Notice
from service.app import create_app
from service.jobs import Clockwork
from service.passes import COOKIE
from tests.cast import Cast, signed_in
from tests.every_state import stamp
from tests.states import records

ROOT = Path(__file__).parents[2]
WEEK = timedelta(days=7)


def run(cast: Cast, *more: str) -> subprocess.CompletedProcess[str]:
    """`hososo audit verify` as a person runs it."""
    settings = cast.office.settings
    asked = os.environ | {
        "HOSOSO_DATA": str(settings.data),
        "HOSOSO_DATABASE_URL": settings.database_url,
        "HOSOSO_PORT": str(settings.port),
        "HOSOSO_TSA_URL": settings.tsa_url,
    }
    return subprocess.run(
        [sys.executable, "-m", "service.cli", "audit", "verify", *more],
        cwd=ROOT,
        env=asked,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def count(session: Session, table: type[AuditRoot | AuditStamp | AuditRun]) -> int:
    return session.exec(select(func.count()).select_from(table)).one()


def tampered(cast: Cast, document_id: str) -> None:
    """A status nobody decided on."""
    with cast.office.db.write() as session:
        row = session.get_one(Document, document_id)
        row.status = "replaced"
        session.add(row)


@pytest.mark.real_clock  # as the command has it
def test_the_command_says_what_holds_and_names_what_does_not(each_cast: Cast) -> None:
    cast = each_cast
    if cast.office.db.is_sqlite:
        stamp(cast.office)
    made = records(cast, "archived", "returned")
    root = roots.make(cast.office.db, cast.office.now())  # its time-stamp may still come
    assert root is not None
    well = run(cast, "--root", root.hash)
    assert well.returncode == 0, well.stdout + well.stderr
    assert "Looked at 2 records, 10 events, 1 roots, 7 files; validated the signatures of 1" in well.stdout
    assert root.hash in well.stdout
    assert "Roots without a time-stamp yet: 1." in well.stdout
    assert "no root commits to" not in well.stdout
    assert "Everything holds." in well.stdout
    tampered(cast, made["archived"])
    cast.lesson_plan("lan", 34)
    wrong = run(cast, "--no-signatures")
    assert "present state no root commits to yet: 1." in wrong.stdout
    assert wrong.returncode == 2
    assert f"The first: Record {made['archived']} (lesson-plan): its column “status”" in wrong.stdout
    told = json.loads(run(cast, "--no-signatures", "--no-files", "--json", "--root", "0" * 64).stdout)
    assert not told["holds"]
    assert told["by_kind"] == {"column": 1, "root-cut": 1}
    assert told["first"]["document_id"] == made["archived"]
    assert run(cast, "--school", "nobody").returncode == 1
    with cast.office.db.read() as session:
        assert [r.findings for r in session.exec(select(AuditRun).order_by(col(AuditRun.finished_at)))] == [
            0,
            1,
            2,
        ]


def test_nothing_installed_is_said(tmp_path: Path) -> None:
    asked = os.environ | {"HOSOSO_DATA": str(tmp_path / "none"), "HOSOSO_DATABASE_URL": ""}
    ended = subprocess.run(
        [sys.executable, "-m", "service.cli", "audit", "verify"],
        cwd=ROOT,
        env=asked,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 1
    assert "Nothing is installed" in ended.stderr
    assert not (tmp_path / "none").exists()


def clockwork(cast: Cast) -> Clockwork:
    works = Clockwork(cast.office.db, cast.office.settings, cast.office.now)
    works.leading = True
    return works


def test_the_clock_makes_a_root_a_day_and_an_audit_a_week(cast: Cast) -> None:
    works, office = clockwork(cast), cast.office
    records(cast, "waits for the head")
    works.root()
    works.root()
    works.audit()
    works.audit()
    with office.db.read() as session:
        assert [count(session, t) for t in (AuditRoot, AuditStamp, AuditRun)] == [1, 1, 1]
    with time_machine.travel(office.now() + WEEK, tick=True):
        works.root()
        works.audit()
    with office.db.read() as session:
        assert [count(session, t) for t in (AuditRoot, AuditStamp, AuditRun)] == [2, 2, 2]
        assert session.exec(select(func.sum(col(AuditRun.findings)))).one() == 0
    works.leading = False
    with time_machine.travel(office.now() + 2 * WEEK, tick=True):
        works.root()
        works.audit()
    with office.db.read() as session:
        assert [count(session, t) for t in (AuditRoot, AuditRun)] == [2, 2], "who stands by does nothing"


def test_what_an_audit_finds_is_told_to_principals_and_administrators_once(cast: Cast) -> None:
    made = records(cast, "waits for the head")["waits for the head"]
    tampered(cast, made)
    works = clockwork(cast)
    works.audit()
    with time_machine.travel(cast.office.now() + WEEK, tick=True):
        works.audit()
    with cast.office.db.read() as session:
        told = session.exec(select(Notice).where(col(Notice.kind) == "audit")).all()
        assert auditing.last(session) is not None
    names = {v: k for k, v in cast.ids.items()}
    assert sorted(names[n.account_id] for n in told) == sorted(2 * ["minh", "admin", "principal_b"])
    assert "1 chỗ không khớp" in told[0].data["sentence"]["vi"]
    assert all(made not in json.dumps(n.data) for n in told)


def page(cast: Cast, who: str, path: str) -> tuple[int, str]:
    client = TestClient(create_app(cast.office.settings, cast.office))
    cookie = f"{COOKIE}={signed_in(cast.office, who, 'session')}"
    answer = client.get(path, headers={"Cookie": cookie})
    return answer.status_code, answer.text


def test_the_administrators_page_shows_roots_and_audits(cast: Cast) -> None:
    assert "Chưa có gốc nào." in page(cast, "admin", "/admin/audit")[1]
    made = records(cast, "waits for the head")["waits for the head"]
    works = clockwork(cast)
    works.root()
    works.audit()
    with cast.office.db.read() as session:
        newest = roots.newest(session)
    assert newest is not None
    status, said = page(cast, "admin", "/admin/audit")
    assert (status, newest.hash in said) == (200, True)
    assert "mọi thứ khớp" in said
    tampered(cast, made)
    with time_machine.travel(cast.office.now() + WEEK, tick=True):
        works.audit()
    said = page(cast, "admin", "/admin/audit")[1]
    assert f"Hồ sơ {made} (lesson-plan): cột “status”" in said
    assert "Đối chiếu hồ sơ: 1 chỗ không khớp" in page(cast, "admin", "/admin")[1]
    for who in ("minh", "lan"):
        assert page(cast, who, "/admin/audit")[0] == 404


def test_the_weekly_mail_carries_the_newest_root(cast: Cast) -> None:
    with cast.office.db.read() as session:
        assert weekly.root_words(session) is None
    made = roots.make(cast.office.db, cast.office.now())
    assert made is not None
    with cast.office.db.read() as session:
        assert weekly.root_words(session) == {"number": 1, "day": "24/11/2026", "hash": made.hash}


def test_the_events_page_offers_the_evidence_to_who_may_have_it(cast: Cast) -> None:
    made = records(cast, "archived")["archived"]
    for who, offered in (("lan", True), ("minh", True), ("mai", False)):
        status, said = page(cast, who, f"/documents/{made}/events")
        assert (status, f"/documents/{made}/evidence.zip" in said) == (200, offered), who
