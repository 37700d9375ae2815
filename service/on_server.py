"""What the server's operator may do: the exception of law 7, for an empty school and a lost principal.

Reached from the command line only, recorded as done by the operator, and told to the people concerned.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from flows.office import Office
from flows.people import ROLES
from models.account import Account, Change
from models.errors import NotFound
from models.names import tidy_name
from models.school import School, SchoolName
from service import changes
from service.account_changes import Asked, ask_within
from service.account_rows import Person, add_account
from tasks import passwords
from tasks.keys import Secret


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


def remove_factor_on_server(office: Office, sign_in_name: str, now: datetime) -> Change:
    """Take a second factor away: the way back for the only administrator whose phone and codes are lost."""
    with office.db.write() as session:
        account = _named(session, sign_in_name)
        return ask_within(session, office.settings, None, account, "reset-second-factor", {}, now).change


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
