"""A cheap phone on a slow network: what the desk makes it fetch.

The throttled browser shows that the page comes up; the budget is counted in bytes and journeys, so that a
busy machine does not decide. Slow 3G as Chromium's own tools have it: 400 kbit/s, 400 ms a journey.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, CDPSession, expect

from tests.browser.window import Window
from tests.cast import Cast

BYTES_A_SECOND, JOURNEY, BUDGET = 50_000, 0.4, 3.0
WAVES = 3
"""Journeys one after the other: the connection, the page, its style and scripts."""


class Meter:
    """Bytes that came over the wire and the requests they took; what the cache had costs nothing."""

    def __init__(self, session: CDPSession) -> None:
        self.bytes, self.requests = 0, 0
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
        session.on("Network.loadingFinished", self._came)

    def _came(self, event: dict[str, float]) -> None:
        if event["encodedDataLength"]:
            self.bytes += int(event["encodedDataLength"])
            self.requests += 1

    @property
    def seconds(self) -> float:
        """The least time all this takes to come."""
        return WAVES * JOURNEY + self.bytes / BYTES_A_SECOND


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
    assert meter.seconds < BUDGET, f"{meter.bytes} bytes in {meter.requests} requests"
    first, meter.bytes, meter.requests = meter.bytes, 0, 0
    page.goto("/", wait_until="networkidle")
    assert meter.requests == 1, "all but the page itself is kept"
    assert meter.bytes < first / 5
