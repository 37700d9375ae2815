"""Sessions and tokens: how they are made, found and ended; the tokens of forms. No request is read here.

A pass (session or token) is 256 random bits; the database keeps only their SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sqlmodel import Session, col, delete, select, update

from models.account import Account, Pass
from models.settings import Settings

if TYPE_CHECKING:  # the scheduler starts without the web
    from fastapi import Response

Kind = Literal["session", "token", "half"]
COOKIE = "hososo"
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
TOKEN_LIFE = timedelta(hours=8)
HALF_LIFE = timedelta(minutes=5)
_LIVES = {"session": LONGEST, "token": TOKEN_LIFE, "half": HALF_LIFE}


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_pass(
    session: Session,
    settings: Settings,
    account_id: str,
    kind: Kind,
    now: datetime,
    *,
    strong: bool = False,
    device: str = "",
) -> str:
    """A new pass; the token returned is shown to its holder once and stored nowhere.

    `strong`: a second factor was shown. `device`: what the list of sessions calls it.
    """
    token = secrets.token_urlsafe(32)
    session.add(
        Pass(
            token_hash=digest(token),
            kind=kind,
            account_id=account_id,
            csrf=csrf_token(settings, account_id),
            created_at=now,
            seen_at=now,
            expires_at=now + _LIVES[kind],
            strong=strong,
            device=device[:80],
        )
    )
    if kind != "half":
        session.exec(update(Account).where(col(Account.id) == account_id).values(last_seen_at=now))
    return token


def end_pass(session: Session, token_hash: str) -> None:
    """Sign out here."""
    session.exec(delete(Pass).where(col(Pass.token_hash) == token_hash))


def end_passes(session: Session, account_id: str, *, but: str = "") -> bool:
    """Sign out everywhere (but in the session whose hash is given): also after a change of password.

    True when a second factor was shown in one that ended.
    """
    theirs = (col(Pass.account_id) == account_id, col(Pass.token_hash) != but)
    strong = session.exec(select(Pass.token_hash).where(*theirs, col(Pass.strong).is_(True))).first()
    session.exec(delete(Pass).where(*theirs))
    return strong is not None


def csrf_token(settings: Settings, account_id: str) -> str:
    """A random token that proves, even when its session is gone, that we gave it to this account."""
    nonce = secrets.token_hex(12)
    return f"{nonce}.{_mac(settings, account_id, nonce)}"


def is_csrf_of(settings: Settings, account_id: str, token: str) -> bool:
    """Did we give this token to this account, in whatever session?"""
    nonce, _, mac = token.partition(".")
    return hmac.compare_digest(mac.encode(), _mac(settings, account_id, nonce).encode())


def _mac(settings: Settings, account_id: str, nonce: str) -> str:
    text = f"hososo form 1|{account_id}|{nonce}".encode()
    return hmac.new(settings.master_key, text, hashlib.sha256).hexdigest()[:38]


def device_key(settings: Settings, account_id: str) -> str:
    """The AES-256 key (base64) under which an account's unsent drafts lie on a device.

    Given to that account's pages alone: the next person at a shared computer cannot read them.
    """
    made = hmac.digest(settings.master_key, f"hososo device 1|{account_id}".encode(), hashlib.sha256)
    return base64.b64encode(made).decode()


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    """Give the browser its session; it is sent to us alone, never shown to scripts."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=settings.secure_cookies)
