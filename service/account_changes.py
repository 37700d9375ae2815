"""What each change of an account does, in the caller's transaction, once `service/changes.py` lets it.

The administrator is not a signer (law 7): nothing here gives anyone's PIN, key or password to the
administrator when that person approves records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509
from sqlmodel import Session

from flows import clock, delegations, keyring, vacancies
from flows.people import Actor
from flows.plan import SYSTEM
from models.account import Account, AccountRole, Change, GroupMember
from models.indexing import index_owner
from models.settings import Settings
from service import changes, reset_links, second_factor
from service.account_rows import group_of, refuse_outsider, refuse_taken
from service.passes import end_passes
from service.sign_in import unlock_name
from tasks.keys import Secret


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that was asked for. `password`: the one to use once, when the change made one; shown once."""

    change: Change
    password: Secret | None = field(default=None, repr=False)

    @property
    def waits(self) -> bool:
        return self.change.state == "waiting"


def ask_within(
    session: Session,
    settings: Settings,
    asker: Actor | None,
    account: Account,
    action: str,
    data: dict[str, Any],
    now: datetime,
    hashed: str = "",
) -> Asked:
    """A change inside the caller's transaction: done at once, or waiting for whom law 7 names."""
    change = changes.record(session, asker, account, action, data, now)
    if change.state == "done":
        apply(session, settings, account, action, data, now, hashed)
    return Asked(change)


def apply(
    session: Session,
    settings: Settings,
    account: Account,
    action: str,
    data: dict[str, Any],
    now: datetime,
    hashed: str,
) -> None:
    """Do it; `hashed` is the new password's when one is reset."""
    match action:
        case "edit":
            if "sign_in_name" in data["after"]:
                refuse_taken(session, data["after"]["sign_in_name"])
            for name, value in data["after"].items():
                setattr(account, name, value)
            session.flush()
            index_owner(session.connection(), account.id)
            if "email" in data["after"]:
                reset_links.forget(session, account.id)
        case "grant":
            if session.get(AccountRole, (account.school_id, account.id, data["role"])) is None:
                session.add(
                    AccountRole(school_id=account.school_id, account_id=account.id, role=data["role"])
                )
        case "withdraw":
            _withdraw(session, settings, account, data["role"], now)
        case "appoint-head" | "appoint-deputy":
            _appoint(session, account, action.removeprefix("appoint-"), data["group_id"])
        case "reset-password":
            account.password_hash, account.must_change, account.password_changed_at = hashed, True, now
            unlock_name(session, settings, account.sign_in_name)
            reset_links.forget(session, account.id)
            end_passes(session, account.id)
        case "reset-second-factor":
            second_factor.remove(session, account.id)
        case "reset-pin":
            keyring.revoke_keys(session, settings, account.id, now)
        case "revoke":
            _revoke(session, settings, account, data, now)
        case "unlock":
            unlock_name(session, settings, account.sign_in_name)
        case "activate":
            account.active = True
        case "deactivate":
            for role in ("principal", "admin"):
                changes.refuse_last(session, account, role)
            account.active = False
            end_passes(session, account.id)
            clock.owes_no_longer(session, account.id, now)
    session.add(account)
    if action in ("grant", "appoint-head", "appoint-deputy", "activate"):
        session.flush()
        vacancies.fill(session, account.school_id, now)
    if action in ("grant", "withdraw", "appoint-head", "appoint-deputy", "deactivate"):
        session.flush()
        delegations.review(session, settings, account.school_id, SYSTEM, now)
    if action == "deactivate":
        gone = x509.ReasonFlags.affiliation_changed
        keyring.revoke_keys(session, settings, account.id, now, reason=gone)
    if action in ("reset-pin", "revoke", "withdraw", "deactivate"):
        session.flush()
        changes.drop_void(session, account, now)


def _revoke(
    session: Session, settings: Settings, account: Account, data: dict[str, Any], now: datetime
) -> None:
    """One certificate, if nothing replaced it meanwhile; with the personal one the seal under its PIN."""
    reason = x509.ReasonFlags(data["reason"])
    if keyring.revoke_key(session, settings, data["key"], reason, now) and data["purpose"] == "person":
        keyring.revoke_keys(session, settings, account.id, now, "seal", reason)


def _withdraw(session: Session, settings: Settings, account: Account, role: str, now: datetime) -> None:
    changes.refuse_last(session, account, role)
    if (held := session.get(AccountRole, (account.school_id, account.id, role))) is not None:
        session.delete(held)
    if role == "clerk":
        keyring.revoke_keys(session, settings, account.id, now, "seal")


def _appoint(session: Session, account: Account, post: str, group_id: str) -> None:
    refuse_outsider(session, account)
    group = group_of(session, account.school_id, group_id)
    if post == "head":
        group.head_id = account.id
        group.deputy_id = None if group.deputy_id == account.id else group.deputy_id
    else:
        group.deputy_id = account.id
        group.head_id = None if group.head_id == account.id else group.head_id
    session.add(group)
    if session.get(GroupMember, (account.school_id, group.id, account.id)) is None:
        session.add(GroupMember(school_id=account.school_id, group_id=group.id, account_id=account.id))
