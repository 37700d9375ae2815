"""Who is told of a probable lack, when, and the flag it opens, from a school's rows."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import col, select

from flows.conditions import look
from flows.deadlines import monday_to_friday
from flows.probable import ended_words
from flows.probable_notices import tell
from models.account import Group
from models.delegation import Delegation
from models.document import Document
from models.evidence import Duty
from models.flag import Flag, FlagEvent
from models.notice import Mail, Notice
from models.settings import Settings
from tasks.mailing import GATHER, fold
from tasks.noticing import still_true
from tests.clockwork import DAY, SmallSchool, at, small_school
from tests.flows.checked import (
    EVE,
    EVENING,
    LESSONS,
    MORNING,
    PLAN,
    WEDNESDAY,
    all_well,
    approved,
    timetable,
    told,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    timetable(made, ("lan", 1), ("lan", 2), ("hoa", 2), ("anh", 2))
    yield made
    made.db.dispose()


# --- who is told ----------------------------------------------------------------------------------------


def test_the_teacher_is_told_on_the_eve_and_the_head_only_in_the_morning(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    assert tell(school.db, EVENING) == 1
    assert tell(school.db, EVENING + timedelta(hours=2)) == 0
    assert told(school) == [("lan", "2024-11-20:eve")]
    assert tell(school.db, MORNING) == 2
    assert tell(school.db, MORNING + timedelta(hours=1)) == 0
    group = school.groups["Tổ 1-2-3"]
    assert told(school) == [
        ("hoa", f"2024-11-20:group:{group}"),
        ("lan", "2024-11-20:eve"),
        ("lan", "2024-11-20:morning"),
    ]
    with school.db.read() as session:
        head = session.exec(select(Notice).where(col(Notice.account_id) == school.accounts["hoa"])).one()
    assert head.data["sentence"]["vi"] == "Có thể thiếu khi kiểm tra thứ Tư 20/11: Nguyễn Thị Lan."


def test_what_was_done_overnight_is_not_told_in_the_morning(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    tell(school.db, EVENING)
    all_well(school, "lan")
    assert tell(school.db, MORNING) == 0


def test_a_clock_that_slept_for_a_week_tells_of_no_day_that_is_past(school: SmallSchool) -> None:
    assert tell(school.db, at(11, 17, 12)) == 0
    assert tell(school.db, at(11, 24, 12)) == 0
    assert told(school) == []


def test_a_head_who_is_away_is_not_told_but_the_deputy_is(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    school.change(Group, school.groups["Tổ 1-2-3"], deputy_id=school.accounts["huong"])
    with school.db.write() as session:
        session.add(
            Delegation(
                school_id=school.id,
                absent_id=school.accounts["hoa"],
                delegate_id=school.accounts["huong"],
                posts=[],
                first_day=WEDNESDAY,
                last_day=WEDNESDAY,
                given_by=school.accounts["hoa"],
                given_at=EVE,
            )
        )
    tell(school.db, MORNING)
    assert [who for who, key in told(school) if ":group:" in key] == ["huong"]


def test_nobody_is_told_once_school_is_over(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    tell(school.db, EVENING)
    with school.db.read() as session:
        (row,) = session.exec(select(Notice))
        assert still_true(session, row, None, (), EVE)
        assert not still_true(session, row, None, (), EVE + DAY + timedelta(hours=1))


def test_the_mails_go_in_the_evening_and_in_the_morning_and_wait_for_no_digest(
    school: SmallSchool, tmp_path: pathlib.Path
) -> None:
    all_well(school, "hoa", "anh")
    settings = Settings(data=tmp_path / "data")
    sent = []
    for now in (EVENING, EVENING + timedelta(minutes=10), MORNING, MORNING + timedelta(minutes=10)):
        look(school.db, now, rules=["spot-check"])
        tell(school.db, now)
        fold(school.db, settings, now + GATHER, lambda _, __: (), lambda _, __: monday_to_friday)
        with school.db.read() as session:
            sent.append(sorted(mail.recipient.partition("@")[0] for mail in session.exec(select(Mail))))
    assert sent == [["lan"], ["lan"], ["hoa", "lan", "lan"], ["hoa", "lan", "lan"]]
    with school.db.read() as session:
        first = session.exec(select(Mail).order_by(col(Mail.created_at)).limit(1)).one()
    assert first.subject == "Có thể thiếu khi kiểm tra: Giờ dạy thứ Tư 20/11"
    assert "chưa có kế hoạch bài dạy tuần 11. Soạn và trình duyệt." in first.text
    assert first.digest_day is None


def test_an_eve_that_ended_in_quiet_hours_leaves_the_word_to_the_morning(
    school: SmallSchool, tmp_path: pathlib.Path
) -> None:
    all_well(school, "hoa", "anh")
    settings = Settings(data=tmp_path / "data")
    sent = []
    for now in (at(11, 19, 21), at(11, 20, 6), at(11, 20, 6, 20), MORNING, MORNING + timedelta(minutes=10)):
        look(school.db, now, rules=["spot-check"])
        tell(school.db, now)
        fold(school.db, settings, now + GATHER, lambda _, __: (), lambda _, __: monday_to_friday)
        with school.db.read() as session:
            mails = session.exec(select(Mail).where(col(Mail.account_id) == school.accounts["lan"]))
            sent.append([mail.subject for mail in mails])
    once = ["Có thể thiếu khi kiểm tra: Giờ dạy thứ Tư 20/11"]
    assert sent == [[], [], [], once, once]


def test_a_clock_started_before_dawn_waits_for_the_morning(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    assert tell(school.db, at(11, 20, 5, 24)) == 0
    assert tell(school.db, MORNING - timedelta(minutes=1)) == 0
    tell(school.db, MORNING)
    assert [key for who, key in told(school) if who == "lan"] == ["2024-11-20:morning"]


# --- flags ----------------------------------------------------------------------------------------------


def flags(school: SmallSchool) -> list[tuple[str, str, str, bool]]:
    """Whose, of which type, what, still open: of Wednesday."""
    names = {account: name for name, account in school.accounts.items()}
    with school.db.read() as session:
        rows = session.exec(select(Flag).where(col(Flag.rule) == "spot-check"))
        return sorted(
            (names[f.account_id], f.type, f.data["state"], f.resolved_at is None)
            for f in rows
            if f.data["day"] == "2024-11-20"
        )


def test_a_flag_opens_on_the_eve_and_ends_with_the_fact_or_the_day(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    approved(school, "lan", PLAN, "print")
    look(school.db, EVENING, rules=["spot-check"])
    assert flags(school) == [("lan", LESSONS, "not-approved", True)]
    key = approved(school, "lan", LESSONS)
    look(school.db, EVENING + timedelta(hours=1), rules=["spot-check"])
    assert look(school.db, EVENING + timedelta(hours=1), rules=["spot-check"]) == 0
    assert flags(school) == [("lan", LESSONS, "not-approved", False), ("lan", LESSONS, "not-kept", True)]
    school.change(Duty, (key, "download"), met_at=MORNING)
    look(school.db, MORNING, rules=["spot-check"])
    assert {f[3] for f in flags(school)} == {False}


def test_its_history_begins_when_it_was_found(school: SmallSchool) -> None:
    found, again = at(11, 20, 5, 24), at(11, 20, 5, 34)
    all_well(school, "hoa", "anh")
    approved(school, "lan", PLAN, "print")
    look(school.db, found, rules=["spot-check"])
    assert look(school.db, again, rules=["spot-check"]) == 0
    key = approved(school, "lan", LESSONS, "download")
    look(school.db, again, rules=["spot-check"])
    school.change(Document, key, status="returned")
    look(school.db, MORNING, rules=["spot-check"])
    with school.db.read() as session:
        (flag,) = session.exec(select(Flag).where(col(Flag.rule) == "spot-check")).all()
        events = session.exec(select(FlagEvent).order_by(col(FlagEvent.at))).all()
    assert flag.opened_at == found
    assert [(e.kind, e.at) for e in events] == [("opened", found), ("resolved", again), ("reopened", MORNING)]


def test_a_flag_of_a_day_that_is_over_is_kept_as_it_ended(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    look(school.db, EVENING, rules=["spot-check"])
    late = at(11, 20, 17, 3)
    look(school.db, late, rules=["spot-check"])
    with school.db.read() as session:
        rows = session.exec(select(Flag).where(col(Flag.rule) == "spot-check")).all()
    ended = {ended_words(f.data, f.resolved_at).en for f in rows if f.resolved_at}
    assert ended == {"The day is over"}
    assert {o for *_, o in flags(school)} == {False}


def test_flags_of_a_check_send_no_notice_of_their_own(school: SmallSchool) -> None:
    look(school.db, EVENING, rules=["spot-check"])
    assert flags(school)
    assert school.notices("flag") == []


def test_a_notice_is_dropped_once_all_it_speaks_of_is_mended(school: SmallSchool) -> None:
    all_well(school, "hoa", "anh")
    look(school.db, EVENING, rules=["spot-check"])
    tell(school.db, EVENING)
    all_well(school, "lan")
    with school.db.read() as session:
        (row,) = session.exec(select(Notice).where(col(Notice.kind) == "spot-check"))
        assert still_true(session, row, None, (), EVENING)
    look(school.db, EVENING + timedelta(minutes=5), rules=["spot-check"])
    with school.db.read() as session:
        assert not still_true(session, row, None, (), EVENING + timedelta(minutes=5))
