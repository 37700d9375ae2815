"""Checking the event chains of a whole database, as after a restore: one pass, whatever the size."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session, col, select

from models.document import Document
from models.errors import RecordsError
from models.event import Event
from models.text import Text


class BrokenChain(RecordsError):
    """An event is not what its hash, or the next event, says it was."""

    code = "broken-chain"


def broken(session: Session) -> Iterator[str]:
    """Documents whose chain does not hold from the first event to the head the document names."""
    heads = dict(session.exec(select(Document.id, Document.head_hash)).all())
    lengths = dict(session.exec(select(Document.id, Document.version)).all())
    at, length, previous, good = "", 0, "", True
    rows = session.exec(
        select(Event).order_by(col(Event.document_id), col(Event.seq)).execution_options(yield_per=500)
    )
    seen: set[str] = set()
    for event in rows:
        if event.document_id != at:
            if at and not (good and heads.get(at) == previous):
                yield at
            at, length, previous, good = event.document_id, 0, "", True
            seen.add(at)
        length += 1
        good = good and event.seq == length
        good = good and event.previous == previous and event.digest() == event.hash
        previous = event.hash
        session.expunge(event)
    if at and not (good and heads.get(at) == previous):
        yield at
    yield from (key for key, version in lengths.items() if version and key not in seen)


def refuse_broken(session: Session) -> None:
    """Raise BrokenChain, naming the first few documents."""
    found = list(broken(session))
    if found:
        raise BrokenChain(_BROKEN.format(count=len(found), some=", ".join(found[:5])))


_BROKEN = Text(
    "Chuỗi sự kiện của {count} hồ sơ không khớp ({some}). Không dùng dữ liệu này; lấy bản sao lưu khác.",
    "The event chains of {count} records do not hold ({some}). Do not use these data; take another backup.",
)
