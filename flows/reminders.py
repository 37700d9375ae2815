"""Reminders of what is owed: who has not signed is told, and those above them, before and after the limit.

When is computed in `flows/moments.py`; here it is read what is owed and what was told, and written what is
not told yet. A notice's key names the type, the week, the debtor, the rule and the day of the limit: each
goes once, and a limit that moves is reminded of anew. Who is away by a delegation is not reminded while away,
but on the first day back; those who stand in for a post are told what that post is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from flows import day_rows, obligations
from flows.candidates import answering, away
from flows.clock import about
from flows.deadlines import WorkingDays, last_day_words, limit_words
from flows.flag_rows import insert_new, notice, parts
from flows.flags import Debtor, DueWeek, owing
from flows.moments import Moment, limit_day, moments, reach, to_tell
from flows.obligations import Owed
from flows.remind import Remind
from flows.reminder_rules import owed_key, rules_of
from models.account import Account, Group
from models.db import Database
from models.notice import Notice
from models.settings import VIETNAM
from models.text import Text


class Told(NamedTuple):
    """Of a debtor, a week and a recipient: the moment that has come."""

    school: str
    due: DueWeek
    debtor: Debtor
    moment: Moment


def remind(db: Database, now: datetime, school_id: str | None = None) -> int:
    """Write what the rules ask to be told by now of what is owed; returns the notices written.

    Asking again writes nothing more.
    """
    return write_new(db, now, school_id, _reminders)


def write_new(
    db: Database,
    now: datetime,
    school_id: str | None,
    find: Callable[[Session, list[str], datetime], Iterable[dict[str, Any]]],
) -> int:
    """Of the notices found for some schools at a time write those that are not written yet; how many."""
    with db.read() as session:
        chunks = obligations.school_chunks(session, school_id)
    written = 0
    for schools in chunks:
        with db.read() as session:
            rows = untold(session, list(find(session, schools, now)))
        keep(db, rows)
        written += len(rows)
    return written


def keep(db: Database, rows: list[dict[str, Any]]) -> None:
    """Insert the notices, some hundreds at a time."""
    for part in parts(rows):
        with db.write() as session:
            insert_new(session, Notice, part)


def _reminders(session: Session, schools: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    calendars = obligations.calendars(session, schools)
    if not calendars:
        return
    rules, days = rules_of(session, schools), day_rows.all_school_days(session, schools)
    gone = away(session, schools, now)
    for owed in obligations.owed_types():
        told: dict[str, dict[str, list[Moment]]] = {}
        asked = {}
        for c in calendars:
            own = rules[c.school_id][owed_key(owed.slug)]
            weeks = _weeks(c.due_weeks(owed.deadline), own, days[c.school_id].is_working_day, now)
            if weeks:
                told[c.school_id] = {due.week.id: found for due, found in weeks}
                asked[c.school_id] = (c, [due for due, _ in weeks])
        if not asked:
            continue
        owers = obligations.debtors(session, owed, list(asked))
        ledgers = obligations.ledgers(session, owed, asked)
        owe = [
            (school, due, debtor)
            for school, (_, weeks_of) in asked.items()
            for due in weeks_of
            for debtor in owing(owers.get(school, ()), due, ledgers[school])
        ]
        owe = owe if owed.by_group else _with_lessons(session, owe)
        all_told = [
            Told(school, due, debtor, moment)
            for school, due, debtor in owe
            for moment in told[school][due.week.id]
        ]
        yield from _to_debtors(owed, (t for t in all_told if t.moment.to == "owes"), gone, now)
        yield from _to_posts(session, owed, [t for t in all_told if t.moment.to != "owes"], now)


def _weeks(
    dues: Iterable[DueWeek], rules: Sequence[Remind], is_working_day: WorkingDays, now: datetime
) -> list[tuple[DueWeek, list[Moment]]]:
    """The weeks of which something is to be told now, each with it."""
    if not rules:
        return []
    before, after = reach(rules)
    near = [due for due in dues if due.due_at - before <= now < due.due_at + after]
    found = [(due, to_tell(moments(rules, due.due_at, is_working_day), due.due_at, now)) for due in near]
    return [one for one in found if one[1]]


def _with_lessons(
    session: Session, owe: list[tuple[str, DueWeek, Debtor]]
) -> list[tuple[str, DueWeek, Debtor]]:
    """Without those who teach nothing in the week."""
    asked: dict[str, set[tuple[str, str]]] = {}
    for school, due, debtor in owe:
        asked.setdefault(school, set()).add((due.week.id, debtor.account_id))
    idle = day_rows.idle(session, asked)
    return [one for one in owe if (one[1].week.id, one[2].account_id) not in idle[one[0]]]


def _to_debtors(owed: Owed, told: Iterable[Told], gone: set[str], now: datetime) -> Iterator[dict[str, Any]]:
    for school, due, debtor, moment in told:
        if debtor.account_id in gone:
            continue
        words = overdue_words(due.due_at) if moment.overdue else coming_words(due.due_at)
        group = f":{debtor.key}" if owed.by_group else ""  # a head may lead two groups
        yield notice(
            school,
            debtor.account_id,
            "overdue" if moment.overdue else "reminder",
            f"due:{owed.slug}:{due.week.id}{group}:{_code(due, moment)}",
            now,
            due_at=moment.at,
            data=_data(owed, due, debtor) | {"sentence": {"vi": words.vi, "en": words.en}},
        )


def _to_posts(session: Session, owed: Owed, told: list[Told], now: datetime) -> Iterator[dict[str, Any]]:
    """One notice a debtor; the mail makes one line of all names of a type and week."""
    names = _names(session, owed, told)
    recipients: dict[tuple[str, str], list[Account]] = {}
    for school, due, debtor, moment in told:
        post = f"group_head:{debtor.group_id}" if moment.to == "group_head" else f"role:{moment.to}"
        if (school, post) not in recipients:
            recipients[school, post] = answering(session, school, post, owed.slug, now)
        words = lacking_words(due.due_at)
        for person in recipients[school, post]:
            if person.id == debtor.account_id:
                continue
            yield notice(
                school,
                person.id,
                "escalation",
                f"esc:{owed.slug}:{due.week.id}:{debtor.key}:{_code(due, moment)}",
                now,
                due_at=moment.at,
                data=_data(owed, due, debtor)
                | {
                    "sentence": {"vi": words.vi, "en": words.en},
                    "line": f"{owed.slug}:{due.week.id}",
                    "name": names[debtor.key],
                    "path": f"/flags?type={owed.slug}&week={due.week.id}&state=missing",
                },
            )


def _names(session: Session, owed: Owed, told: Sequence[Told]) -> dict[str, str]:
    keys = {t.debtor.key for t in told}
    table, name = (Group, Group.name) if owed.by_group else (Account, Account.full_name)
    found: dict[str, str] = {}
    for some in obligations.chunks(sorted(keys)):
        found |= dict(session.exec(select(table.id, name).where(col(table.id).in_(some))).all())
    return found


def _code(due: DueWeek, moment: Moment) -> str:
    return f"{moment.code}:{limit_day(due.due_at):%y%m%d}"


def _data(owed: Owed, due: DueWeek, debtor: Debtor) -> dict[str, Any]:
    return about(owed, due.week.number) | {
        "week_id": due.week.id,
        "due_at": due.due_at.astimezone(VIETNAM).isoformat(),
        "group_id": debtor.key if owed.by_group else None,
        "owner_id": None if owed.by_group else debtor.key,
        "fact": f"{owed.slug}:{debtor.key}:{due.week.id}",
    }


def coming_words(due_at: datetime) -> Text:
    """What is said before the limit to who owes it."""
    return Text("Hạn: {day} ({limit})", "Due: {day} ({limit})").format(
        day=last_day_words(due_at), limit=limit_words(due_at)
    )


def overdue_words(due_at: datetime) -> Text:
    """What is said after the limit to who owes it."""
    return Text(
        "Đã quá hạn ({day}), hồ sơ chưa được ký và trình. Nộp muộn vẫn được nhận.",
        "The limit has passed ({day}) and it is not signed and submitted. Late work is still taken.",
    ).format(day=last_day_words(due_at))


def lacking_words(due_at: datetime) -> Text:
    """What is said to those above, with a place for the names."""
    return Text("Chưa nộp: {names}. Hạn: {day}.", "Not submitted: {names}. Due: {day}.").format(
        day=last_day_words(due_at), names="{names}"
    )


def untold(session: Session, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of these notices those that are not written yet."""
    told: set[tuple[str, str]] = set()
    by_school: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_school[row["school_id"]].append(row)
    for part in (part for some in by_school.values() for part in parts(some)):
        # A school's keys are few, whoever they are told: probes of the unique index (account_id, key).
        people, keys = {row["account_id"] for row in part}, {row["key"] for row in part}
        told.update(
            session.exec(
                select(Notice.account_id, Notice.key).where(
                    col(Notice.account_id).in_(people), col(Notice.key).in_(keys)
                )
            )
        )
    return [row for row in rows if (row["account_id"], row["key"]) not in told]
