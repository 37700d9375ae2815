"""What `hososo doctor` says of an installation that is only begun."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from flows.office import utc_now
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
