"""Results of checks: opened by their word alone, for some minutes, and few."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.text import Text
from tasks import check_results
from tasks.check_results import KEPT, CheckResult, CheckResults
from tasks.verdicts import ChangedPlace, Standing, Verdict

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
PLACE = ChangedPlace(1, 0, (1, 2, 3, 4), b"the picture before", b"the picture after", words_after="Bí mật")


def result(at: datetime = NOW, name: str = "KHBD-tuan-14.pdf") -> CheckResult:
    verdict = Verdict(Standing.ALTERED, Text("Sửa", "Changed"), Text("Vì", "For"), places=(PLACE,))
    return CheckResult(name, 10, "0" * 64, at, 0.5, verdict)


@pytest.fixture
def kept(tmp_path: Path) -> CheckResults:
    return CheckResults(tmp_path / "verified")


def test_the_word_opens_it_on_any_server(kept: CheckResults, tmp_path: Path) -> None:
    word = kept.put(result())
    assert CheckResults(tmp_path / "verified").get(word, NOW + KEPT) == result()
    assert kept.get(word + "x", NOW) is None
    assert kept.get("", NOW) is None
    assert kept.get("../../secrets/master.key", NOW) is None


def test_nobody_reads_it_without_the_word(kept: CheckResults, tmp_path: Path) -> None:
    word = kept.put(result())
    (path,) = (tmp_path / "verified").iterdir()
    assert word not in path.name
    for words in (b"KHBD-tuan-14", "Bí mật".encode(), b"the picture"):
        assert words not in path.read_bytes()
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert kept.get(word, NOW) is None, "changed on the disk"


def test_it_is_there_for_some_minutes_only(kept: CheckResults, tmp_path: Path) -> None:
    word = kept.put(result())
    later = NOW + KEPT + timedelta(seconds=1)
    assert kept.get(word, later) is None
    other = kept.put(result(later))
    assert len(list((tmp_path / "verified").iterdir())) == 1, "the old one is gone from the disk"
    assert kept.get(other, later) == result(later)


def test_beyond_the_number_the_oldest_goes(
    kept: CheckResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_results, "MOST", 3)
    words = [kept.put(result(NOW + timedelta(seconds=n))) for n in range(5)]
    now = NOW + timedelta(seconds=5)
    assert [kept.get(word, now) is not None for word in words] == [False, False, True, True, True]
