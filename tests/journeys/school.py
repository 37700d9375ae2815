"""The cast of `tests/cast.py` in an installation of real processes, with a calendar around the present day.

The cast's own calendar is fixed; processes have the real clock, so here week 13 is the one we are in and
every limit before it is past. What people type into the forms stands here too.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlmodel import col, select

from flows.office import utc_now
from models.school import SchoolSetting, SchoolWeek
from models.settings import VIETNAM
from tasks import mail_hours
from tasks.mail_hours import MailHours
from tasks.mailing import look_again
from tests.cast import Cast, make_cast
from tests.journeys.processes import Installation

THIS_WEEK = 13


def found_school(here: Installation) -> Cast:
    """Both schools with accounts and keys; week 13 is the present one.

    The clock is the machine's, night and Sunday included, so every mail goes at once.
    """
    cast = make_cast(here.office)
    with here.office.db.write() as session:
        weeks = session.exec(
            select(SchoolWeek).where(col(SchoolWeek.school_id) == cast.school_id).order_by("number")
        ).all()
        for week in weeks:  # out of the way first: two weeks never begin on one day
            week.monday -= timedelta(weeks=5000)
        session.flush()
        today = utc_now().astimezone(VIETNAM).date()
        this_monday = today - timedelta(days=today.weekday())
        for week in weeks:
            week.monday = this_monday + timedelta(weeks=week.number - THIS_WEEK)
            week.sunday = week.monday + timedelta(days=6)
    for school_id in (cast.school_id, cast.other_school_id):
        mails_go(here, school_id, digest=False)
    return cast


def mails_go(here: Installation, school_id: str, *, digest: bool) -> None:
    """All mails of a school at once, day and night, or what can wait with the digest."""
    far = (utc_now().astimezone(VIETNAM).hour + 12) % 24  # no digest falls due while the test looks
    value = mail_hours.as_data(MailHours(digest=digest, hour=far, quiet_from=0, quiet_to=0))
    with here.office.db.write() as session:
        session.merge(SchoolSetting(school_id=school_id, key=mail_hours.SETTING, value=value))
        look_again(session, school_id)


def monday_of(cast: Cast, number: int) -> date:
    """The Monday of a school week, as the school was founded: a new week may have begun meanwhile."""
    with cast.office.db.read() as session:
        return session.get_one(SchoolWeek, cast.weeks[number]).monday


def lesson_plan(cast: Cast, week: int, lessons: int = 1, mark: str = "") -> dict[str, Any]:
    """What a teacher types for a week; `mark` makes one paper differ from the next."""
    fields = cast.lesson_fields(week, lessons)
    for number, lesson in enumerate(fields["lessons"]):
        lesson["date"] = (monday_of(cast, week) + timedelta(days=number % 5)).isoformat()
        lesson["title"] = f"{lesson['title']} {mark}".strip()
    return fields


def team_plan(cast: Cast, first: int, last: int) -> dict[str, Any]:
    """What a group head types for some weeks."""
    return {
        "subject": "Toán",
        "grade": "3",
        "first_week": cast.weeks[first],
        "last_week": cast.weeks[last],
        "basis": "<p>Căn cứ Chương trình giáo dục phổ thông 2018;</p>",
        "conditions": "<p>Khối 3 có 3 lớp.</p>",
        "rows": [
            {"week": cast.weeks[first], "theme": "Số học", "lesson": "Bài 40", "periods": 2},
            {"week": cast.weeks[last], "theme": "Hình học", "lesson": "Bài 41", "periods": 3},
        ],
        "organisation": "<p>Giáo viên trong khối thực hiện theo kế hoạch.</p>",
    }
