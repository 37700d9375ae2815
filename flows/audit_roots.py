"""Do the roots hold: each by its own hash, one after the other, over the very events, at their time?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import and_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows.audit_findings import Finding, finding
from flows.kept_rows import BEFORE, ENTERED
from flows.merkle import Tree, leaf_line, sha256
from flows.roots import SKEW, UNSTAMPED_TOO_LONG, link_of, token_hash
from models.audit import STAMP, AuditLeaf, AuditRoot, AuditRun, AuditStamp
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
    by_number = {row.number: row for row in roots}
    tokens_there = _tokens(session)
    yield from _links(roots)
    yield from _leaves(session, by_number, tokens_there)
    yield from _unstamped(session, roots, tokens_there, now)
    if trust.roots:  # else that is told once, and not of each stamp
        yield from _stamps(session, by_number, trust, now)
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


def _tokens(session: Session) -> dict[int, str]:
    """By root: the hash of its time-stamp."""
    rows = session.execute(
        select_columns(col(AuditStamp.root_number), col(AuditStamp.token)),
        execution_options={"yield_per": 1_000},
    )
    return {number: token_hash(token) for number, token in rows}


def _leaves(session: Session, roots: dict[int, AuditRoot], tokens_there: dict[int, str]) -> Iterator[Finding]:
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
            if document_id == STAMP:
                if tokens_there.get(seq, head) != head:
                    yield finding("stamp-changed", root=seq)
            elif document_id.startswith((BEFORE, ENTERED)):
                continue  # held against the rows themselves (`kept_rows`)
            elif slug is None:
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


def _unstamped(
    session: Session, roots: Sequence[AuditRoot], tokens_there: dict[int, str], now: datetime
) -> Iterator[Finding]:
    """Roots without a time-stamp: it was there, or it should have come by now.

    It was there where a later root commits to it, or has one itself: they are stamped in their order.
    """
    mine = select(AuditLeaf.seq).where(col(AuditLeaf.document_id) == STAMP)
    had = set(session.exec(mine))
    newest = max(tokens_there, default=0)
    for row in roots:
        if row.number in tokens_there:
            continue
        if row.number in had or row.number < newest:
            yield finding("stamp-missing", root=row.number)
        elif now - row.at > UNSTAMPED_TOO_LONG:
            yield finding("stamp-late", root=row.number, days=(now - row.at).days)


def _stamps(session: Session, roots: dict[int, AuditRoot], trust: Trust, now: datetime) -> Iterator[Finding]:
    """Each token at the time of the next one, the newest now: so the chain outlives their certificates.

    Never before its own time: whose clock was ahead for some days, and whose authority goes by that very
    clock, has a token that is later than the next.
    """
    moment = now + SKEW
    rows = session.exec(select(AuditStamp).order_by(col(AuditStamp.root_number).desc()))
    for stamp in rows:
        row = roots.get(stamp.root_number)
        if row is None:
            yield finding("root-missing", root=stamp.root_number)
            continue
        moment = max(moment, stamp.at + SKEW)
        judged = tokens.judge(stamp.token, link_of(row).line, trust, moment)
        if judged.intact and judged.at is None:
            yield finding("stamp-untrusted", root=row.number, tsa=stamp.tsa or "–")
        elif judged.at is None or judged.at != stamp.at:
            yield finding("stamp", root=row.number)
        else:
            moment = judged.at + SKEW
