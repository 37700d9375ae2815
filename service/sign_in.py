"""Checking a name and a password: what a wrong one costs, and when a name or an address has to wait.

A name that does not exist is answered exactly like one that does: same words, same time, same pause.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import unicodedata
from datetime import datetime, timedelta

from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select, update

from flows.office import Office
from models.account import Account, Throttle
from models.errors import Locked, NotYours, RecordsError
from models.settings import VIETNAM, Settings
from models.text import Text
from service.passes import Kind, digest, end_pass, issue_pass
from tasks import passwords
from tasks.keys import Secret

TRIES = 5
PAUSE = timedelta(minutes=15)
FORGET = timedelta(days=1)
ADDRESS_TRIES = 60
"""Wrong passwords from one address in a quarter of an hour: a whole school may stand behind one address."""


class BadSignIn(RecordsError):
    """Name and password do not fit together."""

    code = "bad-sign-in"


class Throttled(RecordsError):
    """Too many wrong passwords from one address."""

    code = "throttled"


def sign_in(
    office: Office,
    name: str,
    password: Secret,
    address: str,
    kind: Kind,
    now: datetime,
    old_token: str = "",
) -> tuple[Account, str]:
    """The account and its new pass; the pass `old_token` names ends (a session is new at every sign-in).

    BadSignIn with the tries left; Locked after five wrong ones; Throttled for the address; NotYours when the
    password is right and the account is switched off. The password is hashed outside any transaction.
    """
    name = tidy_name(name)
    account = check(office, name, password, address, now)
    if not account.active:
        raise NotYours(_SWITCHED_OFF)
    renewed = passwords.make_hash(password) if passwords.outdated(account.password_hash) else None
    with office.db.write() as session:
        if old_token:
            end_pass(session, digest(old_token))
        if renewed:
            session.exec(
                update(Account)
                .where(col(Account.id) == account.id, col(Account.password_hash) == account.password_hash)
                .values(password_hash=renewed)
            )
        token = issue_pass(session, office.settings, account.id, kind, now)
    return account, token


def check(
    office: Office, name: str, password: Secret, address: str, now: datetime, *, present: bool = False
) -> Account:
    """The account whose name and password these are, wrong tries counted; refusals as in `sign_in`.

    `present`: someone signed in types the password again, so the refusal speaks of the password alone.
    """
    source, name_row = _address_row(address), name_key(office.settings, name)
    with office.db.read() as session:
        _refuse_address(session, source, now)
        _refuse_name(session, name_row, now)
        account = session.exec(select(Account).where(col(Account.sign_in_name) == name)).first()
    right = passwords.matches(account.password_hash if account else None, password)
    with office.db.write() as session:
        # Again: tries made at the same time count, so that guessing in parallel wins nothing.
        _refuse_name(session, name_row, now)
        if account is not None and right:
            session.exec(delete(Throttle).where(col(Throttle.source) == name_row))
            return account
        _count(session, source, now, window=PAUSE, sliding=False)
        wrong = _count(session, name_row, now, window=FORGET, sliding=True)
        session.exec(delete(Throttle).where(col(Throttle.since) < now - FORGET))
    if wrong >= TRIES:
        raise _locked(now + PAUSE)
    left = TRIES - wrong
    tries = Text(f"{left} lần", f"{left} {'try' if left == 1 else 'tries'}")
    raise BadSignIn((_WRONG_PRESENT if present else _WRONG).format(left=tries, minutes=_minutes(PAUSE)))


def paused_until(session: Session, settings: Settings, name: str, now: datetime) -> datetime | None:
    """Until when nobody can sign in under this name, or None."""
    row = session.get(Throttle, name_key(settings, name))
    if row is None or row.count < TRIES or row.since + PAUSE <= now:
        return None
    return row.since + PAUSE


def unlock_name(session: Session, settings: Settings, name: str) -> None:
    """Forget the wrong passwords of a name."""
    session.exec(delete(Throttle).where(col(Throttle.source) == name_key(settings, name)))


def tidy_name(name: str) -> str:
    """A sign-in name as it is stored."""
    return unicodedata.normalize("NFC", name).strip().lower()[:80]


def name_key(settings: Settings, name: str) -> str:
    """The row a name's tries are counted in. Keyed: people type their password there by mistake."""
    mac = hmac.new(settings.master_key, b"hososo name 1|" + tidy_name(name).encode(), hashlib.sha256)
    return f"name:{mac.hexdigest()[:40]}"


def _address_row(address: str) -> str:
    """An IPv6 customer holds a /64; one counter for all of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address[:60]}"
    if parsed.version == 6:
        return f"address:{ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address:{parsed}"


def _refuse_address(session: Session, source: str, now: datetime) -> None:
    row = session.get(Throttle, source)
    if row is not None and row.count >= ADDRESS_TRIES and now < row.since + PAUSE:
        raise Throttled(_ADDRESS.format(at=_clock(row.since + PAUSE)))


def _refuse_name(session: Session, source: str, now: datetime) -> None:
    row = session.get(Throttle, source, populate_existing=True)
    if row is not None and row.count >= TRIES and now < row.since + PAUSE:
        raise _locked(row.since + PAUSE)


def _count(session: Session, source: str, now: datetime, *, window: timedelta, sliding: bool) -> int:
    """One wrong try more, in one statement; the number of them in this window.

    `sliding`: the window begins with the last try (names), else with the first (addresses). A name whose
    pause is over starts again.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    over = col(Throttle.since) <= now - window
    if sliding:
        over = over | ((col(Throttle.count) >= TRIES) & (col(Throttle.since) <= now - PAUSE))
    statement = (
        insert(Throttle)
        .values(source=source, since=now, count=1)
        .on_conflict_do_update(
            index_elements=["source"],
            set_={
                "count": case((over, 1), else_=col(Throttle.count) + 1),
                "since": now if sliding else case((over, now), else_=col(Throttle.since)),
            },
        )
        .returning(col(Throttle.count))
    )
    return int(session.execute(statement).scalar_one())


def _locked(until: datetime) -> Locked:
    return Locked(_LOCKED.format(tries=TRIES, at=_clock(until)))


def _clock(moment: datetime) -> str:
    """Said without seconds, never too early."""
    later = moment.astimezone(VIETNAM) + timedelta(seconds=59)
    return later.strftime("%H:%M %d/%m/%Y")


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


_WRONG = Text(
    "Tên đăng nhập hoặc mật khẩu không đúng. Còn {left}, sau đó khóa {minutes} phút.",
    "The sign-in name or the password is wrong. {left} left, then locked for {minutes} minutes.",
)
_WRONG_PRESENT = Text(
    "Mật khẩu hiện tại không đúng. Còn {left}, sau đó khóa {minutes} phút.",
    "The present password is not right. {left} left, then locked for {minutes} minutes.",
)
_LOCKED = Text(
    "Sai mật khẩu {tries} lần nên tên đăng nhập này tạm khóa đến {at}. Đợi hoặc nhờ quản trị mở khóa.",
    "Wrong {tries} times, so this name is locked until {at}. Wait, or ask the administrator to unlock it.",
)
_ADDRESS = Text(
    "Có quá nhiều lần đăng nhập sai từ mạng này. Thử lại sau {at}.",
    "Too many wrong sign-ins came from this network. Try again after {at}.",
)
_SWITCHED_OFF = Text(
    "Tài khoản này đã ngừng hoạt động. Liên hệ quản trị của trường.",
    "This account is switched off. Ask the school's administrator.",
)
