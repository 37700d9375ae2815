"""One word for one thing, on pages, in mails and on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KINDS = {".html", ".txt", ".typ", ".py", ".js"}


@pytest.mark.parametrize(
    ("other", "ours"),
    [
        (r"(?i)(?<!\w)cờ(?!\w)", "ghi nhận"),
        (r"(?i)học kỳ", "học kì"),
        (r"Nguyên Đán(?!\", \"Nguyên đán)", "Nguyên đán"),
        ("bịa ra", "giả định"),
    ],
)
def test_nothing_is_called_by_another_name(other: str, ours: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for folder in ("templates", "service", "flows", "tasks", "models")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in KINDS
        for line in path.read_text().splitlines()
        if re.search(other, line)
    ]
    assert found == [], ours
