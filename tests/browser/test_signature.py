"""A signature drawn in a real browser: with the mouse, with a finger, strokes taken back, without scripts."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Page, expect
from sqlmodel import select

from models.picture import SignaturePicture
from tests.browser.window import Window, visit
from tests.cast import Cast
from tests.waiting import until

PATH = "/account/picture"


def wave(page: Page, at: float = 0.3) -> None:
    """One stroke with the mouse, `at` a share of the frame's height."""
    box = page.locator("canvas").bounding_box()
    assert box is not None

    def place(t: float) -> tuple[float, float]:
        x = box["x"] + box["width"] * (0.15 + 0.7 * t)
        return x, box["y"] + box["height"] * (at + 0.15 * math.sin(12 * t))

    page.mouse.move(*place(0))
    page.mouse.down()
    for step in range(1, 40):
        page.mouse.move(*place(step / 40))
    page.mouse.up()


def touch(page: Page) -> None:
    """One stroke with a finger, and a palm that lies beside it."""
    page.locator("canvas").scroll_into_view_if_needed()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    line = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        found = [
            {"x": box["x"] + box["width"] * x, "y": box["y"] + box["height"] * y, "id": n}
            for n, (x, y) in enumerate(points)
        ]
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

    send("touchStart", (0.2, 0.5))
    send("touchStart", (0.2, 0.5), (0.9, 0.9))
    for step in range(1, 30):
        t = step / 30
        send("touchMove", (0.2 + 0.6 * t, 0.5 - 0.3 * math.sin(9 * t)), (0.9, 0.9))
    send("touchEnd")


def kept(cast: Cast) -> list[Image.Image]:
    """Every picture that was kept."""
    with cast.office.db.read() as session:
        rows = session.exec(select(SignaturePicture)).all()
    pictures = [Image.open(io.BytesIO(cast.office.blobs.get(row.picture))) for row in rows]
    assert {row.made for row in rows} <= {"drawn"}
    return pictures


def test_strokes_are_drawn_taken_back_and_kept(cast: Cast, window: Callable[..., Window]) -> None:
    lan = window("lan")
    visit(lan, PATH)
    page = lan.page
    use, undo, clear = (page.locator(f"[data-{name}]") for name in ("use", "undo", "clear"))
    expect(use).to_be_disabled()
    wave(page, 0.2)
    wave(page, 0.8)
    expect(page.locator("[data-said]")).to_have_text("2 nét")
    undo.click()
    expect(page.locator("[data-said]")).to_have_text("1 nét")
    clear.click()
    expect(use).to_be_disabled()
    wave(page)
    use.click()
    expect(page.locator("[role=status]").first).to_contain_text("Đã lưu")
    expect(page.locator("aside img")).to_be_visible()
    until(lambda: page.locator("aside img").evaluate("img => img.naturalWidth") > 500, "no picture is shown")
    (picture,) = kept(cast)
    assert picture.width > 1.8 * picture.height  # the one wave alone, not the two before it
    assert lan.complaints == []


def test_a_finger_on_a_phone_draws_and_does_not_scroll(cast: Cast, phone: Callable[..., Window]) -> None:
    lan = phone("lan")
    visit(lan, PATH)
    before = lan.page.evaluate("scrollY")
    touch(lan.page)
    assert lan.page.evaluate("scrollY") == before
    expect(lan.page.locator("[data-said]")).to_have_text("1 nét")  # the palm drew nothing
    lan.page.locator("[data-use]").click()
    expect(lan.page.locator("[role=status]").first).to_contain_text("Đã lưu")
    assert len(kept(cast)) == 1
    assert lan.page.evaluate("document.documentElement.scrollWidth") <= lan.width


def test_without_scripts_the_page_uploads_and_offers_no_frame(
    window: Callable[..., Window], site: str
) -> None:
    lan = window("lan")
    cookies = lan.page.context.cookies()
    browser = lan.page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False, base_url=site)
    plain.add_cookies(cookies)  # type: ignore[arg-type]  # Playwright reads and takes two kinds of the same
    page = plain.new_page()
    page.goto(PATH)
    expect(page.locator("canvas")).to_be_hidden()
    expect(page.locator("input[type=file]")).to_be_visible()
