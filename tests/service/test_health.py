"""`/healthz`: 200 only while every part answers, else which does not. And what never reaches a log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from flows.leases import beat, stop_beating
from service import health
from service.logs import Lines, Worth, masked
from tests import stamp_server
from tests.cast import Cast
from tests.prefect_fixture import PrefectServer, prefect_server

__all__ = ["prefect_server"]  # a fixture, named by the tests below


@pytest.fixture
def client(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(health, "FRESH", -1.0)  # ask anew each time
    app = FastAPI()
    app.state.office = cast.office
    app.include_router(health.router)
    with TestClient(app) as made:
        yield made


def test_it_is_well_only_while_every_part_answers(
    cast: Cast, client: TestClient, prefect_server: PrefectServer
) -> None:
    office = cast.office
    office.settings.prefect_api_url = prefect_server.url
    beat(office.db, "worker:1", "worker", office.now())
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "ok",
            "web": "ok",
            "database": "ok",
            "prefect": "ok",
            "worker": "ok",
            "timestamps": "ok",
            "archive": "ok",
            "disk": "ok",
        },
    )

    office.settings.tsa_url, working = "http://127.0.0.1:1/", office.settings.tsa_url
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "unwell")
    assert answer.json()["timestamps"] == "does not answer (ConnectionRefusedError)"
    office.settings.tsa_url = working

    stop_beating(office.db, "worker:1")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "no worker is alive")

    beat(office.db, "worker:1", "worker", office.now())
    office.settings.prefect_api_url = "http://127.0.0.1:1/api"
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["prefect"]) == (503, "does not answer (ConnectError)")
    assert answer.json()["worker"] == "ok"


def test_an_authority_that_talks_nonsense_is_told_from_one_that_stamps(
    cast: Cast, client: TestClient
) -> None:
    working = cast.office.settings.tsa_url
    answers = {
        (200, "text/plain"): "answers with no time-stamp",
        (503, "text/plain"): "answers 503",
        (401, "text/plain"): "ok",
    }
    for (status, kind), said in answers.items():
        with stamp_server.server(lambda *_, s=status, k=kind: (s, k, b"rubbish")) as (url, _):
            cast.office.settings.tsa_url = f"{url} {working}"
            found = client.get("/healthz").json()
        assert found[f"timestamps of {urlsplit(url).netloc}"] == said
        assert (found[f"timestamps of {urlsplit(working).netloc}"], found["timestamps"]) == ("ok", "ok")
    cast.office.settings.tsa_url = working


def test_a_database_that_does_not_answer_is_said(cast: Cast, client: TestClient) -> None:
    cast.office.settings.prefect_api_url = "http://127.0.0.1:1/api"
    with cast.office.db.write() as session:
        session.connection().exec_driver_sql("DROP TABLE lease")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"].startswith("does not answer")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("pin=246810 wrong", "pin=… wrong"),
        ("{'password': 'Demo-2026!'}", "{'password': '…'}"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("postgresql://hs:s3cret@db/x", "postgresql://hs:…@db/x"),
        ("PREFECT_API_AUTH_STRING=hososo:00ff", "PREFECT_API_AUTH_STRING=…"),
        ("document=01a2 step=timestamp code=unavailable", "document=01a2 step=timestamp code=unavailable"),
    ],
)
def test_what_looks_like_a_secret_is_struck_out(line: str, kept: str) -> None:
    assert masked(line) == kept


def record(name: str, level: int, message: str) -> logging.LogRecord:
    return logging.LogRecord(name, level, "", 0, message, None, None)


def test_a_run_that_parks_is_no_error_and_one_that_fails_is() -> None:
    worth = Worth()
    parked = "Finished in state Awaiting group head('', type=PAUSED)"
    assert not worth.filter(record("prefect.flow_runs", logging.ERROR, parked))
    failed = "Finished in state Failed('timestamp: unavailable')"
    assert worth.filter(record("prefect.flow_runs", logging.ERROR, failed))
    assert not worth.filter(record("httpx", logging.INFO, "HTTP Request: GET …"))
    assert worth.filter(record("hososo.worker", logging.INFO, "Finished in state Awaiting"))


def test_an_entry_is_one_line_with_vietnams_time() -> None:
    entry = Lines().format(record("hososo.worker", logging.WARNING, "prefect does not answer"))
    assert entry.endswith("+07:00 WARNING hososo.worker prefect does not answer")
    assert "\n" not in entry
