"""A file instead of the form: choosing it, its way up, what became of it. Works without scripts.

With scripts the file goes up in pieces (`/uploads`) and goes on after a broken line or a reload.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from flows import bodies, uploads
from flows.grammar import Draft
from flows.office import Office
from models.document import Document
from models.errors import Invalid, NotFound, RecordsError
from models.upload import Upload
from service import file_words, names
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import OfficeDep
from service.errors import status_of
from service.pages.editing import REFUSED, own, see_other, version_of
from service.receiving import NO_FILE, PageFile, PagePiece
from service.templating import language_of, page
from tasks.recognising import MEDIA_TYPES

router = APIRouter()
WAITING = ("waiting", "converting")


@router.get("/documents/{document_id}/body")
def body(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """Choose a file, see how far it is, or what became of it."""
    document, declared, _ = own(office, viewer, document_id)
    if declared.body is None:
        raise NotFound
    if not isinstance(declared.step(document.step) if document.step else None, Draft):
        return see_other(f"/documents/{document_id}")
    return _show(request, viewer, office, document)


def _show(
    request: Request,
    viewer: Viewer,
    office: Office,
    document: Document,
    refusal: RecordsError | None = None,
) -> Response:
    with office.db.read() as session:
        present = bodies.body_of(session, document.id)
        upload = bodies.under_way(session, document.id)
    return page(
        request,
        viewer,
        "pages/body.html",
        status_code=REFUSED.get(refusal.code, 409) if refusal else 200,
        document=document,
        body=present,
        upload=upload,
        busy=upload is not None and upload.state in WAITING,
        refusal=refusal.sentence if refusal else _why(upload),
        label=file_words.STATES[upload.state] if upload else None,
        upload_warnings=file_words.warnings(upload.warnings) if upload else [],
        chunk=uploads.CHUNK,
        **file_words.file_words(present),
    )


def _why(upload: Upload | None) -> Any:
    return file_words.sentence(upload) if upload and upload.state == "refused" else None


@router.post("/documents/{document_id}/body")
def send(
    request: Request, viewer: PageViewer, office: OfficeDep, document_id: str, received: PageFile
) -> Response:
    """Take a whole file from a plain form; what becomes of it the page says."""
    document, _, _ = own(office, viewer, document_id)
    try:
        if not received.name:
            raise Invalid(NO_FILE)
        uploads.receive(office, viewer.actor, document_id, received.name, received.file)
    except NotFound:
        raise
    except RecordsError as refusal:
        return _show(request, viewer, office, document, refusal)
    return see_other(f"/documents/{document_id}/body")


@router.post("/documents/{document_id}/body/remove")
def remove(viewer: PageViewer, office: OfficeDep, document_id: str, form: CheckedForm) -> Response:  # noqa: ARG001 - its token is checked
    """The form again, with all that was typed before the file came."""
    uploads.remove(office, viewer.actor, document_id)
    return see_other(f"/documents/{document_id}/edit")


@router.post("/documents/{document_id}/body/stop")
def stop(viewer: PageViewer, office: OfficeDep, document_id: str, form: CheckedForm) -> Response:
    """Give up the file that is on its way, or put away the word about a refused one."""
    uploads.stop(office, viewer.actor, document_id, str(form.get("upload", "")))
    return see_other(f"/documents/{document_id}/body")


@router.get("/documents/{document_id}/body/state")
def state(viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """For the page's script: has anything changed?"""
    own(office, viewer, document_id)
    with office.db.read() as session:
        upload = bodies.under_way(session, document_id)
        present = bodies.body_of(session, document_id)
    answer = {"upload": file_words.answer(upload), "body": file_words.answer(present)}
    return JSONResponse(answer, headers={"cache-control": "no-store"})


@router.get("/documents/{document_id}/body/original")
def original(viewer: PageViewer, office: OfficeDep, document_id: str, revision: int = 0) -> Response:
    """The file as its author uploaded it, for its author alone: it may hold what was cleaned out."""
    own(office, viewer, document_id)
    with office.db.read() as session:
        found = bodies.original(session, document_id, revision)
    return FileResponse(
        office.blobs.path(found.sha256),
        media_type=MEDIA_TYPES[found.kind],
        headers={
            "content-disposition": names.attachment(found.name),
            "cache-control": "private, no-cache",
        },
    )


# --- piece by piece -------------------------------------------------------------------------------------


@router.post("/documents/{document_id}/uploads")
def begin(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Begin, or go on with, the upload of a file; answers from which byte."""
    own(office, viewer, document_id)
    name, sha256 = str(form.get("name", "")), str(form.get("sha256", ""))
    try:
        upload = uploads.begin(office, viewer.actor, document_id, name, version_of(form.get("size")), sha256)
    except RecordsError as refusal:
        return _told(request, viewer, refusal)
    return JSONResponse(file_words.answer(upload), 201)


@router.post("/documents/{document_id}/uploads/{upload_id}")
def send_piece(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    upload_id: str,
    piece: PagePiece,
    offset: int,
) -> Response:
    """The next piece; 409 with `received` when it does not follow the last."""
    try:
        upload = uploads.append(office, viewer.actor, document_id, upload_id, offset, piece)
    except uploads.Misplaced as misplaced:
        return JSONResponse({"received": misplaced.received}, 409)
    except NotFound:
        return JSONResponse({}, 404)
    except RecordsError as refusal:
        return _told(request, viewer, refusal)
    return JSONResponse(file_words.answer(upload))


def _told(request: Request, viewer: Viewer, refusal: RecordsError) -> Response:
    sentence = refusal.sentence.to(language_of(request, viewer))
    return JSONResponse({"sentence": sentence}, status_of(refusal))
