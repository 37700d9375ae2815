"""The whole story with the keyboard alone: written, signed, reviewed, approved, sealed."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlmodel import select

from models.document import Document
from tests import states
from tests.browser.window import Window, ready, tab_to, visit
from tests.cast import PASSWORD, PIN, Cast

SEEN = """() => {
  let here = document.activeElement;
  for (let up = 0; up < 3; up++, here = here.parentElement) {
    const style = getComputedStyle(here);
    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) return true;
  }
  return false;
}"""
"""Is it seen where the focus is? An editor's frame shows it for the words inside."""


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    assert page.evaluate(SEEN), f"the focus on {selector} is not seen"
    page.keyboard.press(key)


def write(page: Page, selector: str, words: str) -> None:
    tab_to(page, selector)
    assert page.evaluate(SEEN), f"the focus on {selector} is not seen"
    page.keyboard.press("Control+a")
    page.keyboard.type(words)


def choose(page: Page, selector: str, words: str) -> None:
    """Down a list until the words stand there."""
    tab_to(page, selector)
    page.keyboard.press("Home")
    for _ in range(60):
        if words in page.locator(f"{selector} option:checked").inner_text():
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{words} is not in the list")


def enter(window: Callable[..., Window], name: str) -> Window:
    """Sign in, typing."""
    here = window("")
    visit(here, "/sign-in")
    write(here.page, "[name=name]", name)
    write(here.page, "[name=password]", PASSWORD)
    here.page.keyboard.press("Enter")
    expect(here.page.locator("h1")).to_have_text("Việc của tôi")
    ready(here.page)
    here.page.keyboard.press("Tab")
    expect(here.page.locator(".skip")).to_be_focused()
    return here


def sign(page: Page) -> None:
    """The PIN and the button of a page that signs."""
    write(page, "[name=pin]", PIN)
    page.keyboard.press("Enter")
    expect(page.locator(".note--ok")).to_be_visible()


def test_a_plan_goes_its_whole_way_without_the_mouse(cast: Cast, window: Callable[..., Window]) -> None:
    lan = enter(window, "lan")
    press(lan.page, "a[href='/documents/new?type=lesson-plan']")
    expect(lan.page.locator("h1")).to_contain_text("Soạn")
    choose(lan.page, "select[name=week]", "Tuần 20 ")
    press(lan.page, "button.btn--go")
    expect(lan.page.locator("[name='lessons.0.title']")).to_be_visible()
    write(lan.page, "[name='lessons.0.subject']", "Toán")
    choose(lan.page, "[name='lessons.0.class']", "3A")
    write(lan.page, "[name='lessons.0.title']", "Bài 28. Luyện tập")
    write(lan.page, "[name='lessons.0.periods']", "1")
    write(lan.page, "[name='lessons.0.date']", "18/01/2027")
    write(lan.page, "#f-lessons-0-requirements", "Giải được bài toán bằng hai bước tính.")
    for number in range(4):
        write(lan.page, f"#f-lessons-0-phases-{number}-teacher", "Tổ chức trò chơi.")
    press(lan.page, "button[value=submit]")
    expect(lan.page.locator("h1")).to_have_text("Ký và trình")
    sign(lan.page)
    with cast.office.db.read() as session:
        plan = session.exec(select(Document)).one()
    assert plan.step == "group_review"

    for name in ("hoa", "minh"):
        reviewer = enter(window, name)
        press(reviewer.page, "a[href='/inbox']")
        expect(reviewer.page.locator("#f-h a")).to_have_text(plan.title)
        reviewer.page.keyboard.press("s")
        expect(reviewer.page.locator("[name=pin]")).to_be_visible()
        sign(reviewer.page)
        assert reviewer.complaints == []
    assert cast.fresh(plan.id).status == "approved"
    assert lan.complaints == []


def test_the_clerk_seals_without_the_mouse(cast: Cast, window: Callable[..., Window]) -> None:
    plan = states.records(cast, "waits for the seal")["waits for the seal"]
    thu = enter(window, "thu")
    press(thu.page, f"a[href='/inbox?doc={plan}']")
    expect(thu.page.locator("#f-h a")).to_be_visible()
    thu.page.keyboard.press("s")
    expect(thu.page.locator("[name=pin]")).to_be_visible()
    sign(thu.page)
    assert cast.fresh(plan).step == "archive"
    assert thu.complaints == []
