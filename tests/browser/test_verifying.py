"""A file is checked in a real browser: chosen, dropped, too large, over a broken line, without scripts."""

from __future__ import annotations

import base64
from collections.abc import Callable

from playwright.sync_api import Browser, FilePayload, Page, expect

from tasks.recognising import BYTE_LIMIT
from tests.browser.window import Window, first_journey, ready, visit
from tests.cast import Cast

DROP = """([zone, data]) => {
  const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "tệp thả.pdf", {type: "application/pdf"}));
  document.querySelector(zone).dispatchEvent(
    new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}));
}"""


def signed(cast: Cast) -> bytes:
    return cast.office.blobs.get(cast.sent("lan", 13).blob or "")


def file(data: bytes) -> FilePayload:
    return {"name": "KHBD.pdf", "mimeType": "application/pdf", "buffer": data}


def verdict(page: Page, words: str) -> None:
    expect(page.locator(".verdict h1")).to_have_text(words)


def test_a_file_that_is_chosen_or_dropped_and_read_in_both_languages(
    cast: Cast, window: Callable[..., Window]
) -> None:
    here, pdf = window("", "phone"), signed(cast)
    visit(here, "/verify")
    here.page.set_input_files("#vf", file(pdf))
    here.page.locator("[data-send]").click()
    verdict(here.page, "Chữ ký đúng, nội dung còn nguyên")
    expect(here.page.locator(".verdict")).to_contain_text("không có giá trị pháp lý")
    here.page.get_by_role("link", name="English").click()
    verdict(here.page, "Valid, unchanged")
    ready(here.page)
    here.page.evaluate(DROP, ["[data-drop]", base64.b64encode(b"GIF89a").decode()])
    verdict(here.page, "Unreadable file")
    expect(here.page.locator("main")).to_contain_text("tệp thả.pdf")
    assert here.complaints == []


def test_a_file_that_is_too_large_is_not_sent(window: Callable[..., Window]) -> None:
    here = window("")
    visit(here, "/verify")
    asked: list[str] = []
    here.page.on("request", lambda request: asked.append(request.method))
    here.page.evaluate(
        """most => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(most + 1)], "lớn.pdf"));
          document.querySelector("#vf").files = transfer.files;
        }""",
        BYTE_LIMIT,
    )
    here.page.locator("[data-send]").click()
    expect(here.page.locator("[data-failed]")).to_contain_text("30 MB")
    assert "POST" not in asked


def test_a_broken_line_is_said_and_the_file_sent_again(cast: Cast, window: Callable[..., Window]) -> None:
    here = window("")
    visit(here, "/verify")
    here.page.set_input_files("#vf", file(b"GIF89a"))
    here.page.route("**/verify", lambda route: route.abort("internetdisconnected"))
    here.page.locator("[data-send]").click()
    expect(here.page.locator("[data-failed]")).to_contain_text("Mất kết nối")
    here.page.unroute("**/verify")
    here.page.locator("[data-send]").click()
    verdict(here.page, "Không đọc được tệp")


def test_without_scripts_the_form_sends_it_whole(cast: Cast, browser: Browser, site: str) -> None:
    page = browser.new_context(base_url=site, java_script_enabled=False).new_page()
    first_journey(page, "/verify")
    page.set_input_files("#vf", file(signed(cast)))
    page.locator("[data-send]").click()
    verdict(page, "Chữ ký đúng, nội dung còn nguyên")
    page.locator(".fold summary").first.click()
    expect(page.locator(".fold .facts").first).to_contain_text("SHA-256 của chứng thư")
