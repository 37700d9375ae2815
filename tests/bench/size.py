"""Rows 6 to 8: rest with 100,000 documents waiting, the scan of 40,000 teachers, a start.

Rest is what the kernel counts for each process while nobody does anything.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from sqlmodel import col, select

from flows.clock import LAST_WEEK, scan
from models.db import Database
from models.document import Document
from models.indexing import fill
from models.settings import VIETNAM, Settings
from models.tables import create_all
from service import memory
from tests.bench import crowd
from tests.bench.orchestration import settled
from tests.bench.past import copies
from tests.bench.tables import Row
from tests.journeys.people import Person
from tests.journeys.processes import ROOT, Installation, cpu
from tests.journeys.school import found_school, lesson_plan
from tests.ports import free_port
from tests.waiting import until

MANY = 100_000
REST = 60.0


def rest(folder: Path, quick: bool) -> list[Row]:
    """What all processes use while 100,000 documents wait for people, each with its parked run in Prefect."""
    count = MANY // (10 if quick else 1)
    with Installation(folder / "rest") as here:
        cast = found_school(here)
        here.start_and_wait("tsa", "web", "prefect")
        here.start_and_wait("worker")
        with Person(here.url, "lan") as lan:  # one real run, parked, to copy
            draft = lan.draft("lesson-plan", lesson_plan(cast, 20))
            lan.onward(lan.onward(draft) or {})
        settled(here)
        here.stop("worker", "prefect", "web")
        db = here.office.db
        crowd.write(db, copies(db, draft["id"], count, [cast.ids["lan"], cast.ids["mai"]], runs=True))
        with db.write() as session:
            fill(session.connection())
            copied = select(Document.id, Document.run_id).where(col(Document.id) != draft["id"])
            runs = session.exec(copied).all()
        crowd.parked_runs(here.data / "prefect" / "prefect.db", [(key, run) for key, run in runs if run])
        here.start_and_wait("web", "prefect", "mailbox")
        here.start_and_wait("worker", "scheduler")
        time.sleep(30)  # what a start brings with it is over
        names = ("web", "worker", "scheduler", "tsa", "mailbox", "prefect")
        before, began = {name: cpu(here.running[name].pid) for name in names}, time.monotonic()
        time.sleep(REST / (4 if quick else 1))
        took = time.monotonic() - began
        used = {name: (cpu(here.running[name].pid) - before[name]) / took * 100 for name in names}
    ours = sum(share for name, share in used.items() if name != "prefect")
    each = ", ".join(f"{name} {share:.2f} %" for name, share in used.items())
    return [
        Row(f"at rest, {count:,} documents waiting: our processes, of a core", ours, "%", 1, note=each),
        Row(
            f"at rest, {count:,} parked runs: the Prefect server, of a core",
            used["prefect"],
            "%",
            3,
            note=each,
        ),
    ]


def late(folder: Path, quick: bool) -> list[Row]:
    """The clock's look at 40,000 teachers in 1,000 schools.

    They planned six weeks, one in a hundred too late, and nobody the week whose plan was due last: every
    teacher and every group has a flag that stands.
    """
    count = 100 if quick else 1000
    db = Database(Settings(data=folder / "late").database)
    create_all(db)
    start = datetime(2026, 9, 7, tzinfo=VIETNAM)
    now = start + timedelta(weeks=11, hours=12)
    crowd.write(db, crowd.schools(count, 40, start.date(), now, 6))
    memory.settle()  # as the scheduler's process does
    first = _timed(db, now, None)
    again = [_timed(db, now, LAST_WEEK) for _ in range(3)]
    db.dispose()
    return [
        Row(
            f"the late-plans scan, {count * 40:,} teachers",
            min(again),
            "s",
            2,
            note="the daily look, nothing changed since, a flag of everybody stands; the very first one over "
            f"five weeks, which writes every flag: {first:.1f} s",
        )
    ]


def _timed(db: Database, now: datetime, back: timedelta | None) -> float:
    began = time.perf_counter()
    scan(db, now, back=back) if back else scan(db, now)
    return time.perf_counter() - began


def start(folder: Path, quick: bool) -> list[Row]:
    """From `hososo up` on an empty folder, as `make run` ends in, to the sign-in page of the demo school."""
    port = free_port()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOSOSO_", "PREFECT_"))}
    own = {"HOSOSO_DATA": str(folder / "start"), "HOSOSO_PORT": str(port), "HOSOSO_DEMO": "true"}
    ports = {f"HOSOSO_{name}_PORT": str(free_port()) for name in ("PREFECT", "TSA", "SMTP")}
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "service.cli", "up"],
        cwd=ROOT,
        env=kept | own | ports,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            until(lambda: _shows(f"http://127.0.0.1:{port}/sign-in"), "no first page", 300)
            took = time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
    return [
        Row(
            "first page after `make run` on an installed machine",
            took,
            "s",
            20,
            note="hososo up on an empty folder, tables and demo school included",
        )
    ]


def _shows(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
