"""The page of types, its pictures and its files, by page and by API."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi.testclient import TestClient

from flows.catalogue import TYPES, type_of
from flows.due_rules import DaysAfter, DaysBefore, as_data
from flows.export import bpmn
from flows.svg import svg
from models.deadline import DeadlineRule
from models.school import SchoolWeek
from service.app import create_app
from tests.cast import PASSWORD, Cast
from tests.service.reading import People


def test_every_type_is_shown_with_its_files(cast: Cast, reader: People) -> None:
    with cast.office.db.write() as session:
        session.add(
            DeadlineRule(
                school_id=cast.school_id,
                key="teacher_plan_lead",
                valid_from=date(2026, 9, 7),
                value=as_data(DaysBefore(8)),
                set_at=cast.office.now(),
            )
        )
    lan = reader("lan")
    shown = lan.get("/types")
    assert "chậm nhất 8 ngày trước thứ Hai" in shown.words
    for declared in TYPES:
        assert declared.name.vi in shown.words
        assert any(i.get("src") == f"/types/{declared.slug}.svg" for i in shown.all("img"))
        answer = lan.client.get(f"/types/{declared.slug}.bpmn")
        assert answer.content == bpmn(declared)
        assert answer.headers["content-disposition"] == f'attachment; filename="{declared.slug}.bpmn"'
        picture = lan.client.get(f"/types/{declared.slug}.svg")
        assert (picture.content, picture.headers["content-type"]) == (svg(declared), "image/svg+xml")
    assert lan.client.get("/types/nonsense.bpmn").status_code == 404


@pytest.mark.parametrize("path", ["/types", "/types/lesson-plan.bpmn", "/types/lesson-plan.svg"])
def test_who_is_not_signed_in_sees_none(cast: Cast, path: str) -> None:
    client = TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False)
    assert client.get(path).status_code == 303


def test_the_api_and_the_record_say_the_rule_of_the_school(cast: Cast, reader: People) -> None:
    """A rule of the school's own holds from week 14 on; from week 30 on another that is no matter yet."""
    with cast.office.db.write() as session:
        for key, week, rule in (
            ("lesson_plan_due", 13, DaysBefore(3)),
            ("lesson_plan_due", 30, DaysBefore(9)),
            ("obligation_due", 14, DaysAfter(12)),
        ):
            session.add(
                DeadlineRule(
                    school_id=cast.school_id,
                    key=key,
                    valid_from=session.get_one(SchoolWeek, cast.weeks[week]).monday,
                    value=as_data(rule),
                    set_at=cast.office.now(),
                )
            )
    client = TestClient(create_app(cast.office.settings, cast.office), base_url="http://testserver/api/v1")
    answer = client.post("/token", data={"username": "lan", "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    plan = client.get("/document-types/lesson-plan", headers=headers).json()
    assert plan["deadline"] == {
        "vi": "chậm nhất 3 ngày trước thứ Hai của tuần dạy đầu tiên",
        "en": "at the latest 3 days before Monday of the first teaching week",
    }
    listed = client.get("/document-types", headers=headers).json()["items"]
    assert plan in listed
    lan = reader("lan")
    assert "chậm nhất 12 ngày sau Chủ nhật" in lan.get(f"/documents/{cast.sent('lan', 14).id}").words
    assert "12 ngày" not in lan.get(f"/documents/{cast.sent('lan', 13).id}").words


def test_by_api(cast: Cast) -> None:
    client = TestClient(create_app(cast.office.settings, cast.office), base_url="http://testserver/api/v1")
    path = "/document-types/team-teaching-plan/bpmn"
    assert client.get(path).status_code == 401
    answer = client.post("/token", data={"username": "lan", "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    declared = type_of("team-teaching-plan")
    assert client.get(path, headers=headers).content == bpmn(declared)
    assert client.get(f"{path}?language=en", headers=headers).content == bpmn(declared, "en")
    assert client.get(f"{path}.svg", headers=headers).content == svg(declared)
    assert client.get("/document-types/nonsense/bpmn", headers=headers).status_code == 404
    assert client.get(f"{path}?language=xx", headers=headers).status_code == 422
