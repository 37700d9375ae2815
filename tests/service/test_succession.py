"""By page and by API: taking a record back, adding a note after teaching, replacing what was approved."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from models.document import Document
from service.app import create_app
from tests.cast import PASSWORD, PIN, Cast
from tests.service.reading import People


def approved(cast: Cast, week: int = 12) -> Document:
    document = cast.sent("lan", week)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return cast.fresh(document.id)


def test_withdraw_by_page(cast: Cast, reader: People) -> None:
    document = cast.sent("lan", 14)
    lan, path = reader("lan"), f"/documents/{document.id}"
    assert [a.get("href") for a in lan.get(path).all(".head__a a") if "withdraw" in a.get("href")] == [
        f"{path}/withdraw"
    ]
    assert not any("withdraw" in a.get("href", "") for a in reader("hoa").get(path).all(".head__a a"))
    page = lan.get(f"{path}/withdraw")
    assert "Sẽ báo cho Phạm Thị Hoa." in page.words
    refused = page.send("/withdraw", note="x" * 4001)
    assert (refused.status, refused.form("/withdraw").fields["note"]) == (422, "x" * 4001)
    done = page.send("/withdraw", note="Nhầm tuần.")
    assert "Đã rút lại" in done.words
    assert "Nhầm tuần." in done.words
    assert cast.fresh(document.id).status == "withdrawn"
    read = reader("hoa").get(path)
    assert "Đã rút" in read.words
    assert read.all(".paper")
    assert "Nhầm tuần." in read.words
    assert lan.get(f"{path}/withdraw").path == path  # nothing left to take back
    assert "Đã rút" in lan.get("/documents?status=withdrawn").words


def test_nobody_is_named_where_nobody_waits(cast: Cast, reader: People) -> None:
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "return", note="Thiếu phần vận dụng.")
    words = reader("lan").get(f"/documents/{document.id}/withdraw").words
    assert "không ai duyệt nữa." in words and "Sẽ báo cho" not in words


def test_a_replacement_that_is_withdrawn_leaves_the_old_one_in_force(cast: Cast, reader: People) -> None:
    old = approved(cast)
    form = reader("lan").get(f"/documents/{old.id}").send("/replace")
    new = f"/documents/{form.path.split('/')[2]}"
    reader("lan").get(f"{new}/withdraw").send("/withdraw")
    words = reader("lan").get(new).words
    assert f"Đã được lập để thay cho {old.title}." in words and "khi được ký duyệt" not in words


def test_withdraw_is_refused_to_others_and_elsewhere(cast: Cast, reader: People) -> None:
    document = cast.sent("lan", 14)
    page = reader("lan").get(f"/documents/{document.id}/withdraw")
    sent = [("version", str(document.version))]
    lan = reader("lan")
    assert lan.post(f"/documents/{document.id}/withdraw", sent).status == 403  # no token of the form
    for who, status in (("hoa", 403), ("huong", 404), ("teacher_b", 404)):
        other = reader(who)
        token = other.get("/").tree.xpath("//input[@name='csrf']/@value")[0]
        answer = other.post(f"/documents/{document.id}/withdraw", [*sent, ("csrf", token)])
        assert answer.status == status, who
    cast.act("hoa", document.id, "approve")
    assert page.send("/withdraw").status == 409  # the page was of the version before
    assert cast.fresh(document.id).status == "in_progress"


def test_a_draft_is_dropped_from_its_form(cast: Cast, reader: People) -> None:
    document = cast.lesson_plan("lan", 14)
    form = reader("lan").get(f"/documents/{document.id}/edit")
    assert any(a.get("href") == f"/documents/{document.id}/withdraw" for a in form.all("a"))
    page = reader("lan").get(f"/documents/{document.id}/withdraw")
    assert "Bỏ bản nháp" in page.words
    page.send("/withdraw")
    assert reader("hoa").get(f"/documents/{document.id}").status == 404
    assert "Kế hoạch bài dạy tuần 14" not in reader("lan").get("/").words


def test_a_note_after_teaching_by_page(cast: Cast, reader: People) -> None:
    plan = approved(cast)
    path = f"/documents/{plan.id}"
    form = reader("lan").get(path).send("/amend")
    assert form.path.endswith("/edit")
    again = reader("lan").get(path).send("/amend")
    assert again.path == form.path
    lesson = plan.fields["lessons"][0]["id"]
    offered = {o.get("value") for o in form.all("select option")}
    assert lesson in offered
    assert "Lấy bài đã có" not in form.words  # no other record's lessons belong in it
    assert reader("lan").get(f"{form.path.removesuffix('/edit')}/lessons").status == 404
    signing = form.send(
        "/edit", "submit", **{"notes.0.lesson": lesson, "notes.0.text": "- Thêm 5 phút luyện tập."}
    )
    done = signing.send("/sign", pin=PIN)
    assert done.status == 200, done.words
    assert "Bổ sung cho" in done.words
    assert "Đã ký: Điều chỉnh sau bài dạy" in done.words
    assert "ký và trình" not in done.words and "Ký duyệt" not in done.words  # nobody else decides on it
    note_id = done.path.rpartition("/")[2]
    for who in ("lan", "hoa", "minh"):
        listed = reader(who).get(path)
        assert any(a.get("href") == f"/documents/{note_id}" for a in listed.all(".rows__t a")), who
    assert not [f for f in reader("hoa").get(path).tree.forms if "amend" in f.get("action", "")]
    for who, status in (("hoa", 403), ("huong", 404)):
        token = reader(who).get("/").tree.xpath("//input[@name='csrf']/@value")[0]
        assert reader(who).post(f"{path}/amend", [("csrf", token)]).status == status
    assert "Điều chỉnh sau bài dạy" not in reader("lan").get("/documents/new").words


def test_a_replacement_by_page(cast: Cast, reader: People) -> None:
    old = approved(cast)
    path = f"/documents/{old.id}"
    form = reader("lan").get(path).send("/replace")
    new_id = form.path.split("/")[2]
    assert "Bài 28. Bài toán giải bằng hai bước tính" in form.source
    assert "bản thay thế" in reader("lan").get(path).words
    said = f"Bản này thay cho {old.title} khi được ký duyệt."
    assert said in form.words
    for who, action in (("lan", "submit"), ("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        if action == "approve":  # who approves it decides on the old one too
            assert said in reader(who).get(f"/inbox?doc={new_id}").words
            assert said in reader(who).get(f"/documents/{new_id}/approve").words
        cast.act(who, new_id, action)
    read = reader("mai").get(path)
    assert "Hồ sơ này đã được thay bằng" in read.words
    offered = reader("lan").get("/documents/new/from?type=lesson-plan").words
    assert offered.count(old.title) == 2 and offered.count("đã được thay") == 1  # which of the two to copy
    assert any(a.get("href") == f"/documents/{new_id}" for a in read.all(".note a"))
    assert read.all(".paper")
    assert "Bản này thay cho" in reader("mai").get(f"/documents/{new_id}").words
    assert [f for f in reader("lan").get(path).tree.forms if "replace" in f.get("action", "")] == []


@pytest.fixture
def client(cast: Cast) -> TestClient:
    return TestClient(create_app(cast.office.settings, cast.office), base_url="http://testserver/api/v1")


def enter(client: TestClient, name: str) -> dict[str, str]:
    token = client.post("/token", data={"username": name, "password": PASSWORD}).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def test_all_three_by_api(cast: Cast, client: TestClient) -> None:
    plan = approved(cast)
    lan, hoa = enter(client, "lan"), enter(client, "hoa")
    note = {
        "type": "lesson-plan-addendum",
        "about": plan.id,
        "fields": {"notes": [{"lesson": plan.fields["lessons"][0]["id"], "text": "<p>Thêm 5 phút.</p>"}]},
    }
    assert client.post("/documents", json=note, headers=hoa).json()["code"] == "not-yours"
    made = client.post("/documents", json=note, headers=lan)
    assert made.status_code == 201, made.text
    assert (made.json()["about"], made.json()["actions"]) == (plan.id, ["submit", "withdraw"])
    assert client.get(f"/documents/{plan.id}", headers=lan).json()["notes"] == [made.json()["id"]]
    wrong = note | {"type": "lesson-plan"}
    assert client.post("/documents", json=wrong, headers=lan).status_code == 422
    nothing = {k: v for k, v in note.items() if k != "about"}
    assert client.post("/documents", json=nothing, headers=lan).status_code == 422

    new = {"type": "lesson-plan", "replaces": plan.id, "fields": plan.fields}
    successor = client.post("/documents", json=new, headers=lan).json()
    assert successor["replaces"] == plan.id
    assert client.get(f"/documents/{plan.id}", headers=lan).json()["replaced_by"] == successor["id"]
    path = f"/documents/{successor['id']}/actions/withdraw"
    gone = client.post(path, json={"version": successor["version"]}, headers=lan).json()
    assert (gone["status"], gone["step"], gone["actions"], gone["repeated"]) == (
        "withdrawn",
        None,
        [],
        False,
    )
    again = client.post(path, json={"version": successor["version"]}, headers=lan).json()
    assert again["repeated"] is True
    assert client.get(f"/documents/{plan.id}", headers=lan).json()["replaced_by"] is None
    late = client.post(f"/documents/{plan.id}/actions/withdraw", json={"version": plan.version}, headers=lan)
    assert (late.status_code, late.json()["code"]) == (409, "wrong-step")
