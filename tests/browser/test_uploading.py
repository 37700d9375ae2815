"""A file goes up in a real browser: over a line that breaks, over a reload, and from two windows at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from playwright.sync_api import FilePayload, Page, Route, expect
from sqlmodel import select

from models.upload import Upload
from tests import corpus
from tests.browser.window import Window, visit
from tests.cast import PASSWORD, Cast

PIECE = re.compile(r"/uploads/.*offset=(\d+)")
WAIT = 120_000
"""Milliseconds; it only ends a hung test."""


@cache
def heavy() -> bytes:
    """What comes in several pieces."""
    return corpus.heavy_pdf(4)


def file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": data}


class Line:
    """The line of one page: breaks after so many pieces of a file, until it is mended."""

    def __init__(self, page: Page, pieces: int) -> None:
        self.page, self.left, self.sent = page, pieces, list[int]()
        page.route(PIECE, self._passes)

    def _passes(self, route: Route) -> None:
        found = PIECE.search(route.request.url)
        if self.left <= 0 or found is None:
            route.abort("internetdisconnected")
            return
        self.left -= 1
        self.sent.append(int(found[1]))
        route.continue_()

    def mend(self) -> None:
        self.left = 1000
        self.page.evaluate("dispatchEvent(new Event('online'))")


def choose(page: Page, name: str, data: bytes) -> None:
    page.set_input_files("input[type=file]", file(name, data))


def in_use(page: Page, name: str, pages: int) -> None:
    """The file is the content of the draft, and the page says so."""
    expect(page.locator("section:has(#h-body)")).to_contain_text(f"{name}, {pages} trang", timeout=WAIT)


def test_it_goes_on_by_itself_when_the_line_is_back(cast: Cast, window: Callable[..., Window]) -> None:
    draft, lan = cast.lesson_plan("lan", 14), window("lan", "phone")
    visit(lan, f"/documents/{draft.id}/body")
    line = Line(lan.page, 2)
    choose(lan.page, "KHBD tuần 14.pdf", heavy())
    said = lan.page.locator("[data-said]")
    expect(said).to_have_text(
        "Mất kết nối. Đã lên 2,1 MB trên 4,0 MB; tự tải tiếp khi có mạng lại.", timeout=WAIT
    )
    sent = lan.page.locator("[data-progress] progress").evaluate("bar => bar.value")
    assert sent == 100 * 2 * 2**20 / len(heavy())
    line.mend()
    in_use(lan.page, "KHBD tuần 14.pdf", 1)
    assert line.sent == [0, 2**20, 2 * 2**20, 3 * 2**20], "no piece twice"


def test_after_a_reload_the_same_file_goes_on_from_where_it_stopped(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft, lan = cast.lesson_plan("lan", 14), window("lan")
    visit(lan, f"/documents/{draft.id}/body")
    line = Line(lan.page, 3)
    choose(lan.page, "a.pdf", heavy())
    expect(lan.page.locator("[data-said]")).to_contain_text("Mất kết nối", timeout=WAIT)
    lan.page.reload()
    expect(lan.page.locator(".note--warn")).to_contain_text(
        "Tệp a.pdf mới lên 3,1 MB trên 4,0 MB", timeout=WAIT
    )
    line.mend()
    choose(lan.page, "a.pdf", heavy())
    in_use(lan.page, "a.pdf", 1)
    assert line.sent == [0, 2**20, 2 * 2**20, 3 * 2**20], "no piece twice"


def test_of_two_windows_the_later_file_stays_and_the_other_is_told(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft, first, second = cast.lesson_plan("lan", 14), window("lan"), window("lan")
    for one in (first, second):
        visit(one, f"/documents/{draft.id}/body")
    line = Line(first.page, 1)
    choose(first.page, "nháp cũ.pdf", heavy())
    expect(first.page.locator("[data-said]")).to_contain_text("Mất kết nối", timeout=WAIT)
    choose(second.page, "bản cuối.pdf", corpus.pdf(3))
    in_use(second.page, "bản cuối.pdf", 3)
    line.mend()
    failed = first.page.locator("[data-failed]")
    expect(failed).to_contain_text("một cửa sổ khác tải tệp bản cuối.pdf lên bản nháp này", timeout=WAIT)
    with cast.office.db.read() as session:
        kept = session.exec(select(Upload)).one()
    assert (kept.name, kept.state) == ("bản cuối.pdf", "ready")
    first.page.reload()
    in_use(first.page, "bản cuối.pdf", 3)


def test_a_server_without_room_says_so_and_the_file_waits(cast: Cast, window: Callable[..., Window]) -> None:
    draft, lan = cast.lesson_plan("lan", 14), window("lan")
    visit(lan, f"/documents/{draft.id}/body")
    lan.page.route(PIECE, lambda route: route.fulfill(status=507, json={"sentence": "…"}))
    choose(lan.page, "a.pdf", corpus.pdf(2))
    expect(lan.page.locator("[data-said]")).to_contain_text(
        "Máy chủ hết chỗ trống. Đã lên 1 kB trên 1 kB", timeout=WAIT
    )
    lan.page.unroute(PIECE)
    lan.page.evaluate("dispatchEvent(new Event('online'))")
    in_use(lan.page, "a.pdf", 2)


def test_a_session_that_ends_on_the_way_is_begun_again_over_the_page(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft, lan = cast.lesson_plan("lan", 14), window("lan", "phone")
    visit(lan, f"/documents/{draft.id}/body")
    line = Line(lan.page, 2)
    choose(lan.page, "a.pdf", heavy())
    expect(lan.page.locator("[data-said]")).to_contain_text("Mất kết nối", timeout=WAIT)
    lan.page.context.clear_cookies()
    line.mend()
    lan.page.locator("dialog input[name=password]").fill(PASSWORD)
    lan.page.locator("dialog").get_by_role("button", name="Đăng nhập").click()
    in_use(lan.page, "a.pdf", 1)
    assert line.sent[-2:] == [2 * 2**20, 3 * 2**20], "from where it stopped"
