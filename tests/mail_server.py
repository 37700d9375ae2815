"""An SMTP server in a thread of its own that leaves no connection behind when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class MailServer(Controller):
    """On a free port, known once it listens."""

    def __init__(self, handler: Any, **options: Any) -> None:
        self._taken: list[SMTP] = []
        super().__init__(handler, hostname="127.0.0.1", port=0, **options)

    def factory(self) -> SMTP:
        taken: SMTP = super().factory()
        self._taken.append(taken)
        return taken

    def _trigger_server(self) -> None:
        """Knock on the port it was given, not on 0."""
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    async def hang_up(self) -> None:
        """Close every connection: the loop ends with the server and would leave open ones."""
        for taken in self._taken:
            for transport in (taken.transport, taken._original_transport):
                if transport is not None:
                    transport.abort()
        await asyncio.sleep(0)  # the connections close in this turn of the loop


@contextmanager
def mail_server(handler: Any, **options: Any) -> Iterator[MailServer]:
    """A server at work; its `port` is free to be asked."""
    server = MailServer(handler, **options)
    server.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.hang_up(), server.loop).result(120)
        server.stop()
