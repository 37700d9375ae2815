"""The demo school: the cast of the contract, and records that went through the real flows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from sqlmodel import col, delete, func, select, update

from flows import keyring, queries, timetable
from flows.calendar import monday_of
from flows.clock import scan
from flows.commands import Command
from flows.decide import decide
from flows.office import Office
from flows.people import Actor
from flows.posts import actor_of
from models.account import Account, Group
from models.document import Document, Signature
from models.errors import Unavailable
from models.event import Event
from models.flag import Flag
from models.key import SigningKey
from models.school import (
    CalendarChange,
    School,
    SchoolClass,
    SchoolSetting,
    SchoolWeek,
    TeachingAssignment,
    TimetableEntry,
)
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from service import demo, demo_checks, demo_records
from service.sign_in import sign_in
from tasks.keys import Secret
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tests.conftest import StampServer, open_office


@pytest.fixture
def office(tmp_path: Path, stamps: StampServer, pools: tuple[IntakePool, SignersPool]) -> Iterator[Office]:
    made = open_office(tmp_path / "data", stamps, pools)
    made.settings.demo = True
    demo.seed(made)
    _make_today_week_12(made)
    yield made
    made.db.dispose()


def _make_today_week_12(office: Office) -> None:
    """Whatever the day these tests run: not in the holidays."""
    today = office.now().astimezone(VIETNAM).date()
    with office.db.write() as session:
        weeks = session.exec(select(SchoolWeek).order_by(col(SchoolWeek.number))).all()
        shift = monday_of(today) - weeks[11].monday
        for week in sorted(weeks, key=lambda week: week.monday, reverse=shift > timedelta(0)):
            week.monday, week.sunday = week.monday + shift, week.sunday + shift
            session.add(week)
            session.flush()


def account(office: Office, name: str) -> Account:
    with office.db.read() as session:
        return session.exec(select(Account).where(col(Account.sign_in_name) == name)).one()


CONTRACT: dict[str, tuple[set[str], set[str], set[str]]] = {
    "ht.minh": ({"principal"}, set(), set()),
    "pht.ngoc": ({"vice_principal"}, set(), set()),
    "tt.hoa": ({"teacher"}, {"Tổ 1-2-3"}, set()),
    "tp.lien": ({"teacher"}, set(), {"Tổ 1-2-3"}),
    "tt.son": ({"teacher"}, {"Tổ 4-5"}, set()),
    "gv.lan": ({"teacher"}, set(), set()),
    "gv.huong": ({"teacher"}, set(), set()),
    "gv.anh": ({"teacher"}, set(), set()),
    "vt.thu": ({"clerk"}, set(), set()),
    "kt.binh": ({"inspector"}, set(), set()),
    "admin": ({"admin"}, set(), set()),
}


def test_the_cast_of_the_contract_is_here_and_can_sign_in(office: Office) -> None:
    for name, (roles, heads, deputises) in CONTRACT.items():
        found, _ = sign_in(office, name, Secret("Demo-2026!"), "127.0.0.1", "session", office.now())
        with office.db.read() as session:
            actor = actor_of(session, found.id)
            names = {group.id: group.name for group in session.exec(select(Group)).all()}
            assert actor.roles == roles
            assert {names[g] for g in actor.heads} == heads
            assert {names[g] for g in actor.deputises} == deputises
            if roles != {"admin"}:
                key = keyring.key_of(session, found.id, "person")
                assert keyring.try_pin(office.db, office.settings, key, Secret("246810"), office.now())
            else:
                assert not keyring.has_pin(session, found.id)


def test_the_school_has_its_size(office: Office) -> None:
    with office.db.read() as session:
        sizes = [
            session.exec(select(func.count()).select_from(table)).one()
            for table in (Account, SchoolClass, SchoolWeek)
        ]
        seal = session.exec(select(SigningKey).where(col(SigningKey.purpose) == "seal")).all()
    assert sizes == [28, 15, 35]
    assert [key.account_id for key in seal] == [account(office, "vt.thu").id]


def test_seeding_again_changes_nothing(office: Office) -> None:
    demo.seed(office)
    with office.db.read() as session:
        assert session.exec(select(func.count()).select_from(School)).one() == 1
        assert session.exec(select(func.count()).select_from(Account)).one() == 28


@pytest.mark.parametrize(
    ("today", "week_12", "free"),
    [(date(2026, 11, 23), date(2026, 11, 23), date(2027, 2, 1)), (date(2028, 3, 1), None, date(2028, 1, 24))],
)
def test_the_school_year_is_that_of_the_day_and_skips_tet(
    tmp_path: Path,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    today: date,
    week_12: date | None,
    free: date,
) -> None:
    office = open_office(tmp_path / "data", stamps, pools)
    then = datetime(today.year, today.month, today.day, 3, tzinfo=UTC)
    demo.seed(replace(office, now=lambda: then))
    with office.db.read() as session:
        weeks = session.exec(select(SchoolWeek).order_by(col(SchoolWeek.number))).all()
    office.db.dispose()
    assert weeks[0].monday <= today <= weeks[-1].sunday
    mondays = [week.monday for week in weeks]
    assert free not in mondays
    assert free - timedelta(days=7) in mondays
    assert week_12 is None or weeks[11].monday == week_12


def test_its_records_stand_in_every_state_and_go_on_where_they_stopped(
    office: Office, stamps: StampServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_stories = demo_records.STORIES
    monkeypatch.setattr(demo_records, "STORIES", all_stories[:3])
    stamps.down = True
    with pytest.raises(Unavailable):
        demo_records.seed_documents(office)
    stamps.down = False
    first = demo_records.seed_documents(office)
    assert first > 0
    with office.db.write() as session:  # as if the process had died before the end
        session.exec(delete(SchoolSetting).where(col(SchoolSetting.key) == demo_records.DONE))
    returned = all_stories[1]
    with office.db.read() as session:
        lan = session.exec(
            select(Document).where(col(Document.owner_id) == account(office, "gv.lan").id)
        ).one()
    decide(  # a visitor of the demo was here meanwhile
        office,
        Command(lan.id, "approve", lan.version, _actor(office, "tt.hoa"), office.now(), pin=Secret(demo.PIN)),
    )
    monkeypatch.setattr(demo_records, "STORIES", all_stories)
    demo_records.seed_documents(office)
    assert demo_records.seed_documents(office) == 0

    with office.db.read() as session:
        documents = session.exec(select(Document)).all()
        states = Counter(document.status for document in documents)
        assert set(states) >= {"draft", "in_progress", "returned", "approved"}
        assert len(documents) == len(all_stories)
        assert session.get_one(Document, lan.id).version == lan.version + 1
        assert returned.steps[-1][1] == "return"
        for name in ("tt.hoa", "tp.lien", "tt.son", "pht.ngoc", "ht.minh", "vt.thu"):
            assert queries.count_waiting(session, actor_of(session, account(office, name).id)) > 0, name
        events = session.exec(select(Event)).all()
        assert all(event.hash == event.digest() for event in events)
        signed = session.exec(select(func.count()).select_from(Signature)).one()
        assert signed == sum(event.action in ("sign", "approve", "seal") for event in events)
    scan(office.db, office.now(), back=timedelta(days=7))
    with office.db.read() as session:
        flags = {(flag.rule, flag.account_id) for flag in session.exec(select(Flag)).all()}
    late, missing = ("late", account(office, "gv.huong").id), ("missing", account(office, "gv.nga").id)
    assert {late, missing} <= flags
    assert ("missing", account(office, "gv.lan").id) not in flags


def _actor(office: Office, name: str) -> Actor:
    with office.db.read() as session:
        return actor_of(session, account(office, name).id)


def test_the_timetable_is_full_and_nobody_teaches_two_classes_at_once(office: Office) -> None:
    with office.db.read() as session:
        entries = session.exec(select(TimetableEntry)).all()
        assigned = session.exec(select(TeachingAssignment)).all()
        lan = session.exec(select(Account).where(col(Account.sign_in_name) == "gv.lan")).one()
        week = session.exec(select(SchoolWeek).where(col(SchoolWeek.number) == 13)).one()  # without a holiday
        hers = timetable.of_teacher(session, lan.school_id, lan.id, week)
    slots = Counter((e.account_id, e.weekday, e.session, e.period) for e in entries)
    assert set(slots.values()) == {1}
    taught = {(e.account_id, e.class_id, e.subject) for e in entries}
    assert taught == {(a.account_id, a.class_id, a.subject) for a in assigned}
    assert {p.class_name for p in hers} == {"3A"}
    assert (hers[0].day, hers[0].session, hers[0].number) == (week.monday, "morning", 1)
    assert len(hers) == 18


def test_the_demo_has_a_clean_check_and_minutes_of_every_kind(office: Office) -> None:
    """Made as people would: agreed to, refused before a witness, appealed against."""
    _lessons_today(office)
    demo_records.seed_documents(office)
    assert demo_checks.seed_checks(office) > 20
    with office.db.read() as session:
        checks = {
            c.teacher_id: c
            for c in session.exec(select(SpotCheck).where(col(SpotCheck.follows_id).is_(None)))
        }
        states = {
            name: checks[account(office, name).id].finding
            for name in ("gv.huong", "gv.nga", "gv.long", "gv.tam")
        }
        actions = {
            slug: Counter(
                session.exec(
                    select(Event.action)
                    .join(Document, col(Document.id) == col(Event.document_id))
                    .where(col(Document.type) == slug)
                ).all()
            )
            for slug in ("violation-minutes", "appeal")
        }
        waiting = queries.waiting(session, actor_of(session, account(office, "ht.minh").id), type="appeal")
        follow_ups = session.exec(select(SpotCheck).where(col(SpotCheck.follows_id).is_not(None))).all()
    assert states == {"gv.huong": None, "gv.nga": "violation", "gv.long": "violation", "gv.tam": "violation"}
    assert checks[account(office, "gv.huong").id].proposed is False
    assert {a: actions["violation-minutes"][a] for a in ("agree", "refuse", "state")} == {
        "agree": 1,
        "refuse": 1,
        "state": 1,
    }
    assert actions["violation-minutes"]["acknowledge"] == 4  # three notes and a witness
    assert len(waiting) == 1 and actions["appeal"]["sign"] == 1
    assert len(follow_ups) == 3
    assert demo_checks.seed_checks(office) == 0


def test_a_step_of_the_demos_checks_that_is_refused_is_a_fault(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was: who owed nothing was found clean, so there were no minutes, and only a log line said so."""
    _lessons_today(office)
    monkeypatch.setattr(demo_records, "STORIES", ())
    demo_records.seed_documents(office)
    with office.db.write() as session:
        session.exec(update(Account).values(created_at=office.now()))
    with pytest.raises(ExceptionGroup) as refused:
        demo_checks.seed_checks(office)
    assert len(refused.value.exceptions) == 3
    with office.db.read() as session:
        assert session.get(SchoolSetting, (account(office, "admin").school_id, demo_checks.DONE)) is None


def test_every_day_of_the_week_has_a_lesson_for_each_of_the_demos_checks(office: Office) -> None:
    with office.db.write() as session:
        session.exec(delete(CalendarChange))
    with office.db.read() as session:
        people = {a.sign_in_name: a for a in session.exec(select(Account)).all()}
        school_id = people["admin"].school_id
        week = session.exec(select(SchoolWeek).where(col(SchoolWeek.number) == 12)).one()
        days = [week.monday + timedelta(days=n) for n in range(5)]
        lessons = {day: timetable.of_days(session, school_id, day, day) for day in days}
    for day, hour in product(days, (6, 13, 20)):
        now = datetime(day.year, day.month, day.day, hour, tzinfo=VIETNAM)
        found = demo_checks.visits(lessons[day], people, now)
        assert len(found) == len(demo_checks.STORIES), now
        assert len({(p.session, p.number) for p in found.values()}) == len(found), "one place at a time"
        for lesson in found.values():
            visit = demo_checks.visit(lesson.session, now)
            assert not visit.faults() and visit.started < visit.ended <= f"{now:%H:%M}", now


def test_the_demos_checks_wait_for_a_day_with_lessons(office: Office) -> None:
    with office.db.write() as session:
        session.exec(delete(TimetableEntry))
    demo_records.seed_documents(office)
    assert demo_checks.seed_checks(office) == 0
    with office.db.read() as session:
        assert session.exec(select(func.count()).select_from(SpotCheck)).one() == 0
        assert session.get(SchoolSetting, (account(office, "admin").school_id, demo_checks.DONE)) is None


def _lessons_today(office: Office) -> None:
    """The tests' Tuesday is a public holiday; without it the demo's own timetable has lessons."""
    with office.db.write() as session:
        session.exec(delete(CalendarChange))
    today = office.now().astimezone(VIETNAM).date()
    with office.db.read() as session:
        assert timetable.of_days(session, account(office, "admin").school_id, today, today)
