"""Flags that stand while a fact stands: each condition says whom it holds for now, one writer does the rest.

`look` asks every condition and holds the answers against the open flags: what is new opens, what no longer
holds is resolved, what holds again reopens. A condition that is added to `CONDITIONS` needs nothing else but
its words (`flows/flag_words.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from flows import account_conditions, obligations, probable, probable_rows, record_conditions
from flows.flag_rows import Changes, Standing, differ, write
from flows.flag_words import ADVICE, NAMES, pair
from flows.flags import Found
from models.db import Database
from models.flag import Flag
from models.statements import ask
from models.text import Text

Holds = Callable[[Session, Sequence[str], datetime], Iterable[tuple[str, Found]]]


@dataclass(frozen=True, slots=True)
class Condition:
    """`holds` reads, for some schools, all that hold at a moment: the school and the flag as it should stand.

    `Found.key` begins with the rule and names subject and person; `Found.data` keeps what the sentence is
    made from. One that is not among them any more is resolved. `tells`: false where people are told of it
    in notices of another kind. `when_found`: it opens when the clock finds it, as no fact says since when.
    """

    rule: str
    holds: Holds
    tells: bool = True
    when_found: bool = False

    @property
    def name(self) -> Text:
        return NAMES[self.rule]


CONDITIONS: tuple[Condition, ...] = (
    Condition("not-downloaded", record_conditions.not_downloaded),
    Condition("not-printed", record_conditions.not_printed),
    Condition("overdue", record_conditions.overdue),
    Condition("password-default", account_conditions.never_changed),
    Condition("password-old", account_conditions.old),
    Condition("idle", account_conditions.idle),
    Condition("certificate", account_conditions.certificate),
    Condition(probable.RULE, probable_rows.holds, tells=False, when_found=True),
)


def look(
    db: Database, now: datetime, school_id: str | None = None, rules: Collection[str] | None = None
) -> int:
    """Hold every condition (or those of some rules) against the flags that stand; the rows changed."""
    with db.read() as session:
        chunks = obligations.school_chunks(session, school_id)
    asked = [c for c in CONDITIONS if rules is None or c.rule in rules]
    total = 0
    for schools in chunks:
        changes = Changes()
        with db.read() as session:
            for condition in asked:
                _compare(session, condition, schools, now, changes)
        write(db, changes, now)
        total += len(changes)
    return total


def _compare(
    session: Session, condition: Condition, schools: Sequence[str], now: datetime, changes: Changes
) -> None:
    found: dict[str, list[Found]] = defaultdict(list)
    for school, flag in condition.holds(session, schools, now):
        found[school].append(flag)
    standing = _standing(session, condition.rule, schools)
    _add_resolved(session, condition.rule, found, standing)
    if condition.when_found:
        _keep_opening(found, standing)
    for school in found.keys() | standing.keys():
        differ(
            school,
            found[school],
            standing[school],
            now,
            changes,
            _about,
            always_tell=condition.rule in ADVICE,
            tells=condition.tells,
        )


_COLUMNS = (col(Flag.school_id), *(col(getattr(Flag, name)) for name in Standing._fields))


def _standing(session: Session, rule: str, schools: Sequence[str]) -> dict[str, dict[str, Standing]]:
    """By school and key: the open flags of a rule."""
    standing: dict[str, dict[str, Standing]] = defaultdict(dict)
    rows = select_columns(*_COLUMNS).where(
        col(Flag.school_id).in_(schools), col(Flag.rule) == rule, col(Flag.resolved_at).is_(None)
    )
    for school, *values in ask(session, rows):
        flag = Standing._make(values)
        standing[school][flag.key] = flag
    return standing


def _add_resolved(
    session: Session,
    rule: str,
    found: dict[str, list[Found]],
    standing: dict[str, dict[str, Standing]],
) -> None:
    """Those that were resolved and hold again."""
    new = [flag.key for school, flags in found.items() for flag in flags if flag.key not in standing[school]]
    for keys in obligations.chunks(new):
        rows = select_columns(*_COLUMNS).where(
            col(Flag.school_id).in_(list(found)), col(Flag.rule) == rule, col(Flag.key).in_(keys)
        )
        for school, *values in ask(session, rows):
            flag = Standing._make(values)
            standing[school].setdefault(flag.key, flag)


def _keep_opening(found: Mapping[str, list[Found]], standing: Mapping[str, Mapping[str, Standing]]) -> None:
    """What stood before keeps the moment at which it was first found."""
    for school, flags in found.items():
        there = standing[school]
        flags[:] = [f._replace(opened_at=there[f.key].opened_at) if f.key in there else f for f in flags]


def _about(flag: Found) -> dict[str, Any]:
    said: dict[str, Any] = {"type": flag.type}
    if flag.document_id is None:
        said["subject"] = pair(NAMES[flag.rule])
    return said
