"""What a request's model refuses is said in both languages, at the field."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic_core.core_schema import ErrorType

from service.request_words import fault
from tests.cast import Cast
from tests.service.test_api import Person, TestClient, client

__all__ = ["client"]
LIMITS = {"gt": 1, "ge": 1, "lt": 1, "le": 1, "max_length": 1, "min_length": 1, "expected": "'a' or 'b'"}


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_kind_of_error_is_english_in_vietnamese(kind: str) -> None:
    said = fault({"type": kind, "loc": ("body", "x"), "msg": "Input should be another", "ctx": LIMITS})
    assert said.path == "x"
    assert said.sentence.vi and said.sentence.en
    assert "{" not in said.sentence.vi + said.sentence.en
    assert not any(word in said.sentence.vi for word in ("should", "must", " or "))


@pytest.mark.parametrize(
    ("method", "path", "sent", "field", "vi", "en"),
    [
        ("GET", "/documents?owed=zz", None, "owed", "Chỉ nhận true hoặc false.", "It must be true or false."),
        ("PUT", "/documents/x/body?wait=120", b"%PDF", "wait", "Lớn nhất là 60.", "It must be at most 60."),
        (
            "GET",
            "/documents.pdf",
            None,
            "kind",
            "Chỉ nhận một trong các giá trị: 'csv' hoặc 'xlsx'.",
            "It must be one of: 'csv' or 'xlsx'.",
        ),
        (
            "POST",
            "/delegations",
            {"first_day": "2026-13-01"},
            "first_day",
            "Cần ngày có thật, dạng 2026-11-24.",
            "It must be a day there is, as 2026-11-24.",
        ),
        ("POST", "/documents", {}, "type", "Thiếu trường này.", "This field is required."),
        (
            "POST",
            "/documents",
            {"type": "lesson-plan", "fields": {}, "kind": 1},
            "kind",
            "Không có trường này: xem lại tên.",
            "There is no such field: look at its name.",
        ),
    ],
)
def test_it_is_said_at_the_field(
    client: TestClient, cast: Cast, method: str, path: str, sent: Any, field: str, vi: str, en: str
) -> None:
    lan = Person(client, "lan")
    body: dict[str, Any] = {"files": {"file": sent}} if isinstance(sent, bytes) else {"json": sent}
    answer = client.request(method, f"/api/v1{path}", headers=lan.headers, **body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    said = {error["path"]: (error["detail"], error["detail_en"]) for error in answer.json()["errors"]}
    assert said[field] == (vi, en)
