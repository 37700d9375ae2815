"""The teacher's teaching plan: its form, its weeks, its limit, its way to approval, what is owed after."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from flows.calendar import TeachingWeek
from flows.deadlines import limit
from flows.documents.teacher_teaching_plan import TEACHER_TEACHING_PLAN
from flows.drafts import Exists, save
from flows.facts import facts_of
from models.errors import Invalid, NotYours
from models.settings import VIETNAM
from tests.cast import FIRST_MONDAY, Cast


def rows_of(cast: Cast, *changes: dict[str, Any]) -> list[dict[str, Any]]:
    row = cast.teacher_plan("mai", 30).fields["rows"][0]
    return [{k: v for k, v in row.items() if k != "id"} | change for change in changes]


def test_the_table_a_school_signs() -> None:
    assert [(s.name, s.actions) for s in TEACHER_TEACHING_PLAN.steps] == [
        ("draft", ("submit",)),
        ("author", ("sign", "reopen")),
        ("group_review", ("approve", "return")),
        ("principal_approval", ("approve", "return")),
        ("archive", ("archive",)),
    ]
    assert [o.kind for o in TEACHER_TEACHING_PLAN.obligations] == ["download", "print"]


def test_it_is_due_by_the_end_of_the_tenth_day_before_its_first_monday() -> None:
    deadline = TEACHER_TEACHING_PLAN.deadline
    assert deadline is not None
    # The plan's worked example: the week of Monday 18/11/2024, by Friday 08/11.
    week = TeachingWeek("", "2024-2025", 1, 11, date(2024, 11, 18), date(2024, 11, 24))
    assert limit(deadline, week) == datetime(2024, 11, 9, tzinfo=VIETNAM)


def test_it_goes_from_the_form_to_approved_and_is_due_by_its_first_week(each_cast: Cast) -> None:
    cast = each_cast
    document = cast.teacher_plan("lan", 14, 15)
    assert document.title == "Kế hoạch dạy học tuần 14–15, Nguyễn Thị Lan"
    monday = FIRST_MONDAY + timedelta(weeks=13)
    assert document.due_at == datetime(monday.year, monday.month, monday.day, tzinfo=VIETNAM) - timedelta(
        days=9
    )
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign")
    assert cast.act("hoa", document.id, "approve").step == "principal_approval"
    assert cast.act("ngoc", document.id, "approve").status == "approved"


def test_one_plan_for_a_teacher_and_a_first_week(cast: Cast) -> None:
    cast.teacher_plan("lan", 14)
    cast.teacher_plan("mai", 14)
    with pytest.raises(Exists):
        cast.teacher_plan("lan", 14, 15)


def test_a_period_outside_the_weeks_is_refused_where_it_stands(cast: Cast) -> None:
    in_14 = (FIRST_MONDAY + timedelta(weeks=13)).isoformat()
    in_16 = (FIRST_MONDAY + timedelta(weeks=15)).isoformat()
    document = cast.teacher_plan("lan", 14, 15, rows=rows_of(cast, {"date": in_14}, {"date": in_16}))
    with pytest.raises(Invalid) as refused:
        cast.act("lan", document.id, "submit")
    assert [f.path for f in refused.value.faults] == ["rows.1.date"]


def test_weeks_in_the_wrong_order_are_refused(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        cast.teacher_plan("lan", 14, last_week=cast.weeks[13])
    assert [f.path for f in refused.value.faults] == ["last_week"]
    assert refused.value.sentence.vi.startswith("Tuần cuối đứng trước tuần đầu.")
    document = cast.teacher_plan("lan", 14, 15)
    fields = document.fields | {"last_week": cast.weeks[13]}
    save(cast.office, cast.actor("lan"), document.id, document.content_version, fields)
    with pytest.raises(Invalid) as refused:
        cast.act("lan", document.id, "submit")
    assert "last_week" in [f.path for f in refused.value.faults]


def test_a_class_has_one_lesson_in_a_period_but_two_classes_may_be_taught_together(cast: Cast) -> None:
    day = {"date": (FIRST_MONDAY + timedelta(weeks=13)).isoformat()}
    other = day | {"class": cast.classes["4A"]}
    document = cast.teacher_plan("lan", 14, rows=rows_of(cast, day, other, day))
    with pytest.raises(Invalid) as refused:
        cast.act("lan", document.id, "submit")
    assert [(f.path, "dòng 1" in f.sentence.vi) for f in refused.value.faults] == [("rows.2.period", True)]


def test_the_paper_has_the_periods_in_the_order_they_are_taught(cast: Cast) -> None:
    document = cast.teacher_plan("lan", 14, 15)
    with cast.office.db.read() as session:
        facts = facts_of(session, document, cast.office.now())
    laid_out = TEACHER_TEACHING_PLAN.lay_out(document.fields, facts)
    assert [(week["number"], [row["session"] for row in week["rows"]]) for week in laid_out["weeks"]] == [
        (14, ["Sáng", "Chiều"]),
        (15, ["Sáng", "Chiều"]),
    ]
    assert laid_out["undated"] == []


def test_who_does_not_teach_has_none_to_write(cast: Cast) -> None:
    with pytest.raises(NotYours):
        cast.teacher_plan("thu", 14)
