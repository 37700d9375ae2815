"""What the records know about a document beside its form, read for titles, layouts and deadlines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows.citing import based_on
from flows.day_rows import working_days
from flows.grammar import DocumentType, Facts, WeekFacts
from flows.links import Links, cited, links_of
from flows.obligations import calendar_of
from flows.posts import issuer_of
from models.account import Account, Group
from models.document import Document
from models.school import SchoolClass, SchoolWeek, TeachingAssignment
from models.settings import VIETNAM


def facts_of(session: Session, document: Document, now: datetime, links: Links | None = None) -> Facts:
    """Everything a title or a layout may name, as it is today; `links` of a draft not stored yet."""
    today = now.astimezone(VIETNAM).date()
    owner = session.get_one(Account, document.owner_id)
    group = session.get(Group, document.group_id) if document.group_id else None
    homeroom = session.exec(
        select(SchoolClass.name)
        .join(TeachingAssignment, col(TeachingAssignment.class_id) == col(SchoolClass.id))
        .where(col(TeachingAssignment.account_id) == owner.id, col(TeachingAssignment.homeroom))
    ).first()
    weeks = session.exec(select(SchoolWeek).where(col(SchoolWeek.school_id) == document.school_id)).all()
    classes = session.exec(
        select(SchoolClass.id, SchoolClass.name).where(col(SchoolClass.school_id) == document.school_id)
    ).all()
    issuer = issuer_of(session, document.school_id, today)
    concerned = session.get(Account, document.concerned_id) if document.concerned_id else None
    links = links or links_of(session, document.id)
    return Facts(
        document_id=document.id,
        revision=document.revision + 1,
        date=today.isoformat(),
        issuer={
            "parent": issuer.parent,
            "name": issuer.name,
            "place": issuer.place,
            "abbreviation": issuer.abbreviation,
        },
        author_name=owner.full_name,
        author_post=owner.post,
        group_name=group.name if group else "",
        homeroom=homeroom or "",
        concerned_name=concerned.full_name if concerned else "",
        concerned_post=concerned.post if concerned else "",
        weeks={w.id: _week(w) for w in weeks},
        classes=dict(classes),
        based_on=tuple(source.words.vi for source in based_on(session, document) if source.named),
        about=cited(session, links.about),
        works=working_days(session, document.school_id) if links.about else None,
    )


def _week(week: SchoolWeek) -> WeekFacts:
    return WeekFacts(
        id=week.id,
        number=week.number,
        term=week.term,
        year=week.year,
        monday=week.monday.isoformat(),
        sunday=week.sunday.isoformat(),
    )


def due_of(
    session: Session, declared: DocumentType, school_id: str, fields: Mapping[str, Any]
) -> datetime | None:
    """When a document with these fields is due: an exclusive instant, None without a week or a deadline."""
    if declared.deadline is None:
        return None
    return calendar_of(session, school_id).limit(declared.deadline, fields.get(declared.week_field))
