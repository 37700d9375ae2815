"""The principals' week in figures: once a week, on a working day, with what the board says."""

from __future__ import annotations

import asyncio
import pathlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from flows import clock, weekly
from flows.calendar import monday_of
from flows.day_rows import working_days
from flows.school_days import SchoolDays
from flows.year_frame import proposal, weeks_of
from models.account import Account
from models.flag import Flag
from models.notice import Notice
from models.settings import Settings
from tasks.mail_hours import NO_SUMMARY, STANDARD
from tasks.mailing import GATHER, fold
from tasks.posting import post
from tests.clockwork import DAY, HOUR, SmallSchool, at, small_school
from tests.flows.test_probable_rows import approved
from tests.mail_server import mail_server
from tests.tasks.test_mailing import Postman, audiences, html, plain

MONDAY = at(11, 18, 7)
"""Of week 11."""


@pytest.fixture
def school(tmp_path: pathlib.Path) -> SmallSchool:
    school = small_school(tmp_path)
    for who, group in (("hoa", "Tổ 1-2-3"), ("lan", "Tổ 1-2-3"), ("son", "Tổ 4-5"), ("anh", "Tổ 4-5")):
        school.document(who, 10, at(11, 4), group=group, step="group_review")
        school.document(who, 11, at(11, 4), group=group, status="archived", step="")
    school.document("huong", 10, at(11, 7), step="group_review")
    return school


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def settings(postman: Postman, tmp_path: pathlib.Path) -> Iterator[Settings]:
    with mail_server(postman) as server:
        yield Settings(data=tmp_path, smtp_host="127.0.0.1", smtp_port=server.port)


def written(school: SmallSchool) -> list[Notice]:
    with school.db.read() as session:
        return [n for n in session.exec(select(Notice)) if n.kind == "weekly"]


def row(figures: dict[str, Any], week: int, group: str) -> dict[str, int]:
    [plan] = [t for t in figures["types"] if "Kế hoạch bài dạy" in t["name"]["vi"]]
    [rows] = [w["rows"] for w in plan["weeks"] if w["number"] == week]
    [found] = [r for r in rows if r["group"] == group]
    return {name: found[name] for name in weekly.COUNTED}


def test_the_figures_are_the_boards(school: SmallSchool) -> None:
    assert weekly.summarise(school.db, MONDAY - HOUR) == 0
    assert weekly.summarise(school.db, MONDAY) == 2
    assert weekly.summarise(school.db, MONDAY + 3 * DAY) == 0
    figures = written(school)[0].data["figures"]
    assert [w["number"] for w in figures["weeks"]] == [10, 11, 12]
    assert row(figures, 10, "Tổ 1-2-3") == {
        "on_time": 2,
        "late": 1,
        "missing": 0,
        "review": 3,
        "approved": 0,
    }
    assert row(figures, 11, "Tổ 1-2-3") == {
        "on_time": 2,
        "late": 0,
        "missing": 1,
        "review": 0,
        "approved": 2,
    }
    [plan] = [t for t in figures["types"] if "Kế hoạch bài dạy" in t["name"]["vi"]]
    assert [w["number"] for w in plan["weeks"]] == [10, 11]
    assert all(any(row[n] for n in weekly.COUNTED) for w in plan["weeks"] for row in w["rows"])


def test_it_is_the_mail_of_the_day_with_the_digest_below_and_in_both_languages(
    school: SmallSchool, settings: Settings, postman: Postman
) -> None:
    document = school.document("lan", 11, at(11, 4), title="Kế hoạch phải duyệt")
    school.waits(document, f"account:{school.accounts['minh']}")
    school.notice("minh", "waiting", MONDAY - DAY, document)
    with school.db.write() as session:
        session.get_one(Account, school.accounts["ngoc"]).language = "en"
    weekly.summarise(school.db, MONDAY)
    now = MONDAY + GATHER
    fold(school.db, settings, now, audiences, working_days)
    assert asyncio.run(post(school.db, settings, now)).sent == 2
    texts = {str(m["To"]).partition("@")[0]: m for m in postman.taken}
    assert str(texts["minh"]["Subject"]).startswith("Tổng hợp tuần: tuần 10 (11/11–17/11)")
    assert "Tuần 10, Tổ 1-2-3: đúng hạn 2, muộn 1, chưa nộp 0, đang duyệt 3, đã duyệt 0" in plain(
        texts["minh"]
    )
    assert "- Kế hoạch phải duyệt" in plain(texts["minh"])
    assert "/flags?type=lesson-plan&amp;week=" in html(texts["minh"])
    for text in (plain(texts["minh"]), html(texts["minh"])):
        assert "Số liệu tính đến 07:00 18/11/2024." in text
        assert "một hồ sơ có thể được đếm ở hai cột" in text
        assert "Không còn việc tồn đọng." in text
    assert "Nothing is outstanding." in plain(texts["ngoc"])
    assert weekly.summarise(school.db, now) == 0


def test_what_is_outstanding_is_counted_and_the_rest_is_left_out(school: SmallSchool) -> None:
    document = school.document("lan", 11, at(11, 4))
    school.waits(document, "group_head:x", MONDAY - DAY)
    weekly.summarise(school.db, MONDAY)
    said = [(f["name"]["en"], f["number"]) for f in written(school)[0].data["figures"]["outstanding"]]
    assert said == [("Reviews past their time", 1)]


def test_what_was_waived_is_not_counted_as_missing(school: SmallSchool) -> None:
    clock.scan(school.db, MONDAY)
    with school.db.write() as session:
        key = f"missing:lesson-plan:{school.accounts['huong']}:{school.weeks[11]}"
        flag = session.exec(select(Flag).where(col(Flag.key) == key)).one()
        flag.waived_at = MONDAY - HOUR
    weekly.summarise(school.db, MONDAY)
    assert row(written(school)[0].data["figures"], 11, "Tổ 1-2-3") == {
        "on_time": 2,
        "late": 0,
        "missing": 0,
        "review": 0,
        "approved": 2,
    }


def test_what_somebody_who_left_never_printed_is_outstanding_no_more(school: SmallSchool) -> None:
    approved(school, "lan", "lesson-plan", "download", week=10)
    approved(school, "son", "lesson-plan", week=10)
    school.change(Account, school.accounts["son"], active=False)
    weekly.summarise(school.db, MONDAY)
    said = [(f["name"]["en"], f["number"]) for f in written(school)[0].data["figures"]["outstanding"]]
    assert said == [("Approved and not printed", 1)]


@pytest.mark.parametrize(("weekday", "last"), [(0, 1), (4, 6)])
def test_missed_it_goes_until_the_next_working_day_is_over(
    school: SmallSchool, settings: Settings, weekday: int, last: int
) -> None:
    school.hours(weekly=weekday)
    midnight = MONDAY + (last + 1) * DAY - 7 * HOUR
    assert weekly.summarise(school.db, midnight) == 0
    assert weekly.summarise(school.db, midnight - HOUR) == 2
    assert fold(school.db, settings, midnight + 9 * HOUR, audiences, working_days) == 0
    assert {n.dropped for n in written(school)} == {True}


def test_it_speaks_of_no_week_to_who_came_after_its_moment(school: SmallSchool) -> None:
    school.change(Account, school.accounts["minh"], created_at=MONDAY + HOUR)
    assert weekly.summarise(school.db, MONDAY + 2 * HOUR) == 1
    assert [n.account_id for n in written(school)] == [school.accounts["ngoc"]]
    assert weekly.summarise(school.db, MONDAY + 7 * DAY) == 2


def test_a_school_may_want_none_or_another_day(school: SmallSchool) -> None:
    school.hours(weekly=NO_SUMMARY)
    assert weekly.summarise(school.db, MONDAY + DAY) == 0
    school.hours(weekly=2, hour=9)
    assert weekly.summarise(school.db, MONDAY + 2 * DAY + HOUR) == 0
    assert weekly.summarise(school.db, MONDAY + 2 * DAY + 2 * HOUR) == 2


@pytest.mark.parametrize("autumn", range(2024, 2034))
def test_in_ten_years_it_comes_once_a_teaching_week_and_never_in_a_break(autumn: int) -> None:
    weeks = weeks_of(proposal(autumn))
    days = SchoolDays(weeks)
    monday, told = monday_of(weeks[0].monday), []
    while monday <= weeks[-1].monday:
        when = weekly.moment(days, STANDARD, monday)
        taught = any(w.monday == monday for w in weeks)
        assert (when is not None) == taught
        if when is not None:
            assert days.is_working_day(when.date())
            assert weekly.weeks_shown(weeks, monday)
            told.append(when)
        monday += timedelta(days=7)
    assert len(told) == 35
    assert weekly.weeks_shown(weeks, date(autumn, 7, 6)) == []
