"""The timetable: what a teacher teaches in a week, and when a new one takes over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from flows import timetable
from models.school import SchoolClass, SchoolWeek, Timetable, TimetableEntry
from tests.cast import FIRST_MONDAY, Cast

OCTOBER = date(2026, 10, 14)
"""A Wednesday, in the middle of teaching week 6."""


def enter(cast: Cast, valid_from: date, *rows: tuple[int, str, int, str, str, str]) -> None:
    """A timetable of (weekday, session, period, class, subject, teacher)."""
    with cast.office.db.write() as session:
        session.add(Timetable(school_id=cast.school_id, valid_from=valid_from, created_at=cast.office.now()))
        session.flush()
        for weekday, part, period, taught, subject, who in rows:
            session.add(entry(cast, valid_from, weekday, part, period, taught, subject, who))


def entry(
    cast: Cast, valid_from: date, weekday: int, part: str, period: int, taught: str, subject: str, who: str
) -> TimetableEntry:
    return TimetableEntry(
        school_id=cast.school_id,
        valid_from=valid_from,
        weekday=weekday,
        session=part,
        period=period,
        class_id=cast.classes[taught],
        subject=subject,
        account_id=cast.ids[who],
    )


def week_of(cast: Cast, who: str, number: int) -> list[tuple[Any, ...]]:
    with cast.office.db.read() as session:
        week = session.get_one(SchoolWeek, cast.weeks[number])
        found = timetable.of_teacher(session, cast.school_id, cast.ids[who], week)
    return [(p.day, p.session, p.number, p.class_name, p.subject) for p in found]


def test_a_week_lists_a_teachers_periods_in_the_order_of_the_week(each_cast: Cast) -> None:
    enter(
        each_cast,
        FIRST_MONDAY,
        (2, "afternoon", 1, "3A", "Toán", "lan"),
        (2, "morning", 4, "3A", "Toán", "lan"),
        (0, "morning", 1, "2A", "Đạo đức", "lan"),
        (0, "morning", 1, "3A", "Âm nhạc", "mai"),
    )
    monday = FIRST_MONDAY + timedelta(weeks=2)
    wednesday = monday + timedelta(days=2)
    assert week_of(each_cast, "lan", 3) == [
        (monday, "morning", 1, "2A", "Đạo đức"),
        (wednesday, "morning", 4, "3A", "Toán"),
        (wednesday, "afternoon", 1, "3A", "Toán"),
    ]
    assert week_of(each_cast, "huong", 3) == []


def test_a_class_has_its_week_too(cast: Cast) -> None:
    enter(
        cast, FIRST_MONDAY, (4, "morning", 2, "3A", "Toán", "lan"), (0, "morning", 1, "3A", "Âm nhạc", "mai")
    )
    with cast.office.db.read() as session:
        week = session.get_one(SchoolWeek, cast.weeks[1])
        found = timetable.of_class(session, cast.school_id, cast.classes["3A"], week)
    assert [(p.subject, p.teacher_id) for p in found] == [
        ("Âm nhạc", cast.ids["mai"]),
        ("Toán", cast.ids["lan"]),
    ]


def test_a_new_timetable_replaces_the_old_one_from_its_day_even_inside_a_week(each_cast: Cast) -> None:
    enter(
        each_cast,
        FIRST_MONDAY,
        (0, "morning", 1, "3A", "Toán", "lan"),
        (3, "morning", 1, "3A", "Toán", "lan"),
    )
    enter(each_cast, OCTOBER, (3, "afternoon", 2, "3A", "Toán", "lan"))
    assert [(d.weekday(), part, n) for d, part, n, *_ in week_of(each_cast, "lan", 5)] == [
        (0, "morning", 1),
        (3, "morning", 1),
    ]
    assert [(d.weekday(), part, n) for d, part, n, *_ in week_of(each_cast, "lan", 6)] == [
        (0, "morning", 1),
        (3, "afternoon", 2),
    ]
    with each_cast.office.db.read() as session:
        before = timetable.valid_on(session, each_cast.school_id, FIRST_MONDAY - timedelta(days=1))
        there = timetable.valid_on(session, each_cast.school_id, OCTOBER + timedelta(days=200))
    assert (before, there) == (None, OCTOBER)


def test_last_years_timetable_says_nothing_about_this_years_weeks(cast: Cast) -> None:
    with cast.office.db.write() as session:
        old = SchoolClass(school_id=cast.school_id, year="2025-2026", name="2A", grade=2)
        session.add(old)
        session.flush()
    cast.classes["2A cũ"] = old.id
    enter(cast, FIRST_MONDAY - timedelta(weeks=50), (0, "morning", 1, "2A cũ", "Toán", "lan"))
    assert week_of(cast, "lan", 1) == []


def test_a_class_has_one_subject_in_a_period_and_a_timetable_goes_with_its_entries(each_cast: Cast) -> None:
    enter(each_cast, FIRST_MONDAY, (0, "morning", 1, "3A", "Toán", "lan"))
    with pytest.raises(IntegrityError), each_cast.office.db.write() as session:
        session.add(entry(each_cast, FIRST_MONDAY, 0, "morning", 1, "3A", "Âm nhạc", "mai"))
    with pytest.raises(IntegrityError), each_cast.office.db.write() as session:
        session.add(entry(each_cast, FIRST_MONDAY, 0, "evening", 1, "3A", "Âm nhạc", "mai"))
    with each_cast.office.db.write() as session:
        session.delete(session.get_one(Timetable, (each_cast.school_id, FIRST_MONDAY)))
    with each_cast.office.db.read() as session:
        assert session.exec(select(TimetableEntry)).all() == []


def test_another_schools_timetable_stays_unseen(cast: Cast) -> None:
    enter(cast, FIRST_MONDAY, (0, "morning", 1, "3A", "Toán", "lan"))
    with cast.office.db.read() as session:
        week = session.get_one(SchoolWeek, cast.weeks[1])
        assert timetable.of_teacher(session, cast.other_school_id, cast.ids["lan"], week) == []
