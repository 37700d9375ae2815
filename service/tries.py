"""Counting wrong tries: one row for each name, account or address, counted in one statement.

What a pause means and which words say so is the caller's business (`service/sign_in.py`, second factor).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from models.account import Throttle
from models.settings import VIETNAM

TRIES = 5
PAUSE = timedelta(minutes=15)
FORGET = timedelta(days=1)


def paused_row(session: Session, source: str, now: datetime, tries: int = TRIES) -> datetime | None:
    """Until when this row waits after too many wrong tries, or None."""
    row = session.get(Throttle, source, populate_existing=True)
    if row is None or row.count < tries or row.since + PAUSE <= now:
        return None
    return row.since + PAUSE


def count_try(session: Session, source: str, now: datetime) -> int:
    """One wrong try more of a name or account; how many of them there are."""
    return count(session, source, now, window=FORGET, sliding=True)


def forget_tries(session: Session, source: str) -> None:
    """It went right: begin anew."""
    session.exec(delete(Throttle).where(col(Throttle.source) == source))


def count(session: Session, source: str, now: datetime, *, window: timedelta, sliding: bool) -> int:
    """One more, in one statement; the number of them in this window.

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


def said_clock(moment: datetime) -> str:
    """Said without seconds, never too early."""
    later = moment.astimezone(VIETNAM) + timedelta(seconds=59)
    return later.strftime("%H:%M %d/%m/%Y")
