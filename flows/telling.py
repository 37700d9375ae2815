"""Who is told what after a decision: notices, written in the decision's own transaction. Sends nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from flows.grammar import DocumentType, Draft, Review, Sign
from flows.plan import Position, audiences
from flows.posts import candidates, subject_of
from models.account import Account
from models.document import Document
from models.event import Event
from models.notice import Notice

RESUBMIT = timedelta(days=1)
"""After a return the author has at least a day; the first deadline stays if it is later (law 8)."""


def resubmit_due(due: datetime | None, now: datetime) -> datetime:
    """When a returned document should be back."""
    again = now + RESUBMIT
    return max(due, again) if due else again


def tell(
    session: Session,
    document: Document,
    declared: DocumentType,
    position: Position,
    event: Event,
    now: datetime,
) -> None:
    """Tell whoever's turn it is, and the author about a return, an approval, the archive."""
    if event.action == "return":
        _notice(session, document, document.owner_id, "returned", event.seq, now)
        return
    if event.action == "archive":
        _notice(session, document, document.owner_id, "archived", event.seq, now)
        return
    passed = declared.step(event.step)
    if isinstance(passed, Review) and passed.approves:
        _notice(session, document, document.owner_id, "approved", event.seq, now)
    if position.step is None or isinstance(position.step, Draft | Sign):
        return
    subject = replace(subject_of(session, document), acted=position.acted)
    for person in candidates(session, subject, audiences(position, subject)):
        _notice(session, document, person.id, "waiting", event.seq, now)


def _notice(
    session: Session, document: Document, account_id: str, kind: str, seq: int, now: datetime
) -> None:
    account = session.get(Account, account_id)
    if account is None or not account.active:
        return
    session.add(
        Notice(
            school_id=document.school_id,
            account_id=account_id,
            kind=kind,
            key=f"{kind}:{document.id}:{seq}",
            document_id=document.id,
            data={"seq": seq},
            created_at=now,
            due_at=now,
        )
    )
