"""The filters of the API's lists: what nobody knows is refused and named, everywhere alike."""

from __future__ import annotations

import pytest

from tests.cast import Cast
from tests.service.test_api import Person, TestClient, client

__all__ = ["client"]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/documents", ("status", "type", "week", "owner", "class")),
        ("/documents.csv", ("status", "type", "week", "owner", "class")),
        ("/tasks", ("type", "week", "group", "owner")),
        ("/obligations", ("week",)),
        ("/bundle", ("week",)),
        ("/board", ("type", "year", "from", "to", "week", "group", "person", "state")),
        ("/flags", ("week", "rule", "type")),
    ],
)
def test_an_unknown_value_is_named_by_its_field(
    client: TestClient, path: str, asked: tuple[str, ...]
) -> None:
    minh = Person(client, "minh")
    for name in asked:
        answer = client.get(f"/api/v1{path}", params={name: "zz"}, headers=minh.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), name
        assert [error["path"] for error in answer.json()["errors"]] == [name]
        assert "“zz”" in answer.json()["errors"][0]["detail"]
    answer = client.get(f"/api/v1{path}", params=dict.fromkeys(asked, "zz"), headers=minh.headers)
    assert {error["path"] for error in answer.json()["errors"]} == set(asked)


def test_what_is_known_and_what_is_left_empty_are_answered(client: TestClient, cast: Cast) -> None:
    lan = Person(client, "lan")
    known = {"week": cast.weeks[14], "type": "lesson-plan", "owner": cast.ids["lan"]}
    for params in (
        known,
        {"status": ["draft", "archived"], "class": cast.classes["3A"], "owner": "me"},
        {"week": ""},
    ):
        assert client.get("/api/v1/documents", params=params, headers=lan.headers).status_code == 200
    of_another = {"owner": cast.ids["teacher_b"]}
    assert client.get("/api/v1/documents", params=of_another, headers=lan.headers).status_code == 422


def test_a_condition_the_list_of_flags_does_not_have_is_refused(client: TestClient) -> None:
    minh = Person(client, "minh")
    answer = client.get("/api/v1/flags", params={"limit": "-1", "state": "open"}, headers=minh.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["path"] for error in answer.json()["errors"]] == ["limit"]
    assert "“limit”" in answer.json()["errors"][0]["detail"]
    asked = {"state": "open", "cursor": "", "lang": "en"}
    assert client.get("/api/v1/flags", params=asked, headers=minh.headers).status_code == 200
