"""Spot checks by the API: choose, draw, look up a code, record once, conflicts, totals; rights by code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from tests.cast import Cast
from tests.flows.test_spot_checks import TODAY
from tests.service.test_api import Person
from tests.timetables import timetable


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    timetable(cast, "lan", "3A", (1, 2, "Toán"), (1, 3, "Tiếng Việt"), (2, 1, "Toán"))
    timetable(cast, "huong", "4A", (2, 1, "Toán"), (2, 2, "Toán"), (2, 3, "Toán"), (2, 4, "Toán"))
    with TestClient(create_app(cast.office.settings, cast.office)) as client:
        yield client


@pytest.fixture
def people(client: TestClient) -> dict[str, Person]:
    return {n: Person(client, n) for n in ("binh", "minh", "lan", "huong", "thu", "principal_b", "teacher_b")}


def plan(cast: Cast, who: Person, status: int = 201, **changes: object) -> dict:
    body = {
        "day": TODAY.isoformat(),
        "session": "morning",
        "period": 2,
        "class": cast.classes["3A"],
        "reason": "Theo kế hoạch tháng 11",
    }
    return who.post("/spot-checks", body | changes, status)


def record(client: TestClient, who: Person, check_id: str, key: str, mark: str = "present", **more: object):
    body = {
        "key": key,
        "recorded_at": "2026-11-24T09:20:00+07:00",
        "teaching_plan": {"mark": mark},
        "lesson_plan": {"mark": "present"},
        "words": "Em để trên bàn ạ.",
    }
    return client.put(f"/api/v1/spot-checks/{check_id}/record", json=body | more, headers=who.headers)


def test_a_check_from_the_plan_to_its_paper(
    cast: Cast, client: TestClient, people: dict[str, Person]
) -> None:
    binh, lan = people["binh"], people["lan"]
    made = plan(cast, binh)
    assert (made["state"], made["drawn"], made["actions"]) == ("planned", False, ["record", "end", "cancel"])
    assert made["class"]["name"] == "3A"
    assert made["evidence"]["teaching_plan"]["state"] == "none"
    answer = record(client, binh, made["id"], "uuid-0001", seen_at=made["evidence"]["at"])
    assert answer.status_code == 200, answer.text
    sent = answer.json()
    assert sent["state"] == "sent"
    assert sent["record"]["words"] == "Em để trên bàn ạ."
    assert sent["recorded_at"] == "2026-11-24T09:20:00+07:00"
    document = lan.get(f"/documents/{sent['document_id']}")
    assert (document["type"], document["step"]["name"], document["actions"]) == ("spot-check", "author", [])
    assert lan.get(f"/spot-checks/{made['id']}")["proposal"]["asks"] is True
    assert [c["id"] for c in lan.get("/spot-checks")["items"]] == [made["id"]]


def test_the_same_key_gets_the_stored_answer_and_another_what_stands(
    cast: Cast, client: TestClient, people: dict[str, Person]
) -> None:
    binh = people["binh"]
    made = plan(cast, binh)
    first = record(client, binh, made["id"], "uuid-0001")
    again = record(client, binh, made["id"], "uuid-0001", mark="absent")
    assert again.status_code == 200
    assert again.json() == first.json()
    other = record(client, binh, made["id"], "uuid-0002", mark="absent")
    assert (other.status_code, other.json()["code"]) == (409, "stale")
    assert other.json()["stands"]["record"]["teaching_plan"]["mark"] == "present"


def test_refusals_have_their_codes(cast: Cast, client: TestClient, people: dict[str, Person]) -> None:
    binh = people["binh"]
    made = plan(cast, binh)
    assert plan(cast, people["lan"], 403, period=3)["code"] == "not-yours"
    assert plan(cast, binh, 422, reason="")["errors"][0]["path"] == "reason"
    assert plan(cast, binh, 422, session="night")["code"] == "invalid"
    for who in ("lan", "huong", "thu", "principal_b", "teacher_b"):
        headers = people[who].headers
        assert client.get(f"/api/v1/spot-checks/{made['id']}", headers=headers).status_code == 404
        assert record(client, people[who], made["id"], "uuid-0009").status_code == 404
        assert people[who].get("/spot-checks")["items"] == []
    assert record(client, people["minh"], made["id"], "uuid-0009").status_code == 403
    assert record(client, binh, made["id"], "x").json()["errors"][0]["path"] == "key"
    naive = record(client, binh, made["id"], "uuid-0001", recorded_at="2026-11-24T09:20:00")
    assert naive.status_code == 422
    printed = record(client, binh, made["id"], "uuid-0001", lesson_plan={"mark": "printed"})
    assert printed.json()["errors"][0]["path"] == "lesson_plan_reason"
    said = client.get(
        f"/api/v1/spot-checks/{made['id']}/code", params={"code": "AAAA-BBBB-CCCC"}, headers=binh.headers
    )
    assert said.json()["says"] == "unknown"
    made_by_hand = {"type": "spot-check", "fields": {"week": cast.weeks[12]}}
    assert binh.post("/documents", made_by_hand, 403)["code"] == "not-yours"


def test_a_draw_by_the_api_is_public_and_hides_what_was_drawn(
    cast: Cast, client: TestClient, people: dict[str, Person]
) -> None:
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    body = {"first_day": tomorrow, "last_day": tomorrow, "wanted": 2}
    few = people["binh"].post("/spot-draws", body | {"wanted": 30}, 422)
    assert few["errors"][0]["path"] == "wanted"
    made = people["binh"].post("/spot-draws", body, 201)
    assert made["seed"] is None
    assert len(made["drawn"]) == 2
    public = people["huong"].get(f"/spot-draws/{made['id']}")
    assert (public["drawn"], public["seed"]) == (None, None)
    assert (public["pool"], public["commitment"]) == (made["pool"], made["commitment"])
    assert people["thu"].get("/spot-draws")["items"][0]["id"] == made["id"]
    assert people["teacher_b"].get("/spot-draws")["items"] == []
    for tried in (body, body | {"wanted": 0}, body | {"first_day": TODAY.isoformat()}):
        assert people["lan"].post("/spot-draws", tried, 403)["code"] == "not-yours"
    last = body | {"first_day": "9999-12-31", "last_day": "9999-12-31"}
    assert people["binh"].post("/spot-draws", last, 422)["errors"][0]["path"] == "first_day"
    far = people["binh"].post("/spot-draws", body | {"last_day": "9999-12-31"}, 422)
    assert "last_day" in {one["path"] for one in far["errors"]}
    today = people["binh"].post("/spot-draws", body | {"first_day": TODAY.isoformat()}, 422)
    assert today["errors"][0]["path"] == "first_day"


def test_a_principal_who_is_drawn_does_not_see_what_was_drawn(
    cast: Cast, client: TestClient, people: dict[str, Person]
) -> None:
    timetable(cast, "ngoc", "5A", *((2, period, "Đạo đức") for period in (5, 6, 7, 8)))
    timetable(cast, "huong", "4A", (2, 5, "Toán"))
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    body = {
        "first_day": tomorrow,
        "last_day": tomorrow,
        "wanted": 2,  # of four periods, one slot alone is not hers
        "inspector": cast.ids["binh"],
        "periods": [{"session": "morning", "period": period} for period in (5, 6, 7, 8)],
    }
    made = people["minh"].post("/spot-draws", body, 201)
    assert any(one["slot"].endswith("/5A") for one in made["drawn"])
    ngoc = Person(client, "ngoc")
    assert ngoc.get(f"/spot-draws/{made['id']}")["drawn"] is None
    assert cast.ids["ngoc"] not in {one["teacher"]["id"] for one in ngoc.get("/spot-checks")["items"]}


def test_totals_are_for_all_and_name_nobody(
    cast: Cast, client: TestClient, people: dict[str, Person]
) -> None:
    assert people["thu"].get("/spot-checks/totals")["items"] == []
    made = plan(cast, people["binh"])
    record(client, people["binh"], made["id"], "uuid-0001")
    found = people["thu"].get("/spot-checks/totals")
    assert found["items"] == [
        {
            "year": "2026-2027",
            "term": 1,
            "sent": 1,
            "clean": 0,
            "open": 1,
            "none": 0,
            "awaited": 0,
            "violation": 0,
            "annulled": 0,
            "missed": 0,
        }
    ]
    assert people["teacher_b"].get("/spot-checks/totals")["items"] == []


def test_lists_take_filters_and_refuse_what_nobody_knows(
    cast: Cast, client: TestClient, people: dict[str, Person]
) -> None:
    binh = people["binh"]
    first, second = plan(cast, binh), plan(cast, binh, period=3)
    binh.post(f"/spot-checks/{first['id']}/end", {"kind": "busy"})
    assert [c["id"] for c in binh.get("/spot-checks", state="missed")["items"]] == [first["id"]]
    assert [c["id"] for c in binh.get("/spot-checks", state="planned", mine="true")["items"]] == [
        second["id"]
    ]
    assert binh.get("/spot-checks", first=(TODAY + timedelta(days=1)).isoformat())["items"] == []
    unknown = client.get("/api/v1/spot-checks", params={"state": "zz"}, headers=binh.headers)
    assert unknown.status_code == 422
