"""The only writer of a document's step.

`decide` for people, `settle` and `renew` for the machine's archive, `begin` for a new draft. One transaction
each: who may act here? → compare-and-set on (id, version) → event, signature, waiting rows, notices. What
must be made first (a PDF, a signature) is made before the transaction by `flows/performing.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Update, bindparam, update
from sqlmodel import Session, col, select

from flows import aftermath, duties, mark_rows, plan, telling
from flows.candidates import standing_in
from flows.catalogue import type_of
from flows.commands import Command, Decided, Here, Made
from flows.grammar import Draft, Step
from flows.lapsing import permitted
from flows.links import links_of
from flows.office import Office
from flows.opening import open_step
from flows.people import Actor, Standing
from flows.performing import OpenKey, perform, release
from flows.permits import refuse_otherwise, wrong_step
from flows.plan import SYSTEM, Happened, Position
from flows.posts import subject_of
from flows.reading import as_happened, read
from flows.recording import columns_of, event_of, keep, record, remark_of, stand_in, take_back
from flows.repeated import repeated, result
from models.db import Database
from models.document import Document, Revision
from models.errors import Stale
from models.event import Event
from models.indexing import index
from models.statements import change
from models.text import Text


def decide(office: Office, command: Command, key: OpenKey | None = None) -> Decided:
    """Carry out a person's decision, once.

    The same person repeating the same action on the same version gets the stored result. Refusals, in this
    order: NotFound, Stale, WrongStep, NotYours, Invalid, Locked, BadPin, Unavailable. `key` is an item
    of a signing round (`flows/batches.py`); without it the PIN opens the key for this one signature.
    """
    with office.db.read() as session:
        here = read(session, command.document_id, command.actor.school_id)
        done = repeated(session, here, command)
    while done is None:
        try:
            tried = _decided(office, here, command, key)
        except Stale:
            moved = _moved_on(office, here, command)
            if moved is None:
                raise
            tried = moved
        if isinstance(tried, Decided):
            return tried
        here = tried
    return done


def _moved_on(office: Office, here: Here, command: Command) -> Decided | Here | None:
    """The document as it is now, where it was at a group and others decided meanwhile: to be tried again.

    Or the result, where this very decision was among theirs.
    """
    if not here.position.grouped:
        return None
    with office.db.read() as session:
        now = read(session, here.document.id, here.document.school_id)
        done = repeated(session, now, command)
    return done or (now if now.document.version != here.document.version else None)


def _decided(office: Office, here: Here, command: Command, key: OpenKey | None) -> Decided | Here:
    """One try, on the document as it was found.

    The document as it is now, where another part of the same group was done meanwhile: the file has another
    signature, so this one is made again on that. Each part is done once, so there is an end to this.
    """
    found = here.document.version
    step = permitted(office.db, here, command)
    standing = plan.standing(here.position, step, command.actor, here.subject)
    made = perform(office, here, step, command, key)
    try:
        with office.db.write() as session:
            here = read(session, command.document_id, command.actor.school_id)
            done = repeated(session, here, command)
            if done:
                release(session, command.document_id, command.actor.id)
                return done
            now = office.now()
            if command.actor.covers:  # a delegation may have ended meanwhile
                command = replace(command, actor=standing_in(session, command.actor, now))
            step = permitted(office.db, here, command)
            if here.document.version != found:
                release(session, command.document_id, command.actor.id)
                return here
            refuse_otherwise(here, step, command, standing)
            decided = _write(session, here, step, command, standing, made, now)
            if key:
                key.stood(session)
    except BaseException:
        if made.leased:
            with office.db.write() as session:
                release(session, command.document_id, command.actor.id)
        raise
    office.poke()
    return decided


def begin(
    session: Session, document: Document, actor: Actor, now: datetime, data: Mapping[str, Any] | None = None
) -> None:
    """A new draft's first event, in the caller's transaction; `data`: what it is based on, or linked to."""
    declared = type_of(document.type)
    document.version = 0
    event = event_of(session, document, actor.id, "draft", "create", 0, now, Made(data=data or {}))
    document.version, document.head_hash = 1, event.hash
    record(session, event)
    document.status, document.step = "draft", declared.steps[0].name
    position = Position(declared.steps[0], "draft", 0, 1)
    open_step(session, Here(document, declared, position, subject_of(session, document), 1), now)


def _write(
    session: Session,
    here: Here,
    step: Step,
    command: Command,
    standing: Standing | None,
    made: Made,
    now: datetime,
) -> Decided:
    document = here.document
    cover = standing.cover if standing and command.action != plan.WITHDRAW else None
    if cover:
        stood = {"stood_for": cover.absent_id, "delegation": cover.delegation_id}
        made = replace(made, data={**made.data, **stood, "authorisation": cover.number})
    if command.action == "submit" and made.content_version != document.content_version:
        raise Stale(
            Text(
                "Bản nháp vừa được lưu thêm ở cửa sổ khác. Xem lại rồi trình lần nữa.",
                "The draft was saved again in another window. Look at it, then submit once more.",
            )
        )
    event = event_of(
        session, document, command.actor.id, step.name, command.action, _revision(here, command), now, made
    )
    remark = remark_of(event, command)
    done = as_happened(event.seq, event.actor_id, event.step, event.action, event.revision, event.data)
    position = plan.follow(here.declared, here.position, done)
    values = columns_of(here, command, made, event, position)
    if command.action == "return" and not isinstance(position.step, Draft):
        values["blob"] = take_back(session, document, position)
    _swap(session, document, values)
    if made.number or "witness_id" in values:
        index(session.connection(), document.id)
    record(session, event, remark)
    keep(session, here, step, command, made, event, position)
    if cover:
        stand_in(session, event, cover)
    mark_rows.decided(session, document.id, command.actor.id, command.action)
    moved = Here(document, here.declared, position, here.subject, event.seq)
    people = open_step(session, moved, now)
    duties.follow(session, document, here.declared, position, now)
    if command.action == plan.WITHDRAW:
        telling.tell_withdrawn(session, document, here.position, event, now)
    else:
        telling.tell(session, document, moved.declared, position, event, people, now)
    aftermath.follow(session, document, here.position.status, position, event)
    if position.status == "approved" and here.position.status != "approved":
        _replace(session, document, now)
    return result(document)


def note_handed_over(
    session: Session, here: Here, step: Step, actor: Actor, data: Mapping[str, str], now: datetime
) -> None:
    """The event of a record of which an open step was given to another (`flows/handing.py`); it stays."""
    document = here.document
    made = Made(data=data)
    event = event_of(session, document, actor.id, step.name, plan.DELEGATE, here.position.revision, now, made)
    _swap(
        session,
        document,
        {"version": document.version + 1, "head_hash": event.hash, "updated_at": now, "settled": False},
    )
    record(session, event)


def note_destroyed(
    session: Session, here: Here, actor: Actor, data: Mapping[str, str], now: datetime
) -> Event:
    """The event of a record whose words and files are destroyed (`flows/destroying.py`); its row is emptied.

    WrongStep unless it is archived.
    """
    document = here.document
    if not plan.destroyable(here.position):
        raise wrong_step(here)
    step, made = here.declared.archive.name, Made(data=data)
    event = event_of(session, document, actor.id, step, plan.DESTROY, here.position.revision, now, made)
    done = as_happened(event.seq, event.actor_id, step, event.action, event.revision, event.data)
    values = {
        "version": document.version + 1,
        "status": plan.follow(here.declared, here.position, done).status,
        "head_hash": event.hash,
        "title": here.declared.name.vi,
        "fields": {},
        "blob": None,
        "unique_key": None,
        "updated_at": now,
    }
    _swap(session, document, values)
    record(session, event)
    return event


def _replace(session: Session, successor: Document, now: datetime) -> None:
    """What an approved document replaces is replaced, in the same transaction; it stays on record."""
    old_id = links_of(session, successor.id).replaces
    if old_id is None:
        return
    session.exec(select(Document.version).where(col(Document.id) == old_id).with_for_update()).one()
    here = read(session, old_id, successor.school_id)
    if here.position.status not in plan.DONE:
        return
    document = here.document
    step = (here.position.step or here.declared.archive).name
    made = Made(data={"successor": successor.id})
    event = event_of(session, document, SYSTEM, step, plan.REPLACE, here.position.revision, now, made)
    values = {
        "version": document.version + 1,
        "status": "replaced",
        "head_hash": event.hash,
        "updated_at": now,
    }
    _swap(session, document, values)
    record(session, event)
    position = replace(here.position, status="replaced")
    duties.follow(session, document, here.declared, position, now)


def _swap(session: Session, document: Document, values: Mapping[str, Any]) -> None:
    """The compare-and-set: every column at once, or Stale; the event says what the row has."""
    found = {
        "of_document": document.id,
        "at_version": document.version,
        "at_content": document.content_version,
        "until": document.due_at,
    }
    new = {f"new_{name}": value for name, value in values.items()}
    if change(session, _swapping(tuple(values)), **found, **new) != 1:
        raise Stale(
            Text(
                "Có người vừa quyết định trước trên hồ sơ này. Tải lại trang để xem kết quả.",
                "Someone decided on this record first. Reload the page to see the result.",
            )
        )
    for name, value in values.items():
        setattr(document, name, value)


@functools.lru_cache(maxsize=64)
def _swapping(names: tuple[str, ...]) -> Update:
    """Sets these columns of the row that was found."""
    return (
        update(Document)
        .where(
            col(Document.id) == bindparam("of_document"),
            col(Document.version) == bindparam("at_version"),
            col(Document.content_version) == bindparam("at_content"),
            col(Document.due_at).is_not_distinct_from(bindparam("until")),
        )
        .values({name: bindparam(f"new_{name}") for name in names})
    )


def _revision(here: Here, command: Command) -> int:
    return here.position.revision + (command.action == "submit")


def settle(
    office: Office,
    document_id: str,
    opened_seq: int,
    *,
    blob: str,
    keep_until: datetime | None,
    data: Mapping[str, Any],
) -> bool:
    """The machine's decision `archive`, once: False when the step opened by that event is already done.

    The gate (validation, archive timestamp) is the caller's and stands in the ledger.
    """
    now = office.now()
    with office.db.write() as session:
        school_id = session.exec(select(Document.school_id).where(col(Document.id) == document_id)).first()
        if school_id is None:
            return False
        here = read(session, document_id, school_id)
        document = here.document
        if not here.position.automatic or here.position.opened_seq != opened_seq:
            return False
        step = here.position.step
        assert step is not None
        told = {**data, "keep_until": keep_until.astimezone(UTC).isoformat() if keep_until else None}
        made = Made(input_blob=document.blob, output_blob=blob, data=told)
        event = event_of(session, document, SYSTEM, step.name, "archive", here.position.revision, now, made)
        position = plan.follow(
            here.declared,
            here.position,
            Happened(event.seq, SYSTEM, step.name, "archive", event.revision),
        )
        _swap(
            session,
            document,
            {
                "version": document.version + 1,
                "status": position.status,
                "step": "",
                "head_hash": event.hash,
                "blob": blob,
                "archived_at": now,
                "keep_until": keep_until,
                "updated_at": now,
            },
        )
        record(session, event)
        session.exec(
            update(Revision)
            .where(col(Revision.document_id) == document_id, col(Revision.number) == position.revision)
            .values(final=blob)
        )
        mark_rows.archived(session, document_id)
        duties.carry(session, document_id, blob)
        telling.tell(session, document, here.declared, position, event, (), now)
    return True


def renew(
    db: Database, document_id: str, *, found: str, blob: str, data: Mapping[str, Any], now: datetime
) -> bool:
    """The machine's decision `renew`: the archived file `found` has a further archive timestamp as `blob`.

    Where the document stands, its place in lists and what its owner owes stay as they are. False when the
    file is another one by now, or the document is no longer kept.
    """
    with db.write() as session:
        school_id = session.exec(select(Document.school_id).where(col(Document.id) == document_id)).first()
        if school_id is None:
            return False
        here = read(session, document_id, school_id)
        document = here.document
        if document.blob != found or document.status not in plan.KEPT or here.position.step is not None:
            return False
        made = Made(input_blob=found, output_blob=blob, data=dict(data))
        step = here.declared.archive.name
        event = event_of(session, document, SYSTEM, step, plan.RENEW, here.position.revision, now, made)
        values = {"version": document.version + 1, "head_hash": event.hash, "blob": blob}
        if document.dispatched == document.version:
            values["dispatched"] = document.version + 1  # there is nothing in this for the worker
        _swap(session, document, values)
        record(session, event)
        session.exec(
            update(Revision)
            .where(col(Revision.document_id) == document_id, col(Revision.number) == here.position.revision)
            .values(final=blob)
        )
    return True
