"""The public holidays of Vietnam between two days, in both languages. Pure.

The days come from the library `holidays`: those of the law (Labour Code 2019, Article 112), the lunar ones by
Vietnam's own calendar, the days in lieu of a weekend (Article 111), the day beside National Day, and the
days the government swapped. What a school keeps of them is rows (`models.school.CalendarChange`), so that a
newer library never rewrites a year that has begun; what the government decides later is entered on the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from models.text import Text


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day without work; `instead_of` is the weekend day that is worked for it, where it was swapped."""

    day: date
    name: Text
    instead_of: date | None = None


def public_holidays(first: date, last: date) -> tuple[Holiday, ...]:
    """Every public holiday from one day to another, both included, in order."""
    years = range(first.year, last.year + 1)
    return tuple(h for year in years for h in _of(year) if first <= h.day <= last)


def tet(year: int) -> tuple[date, ...]:
    """The holidays of the lunar new year that begins in this year, days in lieu included, in order."""
    new_year = next(h.day for h in _of(year) if h.name.vi.split("; ")[0] == "Tết Nguyên đán")
    near = timedelta(days=7)
    return tuple(h.day for h in _of(year) if abs(h.day - new_year) <= near and "Tết" in h.name.vi)


@cache
def _of(year: int) -> tuple[Holiday, ...]:
    import holidays  # its tables of all calendars take a sixth of a second, which most starts do not need

    vietnamese = holidays.country_holidays("VN", years=year, language="vi")
    english = holidays.country_holidays("VN", years=year, language="en_US")
    return tuple(_holiday(day, name, english[day]) for day, name in sorted(vietnamese.items()))


_SWAPPED = re.compile(r"thay cho ngày (\d\d/\d\d/\d{4})")


def _holiday(day: date, name: str, english: str) -> Holiday:
    name = name.replace("Nguyên Đán", "Nguyên đán")  # as the rest of the system writes it
    found = _SWAPPED.search(name)
    if found is None:
        return Holiday(day, Text(name, english))
    worked = datetime.strptime(found[1], "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no time zone
    words = Text("Nghỉ hoán đổi ngày {day} (Chính phủ)", "Day off swapped for {day} by the government")
    return Holiday(day, words.format(day=found[1]), worked)
