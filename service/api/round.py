"""`/round`: what the person who asks has put into their signing round; signing it is `POST /batches`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from flows import round_marks
from service.access import ApiViewer
from service.api import answers
from service.deps import OfficeDep

router = APIRouter(tags=["signing round"])


class Mark(BaseModel):
    """The revision that was seen."""

    model_config = ConfigDict(extra="forbid")
    revision: int


@router.get("/round")
def get(viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """The round as it stands; `dropped` says what fell out of it by itself, and why."""
    with office.db.read() as session:
        held = round_marks.round_of(session, viewer.actor)
    return {
        "items": [
            {
                "document_id": w.document.id,
                "title": w.document.title,
                "owner": {"id": w.document.owner_id, "name": w.owner},
                "step": w.step,
                "version": w.document.version,
                "revision": w.document.revision,
            }
            for w in held.items
        ],
        "next": None,
        "dropped": [
            {
                "document_id": d.document.id,
                "title": d.document.title,
                "revision": d.document.revision,
                "waits_again": d.again,
                "sentence": answers.words(d.sentence),
            }
            for d in held.dropped
        ],
    }


@router.put("/round/{document_id}", status_code=204)
def put(document_id: str, mark: Mark, viewer: ApiViewer, office: OfficeDep) -> Response:
    """Put a record that waits for my signature into the round; again changes nothing."""
    round_marks.put_in(office, viewer.actor, document_id, mark.revision)
    return Response(status_code=204)


@router.delete("/round/{document_id}", status_code=204)
def delete(document_id: str, viewer: ApiViewer, office: OfficeDep) -> Response:
    """Take a record out of the round, or take note that it fell out."""
    round_marks.take_out(office, viewer.actor, [document_id])
    return Response(status_code=204)
