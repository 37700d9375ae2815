"""The open step as rows: under which posts it waits, since when, until when; or an incident.

Only `flows/decide.py` calls this, in the decision's own transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from flows import telling
from flows.candidates import candidates, stand_ins, with_head_bound
from flows.commands import Here
from flows.deadlines import step_due
from flows.grammar import Draft, Sign
from flows.nobody import nobody
from flows.plan import SYSTEM
from models.account import Account
from models.document import OpenStep
from models.run import Incident
from models.school import SchoolWeek


def open_step(session: Session, here: Here, now: datetime) -> list[Account]:
    """Make the waiting rows of the open step; whom it waits for. An incident where nobody could take it.

    Whether the deputy takes it beside an absent head is settled here, and anew when a delegation begins or
    ends (`flows/vacancies.py`).
    """
    document, position = here.document, here.position
    resigned = isinstance(position.step, Sign) and position.revision > 1
    told = select(OpenStep.due_at).where(col(OpenStep.document_id) == document.id)
    until = session.exec(told).first() if resigned else None
    session.exec(delete(OpenStep).where(col(OpenStep.document_id) == document.id))
    session.exec(
        update(Incident)
        .where(
            col(Incident.document_id) == document.id,
            col(Incident.kind) == "nobody",
            col(Incident.resolved_at).is_(None),
        )
        .values(resolved_at=now, resolved_by=SYSTEM)
    )
    if position.step is None or position.step.by is None:
        return []
    subject = with_head_bound(session, replace(here.subject, acted=position.acted), now)
    week = session.get(SchoolWeek, document.week_id) if document.week_id else None
    due = step_due(position.step.due, week.monday, now) if position.step.due and week else document.due_at
    if isinstance(position.step, Draft) and position.status == "returned":
        due = telling.resubmit_due(document.due_at, now)
    elif resigned:
        due = until or due  # what was said when it was returned
    audiences = position.step.by.audiences(subject)
    for place, audience in enumerate(audiences):
        session.add(
            OpenStep(
                document_id=document.id,
                step=position.step.name,
                audience=audience,
                place=place,
                school_id=document.school_id,
                type=document.type,
                opened_seq=position.opened_seq,
                opened_at=now,
                due_at=due,
            )
        )
    people = candidates(session, subject, audiences, now)
    if not people:
        away = stand_ins(session, subject, audiences, now)
        nobody(session, document, position.step, away, now)
    return people
