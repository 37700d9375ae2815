"""Row 5: every list, inbox and search over 100,000 documents, against the same pages over 1,000.

Two schools of the same people with the same school year and the same work under way; the larger one also
keeps the records of ten years before. Their web processes run side by side and are asked in turn, one request
at a time, by people who sign in; so other work on the machine meets both.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from sqlmodel import Session, col, select

from models.document import Document
from models.indexing import fill
from service.api import cursors
from tests.bench import past
from tests.bench.crowd import write
from tests.bench.tables import Row, percentile
from tests.cast import PASSWORD, Cast
from tests.journeys.people import Person
from tests.journeys.processes import Installation
from tests.journeys.school import found_school, lesson_plan

MANY, FEW = 100_000, 1_000
LIVE = 300
"""Documents that wait for someone, among the 1,000 of the present year."""
TEACHERS, YEARS = 60, 10
PAGES = (
    "minh /",
    "hoa /",
    "lan /",
    "minh /inbox",
    "hoa /inbox",
    "minh /documents",
    "minh /documents?cursor={deep}",
    "hoa /documents",
    "lan /documents",
    "binh /documents",
    "minh /documents?status=archived",
    "minh /documents?status=archived&cursor={deep}",
    "lan /documents?status=in_progress",
    "minh /documents?status=withdrawn",
    "minh /documents?type=lesson-plan",
    "minh /documents?type=team-teaching-plan",
    "minh /documents?owner={lan}",
    "minh /documents?week={week}",
    "minh /documents?class={class}",
    "minh /documents?owed=true",
    "lan /documents?owed=true",
    "minh /documents?q=học sinh",
    "lan /documents?q=hoc sinh",
    "minh /documents?q=ke hoach&class={class}",
    "minh /documents?q=a&week={week}",
    "minh /documents?q=h",
    'minh /documents?q="chủ đề 777"',
    'minh /documents?q="giáo viên bài"',
    "hoa /documents?q=de 777&status=archived",
    "hoa /documents?q=khongcotunay",
    "minh /documents?q=học sinh&status=in_progress",
    "thu /documents",
    "admin /runs",
    "admin /runs?state=waiting",
    "admin /runs?state=running",
    "admin /runs?state=incident",
    "admin /runs?state=archived&cursor={deep}",
    "admin /runs?type=team-teaching-plan",
    "minh /flags",
    "lan /flags",
    "minh /flags?from={first}&to={last}",
    "hoa /flags?from={first}&to={last}&state=attention",
    "lan /flags?from={first}&to={last}",
    "minh /flags?type=teacher-teaching-plan",
    "minh /flags/people/{lan}",
    "minh /flags/lesson-plan/{lan}/{week}",
    "minh /flags/list",
    "minh /api/v1/board?from={first}&to={last}",
    "minh /obligations",
    "hoa /obligations",
    "lan /obligations",
    "minh /api/v1/tasks",
    "hoa /api/v1/tasks",
    "minh /api/v1/documents",
    "lan /api/v1/documents?status=archived",
    "hoa /api/v1/flags",
    "minh /api/v1/documents?q=hoc sinh",
)
"""Who asks for what: every list, each filter, deep into the past, and searches of every kind."""


def lists(folder: Path, quick: bool) -> list[Row]:
    """Each page's p95 over many documents, and its ratio to the same over few."""
    count, turns = (MANY // 10, 12) if quick else (MANY, 62)
    times: dict[str, tuple[list[float], list[float]]] = {}
    with Installation(folder / "many") as here, Installation(folder / "few") as there:
        places = [seed(here, count), seed(there, FEW)]
        for asked in PAGES:
            name, _, path = asked.partition(" ")
            with visitor(here, name) as many, visitor(there, name) as few:
                times[asked] = _in_turn((many, few), [path.format(**p) for p in places], turns)
    p95 = {page: percentile(many, 0.95) for page, (many, _) in times.items()}
    ratios = {page: p95[page] / percentile(few, 0.95) for page, (_, few) in times.items()}
    return [
        row
        for kind, pages, limit in (
            ("list, inbox and desk", [page for page in times if "q=" not in page], 1.3),
            ("search", [page for page in times if "q=" in page], None),
        )
        for row in _told(kind, pages, limit, count, p95, ratios)
    ]


def _told(
    kind: str,
    pages: list[str],
    limit: float | None,
    count: int,
    p95: dict[str, float],
    ratios: dict[str, float],
) -> list[Row]:
    slowest, steepest = max(pages, key=p95.__getitem__), max(pages, key=ratios.__getitem__)
    each = "; ".join(f"{page} {p95[page]:.0f} ms ({ratios[page]:.2f})" for page in pages)
    return [
        Row(
            f"the slowest {kind} page of {len(pages)}, {count:,} documents: p95",
            p95[slowest],
            "ms",
            100,
            note=slowest,
        ),
        Row(
            f"{kind}, {count:,} / {FEW:,} documents, the page that grows most: p95",
            ratios[steepest],
            "×",
            limit,
            note=f"{steepest}; every page, p95 and ratio: {each}",
        ),
    ]


def seed(here: Installation, count: int) -> dict[str, str]:
    """Fill a school with so many documents and start its web; what the pages' addresses name."""
    cast = found_school(here)
    people = past.staff(cast, TEACHERS, YEARS)
    here.start_and_wait("tsa", "web")
    with Person(here.url, "lan") as lan, Person(here.url, "hoa") as hoa:
        for_head, for_principal = (lan.draft("lesson-plan", lesson_plan(cast, week)) for week in (18, 20))
        for draft in (for_head, for_principal):
            lan.onward(lan.onward(draft) or {})
        hoa.onward(hoa.document(for_principal["id"]))
    here.stop("web")
    db, ids = here.office.db, cast.ids
    now, archived = here.office.now(), FEW - LIVE
    if count > FEW:
        write(db, past.archive(people, people.past, count - FEW, now - timedelta(days=120)))
    write(db, past.archive(people, people.present, archived, now - timedelta(hours=1), live=100))
    for model, share in ((for_head["id"], 0.8), (for_principal["id"], 0.2)):
        write(db, past.copies(db, model, int(LIVE * share), [ids["lan"], ids["mai"]]))
    with db.write() as session:
        fill(session.connection())
        if not db.is_sqlite:  # there autovacuum would, in its own time
            session.connection().exec_driver_sql("ANALYZE")
    here.start_and_wait("web")
    with db.read() as session:
        return _names(session, cast)


def _names(session: Session, cast: Cast) -> dict[str, str]:
    deep = session.exec(
        select(Document.updated_at, Document.id).order_by(col(Document.updated_at)).offset(300).limit(1)
    ).one()
    return {
        "deep": cursors.write(*deep),
        "week": cast.weeks[12],
        "first": cast.weeks[1],
        "last": cast.weeks[35],
        "class": cast.classes["3A"],
        "lan": cast.ids["lan"],
    }


@contextmanager
def visitor(here: Installation, name: str) -> Iterator[httpx.Client]:
    """Someone signed in to the pages and to the API alike."""
    with ExitStack() as stack:
        client = stack.enter_context(httpx.Client(base_url=here.url, timeout=60, trust_env=False))
        page = client.get("/sign-in").text
        csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
        answer = client.post("/sign-in", data={"name": name, "password": PASSWORD, "csrf": csrf})
        assert answer.status_code == 303, answer.text[:500]
        with Person(here.url, name) as person:
            client.headers["Authorization"] = person.client.headers["Authorization"]
        yield client


def _in_turn(
    clients: tuple[httpx.Client, httpx.Client], paths: list[str], turns: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of the same page here and there, the first two times not counted."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(turns):
        for client, path, times in zip(clients, paths, taken, strict=True):
            began = time.perf_counter()
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])
            if number > 1:
                times.append((time.perf_counter() - began) * 1000)
    return taken
