"""Delegations as people see them: what is in force, what is coming, what was. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, func, select

from flows.candidates import in_force, today
from flows.catalogue import TYPES
from flows.people import ROLES, Actor
from models.account import Account, Group
from models.delegation import Delegation, Substitution
from models.text import Text


@dataclass(frozen=True, slots=True)
class Seen:
    """A delegation as a page or an answer shows it. `state`: now, coming, over, ended."""

    row: Delegation
    absent: Account
    delegate: Account
    given_by: str
    posts: tuple[Text, ...]
    types: tuple[Text, ...]
    state: str
    made: int
    """Decisions made under it."""


def made(session: Session, ids: Collection[str]) -> dict[str, int]:
    """How many decisions were made under each delegation."""
    counted = (
        select(Substitution.delegation_id, func.count())
        .where(col(Substitution.delegation_id).in_(ids))
        .group_by(col(Substitution.delegation_id))
    )
    return dict(session.exec(counted).all())


def listed(session: Session, actor: Actor, now: datetime, limit: int = 200) -> list[Seen]:
    """What this person may know of, the newest first; principals and administrators all of the school's."""
    d = Delegation
    query = select(d).where(col(d.school_id) == actor.school_id)
    if not actor.roles & {"principal", "admin"}:
        query = query.where((col(d.absent_id) == actor.id) | (col(d.delegate_id) == actor.id))
    rows = session.exec(query.order_by(col(d.first_day).desc(), col(d.given_at).desc()).limit(limit)).all()
    return _seen(session, rows, now)


def now_for(session: Session, actor: Actor, now: datetime) -> list[Seen]:
    """The delegations in force that this person gave or holds; single records stand where they wait."""
    d = Delegation
    rows = session.exec(
        select(d)
        .where(
            (col(d.absent_id) == actor.id) | (col(d.delegate_id) == actor.id),
            in_force(today(now)),
            col(d.document_id).is_(None),
        )
        .order_by(col(d.last_day), col(d.id))
    ).all()
    return _seen(session, rows, now)


def _seen(session: Session, rows: Collection[Delegation], now: datetime) -> list[Seen]:
    counts, day = made(session, [r.id for r in rows]), today(now)
    return [seen(session, row, day, counts.get(row.id, 0)) for row in rows]


def seen(session: Session, row: Delegation, day: date, count: int = 0) -> Seen:
    """One delegation as it stands on a day; `count` decisions were made under it."""
    names = {t.slug: t.short for t in TYPES}
    absent, delegate, giver = (
        session.get_one(Account, key) for key in (row.absent_id, row.delegate_id, row.given_by)
    )
    posts = tuple(post_words(session, p) for p in row.posts)
    types = tuple(names[t] for t in row.types)
    return Seen(row, absent, delegate, giver.full_name, posts, types, state_of(row, day), count)


def scope_words(session: Session, row: Delegation) -> Text:
    """What is handed over: posts, types, and the written authorisation it rests on."""
    shown = seen(session, row, row.first_day)
    posts = Text(", ".join(p.vi for p in shown.posts), ", ".join(p.en for p in shown.posts))
    types = (
        Text(", ".join(t.vi for t in shown.types), ", ".join(t.en for t in shown.types))
        if row.types
        else _ALL
    )
    if row.document_id:
        types = _ONE.format(type=types)
    paper = _BY_PAPER.format(number=row.number) if row.number else ""
    return SCOPE.format(posts=posts, types=types, paper=paper)


_ALL = Text("mọi loại hồ sơ", "every type of record")
_ONE = Text("chỉ một hồ sơ: {type}", "one record alone: {type}")
_BY_PAPER = Text(", giấy ủy quyền số {number}", ", authorisation no. {number}")
SCOPE = Text("{posts} ({types}{paper})", "{posts} ({types}{paper})")


def state_of(row: Delegation, day: date) -> str:
    """now, coming, over (its days are past) or ended (somebody ended it)."""
    if row.ended_at is not None:
        return "ended"
    return "coming" if day < row.first_day else "over" if row.last_day < day else "now"


def post_words(session: Session, audience: str) -> Text:
    """A post in words: `Hiệu trưởng`, `Tổ trưởng Tổ 1-2-3`."""
    kind, _, key = audience.partition(":")
    if kind == "role":
        return ROLES[key]
    group = session.get(Group, key)
    name = group.name if group else "–"
    return _GROUP_POSTS[kind].format(group=name)


_GROUP_POSTS = {
    "group_head": Text("Tổ trưởng {group}", "Head of {group}"),
    "group_deputy": Text("Tổ phó {group}", "Deputy head of {group}"),
}
