"""`GET /healthz`: 200 while web, database, Prefect, worker, time-stamps and disk serve; JSON says which not.

Nothing here is a secret: names of parts and a word each. Answers are kept for a moment, so that a monitor (or
anyone else) asking often costs nothing.
"""

from __future__ import annotations

import socket
import threading
import time
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from flows import renewing
from flows.leases import alive
from flows.office import Office
from models import room
from models.run import Lease
from models.settings import Settings
from service.deps import OfficeDep
from tasks.stamp_servers import StampServer, servers_of
from tasks.timestamping import QUERY, REPLY

router = APIRouter()

FRESH = 2.0
"""Seconds an answer is given again."""
PATIENCE = 2.0
"""Seconds Prefect has to answer."""
ONE_OF_SEVERAL = "timestamps of "
"""What begins the part of one authority where another can stand in for it."""

_lock = threading.Lock()
_kept: dict[str, tuple[float, dict[str, str]]] = {}


@router.get("/healthz", include_in_schema=False)
def healthz(office: OfficeDep) -> JSONResponse:
    """Every part with "ok", or with what is wrong."""
    parts = parts_of(office)
    well = all(word == "ok" for part, word in parts.items() if not part.startswith(ONE_OF_SEVERAL))
    return JSONResponse(
        {"status": "ok" if well else "unwell", **parts},
        status_code=200 if well else 503,
        headers={"Cache-Control": "no-store"},
    )


def parts_of(office: Office) -> dict[str, str]:
    """Each part: "ok" or a word. While one caller asks, others get the last answer."""
    at, parts = _kept.get(office.name, (float("-inf"), {}))
    if time.monotonic() - at <= FRESH or not _lock.acquire(timeout=0 if parts else 2 * PATIENCE):
        return parts
    try:
        parts = {
            "web": "ok",
            **_database_and_worker(office, office.now()),
            "prefect": prefect(office.settings),
            **timestamps(office.settings),
            "archive": archive(office, office.now()),
            "disk": disk(office.settings),
        }
        _kept[office.name] = (time.monotonic(), parts)
    finally:
        _lock.release()
    return parts


def _database_and_worker(office: Office, now: datetime) -> dict[str, str]:
    try:
        with office.db.read() as session:
            session.exec(select(Lease).where(col(Lease.name) == "")).first()
            workers = alive(session, "worker", now)
    except SQLAlchemyError as error:
        return {"database": f"does not answer ({type(error).__name__})", "worker": "unknown"}
    return {"database": "ok", "worker": "ok" if workers else "no worker is alive"}


def archive(office: Office, now: datetime) -> str:
    """Whether archived files are renewed in time: what is late should have been done months ago."""
    try:
        with office.db.read() as session:
            late = renewing.behind(session, now)
    except SQLAlchemyError:
        return "unknown"
    return f"{late.files} files prove only until {late.first:%Y-%m-%d}" if late else "ok"


def prefect(settings: Settings) -> str:
    """Whether Prefect's own health page answers; it is the one page that needs no password."""
    try:
        answer = httpx.get(f"{settings.prefect_url}/health", timeout=PATIENCE, trust_env=False)
    except httpx.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    return "ok" if answer.status_code == 200 else f"answers {answer.status_code}"


def disk(settings: Settings) -> str:
    """Whether rows and files can still be written where the data are."""
    folders = [f for f in (settings.data, settings.blobs) if f.exists()]
    return next((word for word in map(room.look, folders) if word != "ok"), "ok")


def timestamps(settings: Settings) -> dict[str, str]:
    """Whether a time-stamp authority answers: without one nobody can sign. Of several, each."""
    found = {server.name: _reached(server) for server in servers_of(settings.timestamp_url)}
    words = list(found.values())
    all_together = {"timestamps": "ok" if "ok" in words else words[0]}
    if len(found) == 1:
        return all_together
    return all_together | {f"{ONE_OF_SEVERAL}{name}": word for name, word in found.items()}


def _reached(server: StampServer) -> str:
    at = urlsplit(server.url)
    port = at.port or (443 if at.scheme == "https" else 80)
    try:
        socket.create_connection((at.hostname or "", port), PATIENCE).close()
    except OSError as error:
        return f"does not answer ({type(error).__name__})"
    return _asked(server)


def _asked(server: StampServer) -> str:
    """Whether what listens there is a time-stamp authority: an empty question is refused, and costs nothing.

    Refusals by HTTP are an answer too: nobody signs in here. `hososo doctor` has a real time-stamp made.
    """
    try:
        with httpx.stream(
            "POST",
            server.url,
            headers={"Content-Type": QUERY, "Accept": REPLY},
            timeout=PATIENCE,
            trust_env=not server.is_near,
        ) as answer:
            kind = answer.headers.get("content-type", "").partition(";")[0].strip()
    except httpx.HTTPError as error:
        return f"does not answer ({type(error).__name__})"
    if answer.status_code >= 500:
        return f"answers {answer.status_code}"
    return "ok" if answer.status_code >= 400 or kind == REPLY else "answers with no time-stamp"
