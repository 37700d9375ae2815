"""The web application: what it holds while it runs, in which order a request passes, which rooms it opens."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI, Request, Response
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from flows import batches, certification, spot_papers
from flows.leases import beat, stop_beating
from flows.office import Office, close_office, open_office
from flows.standings import Responders
from models.errors import RecordsError
from models.settings import Settings
from service import errors, memory
from service.assets import VersionedStatic, security_headers
from service.converter import Converter
from service.demo_seeding import Seeder
from service.pages.admin_import import XLSX
from service.routes import rooms
from service.verifying import Verifier

BEAT_SECONDS = 5.0


def open_web_office(settings: Settings) -> Office:
    """An office whose children lay out pages and sign."""
    office = open_office(settings, "web", renderers=settings.renderers, signers=settings.signers)
    certification.ensure_authority(office.db, settings, office.now())
    return office


COMPACT = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/pdf", "application/octet-stream", XLSX)
"""What is compressed in itself already."""


def create_app(settings: Settings, office: Office | None = None) -> FastAPI:
    """The application. An `office` given stays the caller's; without one it is opened and closed here."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.office = office or open_web_office(settings)
        pulse = Pulse(app.state.office)
        pulse.start()
        converter = Converter(app.state.office)
        converter.start()
        seeder = Seeder(app.state.office) if settings.demo and office is None else None
        if seeder:
            seeder.start()
        memory.settle()
        try:
            yield
        finally:
            if seeder:
                seeder.stop()
            converter.stop()
            app.state.verifier.close()
            pulse.stop()
            if office is None:
                close_office(app.state.office)

    app = FastAPI(
        title="Hồ Sơ Số",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    if office is not None:
        app.state.office = office
    app.state.verifier = Verifier(settings)
    app.state.responders = Responders()
    errors.install(app)
    app.middleware("http")(frame)
    # Form tokens are made anew for each page, so what compression tells of lengths tells nothing of them.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5, exclude_content_types=COMPACT)
    app.mount("/static", VersionedStatic(), name="static")
    app.router.routes.extend(rooms())
    return app


async def frame(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    """Note the arrival before anything else, and put the security headers on every answer."""
    request.state.arrived = datetime.now(UTC)
    response = await go_on(request)
    security_headers(response)
    return response


class Pulse(threading.Thread):
    """This process's sign of life, and the look after signing rounds whose process died."""

    def __init__(self, office: Office) -> None:
        super().__init__(name="pulse", daemon=True)
        self.office = office
        self._stop_now = threading.Event()

    def run(self) -> None:
        while not self._stop_now.is_set():
            try:
                beat(self.office.db, self.office.name, "web", self.office.now())
                batches.sweep_stopped(self.office)
                spot_papers.write_missing(self.office)
            except RecordsError as refusal:
                errors.log.warning("no sign of life code=%s", refusal.code)
            except Exception:
                errors.log.exception("pulse")
            self._stop_now.wait(BEAT_SECONDS)

    def stop(self) -> None:
        self._stop_now.set()
        self.join(timeout=BEAT_SECONDS * 2)
        stop_beating(self.office.db, self.office.name)
