"""Rows 5 to 8: pages over 100,000 documents, rest with as many waiting, the scan of 40,000 teachers, a start.

Pages are asked one at a time through HTTP by people who sign in; the same pages over 1,000 documents are the
peer. Rest is what the kernel counts for each process while nobody does anything.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from sqlmodel import col, select

from flows.clock import LAST_WEEK, scan
from models.db import Database
from models.document import Document
from models.settings import VIETNAM, Settings
from models.tables import create_all
from tests.bench import crowd
from tests.bench.orchestration import settled
from tests.bench.tables import Row, percentile, spread
from tests.cast import PASSWORD
from tests.conftest import free_port
from tests.journeys.people import Person
from tests.journeys.processes import ROOT, Installation, cpu
from tests.journeys.school import found_school, lesson_plan
from tests.waiting import until

MANY, FEW = 100_000, 1_000
REST = 60.0
PAGES = (
    ("minh", "/"),
    ("minh", "/documents"),
    ("minh", "/documents?status=archived"),
    ("hoa", "/"),
    ("lan", "/documents"),
    ("admin", "/runs"),
    ("minh", "/flags"),
)
"""Every list and inbox, each asked by somebody who has much in it; the API's are measured with them."""
API = (("minh", "/tasks"), ("hoa", "/tasks"), ("minh", "/documents"), ("lan", "/documents?status=archived"))


@dataclass(slots=True)
class _Asked:
    """Milliseconds by page."""

    times: dict[str, list[float]]


def lists(folder: Path, quick: bool) -> list[Row]:
    """Each page's p95 over many documents, and its ratio to the same over few."""
    count = MANY // (10 if quick else 1)
    many, few = (_pages(folder / str(size), size, quick) for size in (count, FEW))
    found = {page: percentile(times, 0.95) for page, times in many.times.items()}
    ratios = {page: found[page] / percentile(few.times[page], 0.95) for page in found}
    slowest, steepest = max(found, key=found.__getitem__), max(ratios, key=ratios.__getitem__)
    return [
        Row(
            f"the slowest list or inbox page with {count:,} documents: p95",
            found[slowest],
            "ms",
            100,
            note=f"{slowest}: {spread(many.times[slowest])}; {len(found)} pages",
        ),
        Row(
            f"{count:,} documents / {FEW:,} documents, the page that grows most",
            ratios[steepest],
            "×",
            1.3,
            note=f"{steepest}: p95 {found[steepest]:.0f} ms; "
            + ", ".join(f"{page} {ratio:.2f}" for page, ratio in ratios.items()),
        ),
    ]


def _pages(data: Path, count: int, quick: bool) -> _Asked:
    times: dict[str, list[float]] = {}
    with Installation(data) as here:
        cast = found_school(here)
        authors = [cast.ids[name] for name in ("lan", "mai", "hoa", "lien")]
        crowd.write(here.office.db, crowd.documents(cast, authors, count, 0.03, here.office.now()))
        here.start_and_wait("tsa", "web")
        for name, path in PAGES:
            with httpx.Client(base_url=here.url, timeout=60, trust_env=False) as client:
                _sign_in(client, name)
                times[f"{name} {path}"] = _ask(client, path, quick)
        for name, path in API:
            with Person(here.url, name) as person:
                times[f"{name} api{path}"] = _ask(person.client, path, quick)
    return _Asked(times)


def _sign_in(client: httpx.Client, name: str) -> None:
    page = client.get("/sign-in").text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    answer = client.post("/sign-in", data={"name": name, "password": PASSWORD, "csrf": csrf})
    assert answer.status_code == 303, answer.text[:500]


def _ask(client: httpx.Client, path: str, quick: bool) -> list[float]:
    """The same page again and again, the first two times not counted."""
    taken = []
    for number in range(12 if quick else 102):
        began = time.perf_counter()
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        if number > 1:
            taken.append((time.perf_counter() - began) * 1000)
    return taken


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
        authors = [cast.ids[name] for name in ("lan", "mai", "hoa", "lien")]
        crowd.write(here.office.db, crowd.documents(cast, authors, count, 1.0, here.office.now()))
        with here.office.db.read() as session:
            runs = session.exec(
                select(Document.id, Document.run_id).where(
                    col(Document.title).startswith("Kế hoạch bài dạy số")
                )
            ).all()
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
    """The clock's look at 40,000 teachers in 1,000 schools, who planned five weeks, one in a hundred late."""
    count = 100 if quick else 1000
    db = Database(Settings(data=folder / "late").database)
    create_all(db)
    start = datetime(2026, 9, 7, tzinfo=VIETNAM)
    now = start + timedelta(weeks=11, hours=12)
    crowd.write(db, crowd.schools(count, 40, start.date(), now, 6))
    first = _timed(db, now, None)
    again = [_timed(db, now, LAST_WEEK) for _ in range(3)]
    db.dispose()
    return [
        Row(
            f"the late-plans scan, {count * 40:,} teachers",
            min(again),
            "s",
            2,
            note=f"the daily look, nothing changed since; the very first one over five weeks, which writes "
            f"every flag: {first:.1f} s",
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
