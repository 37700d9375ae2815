"""The embedded time-stamp authority's HTTP side (RFC 3161 §3.4), a process of its own on the loopback.

A POST of `application/timestamp-query` is answered with `application/timestamp-reply`; what is answered is
decided in `tasks/timestamping.py`. No legal force: for development, demonstration and tests.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flows.certification import ensure_authority, open_timestamping
from flows.office import utc_now
from models.db import Database
from models.settings import Settings
from tasks.timestamping import QUERY, REPLY, TimeStampAuthority

LONGEST = 16 * 1024
"""Bytes of a request: a digest, a nonce and a policy take about a hundred."""


RENEWED = 3600.0
"""Seconds after which the authority is read again: the clock may have made a new generation."""


class Kept:
    """The database's newest authority, read at most once an hour; the last one while it cannot be read."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._authority = self._read()
        self._since = clock()

    def __call__(self) -> TimeStampAuthority:
        if self._clock() - self._since >= RENEWED:
            self._since = self._clock()
            with contextlib.suppress(SQLAlchemyError):
                self._authority = self._read()
        return self._authority

    def _read(self) -> TimeStampAuthority:
        db = Database(self._settings.database)
        try:
            with db.read() as session:
                return open_timestamping(session, self._settings)
        finally:
            db.dispose()


def create_app(authority: Callable[[], TimeStampAuthority]) -> Starlette:
    """The authority as an ASGI application."""

    async def stamp(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip() != QUERY:
            return PlainTextResponse(f"Content-Type: {QUERY}", 415)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LONGEST:
                return PlainTextResponse("too large", 413)
        return Response(authority().respond(body), media_type=REPLY)

    return Starlette(routes=[Route("/", stamp, methods=["POST"])])


def serve(settings: Settings) -> None:
    """Answer until told to end. The authority is made at the first start of an installation."""
    db = Database(settings.database)
    ensure_authority(db, settings, utc_now())
    db.dispose()
    at = urlsplit(settings.timestamp_url)
    uvicorn.run(
        create_app(Kept(settings)),
        host="127.0.0.1",
        port=at.port or 80,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
