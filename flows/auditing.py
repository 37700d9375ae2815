"""The audit: everything that was decided, held against the hashes, the roots and the files.

Linear in what there is, on a system that goes on working: rows are read in one consistent view, files after
it. It finds what was changed, taken away, put in or exchanged; what it can and cannot know stands in
docs/decisions/0021-audit-and-evidence.md. Changes nothing but its own row (`record`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from flows import audit_chain, audit_files, audit_roots, audit_rows, audit_unreadable, kept_rows, roots
from flows.audit_files import Archived
from flows.audit_findings import Finding, Findings, finding
from flows.certification import trust_with_stamps
from flows.kept_rows import UNREADABLE
from flows.office import Office
from models.audit import AuditRun
from models.db import Database
from models.document import Document
from models.errors import RecordsError, Unavailable
from models.text import Text
from tasks.certificates import Trust

Progress = Callable[[Text, int, int], None]
"""Told what is looked at, how many are done, how many there are."""

RECORDS = Text("Hồ sơ và chuỗi sự kiện", "Records and their events")
FILES = Text("Tệp", "Files")
SIGNATURES = Text("Chữ ký trong tệp lưu trữ", "Signatures of archived files")


@dataclass(frozen=True, slots=True)
class Asked:
    """How far to look: one school or all, the files' bytes, their signatures, a root somebody kept."""

    school_id: str = ""
    files: bool = True
    signatures: bool = True
    root: str = ""


@dataclass(slots=True)
class Audit:
    """What an audit came to."""

    asked: Asked
    started_at: datetime
    finished_at: datetime
    root_number: int = 0
    root_hash: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    """documents, events, roots, files, validated: how many were looked at; uncommitted: documents with
    events that no root commits to yet; unstamped: roots that no time-stamp covers yet."""
    findings: Findings = field(default_factory=Findings)

    @property
    def holds(self) -> bool:
        return not self.findings.total

    @property
    def first(self) -> Finding | None:
        """The first thing that was found."""
        return next(iter(self.findings.kept), None)


def _quiet(_what: Text, _done: int, _all: int) -> None:
    """Nobody watches."""


def audit(office: Office, asked: Asked, cores: int = 1, progress: Progress = _quiet) -> Audit:
    """Look through everything. Validates with `cores` children of the office's intake pool at once."""
    now = office.now()
    made = Audit(asked, now, now)
    with office.db.read() as session:
        trust = _trust(session, office, made.findings)
        archived = _rows(session, made, trust, now, progress)
        names = audit_files.named(session) if asked.files else {}
    if names:
        _files(office, made, names, cores, progress)
    if asked.signatures and trust.roots:
        _validate(office, made, archived, trust, cores, progress)
    made.finished_at = office.now()
    return made


def _trust(session: Session, office: Office, found: Findings) -> Trust:
    """What signatures are checked against; nothing, which is told, where the authority's rows are gone."""
    try:
        return trust_with_stamps(session, office.settings)
    except Unavailable:
        found.add(finding("authority-missing"))
        return Trust((), (), ())


def _rows(session: Session, made: Audit, trust: Trust, now: datetime, progress: Progress) -> list[Archived]:
    """What stands in tables; hands back the archived files."""
    found, archived = made.findings, []
    wanted = audit_rows.ids(session, made.asked.school_id)
    named = audit_rows.Named(session)
    for done, record in enumerate(audit_unreadable.records(session, wanted), 1):
        made.counts["documents"] += 1
        if isinstance(record, Finding):
            found.add(record)
            continue
        made.counts["events"] += len(record.events)
        for fault in audit_chain.faults(record):
            found.add(fault)
        named.by(record)
        document = record.document
        if document.archived_at and document.blob and not record.destroyed:
            archived.append(Archived(document.id, document.type, document.blob, record.expected))
        progress(RECORDS, done, len(wanted))
    for fault in (*audit_rows.orphans(session), *audit_rows.dangling(session)):
        found.add(fault)
    try:
        for fault in audit_rows.limits(session, made.asked.school_id):
            found.add(fault)
    except UNREADABLE:
        found.add(finding("limits-unreadable"))
    for fault in audit_rows.numbers(session, made.asked.school_id):
        found.add(fault)
    made.counts["uncommitted"] = roots.uncommitted(session, made.asked.school_id)
    newest = roots.newest(session)
    if newest is not None:
        made.root_number, made.root_hash = newest.number, newest.hash
        made.counts["roots"] = newest.number
        made.counts["unstamped"] = newest.number - roots.newest_stamped(session)
    told = frozenset(found.documents)
    for fault in audit_roots.faults(session, trust, now, made.asked.root):
        if fault.document_id not in told:
            found.add(fault)
    for fault in kept_rows.faults(session):
        found.add(fault)
    named.look()
    for fault in named.gone:
        if fault.document_id not in found.documents:
            found.add(fault)
    return archived


def _files(office: Office, made: Audit, names: dict[str, str], cores: int, progress: Progress) -> None:
    for done, fault in enumerate(audit_files.unsound(office.blobs, names, cores), 1):
        made.counts["files"] += 1
        progress(FILES, done, len(names))
        if fault is not None and not _destroyed(office.db, fault.document_id):
            made.findings.add(fault)


def _destroyed(db: Database, document_id: str) -> bool:
    """Was this record destroyed while the audit went on?"""
    with db.read() as session:
        asked = select(Document.status).where(col(Document.id) == document_id)
        return session.exec(asked).first() == "destroyed"


def _validate(
    office: Office, made: Audit, archived: list[Archived], trust: Trust, cores: int, progress: Progress
) -> None:
    looked = audit_files.invalid(office.blobs, office.intake, archived, trust, office.now(), cores)
    for done, fault in enumerate(looked, 1):
        made.counts["validated"] += 1
        progress(SIGNATURES, done, len(archived))
        if fault is not None:
            made.findings.add(fault)


class BrokenChain(RecordsError):
    """An event is not what its hash, or the next event, says it was."""

    code = "broken-chain"


def refuse_broken(session: Session) -> None:
    """Raise BrokenChain, naming the first few documents, unless every chain holds: as after a restore."""
    records = audit_rows.records(session, audit_rows.ids(session))
    broken = [one.document.id for one in records if any(audit_chain.chain(one))]
    if broken:
        raise BrokenChain(_BROKEN.format(count=len(broken), some=", ".join(broken[:5])))


def record(db: Database, made: Audit) -> AuditRun:
    """Keep what came of it, for the administrator's page."""
    row = AuditRun(
        started_at=made.started_at,
        finished_at=made.finished_at,
        signatures=made.asked.signatures,
        findings=made.findings.total,
        first=made.first.as_data() if made.first else {},
        counts=dict(made.counts),
        root_number=made.root_number,
        root_hash=made.root_hash,
    )
    with db.write() as session:
        session.add(row)
    return row


def last(session: Session) -> AuditRun | None:
    """The audit that ended last."""
    return session.exec(select(AuditRun).order_by(col(AuditRun.finished_at).desc()).limit(1)).first()


_BROKEN = Text(
    "Chuỗi sự kiện của {count} hồ sơ không khớp ({some}). Không dùng dữ liệu này; lấy bản sao lưu khác.",
    "The event chains of {count} records do not hold ({some}). Do not use these data; take another backup.",
)
