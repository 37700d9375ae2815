"""The administration of accounts: what is asked for, confirmed and refused.

Whether a change waits first, `service/changes.py` says; what it does, `service/account_changes.py`.

The administrator is not a signer (law 7): no function here gives anyone's PIN, key or password to the
administrator when that person approves records. Every query stands within the asker's school.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select, update

from flows import keyring
from flows.flag_rows import resolve
from flows.flag_words import PASSWORDS
from flows.office import Office
from flows.people import ROLES, Actor
from models.account import Account, AccountRole, Change
from models.errors import NotFound, RecordsError, Stale
from models.flag import Flag
from models.settings import Settings
from models.text import Text
from service import approvers, change_words, changes, mail_changes, reset_links, seal_pictures
from service.account_changes import Asked, apply, ask_within
from service.account_rows import Person, account_of, add_account, group_of, refuse_outsider, refuse_taken
from service.changes import refusal
from service.consents import key_at_stake
from service.passes import end_passes, issue_pass
from service.sign_in import check
from tasks import passwords
from tasks.keys import Secret

# what the administrator asks for


def create_account(
    office: Office, asker: Actor, person: Person, roles: Iterable[str], now: datetime
) -> tuple[Asked, list[Asked]]:
    """A new account with a password to be used once; the roles law 7 guards are asked for, not given."""
    person = person.tidy()
    password = Secret(passwords.once())
    hashed = passwords.make_hash(password)
    with office.db.write() as session:
        account = add_account(session, asker.school_id, person, hashed, now)
        made = Asked(changes.record(session, asker, account, "create", {}, now), password)
        granted = [
            ask_within(session, office.settings, asker, account, "grant", {"role": role}, now)
            for role in _known(roles)
        ]
    return made, granted


def edit_account(office: Office, asker: Actor, account_id: str, person: Person, now: datetime) -> list[Asked]:
    """Name, post, e-mail, language; the sign-in name too, as long as it is free.

    Of an approver waits what stands under a signature and where the mails go: whoever reads those can reset
    the password (law 7).
    """
    person = person.tidy()
    with office.db.write() as session:
        account = account_of(session, asker.school_id, account_id)
        return edit_within(session, office.settings, asker, account, person, now)


def edit_within(
    session: Session, settings: Settings, asker: Actor, account: Account, person: Person, now: datetime
) -> list[Asked]:
    """The same inside the caller's transaction; `person` is tidy."""
    if person.sign_in_name != account.sign_in_name:
        refuse_taken(session, person.sign_in_name)
    return [
        ask_within(session, settings, asker, account, "edit", data, now)
        for data in edits(session, account, person)
    ]


def edits(session: Session, account: Account, person: Person) -> list[dict[str, dict[str, str]]]:
    """What an edit changes, old and new values: first what is done at once, then what law 7 guards."""
    old = {n: getattr(account, n) for n in Person.__slots__}
    new = {n: getattr(person, n) for n in Person.__slots__ if getattr(person, n) != old[n]}
    waits = changes.GUARDED_FIELDS & new.keys() if approvers.is_approver(session, account) else set()
    return [
        {"before": {n: old[n] for n in sorted(names)}, "after": {n: new[n] for n in sorted(names)}}
        for names in (new.keys() - waits, waits)
        if names
    ]


def set_roles(
    office: Office, asker: Actor, account_id: str, roles: Iterable[str], now: datetime
) -> list[Asked]:
    """Give and take roles until these are held; principal, vice principal and clerk wait for a principal."""
    wanted = set(_known(roles))
    with office.db.write() as session:
        account = account_of(session, asker.school_id, account_id)
        held = set(
            session.exec(select(AccountRole.role).where(col(AccountRole.account_id) == account.id)).all()
        )
        return [
            ask_within(session, office.settings, asker, account, action, {"role": role}, now)
            for action, named in (("withdraw", held - wanted), ("grant", wanted - held))
            for role in sorted(named)
        ]


def ask(
    office: Office, asker: Actor, account_id: str, action: str, now: datetime, group_id: str = ""
) -> Asked:
    """Reset a password or a PIN, unlock, switch on or off, appoint: done at once or waiting (law 7)."""
    if action not in change_words.SENTENCES or action in changes.OWN:
        raise NotFound
    password = Secret(passwords.once()) if action == "reset-password" else None
    hashed = passwords.make_hash(password) if password else ""
    data = {"group_id": group_id} if group_id else {}
    with office.db.write() as session:
        account = account_of(session, asker.school_id, account_id)
        if group_id:
            group_of(session, asker.school_id, group_id)
            refuse_outsider(session, account)
        asked = ask_within(session, office.settings, asker, account, action, data, now, hashed)
    return Asked(asked.change, None if asked.waits else password)


# what the person concerned or the principal answers


def confirm(
    office: Office,
    actor: Actor,
    change_id: str,
    password: Secret,
    address: str,
    now: datetime,
    *,
    keep: Collection[str] = (),
) -> Asked:
    """Confirm with one's own password, then do it. A password that is reset is shown to who confirms it.

    `keep`: of whoever becomes an approver, the key that is confirmed as theirs; another one ends.
    """
    with office.db.read() as session:
        changes.refuse_doubtful(session, changes.find_waiting(session, actor, change_id), actor, now)
    _check_own(office, actor, password, address, now)
    return _do(office, actor, change_id, now, keep=keep)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What became of a list. `refused`: change id to why that one was not done."""

    done: tuple[Change, ...]
    refused: dict[str, Text]


def confirm_appointments(
    office: Office,
    actor: Actor,
    change_ids: Sequence[str],
    password: Secret,
    address: str,
    now: datetime,
    *,
    keep: Collection[str] = (),
) -> Confirmed:
    """Confirm posts and roles of several people with one password, each in a transaction of its own.

    What cannot be done (settled elsewhere, no longer possible) is refused alone. `keep`: the keys confirmed
    as their holders'. Only appointments: what else waits is looked at one by one. BadSignIn or Locked, and
    nothing is done, when the password is wrong.
    """
    _check_own(office, actor, password, address, now)
    done, refused = [], {}
    for change_id in dict.fromkeys(change_ids):
        try:
            done.append(_do(office, actor, change_id, now, keep=keep, only=change_words.GRANTS).change)
        except RecordsError as refusal:
            refused[change_id] = refusal.sentence
    return Confirmed(tuple(done), refused)


def _check_own(office: Office, actor: Actor, password: Secret, address: str, now: datetime) -> None:
    with office.db.read() as session:
        name = session.get_one(Account, actor.id).sign_in_name
    check(office, name, password, address, now, present=True)


def _do(
    office: Office,
    actor: Actor,
    change_id: str,
    now: datetime,
    *,
    keep: Collection[str],
    only: Collection[str] | None = None,
) -> Asked:
    """What was confirmed, in one transaction; `only`: NotFound for another action."""
    once = Secret(passwords.once())
    with office.db.read() as session:
        resets = changes.find_waiting(session, actor, change_id).action == "reset-password"
    hashed = passwords.make_hash(once) if resets else ""
    with office.db.write() as session:
        change = changes.find_waiting(session, actor, change_id)
        if only is not None and change.action not in only:
            raise NotFound
        changes.refuse_doubtful(session, change, actor, now)
        data, ends = change.data, False
        if change.account_id is not None:
            ends = _ends_key(session, change, keep)
        changes.settle(session, change, actor, "done", now)
        if change.action in changes.SEAL:
            seal_pictures.apply(session, change, data, now)
        elif change.account_id is None:
            mail_changes.apply(session, change, data, now)
        else:
            account = account_of(session, actor.school_id, change.account_id)
            apply(session, office.settings, account, change.action, data, now, hashed)
            if ends:
                keyring.revoke_keys(session, office.settings, account.id, now)
                changes.drop_void(session, account, now)
    return Asked(change, once if resets else None)


def _ends_key(session: Session, change: Change, keep: Collection[str]) -> bool:
    """Does a key end with this appointment? Written into the change, for those who are told of it.

    The account's row is held: a key that is being made meanwhile comes before, or finds an approver.
    """
    query = select(Account).where(col(Account.id) == change.account_id).with_for_update()
    account = session.exec(query).one()
    key = key_at_stake(session, account, change.action, change.data)
    if key is not None:
        change.data = change.data | {"key": "kept" if key.id in keep else "ended"}
    return key is not None and key.id not in keep


def refuse(office: Office, actor: Actor, change_id: str, now: datetime) -> None:
    """Say no: nothing changes, both are told."""
    with office.db.write() as session:
        changes.settle(session, changes.find_waiting(session, actor, change_id), actor, "refused", now)


# what everybody does for themselves


def change_password(
    office: Office,
    account: Account,
    old: Secret,
    new: Secret,
    again: Secret,
    address: str,
    now: datetime,
    device: str = "",
) -> str:
    """A new password; every session ends, the token returned is this browser's new one."""
    if new.reveal() != again.reveal():
        raise refusal("again_password", _NOT_THE_SAME)
    check(office, account.sign_in_name, old, address, now, present=True)
    passwords.check_password(new, account.sign_in_name, account.password_hash)
    hashed = passwords.make_hash(new)
    with office.db.write() as session:
        done = session.exec(
            update(Account)
            .where(col(Account.id) == account.id, col(Account.password_hash) == account.password_hash)
            .values(password_hash=hashed, must_change=False, password_changed_at=now)
        )
        if done.rowcount != 1:
            raise Stale(_CHANGED_ELSEWHERE)
        reset_links.forget(session, account.id)
        resolve(session, now, col(Flag.account_id) == account.id, col(Flag.rule).in_(PASSWORDS))
        strong = end_passes(session, account.id)
        return issue_pass(session, office.settings, account.id, "session", now, strong=strong, device=device)


def _known(roles: Iterable[str]) -> list[str]:
    named = sorted(set(roles))
    if not set(named) <= set(ROLES):
        raise refusal("roles", _NO_ROLE)
    return named


_NO_ROLE = Text("Không có vai trò này.", "There is no such role.")
_NOT_THE_SAME = Text(
    "Hai lần nhập mật khẩu mới chưa giống nhau.", "The new password was typed in two different ways."
)
_CHANGED_ELSEWHERE = Text(
    "Mật khẩu vừa được đổi ở nơi khác. Đăng nhập lại.",
    "The password has just been changed elsewhere. Sign in again.",
)
