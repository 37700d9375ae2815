"""Findings whose minutes are still to be drawn up, by the inspector of the check, or taken note of. Reads
only.

A finding is called a violation once its minutes were taken note of; before that it waits for them, and where
that takes too long the principal is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, select

from flows import spans, spot_notices
from flows.candidates import answering
from flows.documents.violation_minutes import VIOLATION_MINUTES
from flows.flag_rows import notice
from flows.links import ABOUT
from flows.people import Actor
from flows.queries import LIGHT
from flows.spot_rights import may_plan
from models.document import Document, DocumentLink
from models.school import SchoolClass
from models.spot_check import SpotCheck
from models.text import Text


@dataclass(frozen=True, slots=True)
class Owed:
    """A check with a finding and no minutes yet, and by when they are due (an exclusive instant)."""

    check: Document
    due_at: datetime | None


def of(session: Session, actor: Actor) -> list[Owed]:
    """What this person owes, the oldest first; minutes that are begun stand among the drafts."""
    if not may_plan(actor):
        return []
    rows = session.exec(
        select(Document)
        .join(SpotCheck, col(SpotCheck.document_id) == col(Document.id))
        .where(
            col(SpotCheck.school_id) == actor.school_id,
            col(SpotCheck.inspector_id) == actor.id,
            col(SpotCheck.finding) == "violation",
            ~_minutes(col(Document.status) != "withdrawn"),
        )
        .order_by(col(SpotCheck.arrived_at))
        .options(LIGHT)
    ).all()
    return [Owed(check, spans.limit(session, VIOLATION_MINUTES, check)) for check in rows]


def _minutes(standing: ColumnElement[bool]) -> ColumnElement[bool]:
    """Has the check (a row of `spot_check`) minutes that stand so?"""
    rows = (
        select(DocumentLink.other_id)
        .join(Document, col(Document.id) == col(DocumentLink.document_id))
        .where(
            col(DocumentLink.school_id) == col(SpotCheck.school_id),
            col(DocumentLink.kind) == ABOUT,
            col(DocumentLink.other_id) == col(SpotCheck.document_id),
            col(Document.type) == VIOLATION_MINUTES.slug,
            standing,
        )
    )
    return rows.exists()


def awaited() -> ColumnElement[bool]:
    """Of a check: a violation was found, and its minutes were not taken note of yet."""
    noted = _minutes(col(Document.status).in_(("approved", "archived", "replaced", "destroyed")))
    return and_(col(SpotCheck.finding) == "violation", ~noted)


def late(session: Session, schools: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    """Of minutes that nobody took note of in time: whoever answers as principal is told, once."""
    rows = session.exec(
        select(SpotCheck, Document, SchoolClass.name)
        .join(Document, col(Document.id) == col(SpotCheck.document_id))
        .join(SchoolClass, col(SchoolClass.id) == col(SpotCheck.class_id))
        .where(col(SpotCheck.school_id).in_(schools), awaited())
        .options(LIGHT)
    ).all()
    for check, paper, class_name in rows:
        due = spans.limit(session, VIOLATION_MINUTES, paper)
        if due is None or due > now:
            continue
        slot = spot_notices.slot_words(class_name, check.day, check.session, check.period)
        for person in answering(session, check.school_id, "role:principal", VIOLATION_MINUTES.slug, now):
            yield notice(
                check.school_id,
                person.id,
                "finding",
                f"minutes-late:{check.id}",
                now,
                data={
                    "subject": {"vi": slot.vi, "en": slot.en},
                    "sentence": {"vi": LATE.vi, "en": LATE.en},
                    "path": f"/documents/{paper.id}",
                },
            )


LATE = Text(
    "Đã kết luận có vi phạm nhưng quá hạn mà biên bản chưa được ghi nhận. Mở phiếu để xem còn chờ ai.",
    "A violation was found, but its minutes were not taken note of in time. Open the check to see who is "
    "waited for.",
)
