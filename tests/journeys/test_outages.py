"""A part is away: people go on, what the machine owes is made up for, and the records say what waits."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from flows import queries
from models.document import Document, Signature
from models.event import Event
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


@pytest.mark.timeout(600)
def test_people_go_on_without_prefect_and_the_archive_waits_for_time_stamps(tmp_path: Path) -> None:
    with Installation(tmp_path / "data") as here:
        cast = found_school(here)
        here.start_and_wait("tsa", "web", "worker")
        with Person(here.url, "lan") as lan, Person(here.url, "hoa") as hoa, Person(here.url, "minh") as minh:
            # Prefect is not there at all: every person's decision and signature is.
            document = signed_by_its_author(lan, cast, 14)
            for person in (hoa, minh):
                [task] = person.tasks()
                document = person.onward(person.document(task["document_id"])) or {}
            assert document["status"] == "approved"
            health = here.health()
            assert (health["status"], health["web"], health["database"]) == ("unwell", "ok", "ok")
            assert health["prefect"] != "ok"

            # The time-stamp authority is away too: nobody signs, nothing changes, and a sentence says why.
            here.kill("tsa")
            draft = lan.draft("lesson-plan", lesson_plan(cast, 15))
            submitted = lan.onward(draft) or {}
            refused = lan.client.post(
                f"/documents/{draft['id']}/actions/sign", json={"version": submitted["version"], "pin": PIN}
            )
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert lan.document(draft["id"])["version"] == submitted["version"]

            # Prefect comes: the archive begins, fails at its time-stamp, says so and stays approved.
            here.start_and_wait("prefect")
            [incident] = until(
                lambda: lan.document(document["id"])["run"]["incidents"], "no incident", seconds=120
            )
            assert (incident["kind"], incident["step"]) == ("step-failed", "timestamp")
            assert incident["retry_at"] is not None
            assert lan.document(document["id"])["status"] == "approved"

            # It is back: the archive happens by itself, and the person signs with the very same request.
            here.start_and_wait("tsa")
            assert lan.onward(lan.document(draft["id"])) is not None
            until(lambda: lan.document(document["id"])["status"] == "archived", "not archived", seconds=180)
            ended = lan.document(document["id"])
            assert ended["run"]["incidents"] == []
            steps = {step["step"]: (step["state"], step["attempts"]) for step in ended["run"]["steps"]}
            assert steps["validate"] == steps["archive"] == ("done", 1)
            assert steps["timestamp"][0] == "done"
            assert steps["timestamp"][1] > 1
            assert until(lambda: here.health()["status"] == "ok", "not well again")


@pytest.mark.timeout(600)
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
            until(lambda: hoa.get(f"/batches/{hoa_round}")["state"] == "done", "the head's round", 120)

            killed = _begin_round(minh)
            until(lambda: minh.get(f"/batches/{killed}")["counts"].get("signed", 0) >= 3, "none signed")
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
            until(lambda: minh.get(f"/batches/{rest}")["state"] == "done", "the second round", 120)
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
        assert queries.chain_holds(session, document.id)
        assert queries.replayed(session, document.id, cast.school_id)
    stood = ["author", "group_review"]
    if item["state"] == "signed":
        assert list(events) == [item["version"] + 1]
        assert sorted(fields) == [*stood, "principal_approval"]
        assert document.status == "approved"
    else:
        assert list(events) == []
        assert sorted(fields) == stood
        assert (document.version, document.step) == (item["version"], "principal_approval")
