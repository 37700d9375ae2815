"""A document's next event: made, hashed to the one before, stored with the reviewer's words beside it.

Only `flows/decide.py` calls this, after its compare-and-set.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlmodel import Session

from flows.commands import Command, Made
from models.document import Document
from models.event import Event, Remark
from tasks.rich_text import tidy


def event_of(
    document: Document,
    actor_id: str,
    step: str,
    action: str,
    revision: int,
    now: datetime,
    made: Made,
) -> Event:
    """The next event of the document's chain, not stored yet."""
    event = Event(
        document_id=document.id,
        seq=document.version + 1,
        school_id=document.school_id,
        at=now,
        actor_id=actor_id,
        step=step,
        action=action,
        revision=revision,
        input_blob=made.input_blob,
        output_blob=made.output_blob,
        data=dict(made.data),
        previous=document.head_hash,
        hash="",
    )
    event.hash = event.digest()
    return event


def record(session: Session, event: Event, remark: Remark | None = None) -> None:
    """Store an event; after the compare-and-set, so that whoever lost the race never gets here."""
    session.add(event)
    session.flush()
    if remark is not None:
        session.add(remark)


def remark_of(event: Event, command: Command) -> Remark | None:
    """The reviewer's words beside the event, hashed into it."""
    text = tidy(command.note).strip()
    parts = {key: tidy(words).strip() for key, words in command.parts.items() if tidy(words).strip()}
    if not text and not parts:
        return None
    remark = Remark(
        document_id=event.document_id, seq=event.seq, text=text, parts=parts, salt=secrets.token_hex(16)
    )
    event.remark_hash = remark.digest()
    event.hash = event.digest()
    return remark
