"""What a person sees of flags: their own, their group's, or the school's, by week. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, tuple_
from sqlmodel import Session, col, func, select

from flows.catalogue import type_of
from flows.deadlines import length_words
from flows.flags import NAMES, rule_of, sentence
from flows.grammar import DocumentType
from flows.obligations import owed_types
from flows.people import Actor
from models.account import Account, Group, GroupMember
from models.flag import Flag
from models.school import SchoolWeek
from models.text import Text

_BY_GROUP = [owed.slug for owed in owed_types() if owed.by_group]
ALL_SEEING = frozenset({"principal", "vice_principal"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A flag with the names and words people read."""

    flag: Flag
    owner: str
    group: str
    week: SchoolWeek

    @property
    def declared(self) -> DocumentType:
        return type_of(self.flag.type)

    @property
    def rule(self) -> Text:
        """The deadline it was held to."""
        return rule_of(self.flag.data)

    @property
    def sentence(self) -> Text:
        """The limit, the signature and the difference."""
        return sentence(self.flag.data)

    @property
    def words(self) -> Text:
        """`Chưa nộp`, or `Muộn 8 giờ`."""
        signed = self.flag.data.get("signed_at")
        if signed is None:
            return NAMES[self.flag.rule]
        length = length_words(datetime.fromisoformat(signed) - self.flag.due_at)
        return Text(f"Muộn {length.vi}", f"{length.en} late")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Principals see every flag of the school, heads and deputies their group's, everyone their own.

    Who stands in for a head sees the group's, of the types handed over.
    """
    school = col(Flag.school_id) == actor.school_id
    if actor.roles & ALL_SEEING:
        return school
    seen: list[ColumnElement[bool]] = [col(Flag.account_id) == actor.id]
    if own := actor.heads | actor.deputises:
        seen.append(_of_groups(own))
    seen += [
        and_(col(Flag.type).in_(sorted(c.types)), _of_groups(c.groups)) for c in actor.covers if c.groups
    ]
    return and_(school, or_(*seen))


def _of_groups(led: frozenset[str]) -> ColumnElement[bool]:
    # a teacher of two groups carries one of them on the flag; both heads answer for the plan
    members = select(GroupMember.account_id).where(col(GroupMember.group_id).in_(led))
    of_members = and_(col(Flag.account_id).in_(members), col(Flag.type).not_in(_BY_GROUP))
    return or_(col(Flag.group_id).in_(led), of_members)


def flags(
    session: Session,
    actor: Actor,
    *,
    week: str = "",
    rule: str = "",
    type: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int | None = None,
) -> list[Seen]:
    """Open flags this person may see, the latest opened first; `after`: (opened, id) of the last seen."""
    query = (
        select(Flag, Account.full_name, func.coalesce(col(Group.name), ""), SchoolWeek)
        .join(Account, col(Account.id) == col(Flag.account_id))
        .join(SchoolWeek, col(SchoolWeek.id) == col(Flag.week_id))
        .join(Group, col(Group.id) == col(Flag.group_id), isouter=True)
        .where(visible_to(actor), col(Flag.resolved_at).is_(None))
        .order_by(col(Flag.opened_at).desc(), col(Flag.id).desc())
    )
    for value, column in ((week, Flag.week_id), (rule, Flag.rule), (type, Flag.type)):
        if value:
            query = query.where(col(column) == value)
    if after is not None:
        query = query.where(tuple_(col(Flag.opened_at), col(Flag.id)) < tuple_(*after))
    if limit is not None:
        query = query.limit(limit)
    return [Seen(*row) for row in session.exec(query)]


def history(session: Session, actor: Actor, slug: str, account_id: str, key: str, week_id: str) -> list[Flag]:
    """Every flag of one type, week and debtor that this person may see, resolved ones too, the oldest first.

    `key` is the teacher's account or the group: a group's flags may name heads it had before.
    """
    f = Flag
    query = select(f).where(
        visible_to(actor),
        col(f.week_id) == week_id,
        col(f.type) == slug,
        or_(col(f.account_id) == account_id, col(f.group_id) == key),
    )
    found = session.exec(query.order_by(col(f.opened_at), col(f.id))).all()
    return [flag for flag in found if flag.key.split(":")[2] == key]


def weeks(session: Session, school_id: str) -> Sequence[SchoolWeek]:
    """The school's weeks in order."""
    query = select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id)
    return session.exec(query.order_by(col(SchoolWeek.monday))).all()


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """Open flags this person may see, by week."""
    query = (
        select(Flag.week_id, func.count())
        .where(visible_to(actor), col(Flag.resolved_at).is_(None))
        .group_by(col(Flag.week_id))
    )
    return dict(session.exec(query).all())
