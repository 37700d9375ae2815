"""Is a draft likely made twice: the same kind of plan, for weeks another covers already? Reads only.

It warns and forbids nothing: a group may mean two plans. What must be once is `unique_by`'s business
(`flows/drafts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from flows.catalogue import type_of
from flows.links import links_of
from flows.people import Actor
from flows.queries import visible_to
from models.document import Document
from models.indexing import fold
from models.school import SchoolWeek

GONE = ("withdrawn", "replaced", "destroyed")
ROWS = {"owner": col(Document.owner_id), "group": col(Document.group_id)}


def earlier_alike(session: Session, actor: Actor, document: Document) -> Document | None:
    """The first other document of the type that agrees in `alike_by` and shares a week.

    None when there is none this account may see. What the document itself replaces is meant to be alike.
    """
    d, declared = Document, type_of(document.type)
    first, last = (
        session.get(SchoolWeek, key) if key else None for key in (document.week_id, document.last_week_id)
    )
    if not declared.alike_by or first is None or last is None:
        return None
    begins, ends = aliased(SchoolWeek), aliased(SchoolWeek)
    mine = {"owner": document.owner_id, "group": document.group_id}
    found = session.exec(
        select(d)
        .join(begins, col(begins.id) == col(d.week_id))
        .join(ends, col(ends.id) == col(d.last_week_id))
        .where(
            col(d.type) == document.type,
            col(d.id).not_in((document.id, links_of(session, document.id).replaces or "")),
            col(d.status).not_in(GONE),
            col(begins.monday) <= last.monday,
            col(ends.monday) >= first.monday,
            visible_to(actor),
            *(ROWS[name] == mine[name] for name in declared.alike_by if name in ROWS),
        )
        .order_by(col(d.created_at), col(d.id))
    )
    answers = [name for name in declared.alike_by if name not in ROWS]
    asked = _folded(document.fields, answers)
    return next((other for other in found if _folded(other.fields, answers) == asked), None)


def _folded(fields: Mapping[str, Any], names: list[str]) -> list[list[str]]:
    """The answers as a search compares them: "Toán " and "toán" are one subject."""
    return [fold(str(fields.get(name) or "")) for name in names]
