"""Findings whose minutes are still to be drawn up, by the inspector of the check. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from flows import spans
from flows.documents.violation_minutes import VIOLATION_MINUTES
from flows.links import ABOUT
from flows.people import Actor
from flows.queries import LIGHT
from flows.spot_rights import may_plan
from models.document import Document, DocumentLink
from models.spot_check import SpotCheck


@dataclass(frozen=True, slots=True)
class Owed:
    """A check with a finding and no minutes yet, and by when they are due (an exclusive instant)."""

    check: Document
    due_at: datetime | None


def of(session: Session, actor: Actor) -> list[Owed]:
    """What this person owes, the oldest first; minutes that are begun stand among the drafts."""
    if not may_plan(actor):
        return []
    begun = (
        select(DocumentLink.other_id)
        .join(Document, col(Document.id) == col(DocumentLink.document_id))
        .where(
            col(DocumentLink.school_id) == actor.school_id,
            col(DocumentLink.kind) == ABOUT,
            col(DocumentLink.other_id) == col(SpotCheck.document_id),
            col(Document.type) == VIOLATION_MINUTES.slug,
            col(Document.status) != "withdrawn",
        )
    )
    rows = session.exec(
        select(Document)
        .join(SpotCheck, col(SpotCheck.document_id) == col(Document.id))
        .where(
            col(SpotCheck.school_id) == actor.school_id,
            col(SpotCheck.inspector_id) == actor.id,
            col(SpotCheck.finding) == "violation",
            ~begun.exists(),
        )
        .order_by(col(SpotCheck.arrived_at))
        .options(LIGHT)
    ).all()
    return [Owed(check, spans.limit(session, VIOLATION_MINUTES, check)) for check in rows]
