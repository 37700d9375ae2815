"""The administration of accounts: what each change does. Whether it waits first, `service/changes.py` says.

The administrator is not a signer (law 7): no function here gives anyone's PIN, key or password to the
administrator when that person approves records. Every query stands within the asker's school.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select, update

from flows import keyring, vacancies
from flows.office import Office
from flows.people import ROLES, Actor
from models.account import Account, AccountRole, Change, Group, GroupMember
from models.errors import Fault, Invalid, NotFound, Stale
from models.indexing import index_owner
from models.school import School, SchoolName
from models.settings import Settings
from models.text import Text
from service import changes, reset_links, second_factor
from service.changes import refusal
from service.passes import end_passes, issue_pass
from service.sign_in import check, tidy_name, unlock_name
from tasks import passwords
from tasks.keys import Secret
from tasks.rich_text import clean_line

OF_A_GROUP = frozenset({"teacher", "principal", "vice_principal"})
"""Roles of which a member of a professional group holds one."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,38}[a-z0-9])")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+|[^@\s<>,;]+@localhost")


@dataclass(frozen=True, slots=True)
class Asked:
    """A change that was asked for. `password`: the one to use once, when the change made one; shown once."""

    change: Change
    password: Secret | None = field(default=None, repr=False)

    @property
    def waits(self) -> bool:
        return self.change.state == "waiting"


@dataclass(frozen=True, slots=True)
class Person:
    """What the administrator types about an account."""

    sign_in_name: str
    full_name: str
    post: str = ""
    email: str = ""
    language: str = "vi"

    def tidy(self) -> Person:
        """Spaces and case mended; Invalid with every fault."""
        made = Person(
            tidy_name(self.sign_in_name),
            clean_line(self.full_name),
            clean_line(self.post),
            clean_line(self.email),
            "en" if self.language == "en" else "vi",
        )
        wrong = (
            (not _NAME.fullmatch(made.sign_in_name), Fault("sign_in_name", _BAD_NAME)),
            (not 2 <= len(made.full_name) <= 120, Fault("full_name", _NO_FULL_NAME)),
            (len(made.post) > 120, Fault("post", _LONG_POST)),
            (bool(made.email) and not _EMAIL.fullmatch(made.email), Fault("email", _BAD_EMAIL)),
        )
        faults = tuple(fault for bad, fault in wrong if bad)
        if faults:
            raise Invalid(faults[0].sentence, faults)
        return made


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


def add_account(session: Session, school_id: str, person: Person, hashed: str, now: datetime) -> Account:
    """The row of a new account; Invalid when its sign-in name is taken (at whatever school)."""
    account = Account(
        school_id=school_id,
        sign_in_name=person.sign_in_name,
        full_name=person.full_name,
        post=person.post,
        email=person.email,
        language=person.language,
        password_hash=hashed,
        created_at=now,
    )
    _refuse_taken(session, person.sign_in_name)
    session.add(account)
    try:
        session.flush()
    except IntegrityError:
        raise refusal("sign_in_name", _TAKEN) from None
    return account


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
        _refuse_taken(session, person.sign_in_name)
    return [
        ask_within(session, settings, asker, account, "edit", data, now)
        for data in edits(session, account, person)
    ]


def edits(session: Session, account: Account, person: Person) -> list[dict[str, dict[str, str]]]:
    """What an edit changes, old and new values: first what is done at once, then what law 7 guards."""
    old = {n: getattr(account, n) for n in Person.__slots__}
    new = {n: getattr(person, n) for n in Person.__slots__ if getattr(person, n) != old[n]}
    waits = changes.GUARDED_FIELDS & new.keys() if changes.is_approver(session, account) else set()
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
    if action not in changes.SENTENCES or action in changes.OWN:
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
    office: Office, actor: Actor, change_id: str, password: Secret, address: str, now: datetime
) -> Asked:
    """Confirm with one's own password, then do it. A password that is reset is shown to who confirms it."""
    with office.db.read() as session:
        changes.find_waiting(session, actor, change_id)
        name = session.get_one(Account, actor.id).sign_in_name
    check(office, name, password, address, now, present=True)
    once = Secret(passwords.once())
    hashed = passwords.make_hash(once)
    with office.db.write() as session:
        change = changes.find_waiting(session, actor, change_id)
        account = account_of(session, actor.school_id, change.account_id)
        changes.settle(session, change, actor, "done", now)
        _apply(session, office.settings, account, change.action, change.data, now, hashed)
    return Asked(change, once if change.action == "reset-password" else None)


def refuse(office: Office, actor: Actor, change_id: str, now: datetime) -> None:
    """Say no: nothing changes, both are told."""
    with office.db.write() as session:
        changes.settle(session, changes.find_waiting(session, actor, change_id), actor, "refused", now)


# what the server's operator may do (the exception of law 7, for an empty school and a lost principal)


def found_school(
    office: Office, name: SchoolName, administrator: Person, principal: Person, now: datetime
) -> tuple[Secret, Secret]:
    """A school with its first administrator and its first principal; their passwords, to be used once.

    `name.school_id` is the new school's id. Each gets their own: the administrator is not a signer.
    """
    people = [(administrator.tidy(), "admin"), (principal.tidy(), "principal")]
    once = [Secret(passwords.once()) for _ in people]
    hashed = [passwords.make_hash(word) for word in once]
    with office.db.write() as session:
        session.add(School(id=name.school_id, created_at=now))
        session.flush()
        session.add(name)
        for (person, role), hash_ in zip(people, hashed, strict=True):
            account = add_account(session, name.school_id, person, hash_, now)
            changes.record(session, None, account, "create", {}, now)
            ask_within(session, office.settings, None, account, "grant", {"role": role}, now)
    return once[0], once[1]


def grant_on_server(office: Office, sign_in_name: str, role: str, now: datetime) -> Change:
    """Grant a role from the command line; recorded as done by the server's operator, and told."""
    with office.db.write() as session:
        if role not in ROLES:
            raise NotFound
        account = _named(session, sign_in_name)
        return ask_within(session, office.settings, None, account, "grant", {"role": role}, now).change


def reset_on_server(office: Office, sign_in_name: str, now: datetime) -> Asked:
    """Reset a password from the command line: the way back for a principal who forgot it."""
    once = Secret(passwords.once())
    hashed = passwords.make_hash(once)
    with office.db.write() as session:
        account = _named(session, sign_in_name)
        asked = ask_within(session, office.settings, None, account, "reset-password", {}, now, hashed)
    return Asked(asked.change, once)


def unlock_on_server(office: Office, sign_in_name: str, now: datetime) -> Change:
    """End the pause after too many wrong passwords, from the command line."""
    with office.db.write() as session:
        return ask_within(
            session, office.settings, None, _named(session, sign_in_name), "unlock", {}, now
        ).change


def _named(session: Session, sign_in_name: str) -> Account:
    account = session.exec(
        select(Account).where(col(Account.sign_in_name) == tidy_name(sign_in_name))
    ).first()
    if account is None:
        raise NotFound
    return account


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
        strong = end_passes(session, account.id)
        return issue_pass(session, office.settings, account.id, "session", now, strong=strong, device=device)


# within one transaction


def account_of(session: Session, school_id: str, account_id: str) -> Account:
    """An account of this school; NotFound outside it."""
    account = session.get(Account, account_id)
    if account is None or account.school_id != school_id:
        raise NotFound
    return account


def group_of(session: Session, school_id: str, group_id: str) -> Group:
    """A group of this school; NotFound outside it."""
    group = session.get(Group, group_id)
    if group is None or group.school_id != school_id:
        raise NotFound
    return group


def refuse_outsider(session: Session, account: Account) -> None:
    """Invalid for an account of no teaching role: a group's members read its records (law 7)."""
    roles = session.exec(select(AccountRole.role).where(col(AccountRole.account_id) == account.id)).all()
    if not OF_A_GROUP.intersection(roles):
        raise refusal("members", _OUTSIDER.format(who=account.full_name))


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
        _apply(session, settings, account, action, data, now, hashed)
    return Asked(change)


def _apply(
    session: Session,
    settings: Settings,
    account: Account,
    action: str,
    data: dict[str, Any],
    now: datetime,
    hashed: str,
) -> None:
    match action:
        case "edit":
            if "sign_in_name" in data["after"]:
                _refuse_taken(session, data["after"]["sign_in_name"])
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
        case "unlock":
            unlock_name(session, settings, account.sign_in_name)
        case "activate":
            account.active = True
        case "deactivate":
            for role in ("principal", "admin"):
                changes.refuse_last(session, account, role)
            account.active = False
            end_passes(session, account.id)
    session.add(account)
    if action in ("grant", "appoint-head", "appoint-deputy", "activate"):
        session.flush()
        vacancies.fill(session, account.school_id, now)


def _withdraw(session: Session, settings: Settings, account: Account, role: str, now: datetime) -> None:
    changes.refuse_last(session, account, role)
    session.exec(
        delete(AccountRole).where(col(AccountRole.account_id) == account.id, col(AccountRole.role) == role)
    )
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


def _refuse_taken(session: Session, sign_in_name: str) -> None:
    taken = session.exec(select(Account.id).where(col(Account.sign_in_name) == sign_in_name)).first()
    if taken is not None:
        raise refusal("sign_in_name", _TAKEN)


def _known(roles: Iterable[str]) -> list[str]:
    named = sorted(set(roles))
    if not set(named) <= set(ROLES):
        raise refusal("roles", _NO_ROLE)
    return named


_BAD_NAME = Text(
    "Tên đăng nhập gồm 3 đến 40 chữ thường không dấu, số, dấu chấm hoặc gạch, ví dụ gv.lan.",
    "The sign-in name has 3 to 40 small letters without marks, digits, dots or dashes, such as gv.lan.",
)
_NO_FULL_NAME = Text("Ghi đủ họ và tên.", "Give the full name.")
_LONG_POST = Text("Chức danh dài quá 120 ký tự.", "The post is longer than 120 characters.")
_BAD_EMAIL = Text("Địa chỉ thư điện tử chưa đúng, ví dụ lan@truong.vn.", "The e-mail address is not right.")
_TAKEN = Text("Tên đăng nhập này đã có người dùng. Chọn tên khác.", "This sign-in name is taken.")
_NO_ROLE = Text("Không có vai trò này.", "There is no such role.")
_OUTSIDER = Text(
    "{who} không phải giáo viên hay Ban Giám hiệu nên không vào tổ chuyên môn được. "
    "Giao vai trò giáo viên trước, nếu đúng là người dạy học.",
    "{who} is neither a teacher nor of the school board and cannot belong to a group. "
    "Give the role of a teacher first, if the person teaches.",
)
_NOT_THE_SAME = Text(
    "Hai lần nhập mật khẩu mới chưa giống nhau.", "The new password was typed in two different ways."
)
_CHANGED_ELSEWHERE = Text(
    "Mật khẩu vừa được đổi ở nơi khác. Đăng nhập lại.",
    "The password has just been changed elsewhere. Sign in again.",
)
