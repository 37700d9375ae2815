"""A signing round: many documents decided and signed with one PIN, each on its own.

The PIN opens the key in children that die with the round. Each item is one ordinary decision, so a crash
leaves it decided once or untouched; what is untouched stays `queued` and the round becomes `stopped`.
Resuming is a new round and asks for the PIN again.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from flows import admitting, keyring
from flows.commands import Command
from flows.decide import decide
from flows.leases import alive
from flows.office import Office
from flows.people import Actor
from models.batch import Batch, BatchItem
from models.document import Document
from models.errors import BadPin, Fault, Invalid, NoRoom, NotFound, RecordsError
from models.event import Event
from models.statements import ask, change
from models.text import Text
from tasks.keys import Secret, check_form
from tasks.signing import Signed, SignRequest

log = logging.getLogger("hososo.batches")

MOST = 500
HELD = timedelta(minutes=1)
"""The worker's follow-up work waits so long for a round: 200 signatures take six seconds without it."""
ACTIONS = {"approve": "person", "sign": "person", "seal": "seal"}
SIGNERS = 2
_RUNNING: set[str] = set()
"""Rounds whose lanes live in this process: what is nobody's, the sweep closes."""
LANES = 8
"""Threads that carry items: while two signatures are made, other items are read and written."""


@dataclass(frozen=True, slots=True)
class ItemSeen:
    """One line of a round."""

    item: BatchItem
    document: Document


@dataclass(frozen=True, slots=True)
class Progress:
    """A round as a page shows it."""

    batch: Batch
    items: tuple[ItemSeen, ...]
    counts: dict[str, int]

    @property
    def finished(self) -> int:
        return self.counts.get("signed", 0) + self.counts.get("refused", 0)


def start(
    office: Office,
    actor: Actor,
    action: str,
    pin: Secret,
    items: Sequence[tuple[str, int]],
    arrived: datetime,
) -> str:
    """Open the key, write the manifest, begin; the round's id. BadPin, Locked: nothing was written."""
    if action not in ACTIONS:
        sentence = Text("Không ký hàng loạt được việc này.", "This cannot be done in a signing round.")
        raise Invalid(sentence, (Fault("action", sentence),))
    if not 0 < len(items) <= MOST or len({i for i, _ in items}) != len(items):
        sentence = Text(
            f"Chọn từ 1 đến {MOST} hồ sơ, mỗi hồ sơ một lần.", f"Choose 1 to {MOST} records, each once."
        )
        raise Invalid(sentence, (Fault("items", sentence),))
    check_form(pin)
    now = office.now()
    with office.db.read() as session:
        key = admitting.usable_key(session, actor.id, "seal" if ACTIONS[action] == "seal" else "person", now)
        known = set(
            session.exec(
                select(Document.id).where(
                    col(Document.school_id) == actor.school_id,
                    col(Document.id).in_([i for i, _ in items]),
                )
            ).all()
        )
    if len(known) != len(items):
        raise NotFound
    keyring.ensure_not_paused(key, now)
    signers = ExitStack()
    try:
        sign = signers.enter_context(office.signers.batch(key.protected, pin, key.account_id, SIGNERS))
    except BadPin:
        raise keyring.pin_failed(office.db, key.id, now) from None
    try:
        keyring.pin_worked(office.db, key.id, now)
        batch = Batch(
            school_id=actor.school_id,
            account_id=actor.id,
            action=action,
            holder=office.name,
            created_at=now,
        )
        with office.db.write() as session:
            session.add(batch)
            session.flush()
            for position, (document_id, version) in enumerate(items):
                session.add(
                    BatchItem(
                        batch_id=batch.id,
                        position=position,
                        school_id=actor.school_id,
                        document_id=document_id,
                        version=version,
                    )
                )
    except BaseException:
        signers.close()
        raise
    _RUNNING.add(batch.id)
    threading.Thread(
        target=_run,
        args=(office, actor, batch.id, action, signers, sign, key.fingerprint, arrived),
        name=f"round-{batch.id}",
    ).start()
    return batch.id


def _run(
    office: Office,
    actor: Actor,
    batch_id: str,
    action: str,
    signers: ExitStack,
    sign: Callable[[SignRequest], Signed],
    fingerprint: str,
    arrived: datetime,
) -> None:
    """Work through the manifest in lanes; whatever happens, the key's children die and the end is written.

    Where the disk takes nothing more, the rest stays untouched and `sweep_stopped` writes the end later.
    """
    todo: queue.SimpleQueue[tuple[int, str, int]] = queue.SimpleQueue()
    stopped = threading.Event()
    with office.db.read() as session:
        for item in session.exec(
            select(BatchItem).where(col(BatchItem.batch_id) == batch_id).order_by(col(BatchItem.position))
        ).all():
            todo.put((item.position, item.document_id, item.version))

    def lane() -> None:
        while True:
            try:
                position, document_id, version = todo.get_nowait()
            except queue.Empty:
                return
            try:
                command = Command(document_id, action, version, actor, arrived)
                _one(_Item(office, batch_id, position, sign, fingerprint), command)
            except NoRoom:
                stopped.set()
            if stopped.is_set():
                return

    lanes = [threading.Thread(target=lane, name=f"{batch_id}-{n}") for n in range(LANES)]
    try:
        for thread in lanes:
            thread.start()
        for thread in lanes:
            thread.join()
    finally:
        signers.close()
        _RUNNING.discard(batch_id)
        if stopped.is_set():
            log.error("round %s stopped: no room", batch_id)
        else:
            with suppress(NoRoom), office.db.write() as session:
                session.exec(
                    update(Batch)
                    .where(col(Batch.id) == batch_id)
                    .values(state="done", finished_at=office.now())
                )
        office.poke()  # the worker held back meanwhile


def _one(item: _Item, command: Command) -> None:
    """Decide one item and note what became of it; NoRoom when it cannot be noted."""
    try:
        if decide(item.office, command, item).repeated:
            item.ended("signed")
    except NoRoom:
        raise
    except RecordsError as refusal:
        item.ended("refused", refusal)
    except Exception:
        log.exception("item failed document=%s", command.document_id)
        item.ended("refused", _FAILED)


_FAILED = RecordsError(
    Text(
        "Ký không thành công do lỗi hệ thống; hồ sơ chưa thay đổi. Ký lại hồ sơ này sau.",
        "Signing failed because of a fault in the system; the record is unchanged. Sign it again later.",
    )
)


class _Item:
    """One line of the manifest while it is decided (`performing.OpenKey`)."""

    def __init__(
        self,
        office: Office,
        batch_id: str,
        position: int,
        sign: Callable[[SignRequest], Signed],
        fingerprint: str,
    ) -> None:
        self.office, self.fingerprint = office, fingerprint
        self._row = {"of_batch": batch_id, "at": position}
        self.sign = sign

    def begun(self, session: Session) -> None:
        change(session, _BEGUN, **self._row)

    def stood(self, session: Session) -> None:
        change(session, _STANDS, **self._row, now=self.office.now())

    def ended(self, state: str, refusal: RecordsError | None = None) -> None:
        """Of an item that made no decision here: refused, or decided before."""
        words = (
            {
                "code": refusal.code,
                "sentence_vi": refusal.sentence.vi[:400],
                "sentence_en": refusal.sentence.en[:400],
            }
            if refusal
            else {}
        )
        values = {"state": state, "finished_at": self.office.now(), **words}
        with self.office.db.write() as session:
            change(session, _ROW.values(**values), **self._row)


_ROW = update(BatchItem).where(
    col(BatchItem.batch_id) == bindparam("of_batch"), col(BatchItem.position) == bindparam("at")
)
_BEGUN = _ROW.values(state="signing")
_STANDS = _ROW.values(state="signed", finished_at=bindparam("now"))


def runs(session: Session, now: datetime) -> bool:
    """Is someone signing a round at this moment? One that takes longer than `HELD` no longer counts."""
    return bool(ask(session, _FRESH, since=now - HELD))


_RUNNING_NOW = select(Batch.id).where(col(Batch.state) == "running")
_FRESH = _RUNNING_NOW.where(col(Batch.created_at) > bindparam("since")).limit(1)


# SQLModel gives columns the type of their values.
_SHOWN = load_only(Document.id, Document.title, Document.owner_id, raiseload=True)  # type: ignore[arg-type]
"""A page asks every second while a round runs."""


def progress(session: Session, actor: Actor, batch_id: str) -> Progress:
    """A round of this person's; NotFound for anyone else's."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.school_id != actor.school_id or batch.account_id != actor.id:
        raise NotFound
    rows = session.exec(
        select(BatchItem, Document)
        .join(Document, col(Document.id) == col(BatchItem.document_id))
        .where(col(BatchItem.batch_id) == batch_id)
        .order_by(col(BatchItem.position))
        .options(_SHOWN)
    ).all()
    items = tuple(ItemSeen(*row) for row in rows)
    return Progress(batch, items, dict(Counter(i.item.state for i in items)))


def sweep_stopped(office: Office) -> int:
    """Close the rounds whose process is gone: items in the middle are told apart by the documents' events."""
    now = office.now()
    closed = 0
    with office.db.read() as session:
        if all(batch_id in _RUNNING for (batch_id,) in ask(session, _RUNNING_NOW)):
            return 0
    with office.db.write() as session:
        living = {beat.name for beat in alive(session, "web", now)}
        for batch in session.exec(select(Batch).where(col(Batch.state) == "running")).all():
            if batch.id in _RUNNING or batch.holder in living - {office.name}:
                continue
            for item in session.exec(select(BatchItem).where(col(BatchItem.batch_id) == batch.id)).all():
                if item.state in ("queued", "signing"):
                    _settle_item(session, batch, item, now)
            batch.state, batch.finished_at = "stopped", now
            session.add(batch)
            closed += 1
    return closed


def _settle_item(session: Session, batch: Batch, item: BatchItem, now: datetime) -> None:
    """Signed when the decision stands, untouched otherwise."""
    seen = select(Event.revision).where(
        col(Event.document_id) == item.document_id, col(Event.seq) == item.version
    )
    own = select(Event.seq).where(  # the very next, or after what others did at the same group
        col(Event.document_id) == item.document_id,
        col(Event.seq) > item.version,
        col(Event.revision) == seen.scalar_subquery(),
        col(Event.actor_id) == batch.account_id,
        col(Event.action) == batch.action,
    )
    stands = session.exec(own).first() is not None
    item.state = "signed" if stands else "queued"
    item.finished_at = now if stands else None
    session.add(item)
