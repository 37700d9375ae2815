"""The clock's effects: flags opened, resolved and reopened, and the notices that tell of them. Sends nothing.

Everything is asked of the database at every look, so that a look that comes twice or a day late leaves the
same rows. What is late follows from `flows/flags.py`; here it is compared with the rows that stand, and
only the differences are written, in short transactions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select as select_columns
from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col

from flows import day_rows, obligations
from flows.calendar import span
from flows.flags import NAMES, DueWeek, Found, find, sentence
from flows.obligations import Asked, Calendar, Owed
from models.columns import new_id
from models.db import Database
from models.document import Document
from models.flag import Flag
from models.notice import Notice
from models.settings import VIETNAM
from models.text import Text

LOOK_BACK = timedelta(days=35)
"""How far a full look goes back; older weeks are looked at when one of their documents changed."""

LAST_WEEK = timedelta(days=6, hours=12)
"""How far the daily look goes back: the latest limit of every weekly duty."""

TELL_WITHIN = timedelta(days=7)
"""A flag found later than this after the fact (a calendar entered in mid-year) sends no mail."""

_AT_ONCE = 1000
T = TypeVar("T")


@dataclass(slots=True)
class Changes:
    """What a look has to write."""

    insert: list[dict[str, Any]] = field(default_factory=list)
    change: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tell: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Notices by the flag they tell of."""

    def __len__(self) -> int:
        return len(self.insert) + len(self.change)


def scan(db: Database, now: datetime, school_id: str | None = None, back: timedelta = LOOK_BACK) -> int:
    """The full look: every limit of the last weeks, in one school or all. Returns the rows changed."""
    return _look(db, now, school_id, since=now - back, back=back)


def scan_changed(db: Database, since: datetime, now: datetime) -> int:
    """The quick look: only weeks whose signed documents changed since then. Returns the rows changed."""
    return _look(db, now, None, since=since, back=timedelta(0))


def scan_document(db: Database, document_id: str, now: datetime) -> int:
    """Only the flags one document touches: its author's (or group's), for the weeks it covers."""
    with db.read() as session:
        document = session.get(Document, document_id)
        owed = next((o for o in obligations.owed_types() if document and o.slug == document.type), None)
        if document is None or owed is None or document.week_id is None:
            return 0
        debtor = document.group_id if owed.by_group else document.owner_id
        touched = {(document.type, document.week_id, document.last_week_id or document.week_id)}
        changes = Changes()
        for calendar in obligations.calendars(session, [document.school_id]):
            weeks = _weeks(calendar, owed, touched, now, timedelta(0))
            compare(session, owed, {document.school_id: (calendar, weeks)}, now, changes, only=debtor)
    _write(db, changes)
    return len(changes)


def rescan(db: Database, now: datetime, school_id: str) -> int:
    """The full look after a change of the calendar: also at weeks with an open flag, whatever their limit."""
    with db.read() as session:
        changes = pending(session, now, school_id)
    _write(db, changes)
    return len(changes)


def pending(session: Session, now: datetime, school_id: str) -> Changes:
    """What that look would write: asked before a change of the calendar is kept."""
    opened = _with_open_flags(session, school_id)
    return _found(session, [school_id], now, now - LOOK_BACK, LOOK_BACK, {school_id: opened})


def _look(db: Database, now: datetime, school_id: str | None, *, since: datetime, back: timedelta) -> int:
    with db.read() as session:
        chunks = obligations.school_chunks(session, school_id)
    total = 0
    for schools in chunks:
        with db.read() as session:
            changes = _found(session, schools, now, since, back)
        _write(db, changes)
        total += len(changes)
    return total


def _found(
    session: Session,
    schools: list[str],
    now: datetime,
    since: datetime,
    back: timedelta,
    opened: Mapping[str, Set[tuple[str, str]]] | None = None,
) -> Changes:
    """What is to be written for some schools; `opened`: weeks to look at whether or not they are past."""
    changes, ahead = Changes(), opened or {}
    touched = obligations.touched(session, schools, since)
    if back and opened is None:
        ahead = obligations.flagged_ahead(session, schools, now.astimezone(VIETNAM).date())
    calendars = obligations.calendars(session, schools) if back or touched else []
    for owed in obligations.owed_types():
        asked = {
            c.school_id: (c, weeks)
            for c in calendars
            if (
                weeks := _weeks(
                    c,
                    owed,
                    touched.get(c.school_id, set()),
                    now,
                    back,
                    ahead.get(c.school_id, frozenset()),
                )
            )
        }
        compare(session, owed, asked, now, changes)
    return changes


def _with_open_flags(session: Session, school_id: str) -> set[tuple[str, str]]:
    """Type and week of every flag that is open and may close by itself."""
    rows = select_columns(col(Flag.type), col(Flag.week_id)).where(
        col(Flag.school_id) == school_id, col(Flag.resolved_at).is_(None)
    )
    return {(slug, week) for slug, week in session.execute(rows.distinct())}


def _weeks(
    calendar: Calendar,
    owed: Owed,
    touched: set[tuple[str, str, str]],
    now: datetime,
    back: timedelta,
    ahead: Set[tuple[str, str]] = frozenset(),
) -> list[DueWeek]:
    """The weeks to look at: limits that passed within `back`, and what changed documents cover.

    `ahead`: weeks that carry a flag though their limit may be still to come, since a rule or the calendar
    changed after it had passed.
    """
    changed = {
        week.id
        for slug, first, last in touched
        if slug == owed.slug
        for week in span(calendar.weeks, first, last)
    }
    return [
        due
        for due in calendar.due_weeks(owed.deadline)
        if (owed.slug, due.week.id) in ahead
        or (due.due_at <= now and (due.due_at > now - back or due.week.id in changed))
    ]


def compare(
    session: Session,
    owed: Owed,
    asked: Asked,
    now: datetime,
    changes: Changes,
    only: str | None = None,
) -> None:
    """Hold the flags that should stand against those that do."""
    if not asked:
        return
    owers = obligations.debtors(session, owed, list(asked), only)
    ledgers = obligations.ledgers(session, owed, asked, only)
    standing = _standing(session, owed, asked, only)
    found = {
        school: find(owed.slug, owers.get(school, ()), weeks, ledgers[school], now)
        for school, (_, weeks) in asked.items()
    }
    if not owed.by_group:
        found = _without_idle(session, found)
    for school, flags in found.items():
        _differ(owed, school, flags, standing.get(school, {}), now, changes)


def _without_idle(session: Session, found: dict[str, list[Found]]) -> dict[str, list[Found]]:
    """Who teaches nothing in a week is missing nothing in it."""
    idle = day_rows.idle(
        session,
        {s: {(f.week_id, f.account_id) for f in flags if f.rule == "missing"} for s, flags in found.items()},
    )
    return {
        school: [f for f in flags if f.rule != "missing" or (f.week_id, f.account_id) not in idle[school]]
        for school, flags in found.items()
    }


class Standing(NamedTuple):
    """A flag's row, as far as it may change."""

    id: str
    key: str
    account_id: str
    group_id: str | None
    document_id: str | None
    due_at: datetime
    opened_at: datetime
    resolved_at: datetime | None


def _standing(session: Session, owed: Owed, asked: Asked, only: str | None) -> dict[str, dict[str, Standing]]:
    weeks = [due.week.id for _, weeks in asked.values() for due in weeks]
    standing: dict[str, dict[str, Standing]] = defaultdict(dict)
    for some in obligations.chunks(weeks):
        flags = select_columns(col(Flag.school_id), *(col(getattr(Flag, n)) for n in Standing._fields)).where(
            col(Flag.school_id).in_(list(asked)), col(Flag.week_id).in_(some), col(Flag.type) == owed.slug
        )
        if only is not None:
            keys = [f"{rule}:{owed.slug}:{only}:{week}" for rule in NAMES for week in some]
            flags = flags.where(col(Flag.key).in_(keys))
        for row in session.execute(flags):
            standing[row[0]][row[2]] = Standing._make(row[1:])
    return standing


def _differ(
    owed: Owed,
    school: str,
    found: list[Found],
    standing: dict[str, Standing],
    now: datetime,
    changes: Changes,
) -> None:
    for flag in found:
        there = standing.pop(flag.key, None)
        if there is None:
            row = _row(flag) | {"id": new_id(), "school_id": school}
            changes.insert.append(row)
            if flag.resolved_at is None:
                _tell(owed, school, row["id"], flag, now, changes)
            continue
        if there.resolved_at is not None and flag.resolved_at is not None:
            continue  # past and told: a later change of heads or rules does not rewrite it
        if there.resolved_at is None and flag.rule == "late" and flag.document_id == there.document_id:
            continue  # decided by the rule of its day
        values = {n: value for n in _MAY_CHANGE if (value := getattr(flag, n)) != getattr(there, n)}
        if values:
            values["data"] = flag.data
            changes.change.append((there.id, values))
        if there.resolved_at is not None:
            _tell(owed, school, there.id, flag, now, changes)
    for gone in standing.values():
        if gone.resolved_at is None:
            changes.change.append((gone.id, {"resolved_at": now}))


_MAY_CHANGE = tuple(name for name in Standing._fields if name not in ("id", "key"))


def _row(flag: Found) -> dict[str, Any]:
    return {name: getattr(flag, name) for name in Found.__slots__}


def _tell(owed: Owed, school: str, flag_id: str, flag: Found, now: datetime, changes: Changes) -> None:
    if flag.opened_at <= now - TELL_WITHIN:
        return
    words = sentence(flag.data)
    changes.tell[flag_id] = notice(
        school,
        flag.account_id,
        "flag",
        f"flag:{flag_id}",
        now,
        document_id=flag.document_id,
        data=about(owed, flag.data["week"])
        | {
            "flag": flag_id,
            "rule": flag.rule,
            "fact": flag.key.partition(":")[2],
            "sentence": {"vi": words.vi, "en": words.en},
        },
    )


def about(owed: Owed, number: int) -> dict[str, Any]:
    """What a notice says of a type and a week; mails are made where types are not known."""
    name = Text("{name}, tuần {number}", "{name}, week {number}").format(
        name=owed.declared.name, number=number
    )
    return {"type": owed.slug, "subject": {"vi": name.vi, "en": name.en}}


def notice(
    school: str,
    account: str,
    kind: str,
    key: str,
    now: datetime,
    *,
    data: dict[str, Any],
    document_id: str | None = None,
    due_at: datetime | None = None,
) -> dict[str, Any]:
    """The row of a notice that is due at once, or since a moment that has passed."""
    return {
        "id": new_id(),
        "school_id": school,
        "account_id": account,
        "kind": kind,
        "key": key,
        "document_id": document_id,
        "data": data,
        "created_at": now,
        "due_at": due_at or now,
        "dropped": False,
    }


def _write(db: Database, changes: Changes) -> None:
    """Insert, change, tell; a flag and its notice in one transaction, some hundreds at a time."""
    for inserts in parts(changes.insert):
        with db.write() as session:
            insert_new(session, Flag, inserts)
            told = [changes.tell.pop(row["id"]) for row in inserts if row["id"] in changes.tell]
            insert_new(session, Notice, told)
    for part in parts(changes.change):
        with db.write() as session:
            for flag_id, values in part:
                session.exec(update(Flag).where(col(Flag.id) == flag_id).values(**values))
            told = [changes.tell.pop(flag_id) for flag_id, _ in part if flag_id in changes.tell]
            insert_new(session, Notice, told)


def parts(rows: list[T]) -> Iterator[list[T]]:
    """Some hundreds at a time: a transaction that holds the database for long stops people."""
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def insert_new(session: Session, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Insert what is not there yet: another look may have been quicker."""
    if not rows:
        return
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = dialect.insert(SQLModel.metadata.tables[str(table.__tablename__)])
    session.execute(made.on_conflict_do_nothing(), rows)
