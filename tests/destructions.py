"""Records at the end of their retention, and lists of them: short ways for tests, by the real flows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select, update

from flows import archiving, decide, destruction_lists, drafts
from flows.destruction_lists import Chosen
from models.destruction import ListedRecord
from models.document import Document
from models.event import Event
from models.settings import VIETNAM
from tests.cast import Cast

OVER = datetime(2026, 1, 1, tzinfo=VIETNAM)
"""A retention that ended with the year before the tests' own day."""
REASON = "Hết thời hạn lưu trữ, không còn giá trị sử dụng."


def archive(cast: Cast, document_id: str) -> str:
    """The machine's step of an approved record."""
    seq = cast.fresh(document_id).version
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    stamped = archiving.archive_timestamp(cast.office, document_id, seq, validated)
    return archiving.archive(cast.office, document_id, seq, stamped)


def archive_until(cast: Cast, document_id: str, until: datetime) -> None:
    """The same, under a term that ends then."""
    seq = cast.fresh(document_id).version
    validated = archiving.validate_signatures(cast.office, document_id, seq)
    stamped = archiving.archive_timestamp(cast.office, document_id, seq, validated)
    assert decide.settle(cast.office, document_id, seq, blob=stamped, keep_until=until, data={})


def plan(cast: Cast, week: int, who: str = "lan", until: datetime | None = None) -> str:
    """An archived lesson plan, to be kept for years, or `until` then."""
    document = cast.sent(who, week)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    if until is None:
        archive(cast, document.id)
    else:
        archive_until(cast, document.id, until)
    return document.id


def over(cast: Cast, *ids: str, until: datetime = OVER) -> None:
    """Their retention ended long ago, and their files are as old; an audit sees that no event says so."""
    aged(cast)
    with cast.office.db.write() as session:
        session.exec(update(Document).where(col(Document.id).in_(ids)).values(keep_until=until))


def aged(cast: Cast) -> None:
    """Every file there is has been there for long."""
    for file in cast.office.blobs.folder.glob("??/*"):
        os.utime(file, (0, 0))


def due(cast: Cast, *weeks: int) -> list[str]:
    """Archived lesson plans whose retention is over."""
    made = [plan(cast, week, until=OVER) for week in weeks]
    aged(cast)
    return made


def save(cast: Cast, who: str, document_id: str, fields: Mapping[str, Any]) -> None:
    """Fill in a draft."""
    version = cast.fresh(document_id).content_version
    _, faults = drafts.save(cast.office, cast.actor(who), document_id, version, fields)
    assert faults == (), faults


def listed(cast: Cast, ids: Sequence[str], **left_out: str) -> str:
    """A list of these, frozen: the clerk's signature comes next. `left_out`: reasons by id."""
    chosen = Chosen(ids, left_out, REASON)
    return destruction_lists.hand_in(cast.office, cast.actor("thu"), chosen)


def approved(cast: Cast, ids: Sequence[str], **left_out: str) -> str:
    """The same through every signature to the archive."""
    made = listed(cast, ids, **left_out)
    cast.act("thu", made, "sign")
    cast.act("ngoc", made, "approve")
    cast.act("minh", made, "approve")
    cast.act("thu", made, "seal")
    archive(cast, made)
    return made


def states(cast: Cast, list_id: str) -> dict[str, str]:
    """What became of each record of a list."""
    with cast.office.db.read() as session:
        rows = session.exec(select(ListedRecord).where(col(ListedRecord.list_id) == list_id)).all()
        return {row.document_id: row.state for row in rows}


def events(cast: Cast, document_id: str) -> list[Event]:
    with cast.office.db.read() as session:
        return list(
            session.exec(
                select(Event).where(col(Event.document_id) == document_id).order_by(col(Event.seq))
            ).all()
        )
