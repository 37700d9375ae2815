"""Do the daily roots hold: each by its own hash, one after the other, over the very events, at their time?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import and_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows.audit_findings import Finding, finding
from flows.merkle import Tree, leaf_line, sha256
from flows.roots import SKEW, link_of
from models.audit import AuditLeaf, AuditRoot, AuditRun, AuditStamp
from models.document import Document
from models.event import Event
from tasks import tokens
from tasks.certificates import Trust


def faults(session: Session, trust: Trust, now: datetime, known: str = "") -> Iterator[Finding]:
    """Whatever does not hold; `known`: the hash of a root (or its beginning) somebody kept elsewhere.

    Hashes that earlier audits saw are asked for too, so that a chain cut short is noticed by itself unless
    those were changed as well.
    """
    roots = session.exec(select(AuditRoot).order_by(col(AuditRoot.number))).all()
    yield from _links(roots)
    yield from _leaves(session, {row.number: row for row in roots})
    yield from _stamps(session, {row.number: row for row in roots}, trust, now)
    hashes = {row.hash for row in roots}
    seen = session.exec(select(AuditRun.root_hash).where(col(AuditRun.root_hash) != "").distinct())
    for one in sorted(set(seen) - hashes):
        yield finding("root-cut", hash=one)
    if known and not any(one.startswith(known) for one in hashes):
        yield finding("root-cut", hash=known)


def _links(roots: Sequence[AuditRoot]) -> Iterator[Finding]:
    following, previous = 1, ""
    for row in roots:
        for number in range(following, row.number):
            yield finding("root-missing", root=number)
        following = row.number + 1
        if link_of(row).hash != row.hash:
            yield finding("root-changed", root=row.number)
        elif row.previous != previous:
            yield finding("root-moved", root=row.number)
        previous = row.hash


def _leaves(session: Session, roots: dict[int, AuditRoot]) -> Iterator[Finding]:
    rows = session.execute(
        select_columns(
            col(AuditLeaf.root_number),
            col(AuditLeaf.position),
            col(AuditLeaf.document_id),
            col(AuditLeaf.seq),
            col(AuditLeaf.head),
            col(Event.hash),
            col(Document.type),
        )
        .join(
            Event,
            and_(col(Event.document_id) == col(AuditLeaf.document_id), col(Event.seq) == col(AuditLeaf.seq)),
            isouter=True,
        )
        .join(Document, col(Document.id) == col(AuditLeaf.document_id), isouter=True)
        .order_by(col(AuditLeaf.root_number), col(AuditLeaf.position))
        .execution_options(yield_per=1_000)
    )
    seen: set[int] = set()
    for number, leaves in groupby(rows, key=lambda row: row[0]):
        tree, misplaced = Tree(), False
        for _, position, document_id, seq, head, stands, slug in leaves:
            misplaced |= position != tree.leaves
            tree.add(sha256(leaf_line(document_id, seq, head)))
            if slug is None:
                yield finding("document-missing", document_id, seq=seq, root=number)
            elif stands is None:
                yield finding("event-missing", document_id, slug, seq)
            elif stands != head:
                yield finding("leaf", document_id, slug, seq, root=number)
        seen.add(number)
        row = roots.get(number)
        if row is None:
            yield finding("root-missing", root=number)
        elif misplaced or (tree.leaves, tree.root) != (row.leaves, row.root):
            yield finding("root-leaves", root=number)
    for number, row in roots.items():
        if number not in seen and row.leaves:
            yield finding("root-leaves", root=number)


def _stamps(session: Session, roots: dict[int, AuditRoot], trust: Trust, now: datetime) -> Iterator[Finding]:
    """Each token at the time of the next one, the newest now: so the chain outlives their certificates."""
    moment = now + SKEW
    rows = session.exec(select(AuditStamp).order_by(col(AuditStamp.root_number).desc()))
    for stamp in rows:
        row = roots.get(stamp.root_number)
        if row is None:
            yield finding("root-missing", root=stamp.root_number)
            continue
        judged = tokens.judge(stamp.token, link_of(row).line, trust, moment)
        if judged.intact and judged.at is None:
            yield finding("stamp-untrusted", root=row.number, tsa=stamp.tsa or "–")
        elif judged.at is None or judged.at != stamp.at or judged.at < row.at - SKEW:
            yield finding("stamp", root=row.number)
        else:
            moment = judged.at + SKEW
