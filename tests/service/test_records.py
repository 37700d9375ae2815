"""The list of records by page and API: the filter in the address, search, exports that calculate nothing."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import openpyxl
import pytest
from fastapi.testclient import TestClient

from models.document import Document
from models.indexing import index
from service import exports
from service.app import create_app
from tests.cast import Cast
from tests.service.reading import Reader
from tests.service.test_api import Person

HOSTILE = ['=HYPERLINK("http://evil.example";"x")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "  =1", "|cmd", "＝1"]


@pytest.fixture
def listed(cast: Cast) -> Cast:
    """Lan's archived records with hostile titles, one of mai's, one in the other school."""
    made = datetime(2026, 11, 24, 2, 30).astimezone()
    with cast.office.db.write() as session:
        for n, title in enumerate([*HOSTILE, 'Kế hoạch bài dạy, "3A"; tuần 13\x07']):
            document = Document(
                school_id=cast.school_id,
                type="lesson-plan",
                owner_id=cast.ids["lan" if n else "mai"],
                group_id=cast.groups["1-2-3"],
                week_id=cast.weeks[1 + n],
                last_week_id=cast.weeks[1 + n],
                title=title,
                status="archived",
                step="",
                first_signed_at=made,
                due_at=made,
                created_at=made,
                updated_at=made,
            )
            session.add(document)
            session.flush()
            index(session.connection(), document.id)
        session.add(
            Document(
                school_id=cast.other_school_id,
                type="lesson-plan",
                owner_id=cast.ids["teacher_b"],
                title="Trường khác",
                status="archived",
                step="",
                created_at=made,
                updated_at=made,
            )
        )
    return cast


@pytest.fixture
def client(listed: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(listed.office.settings, listed.office)) as client:
        yield client


def test_the_filter_is_a_form_and_stands_in_the_address(listed: Cast) -> None:
    minh = Reader(listed, "minh")
    page = minh.get(f"/documents?q=ke+hoach&week={listed.weeks[9]}&class=&owed=&status=&owner=&type=")
    assert page.status == 200
    assert [a.text_content() for a in page.all("tbody tr th a")] == ['Kế hoạch bài dạy, "3A"; tuần 13\x07']
    form = page.form("/documents")
    assert (form.fields["q"], form.fields["week"]) == ("ke hoach", listed.weeks[9])
    for kind in ("csv", "xlsx"):
        (link,) = [a for a in page.all("a") if f"/documents.{kind}?" in a.get("href", "")]
        asked = parse_qs(urlsplit(link.get("href")).query)
        assert asked == {"q": ["ke hoach"], "week": [listed.weeks[9]]}
    nothing = minh.get("/documents?q=khong-co-tu-nay")
    assert "Không có hồ sơ nào khớp" in nothing.words
    assert "chữ cái" not in nothing.words
    minh.client.close()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("d", "Gõ từ hai chữ cái trở lên"),
        ("Đ", "Gõ từ hai chữ cái trở lên"),
        ('"', "Gõ ít nhất một chữ cái hoặc chữ số"),
        ("%", "Gõ ít nhất một chữ cái hoặc chữ số"),
        ("zz", "Không có hồ sơ nào khớp"),  # how the index's own marks begin: not a way to everything
    ],
)
def test_what_is_no_search_finds_nothing_and_says_what_to_type(listed: Cast, typed: str, said: str) -> None:
    minh = Reader(listed, "minh")
    page = minh.get(f"/documents?{urlencode({'q': typed})}")
    assert page.all("tbody tr") == [] and said in page.words
    minh.client.close()


def test_older_pages_keep_the_filter(listed: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.pages import documents

    monkeypatch.setattr(documents, "LISTED", 4)
    minh, read = Reader(listed, "minh"), []
    page = minh.get(f"/documents?status=archived&owner={listed.ids['lan']}")
    while True:
        read += [a.text_content() for a in page.all("tbody tr th a")]
        older = [a for a in page.all("a[href=cursor]") if "cũ hơn" in a.text_content()]
        if not older:
            break
        assert "status=archived" in older[0].get("href")
        page = minh.get(older[0].get("href"))
    assert len(read) == len(set(read)) == 8
    minh.client.close()


def test_the_api_finds_the_same(listed: Cast, client: TestClient) -> None:
    minh, lan = Person(client, "minh"), Person(client, "lan")
    assert [d["owner"]["name"] for d in minh.get("/documents", q="hyperlink")["items"]] == ["Trần Thị Mai"]
    assert len(lan.get("/documents", owner="me", status="archived")["items"]) == 8
    assert lan.get("/documents", owed="true")["items"] == []
    assert lan.get("/documents", **{"class": listed.classes["3A"]})["items"] == []
    headers = minh.headers
    assert client.get("/api/v1/documents?cursor=nonsense", headers=headers).status_code == 422
    assert client.get("/api/v1/documents?owed=perhaps", headers=headers).status_code == 422
    assert Person(client, "teacher_b").get("/documents", q="truong khac")["items"] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_spreadsheet_would_calculate_is_a_text(text: str) -> None:
    assert exports.harmless(text).startswith("'")


@pytest.mark.parametrize("text", ["Kế hoạch", "3A", "", "a=b", "(1)", "'x"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert exports.harmless(text) == text


def test_a_csv_opens_in_excel_and_calculates_nothing(listed: Cast, client: TestClient) -> None:
    minh = Person(client, "minh")
    answer = client.get("/api/v1/documents.csv?status=archived&q=-%3D1", headers=minh.headers)
    assert "Bộ lọc: Từ cần tìm: -=1; Trạng thái: Đã lưu trữ" in answer.text
    answer = client.get("/api/v1/documents.csv", headers=minh.headers)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert re.search(r'filename="ho-so-\d{8}-\d{4}.csv"', answer.headers["content-disposition"])
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["Danh sách hồ sơ, Trường Tiểu học Đồng Mai"]
    assert "Đỗ Quang Minh" in rows[1][0] and rows[3] == []
    titles, cells = rows[4], rows[5:]
    assert titles[0] == "Hồ sơ" and len(cells) == 9 and all(len(row) == len(titles) for row in cells)
    assert sorted(row[0] for row in cells if row[0].startswith("'")) == sorted("'" + t for t in HOSTILE)
    assert 'Kế hoạch bài dạy, "3A"; tuần 13' in {row[0] for row in cells}
    assert not any(cell.startswith(exports.DANGEROUS) for row in rows for cell in row)
    assert {row[8] for row in cells} == {
        f"{datetime(2026, 11, 24, 2, 30).astimezone(exports.VIETNAM):%d/%m/%Y %H:%M}"
    }


def test_a_plan_of_several_weeks_names_its_first_and_last(listed: Cast, client: TestClient) -> None:
    listed.teacher_plan("lan", 12, 13)
    listed.teacher_plan("lan", 14)
    path = "/api/v1/documents.csv?owner=me&type=teacher-teaching-plan"
    answer = client.get(path, headers=Person(client, "lan").headers)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert sorted(row[2] for row in rows[5:]) == ["12–13", "14"]


def test_a_workbook_has_typed_dates_and_only_texts(listed: Cast, client: TestClient) -> None:
    lan = Person(client, "lan")
    answer = client.get("/api/v1/documents.xlsx?owner=me&lang=en", headers=lan.headers)
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows())
    assert rows[0][0].value == "Records of Trường Tiểu học Đồng Mai"
    assert rows[2][0].value == "Filter: Author: Nguyễn Thị Lan"
    assert rows[4][0].value == "Record" and rows[4][0].font.bold
    assert sheet.freeze_panes == "B6"
    cells = rows[5:]
    assert len(cells) == 8
    assert {c.data_type for row in rows for c in row} <= {"s", "n", "d"}, "no formula anywhere"
    hostile = [row[0] for row in cells if row[0].value in HOSTILE]
    assert len(hostile) == len(HOSTILE) - 1 and all(cell.quotePrefix for cell in hostile)
    assert all(
        isinstance(row[8].value, datetime) and row[8].number_format == "dd/mm/yyyy hh:mm" for row in cells
    )
    assert all(isinstance(row[2].value, int) for row in cells)


def test_an_export_holds_what_its_reader_may_see(listed: Cast, client: TestClient) -> None:
    other = Person(client, "teacher_b")
    assert client.get("/api/v1/documents.csv", headers=other.headers).text.count("Trường khác") == 1
    huong = Person(client, "huong")
    text = client.get("/api/v1/documents.csv", headers=huong.headers).text
    assert "Kế hoạch bài dạy," not in text and "Trường khác" not in text
    assert client.get("/api/v1/documents.pdf", headers=huong.headers).status_code == 422


def test_the_page_exports_too(listed: Cast) -> None:
    lan = Reader(listed, "lan")
    assert lan.client.get("/documents.csv?owner=me").text.count("\n") >= 12
    assert lan.client.get("/documents.xlsx?owner=me").content.startswith(b"PK")
    lan.client.close()
