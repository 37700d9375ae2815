"""Settings that cannot be used are named in a sentence, and what they were set to is not shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from models.settings import Settings, unusable

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("port", "abc", "valid integer"),
        ("port", "70000", "less than"),
        ("log", "yaml", "'text' or 'json'"),
        ("signers", "0", "greater than"),
        ("public_url", "hoso.truong.vn", "https://host"),
        ("public_url", "https://", "https://host"),
        ("public_url", "https://hoso.truong.vn/hososo", "without a path"),
        ("public_url", "https://hoso.truong.vn:80a", "https://host"),
        ("database_url", "mysql://hososo:tuyet-mat@host/name", "postgresql://user"),
        ("database_url", "postgresql://hososo:tuyet-mat#1@host/name", "%23"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(f"HOSOSO_{name.upper()}", value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    sentence = unusable(refused.value)
    assert f"HOSOSO_{name.upper()}" in sentence.vi
    assert f"HOSOSO_{name.upper()}" in sentence.en
    assert why in sentence.en
    assert "tuyet-mat" not in f"{sentence.vi}{sentence.en}{refused.value}"


def test_the_address_a_provider_writes_is_taken() -> None:
    assert Settings(database_url="postgres://u:p%23@h:5432/n").database == "postgresql://u:p%23@h:5432/n"


@pytest.mark.parametrize("url", ["https://hoso.truong.vn", "http://[::1]:8080/", "https://hồ-sơ.vn"])
def test_a_whole_address_is_taken(url: str) -> None:
    assert Settings(public_url=url).url == url.rstrip("/")


def test_a_new_data_folder_is_for_this_account_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "srv" / "hososo")
    settings.make_data_folder()
    assert settings.data.stat().st_mode & 0o777 == 0o700
    settings.data.chmod(0o750)  # a proxy's or a backup's group was let in
    settings.make_data_folder()
    assert settings.data.stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    "command",
    [("admin", "grant", "gv.lan", "principal"), ("admin", "prefect-login")],
    ids=" ".join,
)
def test_a_command_where_nothing_is_installed_says_so_and_makes_nothing(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "service.cli", *command],
        cwd=ROOT,
        env={"HOSOSO_DATA": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    vi, en = ended.stderr.splitlines()
    assert vi.startswith(f"Chưa cài đặt gì ở {tmp_path / 'none'}. Xem HOSOSO_DATA")
    assert en.startswith(f"Nothing is installed in {tmp_path / 'none'}. See HOSOSO_DATA")
    assert not (tmp_path / "none").exists()


def test_a_command_says_so_in_two_lines_and_ends_with_one() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "service.cli", "doctor"],
        cwd=ROOT,
        env={"HOSOSO_DATABASE_URL": "nonsense"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 2
    assert "HOSOSO_DATABASE_URL" in ended.stderr
