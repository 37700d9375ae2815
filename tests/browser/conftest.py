"""A browser, and the application on a port of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, expect, sync_playwright

from service.app import create_app
from tests import needs
from tests.browser.corridor import Line
from tests.browser.window import PATIENCE, Window
from tests.cast import Cast, signed_in
from tests.ports import free_port
from tests.waiting import until

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"

expect.set_options(timeout=PATIENCE)  # a busy machine may take longer than the usual five seconds


@pytest.fixture
def axe() -> str:
    if not AXE.exists():
        needs.missing("axe-core", "run `npm ci` in the project's folder to run this test.")
    return AXE.read_text()


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """One browser for each test process, and the event loop that drives it."""
    program = needs.chromium()
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield browser, loop
        asyncio._set_running_loop(loop)
        browser.close()


@pytest.fixture
def browser(chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """The browser without a window, cookie or kept file.

    Playwright's loop counts as running while the browser is used. Between tests it must not: nobody else
    could run one.
    """
    browser, loop = chromium
    asyncio._set_running_loop(loop)
    yield browser
    for context in browser.contexts:
        context.close()
    asyncio._set_running_loop(None)


@contextmanager
def serving(cast: Cast) -> Iterator[str]:
    """The application on a port of its own: its address."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(cast.office.settings, cast.office),
            port=port,
            log_level="warning",
            date_header=False,  # the tests' day: to a browser on the machine's clock all that it keeps is old
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started, "the site answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def site(cast: Cast) -> Iterator[str]:
    with serving(cast) as address:
        yield address


@pytest.fixture
def window(cast: Cast, browser: Browser, site: str) -> Callable[..., Window]:
    """Somebody's browser, signed in; nobody's without a name."""
    return lambda name, size="desk", theme="light": Window(
        browser, site, signed_in(cast.office, name, "session") if name else "", size, theme
    )


@pytest.fixture
def line(site: str) -> Iterator[Line]:
    made = Line(site)
    yield made
    made.close()


@pytest.fixture
def phone(cast: Cast, browser: Browser, line: Line) -> Callable[..., Window]:
    """Somebody's phone at the end of the line; every call is another phone."""
    return lambda name, size="phone": Window(
        browser, line.address, signed_in(cast.office, name, "session"), size
    )
