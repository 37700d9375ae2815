"""The API as its contract says it: the whole story, and every refusal with its code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from flows.decide import settle
from service.app import create_app
from tests.cast import PIN, Cast, signed_in
from tests.waiting import until


class Person:
    """One of the cast with a bearer token."""

    def __init__(self, client: TestClient, name: str) -> None:
        self.client = client
        self.headers = {"Authorization": f"Bearer {signed_in(client.app.state.office, name, 'token')}"}

    def get(self, path: str, **params: str) -> dict:
        answer = self.client.get(f"/api/v1{path}", params=params, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict, status: int = 200) -> dict:
        answer = self.client.post(f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def patch(self, path: str, body: dict, status: int = 200) -> dict:
        answer = self.client.patch(f"/api/v1{path}", json=body, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def act(self, document: dict, action: str, status: int = 200, **more: object) -> dict:
        body = {"version": document["version"], **more}
        return self.post(f"/documents/{document['id']}/actions/{action}", body, status)


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office)) as client:
        yield client


@pytest.fixture
def people(client: TestClient) -> dict[str, Person]:
    return {n: Person(client, n) for n in ("lan", "hoa", "minh", "thu", "mai", "admin", "teacher_b")}


def draft(cast: Cast, lan: Person, week: int = 14) -> dict:
    made = lan.post("/documents", {"type": "lesson-plan", "fields": {"week": cast.weeks[week]}}, 201)
    body = {"content_version": made["content_version"], "fields": cast.lesson_fields(week)}
    saved = lan.patch(f"/documents/{made['id']}", body)
    assert saved["faults"] == []
    return saved


def test_a_lesson_plan_from_the_form_to_approved(cast: Cast, people: dict[str, Person]) -> None:
    lan, hoa, minh = people["lan"], people["hoa"], people["minh"]
    document = draft(cast, lan)
    assert document["actions"] == ["submit", "withdraw"]
    submitted = lan.act(document, "submit")
    assert submitted["actions"] == ["sign", "reopen", "withdraw"]
    assert len(submitted["content_hash"]) == 64
    signed = lan.act(submitted, "sign", pin=PIN)
    assert signed["step"]["name"] == "group_review"
    assert [p["name"] for p in signed["step"]["waiting_for"]] == ["Phạm Thị Hoa"]
    task = hoa.get("/tasks")["items"][0]
    assert (task["document_id"], task["version"]) == (document["id"], signed["version"])
    reviewed = hoa.act(signed, "approve", pin=PIN)
    approved = minh.act(reviewed, "approve", pin=PIN)
    assert (approved["status"], approved["actions"]) == ("approved", [])
    assert [s["authority"] for s in approved["signatures"]] == ["", "TỔ TRƯỞNG CHUYÊN MÔN", "HIỆU TRƯỞNG"]
    events = lan.get(f"/documents/{document['id']}/events")
    assert events["intact"]
    assert [e["action"] for e in events["items"]] == ["create", "submit", "sign", "approve", "approve"]
    pdf = lan.client.get(f"/api/v1/documents/{document['id']}/pdf", headers=lan.headers)
    assert pdf.content.startswith(b"%PDF")
    assert settle(cast.office, document["id"], 5, blob=approved["content_hash"], keep_until=None, data={})
    assert lan.get(f"/documents/{document['id']}")["status"] == "archived"


def test_the_same_click_twice_answers_the_same(cast: Cast, people: dict[str, Person]) -> None:
    document = draft(cast, people["lan"])
    first = people["lan"].act(document, "submit")
    again = people["lan"].act(document, "submit")
    assert (again["version"], again["repeated"]) == (first["version"], True)


def test_every_refusal_is_a_problem_with_its_code(cast: Cast, people: dict[str, Person]) -> None:
    lan, hoa = people["lan"], people["hoa"]
    document = draft(cast, lan)
    assert hoa.act(document, "submit", 404)["code"] == "not-found"
    submitted = lan.act(document, "submit")
    wrong = lan.act(submitted, "sign", 403, pin="135791")
    assert wrong["code"] == "bad-pin"
    assert "4" in wrong["detail"]
    assert lan.act(submitted, "sign", 422)["errors"][0]["path"] == "pin"
    signed = lan.act(submitted, "sign", pin=PIN)
    assert lan.act(signed, "approve", 403, pin=PIN)["code"] == "not-yours"
    assert people["minh"].act(signed, "approve", 403, pin=PIN)["code"] == "not-yours"
    assert hoa.act(signed, "seal", 409, pin=PIN)["code"] == "wrong-step"
    assert hoa.act(submitted, "approve", 409, pin=PIN)["code"] == "stale"
    assert hoa.act(signed, "return", 422)["errors"][0]["path"] == "note"
    for outsider in ("teacher_b", "mai", "admin"):
        assert people[outsider].act(signed, "approve", 404, pin=PIN)["code"] == "not-found"
        assert people[outsider].get("/documents")["items"] == []
        assert people[outsider].get("/tasks")["items"] == []


def test_a_second_bundle_for_the_week_leads_to_the_first(cast: Cast, people: dict[str, Person]) -> None:
    document = draft(cast, people["lan"])
    body = {"type": "lesson-plan", "fields": {"week": cast.weeks[14]}}
    assert people["lan"].post("/documents", body, 422)["document_id"] == document["id"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [({}, "week"), ({"week": "tuần 99"}, "week"), ({"week": "\u0000\u202e"}, "week")],
)
def test_a_week_that_does_not_exist_is_named(
    people: dict[str, Person], fields: dict[str, str], path: str
) -> None:
    answer = people["lan"].post("/documents", {"type": "lesson-plan", "fields": fields}, 422)
    assert [e["path"] for e in answer["errors"]] == [path]


def test_hostile_text_is_data(cast: Cast, people: dict[str, Person]) -> None:
    lan = people["lan"]
    document = draft(cast, lan)
    fields = cast.lesson_fields(14)
    lesson = fields["lessons"][0]
    lesson["title"] = "Bài\u0000 28\u202e <script>alert(1)</script> Nguye\u0302\u0303n"
    lesson["requirements"] = "<div>" * 400 + "sâu" + "</div>" * 400 + "<script>alert(1)</script>"
    body = {"content_version": document["content_version"], "fields": fields}
    saved = lan.patch(f"/documents/{document['id']}", body)
    kept = saved["fields"]["lessons"][0]
    assert kept["title"] == "Bài 28 <script>alert(1)</script> Nguyễn"
    assert "sâu" in kept["requirements"]
    assert "script" not in kept["requirements"]
    assert lan.act(saved, "submit")["status"] == "in_progress"
    many = cast.lesson_fields(14)
    many["lessons"] = many["lessons"] * 10_000
    body = {"content_version": saved["content_version"], "fields": many}
    answer = lan.client.patch(f"/api/v1/documents/{document['id']}", json=body, headers=lan.headers)
    assert answer.status_code in (409, 413)


def test_too_many_rows_are_refused_and_the_draft_stays(cast: Cast, people: dict[str, Person]) -> None:
    lan = people["lan"]
    document = draft(cast, lan)
    many = cast.lesson_fields(14)
    many["lessons"] = many["lessons"] * 10_000
    body = {"content_version": document["content_version"], "fields": many}
    answer = lan.patch(f"/documents/{document['id']}", body, 413)
    assert answer["code"] == "too-large"
    assert lan.get(f"/documents/{document['id']}")["fields"] == document["fields"]


def test_rows_sent_as_text_are_refused_and_the_draft_stays(cast: Cast, people: dict[str, Person]) -> None:
    lan = people["lan"]
    document = draft(cast, lan)
    for lessons in ("abc", ["abc"], [{"title": ["abc"]}]):
        fields = {"week": cast.weeks[14], "lessons": lessons}
        body = {"content_version": document["content_version"], "fields": fields}
        assert lan.patch(f"/documents/{document['id']}", body, 422)["code"] == "invalid"
    assert lan.get(f"/documents/{document['id']}")["fields"] == document["fields"]


def test_a_pin_of_the_wrong_length_is_a_slip_and_costs_no_try(cast: Cast, people: dict[str, Person]) -> None:
    lan = people["lan"]
    submitted = lan.act(draft(cast, lan), "submit")
    for _ in range(7):
        assert lan.act(submitted, "sign", 422, pin="1234")["code"] == "invalid"
    assert lan.act(submitted, "sign", pin=PIN)["step"]["name"] == "group_review"


def test_a_revision_no_database_can_count_to_is_refused_in_words(
    client: TestClient, cast: Cast, people: dict[str, Person]
) -> None:
    submitted = people["lan"].act(draft(cast, people["lan"]), "submit")
    path = f"/api/v1/documents/{submitted['id']}/pdf?revision=99999999999999999999"
    answer = client.get(path, headers=people["lan"].headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_signing_round_signs_each_or_says_why(cast: Cast, people: dict[str, Person]) -> None:
    documents = [cast.sent(name, week) for name in ("lan", "mai") for week in (14, 15)]
    cast.act("hoa", documents[3].id, "return", note="Sửa.")
    items = [{"id": d.id, "version": d.version} for d in documents]
    hoa = people["hoa"]
    body = {"action": "approve", "pin": "135791", "items": items}
    assert hoa.post("/batches", body, 403)["code"] == "bad-pin"
    batch = hoa.post("/batches", body | {"pin": PIN}, 202)["id"]
    until(lambda: hoa.get(f"/batches/{batch}")["state"] == "done", "the round ends")
    seen = hoa.get(f"/batches/{batch}")
    assert [i["state"] for i in seen["items"]] == ["signed", "signed", "signed", "refused"]
    assert seen["items"][3]["code"] == "stale"
    assert [cast.fresh(d.id).step for d in documents] == ["principal_approval"] * 3 + ["draft"]
    outsider = people["minh"].client.get(f"/api/v1/batches/{batch}", headers=people["minh"].headers)
    assert outsider.status_code == 404


def test_types_are_published_with_form_and_steps(people: dict[str, Person]) -> None:
    types = people["lan"].get("/document-types")["items"]
    assert [t["slug"] for t in types] == [
        "lesson-plan",
        "lesson-plan-addendum",
        "teacher-teaching-plan",
        "team-teaching-plan",
        "spot-check",
        "violation-minutes",
        "appeal",
        "destruction-list",
    ]
    plan = people["lan"].get("/document-types/lesson-plan")
    assert plan["form"]["properties"]["lessons"]["items"]["properties"]["title"]["examples"]
    assert [s["name"] for s in plan["steps"]] == [
        "draft",
        "author",
        "group_review",
        "principal_approval",
        "archive",
    ]


def test_without_a_token_nothing_answers(client: TestClient) -> None:
    for path in ("/me", "/documents", "/tasks", "/document-types", "/flags"):
        answer = client.get(f"/api/v1{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "signed-out")


def test_unknown_addresses_and_methods_are_problems_too(client: TestClient) -> None:
    assert client.get("/api/v1/nothing").json()["code"] == "not-found"
    assert client.delete("/api/v1/documents").status_code == 405
