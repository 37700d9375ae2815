"""Where a finding stands after its minutes: appealed against, annulled, or upheld. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from flows.documents.appeal import APPEAL, GRANT, REJECT
from flows.documents.spot_check import SPOT_CHECK
from flows.documents.violation_minutes import VIOLATION_MINUTES
from flows.links import ABOUT, linked_to
from models.document import Document
from models.event import Event
from models.text import Text

State = Literal["pending", "granted", "rejected"]


@dataclass(frozen=True, slots=True)
class Appealed:
    """An appeal against a finding, and what became of it; `at`: when it was decided, else sent."""

    document_id: str
    state: State
    at: datetime

    @property
    def words(self) -> Text:
        return SAID[self.state]


SAID: dict[State, Text] = {
    "pending": Text(
        "Giáo viên đã gửi kiến nghị về kết luận này; đang chờ giải quyết.",
        "The teacher appealed against this finding; it waits for a decision.",
    ),
    "granted": Text(
        "Kết luận này đã được hủy: kiến nghị được chấp nhận.",
        "This finding is annulled: the appeal was granted.",
    ),
    "rejected": Text(
        "Kết luận này giữ nguyên sau khi xem xét kiến nghị.",
        "This finding stands: the appeal was looked at and rejected.",
    ),
}


def against(session: Session, document: Document) -> Appealed | None:
    """The appeal against these minutes, or against the minutes of this check; None without one sent."""
    minutes = [document] if document.type == VIOLATION_MINUTES.slug else []
    if document.type == SPOT_CHECK.slug:
        minutes = linked_to(session, document.id, ABOUT)
    for one in minutes:
        if one.type != VIOLATION_MINUTES.slug:
            continue
        for appeal in linked_to(session, one.id, ABOUT):
            if appeal.type == APPEAL.slug and appeal.first_signed_at is not None:
                return _appealed(session, appeal)
    return None


def against_check(session: Session, paper_id: str | None) -> Appealed | None:
    """The same, by the id of a check's paper; None while there is no paper."""
    paper = session.get(Document, paper_id) if paper_id else None
    return against(session, paper) if paper else None


def outcome(session: Session, appeal: Document) -> Appealed | None:
    """What became of this appeal; None before it is sent."""
    if appeal.type != APPEAL.slug or appeal.first_signed_at is None:
        return None
    return _appealed(session, appeal)


def _appealed(session: Session, appeal: Document) -> Appealed:
    decided = session.exec(
        select(Event)
        .where(col(Event.document_id) == appeal.id, col(Event.action).in_((GRANT, REJECT)))
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()
    assert appeal.first_signed_at is not None
    if decided is None:
        return Appealed(appeal.id, "pending", appeal.first_signed_at)
    return Appealed(appeal.id, "granted" if decided.action == GRANT else "rejected", decided.at)
