"""The strip of the desk: days off and made up marked, the nearest limits kept on a phone."""

from __future__ import annotations

from datetime import date, datetime, time

from models.settings import VIETNAM
from tests.cast import Cast
from tests.service.reading import People
from tests.service.test_school_year import DAY, NEXT_MONDAY, SATURDAY, put


def test_days_off_and_made_up_are_marked(cast: Cast, reader: People) -> None:
    put(cast, NEXT_MONDAY, taught_on=SATURDAY)
    put(cast, NEXT_MONDAY + DAY, NEXT_MONDAY + 2 * DAY)
    put(cast, NEXT_MONDAY + 3 * DAY, grades=[3])
    page = reader("lan").get("/")
    days = {p.xpath("string(b)").strip(): p for p in page.all(".strip .day")}
    said = {day: p.xpath("string(span[@class='day__k'])") for day, p in days.items()}
    assert {day: words for day, words in said.items() if words} == {
        "28": "Dạy bù",
        "30": "Nghỉ",
        "01": "Nghỉ",
        "02": "Nghỉ",
        "03": "Vài lớp nghỉ",
    }
    free = {day for day, p in days.items() if "day--off" in p.get("class")}
    assert free == {"29", "30", "01", "02", "05", "06"}


def test_a_phone_keeps_the_limits_to_come_before_those_that_are_past(cast: Cast, reader: People) -> None:
    cast.office.now = lambda: datetime.combine(date(2026, 11, 28), time(9), VIETNAM)
    page = reader("lan").get("/")
    limits = [(p.xpath("string(span)"), "limit--far" in p.get("class")) for p in page.all(".strip .limit")]
    assert limits == [
        ("hết thứ Ba 24/11", True),
        ("hết thứ Sáu 27/11", True),
        ("hết thứ Ba 01/12", False),
        ("hết thứ Sáu 04/12", False),
    ]
