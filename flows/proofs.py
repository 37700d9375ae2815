"""What proves one record to a stranger, gathered from the rows: who may have it, and what it consists of.

Events and remarks as the very bytes that were hashed, files, the parts of the signatures, the way up to the
root. How it is packed and explained stands in `service/proof_package.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from flows import merkle
from flows.certification import trust_with_stamps
from flows.office import Office
from flows.people import Actor
from flows.roots import link_of
from flows.views import View, view
from models.audit import AuditLeaf, AuditRoot, AuditStamp
from models.errors import NotYours, WrongStep
from models.text import Text
from tasks.certificates import Trust
from tasks.proof_parts import Parts, take_apart

WHOLE = frozenset({"principal", "vice_principal", "clerk"})
"""Roles that may carry a record they see out of the house; beside them its author, and whom it is about."""


@dataclass(frozen=True, slots=True)
class Rooted:
    """The way from a document's head to the roots.

    `links`: the root that commits to it and every one since, as lines. `stamps`: tokens by the number of
    their root: the first that covers it, and the newest.
    """

    leaf: str
    seq: int
    path: merkle.Path
    links: Mapping[int, str]
    stamps: Mapping[int, AuditStamp]


@dataclass(frozen=True, slots=True)
class Proof:
    """Everything about one record that a package holds."""

    view: View
    at: datetime
    trust: Trust
    files: Mapping[int, bytes]
    """By the number of the event that brought it forth; the last is the record's file."""
    parts: Parts
    rooted: Rooted | None

    @property
    def pdf(self) -> bytes | None:
        """The record's file with all signatures it has."""
        present = self.view.document.blob
        made = [e.event.seq for e in self.view.events if present and e.event.output_blob == present]
        return self.files.get(made[-1]) if made else None


def may_export(actor: Actor, found: View) -> bool:
    """May somebody who sees this record carry all of it out of the house?"""
    own = actor.id in (found.document.owner_id, found.document.concerned_id)
    return own or bool(actor.roles & WHOLE)


def gather(office: Office, actor: Actor, document_id: str) -> Proof:
    """The proof of one record.

    NotFound for who does not see it, NotYours for who may not have all of it, WrongStep without a file.
    """
    now = office.now()
    with office.db.read() as session:
        found = view(session, actor, document_id, now)
        if not may_export(actor, found):
            raise NotYours(_NOT_WHOLE)
        destroyed = found.document.status == "destroyed"
        if found.document.blob is None and not destroyed:
            raise WrongStep(_NO_FILE)
        trust = trust_with_stamps(session, office.settings)
        rooted = _rooted(session, document_id)
    made = {e.event.seq: e.event.output_blob for e in found.events if e.event.output_blob and not destroyed}
    files = {seq: office.blobs.get(name) for seq, name in made.items()}
    proof = Proof(found, now, trust, files, Parts(), rooted)
    pdf = proof.pdf
    if pdf is None:
        return proof
    return Proof(found, now, trust, files, office.intake.submit(take_apart, pdf), rooted)


def _rooted(session: Session, document_id: str) -> Rooted | None:
    """The newest commitment to this document; None before the first."""
    mine = select(AuditLeaf).where(col(AuditLeaf.document_id) == document_id)
    leaf = session.exec(mine.order_by(col(AuditLeaf.root_number).desc()).limit(1)).first()
    if leaf is None:
        return None
    beside = session.exec(
        select(AuditLeaf)
        .where(col(AuditLeaf.root_number) == leaf.root_number)
        .order_by(col(AuditLeaf.position))
    )
    hashes = [merkle.sha256(merkle.leaf_line(x.document_id, x.seq, x.head)) for x in beside]
    since = select(AuditRoot).where(col(AuditRoot.number) >= leaf.root_number).order_by(col(AuditRoot.number))
    stamped = (
        select(AuditStamp)
        .where(col(AuditStamp.root_number) >= leaf.root_number)
        .order_by(col(AuditStamp.root_number))
    )
    stamps = session.exec(stamped).all()
    return Rooted(
        leaf=merkle.leaf_line(document_id, leaf.seq, leaf.head),
        seq=leaf.seq,
        path=merkle.path_of(hashes, leaf.position),
        links={row.number: link_of(row).line for row in session.exec(since)},
        stamps={stamp.root_number: stamp for stamp in (*stamps[:1], *stamps[-1:])},
    )


_NOT_WHOLE = Text(
    "Gói chứng cứ chỉ giao cho người soạn, người được nói đến trong hồ sơ, văn thư và người ký duyệt. "
    "Cần thì nhờ văn thư xuất.",
    "The evidence is given to the author, to whom the record is about, to the clerk and to principals. "
    "Ask the clerk for it.",
)
_NO_FILE = Text(
    "Hồ sơ chưa có tệp nào nên chưa có gì để chứng minh. Trình hồ sơ trước.",
    "The record has no file yet, so there is nothing to prove. Submit it first.",
)
