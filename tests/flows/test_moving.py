"""Weeks, days and classes of copied work."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from flows.fields import Choice, Day, Line, Repeated, SubjectName, TaughtClass, Whole
from flows.moving import Class, Move, Slot, Week, moved_row, settle
from models.text import Text

A = Text("A", "A")
MONDAYS = [date(2026, 9, 7) + timedelta(weeks=n) for n in (0, 1, 3, 4)]  # a break in between
WEEKS = tuple(
    Week(f"w{n}", "2026-2027", monday, monday + timedelta(days=6)) for n, monday in enumerate(MONDAYS, 1)
)
CLASSES = {
    c.id: c
    for c in (
        Class("a3", "3A", 3, "2026-2027"),
        Class("b3", "3B", 3, "2026-2027"),
        Class("c3", "3C", 3, "2026-2027"),
        Class("old", "3C", 3, "2025-2026"),
        Class("five", "5A", 5, "2026-2027"),
    )
}
PART = Repeated(
    name="rows",
    label=A,
    item=A,
    fields=(
        Day(name="date", label=A),
        Choice(name="session", label=A, among={"morning": A, "afternoon": A}),
        Whole(name="period", label=A),
        TaughtClass(name="class", label=A),
        SubjectName(name="subject", label=A),
        Line(name="lesson", label=A),
    ),
)


def move(start: int, target: int, *taught: tuple[str, str], timetable: tuple[Slot, ...] = ()) -> Move:
    return Move(WEEKS[start - 1], WEEKS[target - 1], WEEKS, CLASSES, frozenset(taught), timetable)


def test_weeks_and_weekdays_move_over_a_break_and_end_with_the_year() -> None:
    on = move(1, 2)
    assert (on.week("w2"), on.week("w4"), on.week("nothing")) == ("w3", "", "")
    assert on.day("2026-09-16") == "2026-09-30"  # Wednesday of week 2, Wednesday of week 3
    assert (on.day("2026-09-23"), on.day("gõ nhầm"), on.day("")) == ("", "", "")  # a break, no date


@pytest.mark.parametrize(
    ("taught", "old", "new"),
    [
        ((("a3", "Toán"),), "b3", "a3"),  # a colleague's class: my own of the grade
        ((("a3", "Toán"), ("b3", "Toán")), "b3", "b3"),  # I teach it too
        ((("a3", "Toán"), ("b3", "Toán")), "c3", ""),  # mine to choose
        ((("a3", "Toán"), ("b3", "Âm nhạc")), "c3", "a3"),  # the one with this subject
        ((("b3", "Toán"),), "old", "b3"),  # last year's class
        ((("five", "Toán"),), "old", "c3"),  # the class of that name
        ((), "gone", ""),
    ],
)
def test_a_class_becomes_the_person_s_own(taught: Any, old: str, new: str) -> None:
    row = {"date": "", "class": old, "subject": "Toán", "lesson": "Bài 1"}
    assert moved_row(PART, row, move(1, 2, *taught))["class"] == new


def test_a_row_that_names_its_period_gets_one_of_the_timetable_s() -> None:
    monday, tuesday = MONDAYS[1], MONDAYS[1] + timedelta(days=1)
    on = move(
        1,
        2,
        timetable=(
            Slot(monday, "a3", "Toán", "morning", 2),
            Slot(tuesday, "a3", "Toán", "afternoon", 1),
        ),
    )

    def row(day: date, session: str, period: int, subject: str = "Toán") -> dict[str, Any]:
        return {
            "date": day.isoformat(),
            "session": session,
            "period": period,
            "class": "a3",
            "subject": subject,
        }

    rows = [row(monday, "morning", 1), row(monday, "morning", 2), row(monday, "morning", 3, "Đạo đức")]
    settle(PART, rows, on)
    assert [(r["date"], r["session"], r["period"]) for r in rows] == [  # in the order of the week
        (monday.isoformat(), "morning", 2),
        (monday.isoformat(), "morning", 3),
        (tuesday.isoformat(), "afternoon", 1),
    ]
