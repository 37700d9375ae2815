"""The account page, the confirmations and the administrator's pages, clicked through as forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from html import unescape

import lxml.html
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select

from flows import keyring
from flows.rules import rules_of
from models.account import Account, AccountRole, Group, GroupMember
from models.key import SigningKey
from models.notice import Notice
from models.run import Incident
from models.school import SchoolClass, SchoolName, SchoolWeek, TeachingAssignment
from service.app import create_app
from tests import leaks
from tests.cast import PASSWORD, PIN, Cast
from tests.service.reading import let_in
from tests.timetables import timetable

Enter = Callable[..., "Person"]


class Person:
    """A signed-in browser that sends forms with the token of the page it last saw."""

    def __init__(self, app: FastAPI, name: str, password: str = "") -> None:
        """Signed in; with a password, by the form, whose answer is kept."""
        self.client = TestClient(app, follow_redirects=False)
        if not password:
            let_in(self.client, app.state.office, name)
            return
        page = self.client.get("/sign-in")
        data = {"csrf": self.token(page), "name": name, "password": password}
        self.entered = self.client.post("/sign-in", data=data)

    @staticmethod
    def token(page: Response) -> str:
        found = re.search(r'name="csrf" value="([^"]*)"', page.text)
        assert found is not None, page.text
        return unescape(found[1])

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def post(self, path: str, seen: str = "/account", **data: str | list[str]) -> Response:
        csrf = self.token(self.client.get(seen))
        answer: Response = self.client.post(path, data={"csrf": csrf, **data})
        return answer

    def change(self, path: str, **data: str | list[str]) -> Response:
        """Send a form of the school year, and what its page of changes shows once more, to apply it."""
        answer = self.post(path, **data)
        shown = re.search(r'name="shown" value="([^"]*)"', answer.text)
        return self.post(path, **data, shown=shown[1]) if shown else answer


@pytest.fixture
def enter(cast: Cast) -> Iterator[Enter]:
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app):
        yield lambda name, password="": Person(app, name, password)


def confirm_only(person: Person, **more: str) -> None:
    """Say yes to the one thing that waits."""
    (change,) = re.findall(r"/confirmations/([^/]+)/confirm", person.get("/confirmations"))
    assert "Đã thực hiện" in person.post(f"/confirmations/{change}/confirm", password=PASSWORD, **more).text


def once_in(html: str) -> str:
    found = re.search(r'<b class="mono">([^<]*)</b>', html)
    assert found is not None, html
    return unescape(found[1])


# one's own account


def forget_keys(cast: Cast, name: str) -> None:
    with cast.office.db.write() as session:
        for key in session.exec(select(SigningKey).where(col(SigningKey.account_id) == cast.ids[name])).all():
            session.delete(key)


def test_the_first_pin_makes_the_key_and_the_page_says_what_it_is_worth(cast: Cast, enter: Enter) -> None:
    forget_keys(cast, "lan")
    lan = enter("lan")
    assert "Chưa có khóa ký" in lan.get("/account")
    typed = {"password": PASSWORD, "new_pin": "135792", "again_pin": "135792"}
    for wrong, why in (
        ({"password": "sai"}, "không đúng"),
        ({"again_pin": "135793"}, "chưa giống nhau"),
        ({"new_pin": "111111", "again_pin": "111111"}, "quá dễ đoán"),
    ):
        answer = lan.post("/account/pin", **{**typed, **wrong})
        assert answer.status_code == 422
        assert why in answer.text
        assert not leaks.holds("135792", answer.text)
    assert lan.post("/account/pin", **typed).headers["location"] == "/account?done=pin"
    page = lan.get("/account?done=pin")
    assert "không có giá trị pháp lý" in page
    with cast.office.db.read() as session:
        key = keyring.key_of(session, cast.ids["lan"], "person")
    assert key.fingerprint[:4] in page


def test_a_clerk_receives_the_seal_with_the_first_pin(cast: Cast, enter: Enter) -> None:
    forget_keys(cast, "thu")
    typed = {"password": PASSWORD, "new_pin": PIN, "again_pin": PIN}
    thu, minh = enter("thu"), enter("minh")
    assert thu.post("/account/pin", **typed).headers["location"] == "/account?done=asked"
    confirm_only(minh)
    assert thu.post("/account/pin", **typed).headers["location"] == "/account?done=pin"
    with cast.office.db.read() as session:
        assert keyring.key_of(session, cast.ids["thu"], "person")
        assert keyring.key_of(session, cast.ids["thu"], "seal")


def test_a_new_clerk_takes_the_seal_with_the_pin_held_already(cast: Cast, enter: Enter) -> None:
    admin, minh, mai = enter("admin"), enter("minh"), enter("mai")
    assert mai.post("/account/seal", pin=PIN).status_code == 404
    asked = admin.post(f"/admin/accounts/{cast.ids['mai']}/roles", roles=["teacher", "clerk"])
    assert "Đang chờ xác nhận" in asked.text
    with cast.office.db.read() as session:
        held = keyring.key_of(session, cast.ids["mai"], "person").id
    confirm_only(minh, keep=held)
    assert "Nhận khóa con dấu" in mai.get("/account")
    assert mai.post("/account/seal", pin="908172").status_code == 422
    assert mai.post("/account/seal", pin=PIN).headers["location"] == "/account?done=seal"
    with cast.office.db.read() as session:
        assert keyring.key_of(session, cast.ids["mai"], "seal")


def test_a_wrong_present_pin_says_how_many_tries_are_left(enter: Enter) -> None:
    lan = enter("lan")
    wrong = lan.post("/account/pin", old_pin="908172", new_pin="135792", again_pin="135792")
    assert wrong.status_code == 422
    assert "Còn 4 lần" in wrong.text
    right = lan.post("/account/pin", old_pin=PIN, new_pin="135792", again_pin="135792")
    assert right.status_code == 303


# law 7 by page


def test_an_approvers_reset_is_confirmed_by_page_and_shown_there_alone(cast: Cast, enter: Enter) -> None:
    admin, minh, hoa = enter("admin"), enter("minh"), enter("hoa")
    asked = admin.post(f"/admin/accounts/{cast.ids['hoa']}/reset-password")
    assert asked.status_code == 200
    assert "Mật khẩu dùng một lần:" not in asked.text
    assert "Không có thay đổi nào" in enter("lan").get("/confirmations")
    change = re.search(r"/confirmations/([^/]+)/confirm", minh.get("/confirmations"))
    assert change is not None
    path = f"/confirmations/{change[1]}/confirm"
    assert admin.post(path, password=PASSWORD).status_code == 404
    assert enter("lan").post(path, password=PASSWORD).status_code == 404
    assert enter("principal_b").post(path, password=PASSWORD).status_code == 404
    wrong = minh.post(path, password="sai")
    assert wrong.status_code == 422
    once = once_in(minh.post(path, password=PASSWORD).text)
    assert hoa.client.get("/account").status_code == 303  # her sessions ended
    assert enter("hoa", once).client.get("/account").headers["location"] == "/password"
    assert once not in admin.get(f"/admin/accounts/{cast.ids['hoa']}")


def test_a_refusal_changes_nothing(cast: Cast, enter: Enter) -> None:
    admin, hoa = enter("admin"), enter("hoa")
    admin.post(f"/admin/accounts/{cast.ids['hoa']}/reset-pin")
    change = re.search(r"/confirmations/([^/]+)/refuse", hoa.get("/confirmations"))
    assert change is not None
    assert hoa.post(f"/confirmations/{change[1]}/refuse").status_code == 303
    assert "Không đồng ý" in admin.get("/admin")
    with cast.office.db.read() as session:
        assert keyring.has_pin(session, cast.ids["hoa"])


# the administrator


def test_the_list_of_accounts_is_this_schools_by_given_name(cast: Cast, enter: Enter) -> None:
    page = enter("admin").get("/admin/accounts")
    names = re.findall(r'<a href="/admin/accounts/[^"]+">([^<]+)</a>', page)
    assert names[:3] == ["Trịnh Quốc Anh", "Ngô Văn Bình", "Phạm Thị Hoa"]
    with cast.office.db.read() as session:
        theirs = session.get_one(Account, cast.ids["teacher_b"]).full_name
    assert theirs not in page


@pytest.mark.parametrize(
    ("who", "path"),
    [
        *(("admin", path) for path in ("/admin/groups", "/admin/classes", "/certificates")),
        *(("minh", path) for path in ("/absence", "/flags", "/spot/new", "/spot/draws/new")),
    ],
)
def test_two_people_of_one_name_are_told_apart_where_one_is_chosen(
    cast: Cast, enter: Enter, who: str, path: str
) -> None:
    with cast.office.db.write() as session:
        first, second = (session.get_one(Account, cast.ids[name]) for name in ("hoa", "lien"))
        second.full_name = first.full_name.upper()
        names = [f"{a.full_name} ({a.sign_in_name})" for a in (first, second)]
        for one in (first, second):
            session.add(AccountRole(school_id=cast.school_id, account_id=one.id, role="inspector"))
    timetable(cast, "lan", "3A", *((weekday, 1, "Toán") for weekday in range(7)))
    page = unescape(enter(who).get(path))
    assert all(name in page for name in names)
    assert "Trịnh Quốc Anh (" not in page


def test_namesakes_are_told_apart_in_the_inbox_and_among_the_records_to_begin_from(
    cast: Cast, enter: Enter
) -> None:
    with cast.office.db.write() as session:
        first, second = (session.get_one(Account, cast.ids[name]) for name in ("lan", "mai"))
        second.full_name = first.full_name
        names = [f"{a.full_name} ({a.sign_in_name})" for a in (first, second)]
    plans = [cast.sent("lan", 14), cast.sent("mai", 14)]
    inbox = unescape(enter("hoa").get("/inbox"))
    assert all(f">{name} (1)</option>" in inbox for name in names)
    for plan in plans:
        cast.act("hoa", plan.id, "approve")
        cast.act("minh", plan.id, "approve")
    begun = unescape(enter("lien").get("/documents/new/from?type=lesson-plan"))
    assert all(f"{name} ·" in begun for name in names)


def test_a_new_account_is_made_and_its_password_shown_once(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    person = {
        "sign_in_name": "gv.moi",
        "full_name": "Lê Thị Mới",
        "post": "Giáo viên",
        "email": "",
        "language": "vi",
    }
    taken = admin.post("/admin/accounts", **{**person, "sign_in_name": "lan"})
    assert taken.status_code == 422
    assert "Lê Thị Mới" in taken.text
    made = admin.post("/admin/accounts", roles=["teacher"], **person)
    assert enter("gv.moi", once_in(made.text)).entered.status_code == 303


def test_an_account_is_edited_locked_out_and_let_in_again(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    path = f"/admin/accounts/{cast.ids['lan']}"
    person = {
        "sign_in_name": "lan",
        "full_name": "Nguyễn Thị Lan Anh",
        "post": "Giáo viên",
        "email": "l@x.vn",
    }
    assert admin.post(path, **person, language="en").status_code == 303
    assert "Nguyễn Thị Lan Anh" in admin.get(path)
    assert admin.post(f"{path}/deactivate").status_code == 200
    assert "ngừng hoạt động" in enter("lan", PASSWORD).entered.text
    admin.post(f"{path}/activate")
    assert enter("lan", PASSWORD).entered.status_code == 303
    for _ in range(5):
        enter("lan", "sai")
    assert "Đang khóa" in admin.get("/admin/accounts")
    assert admin.post(f"{path}/unlock").status_code == 200
    assert enter("lan", PASSWORD).entered.status_code == 303


@pytest.mark.parametrize("action", ["appoint-head", "create", "grant", "x"])
def test_what_is_no_button_is_no_page(cast: Cast, enter: Enter, action: str) -> None:
    assert enter("admin").post(f"/admin/accounts/{cast.ids['lan']}/{action}").status_code == 404


def test_another_schools_people_groups_weeks_and_classes_do_not_exist(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    theirs = cast.ids["teacher_b"]
    with cast.office.db.write() as session:
        week = SchoolWeek(
            school_id=cast.other_school_id, year="2030-2031", term=1, number=1,
            monday=date(2030, 9, 2), sunday=date(2030, 9, 8),
        )  # fmt: skip
        taught = SchoolClass(school_id=cast.other_school_id, year="2026-2027", name="3Z", grade=3)
        group = Group(school_id=cast.other_school_id, name="Tổ Trường Khác")
        session.add_all([week, taught, group])
    assert admin.client.get(f"/admin/accounts/{theirs}").status_code == 404
    for path, data in (
        (f"/admin/accounts/{theirs}", {"sign_in_name": "a.b", "full_name": "A B"}),
        (f"/admin/accounts/{theirs}/roles", {"roles": "admin"}),
        (f"/admin/accounts/{theirs}/reset-password", {}),
        ("/admin/weeks/move", {"week_id": week.id, "monday": "09/09/2030"}),
        ("/admin/classes/assign", {"account_id": theirs, "class_id": cast.classes["3A"], "subject": "Toán"}),
        ("/admin/classes/assign", {"account_id": cast.ids["lan"], "class_id": taught.id, "subject": "Toán"}),
    ):
        assert admin.post(path, **data).status_code == 404, path
    for data in ({"group_id": group.id, "name": "X"}, {"name": "Tổ mới", "members": theirs}):
        assert admin.post("/admin/groups", **data).status_code in (404, 422)
    with cast.office.db.read() as session:
        assert session.get_one(Group, group.id).name == "Tổ Trường Khác"
        assert session.exec(select(Group).where(col(Group.name) == "Tổ mới")).first() is None
    for path, name in (("groups", "Tổ Trường Khác"), ("classes", "3Z"), ("weeks", "2030-2031")):
        assert name not in admin.get(f"/admin/{path}")


def test_groups_keep_their_heads_as_members_and_appointments_wait(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    group = cast.groups["4-5"]
    answer = admin.post(
        "/admin/groups",
        group_id=group,
        name="Tổ 4-5",
        members=[cast.ids["huong"]],
        head=cast.ids["huong"],
        deputy="",
    )
    assert "Đang chờ xác nhận" in answer.text
    with cast.office.db.read() as session:
        kept = session.get_one(Group, group)
        members = set(
            session.exec(select(GroupMember.account_id).where(col(GroupMember.group_id) == group)).all()
        )
    assert (kept.name, kept.head_id) == ("Tổ 4-5", cast.ids["son"])
    assert members == {cast.ids["huong"], cast.ids["son"]}
    admin.post(
        "/admin/groups", group_id=group, name="Tổ 4-5", members=[cast.ids["huong"]], head="", deputy=""
    )
    with cast.office.db.read() as session:
        assert session.get_one(Group, group).head_id is None
    twin = admin.post("/admin/groups", name="Tổ 4-5")
    assert twin.status_code == 422
    assert admin.post("/admin/groups", name="Tổ Năng khiếu").status_code == 200


def cast_name(cast: Cast, who: str) -> str:
    with cast.office.db.read() as session:
        return session.get_one(Account, cast.ids[who]).full_name


def test_what_was_asked_for_by_mistake_is_taken_back_while_it_waits(cast: Cast, enter: Enter) -> None:
    admin, lan = enter("admin"), enter("lan")
    admin.post(f"/admin/accounts/{cast.ids['lan']}/reset-pin")
    (path,) = re.findall(r"/admin/changes/[^/]+/recall", admin.get(f"/admin/accounts/{cast.ids['lan']}"))
    (confirming,) = re.findall(r"/confirmations/[^/]+/confirm", lan.get("/confirmations"))
    assert lan.post(path).status_code == enter("teacher_b").post(path).status_code == 404
    assert admin.post(path).status_code == 303
    assert "Đã rút đề nghị" in admin.get("/admin") and "/recall" not in admin.get("/admin")
    assert lan.post(confirming, password=PASSWORD).status_code == 422
    with cast.office.db.read() as session:
        keys = session.exec(select(SigningKey).where(col(SigningKey.account_id) == cast.ids["lan"])).all()
        news = session.exec(select(Notice).where(col(Notice.account_id) == cast.ids["lan"])).all()
    assert [key.revoked_at for key in keys] == [None]
    assert any("đã rút đề nghị này" in one.data["sentence"]["vi"] for one in news)
    assert admin.post(path).status_code == 303  # twice is once
    assert admin.post(f"/admin/accounts/{cast.ids['lan']}/reset-pin").status_code == 200  # asked anew


def test_a_school_year_is_made_over_its_breaks_and_a_used_one_stays(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    frame = {
        "source": "QĐ 1/QĐ-BGDĐT",
        "first_day": "06/09/2027",
        "term1_before": "18/01/2028",
        "term2_before": "31/05/2028",
        "breaks": "Nghỉ Tết: 24/01/2028 – 06/02/2028",
    }
    for wrong, words in (
        ({"first_day": "nay mai"}, "không phải là ngày"),
        ({"breaks": "Nghỉ Tết tuần sau"}, "Không đọc được dòng “Nghỉ Tết tuần sau”"),
        ({"term2_before": "06/05/2028"}, "Tuần 35 kết thúc ngày 19/05/2028, không trước 06/05/2028"),
        ({"source": ""}, "Ghi quyết định"),
    ):
        refused = admin.post("/admin/weeks/frame", **frame | wrong)
        assert (refused.status_code, words in unescape(refused.text)) == (422, True), refused.text
    shown = admin.post("/admin/weeks/frame", **frame)
    for words in (
        "Trước khi tạo năm học 2027-2028",
        "tuần 1 đến tuần 18: 06/09/2027 – 09/01/2028",
        "tuần 19 đến tuần 35",
        "Nghỉ Tết</dt><dd>24/01/2028 – 06/02/2028",
        "24/11/2027: Ngày Văn hóa Việt Nam",
        f"tổ trưởng {cast_name(cast, 'hoa')}",
        cast_name(cast, "minh"),
        "chưa có lớp nào của năm 2027-2028",
    ):
        assert words in unescape(shown.text), words
    with cast.office.db.read() as session:
        assert session.exec(select(SchoolWeek).where(col(SchoolWeek.year) == "2027-2028")).first() is None
    mark = re.search(r'name="shown" value="([^"]*)"', shown.text)
    assert mark is not None
    other = frame | {"breaks": "Nghỉ Tết: 17/01/2028 – 30/01/2028"}
    again = admin.post("/admin/weeks/frame", **other, shown=mark[1])  # another year than the one seen
    assert "vừa thay đổi trong lúc xem" in unescape(again.text)
    assert admin.post("/admin/weeks/frame", **frame, shown=mark[1]).status_code == 303
    with cast.office.db.read() as session:
        weeks = session.exec(
            select(SchoolWeek).where(col(SchoolWeek.year) == "2027-2028").order_by(col(SchoolWeek.number))
        ).all()
    assert len(weeks) == 35
    assert date(2028, 1, 24) not in {week.monday for week in weeks}
    moved = {"week_id": weeks[34].id, "monday": "29/05/2028"}
    assert admin.change("/admin/weeks/move", **moved).status_code == 303
    before = admin.post("/admin/weeks/move", week_id=weeks[34].id, monday="06/09/2027")
    assert before.status_code == 422
    page = admin.get("/admin/weeks?year=2027-2028")
    for words in ("QĐ 1/QĐ-BGDĐT", "Nghỉ Tết", "Ngày Giỗ Tổ Hùng Vương", "24/11/2027"):
        assert words in page


def test_classes_and_who_teaches_them(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    assert 'value="2026-2027"' in admin.get("/admin/classes").split("f-year")[-1]
    assert admin.post("/admin/classes/add", year="2026-2027", name="lớp 3b").status_code == 303
    assert admin.post("/admin/classes/add", year="2026-2027", name="3B").status_code == 422
    assert admin.post("/admin/classes/add", year="2026-2028", name="3C").status_code == 422
    given = {"account_id": cast.ids["mai"], "class_id": cast.classes["3A"], "subject": "Tiếng Việt"}
    assert admin.post("/admin/classes/assign", **given, homeroom="yes").status_code == 303
    with cast.office.db.read() as session:
        homeroom = session.exec(
            select(TeachingAssignment.account_id).where(
                col(TeachingAssignment.class_id) == cast.classes["3A"],
                col(TeachingAssignment.homeroom).is_(True),
            )
        ).all()
    assert homeroom == [cast.ids["mai"]]
    assert admin.post("/admin/classes/unassign", **given).status_code == 303
    assert admin.post("/admin/classes/unassign", **given).status_code == 404


def test_the_schools_name_by_date_and_its_rules(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    name = {
        "parent": "Ủy ban nhân dân phường Mới",
        "name": "Trường Mới",
        "place": "Mới",
        "abbreviation": "TM",
    }
    assert admin.post("/admin/school/name", valid_from="01/07/2027", **name).status_code == 303
    assert admin.post("/admin/school/name", valid_from="31/02/2027", **name).status_code == 422
    assert (
        admin.post("/admin/school/name", valid_from="01/07/2027", **{**name, "place": " "}).status_code == 422
    )
    with cast.office.db.read() as session:
        row = session.get_one(SchoolName, (cast.school_id, date(2027, 7, 1)))
    assert row.parent == "Ủy ban nhân dân phường Mới"
    typed = {"password_age.days": "400", "report_answer.working_days": "5"}
    saved = admin.post("/admin/school/rules", **typed)
    assert (saved.status_code, saved.headers["location"]) == (303, "/admin/school?done=rules")
    assert "Đã lưu quy định." in admin.get("/admin/school?done=rules")
    assert "Đã lưu" not in admin.get("/admin/school")
    wrong = {"password_age.days": "1001", "report_answer.working_days": "31"}
    refused = admin.post("/admin/school/rules", **wrong)
    assert refused.status_code == 422
    assert "quá số ngày này (0: không nhắc): Ghi một số nguyên từ 0 đến 1000." in unescape(refused.text)
    assert 'href="#r-report_answer.working_days"' in refused.text and "từ 1 đến 30" in refused.text
    with cast.office.db.read() as session:
        assert rules_of(session, cast.school_id)["password_age"] == {"days": 400}
        assert rules_of(session, cast.school_id)["report_answer"] == {"working_days": 5}
        assert rules_of(session, cast.other_school_id)["password_age"] != {"days": 400}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_of_this_room_speaks_both_languages(cast: Cast, enter: Enter, language: str) -> None:
    admin = enter("admin")
    admin.post(f"/admin/accounts/{cast.ids['hoa']}/reset-pin")
    for path in (
        "/account",
        "/password",
        "/confirmations",
        "/admin",
        "/admin/accounts",
        "/admin/groups",
        "/admin/weeks",
        "/admin/classes",
        "/admin/school",
        "/deadlines",
        *(
            f"/admin/deadlines/lesson_plan_due?kind={kind}"
            for kind in ("weekday", "days-before", "day-of-month", "days-after", "end-of-term")
        ),
        "/admin/timetable",
        "/admin/mail",
        "/admin/import",
        "/reports",
        "/reports/new",
        "/account/second-factor",
        f"/admin/accounts/{cast.ids['hoa']}",
    ):
        page = admin.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert f'<html lang="{language}">' in page
        assert "style=" not in page
        assert "<script>" not in page


@pytest.mark.parametrize(("source", "to"), [("list", "/runs"), ("", "/runs/{id}")])
def test_a_retry_is_answered_in_words(cast: Cast, enter: Enter, source: str, to: str) -> None:
    sent = cast.sent("lan", 13)
    incident = Incident(
        school_id=cast.school_id,
        document_id=sent.id,
        step="archive",
        kind="step-failed",
        sentence_vi="Không đóng dấu thời gian được.",
        sentence_en="No time-stamp could be had.",
        opened_at=cast.office.now() - timedelta(minutes=5),
    )
    with cast.office.db.write() as session:
        session.add(incident)
        incident_id = incident.id
    admin = enter("admin")
    assert "Đã yêu cầu chạy lại" not in admin.get("/runs")
    answer = admin.post(f"/runs/incidents/{incident_id}/retry", **({"from": source} if source else {}))
    assert (answer.status_code, answer.headers["location"]) == (303, to.format(id=sent.id) + "?done=retry")
    assert re.search(r'role="status"[^>]*>.*Đã yêu cầu chạy lại', admin.get(answer.headers["location"]))


def test_runs_are_found_by_their_state(cast: Cast, enter: Enter) -> None:
    waiting, troubled = cast.sent("lan", 14), cast.sent("mai", 14)
    with cast.office.db.write() as session:
        incident = Incident(
            school_id=cast.school_id,
            document_id=troubled.id,
            step="archive",
            kind="step-failed",
            sentence_vi="Không đóng được dấu thời gian.",
            sentence_en="No time-stamp.",
            opened_at=cast.office.now(),
        )
        session.add(incident)
    admin = enter("admin")
    shown = {
        state: admin.get(f"/runs?state={state}") for state in ("waiting", "running", "incident", "archived")
    }
    assert [state for state, text in shown.items() if f"/runs/{waiting.id}" in text] == ["waiting"]
    # The open incident stands above every list; only its own list names the run once more.
    named = {state: text.count(f"/runs/{troubled.id}") for state, text in shown.items()}
    assert [state for state, times in named.items() if times > named["archived"]] == ["incident"]


def test_a_name_is_kept_composed(cast: Cast, enter: Enter) -> None:
    typed = unicodedata.normalize("NFD", "Lê Thị Mới")
    enter("admin").post("/admin/accounts", sign_in_name="gv.moi", full_name=typed, roles=["teacher"])
    with cast.office.db.read() as session:
        [account] = session.exec(select(Account).where(col(Account.sign_in_name) == "gv.moi")).all()
    assert account.full_name == "Lê Thị Mới"


@pytest.mark.parametrize(
    ("path", "name", "attribute", "value"),
    [
        ("/admin/weeks", "first", "inputmode", "numeric"),
        ("/admin/school", "valid_from", "inputmode", "numeric"),
        ("/admin/accounts", "sign_in_name", "autocapitalize", "none"),
        ("/admin/classes", "subject", "list", "subjects"),
    ],
)
def test_what_a_page_asks_of_a_field_reaches_the_browser(
    enter: Enter, path: str, name: str, attribute: str, value: str
) -> None:
    page = lxml.html.fromstring(enter("admin").get(path))
    assert value in page.xpath(f".//input[@name='{name}']/@{attribute}")
