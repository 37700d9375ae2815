"""The root over all event chains: made, linked to the one before, time-stamped.

Once a Vietnamese day, and every hour in which something is decided; all schools together. A root commits to
the heads that no root has committed to yet; those that did not change stay committed through the links
(docs/decisions/0021-audit-and-evidence.md).
The time-stamp may come later: a root is made whether or not an authority answers, and the next one commits
to the time-stamp too, so that one that was taken away is told from one that never came.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from flows import kept_rows
from flows.archiving import open_stamps
from flows.certification import trust_with_stamps
from flows.merkle import Link, leaf_line, root_of, sha256
from models.audit import STAMP, AuditLeaf, AuditRoot, AuditStamp
from models.db import Database
from models.document import Document
from models.errors import Unavailable
from models.event import Event
from models.kept import KeptRow
from models.school import School
from models.settings import VIETNAM, Settings
from tasks import tokens
from tasks.certificates import Trust
from tasks.stamp_servers import StampSource
from tasks.timestamping import UNTRUSTED, CheckedTimeStamper

_AT_ONCE = 1_000
STAMPED_AT_ONCE = 40
"""Roots stamped in one go, should an authority have been away for weeks."""
UNSTAMPED_TOO_LONG = timedelta(days=2)
SKEW = timedelta(minutes=5)
"""How far the clocks of a server and of a time-stamp authority may differ."""
_OPEN = (
    col(Document.head_hash) != "",
    ~select(AuditLeaf.document_id)
    .where(col(AuditLeaf.document_id) == col(Document.id), col(AuditLeaf.head) == col(Document.head_hash))
    .exists(),
)
"""Of a document whose head no root has committed to."""
log = logging.getLogger("hososo.audit")


@dataclass(frozen=True, slots=True)
class _Head:
    document_id: str
    seq: int
    head: str


def link_of(row: AuditRoot) -> Link:
    """The values of a stored root, to be hashed anew."""
    return Link(row.number, row.at, row.root, row.leaves, row.previous)


def newest(session: Session) -> AuditRoot | None:
    """The root made last."""
    return session.exec(select(AuditRoot).order_by(col(AuditRoot.number).desc()).limit(1)).first()


def is_due(session: Session, now: datetime, every: timedelta = timedelta()) -> bool:
    """Has this Vietnamese day no root yet, or is the last one older than `every` and something new since?

    A day that is not the last root's: that may be an earlier one, where a clock was set right.
    """
    last = newest(session)
    if last is None or last.at.astimezone(VIETNAM).date() != now.astimezone(VIETNAM).date():
        return True
    return bool(every) and now - last.at >= every and _anything_since(session, last.at)


def _anything_since(session: Session, at: datetime) -> bool:
    """A look into an index for each school, no more; what it misses waits for the night."""
    decided = select(Event.seq).where(col(Event.school_id) == col(School.id), col(Event.at) > at).exists()
    asked = select(School.id).where(decided).limit(1)
    entered = select(KeptRow.version).where(col(KeptRow.root_number).is_(None)).limit(1)
    return session.exec(asked).first() is not None or session.exec(entered).first() is not None


def make(db: Database, now: datetime) -> AuditRoot | None:
    """Commit to every head that changed, to every time-stamp that came since, and to new rows beside them.

    None when another process made this link first. A day without a change still makes a link. Nothing is
    hashed inside the transaction that writes.
    """
    with db.read() as session:
        last = newest(session)
        entries = kept_rows.new(session)
        rows = (_Head(*leaf) for leaf in kept_rows.leaves(entries))
        heads = [*_changed(session), *_new_stamps(session), *rows]
    at = now.astimezone(UTC).replace(microsecond=0)
    lines = (leaf_line(h.document_id, h.seq, h.head) for h in heads)
    link = Link(
        number=last.number + 1 if last else 1,
        at=at,
        root=root_of(sha256(line) for line in lines),
        leaves=len(heads),
        previous=last.hash if last else "",
    )
    row = AuditRoot(
        number=link.number,
        at=at,
        root=link.root,
        leaves=link.leaves,
        previous=link.previous,
        hash=link.hash,
    )
    try:
        with db.write() as session:
            session.add(row)
            session.flush()
            for start in range(0, len(heads), _AT_ONCE):
                session.execute(
                    insert(AuditLeaf),
                    [
                        {
                            "root_number": link.number,
                            "position": start + place,
                            "document_id": one.document_id,
                            "seq": one.seq,
                            "head": one.head,
                        }
                        for place, one in enumerate(heads[start : start + _AT_ONCE])
                    ],
                )
            kept_rows.commit(session, entries, link.number)
    except IntegrityError:
        return None
    return row


def uncommitted(session: Session, school_id: str = "") -> int:
    """How many documents (of one school) have a head that no root commits to yet."""
    asked = select(func.count()).select_from(Document).where(*_OPEN)
    return session.exec(asked.where(col(Document.school_id) == school_id) if school_id else asked).one()


def _changed(session: Session) -> list[_Head]:
    """Heads no root has committed to, in order of the documents' ids.

    Held against the leaves, not against a time: a decision notes its time before it commits.
    """
    rows = session.exec(select(Document.id, Document.version, Document.head_hash).where(*_OPEN))
    return sorted((_Head(*row) for row in rows), key=lambda one: one.document_id)


def _new_stamps(session: Session) -> list[_Head]:
    """Time-stamps no root has committed to, in order of their roots."""
    had = set(session.exec(select(AuditLeaf.seq).where(col(AuditLeaf.document_id) == STAMP)))
    new = sorted(set(session.exec(select(AuditStamp.root_number))) - had)
    stamps = (session.get_one(AuditStamp, number) for number in new)
    return [_Head(STAMP, row.root_number, token_hash(row.token)) for row in stamps]


def token_hash(token: bytes) -> str:
    """What a later root commits to of a time-stamp: SHA-256, in hexadecimal."""
    return hashlib.sha256(token).hexdigest()


def stamp(db: Database, source: StampSource, trust: Trust, now: Callable[[], datetime]) -> int:
    """Time-stamp the roots that have none, the oldest first; how many. Ends where no authority answers."""
    with db.read() as session:
        waiting = session.exec(
            select(AuditRoot)
            .join(AuditStamp, col(AuditStamp.root_number) == col(AuditRoot.number), isouter=True)
            .where(col(AuditStamp.root_number).is_(None))
            .order_by(col(AuditRoot.number))
            .limit(STAMPED_AT_ONCE)
        ).all()
    stamped = 0
    for row in waiting:
        ask = partial(_token, link_of(row).line, trust, now)
        try:
            token, at = source.using(ask, now())
        except Unavailable as refusal:
            log.warning("root %d has no time-stamp yet: %s", row.number, refusal.sentence.en)
            break
        made = AuditStamp(root_number=row.number, at=at, tsa=tokens.authority_of(token), token=token)
        try:
            with db.write() as session:
                session.add(made)
        except IntegrityError:  # another process stamped it
            continue
        stamped += 1
    return stamped


def _token(
    line: str, trust: Trust, now: Callable[[], datetime], timestamper: CheckedTimeStamper
) -> tuple[bytes, datetime]:
    """A token and the time it proves; Unavailable for one that proves nothing, which is not kept."""
    token = tokens.stamp(line, timestamper)
    at = tokens.proven(token, line, trust, now() + SKEW)
    if at is None:
        raise Unavailable(UNTRUSTED)
    return token, at


def tend(db: Database, settings: Settings, now: Callable[[], datetime]) -> None:
    """What the clock does: a root where one is due, and time-stamps on those without one.

    Nothing before the installation has its authority.
    """
    with db.read() as session:
        due = is_due(session, now(), timedelta(minutes=settings.root_minutes))
    made = make(db, now()) if due else None
    if made is not None:
        log.info("root number=%d leaves=%d", made.number, made.leaves)
    with db.read() as session:
        if unstamped_since(session) is None:
            return
        try:
            trust = trust_with_stamps(session, settings)
        except Unavailable:
            return
    with closing(open_stamps(settings)) as source:
        stamp(db, source, trust, now)


def newest_stamped(session: Session) -> int:
    """The number of the newest root that is time-stamped; 0 before the first."""
    return session.exec(select(func.max(AuditStamp.root_number))).one() or 0


def unstamped_since(session: Session) -> datetime | None:
    """When the oldest root after the newest time-stamp was made; None when all are covered.

    A time-stamp on a root covers every root before it, through the links.
    """
    last = newest_stamped(session)
    return session.exec(
        select(AuditRoot.at).where(col(AuditRoot.number) > last).order_by(col(AuditRoot.number)).limit(1)
    ).first()
