"""`/spot-draws`: draws of spot checks, published before their days and open to everybody of the school."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from flows import spot_draw, spot_planning, spot_public, spot_totals
from flows.spot_planning import Wish
from flows.spot_public import Published
from service.access import ApiViewer
from service.api import answers, cursors
from service.deps import OfficeDep

router = APIRouter(tags=["spot checks"])

LISTED = 50


class Place(BaseModel):
    """A period of the day; counted from 1 in each session."""

    model_config = ConfigDict(extra="forbid")
    session: Literal["morning", "afternoon"]
    period: int = Field(ge=1, le=10)


class NewDraw(BaseModel):
    """From what is drawn, and how many: `wanted` of the periods from `first_day` (tomorrow or later) to
    `last_day`. `periods`, `groups` and `classes` (ids) narrow it; empty means all. `inspector` (for
    principals) is oneself by default."""

    model_config = ConfigDict(extra="forbid")
    first_day: date
    last_day: date
    wanted: int
    inspector: str = ""
    periods: list[Place] = []
    groups: list[str] = []
    classes: list[str] = []


@router.get("/spot-checks/totals")
def totals(viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """How many checks were made and what became of them, by term; for everybody, without any name."""
    with office.db.read() as session:
        found = spot_totals.totals(session, viewer.actor.school_id)
    return {"items": [{"year": t.year, "term": t.term, **t.counts} for t in found], "next": None}


@router.get("/spot-draws")
def get(viewer: ApiViewer, office: OfficeDep, cursor: str = "") -> dict[str, Any]:
    """The school's draws, the newest first, 50 at a time."""
    with office.db.read() as session:
        rows = spot_planning.draws(session, viewer.actor, limit=LISTED + 1, before=cursors.read(cursor))
        shown = [spot_public.published(session, viewer.actor, row) for row in rows[:LISTED]]
    last = rows[LISTED - 1] if len(rows) > LISTED else None
    return {
        "items": [_item(one) for one in shown],
        "next": cursors.write(last.made_at, last.id) if last else None,
    }


@router.post("/spot-draws", status_code=201)
def draw(new: NewDraw, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """Draw and publish: pool, its SHA-256 and the commitment; for inspectors and principals."""
    wish = Wish(
        new.first_day,
        new.last_day,
        new.wanted,
        new.inspector,
        tuple((p.session, p.period) for p in new.periods),
        tuple(new.groups),
        tuple(new.classes),
    )
    return one(spot_planning.plan(office, viewer.actor, wish), viewer, office)


@router.get("/spot-draws/{draw_id}")
def one(draw_id: str, viewer: ApiViewer, office: OfficeDep) -> dict[str, Any]:
    """What is public of a draw. `seed` and `drawn` are null until it is over (inspectors and principals see
    `drawn` at once, never their own lesson); `python` recomputes a file of this answer named draw.json."""
    with office.db.read() as session:
        row = spot_planning.draw_of(session, viewer.actor, draw_id)
        shown = spot_public.published(session, viewer.actor, row)
    return (
        _item(shown)
        | spot_public.file_of(row)
        | {
            "method": {"name": spot_draw.METHOD, "steps": [answers.words(w) for w in spot_draw.METHOD_WORDS]},
            "python": spot_draw.PYTHON,
        }
    )


def _item(shown: Published) -> dict[str, Any]:
    row = shown.row
    return {
        "id": row.id,
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "wanted": row.wanted,
        "inspector": {"id": row.inspector_id, "name": shown.inspector},
        "asked": row.asked,
        "published_at": answers.moment(row.made_at),
        "pool_sha256": row.pool_sha256,
        "commitment": row.commitment,
        "revealed_at": answers.moment(row.revealed_at),
        "drawn": None
        if shown.drawn is None
        else [
            {"slot": one.slot, "name": answers.words(spot_draw.shown(one.slot)), "state": one.state}
            for one in shown.drawn
        ],
    }
