"""The ledger: an automatic step of a document is done once for the event that opened it.

`perform` runs an effect under its entry; what fails becomes an incident, with the time of the next try where
trying again can help. Effects carry their own key (a file is named by its content), so that one interrupted
between its effect and its entry may simply run again. No Prefect, no effect of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from flows.office import Office
from models.db import Database
from models.errors import RecordsError
from models.run import Incident, LedgerEntry
from models.text import Text

logger = logging.getLogger("hososo.ledger")

PAUSES = (timedelta(seconds=5), timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5))
"""How long to wait after the first, second … failure; the last repeats."""


class StepFailed(Exception):
    """An automatic step failed and its incident is written. Holds ids and a code only: Prefect shows it."""

    def __init__(self, step: str, code: str) -> None:
        super().__init__(f"{step}: {code}")
        self.step, self.code = step, code


@dataclass(frozen=True, slots=True)
class Key:
    """Which doing of which step: the entry's primary key, and the school it belongs to."""

    document_id: str
    school_id: str
    opened_seq: int
    step: str


def perform(
    office: Office,
    key: Key,
    effect: Callable[[], str],
    final: tuple[type[RecordsError], ...] = (),
) -> str:
    """The step's result, made now or found in the ledger. Raises StepFailed after writing the incident.

    An error of a class in `final` is not tried again by itself. The caller
    holds the document's lease: two workers never do the same entry at the same time.
    """
    done = _start(office.db, key, office.now())
    if done is not None:
        return done
    try:
        result = effect()
    except RecordsError as error:
        _fail(office, key, error.code, error.sentence, again=not isinstance(error, final))
        raise StepFailed(key.step, error.code) from None
    except Exception as error:
        logger.exception("step failed document=%s step=%s", key.document_id, key.step)
        code = type(error).__name__
        _fail(office, key, code, _UNEXPECTED.format(code=code), again=True)
        raise StepFailed(key.step, code) from None
    _finish(office.db, key, result, office.now())
    return result


def _start(db: Database, key: Key, now: datetime) -> str | None:
    """The stored result, or None after noting that the step begins."""
    with db.write() as session:
        entry = session.get(LedgerEntry, (key.document_id, key.opened_seq, key.step))
        if entry is None:
            session.add(
                LedgerEntry(
                    document_id=key.document_id,
                    opened_seq=key.opened_seq,
                    step=key.step,
                    school_id=key.school_id,
                    state="running",
                    started_at=now,
                )
            )
            return None
        if entry.state == "done":
            return entry.result
        entry.state, entry.started_at, entry.finished_at = "running", now, None
        entry.attempts += 1
        return None


def _finish(db: Database, key: Key, result: str, now: datetime) -> None:
    with db.write() as session:
        entry = session.get_one(LedgerEntry, (key.document_id, key.opened_seq, key.step))
        entry.state, entry.finished_at, entry.result, entry.error = "done", now, result, ""
        resolve(session, key.document_id, key.step, now)


def _fail(office: Office, key: Key, code: str, cause: Text, *, again: bool) -> None:
    now = office.now()
    with office.db.write() as session:
        entry = session.get_one(LedgerEntry, (key.document_id, key.opened_seq, key.step))
        entry.state, entry.finished_at, entry.error = "failed", now, code[:400]
        incident = _open_incident(session, key)
        attempts = incident.attempts + 1 if incident else 1
        retry_at = now + PAUSES[min(attempts, len(PAUSES)) - 1] if again else None
        sentence = _STOPPED.format(cause=cause) if retry_at is None else cause
        if incident is None:
            incident = Incident(
                school_id=key.school_id,
                document_id=key.document_id,
                step=key.step,
                kind="step-failed",
                sentence_vi="",
                sentence_en="",
                opened_at=now,
            )
        incident.sentence_vi, incident.sentence_en = sentence.vi[:400], sentence.en[:400]
        incident.attempts, incident.retry_at = attempts, retry_at
        session.add(incident)
    logger.warning(
        "incident document=%s step=%s code=%s attempts=%d retry_at=%s",
        key.document_id,
        key.step,
        code,
        attempts,
        retry_at.isoformat() if retry_at else "never",
    )


def _open_incident(session: Session, key: Key) -> Incident | None:
    return session.exec(
        select(Incident).where(
            col(Incident.document_id) == key.document_id,
            col(Incident.step) == key.step,
            col(Incident.kind) == "step-failed",
            col(Incident.resolved_at).is_(None),
        )
    ).first()


def resolve(session: Session, document_id: str, step: str, now: datetime) -> None:
    """Close the open incident of a step that is done."""
    session.exec(
        update(Incident)
        .where(
            col(Incident.document_id) == document_id,
            col(Incident.step) == step,
            col(Incident.kind) == "step-failed",
            col(Incident.resolved_at).is_(None),
        )
        .values(resolved_at=now, resolved_by="system", retry_at=None)
    )


_STOPPED = Text(
    "{cause} Hệ thống không tự thử lại; xem hồ sơ rồi cho chạy lại khi đã rõ nguyên nhân.",
    "{cause} It is not tried again by itself; look at the record, then run it again.",
)
_UNEXPECTED = Text("Lỗi ngoài dự kiến ({code}).", "An unexpected error ({code}).")
