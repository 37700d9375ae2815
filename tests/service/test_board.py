"""The board of deadlines by page, by file and by API: who sees what, in words, from cell to record."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from flows import rule_changes
from flows.clock import scan
from flows.due_rules import FRIDAY, BeforeWeekday
from models.account import Group
from models.document import Document
from models.school import SchoolWeek
from models.settings import VIETNAM
from service import exports
from service.app import create_app
from tests.cast import Cast
from tests.service.reading import Page, Reader
from tests.service.test_api import Person

LIMIT = datetime(2026, 11, 25, tzinfo=VIETNAM)
"""Lesson plans of week 13 (Monday 30/11/2026)."""
HOUR = timedelta(hours=1)
ALL = {
    "Phạm Thị Hoa": "Chưa nộp",
    "Nguyễn Thị Lan": "Muộn 8 giờ, ở tổ",
    "Vũ Thị Liên": "Trả lại, đúng hạn",
    "Trần Thị Mai": "Đã duyệt, đúng hạn",
    "Đặng Thị Hường": "Chưa nộp",
    "Hoàng Văn Sơn": "Đang duyệt, đúng hạn",
}
"""By given name within a group, as they stand in week 13."""
GROUP, OTHERS = list(ALL)[:4], list(ALL)[4:]


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """Wednesday, nine o'clock, after the limit of week 13: plans in every state. Hường has only begun."""
    cast.office.now = lambda: LIMIT + 9 * HOUR
    for name, status, step, signed in (
        ("lan", "in_progress", "group_review", LIMIT + 8 * HOUR),
        ("lien", "returned", "draft", LIMIT - HOUR),
        ("mai", "archived", "", LIMIT - HOUR),
        ("son", "in_progress", "principal_approval", LIMIT - HOUR),
        ("huong", "draft", "draft", None),
    ):
        group = "4-5" if name in ("son", "huong") else "1-2-3"
        row = Document(
            school_id=cast.school_id,
            type="lesson-plan",
            owner_id=cast.ids[name],
            group_id=cast.groups[group],
            week_id=cast.weeks[13],
            last_week_id=cast.weeks[13],
            title=f"Kế hoạch của {name}",
            status=status,
            step=step,
            due_at=LIMIT,
            first_signed_at=signed,
            created_at=LIMIT - 9 * HOUR,
            updated_at=LIMIT,
        )
        with cast.office.db.write() as session:
            session.add(row)
    scan(cast.office.db, cast.office.now())
    return cast


@pytest.fixture
def reader(cast: Cast) -> Iterator[Callable[[str], Reader]]:
    opened: list[Reader] = []

    def enter(name: str) -> Reader:
        opened.append(Reader(cast, name))
        return opened[-1]

    yield enter
    for one in opened:
        one.client.close()


def drawn(page: Page) -> dict[str, str]:
    """The week in the middle: each name with everything its cell says."""
    found = {}
    for row in page.all(".matrix tbody tr"):
        heads = row.xpath("./th/a")
        if heads:
            (here,) = row.xpath("./td[@class='now']")
            found[heads[0].text_content()] = here.text_content().strip()
    return found


@pytest.mark.parametrize(
    ("who", "names"),
    [("minh", [*GROUP, *OTHERS]), ("ngoc", [*GROUP, *OTHERS]), ("hoa", GROUP), ("lien", GROUP)],
)
def test_principals_see_the_school_heads_and_deputies_their_group(
    reader: Callable[[str], Reader], who: str, names: list[str]
) -> None:
    found = drawn(reader(who).get("/flags"))
    assert list(found) == names
    assert found == {name: ALL[name] for name in names}


@pytest.mark.parametrize(("who", "words"), [("lan", "Muộn 8 giờ"), ("huong", "Chưa nộp, có bản nháp")])
def test_a_teacher_sees_their_own_weeks_and_no_colleague(
    cast: Cast, reader: Callable[[str], Reader], who: str, words: str
) -> None:
    me = reader(who)
    page = me.get("/flags")
    (here,) = page.all("tr.here")
    assert "Tuần 13" in here.text_content() and words in here.text_content()
    assert not [
        name for name in ALL if name in page.tree.xpath("string(//main)") and name not in page.words[:300]
    ]
    links = [a.get("href") for a in here.xpath(".//a")]
    assert any(link.startswith("/documents/") for link in links), "the record is one press away"
    colleague = cast.ids["mai"]
    for path in (f"/flags/people/{colleague}", f"/flags/lesson-plan/{colleague}/{cast.weeks[13]}"):
        assert me.get(path).status == 404, path
    assert me.get(f"/flags?person={colleague}").status == 200


def test_people_who_owe_nothing_are_told_so(reader: Callable[[str], Reader]) -> None:
    for who in ("binh", "thu", "admin", "teacher_b"):
        page = reader(who).get("/flags")
        assert page.status == 200
        assert "Tài khoản này không phải nộp hồ sơ theo tuần" in page.words
        assert not any(name in page.words for name in ALL)


def test_one_persons_page_is_for_them_their_head_and_the_principals(
    cast: Cast, reader: Callable[[str], Reader]
) -> None:
    mai = f"/flags/people/{cast.ids['mai']}"
    assert {
        who: reader(who).get(mai).status for who in ("mai", "hoa", "lien", "ngoc", "minh")
    } == dict.fromkeys(("mai", "hoa", "lien", "ngoc", "minh"), 200)
    assert {who: reader(who).get(mai).status for who in ("son", "lan", "binh", "admin", "principal_b")} == (
        dict.fromkeys(("son", "lan", "binh", "admin", "principal_b"), 404)
    )
    page = reader("minh").get(mai)
    assert "Thời hạn: Trần Thị Mai" in page.words
    assert "Học kì I: 1 lần đúng hạn, 0 lần muộn, 12 chưa nộp." in page.words
    only = reader("minh").get(f"{mai}?state=attention")
    assert "Tuần 12" in only.words and "Tuần 14" not in only.words


def test_from_a_cell_to_its_page_and_to_the_record(cast: Cast, reader: Callable[[str], Reader]) -> None:
    minh = reader("minh")
    (link,) = [a for a in minh.get("/flags").all(".now a.cell") if "Muộn" in a.text_content()]
    page = minh.get(link.get("href"))
    assert page.status == 200
    for words in (
        "Nguyễn Thị Lan, tuần 13",
        "Muộn 8 giờ",
        "Ở tổ",
        "trước 00:00 thứ Tư 25/11",
        "25/11/2026 08:00",
        "hết thứ Ba của tuần liền trước tuần dạy",
        "Chưa nộp từ 25/11 00:00 đến 25/11 08:00",
        "Muộn không chặn",
    ):
        assert words in page.words, words
    assert [a.text_content() for a in page.all("article a.btn")] == ["Mở hồ sơ"]


def test_a_cell_names_the_rule_its_record_was_held_to_and_the_one_of_today(
    cast: Cast, reader: Callable[[str], Reader]
) -> None:
    """By the rule set an hour after Lan signed she would be in time: she stays late by that of her day."""
    path = f"/flags/lesson-plan/{cast.ids['lan']}/{cast.weeks[13]}"
    hers = "hết thứ Ba của tuần liền trước tuần dạy"
    assert "đổi từ ngày" not in reader("minh").get(path).words
    rule = BeforeWeekday(FRIDAY, weeks_before=1)
    with cast.office.db.write() as session:
        declared = rule_changes.declared_rules()["lesson_plan_due"]
        monday = session.get_one(SchoolWeek, cast.weeks[13]).monday
        rule_changes.set_rule(session, cast.actor("admin"), declared, rule, monday, cast.office.now())
    page = reader("minh").get(path)
    for words in (
        "Muộn 8 giờ",
        "trước 00:00 thứ Tư 25/11",
        f"Quy tắc{hers}",
        "Quy tắc đổi từ ngày 25/11/2026; hạn của tuần nay là trước 00:00 thứ Sáu 27/11.",
        "Hết thứ Năm của tuần liền trước tuần dạy",
    ):
        assert words in page.words, words
    never_sent = reader("minh").get(f"/flags/lesson-plan/{cast.ids['hoa']}/{cast.weeks[13]}")
    assert hers not in never_sent.words and "hạn của tuần nay" not in never_sent.words
    asked = f"from={cast.weeks[13]}&to={cast.weeks[13]}"
    text = reader("minh").client.get(f"/flags.csv?{asked}").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    cells = {row[1]: row[3] for row in rows[5:]}
    assert rows[4][3] == "Tuần 13 (hạn 26/11)"
    assert cells["Nguyễn Thị Lan"] == "Muộn 8 giờ, ở tổ, hạn khi trình: hết thứ Ba 24/11"
    assert cells["Trần Thị Mai"] == "Đã duyệt, đúng hạn, hạn khi trình: hết thứ Ba 24/11"
    assert "hạn khi trình" not in cells["Phạm Thị Hoa"]


def test_a_head_is_not_told_of_a_draft_and_its_author_is(cast: Cast, reader: Callable[[str], Reader]) -> None:
    path = f"/flags/lesson-plan/{cast.ids['huong']}/{cast.weeks[13]}"
    for who in ("son", "minh"):
        page = reader(who).get(path)
        assert "Chưa nộp" in page.words and "nháp" not in page.words and not page.all("article a.btn")
    assert reader("huong").get(path).all("article a.btn")[0].text_content() == "Mở hồ sơ"


def test_a_record_one_may_not_open_is_named_without_a_link(
    cast: Cast, reader: Callable[[str], Reader]
) -> None:
    """A teacher of two groups wrote it for the other one."""
    with cast.office.db.write() as session:
        row = session.exec(select(Document).where(Document.owner_id == cast.ids["lan"])).one()
        row.group_id = cast.groups["4-5"]
    page = reader("hoa").get(f"/flags/lesson-plan/{cast.ids['lan']}/{cast.weeks[13]}")
    assert "Muộn 8 giờ" in page.words and "Có hồ sơ của tổ khác" in page.words
    assert not page.all("article a.btn")


def test_the_address_holds_the_filter(cast: Cast, reader: Callable[[str], Reader]) -> None:
    minh = reader("minh")
    asked = f"group={cast.groups['1-2-3']}&state=attention&from={cast.weeks[13]}&to={cast.weeks[14]}"
    page = minh.get(f"/flags?{asked}")
    assert list(drawn(page)) == ["Phạm Thị Hoa", "Nguyễn Thị Lan", "Vũ Thị Liên"]
    form = page.form("/flags")
    kept = {name: form.fields[name] for name in ("group", "state", "from", "to")}
    assert kept == {name: value[0] for name, value in parse_qs(asked).items()}
    for kind in ("csv", "xlsx"):
        (link,) = [a for a in page.all("a") if f"/flags.{kind}?" in a.get("href", "")]
        assert urlsplit(link.get("href")).query.count("=") == 4
    none = minh.get(f"/flags?state=returned&person={cast.ids['mai']}")
    assert "Không có ai khớp với bộ lọc" in none.words
    assert minh.get("/flags?week=nowhere").status == 404
    assert minh.get("/flags?type=poem").status == 404


def test_a_break_has_its_own_word(cast: Cast, reader: Callable[[str], Reader]) -> None:
    with cast.office.db.write() as session:
        for number in range(14, 36):
            week = session.get_one(SchoolWeek, cast.weeks[number])
            week.monday, week.sunday = (d + timedelta(weeks=60) for d in (week.monday, week.sunday))
            session.flush()
        for number in range(14, 36):
            week = session.get_one(SchoolWeek, cast.weeks[number])
            week.monday, week.sunday = (d - timedelta(weeks=59) for d in (week.monday, week.sunday))
            session.flush()
    page = reader("minh").get("/flags")
    assert "Nghỉ07/12 – 13/12" in page.tree.xpath("string(//thead)")
    cells = [td.text_content() for td in page.all(".matrix tbody tr")[1].xpath("./td")]
    assert cells.count("Nghỉ") == 1


def test_groups_owe_their_plan_as_groups(reader: Callable[[str], Reader]) -> None:
    page = reader("minh").get("/flags?type=team-teaching-plan")
    assert list(drawn(page)) == ["Tổ 1-2-3", "Tổ 4-5"]
    assert list(drawn(reader("hoa").get("/flags?type=team-teaching-plan"))) == ["Tổ 1-2-3"]


def test_english(reader: Callable[[str], Reader]) -> None:
    found = drawn(reader("minh").get("/flags?lang=en"))
    assert list(found.values()) == [
        "Missing",
        "8 h late, with the group",
        "Returned, on time",
        "Approved, on time",
        "Missing",
        "In review, on time",
    ]


def test_a_spreadsheet_has_words_and_no_formula(cast: Cast, reader: Callable[[str], Reader]) -> None:
    with cast.office.db.write() as session:
        session.get_one(Group, cast.groups["1-2-3"]).name = '=HYPERLINK("http://evil.example")'
    minh = reader("minh")
    asked = f"from={cast.weeks[12]}&to={cast.weeks[13]}"
    text = minh.client.get(f"/flags.csv?{asked}").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Bảng thời hạn, Trường Tiểu học Đồng Mai"]
    assert rows[2] == ["Bộ lọc: Loại: Kế hoạch bài dạy (giáo án); Tuần 12 – 13, năm học 2026-2027"]
    assert rows[4] == ["Tổ", "Giáo viên", "Lớp, môn", "Tuần 12 (hạn 17/11)", "Tuần 13 (hạn 24/11)"]
    assert {row[1]: row[4] for row in rows[5:]} == ALL
    assert not any(cell.startswith(exports.DANGEROUS) for row in rows for cell in row)
    sheet = openpyxl.load_workbook(io.BytesIO(minh.client.get(f"/flags.xlsx?{asked}&lang=en").content)).active
    cells = list(sheet.iter_rows(values_only=True))
    assert cells[4] == ("Group", "Teacher", "Class, subject", "Week 12 (due 17/11)", "Week 13 (due 24/11)")
    assert [row[4] for row in cells[5:]][:2] == ["Missing", "8 h late, with the group"]
    assert {c.data_type for row in sheet.iter_rows() for c in row} <= {"s", "n"}
    mine = reader("lan").client.get(f"/flags.csv?{asked}").text
    assert "Nguyễn Thị Lan" in mine and "Trần Thị Mai" not in mine


def test_the_api_speaks_the_same_words(cast: Cast) -> None:
    with TestClient(create_app(cast.office.settings, cast.office)) as client:
        asked = {"type": "lesson-plan", "from": cast.weeks[13], "to": cast.weeks[13]}

        def ask(who: str, **more: str) -> dict:
            answer = client.get("/api/v1/board", params=asked | more, headers=Person(client, who).headers)
            assert answer.status_code == 200, answer.text
            return answer.json()

        whole = ask("minh")
        assert whole["weeks"][0]["due"] == "2026-11-25T00:00:00+07:00"
        assert {i["owner"]["name"]: i["cells"][0]["words"]["vi"] for i in whole["items"]} == ALL
        assert [i["cells"][0]["state"] for i in whole["items"]] == [
            "missing",
            "late",
            "returned",
            "approved",
            "missing",
            "review",
        ]
        late = whole["items"][1]["cells"][0]
        assert (late["time"], late["stage"], late["sent_at"]) == (
            "late",
            "group",
            "2026-11-25T08:00:00+07:00",
        )
        assert late["document_id"] and whole["items"][4]["cells"][0]["document_id"] is None
        names = {who: [i["owner"]["name"] for i in ask(who)["items"]] for who in ("hoa", "lan", "binh")}
        assert names == {"hoa": GROUP, "lan": ["Nguyễn Thị Lan"], "binh": []}
        assert [i["owner"]["name"] for i in ask("minh", group=cast.groups["4-5"])["items"]] == OTHERS
        elsewhere = client.get("/api/v1/board", params=asked, headers=Person(client, "principal_b").headers)
        assert elsewhere.status_code == 422  # another school's weeks are none
        assert [e["path"] for e in elsewhere.json()["errors"]] == ["from", "to"]
        assert client.get("/api/v1/board").status_code == 401
