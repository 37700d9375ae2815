"""What a person sees of flags: their own, their group's, or the school's, by week. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, true, tuple_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from flows.catalogue import type_of
from flows.deadlines import length_words
from flows.flag_rows import STANDS
from flows.flag_words import ADVICE, NAMES, OWNERS, WEEKLY, gone, rule_of, sentence
from flows.grammar import DocumentType
from flows.obligations import owed_types
from flows.people import ALL_SEEING, Actor
from models.account import Account, Group, GroupMember
from models.errors import NotFound
from models.flag import Flag
from models.school import SchoolWeek
from models.text import Text

_BY_GROUP = [owed.slug for owed in owed_types() if owed.by_group]
STATES: dict[str, tuple[Text, ColumnElement[bool]]] = {
    "open": (Text("Đang mở", "Open"), STANDS),
    "waived": (Text("Đã miễn", "Waived"), col(Flag.waived_at).is_not(None)),
    "resolved": (
        Text("Đã xong", "Resolved"),
        and_(col(Flag.resolved_at).is_not(None), col(Flag.waived_at).is_(None)),
    ),
}
"""States one may ask for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which flags are asked for; empty narrows nothing. `week`: its id, or "none" for what has no week.

    `weekless`: beside those of the week also what has none.
    """

    week: str = ""
    rule: str = ""
    type: str = ""
    group: str = ""
    state: str = ""
    weekless: bool = False

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for the database; without a state, all that is not resolved."""
        named = (self.rule, Flag.rule), (self.type, Flag.type), (self.group, Flag.group_id)
        asked = [col(column) == value for value, column in named if value]
        if self.week:
            none = col(Flag.week_id).is_(None)
            of_week = none if self.week == "none" else col(Flag.week_id) == self.week
            asked.append(or_(of_week, none) if self.weekless else of_week)
        asked.append(STATES[self.state][1] if self.state in STATES else col(Flag.resolved_at).is_(None))
        return asked


@dataclass(frozen=True, slots=True)
class Seen:
    """A flag with the names and words people read."""

    flag: Flag
    owner: str
    group: str
    week: SchoolWeek | None

    @property
    def declared(self) -> DocumentType | None:
        return type_of(self.flag.type) if self.flag.type else None

    @property
    def name(self) -> Text:
        return NAMES[self.flag.rule]

    @property
    def rule(self) -> Text:
        """The rule it was held to."""
        return rule_of(self.flag.data)

    @property
    def sentence(self) -> Text:
        """The limit, the signature and the difference; or what else the fact is."""
        return sentence(self.flag.rule, self.flag.data)

    @property
    def gone(self) -> Text | None:
        """Why it holds no more, though nothing was handed in."""
        return gone(self.flag.data) if self.flag.resolved_at is not None else None

    @property
    def state(self) -> str:
        """`waived`, `resolved` or `open`."""
        if self.flag.waived_at is not None:
            return "waived"
        return "open" if self.flag.resolved_at is None else "resolved"

    @property
    def words(self) -> Text:
        """`Chưa nộp`, or `Muộn 8 giờ`."""
        if self.flag.rule != "late":
            return self.name
        signed = datetime.fromisoformat(self.flag.data["signed_at"])
        length = length_words(signed - self.flag.due_at)
        return Text(f"Muộn {length.vi}", f"{length.en} late")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Principals see every flag of the school, heads and deputies their group's, everyone their own.

    What is about a person's account (`ADVICE`) is for that person, administrators and the principal alone.
    Who stands in sees what the absent one does, of the types handed over: the group's, or the school's.
    """
    school, work = col(Flag.school_id) == actor.school_id, col(Flag.rule).not_in(ADVICE)
    if "principal" in actor.roles:
        return school
    seen: list[ColumnElement[bool]] = [col(Flag.account_id) == actor.id]
    if "admin" in actor.roles:
        seen.append(col(Flag.rule).in_(ADVICE))
    if actor.roles & ALL_SEEING:
        seen.append(work)
    if own := actor.heads | actor.deputises:
        seen.append(and_(work, _of_groups(own)))
    seen += [
        and_(work, col(Flag.type).in_(sorted(c.types)), true() if c.whole_school else _of_groups(c.groups))
        for c in actor.covers
        if c.groups or c.whole_school
    ]
    return and_(school, or_(*seen))


def _of_groups(led: frozenset[str]) -> ColumnElement[bool]:
    # a teacher of two groups carries one of them on the flag; both heads answer for the plan
    members = select(GroupMember.account_id).where(col(GroupMember.group_id).in_(led))
    owners = col(Flag.rule).in_(OWNERS), col(Flag.type).not_in(_BY_GROUP)
    of_members = and_(col(Flag.account_id).in_(members), *owners)
    return or_(col(Flag.group_id).in_(led), of_members)


def flags(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> list[Seen]:
    """Flags this person may see, the latest opened first; `after`: (opened, id) of the last seen."""
    query = _seen().where(visible_to(actor), *wanted.conditions())
    if after is not None:
        query = query.where(tuple_(col(Flag.opened_at), col(Flag.id)) < tuple_(*after))
    if limit is not None:
        query = query.limit(limit)
    return [Seen(*row) for row in session.execute(query)]


def own(session: Session, actor: Actor, rules: Collection[str]) -> list[Seen]:
    """One's own flags of some rules that stand."""
    mine = col(Flag.account_id) == actor.id, col(Flag.rule).in_(rules), STANDS
    return [Seen(*row) for row in session.execute(_seen().where(*mine))]


def one(session: Session, actor: Actor, flag_id: str) -> Seen:
    """One flag; NotFound when this person may not see it, whatever the reason."""
    row = session.execute(_seen().where(visible_to(actor), col(Flag.id) == flag_id)).first()
    if row is None:
        raise NotFound
    return Seen(*row)


def _seen() -> Select[Flag, str, str, SchoolWeek]:
    return (
        select_columns(Flag, col(Account.full_name), func.coalesce(col(Group.name), ""), SchoolWeek)
        .join(Account, col(Account.id) == col(Flag.account_id))
        .join(SchoolWeek, col(SchoolWeek.id) == col(Flag.week_id), isouter=True)
        .join(Group, col(Group.id) == col(Flag.group_id), isouter=True)
        .order_by(col(Flag.opened_at).desc(), col(Flag.id).desc())
    )


def history(session: Session, actor: Actor, slug: str, account_id: str, key: str, week_id: str) -> list[Flag]:
    """Every flag of one type, week and debtor that this person may see, resolved ones too, the oldest first.

    `key` is the teacher's account or the group: a group's flags may name heads it had before.
    """
    f = Flag
    query = select(f).where(
        visible_to(actor),
        col(f.week_id) == week_id,
        col(f.type) == slug,
        col(f.rule).in_(WEEKLY),
        or_(col(f.account_id) == account_id, col(f.group_id) == key),
    )
    found = session.exec(query.order_by(col(f.opened_at), col(f.id))).all()
    return [flag for flag in found if flag.key.split(":")[2] == key]


def advice(session: Session, school_id: str, rules: Collection[str], account_id: str = "") -> dict[str, Text]:
    """By account: what its open flags of these rules say, for its owner and the administrators."""
    query = select(Flag).where(
        col(Flag.school_id) == school_id, col(Flag.rule).in_(rules), col(Flag.resolved_at).is_(None)
    )
    if account_id:
        query = query.where(col(Flag.account_id) == account_id)
    return {flag.account_id: sentence(flag.rule, flag.data) for flag in session.exec(query)}


def weeks(session: Session, school_id: str) -> Sequence[SchoolWeek]:
    """The school's weeks in order."""
    query = select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id)
    return session.exec(query.order_by(col(SchoolWeek.monday))).all()


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """Open flags this person may see, by week."""
    query = (
        select(Flag.week_id, func.count())
        .where(visible_to(actor), STANDS, col(Flag.week_id).is_not(None))
        .group_by(col(Flag.week_id))
    )
    return {week: number for week, number in session.exec(query) if week}
