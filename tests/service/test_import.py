"""Importing a workbook: checked by cell, shown before it is done, done whole or not at all."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from html import unescape

import openpyxl
import pytest
import time_machine
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import col, select

from flows import clock, timetable
from flows.posts import actor_of
from models.account import Account, AccountRole, Change, Group, GroupMember
from models.flag import Flag
from models.school import SchoolClass, SchoolWeek, TeachingAssignment, Timetable, TimetableEntry
from models.settings import VIETNAM
from service.app import create_app
from service.import_sheets import ACCOUNTS, GROUPS, TEACHING, TIMETABLE
from tasks.workbooks import Page, write
from tests.cast import FIRST_MONDAY, PASSWORD, Cast
from tests.service.test_pages_admin import Person

Row = Sequence[str | int | date]
YEAR = "2026-2027"
ACCOUNT_HEAD = ["Tên đăng nhập *", "Họ và tên *", "Chức danh", "Thư điện tử", "Vai trò", "Hoạt động"]


def book(
    accounts: Sequence[Row] = (),
    groups: Sequence[Row] = (),
    teaching: Sequence[Row] = (),
    grid: Sequence[Row] = (),
    classes: Sequence[str] = ("3A",),
    start: str | date = FIRST_MONDAY,
) -> bytes:
    return write(
        (
            Page(ACCOUNTS, ACCOUNT_HEAD, accounts),
            Page(GROUPS, ["Tổ", "Giáo viên", "Nhiệm vụ"], groups),
            Page(TEACHING, ["Năm học", "Lớp", "Môn", "Giáo viên", "Chủ nhiệm"], teaching),
            Page(
                TIMETABLE,
                ["Thứ", "Buổi", "Tiết", *classes],
                grid,
                above=[["Áp dụng từ ngày", start]],
            ),
        )
    )


class Importer(Person):
    """The administrator's browser at the import."""

    def check(self, data: bytes) -> Response:
        csrf = self.token(self.client.get("/account"))
        files = {"file": ("truong.xlsx", data)}
        answer: Response = self.client.post("/admin/import", data={"csrf": csrf}, files=files)
        if answer.status_code == 303:
            answer = self.client.get(answer.headers["location"])
        return answer

    def go_on(self, preview: Response) -> Response:
        """Press the button of a preview."""
        action = re.search(r'action="(/admin/import/[^"]+/apply)"', preview.text)
        assert action is not None, preview.text
        fields = dict(re.findall(r'name="(digest|again|csrf)" value="([^"]*)"', preview.text))
        answer: Response = self.client.post(action[1], data={k: unescape(v) for k, v in fields.items()})
        return answer

    def run(self, data: bytes) -> Response:
        done = self.go_on(self.check(data))
        assert done.status_code == 200, done.text
        return done


Enter = Callable[[str], Importer]


@pytest.fixture
def enter(cast: Cast) -> Iterator[Enter]:
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app):
        yield lambda name: Importer(app, name)


def with_formulas(data: bytes, sheet: str, **formulas: str) -> bytes:
    """As a program leaves a workbook that no Excel has opened."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    for cell, formula in formulas.items():
        book[sheet][cell] = formula
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def problems(answer: Response) -> dict[str, str]:
    """Sentence by cell, as the preview lists them."""
    found = re.findall(
        r'<th scope="row">([^<]*)</th><td class="mono"[^>]*>([^<]*)</td><td>([^<]*)</td>', answer.text
    )
    return {f"{sheet} {cell}": unescape(sentence) for sheet, cell, sentence in found}


def said(answer: Response) -> dict[str, str]:
    """Kind by sentence, as the preview lists them."""
    found = re.findall(
        r'<th scope="row">([^<]*)</th><td>(?:<b>|<span[^>]*>)([^<]*)(?:</b>|</span>)</td>', answer.text
    )
    return {unescape(sentence): kind for sentence, kind in found}


def account(cast: Cast, name: str) -> Account:
    with cast.office.db.read() as session:
        return session.exec(select(Account).where(col(Account.sign_in_name) == name)).one()


FULL = {
    "accounts": [
        ["gv.moi", "Lê Văn Mới", "Giáo viên", "moi@example.test"],
        ["lan", "Nguyễn Thị Lan", "Giáo viên hạng II"],
    ],
    "groups": [["Tổ 1-2-3", "gv.moi", "Thành viên"], ["Tổ Năng khiếu", "Trần Thị Mai", ""]],
    "teaching": [
        [YEAR, "3A", "Toán", "mai", ""],
        [YEAR, "3A", "tieng viet", "Nguyễn Thị Lan", "x"],
        [YEAR, "3B", "Toán", "gv.moi", "x"],
    ],
    "grid": [
        ["Thứ Hai", "Sáng", 1, "Chào cờ", "Toán"],
        ["", "", 2, "Toán", ""],
        ["", "Chiều", 1, "TV", "Âm nhạc (Trần Thị Mai)"],
        ["Thứ Ba", "Sáng", 1, "Toán", "Toán"],
    ],
    "classes": ["3A", "3B"],
}


def test_a_workbook_is_shown_first_then_done_whole(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    preview = admin.check(book(**FULL))
    assert said(preview) == {
        "Tạo tài khoản gv.moi: Lê Văn Mới (giáo viên)": "Thêm mới",
        "Nguyễn Thị Lan: chức danh “Giáo viên” → “Giáo viên hạng II”": "Thay đổi",
        "Lê Văn Mới vào Tổ 1-2-3": "Thêm mới",
        "Lập Tổ Năng khiếu": "Thêm mới",
        "Trần Thị Mai vào Tổ Năng khiếu": "Thêm mới",
        "3A, Toán: Nguyễn Thị Lan (chủ nhiệm) → Trần Thị Mai": "Thay đổi",
        "3A, Tiếng Việt: chưa có → Nguyễn Thị Lan (chủ nhiệm)": "Thêm mới",
        "Thêm lớp 3B, năm học 2026-2027": "Thêm mới",
        "3B, Toán: chưa có → Lê Văn Mới (chủ nhiệm)": "Thêm mới",
        "Thời khóa biểu từ 07/09/2026: 7 tiết của 2 lớp": "Thêm mới",
    }
    with cast.office.db.read() as session:
        assert session.exec(select(Timetable)).all() == []
        assert session.exec(select(Account).where(col(Account.sign_in_name) == "gv.moi")).first() is None
    done = admin.go_on(preview)
    assert done.headers["cache-control"] == "no-store"
    password = re.search(r'<dd class="mono nowrap"><b>([^<]*)</b>', done.text)
    assert password is not None
    assert account(cast, "gv.moi").must_change
    entered = Person(admin.client.app, "gv.moi", unescape(password[1])).entered  # type: ignore[arg-type]
    assert entered.status_code == 303
    assert account(cast, "lan").post == "Giáo viên hạng II"
    with cast.office.db.read() as session:
        week = session.get_one(SchoolWeek, cast.weeks[1])
        mai = timetable.of_teacher(session, cast.school_id, cast.ids["mai"], week)
        lan = timetable.of_teacher(session, cast.school_id, cast.ids["lan"], week)
        members = session.exec(select(GroupMember.account_id)).all()
    assert [(p.day.weekday(), p.session, p.number, p.class_name, p.subject) for p in mai] == [
        (0, "morning", 2, "3A", "Toán"),
        (0, "afternoon", 1, "3B", "Âm nhạc"),
        (1, "morning", 1, "3A", "Toán"),
    ]
    assert [p.subject for p in lan] == ["Hoạt động trải nghiệm", "Tiếng Việt"]
    assert account(cast, "gv.moi").id in members


def test_the_language_can_be_switched_on_the_answer_of_a_refused_import(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    preview = admin.check(book(**FULL))
    address = re.search(r'action="(/admin/import/[^"]+)/apply"', preview.text)
    csrf = re.search(r'name="csrf" value="([^"]*)"', preview.text)
    assert address is not None and csrf is not None
    refused = admin.client.post(f"{address[1]}/apply", data={"csrf": csrf[1], "digest": "cũ"})
    assert refused.status_code == 409
    onward = re.search(r'name="next" value="([^"]*)"', refused.text)
    assert onward is not None
    switched = admin.client.post(
        "/language", data={"csrf": csrf[1], "next": onward[1], "language": "en"}, follow_redirects=True
    )
    assert switched.status_code == 200
    assert "Import" in switched.text and switched.url.path == address[1]


def test_the_same_file_again_changes_nothing(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    admin.run(book(**FULL))
    again = admin.check(book(**FULL))
    assert set(said(again).values()) == {"Không đổi"}
    assert "Không có gì để nhập" in again.text
    assert "/apply" not in again.text


def test_what_the_school_has_comes_back_unchanged(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    admin.run(book(**FULL))
    now = admin.client.get("/admin/import/hien-co.xlsx")
    assert now.headers["content-type"].endswith("spreadsheetml.sheet")
    again = admin.check(now.content)
    assert problems(again) == {}
    assert set(said(again).values()) == {"Không đổi"}
    empty = admin.check(admin.client.get("/admin/import/mau-nhap.xlsx").content)
    assert "Tệp chưa có dòng nào để nhập" in empty.text


def test_last_years_file_is_harmless(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    old = book(
        accounts=[["mai", "Trần Thị Mai", "Giáo viên hợp đồng"]],
        teaching=[[YEAR, "3A", "Toán", "mai"]],
        grid=[["Hai", "Sáng", 1, "Toán"]],
    )
    admin.run(old)
    admin.run(
        book(
            accounts=[["mai", "Trần Thị Mai", "Giáo viên"]],
            teaching=[[YEAR, "3A", "Toán", "lan"]],
            grid=[["Hai", "Sáng", 2, "Toán"]],
        )
    )
    again = admin.check(old)
    assert set(said(again).values()) == {"Đã nhập trước đây, bỏ qua"}
    assert "/apply" not in again.text
    assert account(cast, "mai").post == "Giáo viên"
    anyway = re.search(r'href="(/admin/import/[^"]+again=yes)"', again.text)
    assert anyway is not None
    admin.go_on(admin.client.get(anyway[1]))
    assert account(cast, "mai").post == "Giáo viên hợp đồng"


def test_a_year_that_is_over_is_left_alone(cast: Cast, enter: Enter) -> None:
    with cast.office.db.write() as session:
        for number in (1, 2):
            monday = date(2024, 9, 2 + 7 * (number - 1))
            session.add(
                SchoolWeek(
                    school_id=cast.school_id,
                    year="2024-2025",
                    term=1,
                    number=number,
                    monday=monday,
                    sunday=date(2024, 9, 8 + 7 * (number - 1)),
                )
            )
    checked = enter("admin").check(book(teaching=[["2024-2025", "3A", "Toán", "mai"]]))
    assert said(checked) == {
        "Năm học 2024-2025 đã kết thúc nên dòng này được bỏ qua.": "Đã nhập trước đây, bỏ qua"
    }


def test_every_problem_is_named_by_its_cell(enter: Enter) -> None:
    data = book(
        accounts=[
            ["Gv Lan!", "Lan Anh", "", "khong phai thu", "Giáo viên, Thợ"],
            ["gv.hai", "", "", "", ""],
            ["gv.ba", "Ba Lan", "", "", "", "có lẽ"],
            ["gv.ba", "Ba Lan"],
            ["teacher_b", "Người Khác"],
            ["minh", "Đỗ Quang Minh", "", "", "", "Không"],
        ],
        groups=[["Tổ 1-2-3", "ai.do", ""], ["Tổ 4-5", "lan", "Vua"], ["Tổ 4-5", "son", "Rời tổ"]],
        teaching=[["2026", "3A", "Toán", "lan"], [YEAR, "A", "Toán", "lan"], [YEAR, "", "Toán", "lan"]],
        grid=[
            ["Thứ Chín", "Sáng", 1, "Toán"],
            ["Thứ Hai", "Trưa", 1, "Toán"],
            ["Thứ Ba", "Sáng", "x", "Toán"],
            ["Thứ Tư", "Sáng", 1, "Khoa học"],
            ["Thứ Tư", "Sáng", 2, "Toán (ai.do)"],
            ["Thứ Tư", "Sáng", 3, "#REF!", "Toán"],
        ],
        classes=["3A", "9Z"],
    )
    answer = enter("admin").check(with_formulas(data, "Tài khoản", D4='=LOWER("BA@TRUONG.VN")'))
    found = problems(answer)
    assert {place: words.split(".")[0][:34] for place, words in found.items()} == {
        "Tài khoản A2": "Tên đăng nhập gồm 3 đến 40 chữ thư",
        "Tài khoản D2": "Địa chỉ thư điện tử chưa đúng, ví ",
        "Tài khoản E2": "Không có vai trò “Thợ”",
        "Tài khoản B3": "Ô “Họ và tên” đang trống",
        "Tài khoản D4": "Ô này là một công thức chưa có kết",
        "Tài khoản F4": "“có lẽ” chưa rõ",
        "Tài khoản A5": "Tên đăng nhập này đã có ở ô A4",
        "Tài khoản A6": "Tên đăng nhập này đã có người dùng",
        "Tài khoản F7": "Đây là Hiệu trưởng duy nhất của tr",
        "Tổ chuyên môn B2": "Không có người nào là “ai",
        "Tổ chuyên môn C3": "Ghi “Tổ trưởng”, “Tổ phó”, “Thành ",
        "Tổ chuyên môn C4": "Hoàng Văn Sơn đang là tổ trưởng ho",
        "Phân công A2": "Ghi năm học theo mẫu 2026-2027",
        "Phân công B3": "Tên lớp bắt đầu bằng khối, ví dụ 3",
        "Phân công B4": "Ô “Lớp” đang trống",
        "Thời khóa biểu A3": "Ghi thứ trong tuần, ví dụ “Thứ Hai",
        "Thời khóa biểu B4": "Ghi “Sáng” hoặc “Chiều”",
        "Thời khóa biểu C5": "Ghi số tiết từ 1 đến 10",
        "Thời khóa biểu D6": "Chưa phân công ai dạy Khoa học ở l",
        "Thời khóa biểu D7": "Không có người nào là “ai",
        "Thời khóa biểu D8": "Ô này là một công thức bị lỗi (#RE",
        "Thời khóa biểu E2": "Chưa có lớp 9Z trong năm học 2026-",
    }
    assert "/apply" not in answer.text


def test_problems_come_down_the_sheet_and_doubles_and_slips_are_named(cast: Cast, enter: Enter) -> None:
    data = book(
        accounts=[
            ["gv.moi", date(2026, 9, 5)],
            ["gv.xau", "", "", "xấu", "Thợ"],
            ["gv.ba", "Ba Lan", "", "", "tổ phó"],
        ],
        groups=[["Tổ 4-5", "gv.ba", ""], ["Tổ 4-5", "Ba Lan", "Tổ phó"]],
        teaching=[["2062-2063", "3A", "Toán", "lan"], ["2062-2063", "3B", "Toán", "lan"]]
        + [[YEAR, "3A", "Toán", "lan"]] * 2,
    )
    found = problems(enter("admin").check(data))
    assert {place: words.split(".")[0] for place, words in found.items()} == {
        "Tài khoản B2": "Ghi đủ họ và tên bằng chữ, bắt đầu bằng một chữ cái, nhiều nhất 120 ký tự",
        "Tài khoản B3": "Ô “Họ và tên” đang trống",
        "Tài khoản D3": "Địa chỉ thư điện tử chưa đúng, ví dụ lan@truong",
        "Tài khoản E3": "Không có vai trò “Thợ”",
        "Tài khoản E4": "“tổ phó” không phải là vai trò của tài khoản: ghi Giáo viên ở đây, ghi “tổ phó” ở "
        "trang Tổ chuyên môn, cột Nhiệm vụ",
        "Tổ chuyên môn B3": "Người này đã có trong tổ này ở ô B2",
        "Phân công A2": "Năm học 2062-2063 chưa có tuần học",
        "Phân công D5": "Dòng này đã có ở ô D4",
    }
    assert list(found) == [
        "Tài khoản B2",
        "Tài khoản B3",
        "Tài khoản D3",
        "Tài khoản E3",
        "Tài khoản E4",
        "Tổ chuyên môn B3",
        "Phân công A2",
        "Phân công D5",
    ]


def test_headings_may_be_missing_or_in_another_order(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    turned = write((Page("tai khoan", ["Ghi chú", "HỌ TÊN", "tài khoản"], [["", "Lê Mới", "le.moi"]]),))
    admin.run(turned)
    assert account(cast, "le.moi").full_name == "Lê Mới"
    lacking = admin.check(write((Page(GROUPS, ["Tổ", "Nhiệm vụ"], [["Tổ 1-2-3", "Tổ phó"]]),)))
    assert problems(lacking) == {"Tổ chuyên môn C1": "Thiếu cột “Giáo viên”."}
    bare = admin.check(write((Page(ACCOUNTS, ["a", "b"], [["1", "2"]]),)))
    assert list(problems(bare)) == ["Tài khoản A1"]
    other = admin.check(
        write((Page("Thu chi", ["x"], [["y"]]), Page(ACCOUNTS, ACCOUNT_HEAD, [["lan", "Nguyễn Thị Lan"]])))
    )
    assert "không thuộc tệp mẫu" in other.text


@pytest.mark.parametrize("name", ["=cmd|'/C calc'!A0", "@SUM(A1:A9)", "+84 912 345 678 Lan", "- Nguyễn Lan"])
def test_a_formula_is_no_name(cast: Cast, enter: Enter, name: str) -> None:
    answer = enter("admin").check(book([["gv.moi", name, "Giáo viên", "", "giáo viên", ""]]))
    assert "bắt đầu bằng một chữ cái" in problems(answer)["Tài khoản B2"]


def test_what_changes_nothing_is_folded_with_its_count(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    rows = [[name, account(cast, name).full_name, "", "", "", ""] for name in ("lan", "mai", "huong")]
    answer = admin.check(book([*rows, ["gv.moi", "Nguyễn Văn Mới", "Giáo viên", "", "giáo viên", ""]]))
    open_, folded = answer.text.split('<details class="mt-4">')
    assert "3 dòng không làm thay đổi gì" in folded
    assert folded.count("Không đổi</span>") == 3 and "Không đổi</span>" not in open_
    assert "Nguyễn Văn Mới" in open_ and "Nguyễn Văn Mới" not in folded.split("</details>")[0]


def test_another_language_between_check_and_import_voids_nothing(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    head = [*ACCOUNT_HEAD, "Ngôn ngữ"]
    own = ["admin", account(cast, "admin").full_name, "", "", "", "", "Tiếng Việt"]
    new = ["gv.moi", "Nguyễn Văn Mới", "Giáo viên", "", "giáo viên", "", "Tiếng Việt"]
    preview = admin.check(write((Page(ACCOUNTS, head, [own, new]),)))
    onward = re.search(r'action="/language">.*?name="next" value="([^"]+)"', preview.text)
    assert onward is not None
    csrf = admin.token(preview)
    sent = admin.client.post("/language", data={"csrf": csrf, "next": onward[1], "language": "en"})
    shown = admin.client.get(sent.headers["location"])
    assert "Check the import" in shown.text and "gv.moi" in shown.text
    assert admin.go_on(preview).status_code == 200  # the button of the page as it was
    assert account(cast, "gv.moi").full_name == "Nguyễn Văn Mới"
    assert account(cast, "admin").language == "en"


def test_law_7_holds_in_an_import(cast: Cast, enter: Enter) -> None:
    """Approving roles, appointments and an approver's e-mail wait; the administrator gains nothing."""
    admin = enter("admin")
    data = book(
        accounts=[
            ["gv.moi", "Lê Văn Mới", "Văn thư", "", "Giáo viên, Văn thư"],
            ["mai", "Trần Thị Mai", "", "", "Phó Hiệu trưởng"],
            ["hoa", "Phạm Thị Hoa", "", "admin@example.test"],
        ],
        groups=[["Tổ 4-5", "huong", "Tổ trưởng"]],
    )
    preview = admin.check(data)
    assert sorted(k for k, v in said(preview).items() if v == "Chờ xác nhận") == [
        "Cử Đặng Thị Hường làm tổ trưởng Tổ 4-5",
        "Giao vai trò Phó Hiệu trưởng cho Trần Thị Mai",
        "Giao vai trò Văn thư cho Lê Văn Mới",
        "Phạm Thị Hoa: thư điện tử “hoa@example.test” → “admin@example.test”",
    ]
    admin.go_on(preview)
    with cast.office.db.read() as session:
        waiting = session.exec(select(Change).where(col(Change.state) == "waiting")).all()
        clerks = session.exec(select(AccountRole.account_id).where(col(AccountRole.role) == "clerk")).all()
        assert actor_of(session, cast.ids["mai"]).roles == {"teacher"}
        assert session.get_one(Group, cast.groups["4-5"]).head_id == cast.ids["son"]
    assert account(cast, "hoa").email == "hoa@example.test"
    assert clerks == [cast.ids["thu"]]
    assert {c.action for c in waiting} == {"grant", "appoint-head", "edit"}
    again = admin.check(data)
    assert "Chờ xác nhận" not in said(again).values()
    assert "/apply" not in again.text
    minh = enter("minh")
    posts = [change.id for change in waiting if change.action != "edit"]
    (mails,) = (change.id for change in waiting if change.action == "edit")
    shown = minh.get("/confirmations")
    assert re.findall(r'name="item" value="([^"]+)" checked', shown) == posts
    assert f"thay {account(cast, 'son').full_name}" in shown
    listed = minh.post("/confirmations", item=[*posts, mails], password=PASSWORD)  # one password
    assert "Đã thực hiện 3 thay đổi" in listed.text
    assert account(cast, "hoa").email == "hoa@example.test"  # only appointments go by the list
    with cast.office.db.read() as session:
        assert actor_of(session, cast.ids["mai"]).roles == {"teacher", "vice_principal"}
        assert session.get_one(Group, cast.groups["4-5"]).head_id == cast.ids["huong"]
    minh.post(f"/confirmations/{mails}/confirm", seen="/confirmations", password=PASSWORD)
    assert account(cast, "hoa").email == "admin@example.test"


def test_a_school_that_changed_since_the_preview_is_shown_again(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    preview = admin.check(book(teaching=[[YEAR, "3A", "Toán", "mai"]]))
    with cast.office.db.write() as session:
        session.add(
            TeachingAssignment(
                school_id=cast.school_id,
                account_id=cast.ids["huong"],
                class_id=cast.classes["3A"],
                subject="Toán",
            )
        )
    answer = admin.go_on(preview)
    assert answer.status_code == 409
    assert "đã thay đổi sau khi kiểm tra" in answer.text
    assert admin.go_on(answer).status_code == 200
    assert admin.go_on(answer).status_code == 409  # the second click
    with cast.office.db.read() as session:
        rows = session.exec(select(TeachingAssignment)).all()
    assert [r.account_id for r in rows] == [cast.ids["mai"]]


def test_the_clock_looks_after_a_timetable_is_imported(cast: Cast, enter: Enter) -> None:
    """`hoa` stands in no timetable afterwards: she owes no lesson plan, and her flag goes at once."""

    def missing() -> set[str]:
        with cast.office.db.read() as session:
            rows = session.exec(
                select(Flag.account_id).where(
                    col(Flag.type) == "lesson-plan",
                    col(Flag.week_id) == cast.weeks[13],
                    col(Flag.resolved_at).is_(None),
                )
            ).all()
        return {name for name, key in cast.ids.items() if key in rows}

    late = datetime(2026, 11, 25, 1, tzinfo=VIETNAM)
    with time_machine.travel(late):
        clock.scan(cast.office.db, late, cast.school_id)
        assert missing() >= {"hoa", "lan", "mai"}
        enter("admin").run(book(**FULL))
        assert missing() >= {"lan", "mai"}
        assert "hoa" not in missing()


def test_a_new_timetable_begins_on_its_day_and_a_double_is_a_warning(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    admin.run(book(grid=[["Hai", "Sáng", 1, "Toán"]]))
    later = book(
        grid=[["Hai", "Sáng", 1, "Toán", "Toán (lan)"]], classes=["3A", "2A"], start=date(2026, 10, 14)
    )
    preview = admin.check(later)
    assert list(problems(preview)) == ["Thời khóa biểu E3"]
    assert "cùng lúc dạy lớp 3A" in preview.text
    admin.go_on(preview)
    with cast.office.db.read() as session:
        starts = session.exec(select(Timetable.valid_from)).all()  # type: ignore[call-overload]
        assert sorted(starts) == [FIRST_MONDAY, date(2026, 10, 14)]
        assert len(session.exec(select(TimetableEntry)).all()) == 3
    nowhen = admin.check(book(grid=[["Hai", "Sáng", 1, "Toán"]], start="khi nào đó"))
    assert list(problems(nowhen)) == ["Thời khóa biểu B1"]
    faraway = admin.check(book(grid=[["Hai", "Sáng", 1, "Toán"]], start=date(2031, 9, 1)))
    assert "Tạo năm học" in problems(faraway)["Thời khóa biểu B1"]


def test_a_hostile_file_gets_a_sentence(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    for data, words in (
        (b"", "Chọn một tệp"),
        (b"MZ not a workbook", "không phải bảng tính Excel"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "định dạng cũ"),
    ):
        answer = admin.check(data)
        assert answer.status_code == 422
        assert words in answer.text
    formulas = book(accounts=[["=cmd|' /C calc'!A0", "=1+1"]])
    assert "Tài khoản A2" in problems(admin.check(formulas))


def test_the_import_is_the_administrators_own(cast: Cast, enter: Enter) -> None:
    admin, lan = enter("admin"), enter("lan")
    assert lan.client.get("/admin/import").status_code == 404
    assert lan.check(book()).status_code == 404
    assert lan.client.get("/admin/import/hien-co.xlsx").status_code == 404
    preview = admin.check(book(accounts=[["gv.moi", "Lê Mới"]]))
    action = re.search(r'action="(/admin/import/[^"]+/apply)"', preview.text)
    assert action is not None
    assert lan.post(action[1], digest="x").status_code == 404
    with cast.office.db.write() as session:
        session.add(
            AccountRole(school_id=cast.other_school_id, account_id=cast.ids["teacher_b"], role="admin")
        )
    other = enter("teacher_b")
    assert other.client.get(action[1].removesuffix("/apply")).status_code == 404
    assert admin.client.post(action[1], data={"digest": "x"}).status_code == 403
    with cast.office.db.read() as session:
        assert (
            session.exec(select(SchoolClass).where(col(SchoolClass.school_id) == cast.other_school_id)).all()
            == []
        )


def test_a_class_is_known_however_it_is_written(cast: Cast, enter: Enter) -> None:
    who = "hoa"
    teaching = [
        (YEAR, "lớp 4b", "Toán", who, ""),
        (YEAR, "4c1", "Toán", who, ""),
        (YEAR, "4/2", "Toán", who, ""),
    ]
    grid = [("Thứ Hai", "Sáng", 1, "Toán", "Toán", "Toán")]
    enter("admin").run(book(teaching=teaching, grid=grid, classes=("Lớp 4B", "LỚP 4 C1", "Lớp 4/2")))
    with cast.office.db.read() as session:
        made = session.exec(select(SchoolClass).where(col(SchoolClass.name).in_(("4B", "4C1", "4/2")))).all()
        entries = session.exec(select(TimetableEntry)).all()
    assert {c.name for c in made} == {"4B", "4C1", "4/2"}
    assert {c.id for c in made} <= {e.class_id for e in entries}


def test_what_is_left_alone_is_said_and_stops_nothing(enter: Enter) -> None:
    head = ["STT", "Tên đăng nhập", "Họ và tên", "Điện thoại", "Ghi chú", "Họ và tên"]
    rows = [
        (1, "gv.moi", "Lò Thị Mới", "0912345678", "", "Lò Thị Cũ"),
        (2, "gv.moi2", "Lò Thị Mới", "", "", ""),
    ]
    admin = enter("admin")
    preview = admin.check(write((Page(ACCOUNTS, head, rows),)))
    found = problems(preview)
    assert set(found) == {f"{ACCOUNTS} D1", f"{ACCOUNTS} F1", f"{ACCOUNTS} C3"}  # no number, no empty column
    assert found[f"{ACCOUNTS} D1"].startswith("Cột “Điện thoại” không thuộc tệp mẫu")
    assert found[f"{ACCOUNTS} C3"].startswith("Trùng họ tên với gv.moi.")
    assert admin.go_on(preview).status_code == 200
