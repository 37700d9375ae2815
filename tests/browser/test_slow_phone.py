"""A cheap phone on a slow network: what the desk makes it fetch.

The throttled browser shows that the page comes up; the budget is counted in bytes and journeys, so that a
busy machine does not decide. Slow 3G as Chromium's own tools have it: 400 kbit/s, 400 ms a journey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, CDPSession, expect

from tests.browser.window import Window
from tests.cast import Cast

BYTES_A_SECOND, JOURNEY, BUDGET = 50_000, 0.4, 3.0
LOADED = "performance.getEntriesByType('navigation')[0].loadEventStart / 1000"


class Meter:
    """Bytes that came over the wire and what they were; what the cache had costs nothing.

    `depth`: how many journeys, one after the other, it took to know of an address and to fetch it.
    """

    def __init__(self, session: CDPSession) -> None:
        self.bytes, self.came = 0, list[str]()
        self.named: dict[str, str] = {}
        self.depth: dict[str, int] = {}
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": JOURNEY * 1000,
                "downloadThroughput": BYTES_A_SECOND,
                "uploadThroughput": BYTES_A_SECOND,
            },
        )
        session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._came)

    def _asked(self, event: dict[str, Any]) -> None:
        self.named[event["requestId"]] = event["request"]["url"]
        began = event["initiator"]
        frames = began.get("stack", {}).get("callFrames", [])
        by = began.get("url") or (frames[0]["url"] if frames else "")
        self.depth.setdefault(event["request"]["url"], 1 + self.depth.get(by, 0))

    def _came(self, event: dict[str, Any]) -> None:
        if event["encodedDataLength"]:
            self.bytes += int(event["encodedDataLength"])
            self.came.append(self.named[event["requestId"]])

    @property
    def seconds(self) -> float:
        """The least time all this takes to come: a journey for the connection, then one for each depth."""
        return (1 + max(self.depth.values())) * JOURNEY + self.bytes / BYTES_A_SECOND


def test_the_desk_comes_to_a_slow_phone(
    cast: Cast, browser: Browser, site: str, window: Callable[..., Window]
) -> None:
    for name, week in (("lan", 13), ("mai", 14), ("hoa", 15)):
        cast.sent(name, week)
    signed_in = window("hoa", "phone").page.context.storage_state()
    phone = browser.new_context(
        base_url=site, viewport={"width": 390, "height": 844}, storage_state=signed_in
    )
    page = phone.new_page()
    meter = Meter(phone.new_cdp_session(page))
    page.goto("/", wait_until="networkidle")
    expect(page.locator("h1")).to_have_text("Việc của tôi")
    assert page.evaluate(LOADED) > 2 * JOURNEY, "the network is slow, as it was told to be"
    assert meter.bytes > 10_000 and len(meter.came) > 5, "what came was counted"
    found = f"{meter.seconds:.2f} s: {meter.bytes} bytes in {len(meter.came)} requests, {meter.depth}"
    assert meter.seconds < BUDGET, found
    first, meter.bytes, meter.came = meter.bytes, 0, []
    print(found)
    page.goto("/", wait_until="networkidle")
    assert meter.came == [f"{site}/"], "all but the page itself is kept"
    assert meter.bytes < first / 5
