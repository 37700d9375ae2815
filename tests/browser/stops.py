"""Where the accessibility tour halts: who opens which page, and what is done there before it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from playwright.sync_api import Page

from tests.browser.window import Window, ready, visit

ANYBODY = ""
"""Nobody is signed in."""
CHOSEN = "chosen"
"""Written into a box, it ticks the box."""
Step = str | tuple[str, str] | Callable[[Page], None]
"""A press on something, words into a field, or what happens to the page."""


class Stop(NamedTuple):
    """Who opens it, its address, what is done there before it is looked at, and what is then seen."""

    who: str
    address: str
    steps: tuple[Step, ...]
    shows: str

    def __str__(self) -> str:
        done = (step if isinstance(step, str) else getattr(step, "__name__", step[0]) for step in self.steps)
        return " ".join((self.who, self.address, *done))

    def open(self, window: Window) -> None:
        """Go there, do what is done and wait until it is seen."""
        visit(window, self.address)
        for step in self.steps:
            _take(window.page, step)
        window.page.locator(self.shows).first.wait_for()
        ready(window.page)


def stop(who: str, address: str, *steps: Step, shows: str = "main") -> Stop:
    return Stop(who, address, steps, shows)


def ended(page: Page) -> None:
    """The session is over."""
    page.context.clear_cookies()


def _take(page: Page, step: Step) -> None:
    if isinstance(step, str):
        page.locator(step).first.click()
    elif not isinstance(step, tuple):
        step(page)
    elif step[1] == CHOSEN:
        page.locator(step[0]).first.check()
    else:
        page.locator(step[0]).first.fill(step[1])
