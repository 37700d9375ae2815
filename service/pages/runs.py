"""Runs for the administrator: every document's run in words, incidents with a retry. No content of a record.

What Prefect keeps is one click away; what counts (position, ledger, incidents) is read from our own tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import prefect_settings, run_views
from flows import runs as driven
from flows.archiving import NAMES
from flows.catalogue import TYPES, type_of
from flows.leases import alive
from flows.permits import waiting_words
from flows.run_views import RunSeen, RunWhole
from models.document import Document
from models.run import Incident
from models.text import Text
from service import act_words, story, words
from service.access import AdminViewer, CheckedForm
from service.api import cursors
from service.deps import OfficeDep
from service.templating import page

router = APIRouter()

PAGE = 50
STATES = {
    "": Text("Tất cả", "All"),
    "waiting": Text("Đang chờ người", "Waiting for a person"),
    "running": Text("Đang chạy", "Running"),
    "incident": Text("Sự cố", "Incident"),
    "archived": Text("Đã lưu trữ", "Archived"),
}


DONE = {
    "retry": Text(
        "Đã yêu cầu chạy lại; tải lại trang sau vài giây để xem kết quả.",
        "The retry was asked for; reload this page in a few seconds to see what came of it.",
    )
}
"""What a page says after an act of its own, by `?done=`."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a run's history: a person's wait or a machine's work."""

    words: Text
    at: datetime
    length: Text
    mark: str
    error: Text | None = None


@router.get("/runs")
def runs(
    request: Request,
    viewer: AdminViewer,
    office: OfficeDep,
    state: str = "",
    type: str = "",
    cursor: str = "",
    done: str = "",
) -> Response:
    """Counts, open incidents, all runs."""
    school = viewer.actor.school_id
    with office.db.read() as session:
        rows = run_views.runs(
            session, school, state=state, type=type, after=cursors.read(cursor), limit=PAGE + 1
        )
        counts = run_views.run_counts(session, school)
        incidents = _open_incidents(session, school)
        workers = alive(session, "worker", office.now())
    last = rows[PAGE - 1].document if len(rows) > PAGE else None
    return page(
        request,
        viewer,
        "pages/runs.html",
        rows=[(r, type_of(r.document.type), _state(r)) for r in rows[:PAGE]],
        following=cursors.write(last.updated_at, last.id) if last else "",
        counts=counts,
        incidents=incidents,
        workers=workers,
        states=STATES,
        state=state,
        types=TYPES,
        chosen_type=type,
        prefect=prefect_settings.dashboard(office.settings),
        step_name=step_name,
        done=DONE.get(done),
    )


@router.get("/runs/{document_id}")
def one_run(
    request: Request, document_id: str, viewer: AdminViewer, office: OfficeDep, done: str = ""
) -> Response:
    """One run: steps with times and errors."""
    with office.db.read() as session:
        found = run_views.run(session, viewer.actor.school_id, document_id)
    document = found.here.document
    return page(
        request,
        viewer,
        "pages/run.html",
        found=found,
        document=document,
        declared=found.here.declared,
        lines=lines(found, office.now()),
        open_incidents=[i for i in found.incidents if i.resolved_at is None],
        past_incidents=[i for i in found.incidents if i.resolved_at is not None],
        prefect=prefect_settings.page_of(office.settings, document.run_id) if document.run_id else "",
        step_name=step_name,
        done=DONE.get(done),
    )


@router.post("/runs/incidents/{incident_id}/retry")
def retry(
    incident_id: str,
    viewer: AdminViewer,
    office: OfficeDep,
    form: CheckedForm,
) -> Response:
    """Ask the worker to try the step again now."""
    with office.db.read() as session:
        incident = session.get(Incident, incident_id)
        document_id = incident.document_id if incident else ""
    driven.request_retry(office, incident_id, viewer.actor)
    back = "/runs" if form.get("from") == "list" else f"/runs/{document_id}"
    return RedirectResponse(f"{back}?done=retry", status_code=303)


def _open_incidents(session: Session, school_id: str) -> list[tuple[Incident, Document]]:
    query = (
        select(Incident, Document)
        .join(Document, col(Document.id) == col(Incident.document_id))
        .where(col(Incident.school_id) == school_id, col(Incident.resolved_at).is_(None))
        .order_by(col(Incident.opened_at).desc())
        .limit(100)
    )
    return [(i, d) for i, d in session.exec(query).all()]


def _state(seen: RunSeen) -> story.State:
    """A run as the list shows it."""
    if seen.incident is not None:
        return story.State("ref", "bad", STATES["incident"])
    if seen.document.step == "archive":
        return story.State("todo", "", STATES["running"])
    return story.state(type_of(seen.document.type), seen.document)


def step_name(slug: str, step: str) -> Text:
    """A step of the declaration or of the ledger in words."""
    if step in NAMES:
        return NAMES[step]
    return type_of(slug).step(step).label


def lines(found: RunWhole, now: datetime) -> list[Line]:
    """The history: for each decision how long it was waited for, for each automatic step how long it ran."""
    declared, told = found.here.declared, []
    before: datetime | None = None
    for seen in found.events:
        waited = words.span(seen.event.at - before) if before else Text("–", "–")
        told.append(Line(act_words.happened(declared, seen), seen.event.at, _after(waited), "ok"))
        before = seen.event.at
    for entry in found.ledger:
        ended = entry.finished_at or now
        seconds = (ended - entry.started_at).total_seconds()
        length = Text(f"{seconds:.1f} giây".replace(".", ","), f"{seconds:.1f} s")
        error = _why(found, entry.step) if entry.state == "failed" else None
        mark = {"done": "ok", "failed": "ref"}.get(entry.state, "todo")
        told.append(
            Line(step_name(found.here.document.type, entry.step), entry.started_at, length, mark, error)
        )
    told.sort(key=lambda line: line.at)
    position = found.here.position
    if position.step is not None and before is not None:
        waits = waiting_words(position) or position.step.waiting
        told.append(Line(waits, before, _so_far(words.span(now - before)), "wait"))
    return told


def _why(found: RunWhole, step: str) -> Text | None:
    """What the newest incident of a step says."""
    told = next((i for i in found.incidents if i.step == step), None)
    return Text(told.sentence_vi, told.sentence_en) if told else None


def _after(span: Text) -> Text:
    return Text(f"sau {span.vi}", f"after {span.en}") if span.vi != "–" else Text("–", "–")


def _so_far(span: Text) -> Text:
    return Text(f"đã chờ {span.vi}", f"{span.en} so far")
