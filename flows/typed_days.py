"""A day as people type it, read. Pure."""

from __future__ import annotations

import re
from datetime import date

_TYPED = re.compile(
    r"(?P<day>\d{1,2})(?P<sign>[/.-])(?P<month>\d{1,2})(?:(?P=sign)(?P<year>\d{4}|\d{2}))?", re.ASCII
)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})", re.ASCII)


def day_typed(text: str, near: date | None = None) -> date | None:
    """The day typed as 07/12/2026, 7-12-2026, 7.12.26 or 2026-12-07; None when it is none.

    A year of two digits is of this century. Without a year it is the one that comes nearest `near`.
    """
    found = _TYPED.fullmatch(text.strip()) or _ISO.fullmatch(text.strip())
    if not found:
        return None
    day, month = int(found["day"]), int(found["month"])
    if found["year"]:
        year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)
    elif near:
        year = nearest_year(month, near)
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest_year(month: int, near: date) -> int:
    """The year that brings a day of `month` nearest to `near`: January is next year's in December."""
    away = month - near.month
    return near.year + (away < -6) - (away > 6)
