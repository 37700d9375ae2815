"""Who is reminded of what, from a school's rows: once each, whoever is away, up to the principal."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import date, datetime

import pytest
from sqlmodel import col, select

from flows import reminder_rules, reminders, review_reminders
from flows.conditions import look
from flows.posts import actor_of
from flows.remind import Remind
from models.delegation import Delegation
from models.document import Document, OpenStep
from models.flag import Flag
from models.notice import Notice
from models.school import CalendarChange
from models.settings import VIETNAM
from tasks.noticing import still_true
from tests.clockwork import DAY, HOUR, LONG_AGO, SmallSchool, at, small_school

LIMIT = at(11, 13)
"""Of week 11: before Wednesday 13/11, so that Tuesday the 12th is the last day in time."""


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    school = small_school(tmp_path, url=url)
    for who in ("lan", "huong", "hoa", "son", "anh"):
        group = "Tổ 4-5" if who in ("son", "anh") else "Tổ 1-2-3"
        school.document(who, 5, at(9, 20), slug="teacher-teaching-plan", last=35, group=group)
    for group, head in (("Tổ 1-2-3", "hoa"), ("Tổ 4-5", "son")):
        school.document(head, 5, at(9, 20), slug="team-teaching-plan", last=35, group=group)
    for who in ("hoa", "son", "anh"):
        for week in (9, 10, 11, 12, 13):
            school.document(who, week, at(10, 1), group="Tổ 4-5" if who != "hoa" else "Tổ 1-2-3")
    for who in ("lan", "huong"):
        for week in (9, 10, 12, 13):
            school.document(who, week, at(10, 1))
    yield school
    school.db.dispose()


def told(school: SmallSchool, *kinds: str) -> list[tuple[str, str, str]]:
    """Who was told, of what kind, by which rule."""
    names = {account: name for name, account in school.accounts.items()}
    with school.db.read() as session:
        rows = session.exec(
            select(Notice).where(col(Notice.school_id) == school.id, col(Notice.kind).in_(kinds))
        ).all()
    return sorted((names[n.account_id], n.kind, n.key.split(":")[-2]) for n in rows)


def every_hour(school: SmallSchool, first: datetime, last: datetime) -> None:
    """The hours at which something may come, the one before and a later one of every day."""
    while first <= last:
        if first.astimezone(VIETNAM).hour in (6, 7, 8, 16):
            reminders.remind(school.db, first)
            review_reminders.remind(school.db, first)
        first += HOUR


def test_before_at_and_after_the_limit_each_once_and_up_to_the_principal(school: SmallSchool) -> None:
    every_hour(school, LIMIT - 4 * DAY, LIMIT + 8 * DAY)
    every_hour(school, LIMIT + 8 * DAY, LIMIT + 9 * DAY)
    assert told(school, "reminder", "overdue", "escalation") == sorted(
        [
            *((who, "reminder", code) for who in ("lan", "huong") for code in ("b1", "a0")),
            *((who, "overdue", code) for who in ("lan", "huong") for code in ("a1", "a1.1", "a1.2")),
            *(("hoa", "escalation", "a2") for _ in ("lan", "huong")),
            *(("minh", "escalation", "a4") for _ in ("lan", "huong")),
        ]
    )


def test_the_hour_counts_and_who_signs_is_left_alone(school: SmallSchool) -> None:
    assert reminders.remind(school.db, at(11, 11, 6, 59)) == 0
    assert reminders.remind(school.db, at(11, 11, 7)) == 2
    assert reminders.remind(school.db, at(11, 11, 9)) == 0
    school.document("lan", 11, at(11, 11, 10))
    assert reminders.remind(school.db, at(11, 12, 7)) == 1
    assert reminders.remind(school.db, LIMIT) == 0


def test_slept_through_the_week_one_reminder_is_left(school: SmallSchool) -> None:
    reminders.remind(school.db, at(11, 18, 10))
    assert told(school, "reminder", "overdue") == [("huong", "overdue", "a1.2"), ("lan", "overdue", "a1.2")]
    assert reminders.remind(school.db, at(11, 18, 11)) == 0


def test_nobody_is_reminded_on_a_day_off(school: SmallSchool) -> None:
    with school.db.write() as session:
        session.add(
            CalendarChange(
                school_id=school.id,
                seq=1,
                kind="off",
                first_day=date(2024, 11, 12),
                last_day=date(2024, 11, 13),
                reason="Bão",
                entered_by=school.accounts["admin"],
                entered_at=LONG_AGO,
            )
        )
    every_hour(school, LIMIT - 4 * DAY, LIMIT + 22 * HOUR)
    assert told(school, "reminder", "overdue") == [("huong", "reminder", "a0"), ("lan", "reminder", "a0")]
    with school.db.read() as session:
        days = {n.due_at for n in session.exec(select(Notice))}
    assert days == {at(11, 11, 7)}
    reminders.remind(school.db, at(11, 14, 7))
    assert told(school, "overdue") == [("huong", "overdue", "a1"), ("lan", "overdue", "a1")]


def away(school: SmallSchool, absent: str, delegate: str, posts: list[str], last: date) -> None:
    with school.db.write() as session:
        session.add(
            Delegation(
                school_id=school.id,
                absent_id=school.accounts[absent],
                delegate_id=school.accounts[delegate],
                posts=posts,
                first_day=date(2024, 11, 11),
                last_day=last,
                number="12/GUQ",
                dated=date(2024, 11, 8),
                given_by=school.accounts["minh"],
                given_at=LONG_AGO,
            )
        )


def test_who_is_away_is_reminded_on_return_and_the_stand_in_told_for_the_post(school: SmallSchool) -> None:
    head = f"group_head:{school.groups['Tổ 1-2-3']}"
    away(school, "hoa", "lan", [head], date(2024, 11, 15))
    every_hour(school, LIMIT + DAY, LIMIT + 2 * DAY)
    # Lan stands in for the head: she is told of Hương, not of herself.
    assert told(school, "escalation") == [("lan", "escalation", "a2")]


def test_a_debtor_who_is_away_is_not_reminded_but_on_return(school: SmallSchool) -> None:
    away(school, "huong", "hoa", ["role:clerk"], date(2024, 11, 13))
    every_hour(school, LIMIT - 3 * DAY, LIMIT + 20 * HOUR)
    assert [who for who, *_ in told(school, "reminder", "overdue")] == ["lan"] * 3
    reminders.remind(school.db, at(11, 14, 7))
    assert ("huong", "overdue", "a1.1") in told(school, "overdue")


def test_a_school_has_rules_of_its_own(school: SmallSchool) -> None:
    with school.db.write() as session:
        admin = actor_of(session, school.accounts["admin"])
        rules = (Remind.before(days=2, hour=8), Remind.after(days=1, hour=16))
        reminder_rules.set_rules(session, admin, "lesson-plan", rules, LONG_AGO)
    every_hour(school, LIMIT - 6 * DAY, LIMIT + 8 * DAY)
    assert told(school, "reminder", "overdue", "escalation") == sorted(
        (who, kind, code)
        for who in ("lan", "huong")
        for kind, code in (("reminder", "b2"), ("overdue", "a1"))
    )


def test_a_new_rule_tells_nobody_of_the_past_and_an_old_one_goes_on(school: SmallSchool) -> None:
    """Set in the afternoon after the limit: its moments of the day before and of this morning are past."""
    every_hour(school, LIMIT - 4 * DAY, LIMIT - HOUR)
    (default,) = [one.default for key, one in reminder_rules.matters().items() if key == "lesson-plan"]
    changed = LIMIT + 15 * HOUR
    principal = Remind(when="after", days=1, to="principal", hour=7, every=1, times=3)
    before = Remind.before(days=6, hour=10)
    with school.db.write() as session:
        admin = actor_of(session, school.accounts["admin"])
        reminder_rules.set_rules(session, admin, "lesson-plan", (*default, principal, before), changed)
        rules = reminder_rules.rules_of(session, [school.id])[school.id]["lesson-plan"]
    assert {rule.since for rule in rules if rule in default} == {None}
    assert {rule.since for rule in rules if rule not in default} == {changed}
    reminders.remind(school.db, changed)
    assert [one for one in told(school, "escalation") if one[0] == "minh"] == []
    # the morning's own, written late, still comes: its rule was there
    assert ("lan", "overdue", "a1") in told(school, "overdue")
    every_hour(school, changed, LIMIT + 2 * DAY)
    assert ("minh", "escalation", "a1.1") in told(school, "escalation")
    assert ("minh", "escalation", "a1") not in told(school, "escalation")


def test_a_rule_set_before_the_limit_tells_nothing_of_its_moment_that_has_passed(school: SmallSchool) -> None:
    changed = LIMIT - 3 * DAY + 9 * HOUR
    with school.db.write() as session:
        admin = actor_of(session, school.accounts["admin"])
        rules = (Remind.before(days=6, hour=7), Remind.at(hour=7))
        reminder_rules.set_rules(session, admin, "lesson-plan", rules, changed)
    every_hour(school, changed, LIMIT - 2 * DAY)
    assert told(school, "reminder") == []
    every_hour(school, LIMIT - 2 * DAY, LIMIT)
    assert {code for _, _, code in told(school, "reminder")} == {"a0"}


def test_without_rules_nobody_is_reminded(school: SmallSchool) -> None:
    with school.db.write() as session:
        admin = actor_of(session, school.accounts["admin"])
        reminder_rules.set_rules(session, admin, "lesson-plan", (), LONG_AGO)
    every_hour(school, LIMIT - 4 * DAY, LIMIT + 8 * DAY)
    assert told(school, "reminder", "overdue", "escalation") == []


# reviews


def reviewed(school: SmallSchool, due: datetime) -> str:
    document = school.document("lan", 11, at(11, 11), step="group_review")
    school.waits(document, f"group_head:{school.groups['Tổ 1-2-3']}", due)
    return document


FRIDAY_NOON = at(11, 15, 12)


def test_a_review_is_reminded_of_by_its_own_time_and_told_to_the_principal(school: SmallSchool) -> None:
    reviewed(school, FRIDAY_NOON)
    school.document("huong", 11, at(11, 11))
    every_hour(school, FRIDAY_NOON - 3 * DAY, FRIDAY_NOON + 8 * DAY)
    assert told(school, "reminder", "overdue", "escalation") == [
        ("hoa", "overdue", "a1"),  # Saturday the 16th is no working day: Monday
        ("hoa", "overdue", "a1.1"),
        ("hoa", "overdue", "a1.2"),
        ("hoa", "reminder", "a0"),
        ("minh", "escalation", "a2"),
    ]


def test_of_a_review_that_was_waived_nobody_above_is_told(school: SmallSchool) -> None:
    reviewed(school, FRIDAY_NOON)
    school.document("huong", 11, at(11, 11))
    every_hour(school, FRIDAY_NOON, FRIDAY_NOON + 5 * DAY)
    look(school.db, FRIDAY_NOON + 5 * DAY, school.id, {"overdue"})

    def still_told() -> bool:
        with school.db.read() as session:
            escalation = session.exec(
                select(Notice).where(
                    col(Notice.kind) == "escalation", col(Notice.account_id) == school.accounts["minh"]
                )
            ).one()
            document = session.get_one(Document, escalation.document_id)
            return still_true(session, escalation, document, (), FRIDAY_NOON + 5 * DAY)

    assert still_told()
    with school.db.write() as session:
        session.exec(select(Flag).where(col(Flag.rule) == "overdue")).one().waived_at = FRIDAY_NOON + 4 * DAY
    assert not still_told()


def test_who_stands_in_is_reminded_of_the_review(school: SmallSchool) -> None:
    reviewed(school, FRIDAY_NOON)
    school.document("huong", 11, at(11, 11))
    away(school, "hoa", "son", [f"group_head:{school.groups['Tổ 1-2-3']}"], date(2024, 11, 15))
    review_reminders.remind(school.db, at(11, 15, 7))
    assert told(school, "reminder") == [("son", "reminder", "a0")]


def test_a_review_that_was_opened_after_the_moment_is_not_reminded_of_it(school: SmallSchool) -> None:
    document = reviewed(school, FRIDAY_NOON)
    with school.db.write() as session:
        for step in session.exec(select(OpenStep).where(col(OpenStep.document_id) == document)):
            step.opened_at = at(11, 15, 8)
    assert review_reminders.remind(school.db, at(11, 15, 9)) == 0
