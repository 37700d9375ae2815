"""How old passwords are: said to their owners and the administrators, and reminded. Advice, never forced.

The school's rule `password_age` gives the days; the plan (II.1) asks the administrators to watch for accounts
that never changed the password they were given, or kept one for too long.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from flows.rules import rules_of
from models.account import Account
from models.db import Database
from models.notice import Notice, notice
from models.school import School
from models.text import Text

GIVEN = timedelta(days=7)
"""A password that was given out should be changed within so long."""


def said(session: Session, account: Account, now: datetime) -> Text | None:
    """What is to be said of this account's password, or None when all is well."""
    days = int(rules_of(session, account.school_id)["password_age"]["days"])
    return judged(account, days, now)


def judged(account: Account, days: int, now: datetime) -> Text | None:
    """The same for a known rule, for lists."""
    since = account.password_changed_at or account.created_at
    if account.must_change:
        return _GIVEN if since + GIVEN <= now else None
    if not days or since + timedelta(days=days) > now:
        return None
    return _OLD.format(days=(now - since).days)


def remind(db: Database, now: datetime) -> int:
    """A notice to each owner of a password that is too old, once for each length of the rule."""
    told = 0
    with db.read() as session:
        schools = session.exec(select(School.id)).all()
    for school_id in schools:
        with db.write() as session:
            days = int(rules_of(session, school_id)["password_age"]["days"])
            people = session.exec(
                select(Account).where(col(Account.school_id) == school_id, col(Account.active).is_(True))
            ).all()
            old = [(a, sentence) for a in people if (sentence := judged(a, days, now)) is not None]
            for account, sentence in old:
                told += _tell(session, account, sentence, days, now)
    return told


def _tell(session: Session, account: Account, sentence: Text, days: int, now: datetime) -> int:
    since = account.password_changed_at or account.created_at
    turn = (now - since) // timedelta(days=days or 180)
    key = f"password:{since:%Y%m%d}:{turn}"
    there = select(Notice.id).where(col(Notice.account_id) == account.id, col(Notice.key) == key)
    if session.exec(there).first() is not None:
        return 0
    session.add(notice(account.school_id, account.id, "password", key, now, sentence, path="/password"))
    return 1


_GIVEN = Text("Chưa đổi mật khẩu được cấp", "The password that was given out is not changed yet")
_OLD = Text("Mật khẩu đã dùng {days} ngày, nên đổi", "The password is {days} days old; change it")
