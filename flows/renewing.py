"""Renewal of the archive: before its newest timestamp ceases to prove, a file gets a further one.

A row for each archived document says until when (`models/proof.py`); it is made from the file itself, so what
was archived before there were rows, or comes from a backup, is looked at by the job. Each renewal is stamped
and validated outside any transaction, stored, and written by `flows/decide.py`; a kill in between leaves a
file nobody names and the document as it was. The earlier file stays: the history names it. No Prefect.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, and_, col, func, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from flows import decide, plan
from flows.archiving import open_stamps
from flows.certification import trust_with_stamps
from models import room
from models.algorithms import digest_for, ends_of
from models.db import Database
from models.document import Document, Signature
from models.errors import NoRoom, RecordsError, Stale, Unavailable
from models.proof import ArchiveProof
from models.run import Incident
from models.settings import VIETNAM, Settings
from models.text import Text
from tasks import archiving
from tasks.blobs import BlobStore
from tasks.certificates import Trust
from tasks.proving import CERTIFICATE, Proof, proof_of
from tasks.signing import archive_timestamp
from tasks.stamp_servers import StampSource

log = logging.getLogger("hososo.renewing")

MONTH = timedelta(days=30)
AT_ONCE = 200
"""Rows read at once."""
LEAST = 500
"""Renewals of one run, if so many are due; more where they would else not be done in half the time left."""
AGAIN = timedelta(hours=20)
"""After a renewal that failed: the next run, a day later, tries again."""
URGENT = timedelta(days=90)
"""With less left than this it is said to everyone who can help: the job should have done it long ago."""
INCIDENT = "renewal"


@dataclass(slots=True)
class Renewed:
    """What a run did. `stopped`: the first reason for which no file at all can be renewed now."""

    looked_at: int = 0
    renewed: int = 0
    failed: int = 0
    stopped: Text | None = None


class Renewal:
    """One run of the job. `going` is asked before each file: False ends the run in good order."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        now: Callable[[], datetime],
        going: Callable[[], bool] = lambda: True,
    ) -> None:
        self._db, self._settings, self._now, self._going = db, settings, now, going
        self._blobs = BlobStore(settings.blobs)
        self._ends = ends_of(settings.algorithm_ends)
        rules = repr((sorted(self._ends.items()), settings.renew_months))
        self._rule = hashlib.sha256(rules.encode()).hexdigest()[:16]
        self.done = Renewed()

    def run(self, most: int | None = None) -> Renewed:
        """Look at the files without a row, then renew what is due, the most urgent first."""
        try:
            self._look()
            with closing(open_stamps(self._settings)) as stamps:
                self._renew_due(self._share() if most is None else most, stamps)
        except (Unavailable, NoRoom) as fault:
            # No time-stamp or no disk: nothing is wrong with the file, and the next one would fare no better.
            self._stop(fault)
        except DBAPIError as fault:
            if not room.lacks(fault):
                raise
            self._stop(NoRoom())
        return self.done

    def _stop(self, fault: RecordsError) -> None:
        self.done.stopped = fault.sentence
        log.warning("renewal stopped: %s", fault.sentence.en)

    def _renew_due(self, left: int, stamps: StampSource) -> None:
        while left > 0 and (some := self._due(min(left, AT_ONCE))):
            for row in some:
                if not self._going():
                    return
                self._renew(row, stamps)
                left -= 1

    # what is due

    def _look(self) -> None:
        """Make the rows that are missing, or were made from an earlier file or by other rules."""
        after = ""
        while True:
            with self._db.read() as session:
                trust = trust_with_stamps(session, self._settings)
                rows = session.exec(
                    select(Document.id, Document.school_id, Document.blob)
                    .join(ArchiveProof, col(ArchiveProof.document_id) == col(Document.id), isouter=True)
                    .where(
                        _kept(),
                        col(Document.id) > after,
                        or_(
                            col(ArchiveProof.blob).is_(None),
                            col(ArchiveProof.blob) != col(Document.blob),
                            col(ArchiveProof.rule) != self._rule,
                        ),
                    )
                    .order_by(col(Document.id))
                    .limit(AT_ONCE)
                ).all()
            for document_id, school_id, blob in rows:
                if not self._going():
                    return
                after = document_id
                self._note(document_id, school_id, blob or "", trust)
            if len(rows) < AT_ONCE:
                return

    def _note(self, document_id: str, school_id: str, blob: str, trust: Trust) -> None:
        self.done.looked_at += 1
        try:
            proof = proof_of(self._blobs.get(blob), trust, self._ends)
        except (OSError, ValueError):
            proof = None
        if proof is None:
            self.done.failed += 1
            now = self._now()
            row = self._row(document_id, school_id, blob, Proof(now, now, CERTIFICATE), now + AGAIN)
            with self._db.write() as session:
                session.merge(row)
                _open_incident(session, document_id, school_id, _UNREADABLE, now)
            return
        with self._db.write() as session:
            session.merge(self._row(document_id, school_id, blob, proof))

    def _row(
        self, document_id: str, school_id: str, blob: str, proof: Proof, try_at: datetime | None = None
    ) -> ArchiveProof:
        # Where certificates are short, not before half their life: else each renewal would ask for the next.
        half = proof.stamped_at + (proof.until - proof.stamped_at) / 2
        return ArchiveProof(
            document_id=document_id,
            school_id=school_id,
            blob=blob,
            stamped_at=proof.stamped_at,
            until=proof.until,
            weakest=proof.weakest,
            renew_at=max(half, proof.until - self._settings.renew_months * MONTH),
            rule=self._rule,
            try_at=try_at,
        )

    def _share(self) -> int:
        """How many to renew in this run: all that are due are to be done in half the time there is."""
        now = self._now()
        with self._db.read() as session:
            due, first = session.exec(
                select(func.count(), func.min(ArchiveProof.until)).where(col(ArchiveProof.renew_at) <= now)
            ).one()
        days = max(1, (first - now).days // 2) if first else 1
        return max(LEAST, -(-due // days))

    def _due(self, limit: int) -> list[ArchiveProof]:
        now = self._now()
        with self._db.read() as session:
            return list(
                session.exec(
                    select(ArchiveProof)
                    .join(Document, col(Document.id) == col(ArchiveProof.document_id))
                    .where(
                        col(ArchiveProof.renew_at) <= now,
                        or_(col(ArchiveProof.try_at).is_(None), col(ArchiveProof.try_at) <= now),
                        _kept(),
                    )
                    .order_by(col(ArchiveProof.until), col(ArchiveProof.document_id))
                    .limit(limit)
                ).all()
            )

    # one file

    def _renew(self, row: ArchiveProof, stamps: StampSource) -> None:
        try:
            renewed = self._made(row, stamps)
        except (Unavailable, NoRoom):
            raise
        except (RecordsError, OSError, ValueError) as fault:
            sentence = fault.sentence if isinstance(fault, RecordsError) else _UNREADABLE
            log.warning("renewal failed document=%s: %s", row.document_id, sentence.en)
            self.done.failed += 1
            now = self._now()
            with self._db.write() as session:
                self._put_off(session, row, now)
                _open_incident(session, row.document_id, row.school_id, sentence, now)
        else:
            self.done.renewed += renewed

    def _made(self, row: ArchiveProof, stamps: StampSource) -> bool:
        """Stamp, validate, store, write. False when nothing was to be gained or the record moved on."""
        now = self._now()
        with self._db.read() as session:
            trust = trust_with_stamps(session, self._settings)
            expected = _expected(session, row.document_id)
        pdf = self._blobs.get(row.blob)
        digest = digest_for(self._ends, now)
        stamped = archive_timestamp(pdf, trust, stamps, now, digest)
        archiving.validate(stamped, trust, now, expected)
        proof = proof_of(stamped, trust, self._ends)
        if proof is None or proof.until <= row.until:
            with self._db.write() as session:
                self._put_off(session, row, now)
                if row.until - now < URGENT:
                    _open_incident(session, row.document_id, row.school_id, _NO_GAIN, now)
            return False
        blob = self._blobs.put(stamped)
        data = {"digest": digest, "proves_until": proof.until.isoformat(timespec="seconds")}
        try:
            written = decide.renew(self._db, row.document_id, found=row.blob, blob=blob, data=data, now=now)
        except Stale:
            written = False
        with self._db.write() as session:
            if written:
                session.merge(self._row(row.document_id, row.school_id, blob, proof))
                _resolve_incident(session, row.document_id, now)
            else:
                self._put_off(session, row, now)  # the next run sees what the record is now
        return written

    def _put_off(self, session: Session, row: ArchiveProof, now: datetime) -> None:
        session.exec(
            update(ArchiveProof)
            .where(col(ArchiveProof.document_id) == row.document_id, col(ArchiveProof.blob) == row.blob)
            .values(try_at=now + AGAIN)
        )


def _kept() -> ColumnElement[bool]:
    """An archived record, in force or replaced; one that was destroyed has no file."""
    return and_(
        col(Document.archived_at).is_not(None),
        col(Document.status).in_(plan.KEPT),
        col(Document.blob).is_not(None),
    )


def _expected(session: Session, document_id: str) -> dict[str, str]:
    """Which field must be signed by which certificate, as the archive demanded it."""
    rows = session.exec(
        select(Signature.field, Signature.certificate)
        .join(Document, col(Document.id) == col(Signature.document_id))
        .where(col(Signature.document_id) == document_id, col(Signature.revision) == col(Document.revision))
    ).all()
    return dict(rows)


# what people are told


def _open_incident(session: Session, document_id: str, school_id: str, cause: Text, now: datetime) -> None:
    incident = session.exec(_incidents(document_id)).first() or Incident(
        school_id=school_id,
        document_id=document_id,
        step="archive",
        kind=INCIDENT,
        sentence_vi="",
        sentence_en="",
        opened_at=now,
        attempts=0,
    )
    sentence = _NOT_RENEWED.format(cause=cause)
    incident.sentence_vi, incident.sentence_en = sentence.vi[:400], sentence.en[:400]
    incident.attempts += 1
    incident.retry_at = now + AGAIN
    session.add(incident)


def _resolve_incident(session: Session, document_id: str, now: datetime) -> None:
    for incident in session.exec(_incidents(document_id)):
        incident.resolved_at, incident.resolved_by, incident.retry_at = now, plan.SYSTEM, None
        session.add(incident)


def _incidents(document_id: str) -> SelectOfScalar[Incident]:
    return select(Incident).where(
        col(Incident.document_id) == document_id,
        col(Incident.kind) == INCIDENT,
        col(Incident.resolved_at).is_(None),
    )


@dataclass(frozen=True, slots=True)
class Behind:
    """Files whose proof ends soon though they should have been renewed long ago."""

    files: int
    first: datetime

    @property
    def day(self) -> str:
        """The day on which the first of them ceases to prove."""
        return f"{self.first.astimezone(VIETNAM):%d/%m/%Y}"


def behind(session: Session, now: datetime, school_id: str = "") -> Behind | None:
    """What the job has not managed to renew, of one school or of all; None while all is well."""
    late = [
        col(ArchiveProof.until) < now + URGENT,
        col(ArchiveProof.renew_at) <= now,
        *([col(ArchiveProof.school_id) == school_id] if school_id else []),
    ]
    files, first = session.exec(
        select(func.count(), func.min(ArchiveProof.until))
        .join(Document, col(Document.id) == col(ArchiveProof.document_id))
        .where(_kept(), *late)
    ).one()
    return Behind(files, first) if files and first else None


_UNREADABLE = Text(
    "Tệp lưu trữ bị thiếu, bị hỏng hoặc không có dấu thời gian lưu trữ. Lấy lại tệp từ bản sao lưu.",
    "The archived file is missing, damaged or has no archive timestamp. Restore it from the backup.",
)
_NO_GAIN = Text(
    "Chứng thư của máy chủ dấu thời gian hết hạn quá sớm. Đổi máy chủ trong HOSOSO_TSA_URL.",
    "The time-stamp authority's certificate ends too soon. Name another authority in HOSOSO_TSA_URL.",
)
_NOT_RENEWED = Text(
    "Chưa gia hạn được dấu thời gian lưu trữ. {cause}", "The archive timestamp could not be renewed. {cause}"
)
