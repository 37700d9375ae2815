"""Thirty bundles reviewed without the mouse: put aside, two returned, the rest signed with one PIN."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.window import Window, ready, tab_to, visit
from tests.cast import PIN, Cast

BUNDLES = 30
SIGNED = "Xong lượt ký: 28 trên 28 đã ký"


def test_thirty_bundles_are_reviewed_without_the_mouse(cast: Cast, window: Callable[..., Window]) -> None:
    sent = [cast.sent(name, week) for week in range(11, 21) for name in ("lan", "mai", "lien")]
    assert len(sent) == BUNDLES
    hoa = window("hoa")
    page, keys = hoa.page, hoa.page.keyboard
    visit(hoa, "/inbox")
    heading, said = page.locator("#f-h"), page.locator("[data-announce]")
    keys.press("?")
    expect(page.locator("dialog h1")).to_be_focused()  # what is typed on presses no switch
    keys.press("Space")
    keys.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    returned = []
    for number in range(BUNDLES):
        document_id = page.locator("#f-h a").get_attribute("href").rpartition("/")[2]
        if number not in (4, 17):
            keys.press("a")
        else:
            returned.append(document_id)
            keys.press("r")
            expect(page.locator("dialog #note")).to_be_focused()
            keys.type(f"Bài 1: nêu rõ yêu cầu cần đạt ({number}).")
            keys.press("Control+Enter")
            expect(page.locator(".note--ok")).to_contain_text("Đã trả lại")
        if number < BUNDLES - 1:
            expect(page.locator(f"#f-h a[href='/documents/{document_id}']")).to_have_count(0)
            expect(page.locator("#main :focus")).to_have_count(1)
            if number == 0:
                expect(heading).to_be_focused()
                expect(said).to_contain_text(page.locator("#f-h a").inner_text())
    page.wait_for_url("**/batches/new")  # nothing is left to look at: the round itself
    expect(page.locator("[data-count]")).to_have_text("28 hồ sơ đã chọn")
    ready(page)
    keys.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("Ký duyệt 28 hồ sơ bằng một mã PIN")
    tab_to(page, "#pin")
    keys.type(PIN)
    keys.press("Control+Enter")
    expect(page.locator("#h-round")).to_have_text(SIGNED, timeout=120_000)
    steps = {d.id: cast.fresh(d.id) for d in sent}
    assert sorted(i for i, d in steps.items() if d.status == "returned") == sorted(returned)
    assert sum(d.step == "principal_approval" for d in steps.values()) == BUNDLES - 2
    visit(hoa, "/")
    assert page.locator(".nav a", has_text="Lượt ký").count() == 0
    assert hoa.complaints == []


def test_every_act_is_in_reach_on_a_phone_in_english(cast: Cast, window: Callable[..., Window]) -> None:
    cast.sent("lan", 13)
    hoa = window("hoa")
    hoa.page.set_viewport_size({"width": 360, "height": 640})
    visit(hoa, "/inbox?lang=en")
    acts = hoa.page.locator(".pane-a .btn:visible")
    expect(acts.last).to_contain_text("Add to signing round")
    boxes = [act.bounding_box() for act in acts.all()]
    assert len(boxes) == 3
    assert all(
        box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["y"] + box["height"] <= 640 for box in boxes
    )
