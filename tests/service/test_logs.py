"""What reaches a log: entries of one line, also as JSON; and no secret, whatever a person types where."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from flows.measures import REGISTRY
from service.app import create_app
from service.logs import Lines, Objects, line_of
from tests.cast import PASSWORD, PIN, Cast

WRONG_PASSWORD, WRONG_PIN = "Sai-mat-khau-77", "975318"


class Heard(logging.Handler):
    """Every entry of every logger, in both forms."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [Lines().format(record), Objects("web").format(record)]


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The root logger at its most talkative."""
    root, handler = logging.getLogger(), Heard()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_secret_reaches_a_log(cast: Cast, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    document = cast.lesson_plan("lan", 14)
    app = create_app(cast.office.settings, cast.office)
    secrets = {PASSWORD, PIN, WRONG_PASSWORD, WRONG_PIN, cast.office.settings.master_key.hex()}
    with TestClient(app, raise_server_exceptions=False) as client:
        page = client.get("/sign-in")
        csrf = page.text.partition('name="csrf" value="')[2].partition('"')[0]
        for password in (WRONG_PASSWORD, PASSWORD):
            client.post("/sign-in", data={"name": "lan", "password": password, "csrf": csrf})
        secrets |= set(client.cookies.values()) - {"vi", "en"}

        token = client.post("/api/v1/token", data={"username": "lan", "password": PASSWORD}).json()[
            "access_token"
        ]
        secrets.add(token)
        headers = {"Authorization": f"Bearer {token}"}
        address = f"/api/v1/documents/{document.id}/actions"
        assert client.post(f"{address}/submit", json={"version": 1}, headers=headers).status_code == 200
        wrong = client.post(f"{address}/sign", json={"version": 2, "pin": WRONG_PIN}, headers=headers)
        assert wrong.status_code == 403
        assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}x"}).status_code == 401

        def breaks(*_: object, **__: object) -> None:
            raise RuntimeError("a part broke")

        monkeypatch.setattr(type(cast.office.signers), "sign", breaks)
        broken = client.post(f"{address}/sign", json={"version": 2, "pin": PIN}, headers=headers)
        assert broken.status_code == 500
    assert any("a part broke" in line for line in heard.lines)  # with its traceback
    assert len(secrets) > 6
    for secret in secrets:
        found = [line for line in heard.lines if secret in line]
        assert not found, found[0]


def test_a_json_entry_is_one_object_with_its_part_and_its_traceback() -> None:
    record = logging.LogRecord("hososo.web", logging.ERROR, "", 0, "failure pin=%s\nat /x", ("246810",), None)
    try:
        raise ValueError("token=abcdef")  # noqa: TRY301 - the traceback is what is looked at
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    line = Objects("web").format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert (entry["level"], entry["part"], entry["logger"]) == ("ERROR", "web", "hososo.web")
    assert entry["time"].endswith("+07:00")
    assert entry["message"] == "failure pin=…\nat /x"
    assert "ValueError: token=…" in entry["traceback"]


def test_the_supervisor_passes_entries_on_and_wraps_what_is_none() -> None:
    as_json, as_text = line_of("json"), line_of("text")
    entry = Objects("web").format(logging.LogRecord("x", logging.INFO, "", 0, "m", None, None))
    assert as_json("web", entry) == entry
    wrapped = json.loads(as_json("web", "Segmentation fault"))
    assert (wrapped["part"], wrapped["level"], wrapped["message"]) == ("web", "ERROR", "Segmentation fault")
    assert as_text("web", "words") == "web       | words"


def test_a_client_that_hangs_up_is_one_quiet_line(cast: Cast, heard: Heard) -> None:
    app = create_app(cast.office.settings, cast.office)
    came = iter([{"type": "http.request", "body": b"name=lan&pass", "more_body": True}])
    answered: list[object] = []

    async def receive() -> Any:
        return next(came, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/documents",
        "raw_path": b"/documents",
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", b"4000"),
            (b"host", b"testserver"),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
    }
    before = REGISTRY.get_sample_value("hososo_hung_up_requests_total")
    asyncio.run(app(scope, receive, send))
    assert REGISTRY.get_sample_value("hososo_hung_up_requests_total") == (before or 0) + 1
    said = [line for line in heard.lines if "hung up" in line]
    assert len(said) == 2 and "POST /documents" in said[0], "once, in both forms"
    assert not [line for line in heard.lines if "Traceback" in line or "ERROR" in line]
