"""Checking a name and a password: what a wrong one costs, and when a name or an address has to wait.

A name that does not exist is answered exactly like one that does: same words, same time, same pause.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select, update

from flows.office import Office
from models.account import Account, Pass, SecondFactor, Throttle
from models.errors import Locked, NotYours, RecordsError
from models.names import tidy_name
from models.settings import Settings
from models.text import Text
from service.passes import Kind, digest, end_pass, issue_pass
from service.tries import FORGET, PAUSE, TRIES, count, count_try, paused_row, said_clock
from tasks import passwords
from tasks.keys import Secret

ADDRESS_TRIES = 60
"""Wrong passwords from one address in a quarter of an hour: a whole school may stand behind one address."""


class BadSignIn(RecordsError):
    """Name and password do not fit together."""

    code = "bad-sign-in"


class Throttled(RecordsError):
    """Too many wrong passwords from one address."""

    code = "throttled"


class NeedsCode(RecordsError):
    """Name and password are right; a code of the second factor is still to come.

    `half` opens `finish` with that code for five minutes; empty for programs, which send the code at once.
    """

    code = "needs-code"

    def __init__(self, account: Account, half: str) -> None:
        super().__init__(_NEEDS_CODE)
        self.account, self.half = account, half


def sign_in(
    office: Office,
    name: str,
    password: Secret,
    address: str,
    kind: Kind,
    now: datetime,
    old_token: str = "",
    device: str = "",
) -> tuple[Account, str]:
    """The account and its new pass; the pass `old_token` names ends (a session is new at every sign-in).

    BadSignIn with the tries left; Locked after five wrong ones; Throttled for the address; NotYours when the
    password is right and the account is switched off; NeedsCode when there is a second factor and this
    browser has not shown it. The password is hashed outside any transaction.
    """
    name = tidy_name(name)
    account = check(office, name, password, address, now)
    if not account.active:
        raise NotYours(_SWITCHED_OFF)
    renewed = passwords.make_hash(password) if passwords.outdated(account.password_hash) else None
    with office.db.write() as session:
        strong = _is_strong(session, account.id, old_token, now)
        if renewed:
            session.exec(
                update(Account)
                .where(col(Account.id) == account.id, col(Account.password_hash) == account.password_hash)
                .values(password_hash=renewed)
            )
        if strong is None:
            half = issue_pass(session, office.settings, account.id, "half", now) if kind == "session" else ""
        else:
            if old_token:
                end_pass(session, digest(old_token))
            token = issue_pass(session, office.settings, account.id, kind, now, strong=strong, device=device)
    if strong is None:
        raise NeedsCode(account, half)
    return account, token


def _is_strong(session: Session, account_id: str, old_token: str, now: datetime) -> bool | None:
    """Was the second factor shown? False: there is none; None: it is still to come.

    A browser that was locked for being idle keeps its pass: the password alone opens it again.
    """
    factor = session.get(SecondFactor, account_id)
    if factor is None or factor.confirmed_at is None:
        return False
    held = session.get(Pass, digest(old_token)) if old_token else None
    if held is not None and held.strong and held.account_id == account_id and held.expires_at > now:
        return True
    return None


def half_of(session: Session, half: str, now: datetime) -> Account:
    """Whose password was right a moment ago; BadSignIn when that was longer than five minutes ago."""
    held = session.get(Pass, digest(half))
    if held is None or held.kind != "half" or held.expires_at <= now:
        raise BadSignIn(_HALF_GONE)
    return session.get_one(Account, held.account_id)


def finish(
    office: Office, account: Account, half: str, now: datetime, old_token: str = "", device: str = ""
) -> str:
    """The session of someone whose code was right (`service/second_factor.py` has checked it)."""
    with office.db.write() as session:
        half_of(session, half, now)
        end_pass(session, digest(half))
        if old_token:
            end_pass(session, digest(old_token))
        return issue_pass(session, office.settings, account.id, "session", now, strong=True, device=device)


def check(
    office: Office, name: str, password: Secret, address: str, now: datetime, *, present: bool = False
) -> Account:
    """The account whose name and password these are, wrong tries counted; refusals as in `sign_in`.

    `present`: someone signed in types the password again, so the refusal speaks of the password alone; none
    typed is no try.
    """
    if present and not password.reveal():
        raise BadSignIn(_EMPTY)
    source, name_row = address_row(address), name_key(office.settings, name)
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
        count(session, source, now, window=PAUSE, sliding=False)
        wrong = count_try(session, name_row, now)
        session.exec(delete(Throttle).where(col(Throttle.since) < now - FORGET))
    if wrong >= TRIES:
        raise _locked(now + PAUSE)
    left = TRIES - wrong
    tries = Text(f"{left} lần", f"{left} {'try' if left == 1 else 'tries'}")
    raise BadSignIn((_WRONG_PRESENT if present else _WRONG).format(left=tries, minutes=_minutes(PAUSE)))


def paused_until(session: Session, settings: Settings, name: str, now: datetime) -> datetime | None:
    """Until when nobody can sign in under this name, or None."""
    return paused_row(session, name_key(settings, name), now)


def unlock_name(session: Session, settings: Settings, name: str) -> None:
    """Forget the wrong passwords of a name."""
    session.exec(delete(Throttle).where(col(Throttle.source) == name_key(settings, name)))


def name_key(settings: Settings, name: str) -> str:
    """The row a name's tries are counted in. Keyed: people type their password there by mistake."""
    mac = hmac.new(settings.master_key, b"hososo name 1|" + tidy_name(name).encode(), hashlib.sha256)
    return f"name:{mac.hexdigest()[:40]}"


def address_row(address: str) -> str:
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
        raise Throttled(_ADDRESS.format(at=said_clock(row.since + PAUSE)))


def _refuse_name(session: Session, source: str, now: datetime) -> None:
    until = paused_row(session, source, now)
    if until is not None:
        raise _locked(until)


def _locked(until: datetime) -> Locked:
    return Locked(_LOCKED.format(tries=TRIES, at=said_clock(until)))


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


_WRONG = Text(
    "Tên đăng nhập hoặc mật khẩu không đúng. Còn {left}, sau đó khóa {minutes} phút.",
    "The sign-in name or the password is wrong. {left} left, then locked for {minutes} minutes.",
)
_EMPTY = Text("Nhập mật khẩu đăng nhập.", "Type the sign-in password.")
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
_NEEDS_CODE = Text(
    "Tài khoản này có xác thực hai lớp. Đăng nhập ở trang đăng nhập để nhập mã của ứng dụng.",
    "This account has a second factor. Sign in on the sign-in page and type the code of the app.",
)
_HALF_GONE = Text(
    "Đã quá 5 phút từ khi nhập mật khẩu. Nhập lại tên và mật khẩu.",
    "The password was typed more than 5 minutes ago. Type name and password again.",
)
_SWITCHED_OFF = Text(
    "Tài khoản này đã ngừng hoạt động. Liên hệ quản trị của trường.",
    "This account is switched off. Ask the school's administrator.",
)
