"""A signing round whose process is killed: each item signed once or untouched, and the round says which."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from models.batch import BatchItem
from models.document import Document, Signature
from models.event import Event
from tests.audited import sound
from tests.cast import PIN, Cast
from tests.journeys.people import Person
from tests.journeys.processes import Installation
from tests.journeys.school import found_school, lesson_plan
from tests.waiting import until


def signed_by_its_author(person: Person, cast: Cast, week: int) -> dict[str, Any]:
    document = person.draft("lesson-plan", lesson_plan(cast, week, mark=person.name))
    for _ in ("submit", "sign"):
        document = person.onward(document) or {}
    return document


@pytest.mark.timeout(1200)
def test_a_round_that_is_killed_leaves_each_item_signed_once_or_untouched_and_says_which(
    tmp_path: Path,
) -> None:
    with Installation(tmp_path / "data") as here:
        cast = found_school(here)
        here.start_and_wait("tsa", "web")
        with (
            Person(here.url, "lan") as lan,
            Person(here.url, "mai") as mai,
            Person(here.url, "hoa") as hoa,
            Person(here.url, "minh") as minh,
            ThreadPoolExecutor(2) as threads,
        ):
            jobs = [threads.submit(_sign_weeks, person, cast) for person in (lan, mai)]
            assert all(job.result() == 12 for job in jobs)
            hoa_round = _begin_round(hoa)
            until(lambda: hoa.get(f"/batches/{hoa_round}")["state"] == "done", "the head's round", 240)

            killed = _begin_round(minh)
            until(lambda: _signed(here, killed) >= 3, "none signed")
            # Without time-stamps no more is signed until the kill, however quick the machine is.
            with here.frozen("tsa"):
                here.kill("web")
            here.start_and_wait("web")
            until(lambda: minh.get(f"/batches/{killed}")["state"] == "stopped", "never closed")

            seen = minh.get(f"/batches/{killed}")
            states = Counter(item["state"] for item in seen["items"])
            assert set(states) == {"signed", "queued"}
            assert states["signed"] >= 3
            assert states["queued"] >= 1
            for item in seen["items"]:
                _is_as_it_says(here, cast, item)

            # What is untouched is signed by a new round, with the PIN again.
            rest = _begin_round(minh)
            until(lambda: minh.get(f"/batches/{rest}")["state"] == "done", "the second round", 240)
            again = minh.get(f"/batches/{rest}")
            assert [item["state"] for item in again["items"]] == ["signed"] * states["queued"]
            assert minh.tasks() == []
            for item in seen["items"]:
                _is_as_it_says(here, cast, item | {"state": "signed"})


def _sign_weeks(person: Person, cast: Cast) -> int:
    return len([signed_by_its_author(person, cast, week) for week in range(14, 26)])


def _begin_round(person: Person) -> str:
    items = [{"id": task["document_id"], "version": task["version"]} for task in person.tasks()]
    began = person.post("/batches", {"action": "approve", "pin": PIN, "items": items}, 202)
    return str(began["id"])


def _signed(here: Installation, batch: str) -> int:
    with here.office.db.read() as session:
        rows = select(BatchItem).where(col(BatchItem.batch_id) == batch, col(BatchItem.state) == "signed")
        return len(session.exec(rows).all())


def _is_as_it_says(here: Installation, cast: Cast, item: dict[str, Any]) -> None:
    """An item called signed has the principal's event and signature once; any other is as it was."""
    with here.office.db.read() as session:
        document = session.get_one(Document, item["document_id"])
        events = session.exec(
            select(Event.seq).where(
                col(Event.document_id) == document.id, col(Event.actor_id) == cast.ids["minh"]
            )
        ).all()
        fields = session.exec(select(Signature.field).where(col(Signature.document_id) == document.id)).all()
        assert sound(session, document.id)
    stood = ["author", "group_review"]
    if item["state"] == "signed":
        assert list(events) == [item["version"] + 1]
        assert sorted(fields) == [*stood, "principal_approval"]
        assert document.status == "approved"
    else:
        assert list(events) == []
        assert sorted(fields) == stood
        assert (document.version, document.step) == (item["version"], "principal_approval")
