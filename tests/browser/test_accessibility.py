"""What anyone may need: every page passes axe-core, reflows when zoomed, and keeps our own policy.

A window of 1280 by 800 is 640 by 400 CSS pixels at 200 % zoom, 320 by 200 at 400 % (WCAG 2.2, 1.4.10).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tests.browser import parts, tour
from tests.browser.conftest import serving
from tests.browser.stops import Stop
from tests.browser.window import Window
from tests.cast import Cast, signed_in
from tests.conftest import StampServer, playing, tuesday
from tests.seeds import SeededCast

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


@dataclass(frozen=True)
class Tour:
    """A school with a record in every state, its address, and where to halt there."""

    cast: Cast
    site: str
    stops: list[Stop]


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory,
    stamps: StampServer,
    pools: tuple[IntakePool, SignersPool],
    seeded: SeededCast,
) -> Iterator[Tour]:
    """Made once for all parts that one test process takes; no stop depends on one of another part."""
    folder = tmp_path_factory.mktemp("tour") / "data"
    with playing(folder, stamps, pools, seeded) as cast, serving(cast) as site:
        with tuesday():
            stops = tour.prepare(cast, site)
        yield Tour(cast, site, stops)


@pytest.fixture(scope="session")
def seen_by_part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all test processes of this run write which templates each part was shown."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "seen-on-tour"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.timeout(1200)  # many pages: a busy machine needs longer for them all
@pytest.mark.parametrize("part", parts.PARTS)
def test_every_page_passes_axe_reflows_and_keeps_the_policy(
    prepared: Tour, browser: Browser, axe: str, seen_by_part: Path, part: str
) -> None:
    assert parts.left_out(prepared.stops) == [], "every page has an example in tests/browser/tour.py"
    stops = [stop for stop in prepared.stops if parts.part_of(stop) == part]
    faults: dict[str, list[str]] = {}
    parts.forget_seen()
    for name in dict.fromkeys(stop.who for stop in stops):
        session = signed_in(prepared.cast.office, name, "session") if name else ""
        here = Window(browser, prepared.site, session)
        for stop in (stop for stop in stops if stop.who == name):
            stop.open(here)
            found = faults_of(here.page, axe)
            found += [said for said in here.complaints if REFUSED not in said]
            here.complaints.clear()
            if found:
                faults[str(stop)] = found
        here.page.context.close()
    seen = parts.seen_in_all(seen_by_part, part)
    assert not faults, "\n".join(f"{where}\n  " + "\n  ".join(found) for where, found in faults.items())
    if seen is not None:
        assert parts.unseen(seen) == [], "every template of a page is seen on the tour"
