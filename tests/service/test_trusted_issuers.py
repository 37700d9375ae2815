"""Whose certificates are believed: what the administrator reads, and what `hososo doctor` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.settings import Settings
from service.doctor_trust import trust
from tests.authorities import real
from tests.cast import Cast
from tests.service.reading import Reader
from tests.signatures import FOUNDED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root of the public class, and a file that is none."""
    made = tmp_path / "anchors" / "public"
    made.mkdir(parents=True)
    (made / "goc.crt").write_bytes(real("Nơi cấp công cộng").root)
    (made / "rubbish.cer").write_bytes(b"rubbish")
    return tmp_path / "anchors"


def test_the_administrator_reads_class_life_and_file_of_each(cast: Cast, folder: Path) -> None:
    cast.office.settings.trust = str(folder)
    admin = Reader(cast, "admin")
    page = admin.get("/admin/trust")
    rows = [" ".join(row.text_content().split()) for row in page.all("tbody tr")]
    assert len(rows) == 3
    assert "thử nghiệm, không có giá trị pháp lý" in rows[0].lower() and "của hệ thống này" in rows[0]
    assert "Chữ ký số công cộng" in rows[2] and "public/goc.crt" in rows[2] and "chứng thư gốc" in rows[2]
    assert f"{FOUNDED:%d/%m/%Y} – " in rows[2]
    assert "public/rubbish.cer" in page.all(".note--bad")[0].text_content()
    assert page.form("/language") is not None and len(page.tree.xpath("//main//form")) == 0, "to read only"
    admin.client.close()


def test_nobody_else_has_the_page(cast: Cast) -> None:
    for name in ("minh", "lan"):
        reader = Reader(cast, name)
        assert reader.get("/admin/trust").status == 404
        reader.client.close()


def test_the_doctor_counts_them_and_names_what_is_not_used(folder: Path, tmp_path: Path) -> None:
    lines = [finding.line for finding in trust(Settings(data=tmp_path, trust=str(folder)))]
    assert lines[0].startswith("✓") and "1 chứng thư gốc" in lines[0]
    assert lines[1].startswith("–") and "public/rubbish.cer" in lines[1]
    (folder / "public").chmod(0o777)
    assert any(finding.mark == "✗" for finding in trust(Settings(data=tmp_path, trust=str(folder))))
    (alone,) = trust(Settings(data=tmp_path / "data"))
    assert alone.mark == "✓" and "test authority only" in alone.says.en
