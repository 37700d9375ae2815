"""The school of the story, founded in its tables: people, groups, classes, the year, keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel import Session, col, select

from flows import certification, keyring
from flows.candidates import standing_in
from flows.obligations import Calendar
from flows.office import Office
from flows.people import Actor
from flows.posts import actor_of
from flows.year_frame import Break, Frame
from models.account import Account, AccountRole, Group, GroupMember
from models.document import Document
from models.school import (
    School,
    SchoolClass,
    SchoolName,
    SchoolWeek,
    TeachingAssignment,
    Timetable,
    TimetableEntry,
)
from service import calendar_changes, school_years
from tasks.keys import Secret
from tests.cast import PIN, password_hash
from tests.year.acts import (
    CLERK,
    EXPIRES,
    FOUNDED,
    Begins,
    Decides,
    Person,
    Story,
)
from tests.year.days import DAY
from tests.year.lessons import TIMETABLES, weekdays

YEAR = "2027-2028"


class Founded:
    """A school in an office whose clock the test moves."""

    def __init__(self, office: Office, story: Story) -> None:
        self.office, self.story, self.now = office, story, FOUNDED
        office.now = lambda: self.now
        self.ids: dict[str, str] = {}
        self.groups: dict[int, str] = {}
        self.classes: dict[str, str] = {}
        self.records: dict[tuple[str, str, int], str] = {}
        """The last by author, kind and first week."""
        self._calendar: Calendar | None = None
        self._signed: list[Document] = []
        with office.db.write() as session:
            self.school_id = self._found(session)
        with office.db.read() as session:
            weeks = session.exec(select(SchoolWeek).where(col(SchoolWeek.school_id) == self.school_id)).all()
        self.weeks = {week.number: week.id for week in weeks}
        self._keys()

    def actor(self, name: str) -> Actor:
        with self.office.db.read() as session:
            return standing_in(session, actor_of(session, self.ids[name]), self.now)

    def _found(self, session: Session) -> str:
        school = School(created_at=FOUNDED)
        session.add(school)
        session.flush()
        names = {"parent": "UBND xã Nam Hòa", "name": "Trường Tiểu học Đồng Mai", "place": "Nam Hòa"}
        session.add(SchoolName(school_id=school.id, valid_from=FOUNDED.date(), abbreviation="THĐM", **names))
        self.school_id = school.id
        for person in self.story.people:
            if person.since == FOUNDED:
                self._account(session, person)
        frame = self._frame()
        school_years.save_frame(session, school.id, frame, FOUNDED)
        calendar_changes.add_holidays(session, school.id, frame.year, self.ids["quan-tri"], FOUNDED)
        for heads in self.story.heads:
            if heads.since == FOUNDED:
                self._group(session, heads.grade, heads.head, heads.deputy)
        for person in self.story.teachers:
            self._class(session, person)
        here = [person for person in self.story.teachers if person.since == FOUNDED]
        self._timetable(session, TIMETABLES[0], here, FOUNDED)
        return school.id

    def _frame(self) -> Frame:
        tet = [Break("Nghỉ Tết", monday, monday + 6 * DAY) for monday in self.story.breaks]
        year = self.story.first_day.year + 1
        ends = datetime(year, 1, 18).date(), datetime(year, 5, 31).date()  # noqa: DTZ001 - days have no zone
        return Frame("Theo khung của tỉnh", self.story.first_day, *ends, tuple(tet))

    def _account(self, session: Session, person: Person) -> None:
        account = Account(
            school_id=self.school_id,
            sign_in_name=person.name,
            full_name=person.full_name,
            post="Giáo viên",
            email=f"{person.name}@example.test",
            password_hash=password_hash(),
            must_change=person.given,
            password_changed_at=person.since,
            created_at=person.since,
        )
        session.add(account)
        session.flush()
        session.add(AccountRole(school_id=self.school_id, account_id=account.id, role=person.role))
        self.ids[person.name] = account.id

    def _group(self, session: Session, grade: int, head: str, deputy: str) -> None:
        group = Group(
            school_id=self.school_id,
            name=f"Tổ {grade}",
            head_id=self.ids[head],
            deputy_id=self.ids[deputy],
        )
        session.add(group)
        session.flush()
        self.groups[grade] = group.id
        for person in self.story.teachers:
            if person.grade == grade and person.since == FOUNDED:
                self._member(session, person)

    def _member(self, session: Session, person: Person) -> None:
        member = GroupMember(
            school_id=self.school_id, group_id=self.groups[person.grade], account_id=self.ids[person.name]
        )
        session.add(member)

    def _class(self, session: Session, person: Person) -> None:
        row = SchoolClass(
            school_id=self.school_id, year=YEAR, name=f"{person.grade}{person.name}", grade=person.grade
        )
        session.add(row)
        session.flush()
        self.classes[person.name] = row.id
        if person.since == FOUNDED:
            self._assign(session, person)

    def _assign(self, session: Session, person: Person) -> None:
        session.add(
            TeachingAssignment(
                school_id=self.school_id,
                account_id=self.ids[person.name],
                class_id=self.classes[person.name],
                subject="Toán",
                homeroom=True,
            )
        )

    def _timetable(
        self, session: Session, since: date, teachers: Iterable[Person], entered: datetime
    ) -> None:
        session.add(Timetable(school_id=self.school_id, valid_from=since, created_at=entered))
        session.flush()
        for person in teachers:
            self._lessons(session, since, person)

    def _lessons(self, session: Session, since: date, person: Person) -> None:
        """The first period of the class on each of the weekdays."""
        session.add_all(
            TimetableEntry(
                school_id=self.school_id,
                valid_from=since,
                class_id=self.classes[person.name],
                weekday=weekday,
                session="morning",
                period=1,
                subject="Toán",
                account_id=self.ids[person.name],
            )
            for weekday in weekdays(person.name, since)
        )

    def _keys(self) -> None:
        """For those who sign through the flows; made by the machine's clock, which the signers go by."""
        acts = self.story.acts
        names = {act.who for act in acts if isinstance(act, Begins)}
        names |= {act.by for act in acts if isinstance(act, Decides)} | {CLERK}
        office = self.office
        with office.db.read() as session:
            authority = certification.open_authority(session, office.settings)
            accounts = [session.get_one(Account, self.ids[name]) for name in sorted(names)]
        made = [
            keyring.make_key(
                authority,
                office.settings,
                account,
                "Trường",
                "person",
                Secret(PIN),
                datetime.now().astimezone(),
            )
            for account in accounts
        ]
        for key in made:
            if key.account_id == self.ids[CLERK]:
                key.expires_at = EXPIRES
        with office.db.write() as session:
            session.add_all(made)
