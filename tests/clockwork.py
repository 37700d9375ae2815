"""A small school for the tests of clock and mail: weeks, groups, teachers, documents; rows, no process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from flows.calendar import school_year
from flows.deadlines import monday_to_friday
from models.account import Account, AccountRole, Group, GroupMember
from models.columns import new_id
from models.db import Database
from models.document import Document, OpenStep
from models.flag import Flag
from models.notice import Notice
from models.school import CalendarChange, School, SchoolName, SchoolSetting, SchoolWeek
from models.settings import VIETNAM
from tasks.mail_hours import SETTING, STANDARD, WorkingDay, as_data
from tests.seeds import tables

START = date(2024, 9, 9)
"""Week 11 begins on Monday 18/11/2024, the plan's worked example."""

LONG_AGO = datetime(2024, 8, 1, tzinfo=VIETNAM)


def at(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2024) -> datetime:
    """A moment on Vietnam's clock."""
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


class SmallSchool:
    """Group g1: head hoa, lan, huong; group g2: head son, anh. ngoc is vice principal, minh principal."""

    def __init__(self, db: Database, mark: str = "") -> None:
        self.db, self.mark, self.id = db, mark, new_id()
        self.accounts: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.weeks: dict[int, str] = {}
        with db.write() as session:
            session.add(School(id=self.id, created_at=LONG_AGO))
            session.flush()
            session.add(
                SchoolName(
                    school_id=self.id,
                    valid_from=date(2020, 1, 1),
                    parent="UBND XÃ ĐỒNG MAI",
                    name="TRƯỜNG TIỂU HỌC ĐỒNG MAI",
                    place="Đồng Mai",
                    abbreviation="TH ĐM",
                )
            )
            for week in school_year(START):
                row = SchoolWeek(
                    school_id=self.id, **{f: getattr(week, f) for f in week.__slots__ if f != "id"}
                )
                self.weeks[week.number] = row.id
                session.add(row)
            for name, full, roles in _PEOPLE:
                self._account(session, name, full, roles)
            session.flush()
            for group, head, members in _GROUPS:
                self._group(session, group, head, members)

    def _account(self, session: Session, name: str, full: str, roles: Sequence[str]) -> None:
        account = Account(
            school_id=self.id,
            sign_in_name=name + self.mark,
            full_name=full,
            email=f"{name}{self.mark}@example.edu.vn",
            password_hash="",
            must_change=False,
            created_at=LONG_AGO,
        )
        self.accounts[name] = account.id
        session.add(account)
        session.flush()
        for role in roles:
            session.add(AccountRole(school_id=self.id, account_id=account.id, role=role))

    def _group(self, session: Session, name: str, head: str, members: Sequence[str]) -> None:
        group = Group(school_id=self.id, name=name, head_id=self.accounts[head])
        self.groups[name] = group.id
        session.add(group)
        session.flush()
        for member in members:
            session.add(GroupMember(school_id=self.id, group_id=group.id, account_id=self.accounts[member]))

    def document(
        self,
        owner: str,
        week: int,
        signed: datetime | None,
        *,
        slug: str = "lesson-plan",
        last: int | None = None,
        group: str = "Tổ 1-2-3",
        title: str = "Kế hoạch bài dạy tuần 11",
        status: str = "in_progress",
        step: str = "draft",
    ) -> str:
        """A document row as a decision would leave it."""
        made = signed or LONG_AGO
        row = Document(
            school_id=self.id,
            type=slug,
            owner_id=self.accounts[owner],
            group_id=self.groups[group],
            week_id=self.weeks[week],
            last_week_id=self.weeks[last] if last else None,
            title=title,
            status=status,
            step=step,
            first_signed_at=signed,
            created_at=made,
            updated_at=made,
        )
        with self.db.write() as session:
            session.add(row)
        return row.id

    def waits(self, document_id: str, audience: str, due: datetime | None = None) -> None:
        """A step of the document that waits for an audience."""
        step = OpenStep(
            document_id=document_id,
            step="group_review",
            audience=audience,
            school_id=self.id,
            type="lesson-plan",
            opened_seq=3,
            opened_at=LONG_AGO,
            due_at=due,
        )
        with self.db.write() as session:
            session.add(step)

    def notice(self, who: str, kind: str, now: datetime, document: str | None = None, **data: Any) -> str:
        """A notice that is due."""
        row = Notice(
            school_id=self.id,
            account_id=self.accounts[who],
            kind=kind,
            key=f"{kind}:{new_id()}",
            document_id=document,
            data=data,
            created_at=now,
            due_at=now,
        )
        with self.db.write() as session:
            session.add(row)
        return row.id

    def hours(self, **changed: Any) -> None:
        """When this school's mails go, where not as usual."""
        value = as_data(replace(STANDARD, **changed))
        with self.db.write() as session:
            session.merge(SchoolSetting(school_id=self.id, key=SETTING, value=value))

    def day_off(self, day: date) -> None:
        """No lessons that day, for the whole school."""
        with self.db.write() as session:
            session.add(
                CalendarChange(
                    school_id=self.id,
                    seq=1,
                    kind="off",
                    first_day=day,
                    last_day=day,
                    reason="Nghỉ bão",
                    entered_by=self.accounts["admin"],
                    entered_at=datetime.combine(day, time(0), VIETNAM),
                )
            )

    def change(self, table: type[Any], key: Any, **values: Any) -> None:
        """Set columns of a row."""
        with self.db.write() as session:
            row = session.get_one(table, key)
            for name, value in values.items():
                setattr(row, name, value)

    def flags(self) -> list[tuple[str, str, str, int, bool]]:
        """Every flag of this school: rule, type, whose, week (0: none), still open; in a steady order."""
        names = {account: name for name, account in self.accounts.items()}
        numbers: dict[str | None, int] = {week: number for number, week in self.weeks.items()} | {None: 0}
        with self.db.read() as session:
            rows = session.exec(select(Flag).where(col(Flag.school_id) == self.id)).all()
        return sorted(
            (f.rule, f.type, names[f.account_id], numbers[f.week_id], f.resolved_at is None) for f in rows
        )

    def notices(self, kind: str) -> list[tuple[str, str]]:
        """Who was told of which subject."""
        names = {account: name for name, account in self.accounts.items()}
        with self.db.read() as session:
            rows = session.exec(
                select(Notice).where(col(Notice.school_id) == self.id, col(Notice.kind) == kind)
            ).all()
        return sorted((names[n.account_id], n.data.get("subject", {}).get("vi", "")) for n in rows)


_PEOPLE = (
    ("minh", "Đỗ Quang Minh", ("principal",)),
    ("ngoc", "Lê Bích Ngọc", ("vice_principal",)),
    ("hoa", "Trần Thị Hoa", ("teacher",)),
    ("lan", "Nguyễn Thị Lan", ("teacher",)),
    ("huong", "Phạm Thu Hương", ("teacher",)),
    ("son", "Vũ Hồng Sơn", ("teacher",)),
    ("anh", "Hoàng Ngọc Anh", ("teacher",)),
    ("admin", "Quản trị", ("admin",)),
)
_GROUPS = (
    ("Tổ 1-2-3", "hoa", ("hoa", "lan", "huong")),
    ("Tổ 4-5", "son", ("son", "anh")),
)


def small_school(folder: Path, mark: str = "", url: str = "") -> SmallSchool:
    """A new database with one school; `url`: in one with every table and no row."""
    return SmallSchool(tables().sow(url or f"sqlite:///{folder / 'school.db'}"), mark)


def every_weekday(session: Session, school_id: str) -> WorkingDay:
    """Monday to Friday, for tests without holidays."""
    return monday_to_friday


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
