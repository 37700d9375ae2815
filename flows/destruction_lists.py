"""Writing a list of what is to be destroyed: chosen among what is due, frozen and handed in in one go.

A record stands on one list at a time (the database itself refuses a second): from its drafting until the
list is carried out, taken back, or written anew without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from flows import drafts, retention
from flows.catalogue import type_of
from flows.commands import Command
from flows.decide import decide
from flows.documents.destruction_list import DESTRUCTION_LIST, LONGEST_REASON, MOST
from flows.office import Office
from flows.people import Actor
from flows.retention import Due
from models.destruction import ListedRecord
from models.document import Document
from models.errors import Fault, Invalid, NotYours, Stale
from models.settings import VIETNAM
from models.text import Text


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes on a list, and what is left out with which reason; ids."""

    records: Sequence[str]
    left_out: Mapping[str, str]
    reason: str


def may_write(actor: Actor) -> bool:
    """The clerk draws lists up."""
    return "clerk" in actor.roles


def hand_in(office: Office, actor: Actor, chosen: Chosen) -> str:
    """A new list, frozen and waiting for its author's signature; its id.

    NotYours for anyone but a clerk; Invalid names each record that cannot stand on it, or lacks a reason.
    """
    fields = _fields(office, actor, chosen)
    recorded = drafts.Recorded(beside=_keeping(chosen, office.now()))
    with _one_list():
        made = drafts.create(office, actor, DESTRUCTION_LIST.slug, fields, recorded=recorded)
    return _submit(office, actor, made)


def write_anew(office: Office, actor: Actor, list_id: str, content_version: int, chosen: Chosen) -> str:
    """The same list, returned to its author (or not handed in by a crash), with other records; handed in."""
    fields = _fields(office, actor, chosen, list_id)
    recorded = drafts.Recorded(beside=_keeping(chosen, office.now()))
    with _one_list():
        made, _ = drafts.save(office, actor, list_id, content_version, fields, recorded=recorded)
    return _submit(office, actor, made)


def _submit(office: Office, actor: Actor, document: Document) -> str:
    decide(office, Command(document.id, "submit", document.version, actor, office.now()))
    return document.id


@contextmanager
def _one_list() -> Iterator[None]:
    """A record that was put on another list at the same moment is refused in words."""
    try:
        yield
    except IntegrityError as error:
        raise Stale(_ELSEWHERE) from error


def _keeping(chosen: Chosen, now: datetime) -> Callable[[Session, Document], None]:
    """Writes the rows of what stands on the list; those of what no longer does are released."""

    def keep(session: Session, document: Document) -> None:
        rows = session.exec(select(ListedRecord).where(col(ListedRecord.list_id) == document.id)).all()
        known = {row.document_id: row for row in rows}
        files = {row["document"]: row["sha256"] for row in document.fields["records"]}
        for key, row in known.items():
            if key not in files and row.state == "listed":
                row.state, row.at = "released", now
        for key in chosen.records:
            row = known.get(key) or ListedRecord(
                list_id=document.id, document_id=key, school_id=document.school_id, sha256=files[key]
            )
            row.state, row.sha256, row.at = "listed", files[key], None
            session.add(row)
        session.flush()

    return keep


def _fields(office: Office, actor: Actor, chosen: Chosen, list_id: str = "") -> dict[str, Any]:
    """The list's fields from the records themselves; Invalid where one cannot stand on it."""
    if not may_write(actor):
        raise NotYours(_CLERK_ALONE)
    records, left = list(dict.fromkeys(chosen.records)), dict(chosen.left_out)
    faults: list[Fault] = []
    if not chosen.reason.strip():
        faults.append(Fault("reason", _NO_REASON, missing=True))
    if not records:
        faults.append(Fault("records", _NOTHING, missing=True))
    if max(len(records), len(left)) > MOST:
        faults.append(Fault("records", _TOO_MANY.format(most=MOST)))
        raise Invalid(_WRONG, tuple(faults))
    now = office.now()
    with office.db.read() as session:
        found = retention.due(session, actor.school_id, [*records, *left], now, list_id)
        known = {one.document.id: one for one in found}
        alone = retention.staying(session, actor.school_id, records, now, list_id)
    for key in records:
        if key not in known:
            faults.append(Fault(f"record.{key}", _UNKNOWN))
        elif key in alone:
            faults.append(Fault(f"record.{key}", alone[key]))
    for key, why in left.items():
        if not why.strip():
            faults.append(Fault(f"reason.{key}", _WHY, missing=True))
        elif len(why.strip()) > LONGEST_REASON:
            faults.append(Fault(f"reason.{key}", _TOO_LONG.format(most=LONGEST_REASON)))
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return {
        "reason": chosen.reason,
        "records": [_row(known[key]) for key in records],
        "left_out": [
            {**_named(known[key]), "reason": why.strip()} for key, why in left.items() if key in known
        ],
    }


def _named(due: Due) -> dict[str, Any]:
    document = due.document
    return {
        "id": document.id.replace("-", "")[-16:],
        "document": document.id,
        "title": document.title,
        "owner": due.owner,
    }


def _row(due: Due) -> dict[str, Any]:
    document = due.document
    approved = document.approved_at or document.archived_at
    return _named(due) | {
        "number": document.number or "",
        "type": type_of(document.type).name.vi,
        "approved_on": approved.astimezone(VIETNAM).date().isoformat() if approved else "",
        "kept_until": due.last_day.isoformat(),
        "pages": due.pages,
        "sha256": document.blob or "",
    }


_CLERK_ALONE = Text(
    "Danh mục hủy do văn thư lập. Báo văn thư nếu thấy hồ sơ đã hết thời hạn.",
    "The clerk draws up lists of what is to be destroyed. Tell the clerk of records whose time is over.",
)
_WRONG = Text("Chưa lập danh mục. Sửa chỗ được đánh dấu.", "The list is not drawn up. Mend what is marked.")
_NO_REASON = Text("Ghi lý do hủy.", "Give the reason.")
_NOTHING = Text("Chọn ít nhất một hồ sơ để đưa vào danh mục.", "Choose at least one record for the list.")
_TOO_MANY = Text(
    "Một danh mục có nhiều nhất {most} hồ sơ. Chọn ít nhóm hơn; phần còn lại lập danh mục sau.",
    "A list has at most {most} records. Choose fewer; draw up another list for the rest.",
)
_UNKNOWN = Text("Không có hồ sơ này. Mở lại trang để chọn.", "There is no such record. Open the page again.")
_WHY = Text("Ghi lý do để lại hồ sơ này.", "Give the reason why this record is left out.")
_TOO_LONG = Text("Dài nhất {most} ký tự. Rút gọn lại.", "At most {most} characters. Shorten it.")
_ELSEWHERE = Text(
    "Có hồ sơ vừa được đưa vào một danh mục hủy khác. Mở lại trang để chọn lại.",
    "A record was just put on another list. Open the page again and choose anew.",
)
