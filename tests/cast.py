"""The cast of every test: a small school with keys, and a second one that must stay unseen.

School A: principal `minh`, vice principal `ngoc`; group 1-2-3 with head `hoa`, deputy `lien`, teachers `lan`
and `mai`; group 4-5 with head `son`, no deputy, teacher `huong`; clerk `thu`, inspector `binh`, administrator
`admin`. School B: `principal_b`, `teacher_b`. Password `Demo-2026!`, PIN 246810.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from sqlmodel import Session, col, select

from flows import certification, keyring
from flows.candidates import standing_in
from flows.commands import Command, Decided
from flows.decide import decide
from flows.drafts import create, save
from flows.office import Office
from flows.people import Actor
from flows.posts import actor_of
from models.account import Account, AccountRole, Group, GroupMember
from models.document import Document
from models.school import School, SchoolClass, SchoolName, SchoolWeek, TeachingAssignment
from service.passes import Kind, issue_pass
from tasks.keys import Secret
from tasks.passwords import make_hash

PASSWORD, PIN = "Demo-2026!", "246810"
FIRST_MONDAY = date(2026, 9, 7)

PEOPLE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "minh": ("Đỗ Quang Minh", "Hiệu trưởng", ("principal",)),
    "ngoc": ("Lê Thị Ngọc", "Phó Hiệu trưởng", ("vice_principal",)),
    "hoa": ("Phạm Thị Hoa", "Tổ trưởng", ("teacher",)),
    "lien": ("Vũ Thị Liên", "Tổ phó", ("teacher",)),
    "lan": ("Nguyễn Thị Lan", "Giáo viên", ("teacher",)),
    "mai": ("Trần Thị Mai", "Giáo viên", ("teacher",)),
    "son": ("Hoàng Văn Sơn", "Tổ trưởng", ("teacher",)),
    "huong": ("Đặng Thị Hường", "Giáo viên", ("teacher",)),
    "thu": ("Bùi Thị Thu", "Văn thư", ("clerk",)),
    "binh": ("Ngô Văn Bình", "Giáo viên", ("inspector",)),
    "admin": ("Trịnh Quốc Anh", "Nhân viên", ("admin",)),
}
OTHERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "principal_b": ("Lý Thị Khác", "Hiệu trưởng", ("principal",)),
    "teacher_b": ("Mạc Thị Khác", "Giáo viên", ("teacher",)),
}
SIGNERS = ("minh", "ngoc", "hoa", "lien", "lan", "mai", "son", "huong", "binh")


@dataclass(slots=True)
class Cast:
    """Account ids by short name, and what else of the school a test names."""

    office: Office
    school_id: str
    other_school_id: str
    ids: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    weeks: dict[int, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        with self.office.db.read() as session:
            return standing_in(session, actor_of(session, self.ids[name]), self.office.now())

    def lesson_plan(self, name: str, week: int, **changes: Any) -> Document:
        """A complete draft of a teacher for a teaching week."""
        actor = self.actor(name)
        made = create(self.office, actor, "lesson-plan", {"week": self.weeks[week]})
        fields = self.lesson_fields(week) | changes
        saved, _ = save(self.office, actor, made.id, made.content_version, fields)
        return saved

    def lesson_fields(self, week: int, lessons: int = 1) -> dict[str, Any]:
        monday = FIRST_MONDAY + timedelta(weeks=week - 1)
        return {
            "week": self.weeks[week],
            "lessons": [
                {
                    "subject": "Toán",
                    "class": self.classes["3A"],
                    "title": f"Bài {28 + n}. Bài toán giải bằng hai bước tính",
                    "periods": 1,
                    "date": (monday + timedelta(days=n % 5)).isoformat(),
                    "requirements": "<p>- Giải được bài toán có lời văn bằng hai bước tính.</p>",
                    "equipment": "<p>- Bảng phụ.</p>",
                    "phases": [
                        {
                            "name": "Mở đầu",
                            "minutes": 5,
                            "teacher": "<p>- Tổ chức trò chơi.</p>",
                            "pupils": "<p>- Tham gia.</p>",
                        },
                        {
                            "name": "Luyện tập",
                            "minutes": 30,
                            "teacher": "<p>- Giao bài 1, bài 2.</p>",
                            "pupils": "<p>- Làm bài.</p>",
                        },
                    ],
                }
                for n in range(lessons)
            ],
        }

    def teacher_plan(self, name: str, first: int, last: int = 0, **changes: Any) -> Document:
        """A complete draft of a teacher's teaching plan, two periods in each week it covers."""
        weeks = range(first, (last or first) + 1)
        fields = {
            "first_week": self.weeks[first],
            "last_week": self.weeks[last] if last else "",
            "rows": [
                {
                    "date": (FIRST_MONDAY + timedelta(weeks=week - 1)).isoformat(),
                    "session": session,
                    "period": 1,
                    "class": self.classes["3A"],
                    "subject": "Toán",
                    "lesson": f"Bài {week}. Luyện tập chung",
                    "equipment": "",
                    "adjustment": "",
                }
                for week in weeks
                for session in ("afternoon", "morning")
            ],
        }
        return create(self.office, self.actor(name), "teacher-teaching-plan", fields | changes)

    def team_plan(self, name: str = "hoa", first: int = 20, last: int = 21) -> Document:
        """A complete draft of a group's teaching plan."""
        actor = self.actor(name)
        fields = {
            "subject": "Toán",
            "grade": "3",
            "first_week": self.weeks[first],
            "last_week": self.weeks[last],
            "basis": "<p>Căn cứ Chương trình giáo dục phổ thông 2018;</p>",
            "conditions": "<p>Khối 3 có 3 lớp.</p>",
            "rows": [
                {"week": self.weeks[first], "theme": "Số học", "lesson": "Bài 40", "periods": 2},
                {"week": self.weeks[last], "theme": "Hình học", "lesson": "Bài 41", "periods": 3},
            ],
            "organisation": "<p>Giáo viên trong khối thực hiện theo kế hoạch.</p>",
        }
        return create(self.office, actor, "team-teaching-plan", fields)

    def act(self, name: str, document_id: str, action: str, **more: Any) -> Decided:
        """Decide at the present version (or `version=`), with the PIN where none is given."""
        with self.office.db.read() as session:
            version = session.get_one(Document, document_id).version
        command = Command(
            document_id=document_id,
            action=action,
            version=more.pop("version", version),
            actor=self.actor(name),
            arrived=more.pop("arrived", self.office.now()),
            pin=Secret(more.pop("pin", PIN)),
            **more,
        )
        return decide(self.office, command)

    def sent(self, name: str, week: int) -> Document:
        """A lesson plan submitted and signed by its author."""
        document = self.lesson_plan(name, week)
        self.act(name, document.id, "submit")
        self.act(name, document.id, "sign")
        return self.fresh(document.id)

    def fresh(self, document_id: str) -> Document:
        with self.office.db.read() as session:
            return session.get_one(Document, document_id)


def signed_in(office: Office, name: str, kind: Kind) -> str:
    """The session or token of somebody who has signed in, without the half second that takes.

    The forms and the API of signing in have tests of their own.
    """
    with office.db.write() as session:
        account = session.exec(select(Account.id).where(col(Account.sign_in_name) == name)).one()
        return issue_pass(session, office.settings, account, kind, office.now())


@cache
def password_hash() -> str:
    return make_hash(Secret(PASSWORD))


def make_cast(office: Office) -> Cast:
    """Both schools, in an empty database; every signer has a key, the clerk the seal."""
    now = datetime.now(UTC)
    certification.ensure_authority(office.db, office.settings, now)
    with office.db.write() as session:
        cast = _school(session, office, now)
        _other_school(session, cast, now)
    _keys(cast, now)
    return cast


def _school(session: Session, office: Office, now: datetime) -> Cast:
    school, other = School(created_at=now), School(created_at=now)
    session.add_all([school, other])
    session.flush()
    cast = Cast(office, school.id, other.id)
    session.add(
        SchoolName(
            school_id=school.id,
            valid_from=date(2020, 1, 1),
            parent="Ủy ban nhân dân xã Nam Hòa",
            name="Trường Tiểu học Đồng Mai",
            place="Nam Hòa",
            abbreviation="THĐM",
        )
    )
    for name in PEOPLE:
        _account(session, cast, school.id, name, now)
    session.flush()
    for number in range(1, 36):
        monday = FIRST_MONDAY + timedelta(weeks=number - 1)
        week = SchoolWeek(
            school_id=school.id,
            year="2026-2027",
            term=1 if number <= 18 else 2,
            number=number,
            monday=monday,
            sunday=monday + timedelta(days=6),
        )
        session.add(week)
        cast.weeks[number] = week.id
    for grade in range(1, 6):
        row = SchoolClass(school_id=school.id, year="2026-2027", name=f"{grade}A", grade=grade)
        session.add(row)
        cast.classes[row.name] = row.id
    session.flush()
    _group(session, cast, "1-2-3", "hoa", "lien", ("hoa", "lien", "lan", "mai"))
    _group(session, cast, "4-5", "son", None, ("son", "huong"))
    session.add(
        TeachingAssignment(
            school_id=school.id,
            account_id=cast.ids["lan"],
            class_id=cast.classes["3A"],
            subject="Toán",
            homeroom=True,
        )
    )
    return cast


def _account(session: Session, cast: Cast, school_id: str, name: str, now: datetime) -> Account:
    full_name, post, roles = (PEOPLE | OTHERS)[name]
    account = Account(
        school_id=school_id,
        sign_in_name=name,
        full_name=full_name,
        post=post,
        email=f"{name}@example.test",
        password_hash=password_hash(),
        must_change=False,
        password_changed_at=now,
        created_at=now - timedelta(days=400),
        last_seen_at=now,
    )
    session.add(account)
    session.flush()
    for role in roles:
        session.add(AccountRole(school_id=school_id, account_id=account.id, role=role))
    cast.ids[name] = account.id
    return account


def _group(
    session: Session, cast: Cast, name: str, head: str, deputy: str | None, members: tuple[str, ...]
) -> None:
    group = Group(
        school_id=cast.school_id,
        name=f"Tổ {name}",
        head_id=cast.ids[head],
        deputy_id=cast.ids[deputy] if deputy else None,
    )
    session.add(group)
    session.flush()
    cast.groups[name] = group.id
    for member in members:
        session.add(GroupMember(school_id=cast.school_id, group_id=group.id, account_id=cast.ids[member]))


def _other_school(session: Session, cast: Cast, now: datetime) -> None:
    session.add(
        SchoolName(
            school_id=cast.other_school_id,
            valid_from=date(2020, 1, 1),
            parent="Ủy ban nhân dân xã Khác",
            name="Trường Tiểu học Khác",
            place="Khác",
            abbreviation="THK",
        )
    )
    for name in OTHERS:
        _account(session, cast, cast.other_school_id, name, now)


def _keys(cast: Cast, now: datetime) -> None:
    office = cast.office
    with office.db.read() as session:
        authority = certification.open_authority(session, office.settings)
        accounts = {name: session.get_one(Account, cast.ids[name]) for name in (*SIGNERS, "thu")}
    made = [
        keyring.make_key(
            authority,
            office.settings,
            accounts[name],
            "Trường Tiểu học Đồng Mai",
            "seal" if name == "thu" else "person",
            Secret(PIN),
            now,
        )
        for name in accounts
    ]
    with office.db.write() as session:
        session.add_all(made)
