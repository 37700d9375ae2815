"""`GET /flags`: what is late, missing or to be looked at, as far as the person who asks may see it; what is
said and decided about one: explained, waived, the waiver taken back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from flows import board, waiving
from flows.board import Seen, Wanted
from flows.flag_story import Story, stories
from flows.flag_words import NAMES
from service.access import ApiViewer
from service.api import answers, cursors
from service.api.asked import refuse_unknown, refuse_unnamed
from service.deps import OfficeDep

router = APIRouter(tags=["flags"])

LISTED = 50


class Said(BaseModel):
    """A reason or an explanation, 5 to 500 characters."""

    words: str


@router.get("/flags")
def flags(
    request: Request,
    viewer: ApiViewer,
    office: OfficeDep,
    week: str = "",
    rule: Annotated[str, Query(description=f"Answered as `kind`, too: {', '.join(NAMES)}.")] = "",
    type: str = "",
    group: str = "",
    state: str = "",
    cursor: str = "",
) -> dict[str, Any]:
    """Flags, the latest first, 50 at a time; `state`: open, waived, resolved, or empty for all unresolved.

    `week` and `group` are ids. `explanations`: all that was explained, the oldest first; `explanation`: the
    latest of them. `gone`: why one that is resolved holds no more, though nothing was handed in.
    """
    with office.db.read() as session:
        named = {"week": week, "rule": rule, "type": type, "group": group, "state": state}
        refuse_unnamed(request, {*named, "cursor"})
        refuse_unknown(session, viewer.actor.school_id, named, {"state": board.STATES})
        rows = board.flags(
            session,
            viewer.actor,
            Wanted(week, rule, type, group, state),
            after=cursors.read(cursor),
            limit=LISTED + 1,
        )
        told = stories(session, [seen.flag for seen in rows[:LISTED]])
    last = rows[LISTED - 1].flag if len(rows) > LISTED else None
    return {
        "items": [_item(seen, told[seen.flag.id]) for seen in rows[:LISTED]],
        "next": cursors.write(last.opened_at, last.id) if last else None,
    }


@router.post("/flags/{flag_id}/explain")
def explain(viewer: ApiViewer, office: OfficeDep, flag_id: str, said: Said) -> dict[str, Any]:
    """Add an explanation to a flag of one's own."""
    waiving.explain(office, viewer.actor, flag_id, said.words)
    return _one(viewer, office, flag_id)


@router.post("/flags/{flag_id}/waive")
def waive(viewer: ApiViewer, office: OfficeDep, flag_id: str, said: Said) -> dict[str, Any]:
    """Leave a flag out of the counts; for principal and vice principal, never for one's own."""
    waiving.waive(office, viewer.actor, flag_id, said.words)
    return _one(viewer, office, flag_id)


@router.post("/flags/{flag_id}/unwaive")
def unwaive(viewer: ApiViewer, office: OfficeDep, flag_id: str, said: Said) -> dict[str, Any]:
    """Take a waiver back."""
    waiving.unwaive(office, viewer.actor, flag_id, said.words)
    return _one(viewer, office, flag_id)


def _one(viewer: ApiViewer, office: OfficeDep, flag_id: str) -> dict[str, Any]:
    with office.db.read() as session:
        seen = board.one(session, viewer.actor, flag_id)
        return _item(seen, stories(session, [seen.flag])[flag_id])


def _item(seen: Seen, story: Story) -> dict[str, Any]:
    flag, week, waiver = seen.flag, seen.week, story.waiver
    said = [{"words": h.event.words, "at": answers.moment(h.event.at)} for h in story.explanations]
    return {
        "id": flag.id,
        "rule": flag.rule,
        "kind": flag.rule,
        "type": flag.type or None,
        "owner": {"id": flag.account_id, "name": seen.owner},
        "group": {"id": flag.group_id, "name": seen.group} if flag.group_id else None,
        "week": {"id": week.id, "number": week.number, "monday": week.monday.isoformat()} if week else None,
        "document_id": flag.document_id,
        "due": answers.moment(flag.due_at),
        "opened_at": answers.moment(flag.opened_at),
        "resolved_at": answers.moment(flag.resolved_at),
        "state": seen.state,
        "gone": answers.words(seen.gone) if seen.gone else None,
        "deadline": answers.words(seen.rule),
        "sentence": answers.words(seen.sentence),
        "waived": flag.waived_at is not None,
        "waiver": {
            "by": {"id": waiver.event.account_id, "name": waiver.name},
            "reason": waiver.event.words,
            "at": answers.moment(waiver.event.at),
        }
        if waiver
        else None,
        "explanation": said[-1]["words"] if said else None,
        "explanations": said,
    }
