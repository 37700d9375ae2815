"""What Prefect says of its events before its server has answered, and afterwards."""

from __future__ import annotations

import logging

import pytest
from prefect.events import Event, Resource
from prefect.events.clients import PrefectEventsClient
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.first_answer import FirstAnswer
from tests.ports import free_port
from tests.waiting import until


def send_to_nobody() -> None:
    """Send an event to a port where nothing listens; until Prefect has given up."""
    nobody = f"http://127.0.0.1:{free_port()}/api"
    EventsWorker.set_client_override(PrefectEventsClient, api_url=nobody, reconnection_attempts=0)
    with temporary_settings({PREFECT_API_URL: nobody}):  # else Prefect starts a server of its own
        worker = EventsWorker.instance()
        worker.send(Event(event="a.test", resource=Resource({"prefect.resource.id": "a.test"})))
        until(lambda: worker._stopped, "Prefect gives up")


def test_a_server_that_was_not_there_yet_is_no_news_and_one_that_is_lost_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = FirstAnswer()

    def heard() -> str:
        return " ".join(record.getMessage() for record in caplog.records if record.name in names)

    names = ("prefect.events.clients", "prefect._internal.concurrency")
    for name in names:
        logging.getLogger(name).addHandler(caplog.handler)
    try:
        send_to_nobody()
        assert heard() == ""
        logging.getLogger(names[1]).error("Service %r failed with %s pending items.", "APILogWorker", 1)
        assert "APILogWorker" in heard()  # of other services everything is heard
        caplog.clear()
        answer.came()
        send_to_nobody()
        assert "Unable to connect" in heard()
        assert "'EventsWorker' failed" in heard()
    finally:
        EventsWorker.set_client_override(None)
        answer.came()
        for name in names:
            logging.getLogger(name).removeHandler(caplog.handler)
