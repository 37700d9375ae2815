"""The product's side of the story: every act done through its flows.

Most records are written in bulk, though, as a row in the shape the whole way leaves (`test_year.py` compares
the two): forty teachers sign some two thousand in a year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import singledispatchmethod
from hashlib import sha256
from typing import Any

from sqlmodel import Session, col, select, update

from flows import clock, delegations, duties, rule_changes, waiving
from flows.catalogue import type_of
from flows.commands import Command
from flows.decide import decide
from flows.delegation_rules import Asked
from flows.drafts import create, save
from flows.due_rules import DaysBefore
from flows.evidence import DOWNLOAD, LAPTOP, PRINTED
from flows.grammar import Review
from flows.obligations import Calendar, calendar_of
from models.account import Account, Group
from models.document import Document
from models.evidence import Duty, Evidence
from models.flag import Flag
from service import account_changes, calendar_changes, school_years
from service.calendar_changes import Entered
from service.calendar_difference import apply_if_shown
from tasks.keys import Secret
from tests.cast import PIN
from tests.year.acts import (
    Act,
    Away,
    Begins,
    DayOff,
    Decides,
    Joins,
    Leaves,
    MadeUp,
    NewHead,
    NewPassword,
    NewRule,
    NewTimetable,
    PutOff,
    Sends,
    SignIn,
    Waives,
    Withdraws,
)
from tests.year.after import Approves, Downloads, Laptop, Prints, UsesLaptop
from tests.year.days import PLAN, TEACHER, TEAM
from tests.year.founding import Founded
from tests.year.lessons import TIMETABLES


class Stage(Founded):
    """The school in the year, act by act."""

    def play(self, act: Act) -> None:
        """Do it, at its time; what is only signed is kept with others, before anything else is done."""
        if not isinstance(act, Sends) or act.real:
            self.keep()
        self.now = act.at
        self._do(act)

    def keep(self) -> None:
        """Write what was signed since; a transaction of its own for each would take long."""
        if self._signed:
            with self.office.db.write() as session:
                session.add_all(self._signed)
            self._signed = []

    @singledispatchmethod
    def _do(self, act: Any) -> None:
        raise NotImplementedError(act)

    @_do.register
    def _(self, act: Sends) -> None:
        if act.real:
            for action in ("submit", "sign"):
                self._decide(act.who, self.records[act.who, PLAN, act.first], action)
            return
        row = self.signed(act)
        self.records[act.who, act.kind, act.first] = row.id
        self._signed.append(row)

    def signed(self, act: Sends) -> Document:
        """A record as its author's signature leaves it, as far as the clock reads it."""
        declared = type_of(act.kind)
        rule = declared.deadline
        assert rule is not None
        return Document(
            school_id=self.school_id,
            type=act.kind,
            owner_id=self.ids[act.who],
            group_id=self.groups[self.story.person(act.who).grade],
            week_id=self.weeks[act.first],
            last_week_id=self.weeks[act.last],
            title=f"{_TITLES[act.kind]} tuần {act.first}, {act.who}",
            fields={},
            version=3,
            revision=1,
            status="in_progress",
            step=next(step.name for step in declared.steps if isinstance(step, Review)),
            due_at=self.calendar.limit(rule, self.weeks[act.first]),
            first_signed_at=act.at,
            created_at=act.at,
            updated_at=act.at,
        )

    @property
    def calendar(self) -> Calendar:
        """Read anew after each change."""
        if self._calendar is None:
            with self.office.db.read() as session:
                self._calendar = calendar_of(session, self.school_id)
        return self._calendar

    @_do.register
    def _(self, act: Begins) -> None:
        actor = self.actor(act.who)
        fields = self._lesson(act)
        made = create(self.office, actor, PLAN, {"week": self.weeks[act.week]})
        _, faults = save(self.office, actor, made.id, made.content_version, fields)
        assert not faults, faults
        self.records[act.who, PLAN, act.week] = made.id

    def _lesson(self, act: Begins) -> dict[str, Any]:
        phase = {"minutes": 35, "teacher": "<p>- Giao bài 1.</p>", "pupils": "<p>- Làm bài.</p>"}
        lesson = {
            "subject": "Toán",
            "class": self.classes[act.who],
            "title": f"Bài {act.week}. Luyện tập chung của {act.who}",
            "periods": 1,
            "date": act.day.isoformat(),
            "requirements": "<p>- Giải được bài toán.</p>",
            "equipment": "<p>- Bảng phụ.</p>",
            "phases": [phase | {"name": "Luyện tập"}],
        }
        return {"week": self.weeks[act.week], "lessons": [lesson]}

    @_do.register
    def _(self, act: Decides) -> None:
        self._decide(act.by, self.records[act.who, PLAN, act.week], "approve")

    def _decide(self, name: str, document_id: str, action: str) -> None:
        with self.office.db.read() as session:
            version = session.get_one(Document, document_id).version
        command = Command(
            document_id=document_id,
            action=action,
            version=version,
            actor=self.actor(name),
            arrived=self.now,
            pin=Secret(PIN),
        )
        decide(self.office, command)

    @_do.register
    def _(self, act: Approves) -> None:
        """As `Sends` writes most records: rows in the shape the whole way leaves."""
        ids = {paper: self.records[paper.who, paper.kind, paper.first] for paper in act.papers}
        with self.office.db.write() as session:
            for paper, record in ids.items():
                document = session.get_one(Document, record)
                document.status, document.step, document.blob = "approved", "archive", _hash(record)
                document.approved_at = document.updated_at = act.at
                session.add_all(self.owed(document, act.at, met=paper.kept))
                if paper.kept:
                    session.add_all(_said(document, kind, act.at) for kind in (DOWNLOAD, PRINTED))

    def owed(self, document: Document, approved: datetime, *, met: bool) -> Iterator[Duty]:
        """What its owner has to do after the approval."""
        for obligation in type_of(document.type).obligations:
            yield Duty(
                document_id=document.id,
                kind=obligation.kind,
                school_id=document.school_id,
                account_id=document.owner_id,
                group_id=document.group_id,
                week_id=document.week_id,
                revision=document.revision,
                blob=document.blob or "",
                opened_at=approved,
                due_at=duties.due_of(self.calendar, obligation, document.week_id, approved),
                met_at=approved if met else None,
            )

    @_do.register
    def _(self, act: Downloads) -> None:
        with self.office.db.read() as session:
            document = session.get_one(Document, self.records[act.who, act.kind, act.week])
        assert document.blob is not None
        assert duties.downloaded(self.office, self.actor(act.who), document.id, document.blob, "page")

    @_do.register
    def _(self, act: Prints) -> None:
        self._attest(act.who, act.kind, act.week, PRINTED)

    @_do.register
    def _(self, act: UsesLaptop) -> None:
        self._attest(act.who, PLAN, act.week, LAPTOP)

    def _attest(self, who: str, kind: str, week: int, said: str) -> None:
        duties.attest(self.office, self.actor(who), self.records[who, kind, week], said, "page")

    @_do.register
    def _(self, act: Laptop) -> None:
        duties.report_laptop(self.office, self.actor(act.who), broken=act.broken, via="page")

    @_do.register
    def _(self, act: NewTimetable) -> None:
        """As the import of a timetable keeps it."""
        with self.office.db.write() as session:
            teachers = [p for p in self.story.teachers if p.since <= act.at]
            self._timetable(session, act.since, teachers, act.at)

    @_do.register
    def _(self, act: SignIn) -> None:
        ids = [self.ids[name] for name in act.who]
        with self.office.db.write() as session:
            session.exec(update(Account).where(col(Account.id).in_(ids)).values(last_seen_at=act.at))

    @_do.register
    def _(self, act: NewPassword) -> None:
        mine = update(Account).where(col(Account.id) == self.ids[act.who])
        with self.office.db.write() as session:
            session.exec(mine.values(password_changed_at=act.at, must_change=False))

    @_do.register
    def _(self, act: Withdraws) -> None:
        d = Document
        with self.office.db.write() as session:
            newest = session.exec(
                select(d.id)
                .where(
                    col(d.owner_id) == self.ids[act.who],
                    col(d.type) == act.kind,
                    col(d.week_id) == self.weeks[act.first],
                    col(d.status) != "withdrawn",
                )
                .order_by(col(d.created_at).desc())
            ).first()
            gone = update(d).where(col(d.id) == newest)
            session.exec(gone.values(status="withdrawn", step="", updated_at=act.at))

    @_do.register
    def _(self, act: Waives) -> None:
        key = f"missing:{act.kind}:{self.ids[act.who]}:{self.weeks[act.week]}"
        with self.office.db.read() as session:
            flag = session.exec(select(Flag).where(col(Flag.key) == key)).one()
        waiving.waive(self.office, self.actor("hieu-truong"), flag.id, "Nghỉ ốm, có giấy của bệnh viện")

    @_do.register
    def _(self, act: Away) -> None:
        asked = Asked(self.ids[act.who], self.ids[act.to], act.first, act.last)
        delegations.give(self.office, self.actor(act.who), asked, act.at)

    @_do.register
    def _(self, act: DayOff) -> None:
        grades = [act.grade] if act.grade else []
        self._change(
            lambda s, who: self._enter(s, who, Entered(act.first, act.last, act.reason, grades=grades))
        )

    @_do.register
    def _(self, act: MadeUp) -> None:
        self._change(lambda s, who: self._enter(s, who, Entered(act.day, act.day, "Dạy bù", act.on)))

    @_do.register
    def _(self, act: PutOff) -> None:
        self._change(lambda s, _who: school_years.put_off(s, self.school_id, self.weeks[act.week], act.at))

    def _enter(self, session: Session, who: str, made: Entered) -> None:
        calendar_changes.enter(session, self.school_id, who, self.now, made)

    def _change(self, change: Callable[[Session, str], object]) -> None:
        """As the page of the weeks does: what it would change is shown, then done; the clock looks."""

        def do(session: Session) -> None:
            change(session, self.ids["quan-tri"])
            session.flush()
            rule_changes.recompute(session, calendar_of(session, self.school_id))

        db = self.office.db
        shown = apply_if_shown(db, self.school_id, self.now, do, "")
        assert shown is not None
        assert apply_if_shown(db, self.school_id, self.now, do, shown.mark) is None
        clock.rescan(db, self.now, self.school_id)
        self._calendar = None

    @_do.register
    def _(self, act: NewRule) -> None:
        """As the page of the deadlines does."""
        setting = type_of(act.kind).deadline.setting  # type: ignore[union-attr]
        declared = rule_changes.declared_rules()[setting]
        rule = DaysBefore(act.rule.days, working=act.rule.working, setting=setting)
        with self.office.db.write() as session:
            rule_changes.set_rule(session, self.actor("quan-tri"), declared, rule, act.since, act.at)
        clock.scan(self.office.db, self.now, self.school_id)
        self._calendar = None

    @_do.register
    def _(self, act: Joins) -> None:
        person = self.story.person(act.who)
        with self.office.db.write() as session:
            self._account(session, person)
            self._member(session, person)
            self._assign(session, person)
            session.flush()
            self._lessons(session, TIMETABLES[0], person)

    @_do.register
    def _(self, act: Leaves) -> None:
        with self.office.db.write() as session:
            account = session.get_one(Account, self.ids[act.who])
            account_changes.apply(session, self.office.settings, account, "deactivate", {}, act.at, "")

    @_do.register
    def _(self, act: NewHead) -> None:
        with self.office.db.write() as session:
            group = session.get_one(Group, self.groups[act.grade])
            group.head_id, group.deputy_id = self.ids[act.who], group.head_id
            session.flush()
            delegations.review(session, self.office.settings, self.school_id, self.ids["quan-tri"], act.at)


_TITLES = {
    PLAN: "Kế hoạch bài dạy",
    TEACHER: "Kế hoạch dạy học cá nhân",
    TEAM: "Kế hoạch dạy học của tổ",
}


def _hash(record: str) -> str:
    """What stands for its file: nobody opens it."""
    return sha256(record.encode()).hexdigest()


def _said(document: Document, kind: str, at: datetime) -> Evidence:
    return Evidence(
        school_id=document.school_id,
        account_id=document.owner_id,
        kind=kind,
        document_id=document.id,
        revision=document.revision,
        blob=document.blob,
        at=at,
    )
