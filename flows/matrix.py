"""The board: teaching weeks across, whoever owes down, as far as this person may see. Reads only.

Principals see the school, heads and deputies their groups, and so does who stands in; everyone themselves. A
draft is its author's alone: to others a week that is only begun is not due yet, or missing. A few questions,
however many cells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from flows import day_rows
from flows.calendar import TeachingWeek, span
from flows.cells import BREAK, Cell, Column, Paper, columns, fits, stand
from flows.flag_words import WEEKLY
from flows.flags import DueWeek
from flows.namesakes import names_of
from flows.obligations import Calendar, Owed, calendars, debtors, owed_types
from flows.people import Actor
from flows.queries import visible_to
from flows.span import Asked, shown_weeks
from models.account import Account, Group, GroupMember
from models.document import Document
from models.errors import NotFound
from models.flag import Flag
from models.school import SchoolClass, TeachingAssignment


@dataclass(frozen=True, slots=True)
class Line:
    """Whoever owes: a teacher, or a group by its head. `note`: the class, the subject, or the head's name."""

    key: str
    account_id: str
    name: str
    since: datetime
    groups: tuple[tuple[str, str], ...]
    """Id and name of each group they belong to and the reader may see, the first shown."""
    note: str = ""
    cells: tuple[Cell, ...] = ()

    @property
    def group(self) -> str:
        """The name of the group it stands under."""
        return self.groups[0][1] if self.groups else ""


@dataclass(frozen=True, slots=True)
class Board:
    """What is drawn, and what else could be asked for."""

    owed: Owed
    calendar: Calendar
    year: tuple[TeachingWeek, ...]
    columns: tuple[Column, ...]
    here: TeachingWeek
    lines: tuple[Line, ...]
    everyone: tuple[Line, ...]
    """Every line this person may see, without cells, whatever was asked."""

    @property
    def place(self) -> int:
        """Which column is the week in the middle."""
        return next(n for n, c in enumerate(self.columns) if c.week and c.week.id == self.here.id)


def chosen(slug: str) -> Owed:
    """The type asked for, or the first that anyone owes; NotFound for one that nobody does."""
    for owed in owed_types():
        if slug in ("", owed.slug):
            return owed
    raise NotFound


def calendar_of(session: Session, school_id: str) -> Calendar | None:
    """The school's weeks and rules; None before any are entered."""
    return next(iter(calendars(session, [school_id])), None)


def read(
    session: Session, actor: Actor, asked: Asked, now: datetime, calendar: Calendar | None = None
) -> Board | None:
    """The board as asked; None for a school without weeks. `calendar`: the school's, where it is known.

    NotFound when a type, a week or the one debtor is not there, or not to be seen by this person.
    """
    calendar = calendar or calendar_of(session, actor.school_id)
    if calendar is None:
        return None
    owed = chosen(asked.type)
    dues = tuple(calendar.due_weeks(owed.deadline))
    here, year, shown = shown_weeks(dues, asked, now)
    everyone = _lines(session, actor, owed, here.year)
    lines = _narrowed(everyone, asked)
    papers = _papers(session, actor, owed, calendar, shown, _keys(actor, owed, everyone, lines))
    across = columns(shown)
    waived = _waived(session, actor.school_id, owed, shown)
    drawn = [_drawn(owed, across, line, papers, waived, now) for line in lines]
    if not owed.by_group:
        drawn = _without_idle(session, actor.school_id, drawn)
    return Board(
        owed,
        calendar,
        year,
        across,
        here,
        tuple(line for line in drawn if not asked.state or any(fits(c, asked.state) for c in line.cells)),
        everyone,
    )


def _drawn(
    owed: Owed,
    across: Sequence[Column],
    line: Line,
    papers: Mapping[tuple[str, str], Sequence[Paper]],
    waived: Set[str],
    now: datetime,
) -> Line:
    def cell(due: DueWeek) -> Cell:
        here = papers.get((line.key, due.week.id), ())
        made = stand(owed.declared, due, line.since, here, now, every=owed.by_group)
        excused = waived and f"{made.time}:{owed.slug}:{line.key}:{due.week.id}" in waived
        return replace(made, waived=True) if excused else made

    return replace(line, cells=tuple(cell(c.due) if c.due else BREAK for c in across))


def _without_idle(session: Session, school_id: str, lines: list[Line]) -> list[Line]:
    """Who has no lesson in a week is missing nothing in it, as the flags have it (`flows/clock.py`)."""
    missing = {(c.week_id, line.key) for line in lines for c in line.cells if c.time == "missing"}
    idle = day_rows.idle(session, {school_id: missing})[school_id]
    if not idle:
        return lines

    def cell(line: Line, made: Cell) -> Cell:
        free = made.time == "missing" and (made.week_id, line.key) in idle
        return replace(made, time="not_owed") if free else made

    return [replace(line, cells=tuple(cell(line, c) for c in line.cells)) for line in lines]


def _waived(session: Session, school_id: str, owed: Owed, shown: Sequence[DueWeek]) -> Set[str]:
    """Keys of the flags of these weeks that were waived; few, if any."""
    f = Flag
    query = select(f.key).where(
        col(f.school_id) == school_id,
        col(f.week_id).in_([due.week.id for due in shown]),
        col(f.type) == owed.slug,
        col(f.rule).in_(WEEKLY),
        col(f.waived_at).is_not(None),
    )
    return frozenset(session.exec(query))


# --- who ------------------------------------------------------------------------------------------------


def _lines(session: Session, actor: Actor, owed: Owed, year: str) -> tuple[Line, ...]:
    """Who owes the type, as far as this person may see."""
    found = debtors(session, owed, [actor.school_id]).get(actor.school_id, [])
    ids = {debtor.account_id for debtor in found}
    names = names_of(session, ids)
    groups = dict(
        session.exec(select(Group.id, Group.name).where(col(Group.school_id) == actor.school_id)).all()
    )
    if owed.by_group:
        lines = [
            Line(d.key, d.account_id, groups[d.key], d.since, ((d.key, groups[d.key]),), names[d.account_id])
            for d in found
        ]
    else:
        members, taught = _members(session, actor.school_id, groups), _taught(session, actor.school_id, year)
        lines = [
            Line(d.key, d.account_id, names[d.key], d.since, members[d.key], taught.get(d.key, ""))
            for d in found
        ]
    return tuple(line for line in (_seen(actor, owed, line) for line in lines) if line is not None)


def _seen(actor: Actor, owed: Owed, line: Line) -> Line | None:
    """The line under a group the reader answers for; None when it is not to be seen."""
    if actor.oversees(owed.slug):
        return line
    led = actor.led(owed.slug)
    under = tuple(group for group in line.groups if group[0] in led)
    if under:
        return replace(line, groups=under)
    return line if line.account_id == actor.id else None


def _members(
    session: Session, school_id: str, groups: Mapping[str, str]
) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Each person's groups, by name."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    rows = session.exec(
        select(GroupMember.account_id, GroupMember.group_id).where(col(GroupMember.school_id) == school_id)
    )
    for account, group in rows:
        found[account].append((group, groups[group]))
    return {account: tuple(sorted(of, key=lambda group: group[1])) for account, of in found.items()}


def _taught(session: Session, school_id: str, year: str) -> dict[str, str]:
    """A homeroom teacher's class, else what the person teaches most: it stands beside the name."""
    rows = session.execute(
        select_columns(
            col(TeachingAssignment.account_id),
            col(TeachingAssignment.homeroom),
            col(TeachingAssignment.subject),
            col(SchoolClass.name),
        )
        .join(SchoolClass, col(SchoolClass.id) == col(TeachingAssignment.class_id))
        .where(col(TeachingAssignment.school_id) == school_id, col(SchoolClass.year) == year)
        .order_by(col(SchoolClass.name), col(TeachingAssignment.subject))
    )
    homes: dict[str, str] = {}
    subjects: dict[str, list[str]] = defaultdict(list)
    for account, homeroom, subject, name in rows:
        subjects[account].append(subject)
        if homeroom:
            homes.setdefault(account, name)
    return {account: max(of, key=of.count) for account, of in subjects.items()} | homes


def _narrowed(everyone: Sequence[Line], asked: Asked) -> list[Line]:
    """The lines asked for, under the group asked for."""
    lines = list(everyone)
    if asked.group:
        lines = [replace(line, groups=tuple(of)) for line in lines if (of := _only(line.groups, asked.group))]
    if asked.person:
        lines = [line for line in lines if line.account_id == asked.person]
    if asked.key:
        lines = [line for line in lines if line.key == asked.key]
        if not lines:
            raise NotFound
    return lines


def _only(groups: Iterable[tuple[str, str]], group_id: str) -> list[tuple[str, str]]:
    return [group for group in groups if group[0] == group_id]


def _keys(actor: Actor, owed: Owed, everyone: Sequence[Line], lines: Sequence[Line]) -> list[str] | None:
    """Whose documents are read: None, those of the whole school, when all of it is shown."""
    return None if actor.oversees(owed.slug) and len(lines) == len(everyone) else [line.key for line in lines]


# --- their records --------------------------------------------------------------------------------------


def _papers(
    session: Session,
    actor: Actor,
    owed: Owed,
    calendar: Calendar,
    shown: Sequence[DueWeek],
    keys: Collection[str] | None,
) -> dict[tuple[str, str], list[Paper]]:
    """The documents that cover the weeks shown, by debtor and week."""
    d, wanted = Document, {due.week.id for due in shown}
    starts = wanted
    if owed.ranges:  # a range reaches into these weeks from any before them in the same year
        last = shown[-1].week
        starts = {w.id for w in calendar.weeks if w.year == last.year and w.number <= last.number}
    debtor = d.group_id if owed.by_group else d.owner_id
    rows = select_columns(
        col(d.id),
        col(debtor),
        col(d.week_id),
        col(d.last_week_id),
        col(d.status),
        col(d.step),
        col(d.due_at),
        col(d.first_signed_at),
        visible_to(actor),
    ).where(
        col(d.school_id) == actor.school_id,
        col(d.week_id).in_(starts),
        col(d.type) == owed.slug,
        col(d.status) != "withdrawn",
        or_(col(d.first_signed_at).is_not(None), col(d.owner_id) == actor.id),
    )
    if keys is not None:
        # Of several people SQLite would read every document of the type; the weeks' own index serves better.
        whose = col(debtor) if len(keys) == 1 else func.coalesce(col(debtor), "")
        rows = rows.where(whose.in_(keys))
    found: dict[tuple[str, str], list[Paper]] = defaultdict(list)
    for paper in map(Paper._make, session.execute(rows)):
        for week_id in _covered(calendar, paper):
            if week_id in wanted:
                found[paper.debtor, week_id].append(paper)
    return found


def _covered(calendar: Calendar, paper: Paper) -> list[str]:
    if paper.last_week_id in (None, paper.week_id):
        return [paper.week_id]
    return [week.id for week in span(calendar.weeks, paper.week_id, paper.last_week_id or "")]


# --- one person -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owes:
    """What one person owes of one type in the weeks shown; `line` names the group where a group owes it."""

    owed: Owed
    board: Board
    line: Line


def of_person(session: Session, actor: Actor, account_id: str, asked: Asked, now: datetime) -> list[Owes]:
    """Everything a person owes, type by type, in the same weeks: the present term where none are named.

    A state asked for narrows no line here: a week is shown when any type of it fits.
    """
    calendar = calendar_of(session, actor.school_id)
    if calendar is None:
        return []
    if not asked.first and not asked.last:
        here, year, _ = shown_weeks(tuple(calendar.due_weeks(chosen("").deadline)), asked, now)
        term = [week.id for week in year if week.term == here.term]
        asked = replace(asked, first=term[0], last=term[-1])
    asked = replace(asked, person=account_id, state="")
    found: list[Owes] = []
    for owed in owed_types():
        board = read(session, actor, replace(asked, type=owed.slug), now, calendar)
        if board is not None:
            found += [Owes(owed, board, line) for line in board.lines]
    return found


def person(session: Session, actor: Actor, account_id: str) -> Account:
    """Whose page it is; NotFound unless it is one's own, a colleague's one leads, or one sees the school."""
    account = session.get(Account, account_id)
    if account is None or account.school_id != actor.school_id:
        raise NotFound
    if account.id == actor.id or actor.oversees():
        return account
    groups = select(GroupMember.group_id).where(col(GroupMember.account_id) == account_id)
    if not set(session.exec(groups)) & actor.led():
        raise NotFound
    return account
