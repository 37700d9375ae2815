"""The school year: its frame, its days, and what a change of them shows before it is applied."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from html import unescape
from typing import Any
from xml.etree import ElementTree

import lxml.html
import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from flows import clock, day_rows, reminders, timetable
from flows.day_rows import school_days
from flows.school_days import DAY
from flows.year_frame import Break, Frame, proposal
from models.account import AccountRole
from models.errors import Invalid, NotFound
from models.flag import Flag
from models.notice import Notice
from models.school import CalendarChange, SchoolWeek, YearFrame
from models.settings import VIETNAM
from service import calendar_changes, school_years
from service.app import create_app
from service.calendar_changes import Entered
from service.calendar_difference import Difference, apply_if_shown
from service.calendar_lessons import Plans
from service.pages.calendar_forms import read_break
from tests.cast import FIRST_MONDAY, Cast
from tests.flows.test_timetable import enter as enter_timetable
from tests.service.test_pages_admin import Person

Enter = Callable[[str], Person]
TODAY = date(2026, 11, 24)
"""The Tuesday of week 12 on which the tests begin."""
NEXT_MONDAY = TODAY + 6 * DAY
SATURDAY = TODAY + 4 * DAY


@pytest.fixture
def enter(cast: Cast) -> Iterator[Enter]:
    app = create_app(cast.office.settings, cast.office)
    with TestClient(app):
        yield lambda name: Person(app, name)


def put(cast: Cast, first: date, last: date | None = None, **more: Any) -> CalendarChange:
    made = Entered(first, last or first, more.pop("reason", "Nghỉ tránh bão"), **more)
    with cast.office.db.write() as session:
        return calendar_changes.enter(session, cast.school_id, cast.ids["admin"], cast.office.now(), made)


def refused(cast: Cast, first: date, last: date | None = None, **more: Any) -> tuple[str, str]:
    with pytest.raises(Invalid) as found:
        put(cast, first, last, **more)
    (fault,) = found.value.faults
    return fault.path, fault.sentence.vi


def shown(cast: Cast, do: Callable[[Session], object]) -> Difference:
    found = apply_if_shown(cast.office.db, cast.school_id, cast.office.now(), do, "")
    assert found is not None
    return found


def taught(cast: Cast, who: str, number: int) -> list[tuple[date, str]]:
    with cast.office.db.read() as session:
        week = session.get_one(SchoolWeek, cast.weeks[number])
        found = timetable.of_teacher(session, cast.school_id, cast.ids[who], week)
    return [(p.day, p.subject) for p in found]


# --- days -----------------------------------------------------------------------------------------------


def test_a_day_off_takes_its_lessons_and_a_made_up_day_gives_them_back(each_cast: Cast) -> None:
    cast = each_cast
    enter_timetable(
        cast,
        FIRST_MONDAY,
        (0, "morning", 1, "3A", "Toán", "lan"),
        (2, "morning", 1, "3A", "Âm nhạc", "lan"),
        (0, "morning", 1, "5A", "Toán", "son"),
    )
    put(cast, NEXT_MONDAY, grades=[3], reason="Nghỉ tránh bão")
    assert taught(cast, "lan", 13) == [(NEXT_MONDAY + 2 * DAY, "Âm nhạc")]
    assert taught(cast, "son", 13) == [(NEXT_MONDAY, "Toán")]
    put(cast, NEXT_MONDAY, taught_on=NEXT_MONDAY + 5 * DAY, classes=[cast.classes["3A"]])
    assert taught(cast, "lan", 13)[1] == (NEXT_MONDAY + 5 * DAY, "Toán")
    assert taught(cast, "son", 13) == [(NEXT_MONDAY, "Toán")]


def test_who_entered_a_row_and_why_stays_and_taking_back_leaves_the_past(each_cast: Cast) -> None:
    cast = each_cast
    row = put(cast, TODAY, TODAY + 3 * DAY)
    with cast.office.db.write() as session:
        now, who = cast.office.now() + DAY, cast.ids["admin"]
        taken = calendar_changes.take_back(session, cast.school_id, who, now, row.id)
        assert (taken.void_from, taken.void_by) == (TODAY + 2 * DAY, who)
    with cast.office.db.read() as session:
        (kept,) = session.exec(select(CalendarChange)).all()
        days = school_days(session, cast.school_id)
    assert (kept.reason, kept.entered_by, kept.first_day) == ("Nghỉ tránh bão", cast.ids["admin"], TODAY)
    assert [days.is_school_day(TODAY + n * DAY) for n in range(4)] == [False, False, True, True]
    for school in (cast.school_id, cast.other_school_id):
        with cast.office.db.write() as session, pytest.raises((Invalid, NotFound)):
            calendar_changes.take_back(session, school, cast.ids["admin"], cast.office.now(), row.id)


def test_what_was_entered_for_today_by_mistake_is_taken_back_today(cast: Cast, enter: Enter) -> None:
    admin, day = enter("admin"), f"{TODAY:%d/%m/%Y}"
    assert admin.change("/admin/weeks/off", first=day, last=day, reason="Nghỉ tránh bão").status_code == 303
    with cast.office.db.read() as session:
        (row,) = session.exec(select(CalendarChange)).all()
        assert not school_days(session, cast.school_id).is_school_day(TODAY)
    assert f'value="{row.id}"' in admin.get("/admin/weeks")
    assert calendar_changes.ends_from(row, TODAY) == TODAY
    assert calendar_changes.ends_from(row, TODAY + DAY) is None  # of yesterday: it stays
    assert admin.change("/admin/weeks/take-back", change_id=row.id).status_code == 303
    with cast.office.db.read() as session:
        assert school_days(session, cast.school_id).is_school_day(TODAY)


def test_what_cannot_be_entered_is_refused_at_its_field(cast: Cast) -> None:
    monday = NEXT_MONDAY
    assert refused(cast, TODAY - DAY)[0] == "first"
    assert refused(cast, monday, reason=" ")[0] == "reason"
    assert refused(cast, monday, monday - DAY)[0] == "last"
    assert refused(cast, monday, monday + 40 * DAY)[0] == "last"
    assert refused(cast, date(2027, 7, 5))[0] == "first"
    assert refused(cast, monday, taught_on=monday)[0] == "taught_on"
    assert refused(cast, monday, taught_on=monday + DAY)[0] == "taught_on"  # has lessons of its own
    assert refused(cast, monday, taught_on=TODAY - 3 * DAY)[0] == "taught_on"
    assert refused(cast, TODAY - DAY, taught_on=SATURDAY) == (
        "first",
        "Ngày 23/11/2026 đã qua và có dạy, nên không chuyển được nữa.",
    )
    put(cast, monday, taught_on=SATURDAY)
    assert "đã được chuyển" in refused(cast, monday, taught_on=SATURDAY + DAY)[1]
    with pytest.raises(NotFound):
        put(cast, monday, taught_on=SATURDAY + DAY, classes=["another school's"])


def test_holidays_are_entered_once_and_one_taken_back_stays_away(each_cast: Cast) -> None:
    cast = each_cast
    now, who = cast.office.now(), cast.ids["admin"]
    with cast.office.db.write() as session:
        made = calendar_changes.add_holidays(session, cast.school_id, "2026-2027", who, now, TODAY + DAY)
        assert calendar_changes.add_holidays(session, cast.school_id, "2026-2027", who, now, TODAY + DAY) == 0
    with cast.office.db.read() as session:
        days = school_days(session, cast.school_id)
        rows = {r.first_day: r for r in session.exec(select(CalendarChange)).all()}
    assert made == len(rows) > 10
    assert TODAY not in rows  # past or begun: taught as it was
    assert rows[date(2027, 4, 16)].reason == "Ngày Giỗ Tổ Hùng Vương"
    assert not days.is_school_day(date(2027, 4, 30))
    with cast.office.db.write() as session:
        calendar_changes.take_back(session, cast.school_id, who, now, rows[date(2027, 4, 30)].id)
        assert calendar_changes.add_holidays(session, cast.school_id, "2026-2027", who, now) == 4
        assert school_days(session, cast.school_id).is_school_day(date(2027, 4, 30))
    with cast.office.db.write() as session, pytest.raises(NotFound):
        calendar_changes.add_holidays(session, cast.school_id, "2031-2032", who, now)


# --- frames ---------------------------------------------------------------------------------------------


def test_a_frame_saved_again_moves_only_what_is_to_come(each_cast: Cast) -> None:
    cast = each_cast
    now = cast.office.now()
    plan = cast.lesson_plan("lan", 20)
    frame = Frame("QĐ", FIRST_MONDAY, date(2027, 1, 18), date(2027, 5, 31))
    tet = Break("Nghỉ Tết", date(2027, 2, 1), date(2027, 2, 14))
    with cast.office.db.write() as session:
        assert not school_years.save_frame(session, cast.school_id, replace(frame, breaks=(tet,)), now)
    with cast.office.db.read() as session:
        weeks = {w.number: w for w in session.exec(select(SchoolWeek)).all()}
        kept = school_years.frame_of(session, cast.school_id, "2026-2027")
    assert {n: w.id for n, w in weeks.items()} == cast.weeks
    assert weeks[21].monday == FIRST_MONDAY + timedelta(weeks=20)
    assert weeks[22].monday == FIRST_MONDAY + timedelta(weeks=23)
    assert cast.fresh(plan.id).week_id == cast.weeks[20]
    assert kept == replace(frame, breaks=(tet,))
    past = Break("Nghỉ bão", date(2026, 10, 5), date(2026, 10, 11))
    with cast.office.db.write() as session, pytest.raises(Invalid) as found:
        school_years.save_frame(session, cast.school_id, replace(frame, breaks=(past, tet)), now)
    assert "đã bắt đầu" in found.value.faults[0].sentence.vi
    with cast.office.db.write() as session:
        school_years.put_off(session, cast.school_id, cast.weeks[15], now)
    with cast.office.db.write() as session:  # saving it again keeps the week off
        kept = school_years.frame_of(session, cast.school_id, "2026-2027")
        assert kept is not None
        before = {w.number: w.monday for w in session.exec(select(SchoolWeek)).all()}
        assert before[15] == FIRST_MONDAY + timedelta(weeks=15)
        assert before[20] == FIRST_MONDAY + timedelta(weeks=20)  # the week before Tết
        assert before[21] == FIRST_MONDAY + timedelta(weeks=23)  # the week after it
        school_years.save_frame(session, cast.school_id, kept, now)
        session.expire_all()
        assert {w.number: w.monday for w in session.exec(select(SchoolWeek)).all()} == before
    with cast.office.db.write() as session, pytest.raises(Invalid):
        school_years.remove_year(session, cast.school_id, "2026-2027")


def test_a_new_year_comes_from_the_ministrys_frame_and_goes_with_it(each_cast: Cast) -> None:
    cast = each_cast
    with cast.office.db.write() as session:
        assert school_years.save_frame(session, cast.school_id, proposal(2028), cast.office.now())
        assert len([w for w in school_years.weeks_of(session, cast.school_id) if w.year == "2028-2029"]) == 35
        school_years.remove_year(session, cast.school_id, "2028-2029")
        assert session.get(YearFrame, (cast.school_id, "2028-2029")) is None


# --- who owes -------------------------------------------------------------------------------------------


def flags_of(cast: Cast) -> dict[tuple[str, str], bool]:
    """Open flags of missing lesson plans: name and week's number."""
    names, numbers = {v: k for k, v in cast.ids.items()}, {v: k for k, v in cast.weeks.items()}
    with cast.office.db.read() as session:
        rows = session.exec(select(Flag).where(col(Flag.type) == "lesson-plan", col(Flag.rule) == "missing"))
        return {(names[f.account_id], str(numbers[f.week_id])): f.resolved_at is None for f in rows}


def test_who_has_no_lesson_in_a_week_owes_no_plan_and_gets_no_reminder(each_cast: Cast) -> None:
    cast = each_cast
    enter_timetable(
        cast,
        FIRST_MONDAY,
        (0, "morning", 1, "3A", "Toán", "lan"),
        (1, "morning", 1, "3A", "Toán", "hoa"),
        (0, "morning", 1, "5A", "Toán", "son"),
    )
    put(cast, NEXT_MONDAY, grades=[3])
    at = datetime(2026, 11, 24, 8, tzinfo=VIETNAM)
    reminders.remind(cast.office.db, at, cast.school_id)
    with cast.office.db.read() as session:
        told = session.exec(
            select(Notice).where(col(Notice.key).startswith(f"due:lesson-plan:{cast.weeks[13]}"))
        ).all()
    names = {v: k for k, v in cast.ids.items()}
    assert {names[n.account_id] for n in told} == {"hoa", "son"}
    clock.scan(cast.office.db, datetime(2026, 11, 25, 1, tzinfo=VIETNAM), cast.school_id)
    flags = flags_of(cast)
    assert {who for who, week in flags if week == "13"} == {"hoa", "son"}
    assert {who for who, week in flags if week == "12"} == {"hoa", "son", "lan"}


def test_before_a_timetable_the_assignments_decide(each_cast: Cast) -> None:
    cast = each_cast
    pairs = {(cast.weeks[13], cast.ids[name]) for name in ("lan", "hoa")}
    with cast.office.db.read() as session:
        assert day_rows.idle(session, {cast.school_id: pairs}) == {cast.school_id: set()}
    put(cast, NEXT_MONDAY, NEXT_MONDAY + 4 * DAY, classes=[cast.classes["3A"]])
    with cast.office.db.read() as session:  # hoa has no class in the list: nobody knows
        idle = day_rows.idle(session, {cast.school_id: pairs, cast.other_school_id: pairs})
    assert idle == {cast.school_id: {(cast.weeks[13], cast.ids["lan"])}, cast.other_school_id: set()}


# --- the difference -------------------------------------------------------------------------------------


def test_what_changes_is_shown_first_and_is_what_then_happens(each_cast: Cast) -> None:
    cast = each_cast
    signed = cast.lesson_plan("lan", 14)
    cast.act("lan", signed.id, "submit")
    cast.act("lan", signed.id, "sign")
    late = datetime(2026, 11, 25, 1, tzinfo=VIETNAM)
    clock.scan(cast.office.db, late, cast.school_id)
    assert flags_of(cast)["lan", "13"]
    before = cast.fresh(signed.id)

    def do(session: Session) -> int:
        return school_years.put_off(session, cast.school_id, cast.weeks[13], late)

    found = apply_if_shown(cast.office.db, cast.school_id, late, do, "")
    assert found is not None
    first = found.weeks[0]
    assert (first.number, first.before, first.after) == (13, NEXT_MONDAY, NEXT_MONDAY + 7 * DAY)
    assert len(found.weeks) == 23
    assert found.records == 1
    assert {(f.what, f.number) for f in found.flags} == {("closes", 13), ("closes", 14), ("moves", 13)}
    plan13 = next(x for x in found.limits if x.number == 13 and x.type.en == "Lesson plan")
    assert plan13.after - plan13.before == timedelta(days=7)
    people = {x.number: x.unsigned for x in found.limits if x.type.en == "Lesson plan"}
    assert people[15] is not None
    assert (people[13], people[14]) == (people[15], people[15] - 1)  # lan has signed week 14
    with cast.office.db.read() as session:
        assert session.get_one(SchoolWeek, cast.weeks[13]).monday == NEXT_MONDAY  # nothing is kept yet
    assert apply_if_shown(cast.office.db, cast.school_id, late, do, "another mark") == found
    assert apply_if_shown(cast.office.db, cast.school_id, late, do, found.mark) is None
    clock.rescan(cast.office.db, late, cast.school_id)
    assert not flags_of(cast)["lan", "13"]
    assert flags_of(cast)["lan", "12"]  # past, and as it was
    after = cast.fresh(signed.id)
    assert (after.first_signed_at, after.status, after.version) == (
        before.first_signed_at,
        before.status,
        before.version,
    )


def test_a_day_off_shows_lessons_and_who_owes_nothing_any_more(each_cast: Cast) -> None:
    cast = each_cast
    enter_timetable(
        cast,
        FIRST_MONDAY,
        (0, "morning", 1, "3A", "Toán", "lan"),
        (0, "morning", 2, "3A", "Toán", "lan"),
        (1, "morning", 1, "3A", "Toán", "hoa"),
    )
    made = Entered(NEXT_MONDAY, NEXT_MONDAY, "Nghỉ tránh bão")
    do = partial(_enter, cast, made)
    found = shown(cast, do)
    assert [(x.day, x.before, x.after) for x in found.lessons] == [(NEXT_MONDAY, 2, 0)]
    assert [(f.number, f.owes, len(f.who)) for f in found.free] == [(13, False, 1)]
    assert (found.weeks, found.limits) == ((), ())
    with cast.office.db.read() as session:
        assert session.exec(select(CalendarChange)).all() == []


def _enter(cast: Cast, made: Entered, session: Session) -> CalendarChange:
    return calendar_changes.enter(session, cast.school_id, cast.ids["admin"], cast.office.now(), made)


def test_moved_lessons_say_their_week_and_whose_plans_hold_them(each_cast: Cast) -> None:
    cast = each_cast
    cast.sent("lan", 13)  # its one lesson: Monday, class 3A
    cast.lesson_plan("mai", 13)  # a draft
    made = Entered(NEXT_MONDAY, NEXT_MONDAY, "Dạy trước", taught_on=SATURDAY)
    found = shown(cast, partial(_enter, cast, made))
    assert [(x.day, x.on, x.before, x.number) for x in found.carried] == [(NEXT_MONDAY, SATURDAY, 13, 12)]
    assert found.plans == Plans(1, ("Nguyễn Thị Lan",))
    fifth = replace(made, grades=[5])
    assert shown(cast, partial(_enter, cast, fifth)).plans == Plans()
    later = replace(made, taught_on=SATURDAY + 7 * DAY)
    assert [(x.before, x.number) for x in shown(cast, partial(_enter, cast, later)).carried] == [(13, 13)]
    row = put(cast, NEXT_MONDAY, taught_on=SATURDAY)
    who, now = cast.ids["admin"], cast.office.now()
    back = shown(cast, lambda session: calendar_changes.take_back(session, cast.school_id, who, now, row.id))
    assert [(x.on, x.before, x.number) for x in back.carried] == [(NEXT_MONDAY, 12, 13)]


def test_the_look_names_the_week_of_moved_lessons_and_counts_plans(cast: Cast, enter: Enter) -> None:
    cast.sent("lan", 13)
    day = {"first": "30/11/2026", "taught_on": "28/11/2026", "reason": "Dạy trước"}
    look = unescape(enter("admin").post("/admin/weeks/moved", "/admin/weeks", **day).text)
    assert "dạy vào thứ Bảy 28/11/2026: thuộc tuần 12, không còn thuộc tuần 13" in look
    assert "1 kế hoạch đã trình hoặc đã ký" in look
    assert "Nguyễn Thị Lan" not in look  # the administrator answers for nobody's records
    with cast.office.db.write() as session:
        session.add(AccountRole(school_id=cast.school_id, account_id=cast.ids["admin"], role="principal"))
    assert "Của: Nguyễn Thị Lan." in unescape(
        enter("admin").post("/admin/weeks/moved", "/admin/weeks", **day).text
    )


def test_a_make_up_day_on_a_public_holiday_is_warned_of(cast: Cast, enter: Enter) -> None:
    """Entered in the calendar or not: 01/01/2027 is one by the law."""
    new_year, warned = date(2027, 1, 1), "là ngày lễ (Tết Dương lịch)"
    put(cast, new_year)  # so that it has no lessons of its own
    day = {"first": "30/11/2026", "taught_on": "01/01/2027", "reason": "Dạy bù"}
    admin = enter("admin")
    assert f"Thứ Sáu 01/01/2027 {warned}" in unescape(admin.post("/admin/weeks/moved", **day).text)
    with cast.office.db.write() as session:
        who, now = cast.ids["admin"], cast.office.now()
        calendar_changes.add_holidays(session, cast.school_id, "2026-2027", who, now)
    assert warned in unescape(admin.post("/admin/weeks/moved", **day).text)
    usual = unescape(admin.post("/admin/weeks/moved", **day | {"taught_on": "05/12/2026"}).text)
    assert "là ngày lễ" not in usual


# --- the page -------------------------------------------------------------------------------------------


def test_days_off_are_entered_on_the_page_after_a_look_at_what_they_change(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    enter_timetable(cast, FIRST_MONDAY, (0, "morning", 1, "3A", "Toán", "lan"))
    day = {"first": "30/11/2026", "reason": "Nghỉ tránh bão", "grades": ["3"], "year": "2026-2027"}
    look = admin.post("/admin/weeks/off", **day)
    assert look.status_code == 200
    for words in ("Chưa có gì được lưu", "thứ Hai 30/11/2026", "1 tiết", "0 tiết", "không phải nộp"):
        assert words in unescape(look.text)
    assert "Nghỉ tránh bão" not in admin.get("/admin/weeks").split("Cho nghỉ")[0]
    applied = admin.change("/admin/weeks/off", **day).headers["location"]
    assert applied.startswith("/admin/weeks?year=2026-2027&")
    answer = lxml.html.fromstring(admin.get(applied)).xpath(".//*[@role='status']")[0].text_content()
    for words in ("Đã áp dụng: ghi ngày nghỉ", "Nghỉ học", "Khối 3", "30/11/2026", "Nghỉ tránh bão"):
        assert words in answer
    page = unescape(admin.get("/admin/weeks"))
    assert "Nghỉ tránh bão" in page
    assert "Khối 3" in page
    moved = {"first": "30/11/2026", "taught_on": "05/12/2026", "reason": "Dạy bù", "grades": ["3"]}
    assert admin.change("/admin/weeks/moved", **moved).status_code == 303
    assert "Tiết của ngày này dạy vào thứ Bảy 05/12/2026" in unescape(admin.get("/admin/weeks"))
    with cast.office.db.read() as session:
        first = session.exec(select(CalendarChange).order_by(col(CalendarChange.seq))).first()
    assert first is not None
    assert admin.change("/admin/weeks/take-back", change_id=first.id).status_code == 303
    assert "Đã bỏ từ 30/11/2026" in unescape(admin.get("/admin/weeks"))


def test_the_page_of_changes_speaks_english_too(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    enter_timetable(cast, FIRST_MONDAY, (0, "morning", 1, "3A", "Toán", "lan"))
    day = {"first": "30/11/2026", "reason": "Storm"}
    look = unescape(admin.post("/admin/weeks/off?lang=en", **day).text)
    for words in ("Nothing is saved yet", "Mon 30/11/2026", "1 period", "0 periods", "nothing owed"):
        assert words in look
    week = unescape(admin.post("/admin/weeks/put-off?lang=en", week_id=cast.weeks[14]).text)
    for words in ("Week 14", "Afterwards", "Deadlines", "Lesson plan, week 14"):
        assert words in week
    week = unescape(admin.post("/admin/weeks/put-off", week_id=cast.weeks[14]).text)
    assert "hết thứ Ba 01/12 (trước 00:00 thứ Tư 02/12)" in week
    assert re.search(r"tuần 14<span[^>]*>\d+ người chưa ký<", week)


def test_a_refused_day_keeps_what_was_typed_and_a_stale_look_is_shown_again(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    wrong = admin.post("/admin/weeks/off", first="23/11/2026", reason="Quên ghi")
    assert wrong.status_code == 422
    assert "Ngày 23/11/2026 đã qua" in unescape(wrong.text)
    assert 'value="Quên ghi"' in unescape(wrong.text)
    long = admin.post("/admin/weeks/off", first="30/11/2026", reason="b" * 304)
    assert long.status_code == 422
    assert "Lý do dài quá 300 ký tự. Viết ngắn lại, bớt ít nhất 4 ký tự." in unescape(long.text)
    assert "b" * 304 in long.text
    stale = admin.post("/admin/weeks/off", first="30/11/2026", reason="Bão", shown="of-another-time")
    assert (stale.status_code, "Lịch vừa thay đổi" in unescape(stale.text)) == (200, True)
    assert admin.post("/admin/weeks/nothing").status_code == 404
    assert admin.client.get("/admin/weeks/1999-2000.svg").status_code == 404


def ticked(html: str, action: str) -> list[str]:
    (form,) = lxml.html.fromstring(html).xpath(f".//form[@action='/admin/weeks/{action}']")
    return [str(box.get("value")) for box in form.xpath(".//input[@checked]")]


@pytest.mark.parametrize("action", ["off", "moved"])
def test_a_refused_day_keeps_for_whom_it_was(cast: Cast, enter: Enter, action: str) -> None:
    admin, for_whom = enter("admin"), {"grades": ["2", "3"], "classes": [cast.classes["5A"]]}
    wrong = admin.post(f"/admin/weeks/{action}", "/admin/weeks", first="nay mai", **for_whom)
    assert wrong.status_code == 422
    assert ticked(wrong.text, action) == ["2", "3", cast.classes["5A"]]
    assert ticked(wrong.text, "moved" if action == "off" else "off") == []


def test_the_look_names_what_is_entered_for_whom_when_and_why(cast: Cast, enter: Enter) -> None:
    days = {"first": "30/11/2026", "last": "02/12/2026", "reason": "Nghỉ tránh bão"}
    scope: dict[str, list[str]] = {"grades": ["3"], "classes": [cast.classes["5A"]]}
    look = enter("admin").post("/admin/weeks/off", "/admin/weeks", **days, **scope)
    said = [one.text_content() for one in lxml.html.fromstring(look.text).xpath(".//main//dl/dd")]
    assert said == ["Nghỉ học", "30/11/2026 – 02/12/2026", "Khối 3, lớp 5A", "Nghỉ tránh bão"]


def test_an_unknown_grade_is_not_the_whole_school(cast: Cast, enter: Enter) -> None:
    day = {"first": "30/11/2026", "reason": "Nghỉ tránh bão", "grades": ["9"]}
    wrong = enter("admin").post("/admin/weeks/off", "/admin/weeks", **day)
    assert (wrong.status_code, "Không có khối “9”" in unescape(wrong.text)) == (422, True)


def test_days_that_are_free_already_are_refused(cast: Cast, enter: Enter) -> None:
    admin, day = enter("admin"), {"first": "30/11/2026", "reason": "Nghỉ tránh bão"}
    stale = admin.post("/admin/weeks/off", "/admin/weeks", **day)
    mark = re.search(r'name="shown" value="([^"]*)"', stale.text)
    assert mark is not None
    assert admin.change("/admin/weeks/off", **day).status_code == 303
    for again in (day, day | {"shown": mark[1]}, day | {"grades": "3"}):
        twice = admin.post("/admin/weeks/off", "/admin/weeks", **again)
        assert (twice.status_code, "đã được nghỉ từ trước" in unescape(twice.text)) == (422, True)
    with cast.office.db.read() as session:
        (row,) = session.exec(select(CalendarChange)).all()
    assert admin.change("/admin/weeks/take-back", change_id=row.id).status_code == 303
    with cast.office.db.read() as session:
        assert school_days(session, cast.school_id).is_school_day(NEXT_MONDAY)


def test_free_classes_do_not_yet_make_the_school_free(cast: Cast) -> None:
    put(cast, NEXT_MONDAY, grades=[1, 2, 3, 4, 5])
    put(cast, NEXT_MONDAY)
    assert refused(cast, NEXT_MONDAY)[0] == "first"


@pytest.mark.parametrize(
    ("action", "typed", "sentences"),
    [
        ("off", {"first": "", "last": "x", "reason": ""}, ("Ghi ngày, ví dụ", "“x” không phải", "Ghi lý do")),
        ("off", {"first": "23/11/2026", "reason": ""}, ("Ngày 23/11/2026 đã qua", "Ghi lý do")),
        ("moved", {"first": "x", "taught_on": "y"}, ("“x” không phải", "“y” không phải", "Ghi lý do")),
        ("frame", {"first_day": "x", "term1_before": ""}, ("“x” không phải", "Ghi ngày", "Ghi quyết định")),
    ],
)
def test_every_field_that_is_wrong_is_named(
    cast: Cast, enter: Enter, action: str, typed: dict[str, str], sentences: tuple[str, ...]
) -> None:
    wrong = enter("admin").post(f"/admin/weeks/{action}", "/admin/weeks", **typed)
    assert wrong.status_code == 422
    (problems,) = lxml.html.fromstring(wrong.text).xpath(".//*[@role='alert']")
    for sentence in sentences:
        assert sentence in problems.text_content()


@pytest.mark.parametrize(
    ("action", "typed"),
    [
        ("move", {"week_id": 35, "monday": "27/12/9999"}),
        ("add", {"year": "2026-2027", "added": "27/12/9999"}),
        ("add", {"year": "2026-2027", "added": "04/01/2038"}),
        ("frame", {"first_day": "01/01/0001"}),
        ("frame", {"first_day": "31/12/9999"}),
        ("off", {"first": "2026-W49-2", "reason": "Nghỉ bão"}),
        ("put-off", {"week_id": 12}),
    ],
)
def test_absurd_days_and_weeks_that_have_begun_are_refused_in_words(
    cast: Cast, enter: Enter, action: str, typed: dict[str, Any]
) -> None:
    data = {k: cast.weeks[v] if k == "week_id" else v for k, v in typed.items()}
    assert enter("admin").post(f"/admin/weeks/{action}", "/admin/weeks", **data).status_code == 422


def test_one_look_is_good_for_one_act(cast: Cast, enter: Enter) -> None:
    sunday = NEXT_MONDAY + 6 * DAY
    admin, first = enter("admin"), {"first": f"{sunday:%d/%m/%Y}", "last": "", "reason": "Nghỉ bù"}
    look = admin.post("/admin/weeks/off", "/admin/weeks", **first)
    mark = re.search(r'name="shown" value="([^"]*)"', look.text)
    assert mark is not None
    other = first | {"reason": "Lý do khác", "shown": mark[1]}
    assert admin.post("/admin/weeks/off", "/admin/weeks", **other).status_code == 200  # shown again
    with cast.office.db.read() as session:
        assert session.exec(select(CalendarChange)).all() == []


def test_a_break_the_system_named_is_named_in_the_language_of_the_page(cast: Cast, enter: Enter) -> None:
    typed = Break("Nghỉ mùa đông", date(2026, 12, 21), date(2026, 12, 22))
    frame = replace(proposal(2026), first_day=FIRST_MONDAY, breaks=(*proposal(2026).breaks, typed))
    with cast.office.db.write() as session:
        school_years.save_frame(session, cast.school_id, frame, cast.office.now())
    admin = enter("admin")
    assert admin.change("/admin/weeks/put-off", week_id=cast.weeks[14]).status_code == 303
    vi, en = (unescape(admin.get(f"/admin/weeks?lang={language}")) for language in ("vi", "en"))
    for name in ("Nghỉ thêm một tuần", "Nghỉ Tết Nguyên đán"):
        assert vi.count(f"{name}: ") and name not in en
    for name in ("One more week off", "Tết holidays"):
        assert en.count(f"{name}: ") and name not in vi
    assert "Nghỉ mùa đông: 21/12/2026" in en  # what people typed stays
    assert (
        Break(read_break("One more week off: 07/12/2026").name, TODAY, TODAY).words.vi == "Nghỉ thêm một tuần"
    )


def test_the_holidays_of_a_running_year_are_offered(cast: Cast, enter: Enter) -> None:
    admin = enter("admin")
    assert re.search(r"Còn \d+ ngày lễ", unescape(admin.get("/admin/weeks")))
    assert admin.change("/admin/weeks/holidays", year="2026-2027").status_code == 303
    assert "chưa được ghi vào lịch" not in unescape(admin.get("/admin/weeks"))


@pytest.mark.parametrize(("language", "week", "words"), [("vi", "T12", "Dạy bù"), ("en", "W12", "Made up")])
def test_the_picture_says_weeks_and_marks_with_letters(
    cast: Cast, enter: Enter, language: str, week: str, words: str
) -> None:
    admin = enter("admin")
    put(cast, NEXT_MONDAY)
    answer = admin.client.get(f"/admin/weeks/2026-2027.svg?lang={language}")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    root = ElementTree.fromstring(answer.content)
    written = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert week in written
    assert any(words in text for text in written)
    numbers = {text[1:] for text in written if re.fullmatch(r"[TW]\d+", text)}
    assert numbers == {str(n) for n in range(1, 36)}
    assert written.count("N" if language == "vi" else "O") == 2  # the day off, and the key
    assert "<script" not in answer.text
    assert "style=" not in answer.text


def test_a_school_without_weeks_begins_with_the_proposal(cast: Cast, enter: Enter) -> None:
    with cast.office.db.write() as session:
        school_years.remove_year(session, cast.school_id, "2026-2027")
    admin = enter("admin")
    page = unescape(admin.get("/admin/weeks"))
    assert "Quyết định số 2308/QĐ-BGDĐT" in page
    assert "Nghỉ Tết Nguyên đán: 01/02/2027 – 14/02/2027" in page
