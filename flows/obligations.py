"""What the clock reads: who owes which type, for which weeks, and what was signed. Reads only.

Everything is read for many schools at once, so that a thousand schools cost as many questions as one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, tuple_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, func, select

from flows import day_rows
from flows.calendar import TeachingWeek
from flows.catalogue import TYPES
from flows.deadlines import Days, dated, in_force, last_of, limit, limits_by
from flows.due_rules import Deadline
from flows.flags import Debtor, DueWeek, Ledger, Signed
from flows.grammar import DocumentType
from flows.rules import OwnRules, deadlines_of
from flows.school_days import SchoolDays
from models.account import Account, AccountRole, Group, GroupMember
from models.columns import UtcDateTime
from models.document import Document
from models.flag import Flag
from models.school import School, SchoolWeek
from models.statements import ask

AT_ONCE = 200
"""Schools read together."""

AnyRows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A school's weeks in order, its working days, and its own deadlines."""

    school_id: str
    days: Days
    own: OwnRules

    @property
    def weeks(self) -> Sequence[TeachingWeek]:
        return self.days.weeks

    def limits(self, deadline: Deadline) -> tuple[datetime, ...]:
        """The limit of every week."""
        own = self.own.get(deadline.setting, ())
        if own:
            return tuple(limit(deadline, week, self.days, own) for week in self.weeks)
        return limits_by(deadline, self.days)

    def due_weeks(self, deadline: Deadline, places: Iterable[int] | None = None) -> Iterator[DueWeek]:
        """Every week, or those at some places, with its limit and the rule it follows from."""
        own = self.own.get(deadline.setting, ())
        limits, rule, said = self.limits(deadline), deadline, deadline.rule
        for place in range(len(limits)) if places is None else places:
            week = self.weeks[place]
            here = in_force(deadline, own, week.monday)
            if here is not rule:
                rule, said = here, here.rule
            yield DueWeek(week, limits[place], said)

    def limit(self, deadline: Deadline, week_id: str | None, event: date | None = None) -> datetime | None:
        """The first instant too late for a week; None when the school has no such week."""
        week = next((w for w in self.weeks if w.id == week_id), None)
        own = self.own.get(deadline.setting, ())
        return limit(deadline, week, self.days, own, event) if week else None

    def rule(self, deadline: Deadline, monday: date = date.max) -> Deadline:
        """The rule for the week of that Monday; without one, the rule that holds in the end."""
        return in_force(deadline, self.own.get(deadline.setting, ()), monday)

    def rule_then(self, deadline: Deadline, monday: date, then: datetime) -> Deadline:
        """The rule for that week as it stood at an instant: what was signed then was held to it."""
        own = dated(self.own.get(deadline.setting, ()))
        return in_force(deadline, [one for one in own if one.set_at <= then], monday)

    def changed_on(self, deadline: Deadline, monday: date) -> datetime | None:
        """When the rule for that week was set; None where the school has none of its own for it."""
        one = last_of(self.own.get(deadline.setting, ()), monday)
        return one.set_at if one else None


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
    """The schools' weeks, working days and own deadlines; a school without weeks is left out."""
    weeks: dict[str, list[TeachingWeek]] = defaultdict(list)
    for row in ask(session, _WEEKS, of_schools=list(schools)):
        weeks[row[0]].append(TeachingWeek(*row[1:]))
    return with_deadlines(session, day_rows.with_changes(session, weeks))


_WEEKS = (
    select_columns(
        *(
            col(SchoolWeek.school_id),
            *(col(SchoolWeek.id), col(SchoolWeek.year), col(SchoolWeek.term), col(SchoolWeek.number)),
            *(col(SchoolWeek.monday), col(SchoolWeek.sunday)),
        )
    )
    .where(col(SchoolWeek.school_id).in_(bindparam("of_schools", expanding=True)))
    .order_by(col(SchoolWeek.monday))
)


def with_deadlines(session: Session, days_of: Mapping[str, SchoolDays]) -> list[Calendar]:
    """The schools' calendars, from days that are read already."""
    own = deadlines_of(session, list(days_of))
    return [
        Calendar(school, Days(days.weeks, partial(days.is_working_day, in_breaks=True)), own.get(school, {}))
        for school, days in days_of.items()
    ]


def calendar_of(session: Session, school_id: str) -> Calendar:
    """One school's, without weeks where it has none."""
    found = calendars(session, [school_id])
    return found[0] if found else Calendar(school_id, Days(), deadlines_of(session, [school_id])[school_id])


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


def flagged_ahead(session: Session, schools: Sequence[str], today: date) -> dict[str, set[tuple[str, str]]]:
    """By school: types and weeks not over yet that are flagged missing. Their limit may have moved on."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    rows = (
        select_columns(col(SchoolWeek.school_id), col(Flag.type), col(SchoolWeek.id))
        .join(Flag, col(Flag.week_id) == col(SchoolWeek.id))
        .where(
            col(SchoolWeek.school_id).in_(schools),
            col(Flag.school_id) == col(SchoolWeek.school_id),
            col(SchoolWeek.sunday) >= today,
            col(Flag.rule) == "missing",
            col(Flag.resolved_at).is_(None),
        )
        .distinct()
    )
    for school, slug, week in session.execute(rows):
        found[school].add((slug, week))
    return found


def debtors(
    session: Session, owed: Owed, schools: Sequence[str], only: str | None = None
) -> dict[str, list[Debtor]]:
    """By school: the active teachers who belong to a group, or the groups that have a head."""
    found: dict[str, list[Debtor]] = defaultdict(list)
    if owed.by_group:
        groups = (
            select_columns(col(Group.school_id), col(Group.id), col(Account.id), col(Account.created_at))
            .join(Account, col(Account.id) == col(Group.head_id))
            .where(col(Group.school_id).in_(schools), col(Account.active))
        )
        if only is not None:
            groups = groups.where(col(Group.id) == only)
        for school, group, head, since in ask(session, groups):
            found[school].append(Debtor(group, head, group, since))
        return found
    a, role, member = Account, AccountRole, GroupMember
    teachers = (
        select_columns(col(a.school_id), col(a.id), func.min(col(member.group_id)), col(a.created_at))
        .join(role, and_(col(role.school_id) == col(a.school_id), col(role.account_id) == col(a.id)))
        .join(member, col(member.account_id) == col(a.id))
        .where(col(a.school_id).in_(schools), col(a.active), col(role.role) == "teacher")
        .group_by(col(a.school_id), col(a.id), col(a.created_at))
    )
    if only is not None:
        teachers = teachers.where(col(a.id) == only)
    for school, account, group, since in ask(session, teachers):
        found[school].append(Debtor(account, account, group, since))
    return found


Asked = Mapping[str, tuple[Calendar, Sequence[DueWeek]]]
"""The weeks asked about, by school."""


def ledgers(session: Session, owed: Owed, asked: Asked, only: str | None = None) -> dict[str, Ledger]:
    """By school: what was signed that may cover the weeks asked about. Withdrawn documents do not count."""
    in_time: dict[str, Set[str]] = {}
    papers: dict[str, list[Signed]] = defaultdict(list)
    if owed.ranges:  # those of several weeks are few, and may have begun long before
        starts = [week for calendar, weeks in asked.values() for week in _starts(calendar, weeks)]
        papers |= _papers(session, owed, starts, [only] if only else None, several=True)
    for (due_at, _), weeks in _by_limit(asked).items():
        held_to = func.coalesce(col(Document.due_at), literal(due_at, UtcDateTime))
        is_late = col(Document.first_signed_at) >= held_to
        one = _signed(owed, weeks, [_debtor(owed), is_late], [only] if only else None).where(~SEVERAL_WEEKS)
        signed = ask(session, one)
        punctual = frozenset([debtor for debtor, late in signed if not late])
        late = list({debtor for debtor, late in signed if late})
        in_time |= dict.fromkeys(weeks, punctual)
        for school, more in _papers(session, owed, weeks, late).items():
            papers[school] += more
    return {
        school: Ledger(calendar.weeks, papers[school], in_time) for school, (calendar, _) in asked.items()
    }


def _by_limit(asked: Asked) -> dict[tuple[datetime, int], list[str]]:
    """Weeks with the same limit, at most one of each school. Schools mostly share their limits.

    The weeks of one school that share a limit (an end of term) stand apart, one in each part.
    """
    limits: dict[tuple[datetime, int], list[str]] = defaultdict(list)
    for _, weeks in asked.values():
        seen: Counter[datetime] = Counter()
        for due in weeks:
            limits[due.due_at, seen[due.due_at]].append(due.week.id)
            seen[due.due_at] += 1
    return limits


def of_weeks(question: AnyRows, table: type[Document | Flag], weeks: Sequence[str]) -> AnyRows:
    """Only rows of these weeks.

    An index by school and week is of use only to who names both: a list of schools and one of weeks would
    have every pair of them looked up.
    """
    w = SchoolWeek
    these = select_columns(col(w.school_id), col(w.id)).where(col(w.id).in_(weeks))
    return question.where(tuple_(col(table.school_id), col(table.week_id)).in_(these))


def _debtor(owed: Owed) -> ColumnElement[Any] | Mapped[Any]:
    return col(Document.group_id) if owed.by_group else col(Document.owner_id)


SEVERAL_WEEKS = and_(
    col(Document.last_week_id).is_not(None), col(Document.last_week_id) != col(Document.week_id)
)
"""Documents that cover more weeks than one: few."""


def _signed(
    owed: Owed,
    weeks: Sequence[str],
    columns: Sequence[ColumnElement[Any] | Mapped[Any]],
    of: Sequence[str] | None,
) -> AnyRows:
    """The signed documents that begin with one of these weeks, of these debtors or of all (None)."""
    d, debtor = Document, _debtor(owed)
    signed = of_weeks(select_columns(*columns), d, weeks).where(
        col(d.type) == owed.slug,
        col(d.first_signed_at).is_not(None),
        col(d.status) != "withdrawn",
        debtor.is_not(None),
    )
    return signed if of is None else signed.where(debtor.in_(of))


def _papers(
    session: Session, owed: Owed, weeks: Sequence[str], of: Sequence[str] | None, *, several: bool = False
) -> dict[str, list[Signed]]:
    """Those documents by school. `several`: only the ones that cover more weeks than one."""
    d = Document
    columns = (
        col(d.school_id),
        _debtor(owed),
        col(d.id),
        col(d.owner_id),
        col(d.group_id),
        col(d.week_id),
        col(d.last_week_id),
        col(d.first_signed_at),
        col(d.due_at),
    )
    found: dict[str, list[Signed]] = defaultdict(list)
    for some_weeks in chunks(weeks):
        for some in [None] if of is None else chunks(of):
            signed = _signed(owed, some_weeks, columns, some)
            for row in ask(session, signed.where(SEVERAL_WEEKS) if several else signed):
                found[row[0]].append(Signed._make(row[1:]))
    return found


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Databases bound the number of values in one question."""
    for start in range(0, len(values), 5000):
        yield values[start : start + 5000]


def _starts(calendar: Calendar, weeks: Sequence[DueWeek]) -> list[str]:
    """Weeks with which a covering range may begin: these, or any before them in the same year."""
    latest: dict[str, int] = {}
    for due in weeks:
        latest[due.week.year] = max(latest.get(due.week.year, 0), due.week.number)
    return [week.id for week in calendar.weeks if week.number <= latest.get(week.year, 0)]
