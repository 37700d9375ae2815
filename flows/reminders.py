"""Reminders: everyone who owes a document and has not signed it is told on the day before its limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows import day_rows, obligations
from flows.clock import about
from flows.deadlines import last_day_words, limit_words, remind_from
from flows.flag_rows import insert_new, notice, parts
from flows.flags import Debtor, DueWeek, owing
from flows.obligations import Owed
from models.db import Database
from models.notice import Notice
from models.settings import VIETNAM
from models.text import Text

_KEY, _PAST_KEY = "due:", "due;"
"""Keys of reminders begin with the first and sort before the second."""


def remind(db: Database, now: datetime, school_id: str | None = None) -> int:
    """Remind, once and from 07:00 of the day before a limit, everyone who owes and has not signed.

    Returns the notices written; asking again on the same day writes nothing more.
    """
    with db.read() as session:
        chunks = obligations.school_chunks(session, school_id)
    written = 0
    for schools in chunks:
        with db.read() as session:
            rows = list(_reminders(session, schools, now))
            rows = _untold(session, rows)
        for part in parts(rows):
            with db.write() as session:
                insert_new(session, Notice, part)
        written += len(rows)
    return written


def _reminders(session: Session, schools: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    calendars = obligations.calendars(session, schools)
    for owed in obligations.owed_types():
        asked = {
            c.school_id: (c, weeks)
            for c in calendars
            if (weeks := [d for d in c.due_weeks(owed.deadline) if remind_from(d.due_at) <= now < d.due_at])
        }
        if not asked:
            continue
        owers = obligations.debtors(session, owed, list(asked))
        ledgers = obligations.ledgers(session, owed, asked)
        owe = [
            (school, due, debtor)
            for school, (_, weeks) in asked.items()
            for due in weeks
            for debtor in owing(owers.get(school, ()), due, ledgers[school])
        ]
        for school, due, debtor in owe if owed.by_group else _with_lessons(session, owe):
            yield _reminder(owed, school, debtor, due, now, _said(owed, due))


def _with_lessons(
    session: Session, owe: list[tuple[str, DueWeek, Debtor]]
) -> list[tuple[str, DueWeek, Debtor]]:
    """Without those who teach nothing in the week."""
    asked: dict[str, set[tuple[str, str]]] = {}
    for school, due, debtor in owe:
        asked.setdefault(school, set()).add((due.week.id, debtor.account_id))
    idle = day_rows.idle(session, asked)
    return [one for one in owe if (one[1].week.id, one[2].account_id) not in idle[one[0]]]


def _said(owed: Owed, due: DueWeek) -> dict[str, Any]:
    words = Text("Hạn: {day} ({limit})", "Due: {day} ({limit})").format(
        day=last_day_words(due.due_at), limit=limit_words(due.due_at)
    )
    return about(owed, due.week.number) | {
        "week_id": due.week.id,
        "due_at": due.due_at.astimezone(VIETNAM).isoformat(),
        "sentence": {"vi": words.vi, "en": words.en},
    }


def _reminder(
    owed: Owed, school: str, debtor: Debtor, due: DueWeek, now: datetime, said: dict[str, Any]
) -> dict[str, Any]:
    group = f":{debtor.key}" if owed.by_group else ""  # a head may lead two groups
    return notice(
        school,
        debtor.account_id,
        "reminder",
        f"{_KEY}{owed.slug}:{due.week.id}{group}",
        now,
        data=said | {"group_id": debtor.key if owed.by_group else None},
    )


def _untold(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told: set[tuple[str, str]] = set()
    for part in parts(rows):
        told.update(
            session.exec(
                select(Notice.account_id, Notice.key).where(
                    col(Notice.account_id).in_({row["account_id"] for row in part}),
                    # a range of the unique index (account_id, key), not a list of a thousand keys
                    col(Notice.key) >= _KEY,
                    col(Notice.key) < _PAST_KEY,
                )
            )
        )
    return [row for row in rows if (row["account_id"], row["key"]) not in told]
