"""The calendar at a secret address: what stands in it, who may read it, what it keeps to itself."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from flows import duties
from flows.due_rules import FRIDAY, BeforeWeekday, as_data
from models.account import Account
from models.deadline import DeadlineRule
from models.document import OpenStep
from models.feed import CalendarFeed
from models.school import CalendarChange, YearFrame
from models.settings import VIETNAM
from service import calendar_feeds
from service.app import create_app
from service.limits import Limiter
from service.logs import masked
from service.pages import calendar_feed
from tests import needs
from tests.cast import FIRST_MONDAY, Cast
from tests.flows.test_delegations import away, day
from tests.service.reading import People

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program(cast: Cast) -> Iterator[TestClient]:
    """A calendar program: it knows an address and nothing else."""
    with TestClient(create_app(cast.office.settings, cast.office)) as client:
        yield client


def address(cast: Cast, name: str) -> str:
    """The path of this person's calendar, made when there is none."""
    with cast.office.db.read() as session:
        account = session.get_one(Account, cast.ids[name])
        feed = calendar_feeds.feed_of(session, account.id)
    if feed is None:
        calendar_feeds.make(cast.office, account, cast.office.now())
        return address(cast, name)
    found = calendar_feeds.address(cast.office.settings, feed)
    assert found is not None
    return found.removeprefix(cast.office.settings.url)


def test_many_presses_at_once_leave_one_address(each_cast: Cast) -> None:
    cast, people = each_cast, 8
    with cast.office.db.read() as session:
        account = session.get_one(Account, cast.ids["lan"])
    start = threading.Barrier(people)

    def press(_: int) -> None:
        start.wait()
        calendar_feeds.make(cast.office, account, cast.office.now())

    for _ in range(3):  # with none before, and with one
        with ThreadPoolExecutor(people) as pool:
            list(pool.map(press, range(people)))
        with cast.office.db.read() as session:
            (feed,) = session.exec(select(CalendarFeed).where(CalendarFeed.account_id == account.id)).all()
            found = calendar_feeds.address(cast.office.settings, feed)
            assert found is not None
            token = found.rpartition("/")[2].removesuffix(".ics")
            assert calendar_feeds.find(session, token)[1].id == account.id


def read(program: TestClient, path: str, folder: Path) -> dict[str, dict[str, Any]]:
    """By uid: the events, as another reader of calendars sees them."""
    node = needs.program("node", "nodejs")
    if not (ROOT / "node_modules" / "ical.js").is_dir():
        needs.missing("ical.js", "run `npm ci` in the project's folder to run this test.")
    answer = program.get(path)
    assert answer.status_code == 200, answer.text
    file = folder / "calendar.ics"
    file.write_bytes(answer.content)
    done = subprocess.run(
        [node, str(ROOT / "tests" / "ics_read.mjs"), str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["name"], found["zones"]) == ("Hồ Sơ Số", ["Asia/Ho_Chi_Minh"])
    events = {event["uid"]: event for event in found["events"]}
    assert len(events) == len(found["events"])
    return events


def titles(events: dict[str, dict[str, Any]], beginning: str) -> list[str]:
    return [e["title"] for e in events.values() if e["title"].startswith(beginning)]


# --- what stands in it ----------------------------------------------------------------------------------


def test_a_limit_is_an_event_that_ends_at_the_limit(cast: Cast, program: TestClient, tmp_path: Path) -> None:
    events = read(program, address(cast, "lan"), tmp_path)
    found = events[f"limit-lesson-plan-{cast.ids['lan']}-{cast.weeks[13]}@hososo"]
    assert found["title"] == "Hạn nộp: Kế hoạch bài dạy (giáo án), tuần 13"
    # before Wednesday 25/11 at 00:00 in Vietnam is 17:00 of Tuesday in Greenwich
    assert (found["start"], found["end"]) == ("2026-11-24T16:00:00Z", "2026-11-24T17:00:00Z")
    assert found["zone"] == "Asia/Ho_Chi_Minh"
    assert found["alarms"] == ["2026-11-23T09:00:00Z", "2026-11-24T00:30:00Z"]
    assert found["url"].endswith(f"/documents/new?type=lesson-plan&week={cast.weeks[13]}")
    assert found["about"].startswith("Ký và trình trước 00:00 thứ Tư 25/11. Hết thứ Ba của tuần")


def test_what_is_signed_is_done_and_what_was_missed_stays_a_while(
    cast: Cast, program: TestClient, tmp_path: Path
) -> None:
    path = address(cast, "lan")
    cast.sent("lan", 14)
    limits = titles(read(program, path, tmp_path), "Hạn nộp: Kế hoạch bài dạy")
    weeks = [int(title.rpartition(" ")[2]) for title in limits]
    assert weeks == [n for n in range(8, 36) if n != 14]


def test_a_head_has_the_groups_limits_and_the_reviews_that_wait(
    cast: Cast, program: TestClient, tmp_path: Path
) -> None:
    path = address(cast, "hoa")
    cast.sent("lan", 14)
    cast.sent("mai", 14)
    cast.sent("mai", 15)
    events = read(program, path, tmp_path)
    assert titles(events, "Hạn duyệt") == [
        "Hạn duyệt: Kế hoạch bài dạy (giáo án), tuần 14 (2)",
        "Hạn duyệt: Kế hoạch bài dạy (giáo án), tuần 15",
    ]
    assert titles(events, "Hạn nộp: Kế hoạch dạy học của tổ")
    assert not titles(read(program, address(cast, "mai"), tmp_path), "Hạn nộp: Kế hoạch dạy học của tổ")


def test_reviews_due_within_the_same_minute_are_one_event(
    cast: Cast, program: TestClient, tmp_path: Path
) -> None:
    steps = [("lan", 0), ("mai", 40), ("lien", 60)]
    due_at = datetime(2026, 11, 27, 9, 15, tzinfo=UTC)
    for name, seconds in steps:
        document = cast.sent(name, 14)
        with cast.office.db.write() as session:
            step = session.exec(select(OpenStep).where(col(OpenStep.document_id) == document.id)).one()
            step.due_at = due_at + timedelta(seconds=seconds)
    events = read(program, address(cast, "hoa"), tmp_path)
    found = {e["title"]: e["end"] for e in events.values() if e["title"].startswith("Hạn duyệt")}
    assert found == {
        "Hạn duyệt: Kế hoạch bài dạy (giáo án), tuần 14 (2)": "2026-11-27T09:15:00Z",
        "Hạn duyệt: Kế hoạch bài dạy (giáo án), tuần 14": "2026-11-27T09:16:00Z",
    }


def test_duties_after_an_approval_stand_in_it_until_they_are_met(
    cast: Cast, program: TestClient, tmp_path: Path
) -> None:
    path = address(cast, "lan")
    document = cast.sent("lan", 14)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    assert titles(read(program, path, tmp_path), "Tải về") == [
        "Tải về máy để sử dụng: Kế hoạch bài dạy (giáo án), tuần 14"
    ]
    blob = cast.fresh(document.id).blob or ""
    assert duties.downloaded(cast.office, cast.actor("lan"), document.id, blob, "page")
    assert titles(read(program, path, tmp_path), "Tải về") == []


def test_days_off_breaks_and_absences_are_whole_days(cast: Cast, program: TestClient, tmp_path: Path) -> None:
    storm = date(2026, 12, 7)
    with cast.office.db.write() as session:
        session.add(
            CalendarChange(
                school_id=cast.school_id,
                seq=1,
                kind="moved",
                first_day=storm,
                last_day=storm,
                taught_on=storm + timedelta(days=5),
                reason="Nghỉ tránh bão",
                entered_by=cast.ids["admin"],
                entered_at=cast.office.now(),
            )
        )
        session.add(
            YearFrame(
                school_id=cast.school_id,
                year="2026-2027",
                source="QĐ",
                first_day=FIRST_MONDAY,
                term1_before=date(2027, 1, 16),
                term2_before=date(2027, 5, 31),
                breaks=[{"name": "Tết Nguyên đán", "first": "2027-02-01", "last": "2027-02-14"}],
                saved_at=cast.office.now(),
            )
        )
    away(cast, "hoa", "lien", first_day=day(cast, 3))
    events = read(program, address(cast, "hoa"), tmp_path)
    days = {e["title"]: (e["start"], e["end"]) for e in events.values() if "T" not in e["start"]}
    assert days["Tiết dạy chuyển sang thứ Bảy 12/12: Nghỉ tránh bão"] == ("2026-12-07", "2026-12-08")
    assert days["Dạy bù thứ Hai 07/12: Nghỉ tránh bão"] == ("2026-12-12", "2026-12-13")
    assert days["Nghỉ: Tết Nguyên đán"] == ("2027-02-01", "2027-02-15")
    assert days["Vắng mặt, đã ủy quyền"][0] == day(cast, 3).isoformat()


@pytest.mark.parametrize(
    ("kind", "reason", "said"),
    [
        ("holiday", "Quốc khánh", {"Nghỉ: Quốc khánh"}),
        ("holiday", "Nghỉ Tết Nguyên đán", {"Nghỉ Tết Nguyên đán"}),
        ("moved", "Dạy bù 07/12", {"Tiết dạy chuyển sang thứ Bảy 12/12", "Dạy bù thứ Hai 07/12"}),
        (
            "moved",
            "Bão",
            {"Tiết dạy chuyển sang thứ Bảy 12/12: Bão", "Dạy bù thứ Hai 07/12: Bão"},
        ),
    ],
)
def test_a_day_without_lessons_says_once_why_and_where_they_went(
    cast: Cast, program: TestClient, tmp_path: Path, kind: str, reason: str, said: set[str]
) -> None:
    monday = date(2026, 12, 7)
    with cast.office.db.write() as session:
        session.add(
            CalendarChange(
                school_id=cast.school_id,
                seq=1,
                kind=kind,
                first_day=monday,
                last_day=monday,
                taught_on=monday + timedelta(days=5) if kind == "moved" else None,
                reason=reason,
                entered_by=cast.ids["admin"],
                entered_at=cast.office.now(),
            )
        )
    events = read(program, address(cast, "lan"), tmp_path)
    assert {e["title"] for e in events.values() if "T" not in e["start"]} == said


def test_it_speaks_its_owners_language(cast: Cast, program: TestClient, tmp_path: Path) -> None:
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["lan"]).language = "en"
    assert "Due: Lesson plan, week 13" in titles(read(program, address(cast, "lan"), tmp_path), "Due")


def test_titles_people_typed_and_names_do_not_leave_the_system(cast: Cast, program: TestClient) -> None:
    cast.sent("lan", 14)
    text = program.get(address(cast, "hoa")).text.replace("\r\n ", "")
    assert "Hạn duyệt" in text
    for word in ("Lan", "Bài 28", "bài toán", "Toán"):
        assert word not in text


# --- read again -----------------------------------------------------------------------------------------


def test_the_same_calendar_is_not_sent_twice_and_a_new_rule_is_a_new_sequence(
    cast: Cast, program: TestClient, tmp_path: Path
) -> None:
    path = address(cast, "lan")
    first = program.get(path)
    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert first.headers["cache-control"] == "private, max-age=900"
    again = program.get(path, headers={"if-none-match": f"W/{first.headers['etag']}"})
    assert (again.status_code, again.content) == (304, b"")
    before = read(program, path, tmp_path)
    with cast.office.db.write() as session:
        session.add(
            DeadlineRule(
                school_id=cast.school_id,
                key="lesson_plan_due",
                valid_from=date(2026, 12, 14),
                value=as_data(BeforeWeekday(FRIDAY, weeks_before=1, setting="lesson_plan_due")),
                set_at=cast.office.now() + timedelta(seconds=2),  # calendars know whole seconds
                set_by=cast.ids["admin"],
            )
        )
    assert program.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 200
    after = read(program, path, tmp_path)
    assert before.keys() == after.keys()
    key = f"limit-lesson-plan-{cast.ids['lan']}-{cast.weeks[16]}@hososo"
    assert (before[key]["end"], after[key]["end"]) == ("2026-12-15T17:00:00Z", "2026-12-17T17:00:00Z")
    assert after[key]["sequence"] == before[key]["sequence"] + 1
    assert after[key]["changed"] > before[key]["changed"]


# --- who may read it ------------------------------------------------------------------------------------


def test_the_address_is_made_shown_replaced_and_stopped(
    cast: Cast, reader: People, program: TestClient
) -> None:
    lan = reader("lan")

    def shown() -> str:
        (field,) = lan.get("/account").all("#feed")
        return str(field.get("value")).removeprefix(cast.office.settings.url)

    assert lan.get("/account").all("#feed") == []
    lan.get("/account").send("/account/calendar/make")
    first = shown()
    assert shown() == first
    assert re.fullmatch(r"/calendar/[\w-]{43}\.ics", first)
    assert program.get(first).status_code == 200
    lan.get("/account").send("/account/calendar/make")
    assert shown() != first
    assert program.get(first).status_code == 404
    second = shown()
    assert program.get(second).status_code == 200
    lan.get("/account").send("/account/calendar/stop")
    assert program.get(second).status_code == 404
    assert lan.get("/account").all("#feed") == []


def test_a_wrong_address_and_a_closed_account_are_not_found(cast: Cast, program: TestClient) -> None:
    path = address(cast, "lan")
    assert program.get("/calendar/" + "A" * 43 + ".ics").status_code == 404
    assert program.get(path[:-5] + ".ics").status_code == 404
    assert program.post(path).status_code == 405
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["lan"]).active = False
    assert program.get(path).status_code == 404


def test_the_buttons_want_a_person_and_their_form(cast: Cast, reader: People, program: TestClient) -> None:
    assert program.post("/account/calendar/make", follow_redirects=False).status_code in (303, 401)
    assert reader("lan").client.post("/account/calendar/make", data={}).status_code == 403
    assert reader("lan").get("/account").send("/account/calendar/make").status == 200
    with cast.office.db.read() as session:
        assert [f.account_id for f in session.exec(select(CalendarFeed))] == [cast.ids["lan"]]


def test_another_school_reads_its_own_days_only(cast: Cast, program: TestClient, tmp_path: Path) -> None:
    with cast.office.db.write() as session:
        session.add(
            CalendarChange(
                school_id=cast.school_id,
                seq=1,
                kind="off",
                first_day=date(2026, 12, 7),
                last_day=date(2026, 12, 7),
                reason="Nghỉ tránh bão",
                entered_by=cast.ids["admin"],
                entered_at=cast.office.now(),
            )
        )
    assert titles(read(program, address(cast, "lan"), tmp_path), "Nghỉ") == ["Nghỉ tránh bão"]
    assert read(program, address(cast, "teacher_b"), tmp_path) == {}


def test_the_address_stands_in_no_table_and_no_log(cast: Cast) -> None:
    token = address(cast, "lan").removeprefix("/calendar/").removesuffix(".ics")
    with cast.office.db.read() as session:
        row = session.exec(select(CalendarFeed)).one()
    assert token not in str(row)
    for said in (f"GET /calendar/{token}.ics 200", f"cannot serve at /calendar/{token}.ics"):
        assert token not in masked(said)
    assert masked(f"/reset/{token}?x=1") == "/reset/…?x=1"


def test_an_address_made_with_another_master_key_is_not_shown_wrongly(cast: Cast, reader: People) -> None:
    address(cast, "lan")
    with cast.office.db.write() as session:
        session.exec(select(CalendarFeed)).one().token_hash = "0" * 64
    page = reader("lan").get("/account")
    assert page.all("#feed") == []
    assert "Địa chỉ cũ không hiện lại được" in page.words


def test_one_network_asks_only_so_often(
    cast: Cast, program: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_feed, "ASKED", Limiter(2, timedelta(minutes=10)))
    path = address(cast, "lan")
    assert [program.get(path).status_code for _ in range(3)] == [200, 200, 429]


def test_times_are_vietnams_whatever_the_limit(cast: Cast, program: TestClient) -> None:
    text = program.get(address(cast, "lan")).text
    limit = datetime(2026, 11, 25, tzinfo=VIETNAM)
    assert f"DTEND;TZID=Asia/Ho_Chi_Minh:{limit:%Y%m%dT%H%M%S}" in text
