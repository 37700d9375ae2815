"""The subject of a mail of several matters: short, whole, each matter by its own name."""

from __future__ import annotations

import pytest

from models.text import Language
from tasks.kinds import KINDS, short
from tasks.letters import render
from tasks.noticing import Item, Lines


def subject(language: Language, counts: dict[str, int]) -> str:
    """The subject of a mail with so many lines of each kind."""
    lines = Lines({k: {f"{k}{n}": Item("Hồ sơ", "/", "") for n in range(c)} for k, c in counts.items()})
    template, values = lines.filled(language)
    return render(template, language, name="Lan", url="http://localhost", **values)["subject.txt"]


def test_it_counts_each_matter_by_a_name_of_its_own() -> None:
    assert subject("vi", {"waiting": 1, "overdue": 2}) == "Hồ Sơ Số: 3 việc – chờ xử lý 1, quá hạn 2"
    assert subject("vi", {"overdue": 1, "flag": 1}) == "Hồ Sơ Số: 2 việc – quá hạn 1, cần để ý 1"
    assert subject("en", {"overdue": 1, "flag": 1}) == "Hồ Sơ Số: 2 items – past the limit 1, for attention 1"
    for language in ("vi", "en"):
        assert len({short(kind).to(language) for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("n", [1, 88])
def test_however_much_there_is_it_is_short_and_whole(language: Language, n: int) -> None:
    said = subject(language, dict.fromkeys((k for k in KINDS if k != "weekly"), n))
    assert len(said) <= 70
    assert "…" not in said
    named = [int(part.rsplit(" ", 1)[1]) for part in said.partition(" – ")[2].split(", ")]
    assert sum(named) == n * (len(KINDS) - 1)
    assert f": {sum(named)} " in said
