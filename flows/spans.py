"""When a record about another one is due: a span from that one's last decision. Reads only."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlmodel import Session, col, select

from flows import day_rows
from flows.grammar import DocumentType
from flows.plan import SYSTEM
from flows.rules import rules_of
from models.document import Document
from models.event import Event
from models.settings import VIETNAM


def limit(session: Session, note: DocumentType, document: Document) -> datetime | None:
    """When a record about this one is due: an exclusive instant, counted from that one's last decision.

    Hours that end on a day off last until the end of the next working day.
    """
    span, since = note.span, _decided_at(session, document.id)
    if span is None or since is None:
        return None
    calendar = day_rows.school_days(session, document.school_id)
    if span.rule:
        days = int(rules_of(session, document.school_id)[span.rule]["working_days"])
        last = calendar.working_days_after(since.astimezone(VIETNAM).date(), days)
    else:
        over = since + span.time
        day = over.astimezone(VIETNAM).date()
        if calendar.is_working_day(day):
            return over
        last = calendar.next_working_day(day)  # nobody need work on a day off for it
    return datetime.combine(last + timedelta(days=1), time(), VIETNAM)


def _decided_at(session: Session, document_id: str) -> datetime | None:
    """When a person last decided on a document."""
    return session.exec(
        select(Event.at)
        .where(col(Event.document_id) == document_id, col(Event.actor_id) != SYSTEM)
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()
