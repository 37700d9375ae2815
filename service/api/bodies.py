"""`/documents/{id}/body` and `/documents/{id}/uploads`: a file as the body, whole or piece by piece."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict

from flows import bodies, queries, uploads
from flows.office import Office
from models.errors import Invalid, TooLarge
from models.upload import Upload
from service import file_words, names
from service.access import ApiViewer
from service.deps import OfficeDep
from service.receiving import ApiFile, ApiPiece
from tasks.recognising import MEDIA_TYPES

router = APIRouter(tags=["bodies"])
LOOK_EVERY = 0.1
Wait = Annotated[float, Query(ge=0, le=60, description="seconds to wait for the conversion")]


class NewUpload(BaseModel):
    """A file about to be sent: its name, its size in bytes, its SHA-256 in hex."""

    model_config = ConfigDict(extra="forbid")
    name: str
    size: int
    sha256: str


@router.put(
    "/documents/{document_id}/body",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {"file": {"type": "string", "format": "binary"}},
                    }
                }
            },
        }
    },
)
def put(
    document_id: str,
    received: ApiFile,
    viewer: ApiViewer,
    office: OfficeDep,
    wait: Wait = 10,
) -> Response:
    """Make a DOCX or PDF the body. 200 when that is done; 202 while it is converted (ask `GET …/body`)."""
    _seen(office, viewer, document_id)
    upload = uploads.receive(office, viewer.actor, document_id, received.name, received.file)
    return _told(office, _settled(office, upload.id, wait) or upload)


@router.get("/documents/{document_id}/body")
def get(document_id: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """The draft's file, and the one that is on its way or was refused; the author's alone."""
    _seen(office, viewer, document_id)
    with office.db.read() as session:
        uploads.own(session, viewer.actor, document_id)
        upload, body = bodies.under_way(session, document_id), bodies.body_of(session, document_id)
    return {"body": file_words.answer(body), "upload": file_words.answer(upload)}


@router.delete("/documents/{document_id}/body", status_code=204)
def delete(document_id: str, viewer: ApiViewer, office: OfficeDep) -> None:
    """Take the file away from the draft."""
    _seen(office, viewer, document_id)
    uploads.remove(office, viewer.actor, document_id)


@router.get("/documents/{document_id}/body/original", response_class=FileResponse)
def original(document_id: str, viewer: ApiViewer, office: OfficeDep, revision: int = 0) -> Response:
    """The file as it was uploaded; its author's alone."""
    _seen(office, viewer, document_id)
    with office.db.read() as session:
        uploads.own(session, viewer.actor, document_id)
        found = bodies.original(session, document_id, revision)
    return FileResponse(
        office.blobs.path(found.sha256),
        media_type=MEDIA_TYPES[found.kind],
        headers={"content-disposition": names.attachment(found.name)},
    )


@router.post("/documents/{document_id}/uploads", status_code=201)
def begin(document_id: str, new: NewUpload, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any] | None:
    """Begin an upload in pieces, or go on with the unfinished one of this very file, from `received`."""
    _seen(office, viewer, document_id)
    upload = uploads.begin(office, viewer.actor, document_id, new.name, new.size, new.sha256.lower())
    return file_words.answer(upload)


@router.put(
    "/documents/{document_id}/uploads/{upload_id}",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
def send_piece(
    document_id: str,
    upload_id: Annotated[str, Path()],
    piece: ApiPiece,
    viewer: ApiViewer,
    office: OfficeDep,
    offset: Annotated[int, Query(ge=0)],
    wait: Wait = 0,
) -> Response:
    """The next piece, at most 4 MB; 409 `stale` with `received` when it does not begin there."""
    upload = uploads.append(office, viewer.actor, document_id, upload_id, offset, piece)
    if upload.state == "receiving":
        return JSONResponse(file_words.answer(upload))
    return _told(office, _settled(office, upload.id, wait) or upload)


def _seen(office: Office, viewer: ApiViewer, document_id: str) -> None:
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)


def _settled(office: Office, upload_id: str, seconds: float) -> Upload | None:
    """The upload when it is converted, or as it is when the time is over."""
    ends = time.monotonic() + seconds
    while True:
        with office.db.read() as session:
            upload = session.get(Upload, upload_id)
        if upload is None or upload.state in ("ready", "taken", "refused") or time.monotonic() >= ends:
            return upload
        time.sleep(LOOK_EVERY)


def _told(office: Office, upload: Upload) -> Response:
    """200 or 202 with the upload; a refusal as a problem."""
    if upload.state == "refused":
        kind = TooLarge if upload.too_large else Invalid
        raise kind(file_words.sentence(upload))
    with office.db.read() as session:
        version = bodies.content_version(session, upload.document_id)
    answer = {"body": file_words.answer(upload), "content_version": version}
    return JSONResponse(answer, 200 if upload.state in ("ready", "taken") else 202)
