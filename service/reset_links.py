"""A new password by a link in a mail: one use, half an hour, and no word on whether an account exists.

The link's token is an HMAC of its row's id: the stored mail holds a mark (`tasks/hidden_links.py`) which is
replaced while the mail is sent, so that neither database nor log ever holds the link.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlmodel import Session, col, delete, select, update

from flows.flag_rows import resolve
from flows.flag_words import PASSWORDS
from flows.office import Office
from models.account import Account, ResetLink
from models.columns import new_id
from models.errors import NotFound
from models.flag import Flag
from models.names import tidy_name
from models.text import Text
from service import changes, tries
from service.passes import digest, end_passes
from service.sign_in import address_row, name_key, unlock_name
from tasks import hidden_links, letters, passwords
from tasks.keys import Secret

LIFE = timedelta(minutes=30)
PER_ADDRESS, PER_NAME = 20, 3
"""Requests in a quarter of an hour from a network, and for a name; more are answered alike and dropped."""


def ask(office: Office, typed: str, address: str, now: datetime) -> None:
    """Send a link to whoever this name or e-mail address belongs to. Says nothing of what came of it."""
    name = tidy_name(typed)
    with office.db.write() as session:
        many = tries.count(session, "forgot " + address_row(address), now, window=tries.PAUSE, sliding=False)
        often = tries.count(
            session, "forgot " + name_key(office.settings, name), now, window=tries.PAUSE, sliding=False
        )
        if many > PER_ADDRESS or often > PER_NAME or not name:
            return
        found = session.exec(
            select(Account).where(
                or_(col(Account.sign_in_name) == name, col(Account.email).ilike(_literal(name), escape="\\")),
                col(Account.active).is_(True),
            )
        ).all()
        for account in [a for a in found if "@" in a.email][:3]:  # a family may share one address
            _send(office, session, account, now)


def _literal(name: str) -> str:
    return name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _send(office: Office, session: Session, account: Account, now: datetime) -> None:
    forget(session, account.id)  # the newest link alone is good
    link_id = new_id()
    token = hidden_links.token_of(link_id, office.settings.master_key)
    session.add(
        ResetLink(
            id=link_id,
            account_id=account.id,
            token_hash=digest(token),
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    session.add(
        letters.letter(
            office.settings,
            account,
            "reset",
            now,
            link=f"{office.settings.url}/reset/{hidden_links.mark_of(link_id)}",
            sign_in_name=account.sign_in_name,
            minutes=int(LIFE.total_seconds() // 60),
        )
    )


def find(session: Session, token: str, now: datetime) -> tuple[ResetLink, Account]:
    """A link that is still good, and whose it is; NotFound otherwise, whatever the reason."""
    link = session.exec(select(ResetLink).where(col(ResetLink.token_hash) == digest(token))).first()
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise NotFound(_GONE)
    account = session.get_one(Account, link.account_id)
    if not account.active:
        raise NotFound(_GONE)
    return link, account


def use(office: Office, token: str, new: Secret, again: Secret, now: datetime) -> Account:
    """Set the new password and use the link up; every session ends. Invalid keeps the link."""
    with office.db.read() as session:
        link, account = find(session, token, now)
    if new.reveal() != again.reveal():
        raise changes.refusal("again_password", _NOT_THE_SAME)
    passwords.check_password(new, account.sign_in_name, account.password_hash)
    hashed = passwords.make_hash(new)
    with office.db.write() as session:
        done = session.exec(
            update(ResetLink)
            .where(col(ResetLink.id) == link.id, col(ResetLink.used_at).is_(None))
            .values(used_at=now)
        )
        if done.rowcount != 1:
            raise NotFound(_GONE)
        held = session.get_one(Account, account.id)
        held.password_hash, held.must_change, held.password_changed_at = hashed, False, now
        session.add(held)
        unlock_name(session, office.settings, held.sign_in_name)
        resolve(session, now, col(Flag.account_id) == held.id, col(Flag.rule).in_(PASSWORDS))
        end_passes(session, held.id)
        changes.record(session, None, held, "reset-by-link", {}, now, by=held.id)
    return account


def forget(session: Session, account_id: str) -> None:
    """Every link of this account ends: the password or the address changed, or a newer link was asked for."""
    session.exec(delete(ResetLink).where(col(ResetLink.account_id) == account_id))


_GONE = Text(
    "Liên kết này đã dùng, đã hết hạn hoặc không đúng. Yêu cầu liên kết mới ở trang Quên mật khẩu.",
    "This link was used, has run out or is not right. Ask for a new one on the page for forgotten passwords.",
)
_NOT_THE_SAME = Text(
    "Hai lần nhập mật khẩu mới chưa giống nhau.", "The new password was typed in two different ways."
)
