"""Steps nobody could take, when someone can again: the incident ends, and who can take it is told; and the
other way round, when somebody goes away.

A step waits for a post, so whoever is given the post finds it in the inbox by itself; what is left is the
incident of the decision that found the post empty (`flows/opening.py`), and the notice nobody got.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, or_
from sqlmodel import Session, col, select

from flows import telling
from flows.candidates import candidates, stand_ins
from flows.decide import read
from flows.nobody import nobody
from flows.plan import SYSTEM, audiences
from models.delegation import Delegation
from models.document import Document, OpenStep
from models.event import Event
from models.run import Incident


def fill(session: Session, school_id: str, now: datetime) -> None:
    """Look at the school's steps without anybody once more, after posts or roles have changed."""
    waiting = select(Incident).where(
        col(Incident.school_id) == school_id,
        col(Incident.kind) == "nobody",
        col(Incident.resolved_at).is_(None),
    )
    for incident in session.exec(waiting).all():
        here = read(session, incident.document_id, school_id)
        subject = replace(here.subject, acted=here.position.acted)
        step = here.position.step
        people = candidates(session, subject, audiences(here.position, subject), now)
        if step is not None and step.name == incident.step and not people:
            continue
        incident.resolved_at, incident.resolved_by = now, SYSTEM
        session.add(incident)
        told = telling.told_of_turn(session, here.document, here.position.opened_seq)
        for person in people:
            if person.id not in told:
                telling.turn(session, here.document, person.id, here.position.opened_seq, now)


def look(session: Session, given: Delegation, now: datetime) -> None:
    """Open steps nobody can take once this delegation is in force: its delegate wrote or reviewed them."""
    d = Document
    acted = exists().where(
        col(Event.document_id) == col(d.id),
        col(Event.revision) == col(d.revision),
        col(Event.actor_id) == given.delegate_id,
    )
    waiting = (
        select(d.id)
        .join(OpenStep, col(OpenStep.document_id) == col(d.id))
        .where(
            col(OpenStep.school_id) == given.school_id,
            col(OpenStep.audience).in_(given.posts),
            col(OpenStep.place) == 0,
            or_(col(d.owner_id) == given.delegate_id, acted),
        )
    )
    if given.document_id:
        waiting = waiting.where(col(d.id) == given.document_id)
    known = select(Incident.document_id).where(
        col(Incident.school_id) == given.school_id,
        col(Incident.kind) == "nobody",
        col(Incident.resolved_at).is_(None),
    )
    for document_id in session.exec(waiting.where(col(d.id).not_in(known))).all():
        here = read(session, document_id, given.school_id)
        subject = replace(here.subject, acted=here.position.acted)
        waits = audiences(here.position, subject)
        if here.position.step and not candidates(session, subject, waits, now):
            away = stand_ins(session, subject, waits, now)
            nobody(session, here.document, here.position.step, away, now)
