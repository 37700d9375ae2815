"""What an event keeps beside the decision: where the record belonged then, and what it came after.

By the first the audit finds a deadline, a group or a week that was moved without the system; by the second a
record that is gone from every table: the next events of other records name it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from models.document import Document
from models.event import Event
from models.statements import ask

BELONGS, AFTER = "belongs", "after"
"""Keys of an event's data; events of versions before have neither."""
_LOOKED_BACK = 2
"""Two people decide at the same moment, and neither event sees the other: the next one names both."""


def belongs(document: Document) -> dict[str, Any]:
    """The columns of a document that no decision changes, as its events keep them."""
    return {
        "type": document.type,
        "type_version": document.type_version,
        "group_id": document.group_id,
        "week_id": document.week_id,
        "last_week_id": document.last_week_id,
        "due_at": _stamp(document.due_at),
    }


def _stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def after(session: Session, document: Document) -> list[list[Any]]:
    """The newest events of the school's other records: id, number, hash.

    A read and no more: nobody waits for anybody, and two events may name the same one.
    """
    return [list(row) for row in ask(session, _NEWEST, of_school=document.school_id, but=document.id)]


_NEWEST = (
    select(col(Event.document_id), col(Event.seq), col(Event.hash))
    .where(col(Event.school_id) == bindparam("of_school"), col(Event.document_id) != bindparam("but"))
    .order_by(col(Event.at).desc())
    .limit(_LOOKED_BACK)
)
