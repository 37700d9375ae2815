"""An import in a real browser: slips that can be cut."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.window import Window, visit
from tests.service.test_import import book


def test_the_scissors_leave_a_slip_whole(window: Callable[..., Window]) -> None:
    people = [[f"gv.moi{n}", "Nguyễn Thị Phương Thảo", "Giáo viên", "", "giáo viên", ""] for n in range(5)]
    admin = window("admin")
    page = admin.page
    visit(admin, "/admin/import")
    file = {"name": "truong.xlsx", "mimeType": "application/octet-stream", "buffer": book(people)}
    page.locator("input[type=file]").set_input_files([file])
    page.locator("form:has(input[type=file]) button.btn--go").click()
    page.get_by_role("button", name="Nhập 5 thay đổi").click()
    page.locator(".slip").first.wait_for()
    assert page.locator(".slip").count() == 5

    def cut() -> list[float]:
        """By how much each slip's words stand over its border's inner edge."""
        found: list[float] = page.evaluate(
            """() => [...document.querySelectorAll(".slip")].map((slip) => {
                const padding = parseFloat(getComputedStyle(slip).paddingRight);
                const inner = slip.getBoundingClientRect().right - padding;
                const words = document.createRange();
                return Math.max(...[...slip.querySelectorAll("dt, dd, p")].map((one) => {
                    words.selectNodeContents(one);
                    return words.getBoundingClientRect().right;
                })) - inner;
            })"""
        )
        return found

    for width in (320, 390, 768, 800, 1024, 1280, 1366, 1440, 1920):
        page.set_viewport_size({"width": width, "height": 800})
        assert max(cut()) <= 1, width
    page.emulate_media(media="print")
    for width in (700, 794):  # A4 with margins, and without
        page.set_viewport_size({"width": width, "height": 1000})
        assert max(cut()) <= 1, width
