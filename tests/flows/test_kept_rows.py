"""Rows no event covers: each is entered when it is written, and whatever is done to one by hand is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlmodel import SQLModel, col

from flows import delegations, duties, holds, kept_rows, reminder_rules, retention, roots, rule_drops
from flows.candidates import today
from flows.clock import scan
from flows.delegation_rules import Asked as Absence
from flows.documents.lesson_plan import LESSON_PLAN
from flows.due_rules import DaysBefore
from flows.holds import Asked as Hold
from flows.rule_changes import declared_rules, set_rule
from models.account import AccountRole
from models.db import Database
from models.deadline import DeadlineRule
from models.delegation import Delegation
from models.kept import KEPT, KeptRow
from models.migrate import rebuilding, shape
from models.portable import any_order, lines, load, shapes
from models.school import CalendarChange, SchoolSetting
from models.tables import METADATA
from tests.audited import School, behind
from tests.cast import Cast

CHANGED = {
    "flag_event": "words",
    "evidence": "via",
    "legal_hold": "reason",
    "hold_lift": "reason",
    "retention_rule": "basis",
    "delegation": "ended_by",
    "deadline_rule": "dropped_by",
    "reminder_rules": "set_by",
    "calendar_change": "void_by",
    "account_role": "role",
    "staff_group": "head_id",
    "school_setting": "value",
}
"""A column of each table that the days here fill; how something ended where it has an end."""
DAY = timedelta(days=1)
ROOT = Path(__file__).parents[2]


def a_day(cast: Cast) -> None:
    """What a school does beside its records, and takes back again."""
    office, now = cast.office, cast.office.now()
    duties.report_laptop(office, cast.actor("lan"), broken=True, via="page")
    hold = holds.place(office, cast.actor("minh"), Hold(type="lesson-plan", reason="Thanh tra yêu cầu giữ."))
    holds.lift(office, cast.actor("minh"), hold, "Thanh tra đã xong.")
    days = {"first_day": today(now), "last_day": today(now) + DAY}
    away = Absence(cast.ids["hoa"], cast.ids["lien"], **days)
    delegations.end(office, cast.actor("hoa"), delegations.give(office, cast.actor("hoa"), away, now), now)
    assert LESSON_PLAN.deadline is not None
    declared = declared_rules()[LESSON_PLAN.deadline.setting]
    with office.db.write() as session:
        retention.set_term(session, cast.actor("minh"), "lesson-plan", 12, now.date(), now)
        set_rule(session, cast.actor("admin"), declared, DaysBefore(9), date(2027, 1, 4), now)
        rule = session.exec(select(DeadlineRule)).scalar_one()
        rule_drops.drop(session, cast.actor("admin"), declared, rule, now)
        reminder_rules.set_rules(session, cast.actor("admin"), "lesson-plan", (), now)
        off = CalendarChange(
            school_id=cast.school_id,
            seq=1,
            kind="off",
            first_day=date(2027, 1, 4),
            last_day=date(2027, 1, 4),
            reason="Bão",
            entered_by=cast.ids["minh"],
            entered_at=now,
        )
        session.add(off)
        session.flush()
        off.void_from, off.void_by, off.void_at = date(2027, 1, 4), cast.ids["minh"], now
        session.add(off)
        session.add(SchoolSetting(school_id=cast.school_id, key="idle_lock", value={"minutes": 5}))
    scan(office.db, now)


def a_night(cast: Cast) -> None:
    assert roots.make(cast.office.db, cast.office.now()) is not None


@contextmanager
def later(days: float) -> Iterator[None]:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
        yield


@pytest.fixture
def school(each_cast: Cast) -> School:
    """A day like any other, and the root of the night after it."""
    a_day(each_cast)
    a_night(each_cast)
    return School(each_cast, {})


def found(school: School) -> list[tuple[str, str]]:
    return [(f.kind, str(dict(f.told).get("table"))) for f in school.audit().findings.kept]


def test_what_is_written_stays_as_it_was(school: School) -> None:
    assert found(school) == []
    for name, changed in CHANGED.items():
        table = METADATA.tables[name]
        with behind(school) as session:
            row = dict(session.execute(select(table).limit(1)).one()._mapping)
            one = [table.c[key.name] == row[key.name] for key in table.primary_key]
            now = {"minutes": 50} if changed == "value" else "x" + str(row[changed])[1:]
            session.execute(update(table).where(*one).values({changed: now}))
            session.commit()
            moved = [("kept-missing", name), ("kept-added", name)]
            assert found(school) == (moved if name == "account_role" else [("kept-changed", name)])
        with behind(school) as session:
            session.execute(delete(table).where(*one))
            session.commit()
            assert ("kept-missing", name) in found(school), name


def test_a_row_put_in_is_found_whatever_time_it_tells_and_named(school: School) -> None:
    table = METADATA.tables["evidence"]
    with behind(school) as session:
        row = dict(session.execute(select(table).limit(1)).one()._mapping)
        key = "f" * 8 + row["id"][8:]
        session.execute(insert(table).values(row | {"id": key}))
        session.commit()
        assert found(school) == [("kept-added", "evidence")]
        first = school.audit().first
        assert first is not None
        assert f"bảng evidence: dòng {key}" in first.sentence.vi.lower()
        assert "{" not in first.sentence.vi + first.sentence.en


def test_what_was_entered_stays_as_the_root_commits_to_it(school: School) -> None:
    entries = METADATA.tables["kept_row"]
    mine = (entries.c.table_name == "evidence", entries.c.root_number == 1)
    evidence = METADATA.tables["evidence"]
    with behind(school) as session:  # a row and the entry of it
        session.execute(delete(evidence))
        session.execute(delete(entries).where(*mine))
        session.commit()
        assert found(school) == [("kept-list", "evidence")]
    with behind(school) as session:  # one changed so that its entry fits again
        session.execute(update(evidence).values(via="api"))
        row = dict(session.execute(select(evidence)).one()._mapping)
        session.execute(update(entries).where(*mine).values(hash=KEPT["evidence"].digest(row)))
        session.commit()
        assert found(school) == [("kept-list", "evidence")]


def test_a_clock_that_goes_back_and_forth_raises_no_alarm(school: School) -> None:
    """Its own authority goes by the same clock."""
    cast = school.cast
    plan = cast.lesson_plan("lan", 14).id
    for broken, days, act in (
        (False, 3.0, "submit"),
        (True, 1.1, "sign"),
        (False, 4.0, "approve"),
        (True, 0.01, ""),
    ):
        with later(days):
            duties.report_laptop(cast.office, cast.actor("lan"), broken=broken, via="page")
            if act:
                cast.act("hoa" if act == "approve" else "lan", plan, act)
            roots.tend(cast.office.db, cast.office.settings, cast.office.now)
            assert found(school) == []
    assert found(school) == []
    with cast.office.db.read() as session:
        last = roots.newest(session)
        assert last is not None
        assert (last.number, roots.newest_stamped(session)) == (5, 5)
    with behind(school) as session:
        evidence = METADATA.tables["evidence"]
        session.execute(delete(evidence).where(evidence.c.kind == duties.WORKS))
        session.commit()
        assert set(found(school)) == {("kept-missing", "evidence")}


def test_what_ends_after_a_night_is_entered_anew_and_what_was_given_once_taken_away_too(
    school: School,
) -> None:
    cast = school.cast
    office, now = cast.office, cast.office.now()
    days = {"first_day": today(now), "last_day": today(now) + 3 * DAY}
    given = delegations.give(
        office, cast.actor("hoa"), Absence(cast.ids["hoa"], cast.ids["lien"], **days), now
    )
    held = (cast.school_id, cast.ids["hoa"], "clerk")
    with office.db.write() as session:
        session.add(AccountRole(school_id=held[0], account_id=held[1], role=held[2]))
    a_night(cast)
    delegations.turn(office.db, office.settings, now)  # that its beginning was told is nobody's decision
    delegations.end(office, cast.actor("hoa"), given, now)
    with office.db.write() as session:
        session.delete(session.get_one(AccountRole, held))
    assert found(school) == []
    a_night(cast)
    assert found(school) == []
    with office.db.read() as session:
        mine = col(KeptRow.row_key).in_([given, "/".join(held)])
        assert [
            tuple(row)
            for row in session.execute(
                select(KeptRow.version, KeptRow.root_number)
                .where(mine)
                .order_by(col(KeptRow.table_name), col(KeptRow.version))
            )
        ] == [(1, 2), (2, 3), (1, 2), (2, 3)]
    with behind(school) as session:
        session.execute(
            update(Delegation).where(col(Delegation.id) == given).values(ended_at=None, ended_by=None)
        )
        session.execute(
            insert(METADATA.tables["account_role"]).values(
                dict(zip(("school_id", "account_id", "role"), held, strict=True))
            )
        )
        session.commit()
        assert found(school) == [("kept-added", "account_role"), ("kept-changed", "delegation")]


def test_a_row_that_cannot_be_read_is_told_and_the_other_tables_are_looked_at(school: School) -> None:
    if school.cast.office.db.is_sqlite:  # PostgreSQL's columns hold nothing else
        school.cast.lesson_plan("lan", 14)
        with behind(school) as session:
            session.execute(text("UPDATE delegation SET posts = '[cut'"))
            session.execute(text("UPDATE evidence SET via = 'zip'"))
            session.execute(text("UPDATE calendar_change SET grades = '[{}]'"))
            session.commit()
            assert sorted(found(school)) == [
                ("kept-changed", "calendar_change"),
                ("kept-changed", "evidence"),
                ("kept-unreadable", "delegation"),
                ("limits-unreadable", "None"),
            ]


def test_the_database_refuses_to_change_or_drop_an_entry(school: School) -> None:
    for statement in (
        update(KeptRow).values(hash="0" * 64),
        update(KeptRow).values(root_number=None),
        delete(KeptRow),
    ):
        with pytest.raises(DatabaseError), school.cast.office.db.write() as session:
            session.execute(statement)


def test_a_database_from_before_has_its_rows_entered_as_they_are(
    school: School, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    old = school.cast.office.settings
    url = "" if school.cast.office.db.is_sqlite else request.getfixturevalue("new_postgres_url")
    settings = old.model_copy(update={"data": tmp_path / "upgraded", "database_url": url})
    with school.cast.office.db.read() as session:
        rows = [(one, list(lines(session, one))) for one in shapes() if one.name != "kept_row"]
        entries = [tuple(e) for e in session.execute(select(KeptRow.table_name, KeptRow.row_key).distinct())]
    with rebuilding(settings) as connection:
        shape(connection, "0034")
        with any_order(connection):
            for one, values in rows:
                load(connection, one, values)
        shape(connection)
    db = Database(settings.database)
    try:
        with db.read() as session:
            assert [f for f in kept_rows.faults(session) if f.kind != "kept-list"] == []
            there = session.execute(select(KeptRow.table_name, KeptRow.row_key, KeptRow.version)).all()
            assert {(t, k) for t, k, _ in there} == set(entries)
            assert {version for *_, version in there} == {0}
    finally:
        db.dispose()


def test_statements_that_write_such_rows_are_few_and_enter_them() -> None:
    """Whatever the ORM writes is entered by itself."""
    models = "|".join(m.__name__ for m in SQLModel.__subclasses__() if m.__tablename__ in KEPT)
    statement = re.compile(rf"\b_?(?:insert|update|delete)\((?:session, )?(?:{models})\b")
    entering = {"flows/flag_rows.py", "flows/delegations.py", "flows/spot_reveal.py", "service/changes.py"}
    working = {"flows/admitting.py", "flows/keyring.py"}  # when a key was used, wrong PINs, a new PIN
    writing = {
        str(path.relative_to(ROOT))
        for room in ("flows", "service", "tasks")
        for path in (ROOT / room).rglob("*.py")
        if statement.search(path.read_text())
    }
    assert writing == entering | working
    assert all("enter" in (ROOT / path).read_text() for path in entering)
