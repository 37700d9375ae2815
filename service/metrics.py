"""`GET /metrics` for Prometheus: counts from the tables, and what this process measured of itself.

For a monitor on this machine, or one that brings HOSOSO_METRICS_TOKEN; nobody else learns that it exists.
Numbers only: no names, no titles. One answer is given again for some seconds, so asking often costs nothing.
"""

from __future__ import annotations

import hmac
import ipaddress
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlmodel import Session, col, func, select

from flows.leases import ALIVE
from flows.measures import REGISTRY
from flows.office import Office
from models.document import Document, OpenStep
from models.errors import NotFound
from models.notice import Mail, Notice
from models.run import Heartbeat, Incident
from service.deps import OfficeDep

router = APIRouter()

FRESH = 10.0
"""Seconds an answer is given again: its counts read whole indexes of a large database."""
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

_Values = dict[tuple[str, ...], float]
"""Label values and the number."""

_lock = threading.Lock()
_kept: dict[str, tuple[float, bytes]] = {}


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, office: OfficeDep) -> Response:
    """The metrics in Prometheus' text form; NotFound for whoever may not ask."""
    if not _may_ask(request, office):
        raise NotFound
    with _lock:
        at, text = _kept.get(office.name, (float("-inf"), b""))
        if time.monotonic() - at > FRESH:
            text = _text(office)
            _kept[office.name] = (time.monotonic(), text)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_ask(request: Request, office: Office) -> bool:
    """From this machine without a proxy between, or with the token."""
    token = office.settings.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _text(office: Office) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Tables(office))
    return generate_latest(registry) + generate_latest(REGISTRY)


class _Tables(Collector):
    """Gauges read at one moment; every count is one index, and the tables that wait are small."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._office.now()
        yield _one("hososo_info", "The running version.", {(version("hososo"),): 1}, "version")
        yield _one(
            "hososo_disk_free_bytes",
            "Room left where the data are.",
            {(): shutil.disk_usage(self._office.settings.data).free},
        )
        with self._office.db.read() as session:
            yield from _records(session, now)
            yield from _mails(session, now)
            yield from _processes(session, now)


def _records(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    statuses = session.exec(select(Document.status, func.count()).group_by(col(Document.status))).all()
    yield _one("hososo_documents", "Documents by status.", {(s,): n for s, n in statuses}, "status")
    steps = session.exec(
        select(
            OpenStep.step, func.count(func.distinct(OpenStep.document_id)), func.min(OpenStep.opened_at)
        ).group_by(col(OpenStep.step))
    ).all()
    yield _one(
        "hososo_steps_waiting", "Documents that wait for a person.", {(s,): n for s, n, _ in steps}, "step"
    )
    yield _one(
        "hososo_step_oldest_seconds",
        "Age of the oldest document waiting in a step.",
        {(s,): (now - at).total_seconds() for s, _, at in steps if at},
        "step",
    )
    incidents = session.exec(
        select(Incident.kind, func.count())
        .where(col(Incident.resolved_at).is_(None))
        .group_by(col(Incident.kind))
    ).all()
    yield _one("hososo_incidents_open", "Incidents not resolved.", {(k,): n for k, n in incidents}, "kind")
    unsettled = select(func.count(), func.min(Document.updated_at)).where(col(Document.settled).is_(False))
    depth, oldest = session.exec(unsettled).one()
    yield _one("hososo_outbox_depth", "Documents whose last decision no worker has driven yet.", {(): depth})
    age = (now - oldest).total_seconds() if oldest else 0
    yield _one("hososo_outbox_oldest_seconds", "Age of the oldest of them.", {(): age})


def _mails(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    unsent = session.exec(
        select(Mail.state, func.count())
        .where(col(Mail.state).in_(("waiting", "failed")))
        .group_by(col(Mail.state))
    ).all()
    counts: _Values = {("waiting",): 0, ("failed",): 0}
    counts |= {(s,): n for s, n in unsent}
    yield _one("hososo_mails", "Mails not sent: waiting, or given up.", counts, "state")
    due = select(func.count()).where(
        col(Notice.dropped).is_(False), col(Notice.mail_id).is_(None), col(Notice.due_at) <= now
    )
    yield _one("hososo_notices_due", "Notices not yet folded into a mail.", {(): session.exec(due).one()})


def _processes(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    kinds = ("web", "worker", "scheduler")
    living = dict(
        session.exec(
            select(Heartbeat.kind, func.count())
            .where(col(Heartbeat.at) > now - ALIVE)
            .group_by(col(Heartbeat.kind))
        ).all()
    )
    last = dict(
        session.exec(select(Heartbeat.kind, func.max(Heartbeat.at)).group_by(col(Heartbeat.kind))).all()
    )
    yield _one(
        "hososo_processes_alive", "Processes that live.", {(k,): living.get(k, 0) for k in kinds}, "kind"
    )
    yield _one(
        "hososo_last_sign_of_life_seconds",
        "Since the newest sign of life of a kind of process.",
        {(k,): (now - at).total_seconds() for k, at in last.items() if at},
        "kind",
    )


def _one(name: str, words: str, values: _Values, *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family
