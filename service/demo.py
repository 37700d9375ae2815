"""The demo school: invented people, their keys, a school year. Its records: `service/demo_records.py`.

Passwords and PINs stand here in the open, so a demo listens on this machine only (`service/serving.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, select

from flows import calendar, certification, keyring
from flows.office import Office
from flows.year_frame import proposal
from models.account import Account, AccountRole, Group, GroupMember
from models.columns import new_id
from models.key import SigningKey
from models.school import (
    School,
    SchoolClass,
    SchoolName,
    SchoolWeek,
    TeachingAssignment,
    Timetable,
    TimetableEntry,
)
from models.settings import VIETNAM
from service import calendar_changes, school_years
from service.demo_lessons import own_subjects
from service.demo_timetable import Taught, timetable
from tasks.keys import Secret
from tasks.passwords import make_hash

PASSWORD, PIN = "Demo-2026!", "246810"
SCHOOL = "Trường Tiểu học Đồng Mai"
LOWER, UPPER = "Tổ 1-2-3", "Tổ 4-5"


@dataclass(frozen=True, slots=True)
class Part:
    """One of the cast: name, post, roles, own class, subjects taught in other classes by grade."""

    full_name: str
    post: str
    roles: tuple[str, ...] = ("teacher",)
    homeroom: str = ""
    subjects: tuple[str, ...] = ()
    grades: tuple[int, ...] = (1, 2, 3, 4, 5)


CAST: dict[str, Part] = {
    "ht.minh": Part("Đỗ Quang Minh", "Hiệu trưởng", ("principal",)),
    "pht.ngoc": Part("Lê Thị Ngọc", "Phó Hiệu trưởng", ("vice_principal",)),
    "tt.hoa": Part("Phạm Thị Hoa", "Tổ trưởng chuyên môn", homeroom="1A"),
    "gv.thuy": Part("Nguyễn Thu Thủy", "Giáo viên", homeroom="1B"),
    "gv.nga": Part("Trịnh Thị Nga", "Giáo viên", homeroom="1C"),
    "tp.lien": Part("Vũ Thị Liên", "Tổ phó chuyên môn", homeroom="2A"),
    "gv.mai": Part("Trần Thị Mai", "Giáo viên", homeroom="2B"),
    "gv.dung": Part("Đỗ Thị Dung", "Giáo viên", homeroom="2C"),
    "gv.lan": Part("Nguyễn Thị Lan", "Giáo viên", homeroom="3A"),
    "gv.hang": Part("Lê Thu Hằng", "Giáo viên", homeroom="3B"),
    "gv.tam": Part("Bùi Thị Tâm", "Giáo viên", homeroom="3C"),
    "gv.huong": Part("Đặng Thị Hường", "Giáo viên", homeroom="4A"),
    "gv.yen": Part("Hoàng Thị Yến", "Giáo viên", homeroom="4B"),
    "gv.duc": Part("Ngô Văn Đức", "Giáo viên", homeroom="4C"),
    "tt.son": Part("Hoàng Văn Sơn", "Tổ trưởng chuyên môn", homeroom="5A"),
    "gv.quyen": Part("Phan Thị Quyên", "Giáo viên", homeroom="5B"),
    "gv.long": Part("Đinh Văn Long", "Giáo viên", homeroom="5C"),
    "gv.anh": Part("Trần Ngọc Anh", "Giáo viên Tiếng Anh", subjects=("Tiếng Anh",), grades=(3, 4, 5)),
    "gv.tuan": Part("Mai Anh Tuấn", "Giáo viên Tin học", subjects=("Tin học", "Công nghệ"), grades=(3, 4, 5)),
    "gv.thang": Part("Vũ Văn Thắng", "Giáo viên Giáo dục thể chất", subjects=("Giáo dục thể chất",)),
    "gv.nhung": Part("Lý Thị Nhung", "Giáo viên Âm nhạc", subjects=("Âm nhạc",)),
    "gv.hai": Part("Cao Xuân Hải", "Giáo viên Mĩ thuật", subjects=("Mĩ thuật",)),
    "vt.thu": Part("Bùi Thị Thu", "Văn thư", ("clerk",)),
    "kt.binh": Part("Ngô Văn Bình", "Cán bộ kiểm tra nội bộ", ("inspector",)),
    "kt.oanh": Part("Lương Thị Oanh", "Kế toán", ()),
    "tv.van": Part("Tạ Thị Vân", "Thư viện, thiết bị", ()),
    "td.khanh": Part("Dương Quốc Khánh", "Tổng phụ trách Đội", ()),
    "admin": Part("Trịnh Quốc Bảo", "Quản trị hệ thống", ("admin",)),
}
_PURPOSES: dict[str, tuple[keyring.KeyPurpose, ...]] = {"vt.thu": ("person", "seal")}
LEADERS = {LOWER: ("tt.hoa", "tp.lien"), UPPER: ("tt.son", None)}
EARLIER = frozenset({"gv.huong", "gv.nga", "gv.long", "gv.tam"})
"""These owe the present week's plans, the others the next week's: the clock flags a few, not all; the checks
of the day (`demo_checks.py`) find something with those who owe alone."""


def seed(office: Office) -> None:
    """Make the school with its people and keys, all or nothing; where there is a school, nothing."""
    now = office.now()
    hashed = make_hash(Secret(PASSWORD))  # one for all: a password in print protects nobody
    certification.ensure_authority(office.db, office.settings, now)
    school_id = new_id()
    people = {name: _account(school_id, name, hashed, now) for name in CAST}
    keys = _keys(office, people, now)
    with office.db.write() as session:
        if session.exec(select(School.id)).first() is not None:
            return
        session.add(School(id=school_id, created_at=now))
        session.flush()
        session.add(
            SchoolName(
                school_id=school_id,
                valid_from=date(2020, 1, 1),
                parent="Ủy ban nhân dân xã Nam Hòa",
                name=SCHOOL,
                place="Nam Hòa",
                abbreviation="THĐM",
            )
        )
        session.add_all(people.values())
        session.flush()
        session.add_all(
            AccountRole(school_id=school_id, account_id=people[name].id, role=role)
            for name, part in CAST.items()
            for role in part.roles
        )
        session.add_all(keys)
        _groups(session, school_id, people)
        weeks = _weeks(session, school_id, people["admin"], now)
        classes = _classes(session, school_id, people, weeks[0].year)
        _timetable(session, school_id, people, classes, weeks[0].monday, now)


def _account(school_id: str, name: str, hashed: str, now: datetime) -> Account:
    part = CAST[name]
    since = now - 2 * calendar.WEEK if name in EARLIER else now
    return Account(
        school_id=school_id,
        sign_in_name=name,
        full_name=part.full_name,
        post=part.post,
        email=f"{name}@dongmai.example",
        password_hash=hashed,
        must_change=False,
        password_changed_at=now,
        created_at=since,
        last_seen_at=now,
    )


def _keys(office: Office, people: Mapping[str, Account], now: datetime) -> list[SigningKey]:
    with office.db.read() as session:
        authority = certification.open_authority(session, office.settings)
    wanted: list[tuple[Account, keyring.KeyPurpose]] = [
        (account, purpose)
        for name, account in people.items()
        for purpose in _PURPOSES.get(name, ("person",) if set(CAST[name].roles) - {"admin"} else ())
    ]

    def make(one: tuple[Account, keyring.KeyPurpose]) -> SigningKey:
        account, purpose = one
        return keyring.make_key(authority, office.settings, account, SCHOOL, purpose, Secret(PIN), now)

    with ThreadPoolExecutor() as pool:  # argon2 lets go of the interpreter: every core helps
        return list(pool.map(make, wanted))


def group_name(name: str) -> str | None:
    """The group a teacher belongs to: by the grade of the class; teachers of one subject with 4-5."""
    part = CAST[name]
    if "teacher" not in part.roles:
        return None
    return LOWER if part.homeroom and part.homeroom[0] in "123" else UPPER


def _groups(session: Session, school_id: str, people: Mapping[str, Account]) -> None:
    groups = {}
    for name, (head, deputy) in LEADERS.items():
        groups[name] = Group(
            school_id=school_id,
            name=name,
            head_id=people[head].id,
            deputy_id=people[deputy].id if deputy else None,
        )
    session.add_all(groups.values())
    session.flush()
    session.add_all(
        GroupMember(school_id=school_id, group_id=groups[group].id, account_id=account.id)
        for name, account in people.items()
        if (group := group_name(name)) is not None
    )


def _weeks(session: Session, school_id: str, admin: Account, now: datetime) -> list[SchoolWeek]:
    """The school year of today (from July on the coming one): the ministry's frame, and its holidays."""
    today = now.astimezone(VIETNAM).date()
    frame = proposal(today.year if today.month >= 7 else today.year - 1)
    school_years.save_frame(session, school_id, frame, now)
    calendar_changes.add_holidays(session, school_id, frame.year, admin.id, now)
    return sorted(school_years.weeks_of(session, school_id), key=lambda week: week.number)


def _classes(
    session: Session, school_id: str, people: Mapping[str, Account], year: str
) -> dict[str, SchoolClass]:
    classes = {
        f"{grade}{letter}": SchoolClass(school_id=school_id, year=year, name=f"{grade}{letter}", grade=grade)
        for grade in range(1, 6)
        for letter in "ABC"
    }
    session.add_all(classes.values())
    session.flush()
    session.add_all(
        TeachingAssignment(
            school_id=school_id,
            account_id=people[row.teacher].id,
            class_id=classes[row.class_name].id,
            subject=row.subject,
            homeroom=row.homeroom,
        )
        for row in assignments()
    )
    return classes


def assignments() -> list[Taught]:
    """Who teaches what: homeroom teachers their own class, the others their subjects in their grades."""
    made = []
    for name, part in CAST.items():
        if part.homeroom:
            grade = int(part.homeroom[0])
            made += [Taught(name, part.homeroom, grade, s, True) for s in own_subjects(grade)]
        made += [
            Taught(name, f"{grade}{letter}", grade, subject, False)
            for grade in part.grades
            for letter in "ABC"
            for subject in part.subjects
        ]
    return made


def _timetable(
    session: Session,
    school_id: str,
    people: Mapping[str, Account],
    classes: Mapping[str, SchoolClass],
    valid_from: date,
    now: datetime,
) -> None:
    session.add(Timetable(school_id=school_id, valid_from=valid_from, created_at=now))
    session.flush()
    session.add_all(
        TimetableEntry(
            school_id=school_id,
            valid_from=valid_from,
            class_id=classes[class_name].id,
            weekday=slot.weekday,
            session=slot.session,
            period=slot.period,
            subject=taught.subject,
            account_id=people[taught.teacher].id,
        )
        for (class_name, slot), taught in timetable(assignments()).items()
    )
