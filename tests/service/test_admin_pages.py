"""The administration's further pages: weeks put off or taken away, what is empty removed, mail, timetable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from models.notice import Mail
from models.school import SchoolClass, SchoolName, SchoolWeek, Timetable
from service.app import create_app
from tests.cast import FIRST_MONDAY, Cast
from tests.flows.test_timetable import enter as enter_timetable
from tests.service.test_pages_admin import Person

Enter = Callable[[str], Person]
LATER = date(2099, 9, 7)


@pytest.fixture
def enter(cast: Cast) -> Iterator[Enter]:
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app):
        yield lambda name: Person(app, name)


def mondays(cast: Cast) -> dict[int, date]:
    with cast.office.db.read() as session:
        rows = session.exec(select(SchoolWeek).where(col(SchoolWeek.school_id) == cast.school_id)).all()
    return {week.number: week.monday for week in rows}


def test_a_week_off_moves_the_rest_of_the_year_and_records_follow(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    plan = cast.lesson_plan("lan", 34)
    assert admin.change("/admin/weeks/put-off", week_id=cast.weeks[33]).status_code == 303
    after = mondays(cast)
    assert [after[n] - FIRST_MONDAY for n in (32, 33, 35)] == [timedelta(weeks=n) for n in (31, 33, 35)]
    assert cast.fresh(plan.id).week_id == cast.weeks[34]
    off = FIRST_MONDAY + timedelta(weeks=32)
    page = admin.get("/admin/weeks")
    assert f"{off:%d/%m/%Y} – {off + timedelta(days=6):%d/%m/%Y}" in page
    past = admin.post("/admin/weeks/put-off", week_id=cast.weeks[1])
    assert (past.status_code, "đã qua" in past.text) == (422, True)


def test_what_has_records_stays_and_says_so(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    cast.team_plan("hoa", 20, 23)  # covers 21 and 22 without naming them
    for number in (20, 22, 23):
        refused = admin.post("/admin/weeks/remove", week_id=cast.weeks[number])
        assert refused.status_code == 422
        assert f"Tuần {number} năm học 2026-2027 đã có hồ sơ" in refused.text
    assert admin.post("/admin/weeks/remove-year", year="2026-2027").status_code == 422
    assert admin.change("/admin/weeks/remove", week_id=cast.weeks[35]).status_code == 303
    assert 35 not in mondays(cast)
    again = {"year": "2026-2027", "added": f"{FIRST_MONDAY + timedelta(weeks=34):%d/%m/%Y}"}
    assert admin.post("/admin/weeks/add", **again).status_code == 303
    assert admin.post("/admin/weeks/add", **again).status_code == 422
    assert mondays(cast)[35] == FIRST_MONDAY + timedelta(weeks=34)


def test_only_what_is_empty_can_be_removed(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    cast.lesson_plan("lan", 20)
    with cast.office.db.write() as session:
        empty = SchoolClass(school_id=cast.school_id, year="2026-2027", name="9X", grade=9)
        session.add(empty)
    taught = admin.post("/admin/classes/remove", class_id=cast.classes["3A"])
    assert (taught.status_code, "đang có phân công" in taught.text) == (422, True)
    assert admin.post("/admin/classes/remove", class_id=empty.id).status_code == 303
    refused = admin.post(f"/admin/groups/{cast.groups['1-2-3']}/remove")
    assert (refused.status_code, "không xóa được" in refused.text) == (422, True)
    admin.post("/admin/groups", name="Tổ Trống")
    assert "Xóa Tổ Trống" in admin.get("/admin/groups")


def test_a_name_to_come_can_be_taken_back_one_that_held_cannot(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    name = {"parent": "Xã Mới", "name": "Trường Mới", "place": "Mới", "abbreviation": "TM"}
    admin.post("/admin/school/name", valid_from="07/09/2099", **name)
    assert admin.post("/admin/school/remove-name", valid_from="2020-01-01").status_code == 422
    assert admin.post("/admin/school/remove-name", valid_from="2099-09-07").status_code == 303
    with cast.office.db.read() as session:
        assert session.get(SchoolName, (cast.school_id, LATER)) is None


def test_a_test_mail_goes_the_way_of_every_mail(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    cast.office.settings.smtp_host = "mail.example.test"
    cast.office.settings.smtp_password = "Bi-mat-1"
    page = admin.get("/admin/mail")
    assert "đã đặt" in page
    assert "Bi-mat-1" not in page
    assert admin.post("/admin/mail/test").status_code == 303
    with cast.office.db.read() as session:
        mail = session.exec(select(Mail)).one()
    assert (mail.recipient, mail.state) == ("admin@example.test", "waiting")
    assert "Hồ Sơ Số: thư thử" in admin.get("/admin/mail")


def test_the_timetable_shows_a_class_and_one_to_come_can_be_removed(cast: Cast, enter: Enter) -> None:
    enter_timetable(cast, FIRST_MONDAY, (1, "morning", 2, "3A", "Toán", "lan"))
    enter_timetable(cast, LATER, (2, "morning", 1, "3A", "Âm nhạc", "mai"))
    admin = enter("admin")
    now = admin.get("/admin/timetable")
    assert "Toán" in now
    assert "Âm nhạc" not in now
    assert "Âm nhạc" in admin.get("/admin/timetable?start=2099-09-07")
    begun = admin.post("/admin/timetable/remove", valid_from=FIRST_MONDAY.isoformat())
    assert (begun.status_code, "đã bắt đầu" in begun.text) == (422, True)
    assert admin.post("/admin/timetable/remove", valid_from="2099-09-07").status_code == 303
    with cast.office.db.read() as session:
        assert [row.valid_from for row in session.exec(select(Timetable)).all()] == [FIRST_MONDAY]


def test_the_overview_names_what_wants_a_look(cast: Cast, enter: Enter) -> None:
    admin, lan = enter("admin"), enter("lan")
    lan.post("/reports", seen="/reports/new", what="Máy in không in được mẫu.")
    page = admin.get("/admin")
    assert "1 báo sự cố chờ trả lời" in page


def test_these_pages_are_the_administrators_alone(enter: Enter) -> None:
    lan = enter("lan")
    for path in ("/admin/mail", "/admin/timetable", "/admin/import"):
        assert lan.client.get(path).status_code == 404
    for path in ("/admin/mail/test", "/admin/timetable/remove", "/admin/weeks/put-off"):
        assert lan.post(path).status_code == 404
