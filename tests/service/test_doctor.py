"""What `hososo doctor` says of an installation that is only begun."""

from __future__ import annotations

from pathlib import Path

from models.settings import Settings
from service import doctor
from service.installing import install
from tests.conftest import free_port


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
