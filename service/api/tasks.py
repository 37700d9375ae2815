"""`GET /tasks`: what waits for the person who asks."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from flows import queries
from flows.catalogue import type_of
from service.access import ApiViewer
from service.api import answers, cursors
from service.api.asked import refuse_unknown
from service.deps import OfficeDep

router = APIRouter(tags=["tasks"])


@router.get("/tasks")
def tasks(
    viewer: ApiViewer,
    office: OfficeDep,
    type: str = "",
    week: str = "",
    group: str = "",
    owner: str = "",
    late: bool = False,
    returned: bool = False,
    cursor: str = "",
) -> dict[str, Any]:
    """Open steps of mine, the oldest deadline first, 50 at a time; my returned and unsigned records too."""
    with office.db.read() as session:
        named = {"type": type, "week": week, "group": group, "owner": owner}
        refuse_unknown(session, viewer.actor.school_id, named)
        rows = queries.waiting(
            session,
            viewer.actor,
            own=True,
            type=type,
            week=week,
            group=group,
            owner=owner,
            late=late,
            returned=returned,
            after=cursors.read(cursor),
            limit=51,
        )
    last = rows[49] if len(rows) > 50 else None
    following = cursors.write(last.due_at, last.document.id) if last and last.due_at else None
    return {
        "items": [
            {
                "document_id": r.document.id,
                "type": r.document.type,
                "title": r.document.title,
                "owner": {"id": r.document.owner_id, "name": r.owner},
                "step": r.step,
                "label": answers.words(type_of(r.document.type).step(r.step).label),
                "version": r.document.version,
                "revision": r.document.revision,
                "opened_at": answers.moment(r.opened_at),
                "due": answers.moment(r.due_at),
                "late": r.late,
                "late_waived": r.waived,
                "stood_for": r.absent or None,
            }
            for r in rows[:50]
        ],
        "next": following,
    }
