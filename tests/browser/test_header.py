"""The frame's head is one row wherever it is no phone's, whoever looks and in either language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import select

from models.account import Account
from models.school import SchoolName
from service.pages.mailbox import folder
from tests.browser.window import Window, visit
from tests.cast import Cast

WIDTHS = (769, 800, 900, 993, 1024, 1153, 1280, 1366, 1440, 1920)
LONG_NAME, LONG_SCHOOL = "Nguyễn Thị Phương Thảo Quỳnh Anh", "Trường Tiểu học Nguyễn Thị Minh Khai – Cơ sở 2"


def grown(cast: Cast) -> None:
    """Records wait for everyone who reviews; names are as long as they come."""
    for name, week in (("lan", 13), ("mai", 13), ("huong", 13), ("hoa", 13), ("son", 13)):
        document = cast.sent(name, week)
        if name in ("lan", "mai"):
            cast.act("hoa", document.id, "approve")
    with cast.office.db.write() as session:
        for name in session.exec(select(SchoolName)).all():
            name.name = LONG_SCHOOL
        session.get_one(Account, cast.ids["minh"]).full_name = LONG_NAME


@pytest.mark.parametrize("language", ["vi", "en"])
def test_it_is_one_row_with_the_tools_at_the_right(
    cast: Cast, window: Callable[..., Window], language: str
) -> None:
    grown(cast)
    wrong = []
    for name in ("lan", "hoa", "lien", "son", "ngoc", "minh", "admin"):
        with cast.office.db.write() as session:
            session.get_one(Account, cast.ids[name]).language = language
        page = window(name).page
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found = page.evaluate(
                """() => {
                    const box = (one) => document.querySelector(one).getBoundingClientRect();
                    const head = document.querySelector(".top__in"), inner = getComputedStyle(head);
                    const end = head.getBoundingClientRect().right - parseFloat(inner.paddingRight);
                    const nav = document.querySelector(".nav"), seen = nav.getBoundingClientRect();
                    const links = [...nav.children].map((a) => a.getBoundingClientRect());
                    return {
                        height: head.getBoundingClientRect().height,
                        row: parseFloat(inner.minHeight),
                        short: end - box(".top__tools").right,
                        over: Math.max(seen.right - box(".top__tools").left, box(".brand").right - seen.left),
                        cut: Math.max(...links.map((a) => a.right)) - seen.right,
                        brand: box(".brand span").bottom - box(".brand").bottom,
                        who: box(".who summary").right - end,
                        page: document.documentElement.scrollWidth - innerWidth,
                    };
                }"""
            )
            right = (
                found["height"] == found["row"]
                and abs(found["short"]) < 1
                and found["over"] <= 0
                and found["cut"] < 1
                and found["brand"] <= 0
                and found["who"] < 1
                and found["page"] <= 0
            )
            if not right:
                wrong.append((name, width, found))
        page.context.close()
    assert wrong == []


def test_the_way_back_from_a_mail_is_one_line(cast: Cast, window: Callable[..., Window]) -> None:
    letters = folder(cast.office.settings)
    letters.mkdir(parents=True, exist_ok=True)
    (letters / "1764000000-ab.eml").write_bytes(b"Subject: Mau\nTo: hoa@example.test\n\nNoi dung\n")
    here = window("admin")
    visit(here, "/mailbox/1764000000-ab.eml")
    parts = here.page.locator("main a[href='/mailbox']").first
    arrow, words = parts.locator("svg").bounding_box(), parts.bounding_box()
    assert arrow is not None
    assert words is not None
    middle = arrow["y"] + arrow["height"] / 2
    assert abs(middle - (words["y"] + words["height"] / 2)) < 4  # beside the words, not above them
