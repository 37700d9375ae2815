"""The pages in a real browser: scripts help, pictures and marks are kept."""

from __future__ import annotations

import io
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Page, Route, expect

from models.document import Document
from tests.browser.window import Window, visit
from tests.cast import PASSWORD, PIN, Cast
from tests.waiting import until


def test_icons_come_from_the_sprite(window: Callable[..., Window]) -> None:
    lan = window("lan")
    box = lan.page.locator("svg.i use").first.evaluate("use => use.getBBox().width")
    assert box > 0


def held(page: Page, waiting: list[Route]) -> Route:
    """The one request that is kept waiting, once we have heard of it."""
    until(lambda: page.evaluate("true") and waiting, "nothing was asked for")
    (route,) = waiting
    return route


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
    expect(hoa.page.locator("#pin")).to_be_focused()
    hoa.page.keyboard.type("jkrs")  # in the PIN's field: letters, not keys
    assert hoa.page.input_value("#pin") == "jkrs"
    assert cast.fresh(first.id).step == "group_review"


def test_keys_pressed_before_the_scripts_have_come_are_not_lost(
    cast: Cast, window: Callable[..., Window]
) -> None:
    first, second = cast.sent("lan", 13), cast.sent("mai", 14)
    hoa = window("hoa")
    waiting: list[Route] = []
    hoa.page.route("**/js/app.js", lambda route: waiting.append(route), times=1)
    hoa.page.goto("/inbox", wait_until="commit")
    expect(hoa.page.locator("#f-h")).to_have_text(first.title)
    hoa.page.keyboard.type("js")  # the next record, and from there to its signature
    held(hoa.page, waiting).continue_()
    hoa.page.wait_for_url(f"**/documents/{second.id}/approve**")
    assert hoa.complaints == []


def test_what_is_typed_while_a_dialog_comes_is_no_key(cast: Cast, window: Callable[..., Window]) -> None:
    cast.sent("lan", 13)
    hoa = window("hoa")
    visit(hoa, "/inbox")
    asked: list[Route] = []
    hoa.page.route("**/return*", lambda route: asked.append(route))
    hoa.page.keyboard.type("rra")  # once more, and the first letter of a comment
    expect(hoa.page.locator("[data-key=r][aria-busy]")).to_have_count(1)
    held(hoa.page, asked).continue_()
    expect(hoa.page.locator("dialog #note")).to_be_focused()
    assert len(asked) == 1
    expect(hoa.page.locator("[data-key=a]")).to_have_count(1)  # not put into the round
    assert hoa.complaints == []


def test_a_round_is_watched_to_its_end_without_reloading(cast: Cast, window: Callable[..., Window]) -> None:
    sent = [cast.sent(name, 13) for name in ("lan", "mai")]
    hoa = window("hoa", "phone")
    visit(hoa, "/batches/new")
    for box in hoa.page.locator("input[name=item]").all():
        box.check()  # late ones, as these are on some days, are not chosen yet
    expect(hoa.page.locator("[data-count]")).to_have_text("2 hồ sơ đã chọn")
    hoa.page.click(".tray .btn--go")
    hoa.page.fill("#pin", PIN)
    hoa.page.click(".btn--go")
    hoa.page.wait_for_url("**/batches/*")
    expect(hoa.page.locator("#h-round")).to_have_text("Xong lượt ký: 2 trên 2 đã ký")
    assert [cast.fresh(d.id).step for d in sent] == ["principal_approval"] * 2
    assert hoa.complaints == []


def test_whoever_is_chosen_as_away_shows_at_once_and_the_form_that_came_is_sent(
    cast: Cast, window: Callable[..., Window]
) -> None:
    minh = window("minh")
    visit(minh, "/absence")
    minh.page.focus("#f-of")
    minh.page.select_option("#f-of", cast.ids["hoa"])
    form = minh.page.locator("#give")
    expect(form).to_contain_text("Tổ trưởng Tổ 1-2-3")
    expect(form.locator("[name=absent]")).to_have_value(cast.ids["hoa"])
    expect(minh.page.locator("#f-of")).to_be_focused()
    assert minh.page.url.endswith(f"/absence?of={cast.ids['hoa']}")
    form.locator("[name=delegate]").select_option(cast.ids["lien"])
    form.locator("[name=last_day]").fill(form.locator("[name=first_day]").input_value())
    form.locator("[name=password]").fill(PASSWORD)
    form.locator(".btn--go").click()
    expect(minh.page.locator(".note--ok")).to_contain_text("Đã ghi ủy quyền")
    expect(minh.page.locator("table")).to_contain_text("Vũ Thị Liên thay Phạm Thị Hoa")
    assert minh.complaints == []
