"""Steps nobody could take, when someone can again: the incident ends, and who can take it is told.

A step waits for a post, so whoever is given the post finds it in the inbox by itself; what is left is the
incident of the decision that found the post empty (`decide._open`), and the notice nobody got.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from flows import telling
from flows.decide import read
from flows.plan import SYSTEM, audiences
from flows.posts import candidates
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
        people = candidates(session, subject, audiences(here.position, subject))
        if step is not None and step.name == incident.step and not people:
            continue
        incident.resolved_at, incident.resolved_by = now, SYSTEM
        session.add(incident)
        for person in people:
            telling.turn(session, here.document, person.id, here.position.opened_seq, now)
