"""A spot check on a phone: whole, and with a network that goes, lies, loses answers and comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from service.passes import COOKIE
from tests import needs
from tests.browser.corridor import (
    Line,
    arrived,
    fill,
    holds,
    mark,
    open_check,
    pages_kept,
    press,
    reload,
    times,
    waiting,
)
from tests.browser.window import PATIENCE, Window, first_journey, ready
from tests.cast import PASSWORD, Cast, signed_in
from tests.spot_checks import papers, planned, row_of
from tests.waiting import until


def count_sent(cast: Cast, *checks: str) -> int:
    return sum(row_of(cast, check).state == "sent" for check in checks)


def test_a_whole_check_with_a_network(cast: Cast, phone: Callable[..., Window]) -> None:
    check = planned(cast)
    binh = phone("binh")
    open_check(binh, check)
    expect(binh.page.locator("h1")).to_have_text("Lớp 3A, tiết 3, Toán")
    press(binh.page)  # nothing marked yet
    missing = binh.page.locator("[data-missing]")
    expect(missing).to_be_focused()
    expect(missing.locator("li")).to_have_count(2)
    mark(binh.page, "teaching_plan", "unclear")
    expect(missing.locator("li")).to_have_count(1)
    binh.page.fill("#f-teaching_code", "AAAA-BBBB-CCCC")
    binh.page.locator("[data-look=teaching_code]").click()
    verdict = binh.page.locator("[data-verdict=teaching_code]")
    expect(verdict).to_contain_text("Không có bản in nào mang mã này")
    binh.page.fill("#f-teaching_code", "")
    expect(verdict).to_have_text("")
    mark(binh.page, "lesson_plan", "printed")
    expect(missing).to_be_visible()  # the reason is missing yet
    binh.page.fill("#f-words", "Máy em hỏng từ thứ Sáu ạ.")
    times(binh.page)
    press(binh.page)
    expect(missing).to_contain_text("Chọn lý do dùng bản in thay")
    expect(missing).to_contain_text("Đưa giáo viên đọc lại")
    binh.page.select_option("#f-lesson_plan_reason", "broken")
    binh.page.check("#f-read_back")
    press(binh.page)
    binh.page.wait_for_url(f"**/spot/{check}/sent")
    ready(binh.page)
    expect(binh.page.locator("main")).to_contain_text("Bản in thay (Máy tính hỏng)")
    row = arrived(cast, check)
    assert row.record is not None and row.recorded_at is not None and row.arrived_at is not None
    assert row.record["teaching_plan"]["mark"] == "unclear"
    assert row.record["words"] == "Máy em hỏng từ thứ Sáu ạ."
    assert row.record["visit"]["place"] == "Lớp 3A" and row.record["visit"]["read_back"] is True
    assert row.record["visit"]["started"] <= row.record["visit"]["ended"]
    until(lambda: holds(binh.page) == 0, "nothing is left on the phone")
    assert binh.complaints == []


def test_a_network_that_goes_in_the_middle(cast: Cast, phone: Callable[..., Window], line: Line) -> None:
    check, other = planned(cast), planned(cast, period=4)
    binh = phone("binh")
    open_check(binh, check)
    assert {f"/spot/{check}", f"/spot/{other}", "/spot/no-network"} <= set(pages_kept(binh.page))
    mark(binh.page, "teaching_plan", "present")
    line.cut()
    mark(binh.page, "lesson_plan", "absent")
    binh.page.fill("#f-words", "Em để ở nhà ạ.")
    times(binh.page)
    expect(binh.page.locator("form[data-kept=yes]")).to_be_visible()
    expect(binh.page.locator("[data-state=kept]")).to_be_visible()
    reload(binh)  # no network: the page comes from the phone, and with it every mark
    expect(binh.page.locator("[data-offline]")).to_contain_text("Đang không có mạng")
    expect(binh.page.locator("#f-teaching_plan-present")).to_be_checked()
    expect(binh.page.locator("#f-lesson_plan-absent")).to_be_checked()
    expect(binh.page.locator("#f-words")).to_have_value("Em để ở nhà ạ.")
    expect(binh.page.locator(".item__e").first).to_contain_text("Theo dữ liệu lúc")
    binh.page.check("#f-read_back")
    expect(binh.page.locator("form[data-marks] .btn--go")).to_have_text(
        "Giữ phiếu, gửi khi có mạng", use_inner_text=True
    )
    press(binh.page)
    waiting(binh.page)
    expect(binh.page.locator("[data-offline]")).to_contain_text("1 phiếu đang chờ gửi")
    before = binh.page.evaluate("Date.now()")

    binh.page.goto(f"/spot/{other}")  # another check of the day, never opened with a network
    ready(binh.page)
    expect(binh.page.locator("h1")).to_have_text("Lớp 3A, tiết 4, Toán")
    expect(binh.page.locator(".held__i")).to_contain_text("Đang chờ gửi")
    fill(binh.page, "Em có đủ ạ.")
    press(binh.page)
    waiting(binh.page)
    expect(binh.page.locator("[data-offline]")).to_contain_text("2 phiếu đang chờ gửi")
    assert count_sent(cast, check, other) == 0

    line.mend()
    binh.page.evaluate("dispatchEvent(new Event('online'))")
    binh.page.wait_for_url(f"**/spot/{other}/sent")
    rows = [arrived(cast, one) for one in (check, other)]
    assert [row.record["words"] for row in rows if row.record] == ["Em để ở nhà ạ.", "Em có đủ ạ."]
    assert rows[0].recorded_at and rows[0].recorded_at.timestamp() * 1000 < before, "the phone's own time"
    assert line.posts == 2, "each was sent once"
    assert sorted(papers(cast)) == sorted(str(row.document_id) for row in rows)
    ready(binh.page)
    until(lambda: holds(binh.page) == 0, "nothing is left on the phone")


def test_an_answer_that_is_lost_makes_no_second_check(
    cast: Cast, phone: Callable[..., Window], line: Line
) -> None:
    check = planned(cast)
    binh = phone("binh")
    open_check(binh, check)
    fill(binh.page)
    line.loses_answers = True
    press(binh.page)
    row = arrived(cast, check)  # the server has it, the phone does not know
    waiting(binh.page)
    assert holds(binh.page) == 1
    line.mend()
    binh.page.evaluate("dispatchEvent(new Event('online'))")
    binh.page.wait_for_url(f"**/spot/{check}/sent")
    ready(binh.page)
    until(lambda: holds(binh.page) == 0, "nothing is left on the phone")
    assert line.posts >= 2, "it was sent again"
    assert row_of(cast, check).model_dump() == row.model_dump(), "and changed nothing"
    assert papers(cast) == [row.document_id]


def test_what_was_changed_after_a_lost_answer_is_shown_beside_what_stands(
    cast: Cast, phone: Callable[..., Window], line: Line
) -> None:
    check = planned(cast)
    binh = phone("binh")
    open_check(binh, check)
    fill(binh.page)
    line.loses_answers = True
    press(binh.page)
    arrived(cast, check)
    waiting(binh.page)
    binh.page.fill("#f-words", "Em nhớ lại rồi, em để ở phòng chờ ạ.")
    press(binh.page)
    waiting(binh.page)
    line.mend()
    binh.page.evaluate("dispatchEvent(new Event('online'))")
    held = binh.page.locator(".held__i")
    expect(held.locator("[data-stands-rows]")).to_contain_text("Em để ở nhà ạ.")
    expect(held.locator("[data-ours-rows]")).to_contain_text("em để ở phòng chờ ạ.")
    assert holds(binh.page) == 1
    record = row_of(cast, check).record
    assert record is not None and record["words"] == "Em để ở nhà ạ."


def test_two_phones_with_one_check(cast: Cast, phone: Callable[..., Window], line: Line) -> None:
    check = planned(cast)
    first, second = phone("binh"), phone("binh")
    for one in (first, second):
        open_check(one, check)
    fill(first.page, "Lời thứ nhất.")
    fill(second.page, "Lời thứ hai.")
    press(first.page)
    first.page.wait_for_url("**/sent")
    press(second.page)
    held = second.page.locator(".held__i")
    expect(held).to_contain_text("đã được gửi lúc")
    expect(held.locator("[data-stands-rows]")).to_contain_text("Lời thứ nhất.")
    expect(held.locator("[data-ours-rows]")).to_contain_text("Lời thứ hai.")
    record = row_of(cast, check).record
    assert record is not None and record["words"] == "Lời thứ nhất."
    second.page.fill("#f-words", "Lời thứ ba.")  # no other words are taken either
    held.get_by_role("link", name="Mở phiếu đã gửi").click()
    second.page.wait_for_url("**/sent")
    ready(second.page)
    expect(held.locator("[data-ours-rows]")).to_contain_text("Lời thứ hai.")  # still there, on every page
    expect(held.get_by_role("button", name="Gửi bản này")).to_have_count(0)
    assert holds(second.page) == 1
    asked: list[str] = []
    second.page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    held.get_by_role("button", name="Xóa bản trong máy này").click()
    expect(held).to_have_count(0)
    assert "không lấy lại được" in asked[0]
    until(lambda: holds(second.page) == 0, "nothing is left on the phone")


def test_a_check_taken_back_meanwhile_stays_on_the_phone_with_the_reason(
    cast: Cast, phone: Callable[..., Window], line: Line
) -> None:
    check = planned(cast)
    binh = phone("binh")
    open_check(binh, check)
    line.cut()
    fill(binh.page)
    press(binh.page)
    waiting(binh.page)
    with cast.office.db.write() as session:
        row = session.get_one(type(row_of(cast, check)), check)
        row.state, row.ended_kind, row.ended_words = "cancelled", "other", "Lớp đi dã ngoại."
        session.add(row)
    line.mend()
    binh.page.evaluate("dispatchEvent(new Event('online'))")
    held = binh.page.locator(".held__i")
    expect(held).to_contain_text("đã bị hủy")
    expect(held.locator("[data-stands-rows]")).to_contain_text("Lớp đi dã ngoại.")
    expect(held.locator("[data-ours-rows]")).to_contain_text("Em để ở nhà ạ.")
    assert row_of(cast, check).state == "cancelled" and holds(binh.page) == 1


def test_a_session_that_ended_is_begun_again_and_the_check_goes(
    cast: Cast, phone: Callable[..., Window], line: Line
) -> None:
    check = planned(cast)
    binh = phone("binh")
    open_check(binh, check)
    line.cut()
    fill(binh.page)
    press(binh.page)
    waiting(binh.page)
    binh.page.context.clear_cookies()
    line.mend()
    binh.page.evaluate("dispatchEvent(new Event('online'))")
    dialog = binh.page.get_by_role("dialog", name="Đăng nhập lại")
    expect(dialog.get_by_label("Tên đăng nhập")).to_have_value("binh")
    assert row_of(cast, check).state == "planned" and holds(binh.page) == 1
    dialog.get_by_label("Mật khẩu").fill(PASSWORD)
    dialog.get_by_role("button", name="Đăng nhập").click()
    binh.page.wait_for_url(f"**/spot/{check}/sent")
    arrived(cast, check)
    assert line.posts == 1


def test_a_browser_closed_and_opened_again_sends_from_any_page(
    cast: Cast, line: Line, tmp_path: Path
) -> None:
    check = planned(cast)
    program = needs.chromium()
    cookie = {"name": COOKIE, "value": signed_in(cast.office, "binh", "session"), "url": line.address}
    with sync_playwright() as play:

        def opened() -> Page:
            context = play.chromium.launch_persistent_context(
                str(tmp_path / "profile"),
                executable_path=program,
                base_url=line.address,
                args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            )
            context.set_default_timeout(PATIENCE)
            return context.pages[0]

        page = opened()
        page.context.add_cookies([{**cookie, "expires": page.evaluate("Date.now()") / 1000 + 86400}])  # type: ignore[list-item]
        first_journey(page, f"/spot/{check}")
        page.locator("html[data-kept]").wait_for(state="attached")
        line.cut()
        fill(page)
        press(page)
        waiting(page)
        page.context.close()

        page = opened()  # the phone was off; there is still no network
        first_journey(page, f"/spot/{check}")
        waiting(page)
        expect(page.locator("#f-words")).to_have_value("Em để ở nhà ạ.")
        assert row_of(cast, check).state == "planned"
        page.context.close()

        line.mend()
        page = opened()
        first_journey(page, "/documents")
        expect(page.locator("[data-outbox-line]")).to_contain_text("Đã gửi 1 phiếu")
        until(lambda: holds(page) == 0, "nothing is left on the phone")
        page.context.close()
    arrived(cast, check)
    assert line.posts == 1
