"""The pages in a real browser: nothing overflows, our policy forbids nothing of ours, scripts help."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from models.document import Document
from service.app import create_app
from tests import needs
from tests.cast import PASSWORD, PIN, Cast
from tests.conftest import free_port
from tests.waiting import until

SIZES = {"phone": (390, 844), "small": (320, 640), "desk": (1280, 800)}


def visit(window: Window, path: str) -> Response | None:
    """Open a page and wait until its scripts are there, as a person does who reads before typing."""
    answer = window.page.goto(path)
    window.page.wait_for_load_state("networkidle")
    return answer


@pytest.fixture
def browser() -> Iterator[Browser]:
    program = needs.program("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def site(cast: Cast) -> Iterator[str]:
    """The application on a port of its own."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_app(cast.office.settings, cast.office), port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, "the site answers")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


class Window:
    """One person's browser; `complaints` are what the browser said in its console."""

    def __init__(
        self, browser: Browser, site: str, name: str, size: str = "desk", theme: str = "light"
    ) -> None:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
        )
        self.page: Page = context.new_page()
        self.width = width
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        visit(self, "/sign-in")
        self.page.fill("input[name=name]", name)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("button.btn--go")
        self.page.wait_for_url(f"{site}/")


@pytest.fixture
def window(browser: Browser, site: str) -> Callable[..., Window]:
    return lambda name, size="desk", theme="light": Window(browser, site, name, size, theme)


@pytest.mark.parametrize(("size", "theme"), [("desk", "light"), ("phone", "dark"), ("small", "light")])
def test_no_page_overflows_or_breaks_the_policy(
    cast: Cast, window: Callable[..., Window], size: str, theme: str
) -> None:
    sent = cast.sent("lan", 13)
    cast.sent("mai", 14)
    draft = cast.team_plan("hoa", 20, 21)
    hoa = window("hoa", size, theme)
    for path in (
        "/",
        "/inbox",
        "/documents",
        "/batches/new",
        f"/documents/{sent.id}",
        f"/documents/{sent.id}/events",
        f"/documents/{sent.id}/approve",
        f"/documents/{sent.id}/return",
        f"/documents/{draft.id}/edit",
        f"/documents/{draft.id}/preview",
        "/documents/new?type=team-teaching-plan",
    ):
        answer = visit(hoa, path)
        assert answer is not None and answer.ok, path
        hoa.page.wait_for_load_state("networkidle")
        assert hoa.page.evaluate("document.documentElement.scrollWidth") <= hoa.width, path
        broken = (
            "[...document.images].filter(i => i.complete && !i.naturalWidth && i.loading != 'lazy').length"
        )
        assert hoa.page.evaluate(broken) == 0, path
    assert hoa.complaints == []


def test_icons_come_from_the_sprite(window: Callable[..., Window]) -> None:
    lan = window("lan")
    box = lan.page.locator("svg.i use").first.evaluate("use => use.getBBox().width")
    assert box > 0


def first_text(cast: Cast, draft: Document) -> str:
    return str(cast.fresh(draft.id).fields["lessons"][0]["requirements"])


def test_the_editor_keeps_marks_pictures_and_pasted_words(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    surface = lan.page.locator("div[id='f-lessons-0-requirements']")
    surface.click()
    lan.page.keyboard.press("Control+a")
    lan.page.get_by_role("button", name="Đậm").first.click()
    lan.page.keyboard.press("ArrowRight")
    lan.page.keyboard.press("Enter")
    surface.evaluate(
        """(page, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            page.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
        }""",
        "<p class=MsoNormal><i onclick='x()'>Dán từ Word</i><script>alert(1)</script></p>",
    )
    expect(surface).to_contain_text("Dán từ Word")
    picture = io.BytesIO()
    Image.new("RGB", (10, 10), "navy").save(picture, "PNG")
    with lan.page.expect_file_chooser() as chosen:
        lan.page.get_by_role("button", name="Chèn ảnh").first.click()
    chosen.value.set_files([{"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}])
    expect(surface.locator("img")).to_have_count(1)
    lan.page.click("[data-save]")
    lan.page.wait_for_url("**/edit?saved=1")
    kept = first_text(cast, draft)
    assert "<strong>- Giải được bài toán" in kept
    assert "<em>Dán từ Word</em>" in kept
    assert '<img src="image:' in kept and "script" not in kept
    shown = lan.page.locator("div[id='f-lessons-0-requirements'] img")
    assert shown.evaluate("img => img.decode().then(() => img.naturalWidth)") == 10
    assert lan.complaints == []


def test_keys_walk_the_queue_and_never_decide(cast: Cast, window: Callable[..., Window]) -> None:
    first, second = cast.sent("lan", 13), cast.sent("mai", 14)
    hoa = window("hoa")
    visit(hoa, "/inbox")
    hoa.page.keyboard.press("j")
    hoa.page.wait_for_url(f"**/inbox?doc={second.id}")
    expect(hoa.page.locator("#f-h")).to_be_focused()
    expect(hoa.page.locator("[data-announce]")).to_contain_text("2 trên 2")
    hoa.page.go_back()
    expect(hoa.page.locator("#f-h")).to_have_text(first.title)
    hoa.page.go_forward()
    expect(hoa.page.locator("#f-h")).to_have_text(second.title)
    hoa.page.keyboard.press("n")
    expect(hoa.page.locator("[data-page-now]")).to_contain_text("Trang 2 trên")
    hoa.page.keyboard.press("k")
    hoa.page.wait_for_url(f"**/inbox?doc={first.id}")
    expect(hoa.page.locator("#f-h")).to_be_focused()
    hoa.page.keyboard.press("r")
    expect(hoa.page.locator("dialog #note")).to_be_focused()
    hoa.page.keyboard.press("Escape")
    expect(hoa.page.locator("dialog")).to_have_count(0)
    hoa.page.keyboard.press("s")
    hoa.page.wait_for_url(f"**/documents/{first.id}/approve?next=**")
    hoa.page.keyboard.type("jkrs")  # in the PIN's field: letters, not keys
    assert hoa.page.input_value("#pin") == "jkrs"
    assert cast.fresh(first.id).step == "group_review"


def test_a_round_is_watched_to_its_end_without_reloading(cast: Cast, window: Callable[..., Window]) -> None:
    sent = [cast.sent(name, 13) for name in ("lan", "mai")]
    hoa = window("hoa", "phone")
    visit(hoa, "/batches/new")
    expect(hoa.page.locator("[data-count]")).to_have_text("2 hồ sơ đã chọn")
    hoa.page.click(".tray .btn--go")
    hoa.page.fill("#pin", PIN)
    hoa.page.click(".btn--go")
    hoa.page.wait_for_url("**/batches/*")
    expect(hoa.page.locator("#h-round")).to_have_text("Xong lượt ký: 2 trên 2 đã ký", timeout=60_000)
    assert [cast.fresh(d.id).step for d in sent] == ["principal_approval"] * 2
    assert hoa.complaints == []
