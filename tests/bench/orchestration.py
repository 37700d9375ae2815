"""Rows 2 and 3: from a click to the next person's inbox, and what driving a document through Prefect costs.

The same documents serve both. They go in waves with every run brought up to date between them, as people
who take hours over a step would leave it: each decision costs its own work in Prefect.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, select

from models.document import Document
from tests.bench.school import Team, Weeks
from tests.bench.stock import StockCost
from tests.bench.tables import Row, percentile, spread
from tests.cast import Cast
from tests.journeys.people import Person
from tests.journeys.processes import ROOT, Installation, cpu
from tests.journeys.school import lesson_plan
from tests.waiting import until


@dataclass(frozen=True, slots=True)
class Work:
    """Processor seconds of one document's own work, made again in one bare process."""

    render: float
    sign: float
    verify: float

    @property
    def whole(self) -> float:
        return self.render + self.sign + self.verify


@dataclass(frozen=True, slots=True)
class Driven:
    """What the documents that were driven through cost."""

    clicks: list[float]
    server: float
    """Processor seconds a document in the Prefect server."""
    worker: float
    """In our worker, the verification and the archive's time-stamp included."""
    work: Work


def drive(here: Installation, cast: Cast, teams: Sequence[Team], weeks: Weeks, count: int) -> Driven:
    """Take `count` lesson plans from the first submit to the archive, and look at the clocks."""
    minh = Person(here.url, "minh")
    chosen = [teams[n % len(teams)] for n in range(count)]
    pairs = [(Person(here.url, team.teacher), Person(here.url, team.head)) for team in chosen]
    planned = weeks.take(count, len(teams))
    drafts = [
        teacher.draft("lesson-plan", lesson_plan(cast, planned[n // len(teams)], mark=teacher.name))
        for n, (teacher, _) in enumerate(pairs)
    ]
    ids = [draft["id"] for draft in drafts]
    settled(here)
    before = {name: cpu(here.running[name].pid) for name in ("prefect", "worker")}

    clicks: list[float] = []
    for draft, (teacher, head) in zip(drafts, pairs, strict=True):
        submitted = teacher.onward(draft)
        assert submitted is not None
        clicks.append(_click(teacher, submitted, "sign", head))
    settled(here)
    for key, (_, head) in zip(ids, pairs, strict=True):
        clicks.append(_click(head, head.document(key), "approve", minh))
    settled(here)
    for key in ids:
        minh.decide(minh.document(key), "approve")
    until(lambda: _archived(here, ids), "not archived", 600)
    settled(here)

    used = {name: (cpu(here.running[name].pid) - before[name]) / count for name in before}
    for person in [minh, *(person for pair in pairs for person in pair)]:
        person.client.close()
    return Driven(clicks, used["prefect"], used["worker"], _work(here, ids))


def _click(person: Person, document: dict[str, Any], action: str, then: Person) -> float:
    """Milliseconds from the click until the next person's inbox shows the document."""
    began = time.perf_counter()
    person.decide(document, action)
    while document["id"] not in {task["document_id"] for task in then.tasks()}:
        assert time.perf_counter() - began < 60
    return (time.perf_counter() - began) * 1000


def settled(here: Installation) -> None:
    """Until every run shows what was decided."""

    def quiet() -> bool:
        with here.office.db.read() as session:
            waiting = select(Document.id).where(col(Document.settled).is_(False), col(Document.revision) > 0)
            return session.exec(waiting).first() is None

    until(quiet, "the worker does not come to rest", 900)


def _archived(here: Installation, ids: Sequence[str]) -> bool:
    with here.office.db.read() as session:
        rows = session.exec(select(Document.status).where(col(Document.id).in_(ids))).all()
    return set(rows) == {"archived"}


def _work(here: Installation, ids: Sequence[str]) -> Work:
    """The same documents' work done again in a process of its own, with no orchestration around it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.work", *ids],
        cwd=ROOT,
        env=here.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return Work(**json.loads(done.stdout))


def dbos(folder: Path, documents: int) -> dict[str, float]:
    """Processor seconds a document of the same shape in DBOS, and the threads that wait meanwhile."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.dbos_flow", str(documents), str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows(driven: Driven, stock: StockCost, peer: dict[str, float]) -> list[Row]:
    """Clicks, then our orchestration against the work, against stock Prefect and against DBOS."""
    work = driven.work
    ours = driven.server + driven.worker - work.verify
    return [
        Row(
            "click → the next person's inbox, signature included: p95",
            percentile(driven.clicks, 0.95),
            "ms",
            1000,
            note=f"{spread(driven.clicks)}; POST sign or approve until GET /tasks of the next one shows it",
        ),
        Row(
            "orchestration / (render + sign + verify), CPU of a document with 3 signatures",
            ours / work.whole,
            "×",
            2,
            note=f"orchestration {ours:.2f} CPU-s (Prefect server {driven.server:.2f}, worker "
            f"{driven.worker - work.verify:.2f}) / work {work.whole:.2f} CPU-s (render {work.render:.2f}, "
            f"sign {work.sign:.2f}, verify and archive timestamp {work.verify:.2f})",
        ),
        Row(
            "stock Prefect / our orchestration, CPU of a document with 3 signatures",
            stock.whole / ours,
            "×",
            20,
            at_least=True,
            note=f"stock {stock.whole:.1f} CPU-s (server {stock.server:.1f}, process worker and its children "
            f"{stock.worker:.1f}), {stock.documents} documents, its idle running subtracted; ours not",
        ),
        Row(
            "our orchestration / DBOS, CPU of a document with 3 signatures",
            ours / peer["cpu"],
            "×",
            note=f"no limit: DBOS {peer['cpu']:.3f} CPU-s, a library without server or pages, on SQLite; "
            f"{peer['threads']:.0f} threads while its workflows wait",
        ),
    ]
