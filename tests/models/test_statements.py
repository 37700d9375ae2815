"""Statements made once see and leave what the same through the ORM would."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import bindparam, update
from sqlmodel import col, select

from models.notice import Notice, notice
from models.statements import ask, change, store
from tests.cast import Cast

NOW = datetime(2026, 11, 18, 1, tzinfo=UTC)
KEYS = select(Notice.key, Notice.due_at, Notice.data).where(
    col(Notice.account_id) == bindparam("of_account"), col(Notice.key).in_(("one", "two"))
)
DROPPED = update(Notice).where(col(Notice.key) == bindparam("of_key")).values(dropped=True)


def told(cast: Cast, key: str) -> Notice:
    return notice(cast.school_id, cast.ids["lan"], "waiting", key, NOW, seq=3)


def test_what_the_session_has_not_written_is_seen(each_cast: Cast) -> None:
    with each_cast.office.db.write() as session:
        session.add(told(each_cast, "one"))
        [(key, due, data)] = ask(session, KEYS, of_account=each_cast.ids["lan"])
        assert (key, due, data) == ("one", NOW, {"seq": 3})
        session.add(told(each_cast, "two"))
        assert change(session, DROPPED, of_key="two") == 1
        assert change(session, DROPPED, of_key="three") == 0


def test_a_row_is_stored_whole_and_at_once(each_cast: Cast) -> None:
    row = told(each_cast, "one")
    with each_cast.office.db.write() as session:
        store(session, row)
        assert not list(session)
        kept = session.get_one(Notice, row.id)
        assert kept.model_dump() == row.model_dump()
