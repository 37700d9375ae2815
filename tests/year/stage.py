"""The product's side of the story: every act done through its flows.

Most records are written in bulk, though, as a row in the shape the whole way leaves (`test_year.py` compares
the two): forty teachers sign some two thousand in a year.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod
from typing import Any

from sqlmodel import Session, col, select, update

from flows import clock, delegations, duties, rule_changes, waiving
from flows.catalogue import type_of
from flows.commands import Command
from flows.decide import decide
from flows.delegation_rules import Asked
from flows.drafts import create, save
from flows.due_rules import DaysBefore
from flows.evidence import PRINTED
from flows.grammar import Review
from flows.obligations import Calendar, calendar_of
from models.account import Account, Group
from models.document import Document
from models.flag import Flag
from service import calendar_changes, school_years
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
    Downloads,
    Joins,
    Leaves,
    MadeUp,
    NewHead,
    NewPassword,
    NewRule,
    Prints,
    PutOff,
    Sends,
    SignIn,
    Waives,
    Withdraws,
)
from tests.year.days import PLAN
from tests.year.founding import Founded


class Stage(Founded):
    """The school in the year, act by act."""

    def play(self, act: Act) -> None:
        """Do it, at its time."""
        self.now = act.at
        self._do(act)

    @singledispatchmethod
    def _do(self, act: Any) -> None:
        raise NotImplementedError(act)

    @_do.register
    def _(self, act: Sends) -> None:
        if act.real:
            for action in ("submit", "sign"):
                self._decide(act.who, self.drafts[act.who, act.first], action)
            return
        row = self.signed(act)
        with self.office.db.write() as session:
            session.add(row)

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
            title=f"{act.kind} {act.first}",
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
        self.drafts[act.who, act.week] = made.id

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
        self._decide(act.by, self.drafts[act.who, act.week], "approve")

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
    def _(self, act: Downloads) -> None:
        document = self._drafted(act)
        assert document.blob is not None
        assert duties.downloaded(self.office, self.actor(act.who), document.id, document.blob, "page")

    @_do.register
    def _(self, act: Prints) -> None:
        duties.attest(self.office, self.actor(act.who), self._drafted(act).id, PRINTED, "page")

    def _drafted(self, act: Downloads | Prints) -> Document:
        with self.office.db.read() as session:
            return session.get_one(Document, self.drafts[act.who, act.week])

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

    @_do.register
    def _(self, act: Leaves) -> None:
        with self.office.db.write() as session:
            session.get_one(Account, self.ids[act.who]).active = False
            delegations.review(session, self.office.settings, self.school_id, self.ids["quan-tri"], act.at)

    @_do.register
    def _(self, act: NewHead) -> None:
        with self.office.db.write() as session:
            group = session.get_one(Group, self.groups[act.grade])
            group.head_id, group.deputy_id = self.ids[act.who], group.head_id
            session.flush()
            delegations.review(session, self.office.settings, self.school_id, self.ids["quan-tri"], act.at)
