"""A document's next event: made, hashed to the one before, stored with the words and the rows it brings.

Only `flows/decide.py` calls this, after its compare-and-set.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, update
from sqlmodel import Session, col, select

from flows import admitting, plan
from flows.belonging import AFTER, BELONGS, after, belongs
from flows.commands import Command, Here, Made
from flows.grammar import Step
from flows.people import Cover
from flows.plan import Position
from models.delegation import Substitution
from models.document import Document, Revision, SeriesNumber, Signature
from models.event import Event, Remark
from models.statements import change, store
from tasks.rich_text import tidy


def event_of(
    session: Session,
    document: Document,
    actor_id: str,
    step: str,
    action: str,
    revision: int,
    now: datetime,
    made: Made,
) -> Event:
    """The next event of the document's chain, not stored yet."""
    beside: dict[str, Any] = {BELONGS: belongs(document)}
    if newest := after(session, document):
        beside[AFTER] = newest
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
        data=dict(made.data) | beside,
        previous=document.head_hash,
        hash="",
    )
    event.hash = event.digest()
    return event


def columns_of(here: Here, command: Command, made: Made, event: Event, position: Position) -> dict[str, Any]:
    """What a person's decision sets in the document's row, the file of a return apart; pure."""
    document = here.document
    values: dict[str, Any] = {
        "version": document.version + 1,
        "status": position.status,
        "step": position.step.name if position.step else "",
        "revision": position.revision,
        "head_hash": event.hash,
        "updated_at": event.at,
        "settled": False,
    }
    if made.output_blob:
        values["blob"] = made.output_blob
    if made.leased:
        values |= {"signing_until": None, "signing_by": None}
    if command.action == "sign" and document.first_signed_at is None:
        values["first_signed_at"] = command.arrived
    if position.status == "approved" and document.approved_at is None:
        values["approved_at"] = event.at
    if made.number:
        values["number"] = made.number
    if position.witness != (document.witness_id or ""):
        values["witness_id"] = position.witness or None
    if command.action == plan.WITHDRAW:
        values["unique_key"] = None  # another may now stand for the same week
    return values


def record(session: Session, event: Event, remark: Remark | None = None) -> None:
    """Store an event; after the compare-and-set, so that whoever lost the race never gets here."""
    store(session, event)
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


def stand_in(session: Session, event: Event, cover: Cover) -> None:
    """The decision was made in the place of who is away."""
    stood = Substitution(
        document_id=event.document_id,
        seq=event.seq,
        school_id=event.school_id,
        revision=event.revision,
        action=event.action,
        delegation_id=cover.delegation_id,
        absent_id=cover.absent_id,
    )
    store(session, stood)


def take_back(session: Session, document: Document, position: Position) -> str:
    """Of a return within the signing round: drop the signatures that no longer stand; the file before them.

    The events keep who signed what, and their files stay.
    """
    here = (col(Signature.document_id) == document.id, col(Signature.revision) == position.revision)
    session.exec(delete(Signature).where(*here, col(Signature.step).not_in(position.signed)))
    last = session.exec(select(Signature).where(*here, col(Signature.step).in_(position.signed[-1:]))).first()
    row = session.get_one(Revision, (document.id, position.revision))
    row.final = last.output_blob if last else row.pdf
    session.add(row)
    return row.final


def keep(
    session: Session,
    here: Here,
    step: Step,
    command: Command,
    made: Made,
    event: Event,
    position: Position,
) -> None:
    """The revision a submit froze, or the signature a decision made, and the number it used."""
    document = here.document
    if made.frozen is not None:
        session.exec(
            delete(Revision).where(
                col(Revision.document_id) == document.id, col(Revision.number) == event.revision
            )
        )
        session.add(
            Revision(
                document_id=document.id,
                number=event.revision,
                school_id=document.school_id,
                created_at=event.at,
                final=made.output_blob or "",
                **made.frozen,
            )
        )
    if made.signature is not None:
        admitting.note_use(session, command.actor.id, made.signature["certificate"], event.at)
        signature = Signature(
            school_id=document.school_id,
            document_id=document.id,
            revision=position.revision,
            step=step.name,
            field=plan.field_of(step),
            account_id=command.actor.id,
            input_blob=made.input_blob or "",
            output_blob=made.output_blob or "",
            **made.signature,
        )
        store(session, signature)
        newest = {"of_document": document.id, "of_revision": position.revision, "blob": made.output_blob}
        change(session, _SIGNED, **newest)
    reserved = update(SeriesNumber).where(
        col(SeriesNumber.document_id) == document.id, col(SeriesNumber.state) == "reserved"
    )
    if made.number and step.numbers:
        session.exec(reserved.values(state="used", at=event.at))
    elif command.action == plan.WITHDRAW:
        session.exec(reserved.values(state="void", reason="Người soạn rút hồ sơ trước khi ký duyệt"))


_SIGNED = (
    update(Revision)
    .where(
        col(Revision.document_id) == bindparam("of_document"),
        col(Revision.number) == bindparam("of_revision"),
    )
    .values(final=bindparam("blob"))
)
