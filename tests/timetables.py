"""A timetable for the cast's school, and the days of its weeks."""

from __future__ import annotations

from datetime import timedelta

from models.school import Timetable, TimetableEntry
from tests.cast import FIRST_MONDAY, Cast


def timetable(
    cast: Cast, name: str, class_name: str, *days: tuple[int, int, str], session: str = "morning"
) -> None:
    """A timetable from the first week on: (weekday, period of the session, subject)."""
    with cast.office.db.write() as rows:
        if rows.get(Timetable, (cast.school_id, FIRST_MONDAY)) is None:
            rows.add(
                Timetable(school_id=cast.school_id, valid_from=FIRST_MONDAY, created_at=cast.office.now())
            )
            rows.flush()
        rows.add_all(
            TimetableEntry(
                school_id=cast.school_id,
                valid_from=FIRST_MONDAY,
                class_id=cast.classes[class_name],
                weekday=weekday,
                session=session,
                period=period,
                subject=subject,
                account_id=cast.ids[name],
            )
            for weekday, period, subject in days
        )


def iso(week: int, weekday: int) -> str:
    return (FIRST_MONDAY + timedelta(weeks=week - 1, days=weekday)).isoformat()
