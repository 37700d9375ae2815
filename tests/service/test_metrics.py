"""`GET /metrics`: the numbers a monitor needs, for a monitor on this machine or with the token only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from flows.leases import beat
from flows.ledger import Key, StepFailed, perform
from models.notice import Mail
from service import metrics
from service.app import create_app
from tests.cast import Cast

HERE, ELSEWHERE = ("127.0.0.1", 50000), ("10.0.0.7", 50000)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(metrics, "FRESH", -1.0)
    yield


def numbers(cast: Cast) -> dict[str, float]:
    """Every sample as Prometheus reads it: `name{label}` and its value."""
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app, client=HERE) as client:
        answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        sample.name + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_numbers_follow_the_records(cast: Cast) -> None:
    before = numbers(cast).get("hososo_signing_seconds_count", 0)
    now = cast.office.now()
    cast.lesson_plan("mai", 14)
    cast.sent("lan", 14)
    document = cast.sent("lan", 15)
    cast.act("hoa", document.id, "approve")
    beat(cast.office.db, "worker:1", "worker", now)
    beat(cast.office.db, "worker:2", "worker", now - timedelta(hours=1))

    def fails() -> str:
        raise OSError(28, "No space left on device")

    with pytest.raises(StepFailed):
        perform(cast.office, Key(document.id, cast.school_id, 4, "validate"), fails)
    with cast.office.db.write() as session:
        for number, state in enumerate(("waiting", "waiting", "failed", "sent")):
            session.add(
                Mail(
                    school_id=cast.school_id,
                    account_id=cast.ids["lan"],
                    message_id=f"<{number}@x>",
                    recipient="lan@example.test",
                    subject="x",
                    text="x",
                    html="x",
                    state=state,
                    next_try_at=now,
                    created_at=now,
                )
            )
    found = numbers(cast)
    assert (found["hososo_documents{draft}"], found["hososo_documents{in_progress}"]) == (1, 2)
    assert (
        found["hososo_steps_waiting{group_review}"] == found["hososo_steps_waiting{principal_approval}"] == 1
    )
    assert 0 <= found["hososo_step_oldest_seconds{group_review}"] < 600
    assert found["hososo_incidents_open{step-failed}"] == 1
    assert found["hososo_outbox_depth"] == 3
    assert (found["hososo_mails{waiting}"], found["hososo_mails{failed}"]) == (2, 1)
    assert found["hososo_notices_due"] > 0
    assert found["hososo_processes_alive{worker}"] == 1
    assert found["hososo_processes_alive{scheduler}"] == 0
    assert found["hososo_disk_free_bytes"] > 0
    assert found["hososo_signing_seconds_count"] == before + 3


def test_nobody_else_learns_that_there_is_such_a_page(cast: Cast) -> None:
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app, client=ELSEWHERE) as client:
        assert client.get("/metrics").status_code == 404
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
        cast.office.settings.metrics_token = "a-long-word"
        assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
        assert client.get("/metrics", headers={"Authorization": "Bearer a-long-word"}).status_code == 200
    with TestClient(app, client=HERE) as client:
        # A proxy on this machine speaks for someone elsewhere.
        assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).status_code == 404
        assert client.get("/metrics").status_code == 200


def test_no_name_stands_in_it(cast: Cast) -> None:
    document = cast.sent("lan", 14)
    with TestClient(create_app(cast.office.settings, cast.office), client=HERE) as client:
        text = client.get("/metrics").text
    for secret in (document.id, document.title, cast.ids["lan"], "Lan", cast.school_id):
        assert secret not in text
