"""The corridor page of a spot check without a browser: who may, what comes back, what is taken once."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from flows import prints
from tests.cast import Cast
from tests.service.reading import Page, People
from tests.spot_checks import papers, planned, row_of
from tests.waiting import until

GOOD = {
    "teaching_plan": "present",
    "lesson_plan": "absent",
    "words": "Em để ở nhà ạ.",
    "read_back": "1",
    "started": "09:15",
    "ended": "09:25",
    "place": "Lớp 3A",
}


def post(page: Page, check: str, **changes: str) -> Any:
    """What the scripts send: the form of a page with a header, for an answer in JSON."""
    client = page.reader.client
    fields = dict(page.form(f"/spot/{check}").form_values()) | GOOD | changes
    headers = {"accept": "application/json", "x-csrf-token": fields["csrf"]}
    return client.post(f"/spot/{check}", data=fields, headers=headers, follow_redirects=False)


def approved_plan(cast: Cast, name: str = "lan") -> str:
    """The teaching plan of this week, approved."""
    plan = cast.teacher_plan(name, 12)
    cast.act(name, plan.id, "submit")
    cast.act(name, plan.id, "sign")
    for reviewer in ("hoa", "minh"):
        cast.act(reviewer, plan.id, "approve")
    return plan.id


def test_the_page_says_what_the_records_say(cast: Cast, reader: People) -> None:
    plan = approved_plan(cast)
    made = prints.make(cast.office, cast.actor("lan"), plan, "page")
    check = planned(cast)
    page = reader("binh").get(f"/spot/{check}")
    assert page.status == 200
    assert "Lớp 3A, tiết 3, Toán" in page.words and "Nguyễn Thị Lan" in page.words
    assert prints.spoken(made.code or "") in page.words, "the print that was made"
    assert "Hệ thống không có kế hoạch nào." in page.words, "of the lesson plan"
    assert page.headers["x-keep"] == cast.ids["binh"]
    assert page.headers["cache-control"] == "no-store"
    english = reader("binh").get(f"/spot/{check}?lang=en")
    assert "Teaching plan of week 12, on paper" in english.words and "Send" in english.words


@pytest.mark.parametrize("name", ["lan", "huong", "thu", "admin", "teacher_b", "principal_b"])
def test_until_it_is_sent_nobody_else_knows(cast: Cast, reader: People, name: str) -> None:
    check = planned(cast)
    for path in (f"/spot/{check}", f"/spot/{check}/sent", f"/spot/{check}/print?code=AAAA"):
        assert reader(name).get(path).status == 404
    page = reader("binh").get(f"/spot/{check}")
    sent = [(k, v) for k, v in page.form(f"/spot/{check}").form_values() if k != "csrf"]
    token = reader(name).get("/account").all("input[name=csrf]")[0].get("value", "")
    assert reader(name).post(f"/spot/{check}", [*sent, ("csrf", token)]).status == 404
    assert row_of(cast, check).state == "planned"


def test_a_principal_sees_a_planned_check_and_cannot_record_it(cast: Cast, reader: People) -> None:
    check = planned(cast)
    page = reader("minh").get(f"/spot/{check}")
    assert page.path == f"/spot/{check}/sent" and "Đã lên lịch" in page.words
    assert "x-keep" not in page.headers
    token = page.all("input[name=csrf]")[0].get("value", "")
    assert reader("minh").post(f"/spot/{check}", [*GOOD.items(), ("csrf", token)]).status == 403
    assert row_of(cast, check).state == "planned"


def test_without_the_forms_token_nothing_is_taken(cast: Cast, reader: People) -> None:
    check = planned(cast)
    assert reader("binh").post(f"/spot/{check}", list(GOOD.items())).status == 403
    assert row_of(cast, check).state == "planned"


def test_refused_the_form_comes_back_as_it_was(cast: Cast, reader: People) -> None:
    check = planned(cast)
    page = reader("binh").get(f"/spot/{check}")
    refused = page.send(
        f"/spot/{check}", **GOOD | {"lesson_plan": "printed", "read_back": "", "place": " ", "started": "9h"}
    )
    assert refused.status == 422
    links = [link.get("href") for link in refused.all(".errors li a") if link.get("href")]
    assert set(links) == {"#f-lesson_plan_reason", "#f-read_back", "#f-place", "#f-started"}
    for link in links:
        assert refused.all(link), "every fault leads to its field"
    values = dict(refused.form(f"/spot/{check}").form_values())
    assert values["words"].strip() == "Em để ở nhà ạ." and values["started"] == "9h"
    assert values["key"] == dict(page.form(f"/spot/{check}").form_values())["key"], "still the same record"
    assert "x-keep" not in refused.headers, "a page with words in it is not put aside"
    assert row_of(cast, check).state == "planned"


def test_a_key_is_taken_once_and_another_is_shown_what_stands(cast: Cast, reader: People) -> None:
    check = planned(cast)
    page = reader("binh").get(f"/spot/{check}")
    first = post(page, check, recorded_at="2026-11-24T02:20:00.000Z")
    assert first.status_code == 200 and first.json()["address"] == f"/spot/{check}/sent"
    stored = row_of(cast, check)
    assert stored.recorded_at and stored.recorded_at.isoformat() == "2026-11-24T02:20:00+00:00"
    again = post(page, check, recorded_at="2026-11-24T02:20:00.000Z")
    assert again.json() == first.json()
    changed = post(page, check, words="Em nhớ ra rồi ạ.")
    other = post(page, check, key=str(uuid.uuid4()), words="Lời từ máy khác.")
    for refused, ours in ((changed, "Em nhớ ra rồi ạ."), (other, "Lời từ máy khác.")):
        assert refused.status_code == 409 and refused.json()["code"] == "stale"
        assert ["Lời của giáo viên", "Em để ở nhà ạ."] in refused.json()["stands"]["rows"]
        assert ["Lời của giáo viên", ours] in refused.json()["ours"]["rows"]
    assert row_of(cast, check).model_dump() == stored.model_dump()
    until(lambda: papers(cast) == [stored.document_id], "one paper")


def test_a_phone_with_a_wrong_clock_is_believed_and_nonsense_is_not(cast: Cast, reader: People) -> None:
    for period, written, kept in ((3, "2026-11-23T23:00:00+07:00", True), (4, "gestern", False)):
        check = planned(cast, period=period)
        page = reader("binh").get(f"/spot/{check}")
        assert post(page, check, recorded_at=written).status_code == 200
        row = row_of(cast, check)
        assert row.recorded_at is not None
        assert row.recorded_at.isoformat().startswith("2026-11-23T16:00") is kept


def test_scripts_are_told_in_words_what_is_missing(cast: Cast, reader: People) -> None:
    check = planned(cast)
    page = reader("binh").get(f"/spot/{check}")
    refused = post(page, check, teaching_plan="", read_back="")
    assert refused.status_code == 422
    assert {fault["path"] for fault in refused.json()["faults"]} == {"teaching_plan", "read_back"}
    assert all(fault["sentence"] for fault in refused.json()["faults"])


def test_a_prints_code_leads_from_the_public_page_to_the_check_and_to_nobody_else(
    cast: Cast, reader: People
) -> None:
    made = prints.make(cast.office, cast.actor("lan"), approved_plan(cast), "page")
    other = prints.make(cast.office, cast.actor("mai"), approved_plan(cast, "mai"), "page")
    check = planned(cast)
    found = reader("binh").get(f"/p/{made.code}")
    assert "Đúng bản đã duyệt" in found.words and "Nguyễn Thị Lan" in found.words
    (link,) = [a for a in found.all("a") if a.get("href", "").startswith("/spot/")]
    page = reader("binh").get(link.get("href"))
    assert page.path == f"/spot/{check}"
    assert page.all("input[name=teaching_code]")[0].get("value") == prints.spoken(made.code or "")
    assert "Đúng bản đã duyệt" in page.words
    wrong = reader("binh").get(f"/p/{other.code}")
    assert "không phải kế hoạch của giáo viên này" in wrong.words
    for name in ("huong", "minh", "principal_b"):
        seen = reader(name).get(f"/p/{made.code}")
        assert seen.status == 200 and "Nguyễn Thị Lan" not in seen.words
        assert not [a for a in seen.all("a") if a.get("href", "").startswith("/spot/")]


def test_the_worker_answers_for_its_own_pages_alone(cast: Cast, reader: People) -> None:
    client = reader("binh").client
    answer = client.get("/spot/worker.js")
    assert answer.headers["service-worker-allowed"] == "/spot"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.get("/documents").headers.get("x-keep") is None


def test_the_key_of_a_phone_is_given_to_its_account_alone(cast: Cast, reader: People) -> None:
    keys = {name: reader(name).client.get("/spot/device").json()["key"] for name in ("binh", "minh")}
    assert keys["binh"] != keys["minh"]
    check = planned(cast)
    assert keys["binh"] not in reader("binh").get(f"/spot/{check}").source, "a page put aside holds no key"
    reader("binh").client.cookies.clear()
    assert reader("binh").client.get("/spot/device", follow_redirects=False).status_code == 303


def test_the_receipt_is_seen_by_whom_it_is_about_and_their_head(cast: Cast, reader: People) -> None:
    check = planned(cast)
    assert post(reader("binh").get(f"/spot/{check}"), check).status_code == 200
    for name in ("binh", "lan", "hoa", "minh"):
        page = reader(name).get(f"/spot/{check}")
        assert page.path == f"/spot/{check}/sent" and "Em để ở nhà ạ." in page.words
        assert "vi phạm" not in page.words, "no pronouncing words before a finding"
    for name in ("mai", "huong", "son", "thu", "admin", "teacher_b"):
        assert reader(name).get(f"/spot/{check}/sent").status == 404
