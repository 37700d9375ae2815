"""A step nobody can take: an incident, told to the principals and the administrators (law 6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from flows.candidates import StandIn
from flows.grammar import Step
from flows.posts import holders
from models.document import Document
from models.notice import notice
from models.run import Incident
from models.text import Text


def nobody(
    session: Session, document: Document, step: Step, away: Sequence[StandIn], now: datetime
) -> Incident:
    """Open the incident and tell who can end it; `away` says who is absent, if that is the reason."""
    sentence = EMPTY.format(step=step.label)
    if away:
        absent, until = away[0].absent.full_name, max(a.delegation.last_day for a in away)
        sentence = _AWAY.format(
            step=step.label, absent=absent, day=f"{until:%d/%m}", who=away[0].delegate.full_name
        )
    incident = Incident(
        school_id=document.school_id,
        document_id=document.id,
        step=step.name,
        kind="nobody",
        sentence_vi=sentence.vi[:400],
        sentence_en=sentence.en[:400],
        opened_at=now,
    )
    session.add(incident)
    session.flush()
    told = {a.id: "runs" for a in holders(session, document.school_id, "role:admin")}
    told |= {a.id: "documents" for a in holders(session, document.school_id, "role:principal")}
    for account_id, where in sorted(told.items()):
        session.add(
            notice(
                document.school_id,
                account_id,
                "incident",
                f"incident:{incident.id}",
                now,
                sentence,
                path=f"/{where}/{document.id}",
                document_id=document.id,
                incident=incident.id,
            )
        )
    return incident


EMPTY = Text(
    "Không còn ai có thể làm bước “{step}”. Giao chức danh này cho một người khác.",
    "Nobody is left who could take the step “{step}”. Give this post to another person.",
)
_AWAY = Text(
    "Chưa ai làm được bước “{step}”: {absent} vắng đến hết {day}, {who} thay nhưng đã xử lý hoặc soạn chính "
    "hồ sơ này. Chấm dứt rồi ủy quyền cho người khác.",
    "Nobody can take the step “{step}”: {absent} is away until {day}, and {who}, who stands in, wrote this "
    "record or acted on it already. End this and delegate to another person.",
)
