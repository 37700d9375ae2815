"""What the command line says of a machine that cannot be used: two lines and what to do, no traceback."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.settings import Settings
from service import cli, cli_faults, doctor, keeping
from service.installing import install
from tests.conftest import free_port

Told = Callable[..., list[str]]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Run a command that is refused: its two lines."""

    def run(*command: str, **environment: object) -> list[str]:
        for name, value in environment.items():
            monkeypatch.setenv(f"HOSOSO_{name.upper()}", str(value))
        monkeypatch.setattr(sys, "argv", ["hososo", *command])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 1
        return capsys.readouterr().err.splitlines()

    return run


def installed(data: Path) -> Settings:
    settings = Settings(data=data, port=free_port())
    install(settings, lambda _: None)
    return settings


@pytest.mark.parametrize("command", ["migrate", "up"])
def test_a_data_folder_that_cannot_be_made(refused: Told, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("a file, where a folder should be")
    vi, en = refused(command, data=tmp_path / "file")
    assert vi.startswith(f"Không dùng được {tmp_path / 'file'}")
    assert "See HOSOSO_DATA, the folder's permissions" in en


@pytest.mark.parametrize("command", ["migrate", "worker"])
def test_a_database_server_that_is_not_there(refused: Told, tmp_path: Path, command: str) -> None:
    url = f"postgresql://hososo:tuyet-mat@127.0.0.1:{free_port()}/hososo"
    vi, en = refused(command, data=tmp_path, database_url=url)
    assert "không trả lời" in vi
    assert "Xem PostgreSQL có chạy không" in vi
    assert "hososo:***@127.0.0.1" in en
    assert "tuyet-mat" not in vi + en


@pytest.mark.parametrize("command", [("migrate",), ("backup", "school.zip")], ids=" ".join)
def test_a_damaged_database_file(refused: Told, tmp_path: Path, command: tuple[str, ...]) -> None:
    settings = installed(tmp_path / "data")
    file = settings.data / "hososo.db"
    content = bytearray(file.read_bytes())
    content[:4096] = bytes(byte ^ 1 for byte in content[:4096])
    file.write_bytes(content)
    for beside in settings.data.glob("hososo.db-*"):
        beside.unlink()
    vi, en = refused(*command, data=settings.data)
    assert vi.startswith(f"Tệp cơ sở dữ liệu {file} bị hỏng.")
    assert "restore the newest backup" in en


KILLED = """
import os, signal
from service import cli, keeping
keeping.refuse_broken = lambda session: os.kill(os.getpid(), signal.SIGKILL)  # right before the commit
cli.main()
"""


def test_nothing_but_the_restore_starts_on_half_a_restore(
    refused: Told, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    school, data = installed(tmp_path / "school"), tmp_path / "một nửa"
    assert keeping.back_up(school, tmp_path / "school.zip", None, None, lambda _: None) == 0
    key = school.data / "secrets" / "master.key"
    again = ["restore", str(tmp_path / "school.zip"), "--master-key", str(key)]
    cut = subprocess.run(
        [sys.executable, "-c", KILLED, *again], env=os.environ | {"HOSOSO_DATA": str(data)}, check=False
    )
    assert cut.returncode == -signal.SIGKILL
    before = sorted(path.name for path in data.rglob("*") if not path.name.startswith("hososo.db-"))
    for command in ("up", "migrate", "web", "worker", "scheduler", "tsa", "backup x.zip", "admin unlock a"):
        vi, en = refused(*command.split(), data=data)
        assert "bị ngắt giữa chừng" in vi, command
        assert en.startswith(f"A restore into {data} was cut off")
        assert f"hososo {shlex.join(again)}" in en
    assert sorted(path.name for path in data.rglob("*")) == before  # SQLite's own log is gone
    said: list[str] = []
    assert not doctor.examine(Settings(), said.append)
    assert any(f"hososo {shlex.join(again)}" in line for line in said)
    assert not any("hososo migrate" in line for line in said)
    cli.app(again, standalone_mode=False)
    assert "Đã phục hồi" in capsys.readouterr().out
    assert not Settings().unfinished_restore.exists()
    Settings().unfinished_restore.write_text("hososo restore x\n")  # killed right after the commit
    cli.app(["types"], standalone_mode=False)
    cli.app(["migrate"], standalone_mode=False)


@pytest.mark.parametrize("command", ["migrate", "web", "worker", "scheduler"])
def test_nothing_starts_under_a_master_key_that_is_lost_or_anothers(
    refused: Told, tmp_path: Path, command: str
) -> None:
    """A new key would be made, and what people sign with from then on would open under no other."""
    settings = installed(tmp_path / "data")
    key = settings.data / "secrets" / "master.key"
    key.rename(tmp_path / "lost.key")
    _, en = refused(command, data=settings.data)
    assert en.startswith("secrets/master.key is lost. Restore that file from the backup")
    assert not key.exists()
    key.write_bytes(bytes(byte ^ 1 for byte in (tmp_path / "lost.key").read_bytes()))
    _, en = refused(command, data=settings.data)
    assert en.startswith("secrets/master.key does not open the database's keys.")
    install(Settings(data=settings.data, port=settings.port, master_key_lost=True), lambda _: None)


@pytest.mark.parametrize(
    "fault", [TypeError("None"), FileNotFoundError(2, "not there", "x"), OSError(28, "no room")]
)
def test_a_fault_of_the_program_keeps_its_traceback(fault: Exception, tmp_path: Path) -> None:
    assert cli_faults.of(fault, Settings(data=tmp_path)) is None
