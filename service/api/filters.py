"""`/filters`: the filters of the lists that the person who asks has named."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from flows import saved_filters
from models.review import SavedFilter
from service.access import ApiViewer
from service.api.asked import refuse_unknown
from service.deps import OfficeDep

router = APIRouter(tags=["filters"])


class NewFilter(BaseModel):
    """A filter to be named: `place` is inbox or documents, `query` as in the address of that list."""

    model_config = ConfigDict(extra="forbid")
    place: str
    name: str
    query: dict[str, str]


@router.get("/filters")
def get(viewer: ApiViewer, office: OfficeDep, place: str = "inbox") -> dict[str, Any]:
    """My filters of a list, by name."""
    _refuse_unknown(office, viewer, place)
    with office.db.read() as session:
        found = saved_filters.of(session, viewer.actor, place)
    return {"items": [_answer(row) for row in found], "next": None}


@router.post("/filters", status_code=201)
def keep(new: NewFilter, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Name a filter; one of the same name is replaced."""
    _refuse_unknown(office, viewer, new.place)
    return _answer(saved_filters.keep(office, viewer.actor, new.place, new.name, new.query))


@router.delete("/filters/{filter_id}", status_code=204)
def drop(filter_id: str, viewer: ApiViewer, office: OfficeDep) -> Response:
    """Forget a filter of mine."""
    saved_filters.drop(office, viewer.actor, filter_id)
    return Response(status_code=204)


def _refuse_unknown(office: OfficeDep, viewer: ApiViewer, place: str) -> None:
    """Invalid for a list there is not."""
    with office.db.read() as session:
        refuse_unknown(session, viewer.actor.school_id, {"place": place}, {"place": saved_filters.PLACES})


def _answer(row: SavedFilter) -> dict[str, Any]:
    return {"id": row.id, "place": row.place, "name": row.name, "query": row.query}
