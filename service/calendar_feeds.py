"""A person's calendar at a secret address: made, replaced, stopped, found again.

The address is an HMAC of the row's id (`tasks/hidden_links.py`), so its owner can be shown it whenever they
are signed in, while the database holds its hash alone.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlmodel import Session, col, delete, select

from flows.office import Office
from models.account import Account
from models.columns import new_id
from models.errors import NotFound
from models.feed import CalendarFeed
from models.settings import Settings
from models.text import Text
from service.passes import digest
from tasks.hidden_links import token_of


def make(office: Office, account: Account, now: datetime) -> None:
    """A new address; the one before is wrong from now on. Of two presses at once the later stands."""
    feed_id = new_id()
    token_hash = digest(_token(office.settings, feed_id))
    with office.db.write() as session:
        session.get_one(Account, account.id, with_for_update=True)  # a second press waits for the first
        _forget(session, account.id)
        session.add(
            CalendarFeed(
                id=feed_id,
                school_id=account.school_id,
                account_id=account.id,
                token_hash=token_hash,
                made_at=now,
            )
        )


def stop(office: Office, account: Account) -> None:
    """No address any more."""
    with office.db.write() as session:
        _forget(session, account.id)


def _forget(session: Session, account_id: str) -> None:
    session.exec(delete(CalendarFeed).where(col(CalendarFeed.account_id) == account_id))


def feed_of(session: Session, account_id: str) -> CalendarFeed | None:
    """This person's feed, if they made one."""
    return session.exec(select(CalendarFeed).where(col(CalendarFeed.account_id) == account_id)).first()


def address(settings: Settings, feed: CalendarFeed) -> str | None:
    """Where it is read; None when the master key is another than it was made with."""
    token = _token(settings, feed.id)
    if not hmac.compare_digest(digest(token), feed.token_hash):
        return None
    return f"{settings.url}/calendar/{token}.ics"


def find(session: Session, token: str) -> tuple[CalendarFeed, Account]:
    """Whose calendar it is; NotFound for a wrong or stopped address and for an account that is closed.

    Looked for by the hash: how long that takes says nothing of the token.
    """
    hashed = digest(token)
    found = session.exec(select(CalendarFeed).where(col(CalendarFeed.token_hash) == hashed)).first()
    account = session.get(Account, found.account_id) if found else None
    if found is None or account is None or not account.active:
        raise NotFound(_GONE)
    return found, account


def _token(settings: Settings, feed_id: str) -> str:
    return token_of(feed_id, settings.master_key, "calendar")


_GONE = Text(
    "Địa chỉ lịch này không đúng hoặc đã ngừng. Lấy địa chỉ mới ở trang Tài khoản.",
    "This address of a calendar is wrong or was stopped. Take a new one on the account page.",
)
