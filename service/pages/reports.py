"""“Báo sự cố”: a report from any page, one's own reports, and the administrators' list with their answers."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from flows import reports
from flows.office import Office
from models.account import Account
from models.errors import NotFound, RecordsError
from models.text import Text
from service.access import AdminViewer, CheckedForm, PageViewer, Viewer, local_path
from service.deps import Arrival, OfficeDep
from service.page_images import FOREVER
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.templating import page
from tasks import pictures

router = APIRouter(prefix="/reports")


@router.get("")
def reports_page(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival) -> Response:
    """One's own reports; for an administrator all of the school's."""
    with office.db.read() as session:
        rows = reports.listed(session, viewer.actor)
        names = {row.account_id: session.get_one(Account, row.account_id).full_name for row in rows}
    late = {row.id for row in rows if reports.is_overdue(row, now)}
    return page(request, viewer, "pages/reports.html", rows=rows, names=names, overdue=late)


@router.get("/new")
def new_report(request: Request, viewer: PageViewer, at: str = "") -> Response:
    """The form; `at` is the page it is written from."""
    typed = {"page": local_path(at) if at else "", "what": ""}
    return page(request, viewer, "pages/report_new.html", typed=typed, faults={})


@router.post("")
def send(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Take it down; the picture is cleaned like every other."""
    typed = {"page": text_of(form, "page"), "what": text_of(form, "what")}
    try:
        picture = _picture(office, form)
    except RecordsError as refusal:
        return _again(request, viewer, typed, {"picture": refusal.sentence})
    try:
        made = reports.report(office, viewer.actor, typed["page"], typed["what"], picture, now)
    except RecordsError as refusal:
        return _again(request, viewer, typed, faults_of(refusal, "what"))
    return RedirectResponse(f"/reports/{made}", 303)


def _picture(office: Office, form: FormData) -> bytes | None:
    file = form.get("picture")
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    return office.intake.submit(pictures.accept, file.file.read(pictures.BYTE_LIMIT + 1))


def _again(request: Request, viewer: Viewer, typed: dict[str, str], faults: dict[str, Text]) -> Response:
    return page(request, viewer, "pages/report_new.html", status_code=422, typed=typed, faults=faults)


@router.get("/{report_id}")
def report_page(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, report_id: str
) -> Response:
    """One report with its answer; the administrator's form to answer."""
    return _report(request, viewer, office, report_id, now)


@router.post("/{report_id}/answer")
def answer(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival, report_id: str
) -> Response:
    """Answer, or mend the answer."""
    words = text_of(form, "answer")
    try:
        reports.answer(office, viewer.actor, report_id, words, now)
    except NotFound:
        raise
    except RecordsError as refusal:
        faults = faults_of(refusal, "answer")
        return _report(request, viewer, office, report_id, now, faults=faults, answer=words)
    return RedirectResponse(f"/reports/{report_id}", 303)


@router.get("/{report_id}/picture")
def picture(viewer: PageViewer, office: OfficeDep, report_id: str) -> Response:
    """The screenshot, for who may see the report."""
    with office.db.read() as session:
        found = reports.find(session, viewer.actor, report_id)
    if found.picture is None:
        raise NotFound
    headers = {"cache-control": FOREVER}
    return Response(office.blobs.get(found.picture), media_type=found.picture_type, headers=headers)


def _report(
    request: Request,
    viewer: Viewer,
    office: Office,
    report_id: str,
    now: datetime,
    *,
    faults: dict[str, Text] | None = None,
    answer: str | None = None,
) -> Response:
    with office.db.read() as session:
        found = reports.find(session, viewer.actor, report_id)
        names = {
            who: session.get_one(Account, who).full_name
            for who in (found.account_id, found.answered_by)
            if who is not None
        }
    return page(
        request,
        viewer,
        "pages/report.html",
        status_code=422 if faults else 200,
        found=found,
        names=names,
        overdue=reports.is_overdue(found, now),
        answers="admin" in viewer.actor.roles,
        typed=found.answer if answer is None else answer,
        faults=faults or {},
    )
