"""Reading what somebody may have written over: rows that are no rows any more are told, not stumbled over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlmodel import Session

from flows import audit_rows
from flows.audit_findings import Finding, finding
from flows.audit_record import Record
from flows.kept_rows import UNREADABLE


def records(session: Session, wanted: Sequence[str]) -> Iterator[Record | Finding]:
    """These documents with all that must fit their events; a finding for one whose rows cannot be read."""
    known = audit_rows.schools(session)
    for start in range(0, len(wanted), audit_rows.AT_ONCE):
        some = wanted[start : start + audit_rows.AT_ONCE]
        try:
            read: list[Record | Finding] = list(audit_rows.records(session, some, known))
        except UNREADABLE:
            read = [_alone(session, one, known) for one in some]
        yield from read


def _alone(session: Session, document_id: str, known: audit_rows.Schools) -> Record | Finding:
    session.expunge_all()
    try:
        (found,) = audit_rows.records(session, [document_id], known)
    except UNREADABLE:
        return finding("unreadable", document_id)
    return found
