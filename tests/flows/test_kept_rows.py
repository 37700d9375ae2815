"""Rows no event covers: the daily root commits to them, and whatever is done to one by hand is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete, insert, select, update
from sqlmodel import Session

from flows import delegations, duties, holds, retention, roots
from flows.candidates import today
from flows.clock import scan
from flows.delegation_rules import Asked as Absence
from flows.documents.lesson_plan import LESSON_PLAN
from flows.due_rules import DaysBefore
from flows.holds import Asked as Hold
from flows.rule_changes import declared_rules, set_rule
from models.columns import new_id
from models.tables import METADATA
from tests.audited import School, behind
from tests.cast import Cast

CHANGED = {
    "flag_event": "words",
    "evidence": "via",
    "legal_hold": "reason",
    "hold_lift": "reason",
    "retention_rule": "basis",
    "delegation": "delegate_id",
    "deadline_rule": "key",
}
"""A column of each table that the days here fill."""
DAY = timedelta(days=1)


def a_day(cast: Cast) -> None:
    """What a school does beside its records."""
    office, now = cast.office, cast.office.now()
    duties.report_laptop(office, cast.actor("lan"), broken=True, via="page")
    hold = holds.place(office, cast.actor("minh"), Hold(type="lesson-plan", reason="Thanh tra yêu cầu giữ."))
    holds.lift(office, cast.actor("minh"), hold, "Thanh tra đã xong.")
    days = {"first_day": today(now), "last_day": today(now) + DAY}
    delegations.give(office, cast.actor("hoa"), Absence(cast.ids["hoa"], cast.ids["lien"], **days), now)
    assert LESSON_PLAN.deadline is not None
    declared = declared_rules()[LESSON_PLAN.deadline.setting]
    with office.db.write() as session:
        retention.set_term(session, cast.actor("minh"), "lesson-plan", 12, now.date(), now)
        set_rule(session, cast.actor("admin"), declared, DaysBefore(9), date(2027, 1, 4), now)
    scan(office.db, now)


def a_night(cast: Cast) -> None:
    assert roots.make(cast.office.db, cast.office.now()) is not None


@contextmanager
def later(days: int) -> Iterator[None]:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
        yield


@pytest.fixture
def school(each_cast: Cast) -> School:
    """A day like any other, and the root of the night after it."""
    a_day(each_cast)
    with later(1):
        a_night(each_cast)
    return School(each_cast, {})


def found(school: School) -> list[tuple[str, str]]:
    return [(f.kind, str(dict(f.told).get("table"))) for f in school.audit().findings.kept]


def test_what_is_written_once_stays_as_it_was(school: School) -> None:
    assert found(school) == []
    for name, changed in CHANGED.items():
        table = METADATA.tables[name]
        with behind(school) as session:
            row = dict(session.execute(select(table).limit(1)).one()._mapping)
            one = [table.c[key.name] == row[key.name] for key in table.primary_key]
            session.execute(update(table).where(*one).values({changed: "x" + str(row[changed])[1:]}))
            session.commit()
            assert ("rows", name) in found(school), name
            session.execute(update(table).where(*one).values({changed: row[changed]}))
            session.commit()
            assert found(school) == []
            session.execute(delete(table).where(*one))
            session.commit()
            assert ("rows", name) in found(school), name


def test_a_row_put_in_among_older_ones_is_found_and_one_that_comes_is_not(school: School) -> None:
    with behind(school) as session, later(2):
        put_in(session, new_id())
        assert found(school) == [], "a further day: the next root commits to it"
    with behind(school) as session:
        put_in(session, new_id())
        assert found(school) == [("rows", "evidence")]
        first = school.audit().first
        assert first is not None
        assert "bảng evidence" in first.sentence.vi.lower()
        assert "{" not in first.sentence.vi + first.sentence.en


def put_in(session: Session, key: str) -> None:
    table = METADATA.tables["evidence"]
    row = dict(session.execute(select(table).limit(1)).one()._mapping)
    session.execute(insert(table).values(row | {"id": key}))
    session.commit()


def test_a_second_night_commits_to_what_came_since(school: School) -> None:
    cast = school.cast
    with later(2):
        duties.report_laptop(cast.office, cast.actor("lan"), broken=False, via="page")
        assert found(school) == []
    with later(3):
        a_night(cast)
    assert found(school) == []
    with behind(school) as session:
        table = METADATA.tables["evidence"]
        session.execute(delete(table).where(table.c.kind == "laptop-works"))
        session.commit()
        told = [dict(f.told) for f in school.audit().findings.kept]
        assert [(one["table"], one["root"]) for one in told] == [("evidence", 2)]
