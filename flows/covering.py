"""Documents that cover teaching weeks: those of the weeks themselves, and those that reach into them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from flows.queries import LIGHT
from models.document import Document
from models.school import SchoolWeek

LONGEST = timedelta(days=366)
"""No record covers more than a school year, so that the weeks of ten years need not be named."""


def covering(
    session: Session, weeks: Sequence[SchoolWeek], first: date, last: date, *only: ColumnElement[bool]
) -> list[Document]:
    """What covers any teaching week beginning between two days, both included, without what was typed.

    `weeks` are all weeks of the school; `only` narrows further. Two plain searches and no join or OR: so each
    has an index of its own, where one would read every document of the school.
    """
    here = [week.id for week in weeks if first <= week.monday <= last]
    earlier = [week.id for week in weeks if first - LONGEST <= week.monday < first]
    since = [week.id for week in weeks if first <= week.monday <= last + LONGEST]
    if not here:
        return []
    found = select(Document).where(col(Document.school_id) == weeks[0].school_id, *only).options(LIGHT)
    of_weeks = found.where(col(Document.week_id).in_(here))
    reaching = found.where(col(Document.last_week_id).in_(since), col(Document.week_id).in_(earlier))
    return [*session.exec(of_weeks).all(), *session.exec(reaching).all()]
