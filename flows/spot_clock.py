"""What the clock does about spot checks: periods that are gone, days that are over, seeds to publish.

A planned check is never moved to another period. Where its lesson does not take place that day, or another
teaches it, it is *missed* and says why; where the day passed without it, likewise. What an inspector recorded
all the same, without a network, is taken whenever it arrives (`flows/spot_records.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from flows import day_rows, minutes_owed, probable_rows, spot_notices, spot_reveal, timetable
from flows.candidates import today
from flows.reminders import write_new
from flows.school_days import SchoolDays, Taught
from models.db import Database
from models.school import SchoolClass
from models.settings import Settings
from models.spot_check import SpotCheck
from models.text import Text


def look(db: Database, settings: Settings, now: datetime, school_id: str | None = None) -> int:
    """Settle what the clock knows by now, tell inspectors of their checks; how many things changed."""
    with db.read() as session:
        waiting = list(session.exec(_due(today(now), school_id)))
        gone = list(_gone(session, waiting, now))
    changed = 0
    for check_id, kind, words in gone:
        with db.write() as session:
            changed += session.exec(
                update(SpotCheck)
                .where(col(SpotCheck.id) == check_id, col(SpotCheck.state) == "planned")
                .values(state="missed", ended_kind=kind, ended_words=words, ended_at=now)
            ).rowcount
    changed += spot_reveal.reveal(db, settings, now, school_id or "")
    changed += write_new(db, now, school_id, minutes_owed.late)
    return changed + write_new(db, now, school_id, spot_notices.planned)


def _due(day: date, school_id: str | None):  # type: ignore[no-untyped-def]  # a select's type has no short name
    rows = select(SpotCheck).where(col(SpotCheck.state) == "planned", col(SpotCheck.day) <= day)
    return rows.where(col(SpotCheck.school_id) == school_id) if school_id else rows


def _gone(session: Session, checks: list[SpotCheck], now: datetime) -> Iterator[tuple[str, str, str]]:
    """Id, kind and words of the checks that do not take place, or did not."""
    by_place: dict[tuple[str, date], list[SpotCheck]] = defaultdict(list)
    for check in checks:
        by_place[check.school_id, check.day].append(check)
    for (school_id, day), here in by_place.items():
        days = day_rows.school_days(session, school_id)
        absent = probable_rows.away(session, [school_id], day)
        lessons = timetable.of_days(session, school_id, day, day)
        taught = {(p.session, p.number, p.class_id, p.teacher_id) for p in lessons}
        for check in here:
            if check.teacher_id in absent:
                yield check.id, "away", ""
            elif (check.session, check.period, check.class_id, check.teacher_id) not in taught:
                yield check.id, "no-lesson", _why(session, days, check)
            elif day < today(now):
                yield check.id, "not-made", ""


def _why(session: Session, days: SchoolDays, check: SpotCheck) -> str:
    """The reason the calendar gives, where it is the calendar's doing."""
    taught = session.get_one(SchoolClass, check.class_id)
    for change in reversed(days.changes_on(check.day)):
        if change.concerns(Taught(taught.id, taught.grade)):
            return change.reason.vi
    return CHANGED.vi


CHANGED = Text("Thời khóa biểu đã thay đổi", "The timetable has changed")
