"""Writing in a real browser: drafts save themselves, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from models.document import Document
from tests.browser.test_pages import Window, browser, site, visit, window
from tests.cast import PASSWORD, Cast
from tests.waiting import until

__all__ = ["browser", "site", "window"]
TITLE = "[name='lessons.0.title']"


def put_away(page: Page) -> None:
    """The phone goes into the pocket: the page is hidden, and shown again."""
    for state in ("hidden", "visible"):
        page.evaluate(
            """state => {
                Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )


def title(cast: Cast, draft: Document) -> str:
    return str(cast.fresh(draft.id).fields["lessons"][0]["title"])


def test_a_draft_saves_itself_when_the_page_is_put_away(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    lan.page.fill(TITLE, "Tự lưu")
    expect(lan.page.locator("[data-saved]")).to_have_text("Có thay đổi chưa lưu")
    put_away(lan.page)
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert title(cast, draft) == "Tự lưu"
    lan.page.fill(TITLE, "Rồi lưu tay")
    lan.page.click("[data-save]")
    lan.page.wait_for_url("**/edit?saved=1")  # the version the autosave gave is the one sent
    assert title(cast, draft) == "Rồi lưu tay"
    assert lan.complaints == []


def test_a_session_that_ended_is_begun_again_over_the_page(cast: Cast, window: Callable[..., Window]) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    lan.page.fill(TITLE, "Không mất")
    lan.page.context.clear_cookies()
    put_away(lan.page)
    dialog = lan.page.get_by_role("dialog", name="Đăng nhập lại")
    expect(dialog.get_by_label("Tên đăng nhập")).to_have_value("lan")
    dialog.get_by_label("Mật khẩu").fill("sai")
    dialog.get_by_role("button", name="Đăng nhập").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Còn 4 lần")
    dialog.get_by_label("Mật khẩu").fill(PASSWORD)
    dialog.get_by_role("button", name="Đăng nhập").click()
    expect(dialog).to_have_count(0)
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert title(cast, draft) == "Không mất"
    lan.page.click("[data-save]")  # the page's forms have the new session's token
    lan.page.wait_for_url("**/edit?saved=1")


def test_what_a_dead_network_and_a_crash_left_is_offered_again(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan", "phone")
    visit(lan, f"/documents/{draft.id}/edit")
    lan.page.context.set_offline(True)
    lan.page.fill(TITLE, "Gõ khi mất mạng")
    put_away(lan.page)
    expect(lan.page.locator("[data-saved]")).to_contain_text("giữ trên máy này")
    stored = lan.page.evaluate(
        """() => new Promise(done => indexedDB.open("hososo").onsuccess = e =>
            e.target.result.transaction("drafts").objectStore("drafts").getAll().onsuccess = r =>
            done(JSON.stringify(r.target.result.map(x => [...new Uint8Array(x.sealed)]))))"""
    )
    assert stored != "[]"
    lan.page.close()  # no warning, no good-bye
    lan.page = lan.page.context.new_page()
    lan.page.context.set_offline(False)
    visit(lan, f"/documents/{draft.id}/edit")
    assert title(cast, draft) != "Gõ khi mất mạng"
    lan.page.get_by_role("button", name="Dùng nội dung đó").click()
    lan.page.wait_for_url("**/edit?saved=1")
    assert title(cast, draft) == "Gõ khi mất mạng"
    expect(lan.page.locator("[data-recovered]")).to_be_hidden()


def test_two_windows_a_person_chooses_and_signing_out_leaves_nothing(
    cast: Cast, window: Callable[..., Window]
) -> None:
    draft = cast.lesson_plan("lan", 13)
    lan = window("lan")
    visit(lan, f"/documents/{draft.id}/edit")
    other = lan.page.context.new_page()
    other.goto(f"/documents/{draft.id}/edit")
    other.wait_for_load_state("networkidle")
    other.fill(TITLE, "Cửa sổ hai")
    put_away(other)
    expect(other.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    lan.page.fill(TITLE, "Cửa sổ một")
    put_away(lan.page)
    expect(lan.page.locator("#clash")).to_contain_text("Cửa sổ hai")
    assert title(cast, draft) == "Cửa sổ hai"
    lan.page.get_by_role("button", name="Giữ nội dung vừa gõ ở đây").click()
    expect(lan.page.locator("[data-saved]")).to_contain_text("Đã lưu lúc")
    assert title(cast, draft) == "Cửa sổ một"
    lan.page.route(
        "**/edit", lambda route: route.abort() if route.request.method == "PATCH" else route.continue_()
    )
    lan.page.fill(TITLE, "Chưa gửi được")
    put_away(lan.page)
    expect(lan.page.locator("[data-saved]")).to_contain_text("giữ trên máy này")
    lan.page.locator("details.who summary").click()
    lan.page.get_by_role("button", name="Đăng xuất").click()
    lan.page.wait_for_url("**/sign-in")
    count = """() => new Promise(done => indexedDB.open("hososo").onsuccess = e =>
        e.target.result.transaction("drafts").objectStore("drafts").count().onsuccess = r =>
        done(r.target.result))"""
    until(lambda: lan.page.evaluate(count) == 0, "nothing is left on the device")
