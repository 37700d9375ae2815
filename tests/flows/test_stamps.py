"""What stands where somebody signs is drawn once for what looks the same, and anew for everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from flows import stamps
from flows.documents.lesson_plan import LESSON_PLAN
from models.account import Account
from models.errors import Unavailable
from models.text import Text
from tests.cast import Cast

BOX = (100.0, 200.0, 260.0, 290.0)


@pytest.fixture
def drawn(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the children are asked to draw."""
    real, asked = cast.office.intake.submit, list[Any]()

    def submit(function: Callable[..., Any], data: Any) -> Any:
        asked.append(data)
        return real(function, data)

    stamps._drawn.clear()
    monkeypatch.setattr(cast.office.intake, "submit", submit)
    yield asked
    stamps._drawn.clear()


def draw(cast: Cast, **changes: Any) -> bytes:
    account = Account(full_name=changes.get("name", "Đỗ Quang Minh"))
    step = LESSON_PLAN.step("principal_approval")
    now, box = changes.get("now", cast.office.now()), changes.get("box", BOX)
    lines = changes.get("lines", ("HIỆU TRƯỞNG",))
    return stamps.draw(cast.office, step, box, account, lines, "", stamps.Look(), now)[0]


def test_a_rounds_signatures_of_one_second_are_one_drawing(cast: Cast, drawn: list[Any]) -> None:
    second = cast.office.now().replace(microsecond=0)
    moments = [second + timedelta(milliseconds=100 * n) for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda now: draw(cast, now=now), moments))
    assert len(drawn) == 1
    assert len(made) == 1


def test_what_looks_otherwise_is_drawn_anew(cast: Cast, drawn: list[Any]) -> None:
    now = cast.office.now()
    shown = [
        draw(cast, now=now),
        draw(cast, now=now + timedelta(seconds=1)),
        draw(cast, now=now, name="Lê Thị Ngọc"),
        draw(cast, now=now, lines=("KT. HIỆU TRƯỞNG", "PHÓ HIỆU TRƯỞNG")),
        draw(cast, now=now, box=(*BOX[:3], BOX[3] - 1)),
    ]
    assert len(drawn) == len(set(shown)) == 5


def test_a_drawing_that_failed_is_not_kept(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    now = cast.office.now() + timedelta(hours=1)

    def gone(*_: Any) -> None:
        raise Unavailable(Text("Hỏng", "Broken"))

    with monkeypatch.context() as broken:
        broken.setattr(cast.office.intake, "submit", gone)
        with pytest.raises(Unavailable):
            draw(cast, now=now)
    assert draw(cast, now=now).startswith(b"%PDF")
