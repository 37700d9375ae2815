"""Filters a person named: kept and forgotten here, shown above the lists with how many records each finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from flows import saved_filters
from flows.people import Actor
from models.errors import NotFound
from service.access import CheckedForm, PageViewer
from service.deps import OfficeDep

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Saved:
    """A named filter as a link: what it finds now, and whether the list is narrowed by it."""

    id: str
    name: str
    address: str
    count: int
    here: bool


def shown(
    session: Session,
    actor: Actor,
    place: str,
    asked: Mapping[str, str],
    count: Callable[[Mapping[str, str]], int],
) -> list[Saved]:
    """A person's filters of a list; `count` says how many records a filter finds."""
    given = {key: value for key, value in asked.items() if value}
    return [
        Saved(row.id, row.name, f"/{place}?{urlencode(row.query)}", count(row.query), row.query == given)
        for row in saved_filters.of(session, actor, place)
    ]


@router.post("/filters")
def keep(viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """Name the filter of a list (`do=keep`) or forget one (`do=drop:<id>`), and go back to the list."""
    place = str(form.get("place", ""))
    if place not in saved_filters.PLACES:
        raise NotFound
    query = {key: str(form.get(key, "")) for key in saved_filters.PLACES[place]}
    do, _, filter_id = str(form.get("do", "keep")).partition(":")
    if do == "drop":
        saved_filters.drop(office, viewer.actor, filter_id)
    else:
        query = saved_filters.keep(office, viewer.actor, place, str(form.get("name", "")), query).query
    asked = urlencode({key: value for key, value in query.items() if value})
    return RedirectResponse(f"/{place}" + (f"?{asked}" if asked else ""), status_code=303)
