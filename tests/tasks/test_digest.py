"""One digest a person and working day, what cannot wait at once, nothing at night: through a real catcher."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from flows.conditions import look
from flows.day_rows import working_days
from models.document import Document
from models.evidence import Duty
from models.flag import Flag
from models.notice import Mail, Notice
from models.school import CalendarChange
from models.settings import VIETNAM, Settings
from tasks.kinds import KINDS, heading
from tasks.mail_hours import STANDARD, MailHours, as_data, from_data, problem
from tasks.mailing import GATHER, fold
from tasks.posting import post
from tests.clockwork import DAY, HOUR, LONG_AGO, SmallSchool, at, every_weekday, small_school
from tests.mail_server import mail_server
from tests.tasks.test_mailing import Postman, audiences, plain

SEVEN = at(11, 12, 7)
"""A Tuesday's digest."""


def weekdays(day: date) -> bool:
    return day.weekday() < 5


# the hours, pure


@pytest.mark.parametrize(
    ("goes", "due", "now", "sent", "digest"),
    [
        ("digest", at(11, 12, 10), at(11, 12, 10), at(11, 13, 7), True),
        ("digest", at(11, 12, 0, 5), at(11, 12, 0, 5), SEVEN, True),
        ("digest", SEVEN, SEVEN, SEVEN, True),
        ("digest", at(11, 15, 10), at(11, 15, 10), at(11, 18, 7), True),  # Friday: Monday
        ("digest", at(11, 12, 0, 5), at(11, 12, 15), at(11, 12, 15), True),  # the machine was off
        ("digest", at(11, 8, 10), at(11, 10, 15), at(11, 11, 7), True),  # it woke on a Sunday
        ("digest", at(11, 8, 10), at(11, 11, 21), at(11, 12, 7), True),  # ... or in the evening
        ("at once", at(11, 12, 10), at(11, 12, 10), at(11, 12, 10), False),
        ("at once", at(11, 10, 10), at(11, 10, 10), at(11, 10, 10), False),
        ("at once", at(11, 12, 20), at(11, 12, 20), at(11, 13, 6), False),
        ("at once", at(11, 12, 5, 59), at(11, 12, 5, 59), at(11, 12, 6), False),
        ("any hour", at(11, 12, 23), at(11, 12, 23), at(11, 12, 23), False),
    ],
)
def test_when_a_notice_goes(goes: str, due: datetime, now: datetime, sent: datetime, digest: bool) -> None:
    found = STANDARD.going(goes, due, now, weekdays)  # type: ignore[arg-type]  # named per case
    assert (found.at, found.digest) == (sent, digest)


def test_what_is_due_before_the_next_digest_does_not_wait_for_it() -> None:
    now = at(11, 12, 10)
    assert STANDARD.going("digest", now, now, weekdays, limit=at(11, 13, 7)).at == now
    assert STANDARD.going("digest", now, now, weekdays, limit=at(11, 13, 8)).at == at(11, 13, 7)
    night = at(11, 12, 22)
    assert STANDARD.going("digest", night, night, weekdays, limit=at(11, 13, 7)).at == at(11, 13, 6)


def test_a_school_without_digest_and_quiet_hours_is_told_everything_at_once() -> None:
    hours = replace(STANDARD, digest=False, quiet_from=0, quiet_to=0)
    night = at(11, 10, 3)
    assert hours.going("digest", night, night, weekdays) == (night, False)


hours_of_day = st.integers(0, 23)
schools = st.builds(
    MailHours, st.booleans(), hours_of_day, hours_of_day, hours_of_day, st.integers(0, 7)
).filter(lambda hours: problem(hours) is None)
moments = st.builds(
    lambda minutes: datetime(2024, 9, 1, tzinfo=VIETNAM) + timedelta(minutes=minutes),
    st.integers(0, 10 * 366 * 24 * 60),
)


@given(
    schools,
    st.sampled_from(("digest", "at once", "any hour")),
    moments,
    st.integers(0, 20_000),
    st.booleans(),
    st.sets(st.integers(0, 60), max_size=40),
)
def test_nothing_goes_at_night_and_no_digest_on_a_day_off_or_twice(
    hours: MailHours, goes: str, due: datetime, later: int, had: bool, off: set[int]
) -> None:
    now = due + timedelta(minutes=later)
    first = now.date()

    def works(day: date) -> bool:
        return weekdays(day) and (day - first).days not in off

    found = hours.going(goes, due, now, works, had_digest=had)  # type: ignore[arg-type]  # as above
    assert found.at >= now or found.at == due
    if goes != "any hour":
        assert not hours.is_quiet(found.at)
    if found.digest:
        assert works(found.at.date())
        assert found.at.hour >= hours.hour
        assert not (had and found.at.date() == now.date() and found.at == now)
    if found.at > now:  # looked at again when it was put off to, it goes
        again = hours.going(goes, found.at, found.at, works)  # type: ignore[arg-type]  # as above
        assert again.at == found.at


@given(schools)
def test_hours_read_the_same_from_data(hours: MailHours) -> None:
    assert from_data(as_data(hours)) == hours


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        as_data(STANDARD) | {"hour": 24},
        as_data(STANDARD) | {"hour": "7"},
        as_data(STANDARD) | {"hour": 21},
        as_data(STANDARD) | {"digest": 1},
        as_data(STANDARD) | {"weekly": 8},
    ],
)
def test_data_that_is_no_setting_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="which is none"):
        from_data(value)


def test_each_kind_has_a_reason() -> None:
    assert all(kind.why for kind in KINDS.values())
    assert {name for name, kind in KINDS.items() if kind.goes == "any hour"} == {
        "audit",
        "change",
        "mail-server",
    }


# through the catcher


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def settings(postman: Postman, tmp_path: pathlib.Path) -> Iterator[Settings]:
    with mail_server(postman) as server:
        yield Settings(data=tmp_path, smtp_host="127.0.0.1", smtp_port=server.port)


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[SmallSchool]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    school = small_school(tmp_path, url=url)
    yield school
    school.db.dispose()


def deliver(school: SmallSchool, settings: Settings, now: datetime) -> int:
    """The mailer at a moment, and once more when the notices have gathered; how many mails went."""
    sent = 0
    for moment in (now, now + GATHER):
        fold(school.db, settings, moment, audiences, working_days)
        sent += asyncio.run(post(school.db, settings, moment)).sent
    return sent


def tell(
    school: SmallSchool, who: str, kind: str, now: datetime, title: str = "Kế hoạch", **data: str
) -> str:
    document = school.document("lan", 11, at(11, 1), title=title, status="returned")
    school.waits(document, f"account:{school.accounts[who]}")
    return school.notice(who, kind, now, document, **data)


def digests(school: SmallSchool) -> list[date | None]:
    with school.db.read() as session:
        return [mail.digest_day for mail in session.exec(select(Mail).order_by(col(Mail.created_at)))]


def test_what_can_wait_comes_in_one_mail_in_the_morning(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    for hour, title in ((8, "Tuần 11"), (10, "Tuần 12"), (19, "Tuần 13")):
        tell(school, "hoa", "waiting", at(11, 11, hour), title)
        assert deliver(school, settings, at(11, 11, hour)) == 0
    tell(school, "hoa", "approved", at(11, 12, 0, 5), "Tuần 9")
    assert deliver(school, settings, at(11, 12, 6, 59)) == 0
    assert deliver(school, settings, SEVEN) == 1
    assert postman.taken[0]["Subject"] == "Hồ Sơ Số: 4 việc – chờ xử lý 3, đã ký duyệt 1"
    tell(school, "hoa", "waiting", at(11, 12, 7, 1), "Tuần 14")
    assert deliver(school, settings, at(11, 12, 15)) == 0
    assert deliver(school, settings, at(11, 13, 7)) == 1
    assert digests(school) == [date(2024, 11, 12), date(2024, 11, 13)]


def test_what_cannot_wait_goes_at_once_but_not_at_night(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    tell(school, "lan", "returned", at(11, 12, 10))
    tell(school, "lan", "waiting", at(11, 12, 10), "Việc thường")
    assert deliver(school, settings, at(11, 12, 10)) == 1
    assert "Việc thường" not in plain(postman.taken[0])
    tell(school, "lan", "returned", at(11, 12, 23))
    assert deliver(school, settings, at(11, 12, 23)) == 0
    assert deliver(school, settings, at(11, 13, 5, 59)) == 0
    assert deliver(school, settings, at(11, 13, 6)) == 1
    school.notice("lan", "change", at(11, 13, 23), subject="x")
    assert deliver(school, settings, at(11, 13, 23)) == 1
    assert digests(school)[:2] == [None, None]


def test_a_review_due_before_the_next_digest_is_told_at_once(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    for title, due in (("Gấp", at(11, 13, 6)), ("Không gấp", at(11, 14, 12))):
        document = school.document("lan", 11, at(11, 11), title=title)
        school.waits(document, f"account:{school.accounts['hoa']}", due)
        school.notice("hoa", "waiting", at(11, 12, 16), document)
    assert deliver(school, settings, at(11, 12, 16)) == 1
    assert "- Gấp" in plain(postman.taken[0])
    assert "Không gấp" not in plain(postman.taken[0])


def test_no_digest_on_a_holiday_nor_at_the_weekend(school: SmallSchool, settings: Settings) -> None:
    with school.db.write() as session:
        session.add(
            CalendarChange(
                school_id=school.id,
                seq=1,
                kind="holiday",
                first_day=date(2024, 11, 18),
                last_day=date(2024, 11, 18),
                reason="Nghỉ lễ",
                entered_by=school.accounts["admin"],
                entered_at=LONG_AGO,
            )
        )
    tell(school, "hoa", "waiting", at(11, 15, 10))
    for day in (16, 17, 18):
        assert deliver(school, settings, at(11, day, 7)) == 0
        assert deliver(school, settings, at(11, day, 15)) == 0
    assert deliver(school, settings, at(11, 19, 7)) == 1
    assert digests(school) == [date(2024, 11, 19)]


def test_who_slept_for_a_week_sends_one_mail_a_person_of_what_is_still_so(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    week = {"type": "lesson-plan", "week_id": school.weeks[12], "fact": "lesson-plan:lan:12"}
    for day in range(4, 12):
        tell(school, "lan", "approved", at(11, day, 10), f"Hồ sơ {day}")
        school.notice("lan", "reminder", at(11, day, 7), due_at=at(11, 12).isoformat(), **week)
        school.notice("lan", "overdue", at(11, day, 8), due_at=at(11, 3).isoformat(), **week)
        tell(school, "hoa", "waiting", at(11, day, 9), f"Bài {day}")
    with school.db.write() as session:
        decided = session.exec(select(Document).where(col(Document.title) == "Bài 4")).one()
        for step in session.exec(select(Notice).where(col(Notice.document_id) == decided.id)):
            step.kind, step.data = "returned", {}  # told of and mended since
        decided.status = "in_progress"
    assert deliver(school, settings, at(11, 13, 15)) == 2
    texts = {str(m["To"]).partition("@")[0]: plain(m) for m in postman.taken}
    assert texts["lan"].count("- Hồ sơ") == 8
    assert "Sắp đến hạn" not in texts["lan"]
    assert f"{heading('overdue').vi} (1)" in texts["lan"]
    assert texts["hoa"].count("- Bài") == 7
    assert digests(school) == [date(2024, 11, 13)] * 2


def test_the_names_of_one_line_stand_together(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    for name in ("Vũ Thị Liên", "Nguyễn Thị Lan", "Phạm Thu Hương"):
        school.notice(
            "hoa",
            "escalation",
            at(11, 14, 7),
            subject={"vi": "Kế hoạch bài dạy, tuần 11", "en": "Lesson plan, week 11"},
            sentence={"vi": "Chưa nộp: {names}. Hạn: hết thứ Ba 12/11.", "en": "Missing: {names}."},
            line="lesson-plan:11",
            name=name,
            type="lesson-plan",
            week_id=school.weeks[11],
            owner_id=school.accounts["lan" if "Lan" in name else "huong"],
        )
    assert deliver(school, settings, at(11, 14, 7)) == 1
    names = "Phạm Thu Hương, Nguyễn Thị Lan, Vũ Thị Liên"
    assert f"Chưa nộp: {names}. Hạn: hết thứ Ba 12/11." in plain(postman.taken[0])
    assert "(1)" in plain(postman.taken[0])


def test_what_is_said_twice_stands_in_one_line(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    document = school.document("lan", 12, at(11, 1), title="Bài của Lan")
    school.waits(document, f"account:{school.accounts['hoa']}", at(11, 11, 12))
    school.notice("hoa", "waiting", at(11, 11, 10), document)
    school.notice("hoa", "overdue", SEVEN, document, seq=3, fact="x", sentence={"vi": "Quá hạn xử lý."})
    flag = Flag(
        school_id=school.id,
        key="overdue:x",
        rule="overdue",
        type="lesson-plan",
        account_id=school.accounts["hoa"],
        week_id=school.weeks[12],
        document_id=document,
        due_at=SEVEN,
        opened_at=SEVEN,
    )
    with school.db.write() as session:
        session.add(flag)
    school.notice("hoa", "flag", SEVEN, document, flag=flag.id, fact="x")
    assert deliver(school, settings, SEVEN) == 1
    assert postman.taken[0]["Subject"] == f"{heading('overdue').vi}: Bài của Lan"
    assert plain(postman.taken[0]).count("- Bài của Lan") == 1


def test_two_mailers_make_one_digest_whatever_their_clocks(school: SmallSchool, settings: Settings) -> None:
    people = ("hoa", "son", "ngoc", "minh", "lan", "anh")
    for who in people:
        tell(school, who, "waiting", at(11, 11, 10))

    async def race() -> None:
        for minutes in range(4):
            skew = timedelta(seconds=2 * minutes)
            await asyncio.gather(
                *(
                    asyncio.to_thread(
                        fold, school.db, settings, SEVEN + n * skew + GATHER, audiences, working_days
                    )
                    for n in range(4)
                )
            )
            for who in people:  # something comes while they are at it, as from a clock behind
                tell(school, who, "waiting", SEVEN - HOUR, f"Muộn {minutes}")

    asyncio.run(race())
    with school.db.read() as session:
        made = [(m.account_id, m.digest_day) for m in session.exec(select(Mail)) if m.digest_day]
    assert len(made) == len(set(made)) == len(people)
    fold(school.db, settings, SEVEN + HOUR, audiences, working_days)
    assert deliver(school, settings, SEVEN + DAY) >= len(people)


def test_each_school_has_its_hours(school: SmallSchool, settings: Settings) -> None:
    other = SmallSchool(school.db, mark=".2")
    other.hours(hour=16)
    tell(school, "hoa", "waiting", at(11, 11, 10))
    tell(other, "hoa", "waiting", at(11, 11, 10))
    assert deliver(school, settings, at(11, 11, 16)) == 1
    assert deliver(school, settings, SEVEN) == 1
    assert fold(school.db, settings, SEVEN + DAY, audiences, every_weekday) == 0


def test_what_was_waived_is_neither_reminded_of_nor_told_above(
    school: SmallSchool, settings: Settings
) -> None:
    fact = f"lesson-plan:{school.accounts['lan']}:{school.weeks[12]}"
    with school.db.write() as session:
        session.add(
            Flag(
                school_id=school.id,
                key=f"missing:{fact}",
                rule="missing",
                type="lesson-plan",
                account_id=school.accounts["lan"],
                week_id=school.weeks[12],
                due_at=SEVEN - DAY,
                opened_at=SEVEN - DAY,
                waived_at=SEVEN - HOUR,
            )
        )
    week = {"type": "lesson-plan", "week_id": school.weeks[12], "owner_id": school.accounts["lan"]}
    school.notice("lan", "overdue", SEVEN, fact=fact, **week)
    school.notice("hoa", "escalation", SEVEN, fact=fact, line="x", name="Lan", **week)
    assert deliver(school, settings, SEVEN) == 0
    with school.db.read() as session:
        assert all(notice.dropped for notice in session.exec(select(Notice)))


def test_two_flags_of_one_record_are_two_lines(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    document = school.document("lan", 11, at(11, 1), status="approved", title="Tuần 11")
    for kind in ("download", "print"):
        with school.db.write() as session:
            session.add(
                Duty(
                    document_id=document,
                    kind=kind,
                    school_id=school.id,
                    account_id=school.accounts["lan"],
                    week_id=school.weeks[11],
                    revision=1,
                    blob="a" * 64,
                    opened_at=at(11, 4),
                    due_at=at(11, 11),
                )
            )
    look(school.db, at(11, 11), rules=("not-downloaded", "not-printed"))
    assert deliver(school, settings, SEVEN) == 1
    assert "bản đã duyệt chưa được tải về" in plain(postman.taken[0])
    assert "chưa báo đã in" in plain(postman.taken[0])
