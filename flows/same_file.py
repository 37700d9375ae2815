"""The forms of one approved file: as approved, archived, and with each renewed archive timestamp.

Each holds the one before byte for byte and adds proof, never content; so a print, a download or a hash on
paper of any of them is of the same record. Evidence and prints name the form that was handed out.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from flows.plan import RENEW
from models.event import Event
from models.evidence import Duty


def renewed(document_id: Any) -> SelectOfScalar[str | None]:
    """The forms that renewals made of a document's file; `document_id` may be a column of another query."""
    return select(col(Event.output_blob)).where(
        col(Event.document_id) == document_id, col(Event.action) == RENEW
    )


def files_of(session: Session, duty: Duty) -> frozenset[str]:
    """Hashes of the files that evidence counts for."""
    return duty.files | frozenset(filter(None, session.exec(renewed(duty.document_id))))


def is_form(blob: Any) -> ColumnElement[bool]:
    """Is this column a form of the duty's file? For queries over `Duty`."""
    of_duty = renewed(col(Duty.document_id)).correlate(Duty)
    return or_(blob == col(Duty.blob), blob == col(Duty.archived), blob.in_(of_duty))


def forms_of(session: Session, document_id: str, blob: str | None) -> frozenset[str]:
    """This file and the forms it had before; of a document's present file, all that are in force."""
    rows = session.exec(
        select(Event.input_blob, Event.output_blob)
        .where(col(Event.document_id) == document_id, col(Event.action).in_(("archive", RENEW)))
        .order_by(col(Event.seq).desc())
    )
    same = {blob}
    for before, after in rows:
        if after in same:
            same.add(before)
    return frozenset(filter(None, same))
