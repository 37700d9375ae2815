"""The clock on real rows: flags open, resolve, reopen; a look too many, or a day late, changes nothing."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from flows.clock import scan, scan_changed, scan_document
from flows.due_rules import FRIDAY, BeforeWeekday, as_data
from models.account import Account, Group
from models.deadline import DeadlineRule
from models.document import Document
from models.flag import Flag
from tests.clockwork import DAY, HOUR, SmallSchool, at, small_school

LIMIT = at(11, 13)
"""Lesson plans of week 11."""

TEACHERS = ("anh", "hoa", "huong", "lan", "son")


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    yield made
    made.db.dispose()


def rows(school: SmallSchool) -> list[tuple[object, ...]]:
    with school.db.read() as session:
        flags = session.exec(select(Flag).where(col(Flag.school_id) == school.id)).all()
    return sorted((f.key, f.opened_at, str(f.resolved_at), str(f.data), f.document_id) for f in flags)


def plans(school: SmallSchool, week: int = 11) -> list[tuple[str, str, bool]]:
    return [(rule, who, o) for rule, slug, who, w, o in school.flags() if slug == "lesson-plan" and w == week]


def test_before_the_limit_nobody_is_flagged(school: SmallSchool) -> None:
    scan(school.db, LIMIT - timedelta(seconds=1))
    assert plans(school) == []


def test_at_the_limit_everyone_who_owes_and_has_not_signed_is_missing(school: SmallSchool) -> None:
    school.document("lan", 11, LIMIT - HOUR)
    school.document("huong", 11, None)
    scan(school.db, LIMIT)
    assert plans(school) == [("missing", who, True) for who in ("anh", "hoa", "huong", "son")]


def test_groups_owe_their_plan_by_their_head(school: SmallSchool) -> None:
    school.document("hoa", 5, at(9, 20), slug="team-teaching-plan", last=35, group="Tổ 1-2-3")
    scan(school.db, at(11, 3))
    group_flags = [f for f in school.flags() if f[1] == "team-teaching-plan" and f[3] == 11]
    assert group_flags == [("missing", "team-teaching-plan", "son", 11, True)]


def test_a_late_signature_resolves_what_was_missing_and_stays_late(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    document = school.document("lan", 11, LIMIT + 8 * HOUR)
    assert scan_document(school.db, document, LIMIT + 8 * HOUR) == 2
    mine = [f for f in plans(school) if f[1] == "lan"]
    assert mine == [("late", "lan", True), ("missing", "lan", False)]
    assert ("missing", "hoa", True) in plans(school)


def test_looking_twice_changes_nothing_and_looking_late_gives_the_same_rows(tmp_path: pathlib.Path) -> None:
    punctual, late = (small_school(tmp_path / name) for name in ("punctual", "late"))
    for school in (punctual, late):
        school.document("lan", 11, LIMIT + 8 * HOUR)
        school.document("anh", 11, LIMIT - HOUR, group="Tổ 4-5")
    for now in (LIMIT, LIMIT + 5 * HOUR, LIMIT + 9 * HOUR, LIMIT + DAY):
        scan(punctual.db, now)
    assert scan(punctual.db, LIMIT + DAY) == 0
    scan(late.db, LIMIT + DAY)

    def told(school: SmallSchool) -> list[tuple[str, str, str, int, bool]]:
        return [f for f in school.flags() if f[3] >= 9]

    assert told(punctual) == told(late)
    moments = [{(o, r) for _, o, r, *_ in rows(s)} for s in (punctual, late)]
    assert moments[0] == moments[1]


def test_the_quick_look_sees_what_changed_and_only_that(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    assert scan_changed(school.db, LIMIT, LIMIT + HOUR) == 0
    school.document("lan", 11, LIMIT + HOUR)
    assert scan_changed(school.db, LIMIT + 2 * HOUR, LIMIT + 2 * HOUR) == 0
    assert scan_changed(school.db, LIMIT, LIMIT + 2 * HOUR) == 2
    assert scan_changed(school.db, LIMIT, LIMIT + 2 * HOUR) == 0


def test_a_document_of_a_week_long_past_is_found_by_its_change(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    school.document("lan", 11, LIMIT + 60 * DAY)
    scan(school.db, LIMIT + 61 * DAY)
    assert [f for f in plans(school) if f[1] == "lan"] == [("late", "lan", True), ("missing", "lan", False)]


def test_a_withdrawn_document_reopens_the_flag_without_a_second_notice(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    document = school.document("lan", 11, LIMIT + HOUR)
    scan(school.db, LIMIT + 2 * HOUR)
    before = len(school.notices("flag"))
    school.change(Document, document, status="withdrawn")
    scan(school.db, LIMIT + 3 * HOUR)
    assert [f for f in plans(school) if f[1] == "lan"] == [("late", "lan", False), ("missing", "lan", True)]
    assert len(school.notices("flag")) == before


def test_who_leaves_owes_no_longer(school: SmallSchool) -> None:
    scan(school.db, LIMIT)
    school.change(Account, school.accounts["lan"], active=False)
    scan(school.db, LIMIT + HOUR)
    assert [f for f in plans(school) if f[1] == "lan"] == [("missing", "lan", False)]


def test_a_new_head_answers_for_the_group(school: SmallSchool) -> None:
    scan(school.db, at(11, 3))
    school.change(Group, school.groups["Tổ 4-5"], head_id=school.accounts["anh"])
    scan(school.db, at(11, 3, 1))
    assert ("missing", "team-teaching-plan", "anh", 11, True) in school.flags()
    assert ("missing", "team-teaching-plan", "son", 11, True) not in school.flags()


def test_a_setting_moves_the_limit(school: SmallSchool) -> None:
    with school.db.write() as session:
        session.add(
            DeadlineRule(
                school_id=school.id,
                key="lesson_plan_due",
                valid_from=date(2024, 11, 18),
                value=as_data(BeforeWeekday(FRIDAY, weeks_before=1)),
                set_at=LIMIT - DAY,
            )
        )
    school.document("lan", 11, LIMIT + HOUR)
    scan(school.db, LIMIT + HOUR)
    assert plans(school) == []
    scan(school.db, at(11, 15))
    assert [who for rule, who, _ in plans(school) if rule == "missing"] == ["anh", "hoa", "huong", "son"]


def test_whoever_is_flagged_is_told_once(school: SmallSchool) -> None:
    school.document("lan", 11, LIMIT + HOUR)
    for hours in range(3):
        scan(school.db, LIMIT + 2 * HOUR + hours * HOUR)
    week = [(who, about) for who, about in school.notices("flag") if about.endswith("tuần 11")]
    assert [who for who, about in week if "bài dạy" in about] == list(TEACHERS)


def test_old_flags_of_a_calendar_entered_late_send_nothing(school: SmallSchool) -> None:
    scan(school.db, LIMIT + 10 * DAY)
    assert ("missing", "lesson-plan", "lan", 11, True) in school.flags()
    assert not [
        about for _, about in school.notices("flag") if about == "Kế hoạch bài dạy (giáo án), tuần 11"
    ]


def test_a_second_school_is_looked_at_apart(tmp_path: pathlib.Path) -> None:
    first = small_school(tmp_path)
    second = SmallSchool(first.db, mark=".2")
    second.document("lan", 11, LIMIT + HOUR)
    scan(first.db, LIMIT + 2 * HOUR, school_id=first.id)
    assert second.flags() == []
    scan(first.db, LIMIT + 2 * HOUR)
    assert ("late", "lesson-plan", "lan", 11, True) in second.flags()
    assert ("late", "lesson-plan", "lan", 11, True) not in first.flags()
