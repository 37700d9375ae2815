"""A change of a deadline or of the calendar: what is open moves, what is decided stays as it was."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlmodel import col, select

from flows.calendar import school_year
from flows.catalogue import TYPES
from flows.clock import scan
from flows.due_rules import FRIDAY, MONDAY, BeforeWeekday, DaysBefore, Deadline
from flows.obligations import calendar_of
from flows.people import Actor
from flows.rule_changes import (
    Concerned,
    Difference,
    Flagged,
    declared_rules,
    difference,
    recompute,
    set_rule,
    with_rule,
)
from models.deadline import DeadlineRule
from models.document import Document, OpenStep
from models.evidence import Duty
from models.flag import Flag
from models.notice import Notice
from models.school import SchoolWeek
from tests.clockwork import DAY, HOUR, START, SmallSchool, at, small_school

PLAN = declared_rules()["lesson_plan_due"]
LIMIT = at(11, 13)
"""Lesson plans of week 11, by the plan's own rule."""

FRIDAYS = BeforeWeekday(FRIDAY, weeks_before=1, strict=False)
MONDAYS = BeforeWeekday(MONDAY, weeks_before=1)
MONDAY_OF = {w.number: w.monday for w in school_year(START)}


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    yield made
    made.db.dispose()


def admin(school: SmallSchool) -> Actor:
    return Actor(id=school.accounts["admin"], school_id=school.id, roles=frozenset({"admin"}))


def shown(school: SmallSchool, rule: Deadline, first: int, now: datetime) -> Difference:
    with school.db.read() as session:
        before = calendar_of(session, school.id)
        after = with_rule(before, PLAN.setting, rule, MONDAY_OF[first], now)
        return difference(session, before, after, now)


def done(school: SmallSchool, rule: Deadline, first: int, now: datetime) -> None:
    with school.db.write() as session:
        set_rule(session, admin(school), PLAN, rule, MONDAY_OF[first], now)
    scan(school.db, now, school.id)


def plans(school: SmallSchool, week: int = 11) -> list[tuple[str, str, bool]]:
    return [(rule, who, o) for rule, slug, who, w, o in school.flags() if slug == "lesson-plan" and w == week]


def draft(school: SmallSchool, who: str, week: int, due: datetime) -> str:
    made = school.document(who, week, None, status="draft", title=f"Giáo án tuần {week}")
    school.waits(made, f"account:{school.accounts[who]}", due)
    school.change(Document, made, due_at=due)
    return made


def due_of(school: SmallSchool, document: str) -> tuple[datetime | None, datetime | None]:
    with school.db.read() as session:
        step = session.exec(select(OpenStep.due_at).where(col(OpenStep.document_id) == document)).one()
        return session.get_one(Document, document).due_at, step


def test_a_later_limit_takes_flags_back_and_moves_what_is_open(school: SmallSchool) -> None:
    mine = draft(school, "lan", 11, LIMIT)
    now = LIMIT + 9 * HOUR
    scan(school.db, now, school.id)
    friday = at(11, 16)
    found = shown(school, FRIDAYS, 11, now)
    assert [(w.week, w.before, w.after) for w in found.weeks][:2] == [
        (11, LIMIT, friday),
        (12, LIMIT + 7 * DAY, friday + 7 * DAY),
    ]
    assert len(found.weeks) == 25
    assert [(r.title, r.owner, r.before, r.after) for r in found.records] == [
        ("Giáo án tuần 11", "Nguyễn Thị Lan", LIMIT, friday)
    ]
    assert sorted(found.resolves) == sorted(
        Flagged(name, PLAN.name, 11)
        for name in ("Hoàng Ngọc Anh", "Nguyễn Thị Lan", "Phạm Thu Hương", "Trần Thị Hoa", "Vũ Hồng Sơn")
    )
    assert found.opens == []
    assert Concerned("Nguyễn Thị Lan", 0, 25) in found.people

    done(school, FRIDAYS, 11, now)
    assert due_of(school, mine) == (friday, friday)
    assert [(rule, o) for rule, _, o in plans(school)] == [("missing", False)] * 5
    scan(school.db, friday)
    assert [(rule, o) for rule, _, o in plans(school)] == [("missing", True)] * 5


def test_an_earlier_limit_never_reaches_back(school: SmallSchool) -> None:
    mine, now = draft(school, "lan", 11, LIMIT), at(11, 11, 10)
    sent = school.document("huong", 11, at(11, 11, 9))
    school.change(Document, sent, due_at=LIMIT)
    done(school, MONDAYS, 11, now)  # by the rule alone, the end of Sunday 10/11
    assert due_of(school, mine) == (LIMIT, LIMIT)  # the end of tomorrow, and no later than before
    scan(school.db, LIMIT)
    assert plans(school) == [("missing", who, True) for who in ("anh", "hoa", "lan", "son")]
    done(school, DaysBefore(60), 12, now)
    scan(school.db, at(11, 20))
    flagged = [who for rule, who, _ in plans(school, 12) if rule == "missing"]
    assert len(flagged) == 5
    with school.db.read() as session:
        week_12 = col(Flag.week_id) == school.weeks[12]
        plan = col(Flag.type) == "lesson-plan"
        assert set(session.exec(select(Flag.due_at).where(week_12, plan))) == {at(11, 13)}


def test_what_was_signed_keeps_its_limit_and_its_lateness(school: SmallSchool) -> None:
    late = school.document("lan", 11, LIMIT + HOUR)
    early = school.document("huong", 12, LIMIT)
    school.change(Document, late, due_at=LIMIT)
    school.change(Document, early, due_at=LIMIT + 7 * DAY)
    now = LIMIT + 9 * HOUR
    scan(school.db, now, school.id)
    with school.db.read() as session:
        before = session.exec(select(Flag.data).where(col(Flag.rule) == "late")).all()
    done(school, FRIDAYS, 11, now)
    assert ("late", "lan", True) in plans(school)
    done(school, DaysBefore(40), 12, now)
    scan(school.db, at(12, 1))
    assert not [f for f in plans(school, 12) if f[1] == "huong"]
    with school.db.read() as session:
        assert session.exec(select(Flag.data).where(col(Flag.rule) == "late")).all() == before
        assert session.get_one(Document, late).due_at == LIMIT
        assert session.get_one(Document, early).due_at == LIMIT + 7 * DAY


def test_again_at_once_moves_nothing(school: SmallSchool) -> None:
    draft(school, "lan", 11, LIMIT)
    now = at(11, 5)
    done(school, FRIDAYS, 11, now)
    with school.db.write() as session:
        assert recompute(session, calendar_of(session, school.id)) == 0
    again = shown(school, FRIDAYS, 11, now)
    assert again == Difference()
    assert scan(school.db, now, school.id) == 0


def test_what_is_shown_writes_nothing(school: SmallSchool) -> None:
    mine, now = draft(school, "lan", 11, LIMIT), LIMIT + HOUR
    scan(school.db, now, school.id)
    flags = school.flags()
    shown(school, FRIDAYS, 11, now)
    assert (school.flags(), due_of(school, mine)) == (flags, (LIMIT, LIMIT))
    with school.db.read() as session:
        assert session.exec(select(DeadlineRule)).all() == []


def test_a_look_with_the_old_rule_after_the_change_is_mended_by_the_next(school: SmallSchool) -> None:
    now = LIMIT + HOUR
    with school.db.write() as session:
        set_rule(session, admin(school), PLAN, FRIDAYS, MONDAY_OF[11], now)
    with school.db.write() as session:  # another server had read the rules before
        session.add(
            Flag(
                school_id=school.id,
                key=f"missing:lesson-plan:{school.accounts['lan']}:{school.weeks[11]}",
                rule="missing",
                type="lesson-plan",
                account_id=school.accounts["lan"],
                week_id=school.weeks[11],
                due_at=LIMIT,
                opened_at=LIMIT,
            )
        )
    scan(school.db, now + HOUR)
    assert plans(school) == [("missing", "lan", False)]


def test_the_duties_after_an_approval_move_and_keep_their_least_time(school: SmallSchool) -> None:
    document = school.document("lan", 11, LIMIT - DAY, status="approved")
    opened = at(11, 15)
    rows = (("download", None, at(11, 18)), ("print-unless-laptop", at(11, 15, 8), at(11, 18)))
    with school.db.write() as session:
        for kind, met, due in rows:
            session.add(
                Duty(
                    document_id=document,
                    kind=kind,
                    school_id=school.id,
                    account_id=school.accounts["lan"],
                    week_id=school.weeks[11],
                    revision=1,
                    blob="",
                    opened_at=opened,
                    due_at=due,
                    met_at=met,
                )
            )
    declared = declared_rules()["obligation_due"]
    assert declared.after_approval
    with school.db.write() as session:
        rule = DaysBefore(30, setting=declared.setting)
        set_rule(session, admin(school), declared, rule, MONDAY_OF[11], at(11, 15, 9))
    with school.db.read() as session:
        dues = {d.kind: d.due_at for d in session.exec(select(Duty))}
    # at least the rest of the day and the next, and a day from the approval; what is met stays
    assert dues == {"download": at(11, 17), "print-unless-laptop": at(11, 18)}


def test_a_moved_calendar_moves_what_is_open(school: SmallSchool) -> None:
    mine = draft(school, "lan", 11, LIMIT)
    signed = school.document("huong", 11, LIMIT + HOUR)
    school.change(Document, signed, due_at=LIMIT)
    now = LIMIT + 2 * HOUR
    scan(school.db, now, school.id)
    with school.db.write() as session:
        before = calendar_of(session, school.id)
        weeks = session.exec(select(SchoolWeek).where(col(SchoolWeek.number) >= 11)).all()
        for week in sorted(weeks, key=lambda w: w.number, reverse=True):
            week.monday, week.sunday = week.monday + 7 * DAY, week.sunday + 7 * DAY
            session.add(week)
            session.flush()
        after = calendar_of(session, school.id)
        found = difference(session, before, after, now)
        recompute(session, after)
    assert [r.after for r in found.records] == [LIMIT + 7 * DAY]
    assert len([f for f in found.resolves if f.type == PLAN.name]) == 4
    scan(school.db, now, school.id)
    assert due_of(school, mine) == (LIMIT + 7 * DAY, LIMIT + 7 * DAY)
    assert [f for f in plans(school) if f[2]] == [("late", "huong", True)]


def test_holidays_move_a_rule_of_working_days(school: SmallSchool) -> None:
    with school.db.read() as session:
        calendar = calendar_of(session, school.id)
    friday_off = replace(calendar.days, is_working_day=lambda d: d.weekday() < 5 and d != date(2024, 11, 15))
    rule = DaysBefore(1, setting="x", working=True)
    week = school.weeks[11]
    assert calendar.limit(rule, week) == at(11, 16)
    assert replace(calendar, days=friday_off).limit(rule, week) == at(11, 15)


def test_the_principal_is_told_once_and_who_set_it_is_kept(school: SmallSchool) -> None:
    done(school, FRIDAYS, 11, at(11, 5))
    with school.db.read() as session:
        row = session.exec(select(DeadlineRule)).one()
        notice = session.exec(select(Notice).where(col(Notice.kind) == "rule")).one()
    assert (row.set_by, row.valid_from) == (school.accounts["admin"], MONDAY_OF[11])
    assert notice.account_id == school.accounts["minh"]
    said = notice.data["sentence"]["vi"]
    assert "hết thứ Sáu của tuần liền trước tuần dạy (trước 00:00 thứ Bảy)" in said
    assert f"{MONDAY_OF[11]:%d/%m/%Y}" in said


def test_another_schools_rule_is_not_ours(tmp_path: pathlib.Path) -> None:
    first = small_school(tmp_path)
    second = SmallSchool(first.db, mark=".2")
    mine = draft(second, "lan", 11, LIMIT)
    done(first, FRIDAYS, 11, at(11, 5))
    assert due_of(second, mine) == (LIMIT, LIMIT)
    with first.db.read() as session:
        ours, theirs = (calendar_of(session, s.id) for s in (first, second))
    assert ours.limit(PLAN.default, first.weeks[11]) == LIMIT + 3 * DAY
    assert theirs.limit(PLAN.default, second.weeks[11]) == LIMIT
    first.db.dispose()


def test_types_that_share_a_setting_begin_with_the_same_rule() -> None:

    rules = [t.deadline for t in TYPES if t.deadline] + [o.due for t in TYPES for o in t.obligations]
    found = declared_rules()
    assert (
        {r.setting for r in rules}
        == set(found)
        == {
            "lesson_plan_due",
            "team_plan_lead",
            "teacher_plan_lead",
            "obligation_due",
        }
    )
    assert all(found[r.setting].default == r for r in rules)
