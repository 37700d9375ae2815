"""What a spot check would probably miss: the rule as a table, the days that are spoken of, the words."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from flows.calendar import school_year
from flows.probable import (
    ITEMS,
    Lack,
    Paper,
    Rules,
    Window,
    ended_words,
    flag_data,
    flag_sentence,
    lacking,
    path,
    sentence,
    windows,
)
from flows.school_days import Change, SchoolDays
from models.settings import VIETNAM
from models.text import Text

PLAN, LESSONS = ITEMS
KEPT = Paper("k", "archived", kept=True)
PRINTED = Paper("p", "approved", printed=True)
NEITHER = Paper("n", "approved")
DRAFT, RETURNED, SENT = Paper("d", "draft"), Paper("r", "returned"), Paper("s", "in_progress")


@pytest.mark.parametrize(
    ("paper", "broken", "state"),
    [
        (None, False, "none"),
        (DRAFT, False, "draft"),
        (RETURNED, False, "returned"),
        (SENT, False, "waiting"),
        (NEITHER, False, "not-kept"),
        (KEPT, False, None),
        (PRINTED, False, None),
        (KEPT, True, "not-printed"),
        (NEITHER, True, "not-printed"),
        (PRINTED, True, None),
    ],
)
def test_a_lesson_plan_is_there_as_a_file_or_on_paper(
    paper: Paper | None, broken: bool, state: str | None
) -> None:
    papers = {PLAN: [PRINTED], LESSONS: [paper] if paper else []}
    assert [(x.item, x.state) for x in lacking(papers, Rules(), broken=broken)] == (
        [(LESSONS, state)] if state else []
    )


@pytest.mark.parametrize(
    ("paper", "state"),
    [(None, "none"), (DRAFT, "draft"), (SENT, "waiting"), (NEITHER, "not-printed"), (KEPT, "not-printed")],
)
def test_a_teaching_plan_is_there_on_paper_alone(paper: Paper | None, state: str) -> None:
    papers = {PLAN: [paper] if paper else [], LESSONS: [KEPT]}
    assert [(x.item, x.state) for x in lacking(papers, Rules(), broken=False)] == [(PLAN, state)]
    assert lacking({PLAN: [PRINTED], LESSONS: [KEPT]}, Rules(), broken=False) == ()


def test_of_several_records_the_best_counts_and_what_came_farthest_is_named() -> None:
    assert lacking({PLAN: [NEITHER, PRINTED], LESSONS: [SENT, KEPT]}, Rules(), broken=False) == ()
    found = lacking({PLAN: [DRAFT, RETURNED, SENT], LESSONS: [KEPT]}, Rules(), broken=False)
    assert found == (Lack(PLAN, "waiting", "s"),)


def test_a_school_may_speak_of_it_only_when_both_lack() -> None:
    both = Rules(both=True)
    assert lacking({PLAN: [PRINTED]}, both, broken=False) == ()
    assert lacking({LESSONS: [KEPT]}, both, broken=False) == ()
    assert len(lacking({}, both, broken=False)) == 2


# --- the days that are spoken of ------------------------------------------------------------------------

WEEKS = school_year(date(2026, 9, 7), [date(2026, 12, 28)])
DAYS = SchoolDays(WEEKS)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), VIETNAM)


def spoken(now: datetime, days: SchoolDays = DAYS, rules: Rules | None = None) -> list[str]:
    return [f"{w.day:%d/%m}" for w in windows(days, rules or Rules(), now)]


def test_a_day_is_spoken_of_from_the_eve_until_school_is_over() -> None:
    tuesday = date(2026, 11, 24)
    assert spoken(at(tuesday, 15, 59)) == ["24/11"]
    assert spoken(at(tuesday, 16)) == ["24/11", "25/11"]
    assert spoken(at(tuesday, 17)) == ["25/11"]
    assert spoken(at(tuesday, 14), rules=Rules(eve=time(13, 30))) == ["24/11", "25/11"]
    assert windows(DAYS, Rules(), at(tuesday, 20))[0].morning == at(date(2026, 11, 25), 6, 30)


def test_the_eve_of_a_monday_is_friday_or_the_last_day_of_work_before_it() -> None:
    friday = date(2026, 11, 27)
    assert spoken(at(friday, 18)) == ["28/11", "29/11", "30/11"]
    off = Change("off", friday, friday, Text("Nghỉ bão", "Storm"))
    assert spoken(at(friday, 10), SchoolDays(WEEKS, (off,)))[-1] == "30/11"
    moved = Change("moved", friday, friday, Text("Dạy bù", "Made up"), taught_on=date(2026, 11, 28))
    assert spoken(at(friday, 18), SchoolDays(WEEKS, (moved,))) == ["28/11"]


def test_in_a_break_people_are_told_on_its_last_working_day_and_not_before_it_begins() -> None:
    # the week of 28/12 is a break; week 17 begins on 04/01/2027
    assert spoken(at(date(2026, 12, 25), 18)) == ["26/12", "27/12"]
    assert spoken(at(date(2026, 12, 31), 18)) == []
    assert spoken(at(date(2027, 1, 1), 18)) == ["04/01"]
    new_year = Change("holiday", date(2027, 1, 1), date(2027, 1, 1), Text("Tết Dương lịch", "New Year"))
    assert spoken(at(date(2026, 12, 31), 18), SchoolDays(WEEKS, (new_year,))) == ["04/01"]


@pytest.mark.parametrize(
    "start", [date(year, 9, 1) + timedelta(days=n) for year in range(2020, 2030) for n in (0, 97)]
)
def test_every_day_of_teaching_is_spoken_of_for_one_unbroken_time(start: date) -> None:
    monday = start - timedelta(days=start.weekday())
    days = SchoolDays(school_year(monday))
    hours = [at(monday, 0) + timedelta(hours=n) for n in range(24 * 21)]
    seen: dict[date, list[datetime]] = {}
    for hour in hours:
        for window in windows(days, Rules(), hour):
            seen.setdefault(window.day, []).append(hour)
    for day in (monday + timedelta(days=n) for n in range(1, 14)):
        told = seen[day]
        assert told[-1] == at(day, 16)
        assert told == [told[0] + timedelta(hours=n) for n in range(len(told))]
        assert told[0].hour == 16


# --- words ----------------------------------------------------------------------------------------------

DAY = date(2026, 11, 25)
OVER = at(DAY, 17)


def test_words_name_the_day_what_is_missing_and_what_to_do() -> None:
    lacks = (Lack(PLAN, "not-printed", "x"), Lack(LESSONS, "none"))
    assert sentence(DAY, 12, lacks) == Text(
        "Có thể thiếu khi kiểm tra thứ Tư 25/11: kế hoạch dạy học tuần 12 chưa xác nhận đã in; chưa có kế "
        "hoạch bài dạy tuần 12. In ra giấy rồi xác nhận đã in. Soạn và trình duyệt.",
        "A check on Wed 25/11 may miss: the teaching plan of week 12 is not said to be printed; no lesson "
        "plan of week 12. Print it, then say that it is printed. Write and submit it.",
    )


def test_each_lack_leads_to_where_it_is_mended() -> None:
    assert path(Lack(LESSONS, "none"), "w") == f"/documents/new?type={LESSONS}&week=w"
    assert path(Lack(LESSONS, "draft", "d"), "w") == "/documents/d/edit"
    assert path(Lack(LESSONS, "waiting", "d"), "w") == "/documents/d"
    assert path(Lack(LESSONS, "not-kept", "d"), "w") == "/documents/d#after"


def test_it_is_kept_how_it_ended() -> None:
    window = Window(DAY, at(DAY - timedelta(days=1), 16), at(DAY, 6, 30), OVER)
    data = flag_data(Lack(LESSONS, "draft", "d"), 12, window)
    assert (
        flag_sentence(data).en == "A check on Wed 25/11 may miss: the lesson plan of week 12 is not approved"
    )
    assert ended_words(data, OVER - timedelta(hours=3)).en == "Done in time"
    assert ended_words(data, OVER).en == "The day is over"
