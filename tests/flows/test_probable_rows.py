"""What a spot check would probably miss, on real rows: who is asked, what counts, who is told, how often."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import col, select

from flows import obligations
from flows.conditions import look
from flows.deadlines import monday_to_friday
from flows.probable import ended_words
from flows.probable_notices import tell
from flows.probable_rows import find
from models.account import Account, Group
from models.columns import new_id
from models.delegation import Delegation
from models.document import Document
from models.evidence import Duty, Evidence
from models.flag import Flag, FlagEvent
from models.notice import Mail, Notice
from models.school import CalendarChange, SchoolClass, SchoolSetting, Timetable, TimetableEntry
from models.settings import Settings
from tasks.mailing import GATHER, fold
from tasks.noticing import still_true
from tests.clockwork import DAY, HOUR, START, SmallSchool, at, small_school

EVE = at(11, 19, 16)
"""Tuesday of week 11; Lan teaches on Tuesday and Wednesday, Hoa and Anh on Wednesday."""
EVENING = at(11, 19, 17)
"""Tuesday's lessons are over."""
MORNING = at(11, 20, 6, 30)
WEDNESDAY = date(2024, 11, 20)
LESSONS, PLAN = "lesson-plan", "teacher-teaching-plan"


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    made = small_school(tmp_path, url=url)
    timetable(made, ("lan", 1), ("lan", 2), ("hoa", 2), ("anh", 2))
    yield made
    made.db.dispose()


def timetable(school: SmallSchool, *lessons: tuple[str, int], since: date = START, grade: int = 3) -> None:
    """From a day on: who teaches on which weekday (Monday is 0), each in a class of their own."""
    with school.db.write() as session:
        session.add(Timetable(school_id=school.id, valid_from=since, created_at=EVE))
        session.flush()
        for period, (who, weekday) in enumerate(lessons, start=1):
            made = SchoolClass(
                school_id=school.id, year="2024-2025", name=f"{grade}{new_id()[-8:]}", grade=grade
            )
            session.add(made)
            session.flush()
            session.add(
                TimetableEntry(
                    school_id=school.id,
                    valid_from=since,
                    class_id=made.id,
                    weekday=weekday,
                    session="morning",
                    period=period,
                    subject="Toán",
                    account_id=school.accounts[who],
                )
            )


def approved(
    school: SmallSchool, who: str, slug: str, *met: str, week: int = 11, last: int | None = None
) -> str:
    """An approved record with the duties of its type, some of them met."""
    key = school.document(who, week, at(11, 1), slug=slug, last=last, status="approved")
    kinds = ("download", "print-unless-laptop" if slug == LESSONS else "print")
    with school.db.write() as session:
        session.add_all(
            Duty(
                document_id=key,
                kind=kind,
                school_id=school.id,
                account_id=school.accounts[who],
                week_id=school.weeks[week],
                revision=1,
                blob="a" * 64,
                opened_at=at(11, 2),
                due_at=at(11, 18),
                met_at=at(11, 3) if kind in met else None,
            )
            for kind in kinds
        )
    return key


def said(school: SmallSchool, who: str, kind: str, document: str | None = None, blob: str = "a" * 64) -> None:
    with school.db.write() as session:
        session.add(
            Evidence(
                school_id=school.id,
                account_id=school.accounts[who],
                kind=kind,
                document_id=document,
                revision=1 if document else None,
                blob=blob if document else None,
                at=at(11, 3),
            )
        )


def all_well(school: SmallSchool, *people: str) -> None:
    for who in people:
        approved(school, who, LESSONS, "download")
        approved(school, who, PLAN, "print")


def lacking(school: SmallSchool, now: datetime = EVE, only: str = "") -> dict[str, list[tuple[str, str]]]:
    """Who would lack what on Wednesday."""
    names = {account: name for name, account in school.accounts.items()}
    with school.db.read() as session:
        found = find(session, [school.id], now, school.accounts[only] if only else "")
    return {
        names[one.debtor.account_id]: [(lack.item, lack.state) for lack in one.lacks]
        for one in found
        if one.window.day == WEDNESDAY
    }


def told(school: SmallSchool) -> list[tuple[str, str]]:
    names = {account: name for name, account in school.accounts.items()}
    with school.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.school_id) == school.id)).all()
    return sorted((names[n.account_id], n.key.removeprefix("spot-check:")) for n in rows)


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
