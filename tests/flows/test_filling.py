"""The timetable fills a draft and overwrites nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from flows import drafts
from flows.documents.lesson_plan import LESSON_PLAN
from flows.fields import Choice, Day, Line, Repeated, SubjectName, TaughtClass, Whole
from flows.filling import fill, fillable, from_timetable
from flows.timetable import Period
from models.errors import Invalid, NotFound, Stale
from models.text import Text
from tests.cast import Cast
from tests.timetables import iso, timetable

MONDAY = date(2026, 11, 30)
A = Text("A", "A")


def period(weekday: int, number: int, subject: str, class_id: str = "3A", session: str = "morning") -> Period:
    return Period(MONDAY + timedelta(days=weekday), session, number, class_id, class_id, subject, "lan")


WEEK = [
    period(0, 1, "Toán"),
    period(0, 2, "Tiếng Việt"),
    period(0, 3, "Tiếng Việt"),
    period(1, 1, "Toán"),
    period(1, 1, "Tiếng Việt", session="afternoon"),
]


def lesson(**answers: Any) -> dict[str, Any]:
    return {"id": "x", "class": "3A", "subject": "Toán", "title": "Bài 1"} | answers


def rows_of(stored: list[dict[str, Any]]) -> tuple[list[tuple[Any, ...]], int]:
    part = fillable(LESSON_PLAN)
    assert part is not None
    rows, added = fill(part, stored, WEEK)
    return [(r.get("date"), r["subject"], r.get("periods"), r.get("title")) for r in rows], added


def test_each_lesson_once_double_periods_joined() -> None:
    rows, added = rows_of([{"id": "a", "title": "", "phases": [{"name": "Mở đầu"}]}])
    monday, tuesday = MONDAY.isoformat(), (MONDAY + timedelta(days=1)).isoformat()
    assert added == 4
    assert rows == [
        (monday, "Toán", 1, ""),
        (monday, "Tiếng Việt", 2, ""),
        (tuesday, "Toán", 1, ""),
        (tuesday, "Tiếng Việt", 1, ""),
    ]


def test_what_was_typed_stays_and_an_empty_date_is_filled() -> None:
    tuesday = (MONDAY + timedelta(days=1)).isoformat()
    typed = [
        lesson(title="Không ngày", date="", periods=2),
        lesson(title="Thứ ba", date=tuesday),
        lesson(title="Môn khác", subject="Âm nhạc", date=tuesday, periods=1),
    ]
    rows, added = rows_of(typed)
    assert added == 2
    assert (MONDAY.isoformat(), "Toán", 2, "Không ngày") in rows  # its periods were typed
    assert (tuesday, "Toán", None, "Thứ ba") in rows
    assert (tuesday, "Âm nhạc", 1, "Môn khác") in rows
    assert [r[0] for r in rows] == sorted(r[0] for r in rows)


def test_a_second_time_adds_nothing() -> None:
    part = fillable(LESSON_PLAN)
    assert part is not None
    once, _ = fill(part, [], WEEK)
    assert fill(part, [row | {"title": "Đã viết"} for row in once], WEEK)[1] == 0


def test_a_table_of_periods_gets_each_of_them() -> None:
    part = Repeated(
        name="rows",
        label=A,
        item=A,
        as_table=True,
        fields=(
            Day(name="date", label=A),
            Choice(name="session", label=A, among={"morning": A, "afternoon": A}),
            Whole(name="period", label=A),
            TaughtClass(name="class", label=A),
            SubjectName(name="subject", label=A),
            Line(name="lesson", label=A),
        ),
    )
    rows, added = fill(part, [], WEEK)
    assert added == 5 and [(r["session"], r["period"]) for r in rows][-1] == ("afternoon", 1)
    written = [row | {"lesson": "Bài", "subject": "Dạy thay"} for row in rows[:1]]
    again, added = fill(part, written, WEEK)
    assert added == 4 and again[0]["subject"] == "Dạy thay"


def test_a_draft_is_filled_from_its_author_s_own_week(cast: Cast) -> None:
    timetable(cast, "lan", "3A", (0, 1, "Toán"), (2, 3, "Toán"), (2, 4, "Toán"))
    timetable(cast, "mai", "3A", (0, 2, "Đạo đức"))
    draft = drafts.create(cast.office, cast.actor("lan"), "lesson-plan", {"week": cast.weeks[13]})
    filled, added = from_timetable(cast.office, cast.actor("lan"), draft.id, draft.content_version)
    assert added == 2
    assert [(x["date"], x["periods"]) for x in filled.fields["lessons"]] == [(iso(13, 0), 1), (iso(13, 2), 2)]
    assert filled.fields["lessons"][0]["phases"][0]["name"] == "Mở đầu"
    with pytest.raises(NotFound):
        from_timetable(cast.office, cast.actor("mai"), draft.id, filled.content_version)
    with pytest.raises(Stale):
        from_timetable(cast.office, cast.actor("lan"), draft.id, draft.content_version)
    other = drafts.create(cast.office, cast.actor("hoa"), "lesson-plan", {"week": cast.weeks[13]})
    with pytest.raises(Invalid, match="The timetable has no period"):
        from_timetable(cast.office, cast.actor("hoa"), other.id, other.content_version)
