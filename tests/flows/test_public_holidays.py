"""Vietnam's public holidays from the library, against the law and a plain lunar computation."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from flows.public_holidays import public_holidays, tet
from tests.lunar import to_solar

YEARS = range(2020, 2036)
DAY = timedelta(days=1)


def of_law(year: int) -> list[date]:
    """What the law names (Labour Code 2019, Article 112), without the second day at National Day.

    From 2026 with the Day of Vietnamese Culture (Resolution 80-NQ/TW)."""
    new_year = to_solar(year, 1, 1)
    days = [
        date(year, 1, 1),
        *(new_year + n * DAY for n in range(-1, 4)),
        to_solar(year, 3, 10),
        date(year, 4, 30),
        date(year, 5, 1),
        date(year, 9, 2),
    ]
    return days + ([date(year, 11, 24)] if year >= 2026 else [])


@pytest.mark.parametrize("year", YEARS)
def test_every_day_of_the_law_is_there_and_no_other_but_for_a_reason(year: int) -> None:
    found = {h.day: h for h in public_holidays(date(year, 1, 1), date(year, 12, 31))}
    law = of_law(year)
    assert set(law) <= set(found)
    more = [found[day] for day in sorted(set(found) - set(law))]
    swapped = [h for h in more if h.instead_of]
    beside = [h for h in more if h.name.vi == "Quốc khánh" and abs(h.day - date(year, 9, 2)) == DAY]
    assert len(beside) == (1 if year >= 2021 else 0)
    in_lieu = [h for h in more if h not in swapped and h not in beside]
    assert all(h.day.weekday() < 5 for h in [*in_lieu, *swapped])
    assert len(in_lieu) == sum(day.weekday() >= 5 for day in law)  # one working day for each on a weekend
    assert all(h.instead_of and h.instead_of.weekday() >= 5 for h in swapped)


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2020, date(2020, 1, 25)),
        (2024, date(2024, 2, 10)),
        (2026, date(2026, 2, 17)),
        (2027, date(2027, 2, 6)),
        (2028, date(2028, 1, 26)),
        (2030, date(2030, 2, 2)),  # in China a day later: the new moon comes between two midnights
        (2033, date(2033, 1, 31)),
    ],
)
def test_the_computation_gives_the_known_new_years(year: int, day: date) -> None:
    assert to_solar(year, 1, 1) == day


@pytest.mark.parametrize("year", YEARS)
def test_tet_is_five_days_off_work_around_the_new_year(year: int) -> None:
    days = tet(year)
    first = to_solar(year, 1, 1)
    assert {first + n * DAY for n in range(-1, 4)} <= set(days)
    assert sum(day.weekday() < 5 for day in days) == 5
    assert date(year, 1, 1) not in days


def test_a_swapped_day_names_the_day_that_is_worked_for_it() -> None:
    (swapped,) = public_holidays(date(2025, 5, 2), date(2025, 5, 2))
    assert swapped.instead_of == date(2025, 4, 26)
    assert swapped.name.vi == "Nghỉ hoán đổi ngày 26/04/2025 (Chính phủ)"
    assert swapped.name.en == "Day off swapped for 26/04/2025 by the government"


def test_a_range_keeps_to_its_days_and_both_languages() -> None:
    found = public_holidays(date(2026, 11, 24), date(2027, 1, 1))
    assert [(h.day, h.name.vi, h.name.en) for h in found] == [
        (date(2026, 11, 24), "Ngày Văn hóa Việt Nam", "Vietnam Cultural Day"),
        (date(2027, 1, 1), "Tết Dương lịch", "New Year's Day"),
    ]
