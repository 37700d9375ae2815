"""The picture of the school's seal: the clerk's and the principal's page (`service/seal_pictures.py`)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from sqlmodel import Session

from flows.office import Office
from flows.posts import issuer_of
from flows.stamps import seal_of
from models.errors import NotFound, RecordsError
from models.picture import SealPicture
from models.settings import VIETNAM
from models.text import Text
from service import change_words, changes, seal_pictures, stamp_images
from service.access import CheckedForm, PageViewer, Viewer
from service.account_changes import Asked
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.pages.signature import file_of
from service.templating import page

router = APIRouter(prefix="/seal")


@router.get("")
def seal_page(request: Request, viewer: PageViewer, office: OfficeDep) -> Response:
    """The seal as it stands in papers now, what waits, what was before."""
    return _page(request, viewer, office)


@router.post("")
def ask(request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival) -> Response:
    """Another picture or another size."""
    _refuse_outsider(viewer)
    typed = text_of(form, "diameter")
    try:
        diameter = seal_pictures.diameter_of(typed)
        asked = seal_pictures.ask(office, viewer.actor, file_of(form, "picture"), diameter, now)
    except RecordsError as refusal:
        faults = faults_of(refusal, "picture")
        return _page(request, viewer, office, faults=faults, typed=typed)
    return _page(request, viewer, office, asked=asked)


@router.post("/off")
def ask_off(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Back to a seal in words."""
    del form  # checked by being asked for
    _refuse_outsider(viewer)
    try:
        asked = seal_pictures.ask_off(office, viewer.actor, now)
    except RecordsError as refusal:
        return _page(request, viewer, office, faults=faults_of(refusal, "off"))
    return _page(request, viewer, office, asked=asked)


@router.get("/{seal_id}/stamp.webp")
def stamp(viewer: PageViewer, office: OfficeDep, seal_id: str) -> Response:
    """How it stands on a paper, true to size; for those who may change or confirm it."""
    _refuse_outsider(viewer)
    with office.db.read() as session:
        row = session.get(SealPicture, seal_id)
        if row is None or row.school_id != viewer.actor.school_id:
            raise NotFound
        school = issuer_of(session, row.school_id, row.asked_at.astimezone(VIETNAM).date()).name
    return stamp_images.seal(office, row, school)


def _refuse_outsider(viewer: Viewer) -> None:
    if not seal_pictures.may(viewer.actor):
        raise NotFound


def _page(
    request: Request,
    viewer: Viewer,
    office: Office,
    *,
    faults: dict[str, Text] | None = None,
    typed: str = "",
    asked: Asked | None = None,
) -> Response:
    _refuse_outsider(viewer)
    school_id = viewer.actor.school_id
    with office.db.read() as session:
        held = seal_of(session, school_id)
        past = [row for row in seal_pictures.history(session, school_id) if row.until is not None]
        waiting = [
            (change, change_words.describe(session, change), _asked_for(session, change.data))
            for change in changes.waiting_for_school(session, school_id, changes.SEAL)
        ]
        names = change_words.names_of(session, [change.asked_by for change, _, _ in waiting])
        said = change_words.describe(session, asked.change) if asked else None
    return page(
        request,
        viewer,
        "pages/seal.html",
        status_code=422 if faults else 200,
        held=held,
        past=past,
        waiting=waiting,
        names=names,
        extent=stamp_images.SEAL_EXTENT,
        millimetres=change_words.millimetres,
        faults=faults or {},
        typed=typed,
        asked=asked,
        said=said,
    )


def _asked_for(session: Session, data: dict[str, object]) -> SealPicture | None:
    return session.get(SealPicture, data["seal"]) if "seal" in data else None
