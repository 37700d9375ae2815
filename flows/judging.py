"""Who decided on what a record is about: no witness there, and no judge of an appeal while another is left.

Reads only.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from flows.catalogue import TYPES, type_of
from flows.grammar import Decision, Sign
from flows.people import ALL_SEEING, Afresh
from models.account import Account, AccountRole
from models.delegation import Substitution
from models.document import Document, DocumentLink, Signature

_AFRESH = frozenset(t.slug for t in TYPES if any(isinstance(step.by, Afresh) for step in t.leaves))
"""Types that are decided on by others than what they are about was."""


def judges(session: Session, document_id: str) -> frozenset[str]:
    """Everyone who decided on what this document is about, and on what that one is about in turn; whom they
    stood in for as well."""
    found: set[str] = set()
    other = _about(session, document_id)
    while other is not None:
        declared = type_of(other.type)
        deciding = [
            s.name
            for s in declared.leaves
            if isinstance(s, Decision) or (s.approves and not isinstance(s, Sign))
        ]
        signed = select(Signature.account_id).where(
            col(Signature.document_id) == other.id, col(Signature.step).in_(deciding)
        )
        stood_for = select(Substitution.absent_id).where(col(Substitution.document_id) == other.id)
        found |= {*session.exec(signed), *session.exec(stood_for)}
        other = _about(session, other.id)
    return frozenset(found)


def _about(session: Session, document_id: str) -> Document | None:
    return session.exec(
        select(Document)
        .join(DocumentLink, col(DocumentLink.other_id) == col(Document.id))
        .where(col(DocumentLink.document_id) == document_id, col(DocumentLink.kind) == "about")
    ).first()


def unjudged(session: Session, document: Document) -> frozenset[str]:
    """Principals and vice principals who may look afresh at what this document is about; empty where nobody
    is left, and for records of which that is not asked."""
    if document.type not in _AFRESH:
        return frozenset()
    holders = session.exec(
        select(Account.id)
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .where(
            col(Account.school_id) == document.school_id,
            col(Account.active),
            col(AccountRole.role).in_(sorted(ALL_SEEING)),
        )
    )
    return frozenset(holders) - {document.owner_id, document.concerned_id} - judges(session, document.id)
