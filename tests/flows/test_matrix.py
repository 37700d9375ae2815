"""The board read from SQLite and PostgreSQL: who sees whom, which weeks, few questions for many cells."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from flows import matrix
from flows.matrix import Board
from flows.posts import actor_of
from flows.span import Asked
from models.account import Account
from models.errors import NotFound
from models.school import SchoolWeek
from tests.clockwork import DAY, HOUR, SmallSchool, at, small_school
from tests.flows.test_probable_rows import timetable

LIMIT = at(11, 13)
"""Lesson plans of week 11."""
NOW = LIMIT + 9 * HOUR


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    yield made
    made.db.dispose()


def board(school: SmallSchool, who: str, now: object = NOW, **asked: str) -> Board:
    with school.db.read() as session:
        actor = actor_of(session, school.accounts[who])
        found = matrix.read(session, actor, Asked(**asked), now)  # type: ignore[arg-type]  # always a moment
    assert found is not None
    return found


def states(school: SmallSchool, found: Board) -> dict[str, list[str]]:
    names = {account: name for name, account in school.accounts.items()} | {
        group: name for name, group in school.groups.items()
    }
    return {names[line.key]: [cell.state for cell in line.cells] for line in found.lines}


def numbers(found: Board) -> list[int]:
    return [column.week.number for column in found.columns if column.week]


def filled(school: SmallSchool) -> None:
    school.document("lan", 11, LIMIT + 8 * HOUR, step="group_review")
    school.document("huong", 11, LIMIT - HOUR, step="group_review")
    school.document("huong", 12, None, status="draft")
    school.document("anh", 11, LIMIT - HOUR, group="Tổ 4-5", status="archived")
    school.document("anh", 10, LIMIT - 9 * DAY, group="Tổ 4-5", status="withdrawn")


def test_everything_on_one_board(school: SmallSchool) -> None:
    filled(school)
    found = board(school, "minh")
    assert numbers(found) == [8, 9, 10, 11, 12]
    assert (found.here.number, found.place) == (11, 3)
    assert {name: cells[2:] for name, cells in states(school, found).items()} == {
        "hoa": ["missing", "missing", "not_due"],
        "lan": ["missing", "late", "not_due"],
        "huong": ["missing", "group", "not_due"],  # of her draft only she knows
        "son": ["missing", "missing", "not_due"],
        "anh": ["missing", "approved", "not_due"],
    }
    assert states(school, board(school, "huong"))["huong"][4] == "draft"


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("minh", {"hoa", "lan", "huong", "son", "anh"}),
        ("ngoc", {"hoa", "lan", "huong", "son", "anh"}),
        ("hoa", {"hoa", "lan", "huong"}),
        ("son", {"son", "anh"}),
        ("lan", {"lan"}),
        ("admin", set()),
    ],
)
def test_who_sees_whom(school: SmallSchool, who: str, sees: set[str]) -> None:
    assert states(school, board(school, who)).keys() == sees
    for name, account in school.accounts.items():
        asked = board(school, who, person=account)
        assert states(school, asked).keys() == sees & {name}
        with school.db.read() as session:
            actor = actor_of(session, school.accounts[who])
            if name in sees or name == who or who in ("minh", "ngoc"):
                assert matrix.person(session, actor, account).id == account
            else:
                with pytest.raises(NotFound):
                    matrix.person(session, actor, account)


def test_a_second_school_is_another_world(school: SmallSchool) -> None:
    other = SmallSchool(school.db, "2")
    filled(other)
    assert set(states(school, board(school, "minh"))) == {"hoa", "lan", "huong", "son", "anh"}
    for strange in ({"week": other.weeks[11]}, {"first": other.weeks[11]}, {"key": other.accounts["lan"]}):
        with pytest.raises(NotFound):
            board(school, "minh", **strange)
    assert board(school, "minh", group=other.groups["Tổ 4-5"]).lines == ()
    with school.db.read() as session, pytest.raises(NotFound):
        matrix.person(session, actor_of(session, school.accounts["minh"]), other.accounts["lan"])


def test_a_group_owes_its_plan_and_a_range_covers_its_weeks(school: SmallSchool) -> None:
    school.document("hoa", 9, LIMIT - 60 * DAY, slug="team-teaching-plan", last=11, status="archived")
    found = board(school, "minh", type="team-teaching-plan", first=school.weeks[8], last=school.weeks[12])
    assert states(school, found) == {
        "Tổ 1-2-3": ["missing", "approved", "approved", "approved", "missing"],
        "Tổ 4-5": ["missing"] * 5,
    }
    assert states(school, board(school, "hoa", type="team-teaching-plan")).keys() == {"Tổ 1-2-3"}
    assert states(school, board(school, "lan", type="team-teaching-plan")) == {}


def test_a_range_begun_before_the_weeks_shown_counts(school: SmallSchool) -> None:
    school.document("lan", 7, LIMIT - 60 * DAY, slug="teacher-teaching-plan", last=11, status="archived")
    found = board(school, "lan", type="teacher-teaching-plan", first=school.weeks[11], last=school.weeks[12])
    assert states(school, found) == {"lan": ["approved", "not_due"]}


def test_which_weeks(school: SmallSchool) -> None:
    week = school.weeks
    assert numbers(board(school, "minh", week=week[1])) == [1, 2, 3, 4, 5]
    assert numbers(board(school, "minh", week=week[35])) == [31, 32, 33, 34, 35]
    assert numbers(board(school, "minh", first=week[3], last=week[5])) == [3, 4, 5]
    turned = board(school, "minh", first=week[5], last=week[3], week=week[20])
    assert (numbers(turned), turned.here.number) == ([3, 4, 5], 5)
    assert numbers(board(school, "minh", first=week[34])) == [34, 35]
    # three days after its limit a week gives way to the next
    assert board(school, "minh", now=LIMIT + 3 * DAY - HOUR).here.number == 11
    assert board(school, "minh", now=LIMIT + 3 * DAY).here.number == 12
    for unknown in ({"week": "nowhere"}, {"first": "nowhere"}, {"year": "1999-2000"}, {"type": "poem"}):
        with pytest.raises(NotFound):
            board(school, "minh", **unknown)


def test_an_earlier_year_is_a_board_of_its_own(school: SmallSchool) -> None:
    with school.db.write() as session:
        for row in session.exec(select(SchoolWeek).where(col(SchoolWeek.school_id) == school.id)).all():
            back = row.model_dump() | {"id": f"{row.id[:-3]}old", "year": "2023-2024"}
            back |= {"monday": row.monday - timedelta(weeks=52), "sunday": row.sunday - timedelta(weeks=52)}
            session.add(SchoolWeek(**back))
    assert numbers(board(school, "minh")) == [8, 9, 10, 11, 12]
    both = board(school, "minh", year="2023-2024", first=school.weeks[3], last=school.weeks[4])
    assert both.here.year == "2023-2024", "the weeks of another year are let go"
    old = board(school, "minh", year="2023-2024")
    assert (old.here.year, numbers(old)[-1], old.columns[0].monday < date(2024, 9, 1)) == (
        "2023-2024",
        35,
        True,
    )


def test_filters_by_group_person_and_state(school: SmallSchool) -> None:
    filled(school)
    only = {"first": school.weeks[11], "last": school.weeks[11]}
    assert states(school, board(school, "minh", group=school.groups["Tổ 4-5"], **only)).keys() == {
        "son",
        "anh",
    }
    assert states(school, board(school, "minh", state="late", **only)) == {"lan": ["late"]}
    assert states(school, board(school, "minh", state="attention", **only)).keys() == {"hoa", "lan", "son"}
    assert states(school, board(school, "minh", state="on_time", **only)).keys() == {"huong", "anh"}
    assert board(school, "hoa", group=school.groups["Tổ 4-5"]).lines == ()


def test_who_came_late_owes_only_from_then_on(school: SmallSchool) -> None:
    school.change(Account, school.accounts["anh"], created_at=LIMIT + HOUR)
    assert states(school, board(school, "anh", first=school.weeks[10], last=school.weeks[12])) == {
        "anh": ["not_owed", "not_owed", "not_due"]
    }


def test_many_cells_cost_no_more_questions(school: SmallSchool) -> None:
    filled(school)

    def questions(**asked: str) -> int:
        told: list[str] = []
        with school.db.read() as session:
            actor = actor_of(session, school.accounts["minh"])
            engine = session.get_bind()
            note = lambda _c, _k, said, *_: told.append(said)  # noqa: E731 - it is removed again below
            event.listen(engine, "before_cursor_execute", note)
            try:
                matrix.read(session, actor, Asked(**asked), NOW)
            finally:
                event.remove(engine, "before_cursor_execute", note)
        return len(told)

    week = school.weeks
    assert questions(first=week[11], last=week[11]) == questions(first=week[1], last=week[35]) <= 15


def test_who_has_no_lesson_in_a_week_misses_nothing_in_it(school: SmallSchool) -> None:
    """The board says what the flags say: nothing is owed, and there is nothing to attend to."""
    timetable(school, ("lan", 1), ("hoa", 2))
    week = {"first": school.weeks[11], "last": school.weeks[11]}
    assert states(school, board(school, "minh", **week)) == {
        "lan": ["missing"],
        "hoa": ["missing"],
        **{who: ["not_owed"] for who in ("huong", "son", "anh")},  # in the timetable nowhere
    }
    school.day_off(date(2024, 11, 19))  # Tuesday of week 11
    assert states(school, board(school, "minh", state="attention", **week)) == {"hoa": ["missing"]}
    assert states(school, board(school, "lan", **week)) == {"lan": ["not_owed"]}
