"""A day as people type it: every way of writing one that a Vietnamese office uses, and what is none."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from flows.fields import Day, Known
from flows.typed_days import day_typed
from models.errors import Invalid
from models.settings import VIETNAM
from models.text import Text
from service.school import read_day

NOVEMBER = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("07/12/2026", date(2026, 12, 7)),
        (" 7/12/2026 ", date(2026, 12, 7)),
        ("7-12-2026", date(2026, 12, 7)),
        ("07.12.2026", date(2026, 12, 7)),
        ("7/12/26", date(2026, 12, 7)),
        ("2026-12-07", date(2026, 12, 7)),
        ("7/12", date(2026, 12, 7)),
        ("5/1", date(2027, 1, 5)),
        ("29/2/2028", date(2028, 2, 29)),
        ("29/2/2027", None),
        ("12/31/2026", None),
        ("7/12-2026", None),
        ("7/12/026", None),
        ("thứ Hai", None),
        ("٧/١٢/٢٠٢٦", None),
        ("", None),
    ],
)
def test_a_day_is_read_as_it_is_typed(typed: str, day: date | None) -> None:
    assert day_typed(typed, NOVEMBER) == day


def test_a_form_takes_the_year_that_is_near_and_a_setting_asks_for_it() -> None:
    field = Day(name="date", label=Text("Ngày", "Date"))
    known = Known(now=datetime(2026, 12, 30, 20, tzinfo=VIETNAM))
    assert field.take("4/1", "d", known) == ("2027-01-04", [])
    assert field.take("31/6", "d", known)[0] == "31/6"
    assert read_day("1-2-27", "d") == date(2027, 2, 1)
    for typed, words in (("1/2", "“1/2” chưa có năm."), ("31/6", "“31/6” không phải là ngày.")):
        with pytest.raises(Invalid) as refused:
            read_day(typed, "d")
        assert refused.value.faults[0].sentence.vi.startswith(words)
