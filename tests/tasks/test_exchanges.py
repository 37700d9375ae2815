"""A server that speaks drop by drop holds nobody longer than the exchange may take."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import httpx
import pytest

from tasks import responders, revocation_lists, stamp_servers
from tasks.stamp_servers import HttpTimeStamper, StampServer

DROPS = 1_000
"""Twenty seconds of them: who still listens then was not set free."""
BEGUN = {
    "headers": b"HTTP/1.1 200 OK\r\nX: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n\r\n",
}


def stamp(url: str) -> bytes:
    with closing(HttpTimeStamper(StampServer(url))) as stamper:
        return stamper._post(b"?")


def answer(url: str) -> bytes:
    return responders._post(url, b"?", "any", time.monotonic() + stamp_servers.ANSWERING)


ASKING: dict[str, Callable[[str], bytes]] = {
    "a time-stamp": stamp,
    "an OCSP answer": answer,
    "a revocation list": revocation_lists._get,
}


@contextmanager
def dripping(begun: bytes) -> Iterator[tuple[str, list[threading.Event]]]:
    """A server that goes on for ever with one letter; its address, and of each caller whether it hung up."""
    callers: list[threading.Event] = []
    pause = threading.Event()

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            left = threading.Event()
            callers.append(left)
            with connection:
                try:
                    connection.recv(65536)
                    connection.sendall(begun)
                    for _ in range(DROPS):
                        connection.sendall(b"a")
                        pause.wait(0.02)
                except OSError:
                    left.set()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", callers
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("begun", BEGUN.values(), ids=list(BEGUN))
@pytest.mark.parametrize("ask", ASKING.values(), ids=list(ASKING))
def test_who_asks_is_set_free(
    ask: Callable[[str], bytes], begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamp_servers, "ANSWERING", 0.3)
    monkeypatch.setattr(revocation_lists, "PATIENCE", 0.3)
    with dripping(begun) as (url, callers):
        with pytest.raises(httpx.ReadTimeout):
            ask(url)
        assert len(callers) == 1
        assert callers[0].wait(60), "the connection was left open"
