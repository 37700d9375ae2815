"""Spot checks on real rows: chosen, seen by whom, and what the records know of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError
from sqlmodel import update

from flows import prints, spot_checks
from flows.duties import report_laptop
from flows.queries import seen as document_seen
from flows.spot_checks import Asked, Choice, choose
from flows.spot_marks import Marks, Sending
from flows.spot_records import record
from models.errors import Invalid, NotFound, NotYours
from models.spot_check import SpotCheck
from tests.cast import FIRST_MONDAY, Cast
from tests.timetables import timetable

WEEK = 12
TODAY = FIRST_MONDAY + timedelta(weeks=WEEK - 1, days=1)
"""The tests' Tuesday."""
GOOD = Marks("present", "present")
NONE = Marks("absent", "absent")


def lessons(cast: Cast) -> Cast:
    """Lan teaches 3A, Hường 4A; Bình inspects and teaches 5A in the third period of Tuesday."""
    timetable(cast, "lan", "3A", (1, 2, "Toán"), (1, 3, "Tiếng Việt"), (2, 1, "Toán"))
    timetable(cast, "huong", "4A", (1, 2, "Khoa học"), (2, 1, "Toán"))
    timetable(cast, "binh", "5A", (1, 3, "Toán"))
    return cast


@pytest.fixture
def school(each_cast: Cast) -> Cast:
    return lessons(each_cast)


def chosen(cast: Cast, by: str = "binh", **changes: Any) -> str:
    """A check of Lan's second period today."""
    asked: dict[str, Any] = {
        "day": TODAY,
        "session": "morning",
        "period": 2,
        "class_id": cast.classes["3A"],
        "reason": "Theo kế hoạch tháng 11",
    }
    return choose(cast.office, cast.actor(by), Choice(**(asked | changes)))


def sending(cast: Cast, marks: Marks = GOOD, key: str = "phone-0001", **more: Any) -> Sending:
    return Sending(key, marks, cast.office.now(), **more)


def row(cast: Cast, check_id: str) -> SpotCheck:
    with cast.office.db.read() as session:
        return session.get_one(SpotCheck, check_id)


def all_well(cast: Cast, name: str = "lan") -> str:
    """Both plans of the week approved, the teaching plan printed; the print's code."""
    plan = cast.teacher_plan(name, WEEK)
    lessons = cast.lesson_plan(name, WEEK)
    for document in (plan, lessons):
        approve(cast, name, document.id)
    made = prints.make(cast.office, cast.actor(name), plan.id, "page")
    assert made.code
    return made.code


def approve(cast: Cast, name: str, document_id: str) -> None:
    head = "son" if name == "huong" else "hoa"
    for who, action in ((name, "submit"), (name, "sign"), (head, "approve"), ("minh", "approve")):
        cast.act(who, document_id, action)


# --- choosing -------------------------------------------------------------------------------------------


def test_a_chosen_check_has_its_place_its_reason_and_its_teacher(school: Cast) -> None:
    made = row(school, chosen(school))
    assert (made.state, made.reason, made.draw_id) == ("planned", "Theo kế hoạch tháng 11", None)
    assert (made.teacher_id, made.inspector_id) == (school.ids["lan"], school.ids["binh"])
    assert (made.day, made.session, made.period, made.subject) == (TODAY, "morning", 2, "Toán")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"day": TODAY - timedelta(days=1)}, "day"),
        ({"period": 5}, "period"),
        ({"day": TODAY + timedelta(days=4)}, "period"),
        ({"class_id": "không có"}, "period"),
        ({"inspector_id": "không có"}, "inspector"),
    ],
)
def test_what_cannot_be_checked_is_refused_at_its_field(school: Cast, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        chosen(school, **changes)
    assert [fault.path for fault in refused.value.faults] == [field]


def test_nobody_checks_themselves(school: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        chosen(school, period=3, class_id=school.classes["5A"])
    assert "tự kiểm tra" in refused.value.sentence.vi
    with pytest.raises(DatabaseError), school.office.db.write() as session:
        session.exec(update(SpotCheck).values(teacher_id=school.ids["binh"]))
        session.add(
            SpotCheck(
                school_id=school.school_id,
                reason="thử",
                day=TODAY,
                session="morning",
                period=3,
                class_id=school.classes["5A"],
                subject="Toán",
                teacher_id=school.ids["binh"],
                inspector_id=school.ids["binh"],
                planned_by=school.ids["binh"],
                planned_at=school.office.now(),
            )
        )


def test_an_inspector_is_in_one_classroom_at_a_time(school: Cast) -> None:
    chosen(school)
    with pytest.raises(Invalid) as refused:
        chosen(school, class_id=school.classes["4A"])
    assert [fault.path for fault in refused.value.faults] == ["period"]


def test_principals_plan_for_inspectors_and_inspectors_for_themselves(school: Cast) -> None:
    made = row(school, chosen(school, "minh", inspector_id=school.ids["binh"]))
    assert (made.inspector_id, made.planned_by) == (school.ids["binh"], school.ids["minh"])
    with pytest.raises(Invalid):
        chosen(school, "binh", period=3, inspector_id=school.ids["minh"])
    for who in ("lan", "hoa", "thu", "admin"):
        with pytest.raises(NotYours):
            chosen(school, who, period=3)


# --- who sees it ----------------------------------------------------------------------------------------


def may_see(cast: Cast, check_id: str, *names: str) -> list[str]:
    found = []
    for name in names:
        with cast.office.db.read() as session:
            try:
                spot_checks.one(session, cast.actor(name), check_id)
            except NotFound:
                continue
            found.append(name)
    return found


EVERYBODY = (
    "minh",
    "ngoc",
    "hoa",
    "lien",
    "lan",
    "mai",
    "son",
    "huong",
    "thu",
    "binh",
    "admin",
    "principal_b",
)


def test_before_its_time_only_inspector_and_principals_know_of_a_check(school: Cast) -> None:
    assert may_see(school, chosen(school), *EVERYBODY) == ["minh", "ngoc", "binh"]


def test_once_sent_the_person_concerned_and_their_heads_read_it(school: Cast) -> None:
    check_id = chosen(school)
    record(school.office, school.actor("binh"), check_id, sending(school))
    assert may_see(school, check_id, *EVERYBODY) == ["minh", "ngoc", "hoa", "lien", "lan", "binh"]
    document_id = row(school, check_id).document_id
    assert document_id
    with school.office.db.read() as session:
        readers = [n for n in EVERYBODY if document_seen(session, school.actor(n), document_id)]
    assert readers == ["minh", "ngoc", "hoa", "lien", "lan", "binh"]


def test_a_principal_who_is_checked_does_not_know_beforehand(school: Cast) -> None:
    timetable(school, "ngoc", "2A", (1, 4, "Đạo đức"))
    check_id = chosen(
        school, "minh", period=4, class_id=school.classes["2A"], inspector_id=school.ids["binh"]
    )
    assert may_see(school, check_id, "minh", "ngoc", "binh") == ["minh", "binh"]
    with school.office.db.read() as session:
        assert spot_checks.listed(session, school.actor("ngoc"), Asked()) == []


# --- evidence -------------------------------------------------------------------------------------------


def papers(cast: Cast, check_id: str, at: datetime | None = None) -> dict[str, Any]:
    with cast.office.db.read() as session:
        check = session.get_one(SpotCheck, check_id)
        return dict(spot_checks.evidence(session, check, at or cast.office.now()).papers)


def test_the_records_say_what_is_approved_downloaded_and_printed(school: Cast) -> None:
    check_id = chosen(school)
    before = papers(school, check_id)
    assert [before[item].state for item in before] == ["none", "none"]
    assert all(before[item].owed for item in before)
    code = all_well(school)
    plan = papers(school, check_id)["teaching_plan"]
    assert plan.state == "approved"
    assert [made for made, _ in plan.prints] == [code]
    assert plan.approved_at is not None
    lesson = papers(school, check_id)["lesson_plan"]
    assert (lesson.state, lesson.downloaded_at, lesson.prints) == ("approved", None, ())
    assert (
        papers(school, check_id, plan.approved_at - timedelta(microseconds=1))["teaching_plan"].state
        == "waiting"
    )


def test_the_lesson_of_the_period_is_named_by_the_plan(school: Cast) -> None:
    check_id = chosen(school)
    fields = {
        "rows": [
            {
                "date": TODAY.isoformat(),
                "session": "morning",
                "period": period,
                "class": school.classes["3A"],
                "subject": "Toán",
                "lesson": f"Bài {period}",
                "equipment": "",
                "adjustment": "",
            }
            for period in (1, 2)
        ]
    }
    approve(school, "lan", school.teacher_plan("lan", WEEK, **fields).id)
    with school.office.db.read() as session:
        found = spot_checks.evidence(session, session.get_one(SpotCheck, check_id), school.office.now())
    assert found.lesson == "Bài 2"


def test_a_plan_over_several_weeks_counts_for_each(school: Cast) -> None:
    check_id = chosen(school)
    approve(school, "lan", school.teacher_plan("lan", WEEK - 1, WEEK + 1).id)
    assert papers(school, check_id)["teaching_plan"].state == "approved"
    other = chosen(school, period=3)
    assert papers(school, other)["teaching_plan"].state == "approved"


@pytest.mark.parametrize(
    ("whose", "week", "says"), [("lan", WEEK, "right"), ("huong", WEEK, "other"), ("lan", WEEK + 1, "other")]
)
def test_a_code_is_of_this_teachers_plan_of_this_week_or_not(
    school: Cast, whose: str, week: int, says: str
) -> None:
    check_id = chosen(school)
    plan = school.teacher_plan(whose, week)
    approve(school, whose, plan.id)
    code = prints.make(school.office, school.actor(whose), plan.id, "page").code
    assert code
    with school.office.db.read() as session:
        for typed in (code, prints.spoken(code).lower(), f" {code} "):
            assert spot_checks.code(session, school.actor("binh"), check_id, typed).says == says
        assert spot_checks.code(session, school.actor("binh"), check_id, "ABCD-EFGH-JKMN").says == "unknown"
        with pytest.raises(NotYours):
            spot_checks.code(session, school.actor("minh"), check_id, code)


def test_a_laptop_reported_broken_is_told(school: Cast) -> None:
    check_id = chosen(school)
    report_laptop(school.office, school.actor("lan"), broken=True, via="page")
    with school.office.db.read() as session:
        check = session.get_one(SpotCheck, check_id)
        now = school.office.now()
        assert spot_checks.evidence(session, check, now).laptop_broken_since is not None
        assert spot_checks.evidence(session, check, now - timedelta(hours=1)).laptop_broken_since is None
