"""The examples of docs/deploy are taken by the programs they are written for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests import needs

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"


def test_the_settings_are_read_by_a_shell_with_every_example_switched_on(tmp_path: Path) -> None:
    file = tmp_path / "hososo.env"
    file.write_text(re.sub(r"^# (?=HOSOSO_)", "", (DEPLOY / "hososo.env").read_text(), flags=re.MULTILINE))
    ended = subprocess.run(
        ["sh", "-euc", f'set -a; . {file}; printf "%s" "$HOSOSO_MAIL_FROM"'],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "Hồ Sơ Số <hoso@truong.example>", "")


def test_prefects_own_server_is_the_version_our_workers_speak_to() -> None:
    text, project = (DEPLOY / "README.md").read_text(), (DEPLOY.parents[1] / "pyproject.toml").read_text()
    for wanted in re.findall(r'"((?:prefect==|fastapi>)[^"]+)"', project):
        assert f"'{wanted}'" in text


def test_the_units_are_sound(tmp_path: Path) -> None:
    """`systemd-analyze` knows every line; the program is said to lie where this one does."""
    analyze = needs.program("systemd-analyze")
    here = str(DEPLOY.parents[1])
    units = []
    for unit in sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]):
        copy = tmp_path / unit.name.replace("@.", "@web.")
        text = (
            unit.read_text().replace("/opt/hososo/.venv/bin/hososo", "/bin/true").replace("/opt/hososo", here)
        )
        copy.write_text(text)
        units.append(str(copy))
    ended = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
