"""Spot checks on the desk: plan, draw, see, end, sign; who sees names and who totals; the published draw."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlmodel import Session, col, select

from flows import batches, spot_clock, spot_planning, spot_records
from flows.spot_checks import end
from flows.spot_marks import Marks, Sending
from flows.spot_planning import Wish
from models.batch import Batch
from models.errors import Invalid, WrongStep
from models.school import SchoolClass
from models.spot_check import SpotCheck, SpotDraw
from tests.cast import PIN, Cast
from tests.flows.test_spot_checks import GOOD, NONE, TODAY, WEEK, chosen, row, sending
from tests.service.reading import People
from tests.timetables import timetable
from tests.waiting import until

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def school(cast: Cast) -> Cast:
    timetable(cast, "lan", "3A", (1, 2, "Toán"), (1, 3, "Tiếng Việt"), (2, 1, "Toán"), (2, 2, "Đạo đức"))
    timetable(cast, "huong", "4A", (1, 2, "Khoa học"), (2, 1, "Toán"), (2, 3, "Toán"), (2, 5, "Toán"))
    timetable(cast, "son", "5A", (2, 1, "Toán"), (2, 2, "Toán"), (2, 4, "Toán"))
    timetable(cast, "binh", "2A", (2, 3, "Toán"))
    return cast


def drawn(cast: Cast, by: str = "binh", wanted: int = 2) -> str:
    return spot_planning.plan(cast.office, cast.actor(by), Wish(TOMORROW, TOMORROW, wanted))


def checks(cast: Cast) -> list[SpotCheck]:
    with cast.office.db.read() as session:
        return list(session.exec(select(SpotCheck).order_by(col(SpotCheck.id))))


def class_names(session: Session) -> dict[str, str]:
    return dict(session.exec(select(SchoolClass.id, SchoolClass.name)).all())


def test_an_inspector_chooses_a_check_of_a_day_with_a_reason(school: Cast, reader: People) -> None:
    page = reader("binh").get("/spot")
    assert page.status == 200
    assert "Hôm nay không có phiếu" in page.words
    form = reader("binh").get("/spot/new")
    options = [o.text_content() for o in form.all("#f-lesson option")]
    assert "3A, Toán, Nguyễn Thị Lan" in options
    assert form.all("#f-inspector") == []
    refused = form.send("/spot/new", lesson=f"morning/2/{school.classes['3A']}", reason="a")
    assert refused.status == 422
    assert refused.all("#f-lesson option[selected]") or "Ghi lý do" in refused.words
    done = refused.send("/spot/new", reason="Theo kế hoạch tháng 11")
    assert done.path == "/spot"
    assert "Đã lên lịch kiểm tra" in done.words
    assert "Lớp 3A, tiết 2 sáng" in done.words
    assert [c.state for c in checks(school)] == ["planned"]
    assert "1 phiếu kiểm tra đột xuất phải thực hiện hôm nay" in reader("binh").get("/").words
    assert "phải thực hiện hôm nay" not in reader("minh").get("/").words


def test_a_day_without_lessons_says_so(school: Cast, reader: People) -> None:
    page = reader("binh").get("/spot/new?day=29/11/2026")
    assert "không có tiết dạy nào" in page.words
    wrong = reader("binh").get("/spot/new?day=mai")
    assert wrong.status == 422 and "không phải là ngày" in wrong.words
    old = reader("binh").get("/spot/new?day=31/12/1999")
    assert old.status == 422 and "từ 01/01/2000 đến 31/12/2099" in old.words
    assert "không phải là ngày" not in old.words


def test_a_draw_is_published_to_all_and_shows_what_was_drawn_only_when_it_is_over(
    school: Cast, reader: People
) -> None:
    form = reader("minh").get("/spot/draws/new")
    refused = form.send("/spot/draws/new", wanted="ba")
    assert refused.status == 422
    today = form.send("/spot/draws/new", first_day=f"{TODAY:%d/%m/%Y}")
    assert "ngày mai trở đi" in today.words
    page = form.send("/spot/draws/new", inspector=school.ids["binh"], wanted="2")
    with school.office.db.read() as session:
        draw = session.exec(select(SpotDraw)).one()
        names = class_names(session)
    slots = [f"{names[c.class_id]}, tiết {c.period} sáng 25/11/2026" for c in checks(school)]
    assert page.path == f"/spot/draws/{draw.id}"
    assert all(slot in page.words for slot in slots)
    for who in ("lan", "hoa", "thu", "admin"):
        seen = reader(who).get(f"/spot/draws/{draw.id}")
        assert draw.commitment in seen.words
        assert draw.pool_sha256 in seen.words
        drawn_section = seen.tree.xpath("//section[@aria-labelledby='h-drawn']")[0].text_content()
        assert "tiết" not in drawn_section.replace("Các tiết được rút", "")
        file = reader(who).client.get(f"/spot/draws/{draw.id}/draw.json").json()
        assert file["seed"] is None
    assert reader("principal_b").get(f"/spot/draws/{draw.id}").status == 404
    assert reader("principal_b").get(f"/spot/draws/{draw.id}/draw.json").status == 404
    for check in checks(school):
        with pytest.raises(WrongStep):
            not_made(school, check)
    at_its_day(school)
    for check in checks(school):
        not_made(school, check)
    assert spot_clock.look(school.office.db, school.office.settings, school.office.now()) >= 0
    assert reader("lan").client.get(f"/spot/draws/{draw.id}/draw.json").json()["seed"] is None
    spot_clock.look(school.office.db, school.office.settings, school.office.now() + timedelta(days=1))
    seen = reader("lan").get(f"/spot/draws/{draw.id}?recompute=1")
    assert all(slot in seen.words for slot in slots)
    assert "Khớp" in seen.words
    for name in ("Nguyễn Thị Lan", "Hoàng Văn Sơn", "Đặng Thị Hường"):
        assert name not in seen.tree.xpath("//main")[0].text_content()


def not_made(cast: Cast, check: SpotCheck) -> None:
    end(cast.office, cast.actor("binh"), check.id, "busy", "Họp hội đồng cả ngày")


def at_its_day(cast: Cast) -> None:
    """The clock of the day the draw was made for."""
    later = cast.office.now() + timedelta(days=1)
    cast.office.now = lambda: later


def test_a_pool_of_which_anyone_could_guess_is_refused(school: Cast, reader: People) -> None:
    form = reader("binh").get("/spot/draws/new")
    few = form.send("/spot/draws/new", wanted="3")
    assert few.status == 422 and "cần ít nhất 6, gấp 2 lần số phiếu" in few.words
    plan, binh = spot_planning.plan, school.actor("binh")
    narrow = [
        Wish(TOMORROW, TOMORROW, 1, periods=(("morning", 1),)),  # three slots
        Wish(TOMORROW, TOMORROW, 1, classes=(school.classes["3A"],)),  # one teacher
    ]
    for wish in narrow:
        with pytest.raises(Invalid) as refused:
            plan(school.office, binh, wish)
        assert [fault.path for fault in refused.value.faults] == ["first_day"]
    timetable(school, "lan", "3A", *((2, n, "Toán") for n in (6, 7, 8, 9)))
    with pytest.raises(Invalid) as refused:
        plan(school.office, binh, Wish(TOMORROW, TOMORROW, 1, classes=(school.classes["3A"],)))
    assert "của 1 giáo viên" in refused.value.sentence.vi, "six slots, all of one teacher"
    assert not checks(school)


def test_the_page_of_a_draw_tells_commands_that_recompute_it(
    school: Cast, reader: People, tmp_path: Path
) -> None:
    draw_id = drawn(school)
    spot_clock.look(school.office.db, school.office.settings, school.office.now() + timedelta(days=2))
    page = reader("lan").get(f"/spot/draws/{draw_id}")
    (tmp_path / "draw.json").write_bytes(reader("lan").client.get(f"/spot/draws/{draw_id}/draw.json").content)
    typed = page.all("#f-python")[0].text_content().strip()
    shell = subprocess.run(
        ["/bin/sh", "-c", typed.replace("python3", sys.executable)],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with school.office.db.read() as session:
        names = class_names(session)
    rows = sorted(checks(school), key=lambda c: c.place or 0)
    keys = [f"{c.day.isoformat()}/{c.session}/{c.period}/{names[c.class_id]}" for c in rows]
    assert shell.stdout.split() == keys
    own = [sys.executable, "-m", "service.cli", "spot", "verify", str(tmp_path / "draw.json")]
    told = subprocess.run(own, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[2:] == keys
    file = json.loads((tmp_path / "draw.json").read_text())
    (tmp_path / "draw.json").write_text(json.dumps(file | {"seed": "00" * 32}))
    assert subprocess.run(own, capture_output=True, check=False).returncode == 2
    (tmp_path / "draw.json").write_text("không phải")
    broken = subprocess.run(own, capture_output=True, text=True, check=False)
    assert broken.returncode == 1
    assert "Traceback" not in broken.stderr


def test_only_those_who_inspect_plan(school: Cast, reader: People) -> None:
    for who in ("lan", "hoa", "thu", "admin"):
        for path in ("/spot/new", "/spot/draws/new"):
            assert reader(who).get(path).status == 403


def test_a_teacher_sees_totals_and_only_their_own_checks(school: Cast, reader: People) -> None:
    check_id = chosen(school)
    before = reader("lan").get("/spot")
    assert "Lớp 3A" not in before.words
    assert reader("lan").get(f"/spot/{check_id}").status == 404
    spot_records.record(school.office, school.actor("binh"), check_id, sending(school, NONE))
    mine = reader("lan").get("/spot")
    assert "Lớp 3A, tiết 2 sáng" in mine.words
    assert "Học kì 1, 2026-2027" in mine.words
    other = reader("huong").get("/spot")
    assert "Học kì 1, 2026-2027" in other.words
    main = other.tree.xpath("//main")[0].text_content()
    assert "Lớp 3A" not in main
    assert "Nguyễn Thị Lan" not in main
    assert reader("huong").get(f"/spot/{check_id}").status == 404
    assert reader("huong").get(f"/spot/{check_id}/sent").status == 404
    assert "vi phạm" not in mine.tree.xpath("//section[@aria-labelledby='h-past']")[0].text_content()
    theirs = reader("teacher_b").get("/spot")
    assert "Học kì" not in theirs.words


def test_several_checks_are_signed_with_one_pin(school: Cast, reader: People) -> None:
    for n, place in enumerate(({}, {"period": 3})):
        made = chosen(school, **place)
        spot_records.record(
            school.office, school.actor("binh"), made, sending(school, GOOD, key=f"key-{n:05}")
        )
    desk = reader("binh").get("/spot")
    assert "2 phiếu đã gửi, chờ ký" in desk.words
    chosen_page = reader("binh").get("/batches/new?action=sign")
    assert "2 phiếu kiểm tra chờ tôi ký" in chosen_page.words
    manifest = chosen_page.send("/batches/new")
    assert "Ký 2 phiếu kiểm tra bằng một mã PIN" in manifest.words
    wrong = manifest.send("/batches", pin="111111")
    assert wrong.status == 403
    assert "Ký 2 phiếu kiểm tra bằng một mã PIN" in wrong.words
    begun = wrong.send("/batches", pin=PIN)
    batch_id = begun.path.rsplit("/", 1)[1]

    def ended() -> bool:
        with school.office.db.read() as session:
            return session.get_one(Batch, batch_id).state != "running"

    until(ended, "the round to end")
    with school.office.db.read() as session:
        assert batches.progress(session, school.actor("binh"), batch_id).counts == {"signed": 2}
    steps = {school.fresh(c.document_id or "").step for c in checks(school)}
    assert steps == {"finding"}
    assert "chờ ký" not in reader("binh").get("/spot").words


def test_what_waits_for_a_finding_stands_on_the_principals_page(school: Cast, reader: People) -> None:
    check_id = chosen(school)
    spot_records.record(school.office, school.actor("binh"), check_id, sending(school, NONE))
    school.act("binh", row(school, check_id).document_id or "", "sign")
    page = reader("minh").get("/spot")
    section = page.tree.xpath("//section[@aria-labelledby='h-wait']")[0].text_content()
    assert "Phiếu kiểm tra đột xuất lớp 3A" in section
    assert not reader("binh").get("/spot").tree.xpath("//section[@aria-labelledby='h-wait']")


def test_a_sent_check_is_opened_again_from_its_page_until_it_is_signed(school: Cast, reader: People) -> None:
    check_id = chosen(school)
    spot_records.record(school.office, school.actor("binh"), check_id, sending(school, NONE))
    paper = row(school, check_id).document_id
    button = f"/documents/{paper}/withdraw"
    binh = reader("binh")
    sent = binh.get(f"/spot/{check_id}/sent")
    assert [a for a in sent.all("a") if a.get("href") == button]
    assert not [a for a in reader("lan").get(f"/spot/{check_id}/sent").all("a") if a.get("href") == button]
    asked = binh.get(button)
    assert "Mở lại phiếu để sửa" in asked.words and "Giáo viên được báo" in asked.words
    again = asked.send("/withdraw")
    assert again.path == f"/spot/{check_id}" and row(school, check_id).state == "planned"
    spot_records.record(school.office, school.actor("binh"), check_id, sending(school, key="phone-0009"))
    school.act("binh", row(school, check_id).document_id or "", "sign")
    assert "Mở lại phiếu" not in binh.get(f"/spot/{check_id}/sent").words


def test_why_a_check_is_not_made_and_what_was_drawn_is_not_taken_back(school: Cast, reader: People) -> None:
    drawn(school)
    first = checks(school)[0]
    assert reader("binh").get(f"/spot/{first.id}/end").path == f"/spot/{first.id}", "not before its day"
    assert f"/spot/{first.id}/end" not in reader("binh").get("/spot").source
    at_its_day(school)
    assert f"/spot/{first.id}/end" in reader("binh").get("/spot").source
    page = reader("binh").get(f"/spot/{first.id}/end")
    assert "không đổi sang tiết khác và không hủy" in page.words
    refused = page.send(f"/spot/{first.id}/end", do="end", kind="other")
    assert refused.status == 422
    taken = refused.send(f"/spot/{first.id}/end", do="cancel", words="Không muốn kiểm tra")
    assert taken.status == 403
    silent = refused.send(f"/spot/{first.id}/end", do="end", kind="busy", words="")
    assert silent.status == 422 and "Ghi lý do" in silent.words
    done = silent.send(f"/spot/{first.id}/end", do="end", kind="busy", words="Họp hội đồng cả ngày")
    assert "Đã ghi lý do" in done.words
    mine = chosen(school, day=TODAY + timedelta(weeks=1))
    gone = (
        reader("binh").get(f"/spot/{mine}/end").send(f"/spot/{mine}/end", do="cancel", words="Chọn nhầm lớp")
    )
    assert "Đã hủy phiếu" in gone.words


def test_the_list_for_a_spreadsheet_has_no_formula_and_only_what_one_may_see(
    school: Cast, reader: People
) -> None:
    check_id = chosen(school, reason="=HYPERLINK(1)")
    words = Marks("absent", "present", words="=1+1")
    spot_records.record(school.office, school.actor("binh"), check_id, sending(school, words))
    for who, count in (("binh", 1), ("minh", 1), ("lan", 1), ("huong", 0), ("teacher_b", 0)):
        answer = reader(who).client.get("/spot/list.xlsx")
        assert answer.status_code == 200
        sheet = load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None
        rows = [r for r in sheet.iter_rows(values_only=True) if r[3] == "3A"]
        assert len(rows) == count
        assert all(cell.data_type != "f" for r in sheet.iter_rows() for cell in r)


def test_the_clock_reveals_a_draw_that_is_over(school: Cast) -> None:
    draw_id = drawn(school)
    later = school.office.now() + timedelta(days=2)
    spot_clock.look(school.office.db, school.office.settings, later)
    with school.office.db.read() as session:
        assert session.get_one(SpotDraw, draw_id).revealed_at == later
    assert {c.ended_kind for c in checks(school)} == {"not-made"}
    school.office.now = lambda: later
    record = Sending("phone-late", GOOD, later)
    assert not spot_records.record(school.office, school.actor("binh"), checks(school)[0].id, record).repeated


def test_weeks_of_tests_are_as_thought() -> None:
    assert (TODAY.isoformat(), WEEK) == ("2026-11-24", 12)
