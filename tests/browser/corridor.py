"""A corridor: an inspector's phone, a line that can break, and the checks to be made."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from models.spot_check import SpotCheck
from tests.browser.window import Window, ready, visit
from tests.cast import Cast
from tests.spot_checks import row_of
from tests.waiting import until


class Line:
    """A real line between a phone and the site: it can be cut, and it can lose answers to what is posted."""

    def __init__(self, site: str) -> None:
        parts = urlsplit(site)
        self.upstream = (parts.hostname or "", parts.port or 0)
        self.whole, self.loses_answers = True, False
        self.posts = 0
        self._pairs: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.whole = False
        for one in list(self._pairs):
            _close(one)

    def mend(self) -> None:
        self.whole, self.loses_answers = True, False

    def close(self) -> None:
        self.cut()
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                phone, _ = self._listener.accept()
            except OSError:
                return
            if not self.whole:
                _close(phone)
                continue
            server = socket.create_connection(self.upstream)
            self._pairs |= {phone, server}
            mute = threading.Event()
            for pump in (self._up, self._down):
                threading.Thread(target=pump, args=(phone, server, mute), daemon=True).start()

    def _up(self, phone: socket.socket, server: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while sent := phone.recv(65536):
                if sent.startswith(b"POST /spot/"):
                    self.posts += 1
                    if self.loses_answers:
                        mute.set()
                server.sendall(sent)
        self._over(phone, server)

    def _down(self, phone: socket.socket, server: socket.socket, mute: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while sent := server.recv(65536):
                if mute.is_set():  # the server has answered; nobody hears it
                    break
                phone.sendall(sent)
        self._over(phone, server)

    def _over(self, phone: socket.socket, server: socket.socket) -> None:
        for one in (phone, server):
            self._pairs.discard(one)
            _close(one)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def mark(page: Page, item: str, value: str) -> None:
    """Press one of the three, as a thumb does."""
    page.locator(f"label:has(#f-{item}-{value})").click()


def fill(page: Page, words: str = "Em để ở nhà ạ.") -> None:
    """A whole check: the print is there, the file is not, and what the teacher said."""
    mark(page, "teaching_plan", "present")
    mark(page, "lesson_plan", "absent")
    page.fill("#f-words", words)
    page.check("#f-read_back")
    times(page)


def times(page: Page) -> None:
    """When the check was made: the phone's clock is the real one, the school's is that of the tests."""
    page.fill("#f-started", "09:15")
    page.fill("#f-ended", "09:25")


def press(page: Page) -> None:
    page.locator("form[data-marks] .btn--go").click()


def prepared(window: Window) -> None:
    """Wait until the phone has put the day's pages aside and the worker answers for them."""
    window.page.locator("html[data-kept]").wait_for(state="attached")
    # Asked again and again: what waits inside the page would need `eval`, which our policy forbids.
    until(
        lambda: window.page.evaluate("navigator.serviceWorker.controller !== null"), "the worker is in charge"
    )


def waiting(page: Page) -> None:
    expect(page.locator("[data-state=waits]")).to_be_visible()


def open_check(window: Window, check: str) -> None:
    visit(window, f"/spot/{check}")
    prepared(window)


def arrived(cast: Cast, check: str) -> SpotCheck:
    """Once the server has the record, and the paper of it is written."""
    until(lambda: row_of(cast, check).document_id is not None, "the check has arrived")
    return row_of(cast, check)


def holds(page: Page) -> int:
    """How many records lie in this browser."""
    return int(
        page.evaluate(
            """() => new Promise(done => indexedDB.open("hososo-checks").onsuccess = e =>
                e.target.result.transaction("records").objectStore("records").count().onsuccess = r =>
                done(r.target.result))"""
        )
    )


def pages_kept(page: Page) -> list[str]:
    """The addresses that open without a network."""
    return list(
        page.evaluate(
            """async () => (await (await caches.open("hososo-spot-pages")).keys())
                .map(one => new URL(one.url).pathname)"""
        )
    )


def reload(window: Window) -> None:
    window.page.reload()
    ready(window.page)
