"""Whose accounts and keys law 7 guards: who decides on other people's records, or holds the seal."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from flows.people import GUARDED_ROLES
from models.account import Account, AccountRole, Group
from models.delegation import Delegation
from service.change_words import GRANTS


def is_approver(session: Session, account: Account) -> bool:
    """Does this person decide on other people's records, or hold the seal, or will they for someone absent?
    Switched off or not: an account must not be switched off to be reset quietly and switched on again."""
    stands_in = select(Delegation.id).where(
        col(Delegation.delegate_id) == account.id,
        col(Delegation.over_at).is_(None),
        col(Delegation.ended_at).is_(None),
    )
    return holds_post(session, account) or session.exec(stands_in).first() is not None


def holds_post(session: Session, account: Account) -> bool:
    """The same by a role or a group of one's own."""
    roles = session.exec(select(AccountRole.role).where(col(AccountRole.account_id) == account.id)).all()
    leads = session.exec(
        select(Group.id).where((col(Group.head_id) == account.id) | (col(Group.deputy_id) == account.id))
    ).first()
    return bool(GUARDED_ROLES.intersection(roles) or leads)


def appoints(action: str, data: Mapping[str, str]) -> bool:
    """Does this change make somebody an approver?"""
    return action in GRANTS and data.get("role", "principal") in GUARDED_ROLES


def principals(session: Session, school_id: str) -> frozenset[str]:
    """The active principals of a school."""
    return holders(session, school_id, "principal")


def holders(session: Session, school_id: str, role: str) -> frozenset[str]:
    """The active accounts of a school with this role."""
    found = session.exec(
        select(Account.id)
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .where(
            col(Account.school_id) == school_id, col(Account.active).is_(True), col(AccountRole.role) == role
        )
    ).all()
    return frozenset(found)
