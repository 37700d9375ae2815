"""What the clock reads: who owes which type, for which weeks, and what was signed. Reads only.

Everything is read for many schools at once, so that a thousand schools cost as many questions as one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from flows.calendar import TeachingWeek
from flows.catalogue import TYPES
from flows.deadlines import effective, limit
from flows.flags import Debtor, DueWeek, Ledger, Signed
from flows.grammar import Deadline, DocumentType
from flows.rules import DEFAULTS
from models.account import Account, AccountRole, Group, GroupMember
from models.document import Document
from models.school import School, SchoolSetting, SchoolWeek
from models.settings import VIETNAM
from models.text import Text

AT_ONCE = 200
"""Schools read together."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A school's weeks in order, and its own rules."""

    school_id: str
    weeks: tuple[TeachingWeek, ...]
    rules: Mapping[str, Any]

    def due_weeks(self, deadline: Deadline) -> list[DueWeek]:
        """Every week with its limit."""
        return [
            DueWeek(
                week,
                limit(deadline, week.monday, self.rules),
                datetime.combine(week.sunday + timedelta(days=1), time(0), VIETNAM),
            )
            for week in self.weeks
        ]

    def rule(self, deadline: Deadline) -> Text:
        """The deadline's sentence as it holds here."""
        return effective(deadline, self.rules).rule


@dataclass(frozen=True, slots=True)
class Owed:
    """A type that is owed, with its deadline."""

    declared: DocumentType
    deadline: Deadline
    by_group: bool

    @property
    def slug(self) -> str:
        return self.declared.slug

    @property
    def ranges(self) -> bool:
        """May one document cover several weeks?"""
        return self.declared.last_week_field is not None


def owed_types(types: Iterable[DocumentType] = TYPES) -> tuple[Owed, ...]:
    """The types somebody owes by a date."""
    return tuple(Owed(t, t.deadline, t.owes.each == "group") for t in types if t.owes and t.deadline)


def school_chunks(session: Session, school_id: str | None = None) -> list[list[str]]:
    """The schools to look at, a handful of hundreds at a time."""
    schools = select(School.id).order_by(col(School.id))
    if school_id is not None:
        schools = schools.where(col(School.id) == school_id)
    ids = list(session.exec(schools).all())
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


def calendars(session: Session, schools: Sequence[str]) -> list[Calendar]:
    """The schools' weeks and rules; a school without weeks is left out."""
    weeks: dict[str, list[TeachingWeek]] = defaultdict(list)
    rows = select(SchoolWeek).where(col(SchoolWeek.school_id).in_(schools)).order_by(col(SchoolWeek.monday))
    for w in session.exec(rows):
        weeks[w.school_id].append(TeachingWeek(w.id, w.year, w.term, w.number, w.monday, w.sunday))
    own: dict[str, dict[str, Any]] = defaultdict(dict)
    for setting in session.exec(select(SchoolSetting).where(col(SchoolSetting.school_id).in_(schools))):
        own[setting.school_id][setting.key] = setting.value
    return [Calendar(school, tuple(found), DEFAULTS | own[school]) for school, found in weeks.items()]


def touched(
    session: Session, schools: Sequence[str], since: datetime
) -> dict[str, set[tuple[str, str, str]]]:
    """By school: type, first and last week of signed documents that changed since then."""
    d = Document
    found: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for school, slug, first, last in session.exec(
        select(d.school_id, d.type, d.week_id, d.last_week_id)
        .where(
            col(d.school_id).in_(schools),
            col(d.updated_at) >= since,
            col(d.first_signed_at).is_not(None),
            col(d.week_id).is_not(None),
        )
        .distinct()
    ):
        assert first is not None
        found[school].add((slug, first, last or first))
    return found


def debtors(
    session: Session, owed: Owed, schools: Sequence[str], only: str | None = None
) -> dict[str, list[Debtor]]:
    """By school: the active teachers who belong to a group, or the groups that have a head."""
    found: dict[str, list[Debtor]] = defaultdict(list)
    if owed.by_group:
        groups = (
            select(Group.school_id, Group.id, Account.id, Account.created_at)
            .join(Account, col(Account.id) == col(Group.head_id))
            .where(col(Group.school_id).in_(schools), col(Account.active))
        )
        if only is not None:
            groups = groups.where(col(Group.id) == only)
        for school, group, head, since in session.exec(groups):
            found[school].append(Debtor(group, head, group, since))
        return found
    teachers = (
        select(Account.school_id, Account.id, func.min(col(GroupMember.group_id)), Account.created_at)
        .join(AccountRole, col(AccountRole.account_id) == col(Account.id))
        .join(GroupMember, col(GroupMember.account_id) == col(Account.id))
        .where(
            col(Account.school_id).in_(schools),
            col(Account.active),
            col(AccountRole.role) == "teacher",
        )
        .group_by(col(Account.school_id), col(Account.id), col(Account.created_at))
    )
    if only is not None:
        teachers = teachers.where(col(Account.id) == only)
    for school, account, group, since in session.exec(teachers):
        found[school].append(Debtor(account, account, group, since))
    return found


def ledgers(
    session: Session,
    owed: Owed,
    asked: Mapping[str, tuple[Calendar, Sequence[DueWeek]]],
    only: str | None = None,
) -> dict[str, Ledger]:
    """By school: what was signed that may cover the weeks asked about. Withdrawn documents do not count."""
    d = Document
    week_ids = [
        week_id for calendar, weeks in asked.values() for week_id in _starts(calendar, weeks, owed.ranges)
    ]
    debtor = d.group_id if owed.by_group else d.owner_id
    papers: dict[str, list[Signed]] = defaultdict(list)
    for start in range(0, len(week_ids), 5000):  # databases bound the number of values in one question
        rows = select_columns(
            col(d.school_id),
            col(debtor),
            col(d.id),
            col(d.owner_id),
            col(d.group_id),
            col(d.week_id),
            col(d.last_week_id),
            col(d.first_signed_at),
        ).where(
            col(d.school_id).in_(list(asked)),
            col(d.week_id).in_(week_ids[start : start + 5000]),
            col(d.type) == owed.slug,
            col(d.first_signed_at).is_not(None),
            col(d.status) != "withdrawn",
            col(debtor).is_not(None),
        )
        if only is not None:
            rows = rows.where(col(debtor) == only)
        for row in session.execute(rows):
            papers[row[0]].append(Signed._make(row[1:]))
    return {school: Ledger(calendar.weeks, papers[school]) for school, (calendar, _) in asked.items()}


def _starts(calendar: Calendar, weeks: Sequence[DueWeek], ranges: bool) -> list[str]:
    """Weeks a covering document may begin with: the weeks themselves, or any before in the same year."""
    if not ranges:
        return [due.week.id for due in weeks]
    latest: dict[str, int] = {}
    for due in weeks:
        latest[due.week.year] = max(latest.get(due.week.year, 0), due.week.number)
    return [week.id for week in calendar.weeks if week.number <= latest.get(week.year, 0)]
