"""What anyone may need: every page passes axe-core, reflows when zoomed, and keeps our own policy.

A window of 1280 by 800 is 640 by 400 CSS pixels at 200 % zoom, 320 by 200 at 400 % (WCAG 2.2, 1.4.10).
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser import tour
from tests.browser.stops import Stop
from tests.browser.window import Window
from tests.cast import Cast

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
SIZES = ((1280, 800), (640, 400), (390, 844), (320, 200))
CHECK = """async options => (await axe.run(document, options)).violations.flatMap(v =>
  v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target.join(" ")} ${n.failureSummary.split("\\n")[1] ?? ""}`))"""
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CLIPPED = """() => [...document.querySelectorAll("main :is(h1, h2, button, .btn, label, th)")]
  .filter(e => e.checkVisibility() && !e.closest(".vh") && e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).overflowX === "hidden").map(e => e.textContent.trim().slice(0, 40))"""
BROKEN = "[...document.images].filter(i => i.complete && !i.naturalWidth && i.loading != 'lazy').length"

REFUSED = "the server responded with a status of 4"
"""What a browser says of every page that refuses something, as some of these do."""


def faults_of(page: Page, axe: str) -> list[str]:
    """What is wrong with the open page, at every width and in both themes."""
    found: list[str] = []
    page.evaluate(axe)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate(WIDE) > 0:
            found.append(f"{width}: the page is wider than its window")
        found += [f"{width}: {said}" for said in page.evaluate(CLIPPED)]
        if width in (1280, 390):
            found += [f"{width}: {said}" for said in page.evaluate(CHECK, RULES)]
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {said}" for said in page.evaluate(CHECK, CONTRAST)]
    page.emulate_media(color_scheme="light")
    if page.evaluate(BROKEN):
        found.append("a picture is missing")
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


@pytest.fixture
def stops(cast: Cast, site: str) -> list[Stop]:
    """Before the browser starts: it brings an event loop, in which the archive cannot be made."""
    return tour.prepare(cast, site)


@pytest.mark.timeout(1200)  # many pages: a busy machine needs longer for them all
def test_every_page_passes_axe_reflows_and_keeps_the_policy(
    stops: list[Stop], window: Callable[..., Window], axe: str
) -> None:
    assert tour.left_out(stops) == [], "every page has an example in tests/browser/tour.py"
    faults: dict[str, list[str]] = {}
    tour.forget_seen()
    for name in dict.fromkeys(stop.who for stop in stops):
        here = window(name)
        for stop in (stop for stop in stops if stop.who == name):
            stop.open(here)
            found = faults_of(here.page, axe)
            found += [said for said in here.complaints if REFUSED not in said]
            here.complaints.clear()
            if found:
                faults[str(stop)] = found
    assert not faults, "\n".join(f"{where}\n  " + "\n  ".join(found) for where, found in faults.items())
    assert tour.unseen() == [], "every template of a page is seen on the tour"
