"""Row 4: two hundred documents approved and signed with one PIN, against pyHanko in a bare loop.

The round goes through `POST /batches` while everything of an installation runs, the archive's follow-up work
included, and its page asks every second how it stands; its time ends with the last item's commit. The loop
runs before it, in two processes, over the very same files, stamps and time-stamp authority.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import col, select

from flows import certification, keyring
from flows.authority import authority
from flows.catalogue import type_of
from flows.people import Standing
from flows.plan import field_of
from flows.reading import read
from models.account import Account
from models.batch import BatchItem
from models.document import Document, Revision
from tasks.signing import SignRequest
from tests.bench.orchestration import settled
from tests.bench.school import Team, Weeks
from tests.bench.tables import Row, percentile, spread
from tests.bench.work import stamp
from tests.cast import PIN, Cast
from tests.journeys.people import Person
from tests.journeys.processes import ROOT, Installation
from tests.journeys.school import lesson_plan


def measure(
    here: Installation, cast: Cast, teams: Sequence[Team], weeks: Weeks, count: int, folder: Path
) -> list[Row]:
    """The loop twice (plain, and with our own signing function), then the round."""
    ids = _prepared(here, cast, teams, weeks, count)
    settled(here)
    file = folder / "signatures"
    file.write_bytes(pickle.dumps(_job(here, cast, ids)))
    plain, kept = (_loop(here, file, kind) for kind in ("plain", "kept"))
    ours, round_note = _round(here, ids)
    settled(here)
    return [
        Row(
            f"{count} documents approved and signed with one PIN / bare pyHanko loop, 2 cores",
            ours / plain,
            "×",
            1.3,
            note=f"round {ours:.1f} s to the last commit ({round_note}), loop in two processes {plain:.1f} s",
        ),
        Row(
            f"the same / our own signing function in a bare loop ({kept:.1f} s)",
            ours / kept,
            "×",
            note="no limit: the stricter peer, which finds paths and sizes once as we do",
        ),
    ]


def pages_meanwhile(
    here: Installation, cast: Cast, teams: Sequence[Team], weeks: Weeks, count: int
) -> list[Row]:
    """Pages other people open while a round of so many runs, against the same pages before it."""
    ids = _prepared(here, cast, teams, weeks, count)
    settled(here)
    with Person(here.url, "hoa") as hoa, Person(here.url, teams[0].teacher) as teacher:
        readers = (hoa, teacher)
        before = [_look(person) for _ in range(30) for person in readers]
        over, during = threading.Event(), list[float]()

        def read() -> None:
            while not over.is_set():
                during.extend(_look(person) for person in readers)
                time.sleep(0.05)

        thread = threading.Thread(target=read)
        thread.start()
        took, _ = _round(here, ids)
        over.set()
        thread.join()
    settled(here)
    calm = percentile(before, 0.95)
    return [
        Row(
            f"a page while a round of {count} runs: p95",
            percentile(during, 0.95),
            "ms",
            note=f"no limit; {spread(during)} in {took:.1f} s; before it p95 {calm:.0f} ms; GET /tasks and "
            "GET /documents in turn, through HTTP",
        )
    ]


def _look(person: Person) -> float:
    """Milliseconds for what one opens most: what waits, and the list."""
    began = time.perf_counter()
    person.get("/tasks")
    person.get("/documents")
    return (time.perf_counter() - began) * 500


def _prepared(here: Installation, cast: Cast, teams: Sequence[Team], weeks: Weeks, count: int) -> list[str]:
    """Lesson plans signed by author and head, waiting for the principal."""

    planned = weeks.take(count, len(teams))

    def one(n: int) -> str:
        team, week = teams[n % len(teams)], planned[n // len(teams)]
        with Person(here.url, team.teacher) as teacher, Person(here.url, team.head) as head:
            document = teacher.draft("lesson-plan", lesson_plan(cast, week, mark=f"{n}"))
            for person in (teacher, teacher, head):
                document = person.onward(person.document(document["id"])) or {}
        assert document["step"]["name"] == "principal_approval"
        return str(document["id"])

    with ThreadPoolExecutor(3) as threads:
        return list(threads.map(one, range(count)))


def _job(here: Installation, cast: Cast, ids: Sequence[str]) -> dict[str, object]:
    """What the loop needs: each signature as the round will ask for it, its stamp drawn."""
    office, now = here.office, here.office.now()
    requests = []
    step = type_of("lesson-plan").step("principal_approval")
    actor = cast.actor("minh")
    with office.db.read() as session:
        account = session.get_one(Account, cast.ids["minh"])
        key = keyring.key_of(session, account.id, "person")
        trust = certification.trust_of(session)
        for document_id in ids:
            found = read(session, document_id, cast.school_id)
            document: Document = found.document
            revision = session.get_one(Revision, (document_id, document.revision))
            lines = authority(found.declared, step, actor, found.subject, "", Standing("role:principal"))
            requests.append(
                SignRequest(
                    pdf=office.blobs.get(document.blob or ""),
                    field=field_of(step),
                    certificate=key.certificate,
                    owner=account.id,
                    trust=trust,
                    now=now,
                    reason=step.label.vi,
                    location="Nam Hòa",
                    stamp=stamp(revision.boxes[field_of(step)], lines, account.full_name, now),
                )
            )
    return {
        "requests": requests,
        "protected": key.protected,
        "master": here.settings.master_key,
        "tsa": here.settings.timestamp_url,
    }


def _loop(here: Installation, file: Path, kind: str) -> float:
    """Seconds until both processes are through, from a common start."""
    halves = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.bare", str(file), kind, half],
            cwd=ROOT,
            env=here.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for half in ("0", "1")
    ]
    for process in halves:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in halves:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    took = [float(process.communicate()[0]) for process in halves]
    assert all(process.returncode == 0 for process in halves)
    return max(took)


def _round(here: Installation, ids: Sequence[str]) -> tuple[float, str]:
    with Person(here.url, "minh") as minh:
        items = [{"id": key, "version": minh.document(key)["version"]} for key in ids]
        began = datetime.now(UTC)
        batch = minh.post("/batches", {"action": "approve", "pin": PIN, "items": items}, 202)["id"]
        accepted = (datetime.now(UTC) - began).total_seconds()
        while minh.get(f"/batches/{batch}")["state"] != "done":
            time.sleep(1)  # as the page of a round asks
    with here.office.db.read() as session:
        rows = session.exec(select(BatchItem).where(col(BatchItem.batch_id) == batch)).all()
    assert {row.state for row in rows} == {"signed"}, {row.code for row in rows}
    last = max(row.finished_at for row in rows if row.finished_at)
    return (last - began).total_seconds(), f"PIN accepted after {accepted:.2f} s"
