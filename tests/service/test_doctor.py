"""What `hososo doctor` says of an installation that is only begun."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from flows.office import utc_now
from models.audit import AuditRoot
from models.db import Database
from models.mail_server import MailServer
from models.school import School
from models.settings import Settings
from service import doctor
from service.installing import NewSchool, found_school, install
from tasks import mail_servers
from tasks.keys import Secret
from tests.ports import free_port


def test_what_is_only_begun_is_told_its_next_command(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", port=free_port())
    said: list[str] = []
    assert not doctor.examine(settings, said.append)
    [folder] = [line for line in said if "Data folder" in line]
    assert "is not there. See HOSOSO_DATA; for a new school run: hososo admin create-school" in folder
    assert not settings.data.exists()
    install(settings, lambda _: None)
    said.clear()
    assert doctor.examine(settings, said.append)
    assert any("School: note. None yet. Run: hososo admin create-school" in line for line in said)
    settings.data.chmod(0o755)
    assert any("chmod o=" in finding.says.en for finding in doctor._folder(settings))


def files(settings: Settings) -> set[Path]:
    """All there is; what SQLite keeps beside an open database comes and goes."""
    return {path for path in settings.data.rglob("*") if not path.name.endswith(("-wal", "-shm"))}


def _with_a_mail_server(settings: Settings) -> None:
    """A school whose mail server's password the master key protects."""
    people = ("Lê Quản Trị", "quan.tri", "Ngô Hiệu Trưởng", "hieu.truong")
    found_school(settings, NewSchool("Trường Tiểu học Đồng Mai", "", "Hà Nội", "THĐM", *people))
    db = Database(settings.database)
    with db.write() as session:
        school = session.exec(select(School.id)).one()
        place = (settings.master_key, school, "127.0.0.1", settings.port, "thu")
        shut = mail_servers.protect(Secret("mật khẩu"), *place)
        session.add(
            MailServer(
                school_id=school,
                host="127.0.0.1",
                port=settings.port,
                encryption="none",
                login="thu",
                protected=shut,
                since=utc_now(),
            )
        )
    db.dispose()


def test_a_lost_master_key_is_named_and_no_new_one_is_made(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", port=free_port())
    install(settings, lambda _: None)
    key = settings.data / "secrets" / "master.key"
    _with_a_mail_server(settings)
    key.unlink()
    there, said = files(settings), list[str]()
    assert not doctor.examine(Settings(data=settings.data, port=settings.port), said.append)
    assert files(settings) == there
    [lost] = [line for line in said if "System keys" in line]
    assert "secrets/master.key is lost. Restore that file from the backup" in lost
    assert any("Mail of" in line and line.startswith("✗") for line in said)


def test_looking_makes_no_secret_and_reads_those_that_are_there(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    for name in ("master_key", "prefect_auth"):
        with pytest.raises(FileNotFoundError):
            getattr(settings.only_looking(), name)
    assert not list(tmp_path.iterdir())
    assert settings.only_looking().url == settings.url
    assert settings.master_key == settings.only_looking().master_key


def test_a_clock_behind_what_is_recorded_is_a_fault(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", port=free_port())
    install(settings, lambda _: None)
    db = Database(settings.database)
    root = AuditRoot(number=1, at=utc_now() + timedelta(minutes=1), root="", leaves=0, previous="", hash="1")
    with db.write() as session:
        session.add(root)
    said: list[str] = []
    assert doctor.examine(settings, said.append)
    with db.write() as session:
        session.add(
            AuditRoot(number=2, at=utc_now() + timedelta(days=400), leaves=0, hash="2", root="", previous="1")
        )
    db.dispose()
    assert not doctor.examine(settings, said.append)
    [clock] = [line for line in said if "Clock" in line]
    assert clock.startswith("✗")
    assert "Set its clock" in clock


def test_a_host_that_is_none_and_one_of_ipv6_are_looked_at(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", host="::1", port=free_port())
    install(settings, lambda _: None)
    said: list[str] = []
    assert doctor.examine(settings, said.append)
    said.clear()
    assert not doctor.examine(Settings(data=settings.data, host="không-có", port=free_port()), said.append)
    assert any("không-có is no address of this machine" in line for line in said)


def test_an_installation_without_a_school_says_how_to_found_one(tmp_path: Path) -> None:
    said: list[str] = []
    settings = Settings(data=tmp_path / "data", port=free_port())
    install(settings, said.append)
    assert "hososo admin create-school" in said[0]
    said.clear()
    _with_a_mail_server(settings)
    install(settings, said.append)
    assert said == []
