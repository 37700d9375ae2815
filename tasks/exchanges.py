"""An end to an exchange with another server, however slowly that speaks.

httpx bounds each wait for more bytes, so a server that sends its headers drop by drop holds whoever asked for
as long as it likes. Here the connection is shut once the time is over, whatever is being waited for.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx

_OPENED = ("connect_tcp.complete", "start_tls.complete")
"""The last words of httpcore's events that hand over a connection, a proxy's among them."""


class Line:
    """The connection of a client that is asked one thing at a time; it may be kept open between."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._over = False

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[dict[str, Any]]:
        """The request's extensions for an exchange that ends in time; httpx.ReadTimeout when it did not."""
        self._over = False
        clock = threading.Timer(max(0.0, seconds), self._end)
        clock.daemon = True
        clock.start()
        try:
            yield {"trace": self._notice}
        except httpx.HTTPError as fault:
            if self._over:
                raise httpx.ReadTimeout("The answer did not come in time.") from fault
            raise
        finally:
            clock.cancel()
        if self._over:  # what came may end anywhere
            raise httpx.ReadTimeout("The answer did not come in time.")

    def _notice(self, event: str, about: dict[str, Any]) -> None:
        if event.endswith(_OPENED):
            self._socket = about["return_value"].get_extra_info("socket")
            if self._over:
                self._shut()

    def _end(self) -> None:
        self._over = True
        self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                # Not the method of a socket with TLS, which would let its reader go on in the clear.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
