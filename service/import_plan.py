"""What an import would change: the sheets held against the school, row by row. Writes nothing by itself.

Each entry of a plan says in words what it would do and carries the act that does it, so that the preview and
the import are one piece of code. Nothing is removed because a file does not name it; a row that was applied
once already is old news and stays without effect (last year's file, uploaded again).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlmodel import Session, col, select

from flows.office import Office
from flows.people import Actor
from models.account import Account, AccountRole, Change, Group, GroupMember
from models.imports import ImportedRow
from models.school import SchoolClass, SchoolWeek, TeachingAssignment
from models.text import Text
from service.import_names import fold
from service.import_sheets import Problem

Verdict = Literal["new", "changed", "waits", "same", "old"]
VERDICTS: dict[Verdict, Text] = {
    "new": Text("Thêm mới", "New"),
    "changed": Text("Thay đổi", "Changed"),
    "waits": Text("Chờ xác nhận", "Waits for confirmation"),
    "same": Text("Không đổi", "Unchanged"),
    "old": Text("Đã nhập trước đây, bỏ qua", "Imported before, left alone"),
}
NEW_ACCOUNTS = 300
"""Accounts one import may make: a password is made and hashed for each."""


@dataclass(slots=True)
class Applying:
    """What the acts of one import share while they run."""

    session: Session
    office: Office
    asker: Actor
    now: datetime
    hashes: Mapping[str, str] = field(default_factory=dict)
    """Hash of the first password by sign-in name."""

    def account(self, sign_in_name: str) -> Account:
        return self.session.exec(
            select(Account).where(
                col(Account.school_id) == self.asker.school_id, col(Account.sign_in_name) == sign_in_name
            )
        ).one()

    def group(self, name: str) -> Group:
        found = self.session.exec(select(Group).where(col(Group.school_id) == self.asker.school_id)).all()
        return next(group for group in found if fold(group.name) == fold(name))

    def school_class(self, year: str, name: str) -> SchoolClass:
        return self.session.exec(
            select(SchoolClass).where(
                col(SchoolClass.school_id) == self.asker.school_id,
                col(SchoolClass.year) == year,
                col(SchoolClass.name) == name,
            )
        ).one()


Act = Callable[[Applying], None]


@dataclass(slots=True)
class Entry:
    """One thing a row would do; `digest` names the row's content, so that it is applied once in its life."""

    sheet: str
    cell: str
    verdict: Verdict
    sentence: Text
    act: Act | None = None
    digest: str = ""


@dataclass(slots=True)
class Plan:
    """Everything an import would do, and what stands against it."""

    asker_id: str = ""
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    new_accounts: list[tuple[str, str]] = field(default_factory=list)
    """Sign-in name and full name of each account that gets a first password."""

    @property
    def stopped(self) -> bool:
        return any(problem.stops for problem in self.problems)

    @property
    def effective(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.act is not None]

    def counts(self) -> dict[Verdict, int]:
        return {v: sum(1 for e in self.entries if e.verdict == v) for v in VERDICTS}

    def digest(self) -> str:
        """Names what a preview showed: an import does this or nothing."""
        shown = [[e.sheet, e.cell, e.verdict, e.sentence.vi] for e in self.entries]
        shown += [[p.sheet, p.cell, str(p.stops), p.sentence.vi] for p in self.problems]
        return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the school, or of the file: `id` is empty until the account is made."""

    sign_in_name: str
    full_name: str
    id: str = ""
    active: bool = True


@dataclass(slots=True)
class Known:
    """The school as it is, with the people and classes this file adds."""

    school_id: str
    today: date
    again: bool
    accounts: dict[str, Account]
    roles: dict[str, set[str]]
    groups: dict[str, Group]
    members: dict[str, set[str]]
    classes: dict[tuple[str, str], str]
    """A class's name by (year, folded name); those this file adds are put in."""
    class_ids: dict[tuple[str, str], str]
    """Ids by (year, name) of the classes that are there."""
    teaching: dict[tuple[str, str, str], dict[str, bool]]
    """By (year, folded class name, subject): sign-in names, each with whether as homeroom teacher."""
    told: dict[tuple[str, str, str], list[str]]
    """By the same key: whom this file names, old news or not."""
    years: dict[str, tuple[date, date]]
    """First Monday and last Sunday of each school year."""
    waiting: list[Change]
    applied: dict[str, datetime]
    has_principal: bool
    """Somebody can confirm what law 7 guards."""
    people: dict[str, Person]
    """By sign-in name, the file's new ones too."""

    def person(self, typed: str) -> Person | Text:
        """Whom a cell names: a sign-in name, or a full name only one person has; else why not."""
        found = self.people.get(typed.strip().lower())
        if found is None:
            named = [p for p in self.people.values() if fold(p.full_name) == fold(typed)]
            if len(named) > 1:
                names = ", ".join(p.sign_in_name for p in named)
                return _MANY.format(typed=typed, names=names)
            found = named[0] if named else None
        if found is None:
            return _NOBODY.format(typed=typed)
        return found if found.active else _LEFT.format(typed=typed)

    def is_over(self, year: str) -> bool:
        return year in self.years and self.years[year][1] < self.today

    def is_waiting(self, account_id: str, action: str, data: dict[str, Any]) -> bool:
        return any((c.account_id, c.action, c.data) == (account_id, action, data) for c in self.waiting)


def known(session: Session, actor: Actor, today: date, *, again: bool) -> Known:
    """Read the school. `again`: rows applied before count anew."""
    school_id = actor.school_id
    accounts = session.exec(select(Account).where(col(Account.school_id) == school_id)).all()
    roles: dict[str, set[str]] = {}
    for role in session.exec(select(AccountRole).where(col(AccountRole.school_id) == school_id)):
        roles.setdefault(role.account_id, set()).add(role.role)
    groups = session.exec(select(Group).where(col(Group.school_id) == school_id)).all()
    members: dict[str, set[str]] = {}
    for member in session.exec(select(GroupMember).where(col(GroupMember.school_id) == school_id)):
        members.setdefault(member.group_id, set()).add(member.account_id)
    classes = session.exec(select(SchoolClass).where(col(SchoolClass.school_id) == school_id)).all()
    places = {c.id: (c.year, fold(c.name)) for c in classes}
    names = {a.id: a.sign_in_name for a in accounts}
    teaching: dict[tuple[str, str, str], dict[str, bool]] = {}
    for row in session.exec(select(TeachingAssignment).where(col(TeachingAssignment.school_id) == school_id)):
        there = teaching.setdefault((*places[row.class_id], row.subject), {})
        there[names[row.account_id]] = row.homeroom
    weeks = session.exec(select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id)).all()
    years: dict[str, tuple[date, date]] = {}
    for week in weeks:
        first, last = years.get(week.year, (week.monday, week.sunday))
        years[week.year] = (min(first, week.monday), max(last, week.sunday))
    applied = session.exec(select(ImportedRow).where(col(ImportedRow.school_id) == school_id)).all()
    return Known(
        school_id,
        today,
        again,
        {a.sign_in_name: a for a in accounts},
        roles,
        {fold(g.name): g for g in groups},
        members,
        {(c.year, fold(c.name)): c.name for c in classes},
        {(c.year, c.name): c.id for c in classes},
        teaching,
        {},
        years,
        list(
            session.exec(
                select(Change).where(col(Change.school_id) == school_id, col(Change.state) == "waiting")
            ).all()
        ),
        {row.digest: row.at for row in applied},
        any(a.active and "principal" in roles.get(a.id, ()) for a in accounts),
        {a.sign_in_name: Person(a.sign_in_name, a.full_name, a.id, a.active) for a in accounts},
    )


def row_digest(*values: object) -> str:
    """Names what a row says, whatever line it stands on."""
    text = json.dumps([str(v) for v in values], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def settle(plan: Plan, school: Known, entries: Iterable[Entry], digest: str) -> None:
    """Put a row's entries into the plan: one applied before is shown as old news and does nothing."""
    for entry in entries:
        entry.digest = digest
        at = school.applied.get(digest)
        if entry.act is not None and at is not None and not school.again:
            entry.verdict, entry.act = "old", None
        plan.entries.append(entry)


_MANY = Text(
    "Có nhiều người tên “{typed}” ({names}). Ghi tên đăng nhập.",
    "Several people are called “{typed}” ({names}). Write the sign-in name.",
)
_NOBODY = Text(
    "Không có người nào là “{typed}”. Ghi tên đăng nhập hoặc họ và tên đầy đủ, hoặc thêm vào trang"
    " Tài khoản.",
    "Nobody is called “{typed}”. Write the sign-in name or the full name, or add the person to the accounts.",
)
_LEFT = Text(
    "Tài khoản của “{typed}” đã ngừng. Cho hoạt động lại trước, hoặc ghi người khác.",
    "The account of “{typed}” is switched off. Switch it on first, or name someone else.",
)
