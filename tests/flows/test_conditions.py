"""Flags that stand while a fact stands: opened, resolved, reopened as it changes; on both databases."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import col, select

from flows.conditions import CONDITIONS, look
from flows.flag_words import NAMES, WEEKLY, sentence
from models.account import Account, Group
from models.db import Database
from models.delegation import Delegation
from models.document import Document, OpenStep
from models.event import Event
from models.evidence import Duty
from models.flag import Flag, FlagEvent
from models.key import SigningKey
from models.school import SchoolSetting
from tests.clockwork import DAY, HOUR, LONG_AGO, SmallSchool, at, small_school

NOW = at(11, 20, 9)
"""A Wednesday of week 11 (Monday 18/11/2024)."""


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    with made.db.write() as session:
        for account in session.exec(select(Account)):
            account.last_seen_at = account.password_changed_at = NOW - DAY
    yield made
    made.db.dispose()


def found(school: SmallSchool, rule: str) -> list[tuple[str, bool]]:
    """Whose flags of a rule there are, and whether they stand open."""
    return [(who, still_open) for kind, _, who, _, still_open in school.flags() if kind == rule]


def happened(school: SmallSchool) -> list[tuple[str, str]]:
    """Rule and kind of every event of this school's flags, in order."""
    with school.db.read() as session:
        rows = session.exec(
            select(Flag.rule, FlagEvent.kind)
            .join(FlagEvent, col(FlagEvent.flag_id) == col(Flag.id))
            .where(col(Flag.school_id) == school.id)
            .order_by(col(FlagEvent.at), col(FlagEvent.id))
        ).all()
    return list(rows)


def said(school: SmallSchool, rule: str) -> str:
    with school.db.read() as session:
        flag = session.exec(select(Flag).where(col(Flag.rule) == rule)).one()
    return sentence(flag.rule, flag.data).vi


def rule_is(school: SmallSchool, key: str, days: int) -> None:
    with school.db.write() as session:
        session.merge(SchoolSetting(school_id=school.id, key=key, value={"days": days}))


def test_every_kind_that_is_no_deadline_has_its_condition() -> None:
    assert {c.rule for c in CONDITIONS} == set(NAMES) - set(WEEKLY)


# --- after the approval ---------------------------------------------------------------------------------


def approved(school: SmallSchool, who: str, due: datetime, kind: str = "download") -> str:
    document = school.document(who, 11, due - 5 * DAY, status="archived", step="archive")
    with school.db.write() as session:
        session.add(
            Duty(
                document_id=document,
                kind=kind,
                school_id=school.id,
                account_id=school.accounts[who],
                group_id=school.groups["Tổ 1-2-3"],
                week_id=school.weeks[11],
                revision=1,
                blob="0" * 64,
                opened_at=due - DAY,
                due_at=due,
            )
        )
    return document


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("download", "not-downloaded"),
        ("print", "not-printed"),
        ("print-unless-laptop", "not-printed"),
    ],
)
def test_a_duty_that_is_not_met_in_time_is_flagged_until_it_is(
    school: SmallSchool, kind: str, rule: str
) -> None:
    document = approved(school, "lan", NOW, kind)
    assert look(school.db, NOW - timedelta(seconds=1)) == 0
    assert look(school.db, NOW) == 1
    assert look(school.db, NOW + HOUR) == 0
    assert found(school, rule) == [("lan", True)]
    school.change(Duty, (document, kind), met_at=NOW + HOUR)
    look(school.db, NOW + 2 * HOUR)
    assert found(school, rule) == [("lan", False)]
    school.change(Duty, (document, kind), met_at=None)  # the laptop that was to serve is broken
    look(school.db, NOW + 3 * HOUR)
    assert found(school, rule) == [("lan", True)]
    assert happened(school) == [(rule, "opened"), (rule, "resolved"), (rule, "reopened")]
    assert len(school.notices("flag")) == 1


def test_nothing_is_owed_of_a_record_that_is_not_approved_any_more(school: SmallSchool) -> None:
    document = approved(school, "lan", NOW)
    look(school.db, NOW)
    school.change(Document, document, status="replaced")
    look(school.db, NOW + HOUR)
    assert found(school, "not-downloaded") == [("lan", False)]


# --- reviews --------------------------------------------------------------------------------------------


def waiting(school: SmallSchool, who: str, audience: str, group: str = "Tổ 1-2-3") -> str:
    document = school.document(who, 11, NOW - 5 * DAY, step="group_review", group=group)
    school.waits(document, audience, NOW)
    return document


def head_of(school: SmallSchool, group: str = "Tổ 1-2-3") -> str:
    return f"group_head:{school.groups[group]}"


def test_a_review_past_its_limit_is_the_flag_of_whom_it_waits_for_now(school: SmallSchool) -> None:
    document = waiting(school, "lan", head_of(school))
    look(school.db, NOW - HOUR)
    assert found(school, "overdue") == []
    look(school.db, NOW)
    assert found(school, "overdue") == [("hoa", True)]
    assert said(school, "overdue") == ("Hạn: trước 09:00 thứ Tư 20/11; còn chờ ở bước “Tổ trưởng duyệt, ký”")
    school.change(Group, school.groups["Tổ 1-2-3"], head_id=school.accounts["huong"])
    look(school.db, NOW + HOUR)
    assert sorted(found(school, "overdue")) == [("hoa", False), ("huong", True)]
    with school.db.write() as session:
        for step in session.exec(select(OpenStep).where(col(OpenStep.document_id) == document)):
            session.delete(step)
    look(school.db, NOW + 2 * HOUR)
    assert sorted(found(school, "overdue")) == [("hoa", False), ("huong", False)]


def test_who_stands_in_answers_for_the_absent(school: SmallSchool) -> None:
    waiting(school, "lan", head_of(school))
    today = NOW.date()
    with school.db.write() as session:
        session.add(
            Delegation(
                school_id=school.id,
                absent_id=school.accounts["hoa"],
                delegate_id=school.accounts["son"],
                posts=[head_of(school)],
                first_day=today,
                last_day=today,
                number="12/GUQ",
                given_by=school.accounts["hoa"],
                given_at=NOW - DAY,
            )
        )
    look(school.db, NOW)
    assert found(school, "overdue") == [("son", True)]
    look(school.db, NOW + DAY)
    assert sorted(found(school, "overdue")) == [("hoa", True), ("son", False)]


def test_nobody_answers_for_what_law_6_keeps_from_them(school: SmallSchool) -> None:
    document = waiting(school, "lan", "role:principal")
    school.change(Document, document, revision=1)
    school.waits(document, "role:vice_principal", NOW)
    school.change(OpenStep, (document, "group_review", "role:vice_principal"), place=1)
    look(school.db, NOW)
    assert found(school, "overdue") == [("minh", True)]
    with school.db.write() as session:
        session.add(
            Event(
                document_id=document,
                seq=1,
                school_id=school.id,
                revision=1,
                step="group_review",
                action="approve",
                actor_id=school.accounts["minh"],
                at=NOW - HOUR,
                hash="",
                previous="",
            )
        )
    look(school.db, NOW + HOUR)
    assert sorted(found(school, "overdue")) == [("minh", False), ("ngoc", True)]


def test_a_step_of_the_author_is_no_review(school: SmallSchool) -> None:
    document = school.document("lan", 11, NOW - 5 * DAY)
    school.waits(document, f"account:{school.accounts['lan']}", NOW)
    school.change(OpenStep, (document, "group_review", f"account:{school.accounts['lan']}"), step="draft")
    look(school.db, NOW + DAY)
    assert found(school, "overdue") == []


# --- accounts -------------------------------------------------------------------------------------------


def test_passwords_given_out_or_grown_old_are_flagged_until_they_are_changed(school: SmallSchool) -> None:
    lan, son = school.accounts["lan"], school.accounts["son"]
    school.change(Account, lan, must_change=True, password_changed_at=NOW - 7 * DAY)
    school.change(Account, son, password_changed_at=NOW - 180 * DAY)
    look(school.db, NOW - timedelta(seconds=1))
    assert (found(school, "password-default"), found(school, "password-old")) == ([], [])
    look(school.db, NOW)
    assert (found(school, "password-default"), found(school, "password-old")) == (
        [("lan", True)],
        [("son", True)],
    )
    assert said(school, "password-old") == "Mật khẩu đặt ngày 24/05/2024, đã dùng quá 180 ngày, nên đổi"
    for account in (lan, son):
        school.change(Account, account, must_change=False, password_changed_at=NOW)
    look(school.db, NOW + HOUR)
    assert (found(school, "password-default"), found(school, "password-old")) == (
        [("lan", False)],
        [("son", False)],
    )
    # kept for too long once more: another flag, told once more
    school.change(Account, son, last_seen_at=NOW + 180 * DAY)
    look(school.db, NOW + 180 * DAY, rules={"password-old"})
    assert ("son", True) in found(school, "password-old")
    told = [who for who, subject in school.notices("flag") if subject == "Mật khẩu dùng đã lâu"]
    assert told.count("son") == 2


def test_rules_of_the_school_hold_and_0_switches_off(school: SmallSchool) -> None:
    for who in ("lan", "son"):
        school.change(Account, school.accounts[who], password_changed_at=NOW - 100 * DAY)
    look(school.db, NOW)
    assert found(school, "password-old") == []
    rule_is(school, "password_age", 90)
    look(school.db, NOW)
    assert found(school, "password-old") == [("lan", True), ("son", True)]
    rule_is(school, "password_age", 0)
    look(school.db, NOW)
    assert found(school, "password-old") == [("lan", False), ("son", False)]


def test_an_account_nobody_uses_for_14_days_of_teaching_weeks_is_idle(school: SmallSchool) -> None:
    lan = school.accounts["lan"]
    school.change(Account, lan, last_seen_at=at(11, 5, 15))  # the next 14 days are over on 19/11
    look(school.db, at(11, 19, 23, 59))
    assert found(school, "idle") == []
    look(school.db, at(11, 20))
    assert found(school, "idle") == [("lan", True)]
    assert said(school, "idle") == "Dùng lần cuối ngày 05/11/2024"
    school.change(Account, lan, last_seen_at=at(11, 20, 7))
    look(school.db, at(11, 20, 8))
    assert found(school, "idle") == [("lan", False)]


def test_who_never_signed_in_is_idle_since_the_account_was_made(school: SmallSchool) -> None:
    school.change(Account, school.accounts["lan"], last_seen_at=None, created_at=at(11, 1))
    look(school.db, NOW)
    assert said(school, "idle") == "Cấp ngày 01/11/2024, chưa dùng lần nào"


def test_nobody_is_idle_because_of_the_summer(school: SmallSchool) -> None:
    with school.db.write() as session:
        for account in session.exec(select(Account)):
            account.last_seen_at = at(9, 1)  # the first week begins on 09/09
    look(school.db, at(9, 22), rules={"idle"})
    assert found(school, "idle") == []
    look(school.db, at(9, 23), rules={"idle"})
    assert len(found(school, "idle")) == 8


def test_days_with_a_stand_in_do_not_make_idle(school: SmallSchool) -> None:
    hoa = school.accounts["hoa"]
    school.change(Account, hoa, last_seen_at=at(10, 20))
    with school.db.write() as session:
        session.add(
            Delegation(
                school_id=school.id,
                absent_id=hoa,
                delegate_id=school.accounts["son"],
                posts=[head_of(school)],
                first_day=date(2024, 10, 21),
                last_day=date(2024, 11, 8),
                given_by=hoa,
                given_at=at(10, 20),
            )
        )
    look(school.db, at(11, 5))
    look(school.db, at(11, 22))
    assert found(school, "idle") == []
    look(school.db, at(11, 24))  # 14 days after the 9th, the first day back
    assert ("hoa", True) in found(school, "idle")


def key(school: SmallSchool, who: str, until: datetime, purpose: str = "person") -> str:
    row = SigningKey(
        school_id=school.id,
        account_id=school.accounts[who],
        purpose=purpose,
        certificate=b"",
        fingerprint="",
        protected=b"",
        created_at=LONG_AGO,
        expires_at=until,
    )
    with school.db.write() as session:
        session.add(row)
    return row.id


def test_a_certificate_is_flagged_30_days_before_it_expires_until_there_is_another(
    school: SmallSchool,
) -> None:
    old = key(school, "lan", NOW + 30 * DAY)
    key(school, "son", NOW + 31 * DAY)
    look(school.db, NOW)
    assert found(school, "certificate") == [("lan", True)]
    assert said(school, "certificate").startswith("Chứng thư ký có hiệu lực đến 09:00 20/12/2024")
    school.change(SigningKey, old, revoked_at=NOW + HOUR)
    look(school.db, NOW + HOUR)
    assert found(school, "certificate") == [("lan", False)]


def test_who_has_left_is_told_nothing(school: SmallSchool) -> None:
    lan = school.accounts["lan"]
    key(school, "lan", NOW)
    school.change(
        Account, lan, active=False, must_change=True, password_changed_at=LONG_AGO, last_seen_at=None
    )
    approved(school, "lan", NOW)
    look(school.db, NOW + DAY)
    assert [flag for flag in school.flags() if flag[2] == "lan"] == []


# --- everyone at once -----------------------------------------------------------------------------------


def test_schools_do_not_meet(school: SmallSchool) -> None:
    other = SmallSchool(school.db, mark="2")
    for here in (school, other):
        approved(here, "lan", NOW)
    look(school.db, NOW, school.id)
    assert (found(school, "not-downloaded"), found(other, "not-downloaded")) == ([("lan", True)], [])
    look(school.db, NOW)
    assert found(other, "not-downloaded") == [("lan", True)]
    assert "lan" in {who for who, _ in other.notices("flag")}
    look(school.db, NOW + HOUR, school.id)
    assert found(other, "not-downloaded") == [("lan", True)]


def test_two_servers_that_look_at_once_leave_every_flag_event_and_notice_once(school: SmallSchool) -> None:
    for who in ("lan", "huong", "hoa"):
        approved(school, who, NOW)
    met = approved(school, "lan", NOW - DAY)
    look(school.db, NOW - DAY)
    school.change(Duty, (met, "download"), met_at=NOW)
    others = [Database(str(school.db.engine.url.render_as_string(hide_password=False))) for _ in range(3)]
    ready = Barrier(len(others))

    def go(db: Database) -> None:
        ready.wait()
        look(db, NOW)

    threads = [Thread(target=go, args=(db,)) for db in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for db in others:
        db.dispose()
    rule = "not-downloaded"
    assert sorted(happened(school)) == [(rule, "opened")] * 4 + [(rule, "resolved")]
    assert sorted(found(school, rule)) == [("hoa", True), ("huong", True), ("lan", False), ("lan", True)]
    assert len(school.notices("flag")) == 4
