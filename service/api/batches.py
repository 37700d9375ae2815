"""`/batches`: many documents decided with one PIN."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, SecretStr

from flows import batches
from service.access import ApiViewer
from service.api.answers import moment
from service.deps import Arrival, OfficeDep
from tasks.keys import Secret

router = APIRouter(tags=["batches"])


class Item(BaseModel):
    """A document at the version that was seen."""

    id: str
    version: int


class NewBatch(BaseModel):
    """A signing round: `action` is approve or seal."""

    model_config = ConfigDict(extra="forbid")
    action: str
    pin: SecretStr
    items: list[Item]


@router.post("/batches", status_code=202)
def start(new: NewBatch, viewer: ApiViewer, office: OfficeDep, arrived: Arrival) -> dict[str, str]:
    """Begin; the results stand under `GET /batches/{id}`."""
    items = [(item.id, item.version) for item in new.items]
    pin = Secret(new.pin.get_secret_value())
    return {"id": batches.start(office, viewer.actor, new.action, pin, items, arrived)}


@router.get("/batches/{batch_id}")
def get(batch_id: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Each item's state: queued, signing, signed, refused (with code and words)."""
    with office.db.read() as session:
        seen = batches.progress(session, viewer.actor, batch_id)
    return {
        "id": batch_id,
        "state": seen.batch.state,
        "action": seen.batch.action,
        "counts": seen.counts,
        "created_at": moment(seen.batch.created_at),
        "finished_at": moment(seen.batch.finished_at),
        "items": [
            {
                "document_id": i.item.document_id,
                "title": i.document.title,
                "version": i.item.version,
                "state": i.item.state,
                "code": i.item.code or None,
                "sentence": {"vi": i.item.sentence_vi, "en": i.item.sentence_en} if i.item.code else None,
            }
            for i in seen.items
        ],
    }
