"""“Giao việc này cho người khác”: one record's open step, given to another person for some days."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from flows import handing, plan, queries, views
from flows.handing import LASTS, Wish
from flows.office import Office
from models.errors import Invalid, NotFound, NotYours, RecordsError, Stale, WrongStep
from models.text import Text
from service import words
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.handing import hand_over
from service.pages.absence import choices_of, people_of
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.school import read_day
from service.templating import page
from tasks.keys import Secret

router = APIRouter()
TYPED = ("absent", "delegate", "last_day", "number", "dated")


@router.get("/documents/{document_id}/delegate")
def handing_page(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, document_id: str
) -> Response:
    """To whom, until when, on which written authorisation."""
    return _show(request, viewer, office, now, document_id)


@router.post("/documents/{document_id}/delegate")
def give(
    request: Request,
    viewer: PageViewer,
    form: CheckedForm,
    office: OfficeDep,
    now: Arrival,
    document_id: str,
) -> Response:
    """Give it, with one's own password."""
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
    password = Secret(text_of(form, "password"))
    try:
        hand_over(office, viewer, document_id, _wish(form), password, request, now)
    except Invalid as refusal:
        faults = faults_of(refusal, "delegate")
        return _show(request, viewer, office, now, document_id, form=form, faults=faults)
    except (NotFound, NotYours, Stale, WrongStep):
        raise
    except RecordsError as refusal:  # the password
        faults = {"password": refusal.sentence}
        return _show(request, viewer, office, now, document_id, form=form, faults=faults)
    return RedirectResponse(f"/documents/{document_id}?done=delegate", 303)


def _wish(form: FormData) -> Wish:
    version = text_of(form, "version")
    return Wish(
        int(version) if version.isascii() and version.isdigit() else 0,
        text_of(form, "delegate"),
        text_of(form, "absent"),
        read_day(text_of(form, "last_day"), "last_day") if text_of(form, "last_day").strip() else None,
        text_of(form, "number"),
        read_day(text_of(form, "dated"), "dated") if text_of(form, "dated").strip() else None,
    )


def _show(
    request: Request,
    viewer: Viewer,
    office: Office,
    now: datetime,
    document_id: str,
    *,
    form: FormData | None = None,
    faults: dict[str, Text] | None = None,
) -> Response:
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, now)
        giving = handing.to_give(session, view.here, viewer.actor)
        if giving is None:
            raise NotYours(handing.NOT_YOURS)
        people = people_of(session, viewer.actor.school_id)
        bound = plan.situated(view.here.position, view.here.subject).bound
        choices = choices_of(session, giving.owners[0], (giving.post,), people)
    last = words.local(now).date() + LASTS
    typed = {name: text_of(form, name) if form else "" for name in TYPED}
    return page(
        request,
        viewer,
        "pages/delegate.html",
        status_code=422 if faults else 200,
        view=view,
        document=view.document,
        owners=giving.owners,
        choices=[choice for choice in choices if choice.account.id not in bound],
        typed=typed if form else typed | {"last_day": f"{last:%d/%m/%Y}"},
        faults=faults or {},
    )
