"""Who is asked before a spot check, and which evidence counts, from a school's rows."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from flows import obligations
from flows.probable_notices import tell
from flows.probable_rows import find
from models.account import Account
from models.delegation import Delegation
from models.school import CalendarChange, SchoolSetting
from tests.clockwork import HOUR, SmallSchool, at, small_school
from tests.flows.checked import (
    EVE,
    EVENING,
    LESSONS,
    PLAN,
    WEDNESDAY,
    all_well,
    approved,
    lacking,
    said,
    timetable,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    timetable(made, ("lan", 1), ("lan", 2), ("hoa", 2), ("anh", 2))
    yield made
    made.db.dispose()


# --- who is asked ---------------------------------------------------------------------------------------


def test_only_who_has_lessons_that_day_is_asked(school: SmallSchool) -> None:
    assert set(lacking(school)) == {"anh", "hoa", "lan"}
    assert lacking(school, EVE - timedelta(minutes=1)) == {}
    assert lacking(school, at(11, 20, 17)) == {}
    assert set(lacking(school, only="lan")) == {"lan"}


def test_a_day_off_has_no_lessons_and_a_day_moved_has_anothers(school: SmallSchool) -> None:
    def change(kind: str, first: date, taught_on: date | None, seq: int, grades: list[int]) -> None:
        with school.db.write() as session:
            session.add(
                CalendarChange(
                    school_id=school.id,
                    seq=seq,
                    kind=kind,
                    first_day=first,
                    last_day=first,
                    taught_on=taught_on,
                    grades=grades,
                    reason="Nghỉ bão",
                    entered_by=school.accounts["admin"],
                    entered_at=EVE,
                )
            )

    change("off", WEDNESDAY, None, 1, [1, 2])
    assert set(lacking(school)) == {"anh", "hoa", "lan"}
    change("moved", date(2024, 11, 19), WEDNESDAY, 2, [3])
    assert set(lacking(school, at(11, 20, 8))) == {"lan"}
    change("off", WEDNESDAY, None, 3, [])
    assert lacking(school, at(11, 20, 8)) == {}


def test_the_timetable_that_holds_on_the_day_counts(school: SmallSchool) -> None:
    timetable(school, ("son", 2), since=WEDNESDAY)
    assert set(lacking(school)) == {"son"}


def test_without_a_timetable_nothing_is_claimed(tmp_path: pathlib.Path) -> None:
    bare = small_school(tmp_path)
    assert lacking(bare) == {}
    bare.db.dispose()


def test_who_is_away_that_day_is_not_asked(school: SmallSchool) -> None:
    away = Delegation(
        school_id=school.id,
        absent_id=school.accounts["hoa"],
        delegate_id=school.accounts["huong"],
        posts=[],
        first_day=WEDNESDAY,
        last_day=WEDNESDAY,
        given_by=school.accounts["hoa"],
        given_at=EVE,
    )
    with school.db.write() as session:
        session.add(away)
    assert set(lacking(school)) == {"anh", "lan"}
    school.change(Delegation, away.id, ended_at=EVE)
    assert set(lacking(school)) == {"anh", "hoa", "lan"}


def test_another_school_is_never_mixed_in(school: SmallSchool) -> None:
    other = SmallSchool(school.db, "-b")
    timetable(other, ("lan", 2))
    all_well(school, "lan", "hoa", "anh")
    assert lacking(school) == {}
    assert set(lacking(other)) == {"lan"}
    with school.db.read() as session:
        found = find(session, [school.id, other.id], EVE)
    assert {(one.school_id, one.debtor.account_id) for one in found} == {(other.id, other.accounts["lan"])}


def test_what_the_deadlines_do_not_ask_of_a_new_account_is_not_asked_here(school: SmallSchool) -> None:
    with school.db.read() as session:
        calendar = obligations.calendar_of(session, school.id)
    due = {
        owed.slug: calendar.limit(owed.deadline, school.weeks[11])
        for owed in obligations.owed_types()
        if owed.slug in (LESSONS, PLAN)
    }
    plan, lessons = due[PLAN], due[LESSONS]
    assert plan is not None
    assert lessons is not None
    assert plan < lessons
    all_well(school, "hoa", "anh")
    for since, asked in (
        (plan - HOUR, [PLAN, LESSONS]),
        (plan, [LESSONS]),
        (lessons - HOUR, [LESSONS]),
        (lessons, []),
    ):
        school.change(Account, school.accounts["lan"], created_at=since)
        assert [item for item, _ in lacking(school).get("lan", [])] == asked
    assert tell(school.db, EVENING) == 0
    approved(school, "lan", LESSONS)
    assert lacking(school) == {"lan": [(LESSONS, "not-kept")]}


# --- what counts ----------------------------------------------------------------------------------------


def test_a_download_is_enough_for_lessons_and_paper_for_the_teaching_plan(school: SmallSchool) -> None:
    all_well(school, "lan", "hoa", "anh")
    assert lacking(school) == {}


def test_records_on_their_way_and_withdrawn_ones_do_not_count(school: SmallSchool) -> None:
    all_well(school, "lan", "hoa")
    school.document("anh", 11, at(11, 1), status="withdrawn")
    school.document("anh", 11, at(11, 1), slug=PLAN)
    assert lacking(school) == {"anh": [(PLAN, "waiting"), (LESSONS, "none")]}


def test_a_plan_of_several_weeks_covers_each_of_them(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    approved(school, "lan", LESSONS, "download")
    approved(school, "lan", PLAN, "print", week=9, last=10)
    assert lacking(school) == {"lan": [(PLAN, "none")]}
    approved(school, "lan", PLAN, "print", week=8, last=12)
    assert lacking(school) == {}


def test_a_word_for_the_laptop_is_no_file_and_paper_of_another_file_is_no_paper(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    approved(school, "lan", PLAN, "print")
    key = approved(school, "lan", LESSONS, "print-unless-laptop")
    said(school, "lan", "laptop", key)
    said(school, "lan", "printed", key, blob="b" * 64)
    assert lacking(school) == {"lan": [(LESSONS, "not-kept")]}
    said(school, "lan", "printed", key)
    assert lacking(school) == {}


def test_a_broken_laptop_asks_for_paper(school: SmallSchool) -> None:
    all_well(school, "lan", "hoa", "anh")
    said(school, "lan", "laptop-broken")
    assert lacking(school) == {"lan": [(LESSONS, "not-printed")]}


def test_a_school_chooses_whether_one_of_two_is_enough(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    approved(school, "lan", LESSONS, "download")
    assert lacking(school) == {"lan": [(PLAN, "none")]}
    with school.db.write() as session:
        session.add(SchoolSetting(school_id=school.id, key="spot_check", value={"both": 1}))
    assert lacking(school) == {}


def test_a_school_chooses_its_hours(school: SmallSchool) -> None:
    with school.db.write() as session:
        session.add(
            SchoolSetting(school_id=school.id, key="spot_check_eve", value={"hour": 18, "minute": 30})
        )
    assert lacking(school) == {}
    assert set(lacking(school, at(11, 19, 18, 30))) == {"anh", "hoa", "lan"}
