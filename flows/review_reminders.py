"""Reminders of reviews: whoever has to decide on a record by a time of their own, then those above them.

Who decides now is asked now: for who is away it is whoever stands in. A notice's key names the record, the
turn (the event that opened it), the rule and the day of the limit, so that each goes once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from flows import day_rows
from flows.candidates import answering, candidates
from flows.catalogue import type_of
from flows.deadlines import limit_words
from flows.flag_rows import notice
from flows.flag_words import of_week
from flows.moments import Moment, limit_day, moments, reach, to_tell
from flows.posts import subject_of
from flows.reminder_rules import Rules, is_decided, review_key, rules_of
from flows.reminders import write_new
from models.account import Account
from models.db import Database
from models.document import Document, OpenStep
from models.names import by_given_name
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.text import Text


class Waiting(NamedTuple):
    """A step that waits, its posts in order, and what is to be told of it now."""

    step: OpenStep
    audiences: tuple[str, ...]
    moments: list[Moment]
    due_at: datetime


def remind(db: Database, now: datetime, school_id: str | None = None) -> int:
    """Write what the rules ask to be told by now of reviews; returns the notices written."""
    return write_new(db, now, school_id, _reminders)


def _reminders(session: Session, schools: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    for waiting in _waiting(session, schools, now):
        document = session.get_one(Document, waiting.step.document_id)
        for moment in waiting.moments:
            yield from _told(session, waiting, document, moment, now)


def _waiting(session: Session, schools: list[str], now: datetime) -> list[Waiting]:
    """The steps of which something is to be told now."""
    rules = rules_of(session, schools)
    before, after = _reach(rules)
    rows = session.exec(
        select(OpenStep)
        .where(
            col(OpenStep.school_id).in_(schools),
            col(OpenStep.due_at) > now - after,
            col(OpenStep.due_at) <= now + before,
        )
        .order_by(col(OpenStep.document_id), col(OpenStep.step), col(OpenStep.place))
    ).all()
    days = day_rows.all_school_days(session, sorted({row.school_id for row in rows}))
    audiences: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        audiences.setdefault((row.document_id, row.step), []).append(row.audience)
    found = []
    for row in rows:
        own = rules[row.school_id].get(review_key(row.type), ())
        due_at = row.due_at
        if row.place or not own or due_at is None or not is_decided(type_of(row.type).step(row.step)):
            continue
        planned = moments(own, due_at, days[row.school_id].is_working_day)
        if told := to_tell(planned, due_at, now, since=row.opened_at):
            found.append(Waiting(row, tuple(audiences[row.document_id, row.step]), told, due_at))
    return found


def _reach(rules: Rules) -> tuple[timedelta, timedelta]:
    spans = [reach(own) for by_key in rules.values() for own in by_key.values() if own]
    return max((s[0] for s in spans), default=timedelta(0)), max((s[1] for s in spans), default=timedelta(0))


def _told(
    session: Session, waiting: Waiting, document: Document, moment: Moment, now: datetime
) -> Iterator[dict[str, Any]]:
    step, due_at = waiting.step, waiting.due_at
    key = f"{document.id}:{step.opened_seq}:{moment.code}:{limit_day(due_at):%y%m%d}"
    data: dict[str, Any] = {
        "step": step.step,
        "seq": step.opened_seq,
        "type": document.type,
        "due_at": due_at.astimezone(VIETNAM).isoformat(),
    }
    deciding = candidates(session, subject_of(session, document), waiting.audiences, now)
    if moment.to == "owes":
        words = (_OVERDUE if moment.overdue else _COMING).format(
            author=_name(session, document.owner_id), due=limit_words(due_at)
        )
        for person in deciding:
            yield notice(
                document.school_id,
                person.id,
                "overdue" if moment.overdue else "reminder",
                f"wait:{key}",
                now,
                document_id=document.id,
                due_at=moment.at,
                data=data
                | {
                    "fact": _fact(step, person),
                    "sentence": {"vi": words.vi, "en": words.en},
                },
            )
        return
    week = session.get(SchoolWeek, document.week_id) if document.week_id else None
    name = type_of(document.type).name
    if week:
        name = of_week(name, week.number)
    subject = _LINE.format(name=name)
    who = ", ".join(sorted((person.full_name for person in deciding), key=by_given_name)) or "–"
    post = f"group_head:{document.group_id}" if moment.to == "group_head" else f"role:{moment.to}"
    for person in answering(session, document.school_id, post, document.type, now):
        if person.id in {one.id for one in deciding}:
            continue  # they are the ones it waits for, and are told so themselves
        yield notice(
            document.school_id,
            person.id,
            "escalation",
            f"late:{key}",
            now,
            document_id=document.id,
            due_at=moment.at,
            data=data
            | {
                "subject": {"vi": subject.vi, "en": subject.en},
                "sentence": {"vi": _LIST.vi, "en": _LIST.en},
                "facts": [_fact(step, one) for one in deciding],
                "line": f"review:{document.type}:{document.week_id}",
                "name": f"{_name(session, document.owner_id)} ({who})",
                "path": f"/documents/{document.id}",
            },
        )


def _fact(step: OpenStep, person: Account) -> str:
    """What a flag of this review is about, as its key says it (`flows/record_conditions.py`)."""
    return f"{step.document_id}:{step.step}:{step.opened_seq}:{person.id}"


def _name(session: Session, account_id: str) -> str:
    return session.get_one(Account, account_id).full_name


_COMING = Text("Người soạn: {author}. Hạn xử lý: {due}.", "Author: {author}. Decide {due}.")
_OVERDUE = Text(
    "Người soạn: {author}. Đã quá hạn xử lý ({due}), hồ sơ vẫn đang chờ.",
    "Author: {author}. The time to decide has passed ({due}) and it still waits.",
)
_LINE = Text("Chờ duyệt: {name}", "Waiting for review: {name}")
_LIST = Text("Còn chờ duyệt (người duyệt): {names}.", "Still waiting (reviewer): {names}.")
