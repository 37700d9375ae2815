"""The rows of flags: what should stand is held against what does, and only the differences are written.

Shared by all that finds flags: the deadlines (`flows/clock.py`) and the conditions (`flows/conditions.py`).
A flag, its history and the notice that tells of it are one transaction; two servers that find the same at
once leave it once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import zip_longest
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from flows.flag_words import WEEKLY, pair, sentence
from flows.flags import Found
from models.columns import new_id
from models.db import Database
from models.flag import Flag, FlagEvent
from models.kept import enter
from models.notice import Notice

TELL_WITHIN = timedelta(days=7)
"""A flag found later than this after the fact (a calendar entered in mid-year) sends no mail."""

STANDS = and_(col(Flag.resolved_at).is_(None), col(Flag.waived_at).is_(None))
"""Open, and nobody waived it: what counts and what is reminded of."""

_REMINDED = (*WEEKLY, "overdue")
_AT_ONCE = 1000
T = TypeVar("T")
About = Callable[[Found], dict[str, Any]]
Gone = Callable[["Standing"], dict[str, Any] | None]
"""What `data` is to keep of a flag that holds no more, with the reason under `gone`; None: nothing more."""
"""What a notice says of a flag beyond its sentence; mails are made where types are not known."""


@dataclass(slots=True)
class Changes:
    """What a look has to write."""

    insert: list[dict[str, Any]] = field(default_factory=list)
    change: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tell: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Notices by the flag they tell of."""

    def __len__(self) -> int:
        return len(self.insert) + len(self.change)


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


_MAY_CHANGE = tuple(name for name in Standing._fields if name not in ("id", "key"))
_MAY_BE = attrgetter(*_MAY_CHANGE)


def differ(
    school: str,
    found: Iterable[Found],
    standing: dict[str, Standing],
    now: datetime,
    changes: Changes,
    about: About,
    *,
    always_tell: bool = False,
    tells: bool = True,
    gone: Gone | None = None,
) -> None:
    """Add what opens, changes, reopens, and resolves: `standing` is emptied of what still holds.

    `tells`: false where people are told of it another way. `gone`: why one holds no more.
    """
    since = None if always_tell else now - TELL_WITHIN
    for flag in found:
        there = standing.pop(flag.key, None)
        if there is None:
            row = flag._asdict() | {"id": new_id(), "school_id": school}
            changes.insert.append(row)
            if tells and flag.resolved_at is None:
                _tell(school, row["id"], flag, now, since, changes, about)
            continue
        if _MAY_BE(there) == _MAY_BE(flag):
            continue
        if there.resolved_at is not None and flag.resolved_at is not None:
            continue  # past and told: a later change of heads or rules does not rewrite it
        if there.resolved_at is None and flag.rule == "late" and flag.document_id == there.document_id:
            continue  # decided by the rule of its day
        values = {n: value for n in _MAY_CHANGE if (value := getattr(flag, n)) != getattr(there, n)}
        if values:
            values["data"] = flag.data
            changes.change.append((there.id, values))
        if tells and there.resolved_at is not None:
            _tell(school, there.id, flag, now, since, changes, about)
    for over in standing.values():
        if over.resolved_at is None:
            kept = gone(over) if gone is not None else None
            changes.change.append((over.id, {"resolved_at": now} | ({"data": kept} if kept else {})))


def _tell(
    school: str,
    flag_id: str,
    flag: Found,
    now: datetime,
    since: datetime | None,
    changes: Changes,
    about: About,
) -> None:
    if since is not None and flag.opened_at <= since:
        return
    said = {
        "flag": flag_id,
        "rule": flag.rule,
        # A reminder of the same takes its place in a mail; any other flag is a fact of its own.
        "fact": flag.key.partition(":")[2] if flag.rule in _REMINDED else flag.key,
        "sentence": pair(sentence(flag.rule, flag.data)),
    }
    if flag.document_id is None:
        said["path"] = f"/flags/{flag_id}"
    changes.tell[flag_id] = notice(
        school,
        flag.account_id,
        "flag",
        f"flag:{flag_id}",
        now,
        document_id=flag.document_id,
        data=about(flag) | said,
    )


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


# --- writing --------------------------------------------------------------------------------------------


def write(db: Database, changes: Changes, now: datetime) -> None:
    """Insert, change, tell, some hundreds at a time; a flag, its history and its notice go together."""
    for opened, changed in zip_longest(parts(changes.insert), parts(changes.change), fillvalue=()):
        with db.write() as session:  # both: what was missing is late at the same moment
            _open(session, opened, changes.tell)
            _change(session, changed, changes.tell, now)


def _open(session: Session, rows: Sequence[dict[str, Any]], tell: dict[str, dict[str, Any]]) -> None:
    if not rows:
        return
    added = _insert(session, Flag).on_conflict_do_nothing().returning(col(Flag.id))
    made = set(session.execute(added, rows).scalars())
    mine = [row for row in rows if row["id"] in made]
    events = [_of(row, "opened", row["opened_at"]) for row in mine]
    events += [_of(r, "resolved", r["resolved_at"]) for r in mine if r["resolved_at"] is not None]
    waived = _waived_before(session, mine)
    add_events(session, events + waived)
    excused = {one["flag_id"] for one in waived}
    told = [tell.pop(row["id"]) for row in mine if row["id"] in tell and row["id"] not in excused]
    insert_new(session, Notice, told)


def _change(
    session: Session,
    part: Sequence[tuple[str, dict[str, Any]]],
    tell: dict[str, dict[str, Any]],
    now: datetime,
) -> None:
    """A flag that another look has resolved or reopened meanwhile is left as that look left it."""
    events, told = [], []
    for flag_id, values in part:
        change = update(Flag).where(col(Flag.id) == flag_id).values(**values)
        if "resolved_at" in values:
            still_open = col(Flag.resolved_at).is_(None)
            change = change.where(~still_open if values["resolved_at"] is None else still_open)
        if session.exec(change).rowcount != 1:
            continue
        if "resolved_at" in values:
            school = session.exec(select(Flag.school_id).where(col(Flag.id) == flag_id)).one()
            kind, at = (
                ("reopened", now) if values["resolved_at"] is None else ("resolved", values["resolved_at"])
            )
            why = values.get("data", {}).get("gone")
            events.append(event(school, flag_id, kind, at, words=json.dumps(why) if why else ""))
        if flag_id in tell:
            told.append(tell.pop(flag_id))
    add_events(session, events)
    insert_new(session, Notice, told)


def resolve(session: Session, now: datetime, *of: ColumnElement[bool]) -> None:
    """The fact is gone, in the transaction that ended it; the next look would find the same."""
    gone = session.exec(select(Flag.id).where(col(Flag.resolved_at).is_(None), *of)).all()
    _change(session, [(flag_id, {"resolved_at": now}) for flag_id in gone], {}, now)


def _waived_before(session: Session, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was waived while it was missing stays waived when it comes late: the limit is the same one."""
    late = {f"missing:{row['key'].partition(':')[2]}": row for row in rows if row["rule"] == "late"}
    if not late:
        return []
    waived = session.exec(
        select(Flag.key, FlagEvent)
        .join(FlagEvent, col(FlagEvent.flag_id) == col(Flag.id))
        .where(
            col(Flag.school_id).in_({row["school_id"] for row in late.values()}),
            col(Flag.key).in_(late),
            col(Flag.waived_at).is_not(None),
            col(FlagEvent.kind) == "waived",
        )
        .order_by(col(FlagEvent.at), col(FlagEvent.id))
    )
    events: dict[str, dict[str, Any]] = {}
    for key, waiver in waived:
        row = late[key]
        at = max(row["opened_at"], waiver.at)
        session.exec(update(Flag).where(col(Flag.id) == row["id"]).values(waived_at=at))
        events[key] = _of(row, "waived", at, waiver.account_id, waiver.words)
    return list(events.values())


def _of(row: dict[str, Any], *said: Any) -> dict[str, Any]:
    return event(row["school_id"], row["id"], *said)


def event(
    school: str, flag_id: str, kind: str, at: datetime, account_id: str | None = None, words: str = ""
) -> dict[str, Any]:
    """One thing that happened to a flag; `account_id` None: by the system."""
    return {
        "id": new_id(),
        "school_id": school,
        "flag_id": flag_id,
        "kind": kind,
        "at": at,
        "account_id": account_id,
        "words": words,
    }


def add_events(session: Session, events: list[dict[str, Any]]) -> None:
    """Append to the history of flags, in the transaction that changed them."""
    if events:
        session.execute(_insert(session, FlagEvent), events)
        enter(session, FlagEvent, events)


def parts(rows: list[T]) -> Iterator[list[T]]:
    """Some hundreds at a time: a transaction that holds the database for long stops people."""
    for start in range(0, len(rows), _AT_ONCE):
        yield rows[start : start + _AT_ONCE]


def insert_new(session: Session, table: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    """Insert what is not there yet: another look may have been quicker."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), rows)


def _insert(session: Session, table: type[SQLModel]) -> sqlite.Insert | postgresql.Insert:
    rows = SQLModel.metadata.tables[str(table.__tablename__)]
    return postgresql.insert(rows) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(rows)
