"""The local mail catcher: takes every mail on the loopback and keeps it as a file, sends nothing on.

It stands in for a school's mail server until one is set (HOSOSO_SMTP_HOST). Files are `<time>-<random>.eml`
in `data/mailbox`, written whole; `service/pages` shows them to the administrator.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from pathlib import Path
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from models.settings import Settings

logger = logging.getLogger("hososo.mailbox")

LONGEST = 10 * 2**20


def folder(settings: Settings) -> Path:
    """Where caught mails lie, newest last by name."""
    return settings.data / "mailbox"


def keep(into: Path, content: bytes) -> Path:
    """Write one mail under a name that sorts by time; nobody sees half a file."""
    into.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    part = into / f".{name}.part"
    part.write_bytes(content)
    return part.rename(into / f"{name}.eml")


class Catcher:
    """aiosmtpd's handler: every recipient is welcome."""

    def __init__(self, into: Path) -> None:
        self.into = into

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's names
        content = envelope.original_content or b""
        await asyncio.to_thread(keep, self.into, content)
        logger.info("caught bytes=%d recipients=%d", len(content), len(envelope.rcpt_tos))
        return "250 OK"


async def catch(into: Path, host: str, port: int) -> None:
    """Catch mails until cancelled; then no connection is left open."""
    loop = asyncio.get_running_loop()
    taken: WeakSet[SMTP] = WeakSet()

    def connection() -> SMTP:
        talk = SMTP(
            Catcher(into), data_size_limit=LONGEST, enable_SMTPUTF8=True, hostname="localhost", loop=loop
        )
        taken.add(talk)
        return talk

    server = await loop.create_server(connection, host, port)
    try:
        async with server:
            await server.serve_forever()
    finally:
        for talk in taken:
            if isinstance(talk.transport, asyncio.WriteTransport):
                talk.transport.abort()
        await asyncio.sleep(0)  # they close in this turn of the loop


def serve(settings: Settings) -> None:
    """Catch mails until told to end."""
    host, port = settings.mail_server

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await catch(folder(settings), host, port)

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
