"""The administrator's import: download a workbook, upload it, look at what it would do, do it.

What is checked and done stands in `service/importing.py`. Included by `service/pages/admin.py`.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from models.errors import Invalid, NotFound, RecordsError, Stale
from models.imports import Import
from models.settings import VIETNAM
from models.text import Text
from service import import_plan, importing
from service.access import AdminViewer, CheckedForm, Viewer
from service.deps import Arrival, OfficeDep
from service.import_plan import Plan
from service.import_template import template
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.templating import page
from tasks.workbooks import BYTE_LIMIT

router = APIRouter(prefix="/import")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 500
"""Entries and problems drawn on the page; all are counted."""


@router.get("")
def import_page(request: Request, viewer: AdminViewer) -> Response:
    """Downloads and the upload."""
    return page(request, viewer, "pages/admin_import.html", faults={})


@router.get("/{name}.xlsx")
def workbook(viewer: AdminViewer, office: OfficeDep, now: Arrival, name: str) -> Response:
    """The template (`mau-nhap`), or the school as it is (`hien-co`)."""
    if name not in ("mau-nhap", "hien-co"):
        raise NotFound
    with office.db.read() as session:
        today = now.astimezone(VIETNAM).date()
        made = template(session, viewer.actor.school_id, today, filled=name == "hien-co")
    disposition = f'attachment; filename="{name}.xlsx"'
    headers = {"content-disposition": disposition, "cache-control": "no-store"}
    return Response(made, media_type=XLSX, headers=headers)


@router.post("")
def upload(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Read the workbook and show what it would do; nothing is changed yet."""
    file = form.get("file")
    try:
        if not isinstance(file, UploadFile):
            raise Invalid(importing.NO_FILE)
        data = file.file.read(BYTE_LIMIT + 1)
        found = importing.check(office, viewer.actor, file.filename or "", data, now)
        # Onward to the preview's own address: reloading it, or changing the language there, loses nothing.
        return RedirectResponse(f"/admin/import/{found.id}", 303)
    except RecordsError as refusal:
        faults = faults_of(refusal, "file")
        return page(request, viewer, "pages/admin_import.html", status_code=422, faults=faults)


@router.get("/{import_id}")
def preview(
    request: Request, viewer: AdminViewer, office: OfficeDep, import_id: str, again: str = ""
) -> Response:
    """What a checked workbook would do now; `again=yes` counts rows that were applied before."""
    with office.db.read() as session:
        found = importing.find(session, viewer.actor, import_id)
    return _preview(request, viewer, office, found, again=again == "yes")


@router.post("/{import_id}/apply")
def apply(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival, import_id: str
) -> Response:
    """Do what was shown; the new accounts' passwords are on the answer, once."""
    again = text_of(form, "again") == "yes"
    digest = text_of(form, "digest")
    try:
        slips = importing.apply(office, viewer.actor, import_id, digest, now, again=again)
    except NotFound:
        raise
    except RecordsError as refusal:
        with office.db.read() as session:
            found = importing.find(session, viewer.actor, import_id)
        status = 409 if isinstance(refusal, Stale) else 422
        return _preview(request, viewer, office, found, again=again, said=refusal.sentence, status=status)
    return page(request, viewer, "pages/admin_imported.html", slips=slips, url=office.settings.url)


def _preview(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    found: Import,
    *,
    again: bool = False,
    said: Text | None = None,
    status: int = 200,
) -> Response:
    if found.applied_at is not None:
        return page(
            request,
            viewer,
            "pages/admin_import.html",
            status_code=409,
            faults={"file": said or importing.DONE},
        )
    with office.db.read() as session:
        plan: Plan = importing.plan(session, viewer.actor, found, office.now(), again=again)
    shown = [entry for entry in plan.entries if entry.verdict not in ("same", "old")]
    rest = [entry for entry in plan.entries if entry.verdict in ("same", "old")]
    return page(
        request,
        viewer,
        "pages/admin_import_preview.html",
        status_code=status,
        found=found,
        plan=plan,
        digest=plan.digest(),
        counts=plan.counts(),
        verdicts=import_plan.VERDICTS,
        entries=shown[:SHOWN],
        more=len(shown) - SHOWN,
        rest=rest[:SHOWN],
        rest_more=len(rest) - SHOWN,
        rest_count=len(rest),
        stops=[p for p in plan.problems if p.stops],
        notes=[p for p in plan.problems if not p.stops],
        most=SHOWN,
        again=again,
        said=said,
    )
