"""A spot check on a phone: who else uses it, the keyboard alone, without scripts, for everybody to read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Error, expect

from service.passes import COOKIE
from tests.browser.corridor import (
    Line,
    arrived,
    fill,
    holds,
    mark,
    open_check,
    pages_kept,
    press,
    times,
    waiting,
)
from tests.browser.test_accessibility import faults_of
from tests.browser.window import Window, first_journey, ready, tab_to, visit
from tests.cast import Cast, signed_in
from tests.spot_checks import planned, row_of
from tests.waiting import until


def test_signing_out_asks_and_leaves_nothing(cast: Cast, phone: Callable[..., Window], line: Line) -> None:
    check = planned(cast)
    binh = phone("binh")
    open_check(binh, check)
    mark(binh.page, "teaching_plan", "present")
    expect(binh.page.locator("[data-state=kept]")).to_be_visible()
    binh.page.locator("details.who summary").click()
    with binh.page.expect_event("dialog") as asked:
        binh.page.once("dialog", lambda dialog: dialog.dismiss())
        binh.page.get_by_role("button", name="Đăng xuất").click()
    assert "chưa gửi" in asked.value.message
    assert holds(binh.page) == 1 and pages_kept(binh.page)
    binh.page.once("dialog", lambda dialog: dialog.accept())
    binh.page.get_by_role("button", name="Đăng xuất").click()
    binh.page.wait_for_url("**/sign-in")
    ready(binh.page)
    until(lambda: (holds(binh.page), pages_kept(binh.page)) == (0, []), "nothing is left on the phone")
    line.cut()
    with pytest.raises(Error):
        binh.page.goto(f"/spot/{check}")  # nothing opens it now


def test_somebody_else_who_signs_in_sees_nothing_and_loses_nothing(
    cast: Cast, phone: Callable[..., Window], line: Line
) -> None:
    check = planned(cast)
    binh = phone("binh")
    open_check(binh, check)
    line.cut()
    fill(binh.page)
    press(binh.page)
    waiting(binh.page)
    context = binh.page.context
    binh.page.close()
    line.mend()

    def becomes(name: str) -> None:
        context.clear_cookies()
        context.add_cookies(
            [{"name": COOKIE, "value": signed_in(cast.office, name, "session"), "url": line.address}]
        )
        binh.page = context.new_page()
        visit(binh, "/documents")

    becomes("lan")
    until(lambda: pages_kept(binh.page) == [], "the pages are gone")
    assert holds(binh.page) == 1, "what was not sent waits for its owner"
    assert row_of(cast, check).state == "planned", "and is not sent by anybody else"
    binh.page.close()
    becomes("binh")
    arrived(cast, check)
    until(lambda: holds(binh.page) == 0, "nothing is left on the phone")


def test_the_keyboard_alone(cast: Cast, phone: Callable[..., Window]) -> None:
    check = planned(cast)
    binh = phone("binh", "desk")
    open_check(binh, check)
    page = binh.page
    tab_to(page, "[name=teaching_plan]")
    page.keyboard.press("Space")
    tab_to(page, "[name=lesson_plan]")
    page.keyboard.press("ArrowRight")
    tab_to(page, "#f-words")
    page.keyboard.type("Em quên ạ.")
    tab_to(page, "#f-read_back")
    page.keyboard.press("Space")
    times(page)
    tab_to(page, "form[data-marks] .btn--go")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sent")
    record = arrived(cast, check).record
    assert record is not None
    assert (record["teaching_plan"]["mark"], record["lesson_plan"]["mark"]) == ("present", "absent")


def test_what_a_phone_says_without_a_network_passes_axe_and_reflows(
    cast: Cast, phone: Callable[..., Window], line: Line, axe: str
) -> None:
    check, other = planned(cast), planned(cast, period=4)
    first, binh = phone("binh"), phone("binh")
    for one in (first, binh):
        open_check(one, check)
    fill(first.page, "Lời thứ nhất.")
    press(first.page)
    first.page.wait_for_url("**/sent")
    fill(binh.page, "Lời thứ hai.")
    press(binh.page)
    expect(binh.page.locator("[data-stands-rows]")).to_contain_text("Lời thứ nhất.")
    faults = {"a conflict": faults_of(binh.page, axe)}
    line.cut()
    binh.page.set_viewport_size({"width": 390, "height": 844})
    binh.page.goto(f"/spot/{other}")
    ready(binh.page)
    fill(binh.page)
    press(binh.page)
    waiting(binh.page)
    faults["waiting"] = faults_of(binh.page, axe)
    binh.page.goto("/spot/no-such-page")
    expect(binh.page.locator("h1")).to_have_text("Trang này chưa có trong máy")
    expect(binh.page.locator(".held__i")).to_have_count(2)
    faults["no page"] = faults_of(binh.page, axe)
    assert not any(faults.values()), faults


def test_without_scripts(cast: Cast, browser: Browser, site: str) -> None:
    check = planned(cast)
    context = browser.new_context(
        base_url=site, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    context.add_cookies([{"name": COOKIE, "value": signed_in(cast.office, "binh", "session"), "url": site}])
    page = context.new_page()
    first_journey(page, f"/spot/{check}")
    mark(page, "teaching_plan", "absent")
    mark(page, "lesson_plan", "printed")
    page.fill("#f-teaching_code", "AAAA-BBBB-CCCC")
    page.get_by_role("button", name="Xem mã").first.click()
    expect(page.locator("[data-verdict=teaching_code]")).to_contain_text("Không có bản in nào mang mã này")
    expect(page.locator("#f-teaching_plan-absent")).to_be_checked()
    page.fill("#f-words", "Em quên ạ.")
    times(page)
    page.select_option("#f-lesson_plan_reason", "no_laptop")
    page.get_by_role("button", name="Gửi phiếu").click()
    expect(page.locator(".errors:visible")).to_contain_text("Đưa giáo viên đọc lại")
    expect(page.locator("#f-words")).to_have_value("Em quên ạ.")
    expect(page.locator("#f-lesson_plan_reason")).to_have_value("no_laptop")
    page.check("#f-read_back")
    page.get_by_role("button", name="Gửi phiếu").click()
    page.wait_for_url("**/sent")
    expect(page.locator("main")).to_contain_text("Máy chủ đã nhận phiếu")
    record = arrived(cast, check).record
    assert record is not None and record["teaching_plan"]["code_says"] == "unknown"
