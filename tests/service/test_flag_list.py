"""The list of flags of every kind, its export and the API: what is found, and in which words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import lxml.html
import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from flows.board import STATES
from flows.clock import scan
from flows.flag_words import NAMES
from flows.year_frame import proposal
from models.account import Group
from service import school_years
from service.app import create_app
from tests.cast import Cast
from tests.service.flagged import REASON, WEEK, WHY, bearer, flag_of, past_the_limit, waive
from tests.service.test_pages_flags import enter, shown


@pytest.fixture
def late(cast: Cast) -> Cast:
    return past_the_limit(cast)


@pytest.fixture
def client(late: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(late.office.settings, late.office), follow_redirects=False) as client:
        yield client


def test_with_a_second_school_year_the_weeks_stand_under_their_year(client: TestClient, late: Cast) -> None:
    def years() -> list[tuple[str, int]]:
        page = lxml.html.fromstring(shown(client, "/flags/list"))
        groups = page.xpath(".//select[@id='week']/optgroup")
        return [(group.get("label"), len(group)) for group in groups]

    enter(client, late, "minh")
    assert years() == []
    with late.office.db.write() as session:
        school_years.save_frame(session, late.school_id, proposal(2027), late.office.now())
    assert years() == [("Năm học 2026-2027", 35), ("Năm học 2027-2028", 35)]


def test_the_list_is_filtered_by_kind_group_and_state(client: TestClient, late: Cast) -> None:
    lan, huong = flag_of(late, "lan").id, flag_of(late, "huong").id
    waive(client, late, lan)
    enter(client, late, "minh")

    def ids(query: str) -> set[str]:
        text = shown(client, f"/flags/list{query}")
        return {flag for flag in (lan, huong) if f"/flags/{flag}" in text}

    assert ids(f"?week={late.weeks[WEEK]}") == {huong}
    assert ids("?state=waived") == {lan}
    assert ids("?state=resolved") == set()
    assert ids(f"?rule=missing&state=open&group={late.groups['4-5']}") == {huong}
    assert ids(f"?rule=missing&state=open&group={late.groups['1-2-3']}") == set()
    assert ids("?rule=late") == set()
    week = late.weeks[WEEK]
    with late.office.db.write() as session:
        elsewhere = Group(school_id=late.other_school_id, name="Tổ khác")
        session.add(elsewhere)
        foreign = f"group={elsewhere.id}"
    wrong_ones = ("rule=foo", "state=foo", "week=foo", f"week={week}&rule=foo", "week=foo&rule=late")
    for wrong in (*wrong_ones, "group=foo", f"group=foo&week={week}", foreign):
        assert client.get(f"/flags/list?{wrong}").status_code == 404
        assert client.get(f"/flags/list.csv?{wrong}").status_code == 404
    for wrong in ("rule=foo", "group=foo"):
        assert "Không có điều kiện lọc “foo”" in shown(client, f"/flags/list?{wrong}", 404)
    assert "Không có điều kiện lọc “foo”" in shown(client, "/flags?state=foo", 404)


def table(client: TestClient, path: str) -> tuple[str, list[list[str]]]:
    """What the line of the filter says, and the rows below the head."""
    rows = list(csv.reader(io.StringIO(client.get(path).content.decode("utf-8-sig"))))
    head = next(n for n, row in enumerate(rows) if row[:1] == ["Loại ghi nhận"])
    [said] = [row[0] for row in rows[:head] if row and row[0].startswith("Bộ lọc")]
    return said, rows[head + 1 :]


def test_what_is_exported_is_the_list_shown(client: TestClient, late: Cast) -> None:
    scan(late.office.db, late.office.now() + timedelta(days=7))  # the next week has flags, too
    waive(client, late, flag_of(late, "huong").id)
    enter(client, late, "minh")
    for query, said in (
        ("", "Tuần 13"),
        (f"?week={late.weeks[WEEK]}", "Tuần 13"),
        ("?rule=missing", "Mọi tuần; Chưa nộp; Đang mở"),
        (f"?week={late.weeks[WEEK]}&rule=missing", "Chưa nộp"),
        ("?state=waived", "Đã miễn"),
    ):
        page = client.get(f"/flags/list{query}").text
        ids = re.findall(r'href="/flags/([0-9a-f-]{36})"', page)
        path = unescape(re.findall(r'href="(/flags/list\.csv[^"]*)"', page)[0])
        line, rows = table(client, path)
        assert said in line
        assert len(rows) == len(ids) > 0, query
    assert len(table(client, "/flags/list.csv?rule=missing")[1]) > len(table(client, "/flags/list.csv")[1])


def test_an_empty_list_speaks_of_what_its_reader_would_find(client: TestClient, late: Cast) -> None:
    for who, said, never in (
        ("admin", "chứng thư sắp hết hạn hiện ra ở đây", "Hồ sơ quá hạn"),
        ("thu", "Hồ sơ quá hạn của tuần", "chứng thư sắp hết hạn"),
    ):
        enter(client, late, who)
        text = shown(client, "/flags/list")
        assert said in text
        assert never not in text


def test_every_explanation_is_given_in_order(client: TestClient, late: Cast) -> None:
    flag, lan = flag_of(late, "lan").id, bearer(client, "lan")
    for words in (WHY, REASON):
        item = client.post(f"/api/v1/flags/{flag}/explain", json={"words": words}, headers=lan).json()
    assert [one["words"] for one in item["explanations"]] == [WHY, REASON]
    enter(client, late, "minh")
    [row] = [r for r in table(client, f"/flags/list.csv?week={late.weeks[WEEK]}")[1] if WHY in r[-1]]
    assert row[-1].splitlines() == [WHY, REASON]
    text = shown(client, f"/flags/list?week={late.weeks[WEEK]}")
    assert text.index(WHY) < text.index(REASON)


def test_the_api_knows_every_kind_and_refuses_others(client: TestClient, late: Cast) -> None:
    minh = bearer(client, "minh")
    parameters = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/flags"]["get"]["parameters"]
    [rule] = [p for p in parameters if p["name"] == "rule"]
    for kind in NAMES:
        assert kind in rule["description"]
        assert client.get("/api/v1/flags", params={"rule": kind}, headers=minh).status_code == 200
    for state in STATES:
        assert client.get("/api/v1/flags", params={"state": state}, headers=minh).status_code == 200
    for wrong in ({"rule": "foo"}, {"state": "foo"}, {"group": "foo"}):
        assert client.get("/api/v1/flags", params=wrong, headers=minh).status_code == 422


def test_the_export_has_kind_waiver_and_explanation(client: TestClient, late: Cast) -> None:
    flag = flag_of(late, "lan").id
    csrf = enter(client, late, "lan")
    client.post(f"/flags/{flag}/explain", data={"csrf": csrf, "words": f"={WHY}"})
    waive(client, late, flag)
    enter(client, late, "minh")
    answer = client.get(f"/flags/list.csv?week={late.weeks[WEEK]}&rule=missing&state=waived")
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    [lan] = [row for row in rows if REASON in row]
    assert lan[0] == "Chưa nộp"
    assert lan[-4:-1] == ["Đã miễn", "Lê Thị Ngọc", REASON]
    assert WHY in lan[-1]
    assert not lan[-1].startswith("=")
    book = client.get(f"/flags/list.xlsx?week={late.weeks[WEEK]}&state=waived")
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert any(REASON in map(str, row) for row in sheet.iter_rows(values_only=True))
    enter(client, late, "mai")
    assert "Nguyễn Thị Lan" not in client.get("/flags/list.csv").content.decode("utf-8-sig")
    assert client.get(f"/flags/list.csv?week={late.weeks[WEEK]}x").status_code == 404


# --- the API --------------------------------------------------------------------------------------------


def test_the_api_explains_waives_and_takes_back(client: TestClient, late: Cast) -> None:
    flag, lan, minh = flag_of(late, "lan").id, bearer(client, "lan"), bearer(client, "minh")

    def post(act: str, headers: dict[str, str], words: str = REASON) -> tuple[int, dict]:
        answer = client.post(f"/api/v1/flags/{flag}/{act}", json={"words": words}, headers=headers)
        return answer.status_code, answer.json()

    assert post("waive", lan)[1]["code"] == "not-yours"
    assert post("waive", bearer(client, "mai"))[1]["code"] == "not-found"
    assert post("waive", bearer(client, "principal_b"))[1]["code"] == "not-found"
    assert post("waive", minh, "vì")[0] == 422
    assert post("explain", lan, WHY)[1]["explanation"] == WHY
    status, waived = post("waive", minh)
    assert (status, waived["waived"], waived["kind"]) == (200, True, "missing")
    assert waived["waiver"]["by"] == {"id": late.ids["minh"], "name": "Đỗ Quang Minh"}
    assert waived["waiver"]["reason"] == REASON
    listed = client.get("/api/v1/flags", params={"state": "waived"}, headers=minh).json()["items"]
    assert [item["id"] for item in listed] == [flag]
    status, back = post("unwaive", minh, "Nhầm người")
    assert (status, back["waived"], back["waiver"]) == (200, False, None)
    assert post("unwaive", minh, "Nhầm người")[1]["code"] == "wrong-step"


def test_words_no_text_can_hold_are_refused_and_invisible_ones_dropped(
    client: TestClient, late: Cast
) -> None:
    flag, lan, minh = flag_of(late, "lan").id, bearer(client, "lan"), bearer(client, "minh")
    as_json = {"Content-Type": "application/json"}
    for act, headers in (("explain", lan), ("waive", minh), ("unwaive", minh)):
        half = b'{"words": "abc\\ud800defgh"}'
        answer = client.post(f"/api/v1/flags/{flag}/{act}", content=half, headers=headers | as_json)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    odd = {"words": "Con\u0000 ốm\u202e phải\u0007 nghỉ \U0001f600"}
    said = client.post(f"/api/v1/flags/{flag}/explain", json=odd, headers=lan).json()
    assert said["explanation"] == "Con ốm phải nghỉ \U0001f600"
    csrf = enter(client, late, "lan")
    form = {"csrf": csrf, "words": "\u202e\u0000\u0007\u200b\u2060"}
    assert client.post(f"/flags/{flag}/explain", data=form).status_code == 422


def test_half_a_character_is_refused_in_every_json_body(client: TestClient, late: Cast) -> None:
    lan = bearer(client, "lan") | {"Content-Type": "application/json"}
    new = b'{"place": "inbox", "name": "Lop 4\\udfff", "query": {}}'
    answer = client.post("/api/v1/filters", content=new, headers=lan)
    assert answer.status_code == 422
    assert "ký tự hỏng" in answer.json()["detail"]
