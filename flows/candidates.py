"""Who could take a step now: the holders of its posts, and whoever stands in for one who is away. Reads only.

A delegation is a row with days. Whether it is in force is asked at the moment of acting: it ends by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import BindParameter, ColumnElement, Date, bindparam
from sqlmodel import Session, and_, col, select

from flows.authority import manner
from flows.catalogue import TYPES
from flows.grammar import DocumentType
from flows.people import Actor, Cover, Subject
from flows.posts import actor_of, holders
from models.account import Account
from models.delegation import Delegation
from models.errors import NotFound
from models.settings import VIETNAM

HANDED = ("group_head", "group_deputy", "role:principal", "role:vice_principal", "role:clerk")
"""Posts whose decisions can be handed to another, by the beginning of their audience."""


def posts_of(actor: Actor) -> tuple[str, ...]:
    """The posts of this person that can be handed to another while they are away."""
    return tuple(a for a in actor.audiences() if a.startswith(HANDED))


_AUTHORS = (
    Subject("", "author", "group", "head", "deputy"),
    Subject("", "head", "group", "head", "deputy"),
    Subject("", "head", "group", "head"),
)
"""Whose record it may be: a member's, or the head's own with and without a deputy."""


def types_of(posts: Iterable[str]) -> tuple[DocumentType, ...]:
    """The types that one of these posts draws up or decides on, whoever of a group is the author."""
    kinds = {post.partition(":")[0] if post.startswith("group_") else post for post in posts}
    return tuple(
        declared
        for declared in TYPES
        if any(
            audience.removesuffix(":group") in kinds
            for who in (declared.drafted_by, *(step.by for step in declared.leaves if step.by))
            for subject in _AUTHORS
            for audience in who.audiences(subject)
        )
    )


def today(now: datetime) -> date:
    """The day in Vietnam: a delegation begins and ends with one."""
    return now.astimezone(VIETNAM).date()


def in_force(day: date | BindParameter[date]) -> ColumnElement[bool]:
    """Delegations of a day that nobody ended."""
    d = Delegation
    return and_(col(d.ended_at).is_(None), col(d.first_day) <= day, col(d.last_day) >= day)


def standing_in(session: Session, actor: Actor, now: datetime) -> Actor:
    """The same person with everything handed to them that is in force now."""
    rows = session.exec(_HANDED_TO, params={"of_account": actor.id}).all()
    if not rows:
        return actor
    day = today(now)
    present = (r for r in rows if r.ended_at is None and r.first_day <= day <= r.last_day)
    covers = (cover(session, row, actor) for row in present)
    return replace(actor, covers=tuple(c for c in covers if c is not None), stood_in=True)


_HANDED_TO = (
    select(Delegation)
    .where(col(Delegation.delegate_id) == bindparam("of_account"))
    .order_by(col(Delegation.given_at), col(Delegation.id))
)


def cover(session: Session, row: Delegation, delegate: Actor) -> Cover | None:
    """What a delegation gives its delegate now; None when nothing is left of it.

    An administrator signs for nobody (law 7), whenever they became one. Posts the absent person no longer
    holds are gone, and so are those that need a written authorisation where there is none (a deputy at first,
    then no longer).
    """
    try:
        absent = actor_of(session, row.absent_id)
    except NotFound:
        return None
    if "admin" in delegate.roles:
        return None
    held = set(posts_of(absent))
    posts = {p for p in row.posts if p in held and (row.number or manner(p, delegate) != "TUQ")}
    types = frozenset(row.types or (t.slug for t in TYPES))
    if not posts:
        return None
    name = session.get_one(Account, row.absent_id).full_name
    return Cover(
        row.id, row.absent_id, frozenset(posts), types, row.number, row.dated, name, row.document_id or ""
    )


@dataclass(frozen=True, slots=True)
class StandIn:
    """Somebody is away, and who takes a step instead; `free` is false when law 6 forbids it."""

    absent: Account
    delegate: Account
    delegation: Delegation
    free: bool


def stand_ins(session: Session, subject: Subject, audiences: Sequence[str], now: datetime) -> list[StandIn]:
    """The delegations in force for the post that names a step."""
    return [s for s in _absences(session, subject, audiences, now) if audiences[0] in s.delegation.posts]


def _absences(session: Session, subject: Subject, audiences: Sequence[str], now: datetime) -> list[StandIn]:
    """The delegations in force for any post that may take a step."""
    if not any(a.startswith(HANDED) for a in audiences):
        return []
    rows = session.exec(_IN_FORCE, params={"of_school": subject.school_id, "day": today(now)}).all()
    taken = subject.bound
    found = []
    for row in rows:
        if not set(audiences).intersection(row.posts) or (row.types and subject.type not in row.types):
            continue
        if row.document_id not in (None, subject.document_id):
            continue
        try:
            given = cover(session, row, actor_of(session, row.delegate_id))
        except NotFound:
            continue
        if given is None or given.posts.isdisjoint(audiences):
            continue
        free = row.absent_id not in taken and row.delegate_id not in taken
        absent, delegate = (session.get_one(Account, key) for key in (row.absent_id, row.delegate_id))
        found.append(StandIn(absent, delegate, row, free))
    # Of one person's, what was handed over for this very record goes before the whole post.
    alone = {one.absent.id for one in found if one.delegation.document_id}
    return [one for one in found if one.delegation.document_id or one.absent.id not in alone]


_IN_FORCE = (
    select(Delegation)
    .where(col(Delegation.school_id) == bindparam("of_school"), in_force(bindparam("day", type_=Date)))
    .order_by(col(Delegation.given_at), col(Delegation.id))
)


def with_head_bound(session: Session, subject: Subject, now: datetime) -> Subject:
    """The same, knowing whether the group's head is away while law 6 binds everyone who stands in."""
    post = (f"group_head:{subject.group_id}",)
    instead = _absences(session, subject, post, now) if subject.group_id and subject.head_id else []
    return replace(subject, head_bound=bool(instead) and not any(one.free for one in instead))


def candidates(session: Session, subject: Subject, audiences: Iterable[str], now: datetime) -> list[Account]:
    """Everyone a step waits for now: holders of its posts, without the author and who acted in this revision.

    Who is away is replaced by who stands in; they may still act, but nobody waits for them. A group's head
    alone is waited for all the same where nobody else of the group may take it: they come back.
    """
    keys = list(audiences)
    found = {a.id: a for key in keys for a in holders(session, subject.school_id, key)}
    heads = [a for a in found.values() if a.id == subject.head_id and keys[0].startswith("group_head:")]
    if keys in ([f"account:{subject.owner_id}"], [f"account:{subject.concerned_id}"]):
        return list(found.values())
    away = _absences(session, subject, keys, now)
    for instead in away:
        found.pop(instead.absent.id, None)
    gone = {instead.absent.id for instead in away}
    for instead in away:
        if instead.free and keys[0] in instead.delegation.posts and instead.delegate.id not in gone:
            found[instead.delegate.id] = instead.delegate
    taken = subject.bound
    return [a for a in found.values() if a.id not in taken] or [a for a in heads if a.id not in taken]


def answering(session: Session, school_id: str, audience: str, slug: str, now: datetime) -> list[Account]:
    """Who answers for a post now in matters of a type: its holders, and for who is away whoever stands in."""
    return candidates(session, Subject(school_id, "", type=slug), [audience], now)


def away(session: Session, schools: Sequence[str], now: datetime) -> set[str]:
    """Everyone who has handed their posts to another for today."""
    rows = select(Delegation.absent_id).where(col(Delegation.school_id).in_(schools), in_force(today(now)))
    return set(session.exec(rows))


def reached_at(now: datetime) -> Callable[[Session, str], tuple[str, ...]]:
    """Under which audiences something waits for an account at that moment: for the mailer."""
    return lambda session, account_id: standing_in(session, actor_of(session, account_id), now).reached()
