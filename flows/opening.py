"""The open steps as rows: under which posts each waits, since when, until when; or an incident.

Only `flows/decide.py` calls this, in the decision's own transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col, select

from flows import telling
from flows.candidates import candidates, stand_ins, with_head_bound
from flows.commands import Here
from flows.deadlines import step_due
from flows.grammar import Draft, Sign, Step
from flows.nobody import nobody
from flows.plan import SYSTEM, situated
from models.account import Account
from models.document import Document, OpenStep
from models.run import Incident
from models.school import SchoolWeek
from models.statements import change, store


def open_step(session: Session, here: Here, now: datetime) -> list[Account]:
    """Make the waiting rows of the open steps; whom a step newly waits for, its author aside. An incident
    where nobody could take one.

    A part of a group that was open already keeps its time and its limit. Whether the deputy takes a step
    beside an absent head is settled here, and anew when a delegation begins or ends (`flows/vacancies.py`).
    """
    document, position = here.document, here.position
    resigned = position.revision > 1 and any(isinstance(step, Sign) for step in position.open)
    waited = select(OpenStep.step, OpenStep.opened_seq, OpenStep.opened_at, OpenStep.due_at).where(
        col(OpenStep.document_id) == document.id
    )
    before = session.exec(waited).all() if resigned or position.grouped else ()
    change(session, _CLOSED, of_document=document.id)
    names = {step.name for step in position.open}
    kept = {row[0]: row for row in before if row[0] in names and row[1] == position.opened_seq}
    ended = {"of_document": document.id, "now": now}
    if kept:
        change(session, _NO_LONGER_NOBODY.where(col(Incident.step).not_in(kept)), **ended)
    else:
        change(session, _NO_LONGER_NOBODY, **ended)
    if not position.open:
        return []
    subject = with_head_bound(session, situated(position, here.subject), now)
    until = before[0][3] if before else None  # what was said when it was returned
    told: dict[str, Account] = {}
    for step in position.open:
        known = kept.get(step.name)
        opened, due = (known[2], known[3]) if known else (now, _due(session, here, step, until, now))
        audiences = step.by.audiences(subject) if step.by else ()
        for place, audience in enumerate(audiences):
            waits = OpenStep(
                document_id=document.id,
                step=step.name,
                audience=audience,
                place=place,
                school_id=document.school_id,
                type=document.type,
                opened_seq=position.opened_seq,
                opened_at=opened,
                due_at=due,
            )
            store(session, waits)
        people = candidates(session, subject, audiences, now)
        if not people and not (known and _known(session, document, step)):
            nobody(session, document, step, stand_ins(session, subject, audiences, now), now)
        if not known and not isinstance(step, Draft | Sign):
            told |= {person.id: person for person in people}
    return list(told.values())


_CLOSED = delete(OpenStep).where(col(OpenStep.document_id) == bindparam("of_document"))
_NO_LONGER_NOBODY = (
    update(Incident)
    .where(
        col(Incident.document_id) == bindparam("of_document"),
        col(Incident.kind) == "nobody",
        col(Incident.resolved_at).is_(None),
    )
    .values(resolved_at=bindparam("now"), resolved_by=SYSTEM)
)


def _due(session: Session, here: Here, step: Step, until: datetime | None, now: datetime) -> datetime | None:
    """Until when a step that opens now should be done."""
    document, position = here.document, here.position
    if isinstance(step, Draft) and position.status == "returned":
        return telling.resubmit_due(document.due_at, now)
    if isinstance(step, Sign) and position.revision > 1:
        return until or document.due_at
    week = session.get(SchoolWeek, document.week_id) if step.due and document.week_id else None
    return step_due(step.due, week.monday if week else None, now) or document.due_at


def _known(session: Session, document: Document, step: Step) -> bool:
    """Is it an incident already that nobody can take this step?"""
    incident = select(Incident.id).where(
        col(Incident.document_id) == document.id,
        col(Incident.step) == step.name,
        col(Incident.kind) == "nobody",
        col(Incident.resolved_at).is_(None),
    )
    return session.exec(incident).first() is not None
