"""The clock's effects: flags opened, resolved and reopened, and the notices that tell of them. Sends nothing.

Everything is asked of the database at every look, so that a look that comes twice or a day late leaves the
same rows. What is late follows from `flows/flags.py`; here it is compared with the rows that stand, and
only the differences are written, in short transactions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows import day_rows, obligations
from flows.calendar import span
from flows.flag_rows import Changes, Standing, differ, resolve, write
from flows.flag_words import WEEKLY, of_week, pair, stamp
from flows.flags import Debtor, DueWeek, Found, Ledger, find
from flows.obligations import Asked, Calendar, Owed
from models.db import Database
from models.document import Document
from models.flag import Flag
from models.settings import VIETNAM
from models.statements import ask

LOOK_BACK = timedelta(days=35)
"""How far a full look goes back; older weeks are looked at when one of their documents changed."""

LAST_WEEK = timedelta(days=6, hours=12)
"""How far the daily look goes back: the latest limit of every weekly duty."""


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
    write(db, changes, now)
    return len(changes)


def rescan(db: Database, now: datetime, school_id: str) -> int:
    """The full look after a change of the calendar: also at weeks with an open flag, whatever their limit."""
    with db.read() as session:
        changes = pending(session, now, school_id)
    write(db, changes, now)
    return len(changes)


def pending(session: Session, now: datetime, school_id: str) -> Changes:
    """What that look would write: asked before a change of the calendar is kept."""
    opened = _with_open_flags(session, school_id)
    return _found(session, [school_id], now, now - LOOK_BACK, LOOK_BACK, {school_id: opened})


def owes_no_longer(session: Session, account_id: str, now: datetime) -> None:
    """A person leaves: what they alone owed is missing no more, however long ago it was due.

    In the transaction in which they leave, for no look goes back so far. What a group owes stays the group's,
    and late stays late.
    """
    own = [owed.slug for owed in obligations.owed_types() if not owed.by_group]
    resolve(
        session, now, col(Flag.account_id) == account_id, col(Flag.rule) == "missing", col(Flag.type).in_(own)
    )


def _look(db: Database, now: datetime, school_id: str | None, *, since: datetime, back: timedelta) -> int:
    with db.read() as session:
        chunks = obligations.school_chunks(session, school_id)
    total = 0
    for schools in chunks:
        with db.read() as session:
            changes = _found(session, schools, now, since, back)
        write(db, changes, now)
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
    looked = [(owed, _asked(calendars, owed, touched, now, back, ahead)) for owed in obligations.owed_types()]
    owers: dict[bool, dict[str, list[Debtor]]] = {}
    for owed, asked in looked:
        if asked and owed.by_group not in owers:  # they are the same for every type that is owed alike
            alike = {s for other, some in looked if other.by_group == owed.by_group for s in some}
            owers[owed.by_group] = obligations.debtors(session, owed, sorted(alike))
        compare(session, owed, asked, now, changes, owers.get(owed.by_group))
    return changes


def _asked(
    calendars: list[Calendar],
    owed: Owed,
    touched: Mapping[str, set[tuple[str, str, str]]],
    now: datetime,
    back: timedelta,
    ahead: Mapping[str, Set[tuple[str, str]]],
) -> Asked:
    """The weeks to look at in each school that has some."""
    found = {}
    for c in calendars:
        here = c.school_id
        weeks = _weeks(c, owed, touched.get(here, set()), now, back, ahead.get(here, frozenset()))
        if weeks:
            found[here] = (c, weeks)
    return found


def _with_open_flags(session: Session, school_id: str) -> set[tuple[str, str]]:
    """Type and week of every flag that is open and may close by itself."""
    rows = select_columns(col(Flag.type), col(Flag.week_id)).where(
        col(Flag.school_id) == school_id, col(Flag.resolved_at).is_(None), col(Flag.rule).in_(WEEKLY)
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
    marked = {week for slug, week in ahead if slug == owed.slug}
    limits = calendar.limits(owed.deadline)
    places = _passed(limits, now, now - back)
    if changed or marked:
        places |= {
            place
            for place, week in enumerate(calendar.weeks)
            if week.id in marked or (week.id in changed and limits[place] <= now)
        }
    return list(calendar.due_weeks(owed.deadline, sorted(places))) if places else []


@lru_cache(maxsize=64)
def _passed(limits: tuple[datetime, ...], now: datetime, since: datetime) -> frozenset[int]:
    """Places of the limits that passed since then; most schools have the same limits."""
    return frozenset(place for place, due_at in enumerate(limits) if since < due_at <= now)


def compare(
    session: Session,
    owed: Owed,
    asked: Asked,
    now: datetime,
    changes: Changes,
    owers: Mapping[str, list[Debtor]] | None = None,
    only: str | None = None,
) -> None:
    """Hold the flags that should stand against those that do; `owers`: when they are read already."""
    if not asked:
        return
    if owers is None:
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
        due = {one.week.id: one for one in asked[school][1]}
        gone = partial(_gone, session, due, ledgers[school], now)
        differ(school, flags, standing.get(school, {}), now, changes, partial(_about, owed), gone=gone)


def _gone(
    session: Session, due: Mapping[str, DueWeek], ledger: Ledger, now: datetime, flag: Standing
) -> dict[str, Any] | None:
    """Why what was missing is so no more, though nothing came: the limit moved on, or it is not owed."""
    rule, _, debtor, week_id = flag.key.split(":")
    if rule != "missing" or (debtor, week_id) in ledger.covered or debtor in ledger.in_time(week_id):
        return None
    data = dict(session.exec(select(Flag.data).where(col(Flag.id) == flag.id)).one())
    here = due[week_id]
    if here.due_at <= now:
        return data | {"gone": {"why": "not_owed"}}
    cause = "calendar" if data.get("rule") == pair(here.rule) else "rule"
    return data | {"gone": {"why": cause, "due_at": stamp(here.due_at)}}


def _without_idle(session: Session, found: dict[str, list[Found]]) -> dict[str, list[Found]]:
    """Who teaches nothing in a week is missing nothing in it."""
    idle = day_rows.idle(
        session,
        {
            s: {(f.week_id, f.account_id) for f in flags if f.rule == "missing" and f.week_id}
            for s, flags in found.items()
        },
    )
    return {
        school: [f for f in flags if f.rule != "missing" or (f.week_id, f.account_id) not in idle[school]]
        for school, flags in found.items()
    }


def _standing(session: Session, owed: Owed, asked: Asked, only: str | None) -> dict[str, dict[str, Standing]]:
    f = Flag
    flags = select_columns(col(f.school_id), *(col(getattr(f, n)) for n in Standing._fields)).where(
        col(f.type) == owed.slug, col(f.rule).in_(WEEKLY)
    )
    standing: dict[str, dict[str, Standing]] = defaultdict(dict)
    for some in obligations.chunks([due.week.id for _, weeks in asked.values() for due in weeks]):
        here = obligations.of_weeks(flags, f, some)
        if only is not None:
            here = here.where(col(f.key).in_([f"{r}:{owed.slug}:{only}:{w}" for r in WEEKLY for w in some]))
        for row in ask(session, here):
            standing[row[0]][row[2]] = Standing._make(row[1:])
    return standing


def _about(owed: Owed, flag: Found) -> dict[str, Any]:
    return about(owed, flag.data["week"])


def about(owed: Owed, number: int) -> dict[str, Any]:
    """What a notice says of a type and a week; mails are made where types are not known."""
    return {"type": owed.slug, "subject": pair(of_week(owed.declared.name, number))}
