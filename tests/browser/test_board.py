"""The board with keys and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from models.account import Account
from tests.browser.window import Window, tab_to, visit
from tests.cast import Cast


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """Lan has sent her plan of week 13; of the others nobody has."""
    cast.sent("lan", 13)
    return cast


def test_keys_go_from_cell_to_cell_open_one_and_come_back(cast: Cast, window: Callable[..., Window]) -> None:
    here = window("minh")
    page = here.page
    visit(here, f"/flags?from={cast.weeks[11]}&to={cast.weeks[13]}")
    tab_to(page, ".matrix a.cell")
    page.keyboard.press("ArrowRight")
    row, focused = page.locator(".matrix tbody tr:not(.grp)"), page.locator("a.cell:focus")
    expect(row.nth(0).locator("td").nth(1).locator("a")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(row.nth(1).locator("td").nth(1).locator("a")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(focused).to_contain_text("Ở tổ")
    page.keyboard.press("Enter")
    expect(page.locator("#detail h2")).to_be_focused()
    expect(page.locator("#detail h2")).to_have_text("Nguyễn Thị Lan, tuần 13")
    expect(page.locator("a.cell[aria-current]")).to_contain_text("Ở tổ")
    page.keyboard.press("Escape")
    expect(focused).to_contain_text("Ở tổ")


def test_a_phone_shows_one_week_and_the_next_is_a_press_away(
    cast: Cast, window: Callable[..., Window]
) -> None:
    here = window("minh", "phone")
    visit(here, "/flags")
    page = here.page
    assert page.locator(".matrix tbody tr:not(.grp)").first.locator("td:visible").count() == 1
    expect(page.locator("p.pager")).to_contain_text("Tuần 13, hạn 24/11")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.locator("p.pager [rel=prev]").click()
    expect(page.locator("p.pager")).to_contain_text("Tuần 12, hạn 17/11")
    expect(page.locator(".matrix .cell--miss:visible").first).to_contain_text("Chưa nộp")


@pytest.mark.parametrize(("who", "size", "path"), [("minh", "desk", "/flags"), ("lan", "phone", "/flags")])
def test_every_mark_is_named_in_sight_and_no_name_runs_out_of_its_cell(
    cast: Cast, window: Callable[..., Window], who: str, size: str, path: str
) -> None:
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["lan"]).full_name = "Nguyễn Hoàng Thị Phương Lan Giáo dục thể chất"
    here = window(who, size)
    page = here.page
    visit(here, path)
    named = {
        part.locator("span:not([aria-hidden])").last.inner_text()
        for part in page.locator("[data-key] .st").all()
        if part.is_visible()
    }
    cells = page.locator(".cell:visible:has(.m)")
    assert cells.count() > 0
    for cell in cells.all():
        words = cell.text_content() or ""
        assert any(words.lower().startswith(name.lower()) for name in named), (words, named)
    out = page.locator(".matrix tbody th[scope=row]").evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
    )
    assert out == []
