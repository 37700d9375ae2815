"""What the administrator keeps of a school: groups, classes, assignments, names by date, rules.

Who heads a group is an appointment, which makes an approver (law 7): see `service/account_changes.py`. Every
function takes the school from the administrator's account; another school's ids are NotFound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import String, cast
from sqlmodel import Session, col, delete, select

from flows import rules
from flows.typed_days import day_typed
from models.account import Group, GroupMember
from models.document import Document
from models.errors import Fault, Invalid, NotFound
from models.school import SchoolClass, SchoolName, SchoolSetting, TeachingAssignment, TimetableEntry
from models.text import Text
from service.account_rows import account_of, group_of, refuse_outsider
from service.changes import refusal
from service.import_names import class_of as class_written
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


def remove_group(session: Session, school_id: str, group_id: str) -> None:
    """Dissolve a group nobody belongs to; Invalid while it has members or records."""
    group = group_of(session, school_id, group_id)
    member = session.exec(select(GroupMember).where(col(GroupMember.group_id) == group.id)).first()
    record = session.exec(select(Document.id).where(col(Document.group_id) == group.id)).first()
    if record is not None:
        raise refusal("name", _GROUP_HAS_RECORDS.format(name=group.name))
    if member is not None or group.head_id or group.deputy_id:
        raise refusal("name", _GROUP_HAS_MEMBERS.format(name=group.name))
    session.delete(group)


def groups_of(session: Session, school_id: str) -> list[tuple[Group, set[str]]]:
    """The groups by name, each with its members' ids."""
    members: dict[str, set[str]] = {}
    for row in session.exec(select(GroupMember).where(col(GroupMember.school_id) == school_id)).all():
        members.setdefault(row.group_id, set()).add(row.account_id)
    groups = session.exec(
        select(Group).where(col(Group.school_id) == school_id).order_by(col(Group.name))
    ).all()
    return [(group, members.get(group.id, set())) for group in groups]


# days


def read_day(text: str, path: str) -> date:
    """A day of this century as typed, its year with it (`day_typed`); Invalid naming `path`."""
    typed = text.strip()
    if not typed:
        raise refusal(path, _EMPTY_DAY)
    day = day_typed(typed)
    if day is None:
        # 2028 has every day of a year: what is a day in it lacks its year only.
        without_year = day_typed(typed, date(2028, 6, 15)) is not None
        raise refusal(path, (_DAY_ALONE if without_year else _NO_DAY).format(typed=typed[:40]))
    if not 2000 <= day.year < 2100:
        raise refusal(path, _NO_SUCH_YEAR)
    return day


# classes and assignments


def read_class(year: str, name: str) -> tuple[str, int]:
    """A class's name as the school writes it (`Lớp 3a` is 3A) and its grade, the number that begins it.

    Invalid at `year` or `name`.
    """
    name = class_written(clean_line(name))
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


def remove_class(session: Session, school_id: str, class_id: str) -> None:
    """Take away a class made by mistake; Invalid once someone teaches it or the timetable names it."""
    taught = class_of(session, school_id, class_id)
    rows = select(TeachingAssignment).where(col(TeachingAssignment.class_id) == taught.id)
    periods = select(TimetableEntry).where(col(TimetableEntry.class_id) == taught.id)
    if session.exec(rows).first() is not None or session.exec(periods).first() is not None:
        raise refusal("name", _CLASS_IN_USE.format(name=taught.name))
    used = select(Document.id).where(
        col(Document.school_id) == school_id, cast(col(Document.fields), String).contains(taught.id)
    )
    if session.exec(used).first() is not None:
        raise refusal("name", _CLASS_HAS_RECORDS.format(name=taught.name))
    session.delete(taught)


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


def remove_name(session: Session, school_id: str, valid_from: date, today: date) -> None:
    """Take back a name that does not hold yet; one that did stands in records."""
    row = session.get(SchoolName, (school_id, valid_from))
    if row is None:
        raise NotFound
    if valid_from <= today:
        raise refusal("valid_from", _NAME_HELD)
    session.delete(row)


def save_rules(session: Session, school_id: str, typed: Mapping[str, str]) -> None:
    """The rules that the form holds: fields `<rule>.<part>`, whole numbers within the limits below.

    Invalid, naming every field that is wrong.
    """
    faults: list[Fault] = []
    for key, defaults in rules.DEFAULTS.items():
        if not isinstance(defaults, dict) or not any(f"{key}.{part}" in typed for part in defaults):
            continue  # another form's
        value: dict[str, Any] = {}
        for part in defaults:
            text = typed.get(f"{key}.{part}", "").strip()
            least, most = LIMITS.get(part, (0, 365))
            if not (text.isascii() and text.isdigit() and len(text) < 4 and least <= int(text) <= most):
                faults.append(Fault(f"{key}.{part}", _NO_NUMBER.format(least=least, most=most)))
                continue
            value[part] = int(text)
        if faults:
            continue
        row = session.get(SchoolSetting, (school_id, key)) or SchoolSetting(school_id=school_id, key=key)
        row.value = value
        session.add(row)
    if faults:
        raise Invalid(faults[0].sentence, tuple(faults))


LIMITS = {
    "days": (0, 1000),
    "minutes": (0, 720),
    "required": (0, 1),
    "allowed": (0, 1),
    "working_days": (1, 30),
    "both": (0, 1),
    "hour": (0, 23),
    "minute": (0, 59),
}
"""Least and most of a part of a rule."""

_NO_NAME = Text("Ghi tên tổ, nhiều nhất 80 ký tự.", "Give the group a name of at most 80 characters.")
_GROUP_THERE = Text("Đã có tổ mang tên này.", "There is a group of that name.")
_GROUP_HAS_RECORDS = Text(
    "{name} đã có hồ sơ nên không xóa được. Đổi tên nếu cần.", "{name} has records, so it stays. Rename it."
)
_GROUP_HAS_MEMBERS = Text(
    "{name} còn thành viên. Chuyển mọi người sang tổ khác rồi xóa.",
    "{name} still has members. Move them to other groups first.",
)
_CLASS_IN_USE = Text(
    "Lớp {name} đang có phân công hoặc thời khóa biểu. Bỏ phân công trước rồi xóa.",
    "Class {name} has assignments or a timetable. Remove those first.",
)
_CLASS_HAS_RECORDS = Text(
    "Lớp {name} đã có hồ sơ nên không xóa được.", "Class {name} has records, so it stays."
)
_NAME_HELD = Text(
    "Tên này đã có hiệu lực nên còn trong hồ sơ, không xóa được. Có thể sửa bằng cách lưu lại cùng ngày.",
    "This name has been in force and stands in records. Save the same day again to correct it.",
)
_EMPTY_DAY = Text("Ghi ngày, ví dụ 07/09/2026.", "Give the day, such as 07/09/2026.")
_NO_SUCH_YEAR = Text(
    "Ngày phải từ 01/01/2000 đến 31/12/2099. Sửa lại năm.",
    "The day must lie from 01/01/2000 to 31/12/2099. Mend the year.",
)
_NO_DAY = Text(
    "“{typed}” không phải là ngày. Ghi theo mẫu 07/09/2026.",
    "“{typed}” is not a date. Write it as 07/09/2026.",
)
_DAY_ALONE = Text(
    "“{typed}” chưa có năm. Ghi cả năm, theo mẫu 07/09/2026.",
    "“{typed}” has no year. Write it in full, as 07/09/2026.",
)
_NO_YEAR = Text("Ghi năm học theo mẫu 2026-2027.", "Write the school year as 2026-2027.")
_NO_CLASS = Text("Tên lớp bắt đầu bằng khối, ví dụ 3A.", "A class's name begins with its grade, such as 3A.")
_CLASS_THERE = Text("Lớp {name} của năm học {year} đã có.", "Class {name} of {year} is there already.")
_NO_SUBJECT = Text("Ghi tên môn, nhiều nhất 80 ký tự.", "Name the subject, at most 80 characters.")
_NAME_MISSING = Text(
    "Ghi đủ cơ quan chủ quản, tên trường, địa danh và chữ viết tắt.",
    "Give the parent authority, the school's name, the place and the abbreviation.",
)
_NO_NUMBER = Text("Ghi một số nguyên từ {least} đến {most}.", "Give a whole number from {least} to {most}.")
