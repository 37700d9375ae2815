"""What the administrator keeps of a school: groups, weeks, classes, assignments, names by date, rules.

Who heads a group is an appointment and stands in `service/accounts.py`: it makes an approver (law 7). Every
function takes the school from the administrator's account; another school's ids are NotFound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, delete, select

from flows import rules
from flows.calendar import school_year
from models.account import Group, GroupMember
from models.document import Document
from models.errors import Fault, Invalid, NotFound
from models.flag import Flag
from models.school import SchoolClass, SchoolName, SchoolSetting, SchoolWeek, TeachingAssignment
from models.text import Text
from service.accounts import account_of, group_of, refuse_outsider
from service.changes import refusal
from tasks.rich_text import clean_line

_CLASS = re.compile(r"(?P<grade>[1-9]|1[0-2])[A-Za-z./ -][A-Za-z0-9./ -]{0,16}")


# groups


def save_group(session: Session, school_id: str, group_id: str, name: str, members: Iterable[str]) -> Group:
    """Make a group (empty id) or rename it, and set its members; its head and deputy stay members."""
    name = clean_line(name)
    if not 1 <= len(name) <= 80:
        raise refusal("name", _NO_NAME)
    group = group_of(session, school_id, group_id) if group_id else Group(school_id=school_id, name=name)
    twin = session.exec(
        select(Group.id).where(col(Group.school_id) == school_id, col(Group.name) == name)
    ).first()
    if twin is not None and twin != group.id:
        raise refusal("name", _GROUP_THERE)
    group.name = name
    session.add(group)
    session.flush()
    here = set(
        session.exec(select(GroupMember.account_id).where(col(GroupMember.group_id) == group.id)).all()
    )
    people = [account_of(session, school_id, account_id) for account_id in members]
    for account in people:
        if account.id not in here:
            refuse_outsider(session, account)
    wanted = {account.id for account in people}
    wanted |= {leader for leader in (group.head_id, group.deputy_id) if leader}
    session.exec(delete(GroupMember).where(col(GroupMember.group_id) == group.id))
    session.add_all(GroupMember(school_id=school_id, group_id=group.id, account_id=a) for a in sorted(wanted))
    return group


def dismiss(session: Session, school_id: str, group_id: str, post: str) -> None:
    """Leave a group without head or deputy; its waiting work moves to whom the process names next."""
    group = group_of(session, school_id, group_id)
    if post == "head":
        group.head_id = None
    elif post == "deputy":
        group.deputy_id = None
    else:
        raise NotFound
    session.add(group)


def groups_of(session: Session, school_id: str) -> list[tuple[Group, set[str]]]:
    """The groups by name, each with its members' ids."""
    members: dict[str, set[str]] = {}
    for row in session.exec(select(GroupMember).where(col(GroupMember.school_id) == school_id)).all():
        members.setdefault(row.group_id, set()).add(row.account_id)
    groups = session.exec(
        select(Group).where(col(Group.school_id) == school_id).order_by(col(Group.name))
    ).all()
    return [(group, members.get(group.id, set())) for group in groups]


# weeks


def make_year(session: Session, school_id: str, start: date, breaks: Iterable[date]) -> list[SchoolWeek]:
    """The 35 weeks of a year from its first Monday, over `breaks` (Mondays of weeks without lessons).

    Invalid (`start`) when a week of that year is in use already, or lies in another year's week.
    """
    weeks = school_year(start, breaks)
    year = weeks[0].year
    _refuse_used(session, school_id, year)
    session.exec(
        delete(SchoolWeek).where(col(SchoolWeek.school_id) == school_id, col(SchoolWeek.year) == year)
    )
    other = session.exec(
        select(SchoolWeek).where(
            col(SchoolWeek.school_id) == school_id,
            col(SchoolWeek.monday) >= weeks[0].monday,
            col(SchoolWeek.monday) <= weeks[-1].monday,
        )
    ).first()
    if other is not None:
        raise refusal("start", _OVERLAPS.format(day=f"{other.monday:%d/%m/%Y}"))
    rows = [
        SchoolWeek(
            school_id=school_id, year=w.year, term=w.term, number=w.number, monday=w.monday, sunday=w.sunday
        )
        for w in weeks
    ]
    session.add_all(rows)
    return rows


def _refuse_used(session: Session, school_id: str, year: str) -> None:
    ids = select(SchoolWeek.id).where(col(SchoolWeek.school_id) == school_id, col(SchoolWeek.year) == year)
    used = session.exec(
        select(Document.id).where(or_(col(Document.week_id).in_(ids), col(Document.last_week_id).in_(ids)))
    ).first()
    flagged = session.exec(select(Flag.id).where(col(Flag.week_id).in_(ids))).first()
    if used is not None or flagged is not None:
        raise refusal("start", _IN_USE.format(year=year))


def move_week(session: Session, school_id: str, week_id: str, monday: date) -> SchoolWeek:
    """Move one week to another Monday; Invalid unless it stays between its neighbours."""
    week = session.get(SchoolWeek, week_id)
    if week is None or week.school_id != school_id:
        raise NotFound
    if monday.weekday() != 0:
        raise refusal("monday", _NO_MONDAY.format(day=f"{monday:%d/%m/%Y}"))
    others = session.exec(
        select(SchoolWeek).where(
            col(SchoolWeek.school_id) == school_id,
            col(SchoolWeek.year) == week.year,
            col(SchoolWeek.id) != week.id,
        )
    ).all()
    if any(
        (other.number < week.number) != (other.monday < monday) or other.monday == monday for other in others
    ):
        raise refusal("monday", _OUT_OF_ORDER)
    week.monday, week.sunday = monday, monday + timedelta(days=6)
    session.add(week)
    return week


def weeks_of(session: Session, school_id: str) -> list[SchoolWeek]:
    """Every week of the school, the latest year first."""
    return list(
        session.exec(
            select(SchoolWeek)
            .where(col(SchoolWeek.school_id) == school_id)
            .order_by(col(SchoolWeek.year).desc(), col(SchoolWeek.monday))
        ).all()
    )


def read_day(text: str, path: str) -> date:
    """A day as typed, dd/mm/yyyy or ISO; Invalid naming `path`."""
    parts = text.strip().split("/")
    iso = "-".join((parts[2], parts[1].zfill(2), parts[0].zfill(2))) if len(parts) == 3 else text.strip()
    try:
        return date.fromisoformat(iso)
    except ValueError:
        raise refusal(path, _NO_DAY.format(typed=text.strip()[:40] or "–")) from None


# classes and assignments


def read_class(year: str, name: str) -> tuple[str, int]:
    """A class's name and grade (the number its name begins with); Invalid at `year` or `name`."""
    name = clean_line(name)
    if not re.fullmatch(r"20\d\d-20\d\d", year) or int(year[5:]) != int(year[:4]) + 1:
        raise refusal("year", _NO_YEAR)
    read = _CLASS.fullmatch(name)
    if read is None:
        raise refusal("name", _NO_CLASS)
    return name, int(read["grade"])


def add_class(session: Session, school_id: str, year: str, name: str) -> SchoolClass:
    """A class of a year."""
    name, grade = read_class(year, name)
    there = session.exec(
        select(SchoolClass.id).where(
            col(SchoolClass.school_id) == school_id,
            col(SchoolClass.year) == year,
            col(SchoolClass.name) == name,
        )
    ).first()
    if there is not None:
        raise refusal("name", _CLASS_THERE.format(name=name, year=year))
    made = SchoolClass(school_id=school_id, year=year, name=name, grade=grade)
    session.add(made)
    session.flush()
    return made


def assign(
    session: Session, school_id: str, account_id: str, class_id: str, subject: str, *, homeroom: bool
) -> None:
    """A teacher takes a subject in a class; a class has one homeroom teacher, the latest."""
    account = account_of(session, school_id, account_id)
    taught = class_of(session, school_id, class_id)
    subject = clean_line(subject)
    if not 1 <= len(subject) <= 80:
        raise refusal("subject", _NO_SUBJECT)
    if homeroom:
        for row in session.exec(
            select(TeachingAssignment).where(
                col(TeachingAssignment.class_id) == taught.id, col(TeachingAssignment.homeroom).is_(True)
            )
        ).all():
            row.homeroom = False
            session.add(row)
    found = session.get(TeachingAssignment, (school_id, account.id, taught.id, subject))
    row = found or TeachingAssignment(
        school_id=school_id, account_id=account.id, class_id=taught.id, subject=subject
    )
    row.homeroom = homeroom
    session.add(row)


def unassign(session: Session, school_id: str, account_id: str, class_id: str, subject: str) -> None:
    """The teacher no longer teaches this subject there."""
    row = session.get(TeachingAssignment, (school_id, account_id, class_id, subject))
    if row is None:
        raise NotFound
    session.delete(row)


def class_of(session: Session, school_id: str, class_id: str) -> SchoolClass:
    """A class of this school; NotFound outside it."""
    found = session.get(SchoolClass, class_id)
    if found is None or found.school_id != school_id:
        raise NotFound
    return found


# names and rules


def save_name(session: Session, school_id: str, valid_from: date, typed: Mapping[str, str]) -> None:
    """How the school is called from a day on; the same day twice is a correction."""
    values = {name: clean_line(typed.get(name, "")) for name in ("parent", "name", "place", "abbreviation")}
    faults = tuple(Fault(n, _NAME_MISSING) for n, value in values.items() if not 1 <= len(value) <= 200)
    if faults:
        raise Invalid(_NAME_MISSING, faults)
    row = session.get(SchoolName, (school_id, valid_from))
    if row is None:
        row = SchoolName(school_id=school_id, valid_from=valid_from, **values)
    for field, value in values.items():
        setattr(row, field, value)
    session.add(row)


def save_rules(session: Session, school_id: str, typed: Mapping[str, str]) -> None:
    """The rules that the form holds: fields `<rule>.<part>`, whole numbers within the limits below."""
    for key, defaults in rules.DEFAULTS.items():
        if not isinstance(defaults, dict) or not any(f"{key}.{part}" in typed for part in defaults):
            continue  # another form's
        value: dict[str, Any] = {}
        for part in defaults:
            text = typed.get(f"{key}.{part}", "").strip()
            least, most = LIMITS.get(f"{key}.{part}") or LIMITS.get(part, (0, 365))
            if not (text.isascii() and text.isdigit() and len(text) < 4 and least <= int(text) <= most):
                raise refusal(f"{key}.{part}", _NO_NUMBER.format(least=least, most=most))
            value[part] = int(text)
        row = session.get(SchoolSetting, (school_id, key)) or SchoolSetting(school_id=school_id, key=key)
        row.value = value
        session.add(row)


LIMITS = {
    "weekday": (0, 6),
    "weeks_before": (0, 8),
    "days": (0, 90),
    "password_age.days": (0, 1000),
    "minutes": (0, 720),
    "required": (0, 1),
    "working_days": (1, 30),
}
"""Least and most of a part of a rule; one rule's own limits stand under its whole name."""

_NO_NAME = Text("Ghi tên tổ, nhiều nhất 80 ký tự.", "Give the group a name of at most 80 characters.")
_GROUP_THERE = Text("Đã có tổ mang tên này.", "There is a group of that name.")
_OVERLAPS = Text(
    "Tuần có thứ Hai {day} đã thuộc một năm học khác.", "The week of {day} belongs to another school year."
)
_IN_USE = Text(
    "Năm học {year} đã có hồ sơ nên không tạo lại các tuần được. Sửa từng tuần ở bảng dưới.",
    "The school year {year} has records, so its weeks cannot be made again. Move single weeks below.",
)
_NO_MONDAY = Text("{day} không phải thứ Hai.", "{day} is no Monday.")
_OUT_OF_ORDER = Text(
    "Tuần phải nằm giữa tuần trước và tuần sau của nó, không trùng tuần khác.",
    "The week must stay between the one before and the one after, and on no other week's Monday.",
)
_NO_DAY = Text("“{typed}” không phải là ngày. Ghi theo mẫu 07/09/2026.", "“{typed}” is not a date.")
_NO_YEAR = Text("Ghi năm học theo mẫu 2026-2027.", "Write the school year as 2026-2027.")
_NO_CLASS = Text("Tên lớp bắt đầu bằng khối, ví dụ 3A.", "A class's name begins with its grade, such as 3A.")
_CLASS_THERE = Text("Lớp {name} của năm học {year} đã có.", "Class {name} of {year} is there already.")
_NO_SUBJECT = Text("Ghi tên môn, nhiều nhất 80 ký tự.", "Name the subject, at most 80 characters.")
_NAME_MISSING = Text(
    "Ghi đủ cơ quan chủ quản, tên trường, địa danh và chữ viết tắt.",
    "Give the parent authority, the school's name, the place and the abbreviation.",
)
_NO_NUMBER = Text("Ghi một số nguyên từ {least} đến {most}.", "Give a whole number from {least} to {most}.")
