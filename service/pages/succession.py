"""Taking a record back before its approval; adding a note to it or replacing it afterwards."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from flows import drafts, plan, queries, succession, views
from flows.catalogue import type_of
from flows.commands import Command
from flows.decide import decide
from flows.office import Office
from flows.people import Actor
from models.document import Document
from models.errors import Invalid, NotYours, RecordsError, Stale, WrongStep
from models.text import Text
from service.access import CheckedForm, PageViewer, Viewer, checked_form
from service.deps import Arrival, OfficeDep
from service.pages.documents import about
from service.pages.editing import version_of
from service.templating import error_page, language_of, page

router = APIRouter()
_OPEN = Text("Mở hồ sơ", "Open the record")


@router.get("/documents/{document_id}/withdraw")
def withdraw_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """What withdrawing means here, and a place for a word to those who wait."""
    return _ask(request, viewer, office, document_id)


def _ask(
    request: Request,
    viewer: Viewer,
    office: Office,
    document_id: str,
    refusal: RecordsError | None = None,
    note: str = "",
) -> Response:
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, office.now())
    if refusal is None and plan.WITHDRAW not in view.actions:
        return RedirectResponse(f"/documents/{document_id}", status_code=303)
    return page(
        request,
        viewer,
        "pages/withdraw.html",
        status_code=422 if refusal else 200,
        **about(office, view, language_of(request, viewer)),
        refusal=refusal,
        note=note,
    )


@router.post("/documents/{document_id}/withdraw")
def withdraw(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    arrived: Arrival,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Take it back, on the version the page showed; the note is optional."""
    with office.db.read() as session:
        document = queries.visible(session, viewer.actor, document_id)
    command = Command(
        document_id=document_id,
        action=plan.WITHDRAW,
        version=version_of(form.get("version")),
        actor=viewer.actor,
        arrived=arrived,
        note=str(form.get("note", "")),
    )
    try:
        decide(office, command)
    except Invalid as refusal:
        return _ask(request, viewer, office, document_id, refusal, command.note)
    except (Stale, WrongStep, NotYours) as refusal:
        return _refused(request, viewer, document_id, refusal)
    if type_of(document.type).recorded:  # what it was made of is open for a new record
        return RedirectResponse(f"/spot/{document.fields['check']}", status_code=303)
    return RedirectResponse(f"/documents/{document_id}?done=withdraw", status_code=303)


@router.post("/documents/{document_id}/amend", dependencies=[Depends(checked_form)])
def amend(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """Begin a note after teaching, or go on with the one begun."""
    return _begin(request, viewer, office, document_id, succession.amend)


@router.post("/documents/{document_id}/replace", dependencies=[Depends(checked_form)])
def replace(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """Begin the record that is to replace this one, or go on with the one begun."""
    return _begin(request, viewer, office, document_id, succession.replace)


def _begin(
    request: Request,
    viewer: Viewer,
    office: Office,
    document_id: str,
    start: Callable[[Office, Actor, str], Document],
) -> Response:
    try:
        begun: str | None = start(office, viewer.actor, document_id).id
    except drafts.Exists as there:
        begun = there.document_id
    except (WrongStep, NotYours) as refusal:
        return _refused(request, viewer, document_id, refusal)
    return RedirectResponse(f"/documents/{begun or document_id}/edit", status_code=303)


def _refused(request: Request, viewer: Viewer, document_id: str, refusal: RecordsError) -> Response:
    status = 403 if isinstance(refusal, NotYours) else 409
    return error_page(request, viewer, status, refusal.sentence, onward=(f"/documents/{document_id}", _OPEN))
