"""`GET /flags`: what is late or missing, as far as the person who asks may see it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from flows import board
from flows.board import Seen
from service.access import ApiViewer
from service.api import answers, cursors
from service.deps import OfficeDep

router = APIRouter(tags=["flags"])

LISTED = 50


@router.get("/flags")
def flags(
    viewer: ApiViewer, office: OfficeDep, week: str = "", rule: str = "", type: str = "", cursor: str = ""
) -> dict[str, Any]:
    """Open flags, the latest first, 50 at a time; `rule` is late or missing, `week` a week's id."""
    with office.db.read() as session:
        rows = board.flags(
            session,
            viewer.actor,
            week=week,
            rule=rule,
            type=type,
            after=cursors.read(cursor),
            limit=LISTED + 1,
        )
    last = rows[LISTED - 1].flag if len(rows) > LISTED else None
    return {
        "items": [_item(seen) for seen in rows[:LISTED]],
        "next": cursors.write(last.opened_at, last.id) if last else None,
    }


def _item(seen: Seen) -> dict[str, Any]:
    flag = seen.flag
    return {
        "id": flag.id,
        "rule": flag.rule,
        "type": flag.type,
        "owner": {"id": flag.account_id, "name": seen.owner},
        "group": {"id": flag.group_id, "name": seen.group} if flag.group_id else None,
        "week": {"id": seen.week.id, "number": seen.week.number, "monday": seen.week.monday.isoformat()},
        "document_id": flag.document_id,
        "due": answers.moment(flag.due_at),
        "opened_at": answers.moment(flag.opened_at),
        "deadline": answers.words(seen.rule),
        "sentence": answers.words(seen.sentence),
    }
