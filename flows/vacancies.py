"""Steps nobody could take, when someone can again: the incident ends, and who can take it is told; and the
other way round, when somebody goes away.

A step waits for a post, so whoever is given the post finds it in the inbox by itself; what is left is the
incident of the decision that found the post empty (`flows/opening.py`), and the notice nobody got.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from flows import telling
from flows.candidates import candidates, stand_ins, with_head_bound
from flows.commands import Here
from flows.grammar import Step
from flows.nobody import nobody
from flows.plan import SYSTEM, audiences, situated
from flows.reading import read
from models.account import Account
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
        subject = situated(here.position, here.subject)
        step = next((s for s in here.position.open if s.name == incident.step), None)
        waits = audiences(here.position, step, subject) if step else ()
        people = candidates(session, subject, waits, now)
        if step is not None and not people:
            continue
        incident.resolved_at, incident.resolved_by = now, SYSTEM
        session.add(incident)
        _tell(session, here, people, now)


def look(session: Session, given: Delegation, now: datetime) -> None:
    """Open steps of what its delegate wrote or reviewed, once this delegation is in force: the deputy head
    takes them too; an incident where nobody can."""
    d = Document
    acted = exists().where(
        col(Event.document_id) == col(d.id),
        col(Event.revision) == col(d.revision),
        col(Event.actor_id) == given.delegate_id,
    )
    waiting = _named_by(given).where(or_(col(d.owner_id) == given.delegate_id, acted))
    if given.document_id:
        waiting = waiting.where(col(d.id) == given.document_id)
    known = select(Incident.document_id).where(
        col(Incident.school_id) == given.school_id,
        col(Incident.kind) == "nobody",
        col(Incident.resolved_at).is_(None),
    )
    for document_id in session.exec(waiting.where(col(d.id).not_in(known))).all():
        here, waiting_for = _settled(session, document_id, given.school_id, now)
        for step, people in waiting_for:
            if not people:
                away = stand_ins(session, here.subject, audiences(here.position, step, here.subject), now)
                nobody(session, here.document, step, away, now)


def give_back(session: Session, turned: Delegation, now: datetime) -> None:
    """Open steps the deputy head takes too, once this delegation is over, or gives a record to somebody."""
    other = aliased(OpenStep)
    second = exists().where(
        col(other.document_id) == col(Document.id),
        col(other.audience).startswith("group_deputy:"),
        col(other.place) > 0,
    )
    for document_id in session.exec(_named_by(turned).where(second)).all():
        _settled(session, document_id, turned.school_id, now)


def _named_by(delegation: Delegation) -> SelectOfScalar[str]:
    """Documents with an open step that is named by a post of this delegation."""
    return (
        select(Document.id)
        .distinct()
        .join(OpenStep, col(OpenStep.document_id) == col(Document.id))
        .where(
            col(OpenStep.school_id) == delegation.school_id,
            col(OpenStep.audience).in_(delegation.posts),
            col(OpenStep.place) == 0,
        )
    )


def _settled(
    session: Session, document_id: str, school_id: str, now: datetime
) -> tuple[Here, list[tuple[Step, list[Account]]]]:
    """A document whose open steps wait for the deputy head too exactly where the head is bound; for whom each
    waits. They are told, each once."""
    here = read(session, document_id, school_id)
    subject = with_head_bound(session, situated(here.position, here.subject), now)
    every = session.exec(
        select(OpenStep).where(col(OpenStep.document_id) == document_id).order_by(col(OpenStep.place))
    ).all()
    found = []
    for step in here.position.open:
        waits = audiences(here.position, step, subject)
        rows = [row for row in every if row.step == step.name]
        for row in rows:
            if row.audience not in waits:
                session.delete(row)
        for place, audience in enumerate(waits):
            if audience not in {row.audience for row in rows}:
                session.add(OpenStep(**rows[0].model_dump() | {"audience": audience, "place": place}))
        session.flush()
        people = candidates(session, subject, waits, now)
        _tell(session, here, people, now)
        found.append((step, people))
    return replace(here, subject=subject), found


def _tell(session: Session, here: Here, people: Iterable[Account], now: datetime) -> None:
    told = telling.told_of_turn(session, here.document, here.position.opened_seq)
    for person in people:
        if person.id not in told:
            telling.turn(session, here.document, person.id, here.position.opened_seq, now)
