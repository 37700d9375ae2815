"""Before a spot check, on the pages: what the desk says, where it leads, and the school's own rule."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from flows import duties
from flows.conditions import look
from flows.probable_notices import tell
from models.flag import Flag
from models.notice import Notice
from models.settings import VIETNAM
from tests.cast import Cast
from tests.service.reading import Page, People
from tests.timetables import timetable

EVENING = datetime(2026, 11, 24, 17, 30, tzinfo=VIETNAM)
"""Tuesday of week 12; Lan teaches tomorrow."""


@pytest.fixture(autouse=True)
def lessons(cast: Cast) -> None:
    timetable(cast, "lan", "3A", (2, 1, "Toán"))
    cast.office.now = lambda: EVENING


def warned(page: Page) -> list[tuple[str, str]]:
    """What the desk says may be missing, and where that leads."""
    return [(a.text_content(), a.get("href")) for a in page.all("#check-1 a")]


def test_the_desk_names_what_may_be_missing_and_leads_to_it(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    assert warned(lan.get("/")) == [
        (
            "Chưa có kế hoạch dạy học tuần 12",
            f"/documents/new?type=teacher-teaching-plan&week={cast.weeks[12]}",
        ),
        ("Chưa có kế hoạch bài dạy tuần 12", f"/documents/new?type=lesson-plan&week={cast.weeks[12]}"),
    ]
    assert "chưa phải kết luận kiểm tra" in lan.get("/").words
    assert warned(reader("mai").get("/")) == []
    assert warned(reader("hoa").get("/")) == []


def test_it_goes_with_each_step_until_nothing_is_missing(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    plan = cast.teacher_plan("lan", 12)
    lessons = cast.lesson_plan("lan", 12)
    for document in (plan, lessons):
        cast.act("lan", document.id, "submit")
        cast.act("lan", document.id, "sign")
    assert [path for _, path in warned(lan.get("/"))] == [f"/documents/{plan.id}", f"/documents/{lessons.id}"]
    for document in (plan, lessons):
        for name in ("hoa", "minh"):
            cast.act(name, document.id, "approve")
    assert [what for what, _ in warned(lan.get("/"))] == [
        "Kế hoạch dạy học tuần 12 chưa xác nhận đã in",
        "Kế hoạch bài dạy tuần 12 chưa tải về và chưa in",
    ]
    blob = cast.fresh(lessons.id).blob or ""
    assert duties.downloaded(cast.office, cast.actor("lan"), lessons.id, blob, "page")
    duties.attest(cast.office, cast.actor("lan"), plan.id, "printed", "page")
    assert warned(lan.get("/")) == []
    duties.report_laptop(cast.office, cast.actor("lan"), broken=True, via="page")
    assert [what for what, _ in warned(lan.get("/"))] == ["Kế hoạch bài dạy tuần 12 chưa xác nhận đã in"]


def test_the_school_sets_whether_one_of_two_is_enough(cast: Cast, reader: People) -> None:
    plan = cast.teacher_plan("lan", 12)
    for name, action in (("lan", "submit"), ("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(name, plan.id, action)
    duties.attest(cast.office, cast.actor("lan"), plan.id, "printed", "page")
    assert len(warned(reader("lan").get("/"))) == 1
    saved = reader("admin").get("/admin/school").send("/admin/school/rules", **{"spot_check.both": "1"})
    assert saved.status == 200
    assert warned(reader("lan").get("/")) == []
    refused = (
        reader("admin").get("/admin/school").send("/admin/school/rules", **{"spot_check_eve.hour": "24"})
    )
    assert refused.status == 422


def test_the_other_school_is_told_nothing(cast: Cast, reader: People) -> None:
    assert warned(reader("teacher_b").get("/")) == []
    tell(cast.office.db, EVENING)
    with cast.office.db.read() as session:
        assert [n.account_id for n in session.exec(select(Notice))] == [cast.ids["lan"]]


def test_its_flag_has_a_page_that_says_when_it_was_told_and_how_it_ended(cast: Cast, reader: People) -> None:
    look(cast.office.db, EVENING)
    tell(cast.office.db, EVENING)
    with cast.office.db.read() as session:
        flags = session.exec(
            select(Flag.id).where(col(Flag.rule) == "spot-check").order_by(col(Flag.key))
        ).all()
    assert len(flags) == 2
    page = reader("lan").get(f"/flags/{flags[0]}")
    assert "Có thể thiếu khi kiểm tra thứ Tư 25/11: kế hoạch bài dạy tuần 12 chưa được ký duyệt" in page.words
    assert "chưa nhắc" not in page.words
    assert "Có thể thiếu khi kiểm tra" in reader("hoa").get("/flags/list?rule=spot-check").words
    assert reader("mai").get(f"/flags/{flags[0]}").status == 404
    assert reader("principal_b").get(f"/flags/{flags[0]}").status == 404
    look(cast.office.db, EVENING + timedelta(days=1))
    assert "Ngày dạy đã qua" in reader("lan").get(f"/flags/{flags[0]}").words
