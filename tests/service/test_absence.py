"""The page and the API of absence: hand over, look, end; what is wrong, and what every record then shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from flows.candidates import today
from models.delegation import Delegation
from service.app import create_app
from tests.cast import PASSWORD, Cast
from tests.service.reading import Reader
from tests.service.test_api import Person

People = Callable[[str], Reader]


def days(cast: Cast) -> dict[str, str]:
    first = today(cast.office.now())
    return {"first_day": f"{first:%d/%m/%Y}", "last_day": f"{first + timedelta(days=6):%d/%m/%Y}"}


def rows(cast: Cast) -> list[Delegation]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Delegation)).all())


def test_a_head_hands_over_and_every_page_of_the_record_says_so(cast: Cast, reader: People) -> None:
    document = cast.sent("lan", 14)
    hoa = reader("hoa")
    form = hoa.get("/absence")
    assert "Vũ Thị Liên, tổ phó: ký thay (KT.)" in form.words
    assert "Trần Thị Mai, giáo viên: ký thừa ủy quyền (TUQ.), cần giấy ủy quyền" in form.words
    assert "Trịnh Quốc Anh" not in form.words  # the administrator signs for nobody
    offered = [box.get("value") for box in form.all("input[name=type]")]  # what a head decides on or draws up
    assert offered == ["lesson-plan", "teacher-teaching-plan", "team-teaching-plan"]
    said = form.send("/absence", delegate=cast.ids["lien"], password=PASSWORD, **days(cast))
    assert "Đã ghi ủy quyền" in said.words
    assert "Vũ Thị Liên thay Phạm Thị Hoa" in said.words
    assert "Tổ trưởng Tổ 1-2-3" in said.words

    lien = reader("lien")
    assert "Đang thay Phạm Thị Hoa đến hết" in lien.get("/").words
    assert "Thay Phạm Thị Hoa" in lien.get("/inbox").words
    signing = lien.get(f"/documents/{document.id}/approve")
    assert "KT. TỔ TRƯỞNG CHUYÊN MÔN / TỔ PHÓ CHUYÊN MÔN, thay Phạm Thị Hoa" in signing.words
    until = days(cast)["last_day"]
    away = f"Phạm Thị Hoa vắng mặt đến hết {until}; Vũ Thị Liên thay."
    assert away in reader("lan").get(f"/documents/{document.id}").words
    assert "Vũ Thị Liên đang thay đến hết" in hoa.get("/").words

    cast.act("lien", document.id, "approve")
    after = reader("lan").get(f"/documents/{document.id}").words
    assert "Vũ Thị Liên duyệt và ký, thay Phạm Thị Hoa" in after
    assert "Thay Phạm Thị Hoa" in after
    assert away not in after  # the step that waits now is the principal's
    assert "đã xử lý 1 lần" in hoa.get("/absence").words


def test_what_is_wrong_is_said_and_what_was_typed_stays(cast: Cast, reader: People) -> None:
    form = reader("hoa").get("/absence")
    wrong = form.send(
        "/absence",
        delegate=cast.ids["mai"],
        password=PASSWORD,
        number="",
        first_day=days(cast)["first_day"],
        last_day="31/02/2027",
    )
    assert wrong.status == 422
    assert wrong.all("input[name=last_day]")[0].get("value") == "31/02/2027"
    wrong = wrong.send("/absence", password="sai mật khẩu", **days(cast))
    assert wrong.status == 422
    assert "Ghi số giấy ủy quyền" in wrong.words
    today_ = days(cast)["first_day"]
    wrong = wrong.send("/absence", number="12/GUQ", dated=today_, password="sai mật khẩu", **days(cast))
    assert wrong.status == 422
    assert "Mật khẩu" in wrong.words
    assert rows(cast) == []
    assert wrong.all("input[name=number]")[0].get("value") == "12/GUQ"
    assert wrong.all("input[name=password]")[0].get("value") == ""
    done = wrong.send("/absence", password=PASSWORD)
    assert "giấy ủy quyền số 12/GUQ" in done.words
    assert len(rows(cast)) == 1


def test_the_principal_delegates_for_anyone_and_either_side_ends_it(cast: Cast, reader: People) -> None:
    minh = reader("minh")
    form = minh.get(f"/absence?of={cast.ids['hoa']}")
    said = form.send("/absence", delegate=cast.ids["lien"], password=PASSWORD, **days(cast))
    assert "Đỗ Quang Minh giao" in said.words
    ended = reader("lien").get("/absence").send("/end")
    assert "Ủy quyền đã kết thúc" in ended.words
    assert rows(cast)[0].ended_by == cast.ids["lien"]


@pytest.mark.parametrize("name", ["lan", "hoa", "admin"])
def test_nobody_else_delegates_for_another(cast: Cast, reader: People, name: str) -> None:
    other = reader(name)
    assert other.get(f"/absence?of={cast.ids['minh']}").status == 404
    csrf = other.get("/absence").all("input[name=csrf]")[0].get("value")
    values = {"csrf": csrf, "absent": cast.ids["minh"], "delegate": cast.ids["ngoc"], "password": PASSWORD}
    sent = other.post("/absence", [*(values | days(cast)).items(), ("post", "role:principal")])
    assert sent.status == 403
    assert rows(cast) == []


def test_a_teacher_has_nothing_to_hand_over_and_is_told_so(reader: People) -> None:
    page = reader("lan").get("/absence")
    assert "không có gì để ủy quyền" in page.words
    assert not [f for f in page.tree.forms if f.get("action") == "/absence"]


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office)) as client:
        yield client


def test_the_same_by_program(cast: Cast, client: TestClient) -> None:
    document = cast.sent("lan", 14)
    people = {n: Person(client, n) for n in ("hoa", "mai", "lan", "minh", "teacher_b")}
    first = today(cast.office.now())
    wish = {
        "delegate": "mai",
        "first_day": first.isoformat(),
        "last_day": (first + timedelta(days=3)).isoformat(),
        "password": PASSWORD,
    }
    refused = people["hoa"].post("/delegations", wish, 422)
    assert [e["path"] for e in refused["errors"]] == ["number"]
    wish |= {"number": "12/GUQ-THĐM", "dated": first.isoformat()}
    assert people["hoa"].post("/delegations", wish | {"password": "sai"}, 401)
    assert people["lan"].post("/delegations", wish | {"absent": "hoa"}, 403)["code"] == "not-yours"
    made = people["hoa"].post("/delegations", wish, 201)
    assert (made["state"], made["decisions"], made["number"]) == ("now", 0, "12/GUQ-THĐM")
    assert [i["document_id"] for i in people["mai"].get("/tasks")["items"]] == [document.id]
    shown = people["lan"].get(f"/documents/{document.id}")
    assert shown["step"]["away"][0]["delegate"]["name"] == "Trần Thị Mai"
    cast.act("mai", document.id, "approve")
    shown = people["lan"].get(f"/documents/{document.id}")
    assert shown["signatures"][-1]["stood_for"] == "Phạm Thị Hoa"
    assert shown["signatures"][-1]["authorisation"] == "12/GUQ-THĐM"
    assert people["lan"].get("/delegations")["items"] == []
    assert [d["decisions"] for d in people["minh"].get("/delegations")["items"]] == [1]
    assert people["teacher_b"].post(f"/delegations/{made['id']}/end", {}, 404)["code"] == "not-found"
    assert people["mai"].post(f"/delegations/{made['id']}/end", {})["state"] == "ended"
    assert people["mai"].post(f"/delegations/{made['id']}/end", {}, 409)["code"] == "wrong-step"


def test_one_record_is_given_to_another_by_page(cast: Cast, reader: People) -> None:
    document = cast.sent("lan", 14)
    hoa = reader("hoa")
    assert reader("lien").get(f"/documents/{document.id}/delegate").status == 403
    assert "Giao việc này cho người khác" not in reader("lien").get(f"/documents/{document.id}").words
    assert "Giao việc này cho người khác" in hoa.get(f"/documents/{document.id}").words
    form = hoa.get(f"/documents/{document.id}/delegate")
    offered = {o.text_content().partition(",")[0] for o in form.all("#f-delegate option")}
    assert "Vũ Thị Liên" in offered
    assert not offered & {"Nguyễn Thị Lan", "Phạm Thị Hoa", "Trịnh Quốc Anh"}
    wrong = form.send("/delegate", delegate=cast.ids["lien"], password="sai mật khẩu")
    assert (wrong.status, rows(cast)) == (422, [])
    done = wrong.send("/delegate", password=PASSWORD)
    assert "Đã giao cho người khác" in done.words
    assert "Phạm Thị Hoa giao riêng hồ sơ này cho Vũ Thị Liên xử lý, đến hết" in done.words
    assert "Phạm Thị Hoa giao hồ sơ này cho Vũ Thị Liên xử lý" in done.words
    assert "chỉ một hồ sơ" in reader("lien").get("/absence").words
    assert "Đang thay" not in reader("lien").get("/").words  # of one record its own page speaks
    assert "Thay Phạm Thị Hoa" in reader("lien").get("/inbox").words


def test_one_record_is_given_to_another_by_program(cast: Cast, client: TestClient) -> None:
    document = cast.sent("lan", 14)
    people = {n: Person(client, n) for n in ("hoa", "son", "lan", "mai", "teacher_b")}
    path = f"/documents/{document.id}/actions/delegate"
    shown = people["hoa"].get(f"/documents/{document.id}")
    assert "delegate" in shown["actions"]
    assert "delegate" not in people["lan"].get(f"/documents/{document.id}")["actions"]
    day = today(cast.office.now()).isoformat()
    wish = {"version": shown["version"], "delegate": "son", "password": PASSWORD}
    assert [e["path"] for e in people["hoa"].post(path, wish, 422)["errors"]] == ["number"]
    wish |= {"number": "12/GUQ", "dated": day}
    assert people["hoa"].post(path, wish | {"password": "sai"}, 401)
    assert people["teacher_b"].post(path, wish, 404)["code"] == "not-found"
    assert people["lan"].post(path, wish, 403)["code"] == "not-yours"
    given = people["hoa"].post(path, wish)
    assert given["step"]["away"][0]["only_this"] is True
    assert [a["name"] for a in given["step"]["waiting_for"]] == ["Hoàng Văn Sơn"]
    assert people["hoa"].post(path, wish, 409)["code"] == "stale"
    assert [i["document_id"] for i in people["son"].get("/tasks")["items"]] == [document.id]
    assert people["son"].get("/delegations")["items"][0]["document_id"] == document.id
