"""One person's browser on a site of the test's own."""

from __future__ import annotations

from playwright.sync_api import Browser, Error, Page, Response

from service.passes import COOKIE

PATIENCE = 60_000
"""Milliseconds; it only ends a hung test."""
SIZES = {"phone": (390, 844), "small": (320, 640), "desk": (1280, 800)}


def ready(page: Page) -> None:
    """Wait until every script of the open page listens (the mark is set by app.js).

    After an action that leads to another page, first wait for something only that page shows.
    """
    page.locator("html[data-ready]").wait_for(state="attached")


def first_journey(page: Page, path: str) -> None:
    """Go there; a browser just started on a busy machine may drop it before it asks the server."""
    try:
        page.goto(path)
    except Error as dropped:
        if "ERR_ABORTED" not in dropped.message:
            raise
        page.goto(path)


def visit(window: Window, path: str) -> Response | None:
    """Open a page and wait until its scripts are there, as a person does who reads before typing."""
    answer = window.page.goto(path)
    ready(window.page)
    return answer


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on it, as who has no mouse does."""
    ready(page)  # scripts put the focus somewhere and turn fields into editors
    for _ in range(120):
        if page.evaluate("s => document.activeElement?.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached with Tab")


def put_away(page: Page) -> None:
    """The phone goes into the pocket: the page is hidden, and shown again."""
    for state in ("hidden", "visible"):
        page.evaluate(
            """state => {
                Object.defineProperty(document, "visibilityState", {value: state, configurable: true});
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            state,
        )


class Window:
    """One person's browser; `complaints` are what the browser said in its console."""

    def __init__(
        self,
        browser: Browser,
        site: str,
        session: str,
        size: str = "desk",
        theme: str = "light",
    ) -> None:
        """`session` is somebody's; without one nobody is signed in."""
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
        )
        context.set_default_timeout(PATIENCE)
        if session:
            cookie = {"name": COOKIE, "value": session, "url": site, "httpOnly": True, "sameSite": "Lax"}
            context.add_cookies([cookie])
        self.page: Page = context.new_page()
        self.width = width
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        first_journey(self.page, "/" if session else "/sign-in")
        ready(self.page)
