"""Archived records and a clock that moves on by years, with the daily jobs of the archive."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import time_machine
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore
from sqlmodel import col, select

from flows import certification
from flows.renewing import Renewal, Renewed
from models.event import Event
from models.proof import ArchiveProof
from models.run import Incident
from service.jobs import Clockwork
from tasks import verifying
from tasks.certificates import Trust
from tasks.judging import judge
from tasks.verdicts import Anchors, Standing
from tests.cast import Cast
from tests.conftest import TUESDAY, StampServer
from tests.states import archive

YEAR = timedelta(days=365)
YEARS_OF_RENEWAL = [2036, 2041, 2046, 2051]
"""The first certificate lasts ten years; a later one is five years old at most when it stamps."""
FIELDS = ("author", "group_review", "principal_approval")


@contextmanager
def after(cast: Cast, stamps: StampServer, time: timedelta) -> Iterator[None]:
    """So long after the archive; the time-stamp authority is the newest generation there is."""
    with time_machine.travel(TUESDAY + time, tick=True):
        follow(cast, stamps)
        yield


@contextmanager
def due(cast: Cast, stamps: StampServer) -> Iterator[None]:
    """Nine years later, eleven months before the first time-stamp certificate ends."""
    with after(cast, stamps, 9 * YEAR + timedelta(days=30)):
        certification.tend(cast.office.db, cast.office.settings, cast.office.now())
        follow(cast, stamps)
        yield


def follow(cast: Cast, stamps: StampServer) -> None:
    with cast.office.db.read() as session:
        stamps.authority = certification.open_timestamping(session, cast.office.settings)


def jobs(cast: Cast) -> Clockwork:
    works = Clockwork(cast.office.db, cast.office.settings)
    works.leading = True
    return works


def live(cast: Cast, stamps: StampServer, since: timedelta, until: timedelta) -> None:
    """The daily jobs, looked at four times a year."""
    for quarter in range(round(since / YEAR * 4) + 1, round(until / YEAR * 4) + 1):
        with after(cast, stamps, quarter * YEAR / 4):
            works = jobs(cast)
            works.tend()
            follow(cast, stamps)
            works.renew()


def archived(cast: Cast, week: int = 14) -> str:
    document_id = cast.sent("lan", week).id
    cast.act("hoa", document_id, "approve")
    cast.act("minh", document_id, "approve")
    archive(cast, document_id)
    return document_id


def file_of(cast: Cast, document_id: str) -> bytes:
    return cast.office.blobs.get(cast.fresh(document_id).blob or "")


def report(cast: Cast, pdf: bytes) -> verifying.Report:
    """What full validation says at the clock's time."""
    with cast.office.db.read() as session:
        trust = certification.trust_of(session)
    return verifying.validate(pdf, trust, datetime.now(UTC), FIELDS)


def verdict(cast: Cast, document_id: str) -> Standing:
    """What the public page says at the clock's time."""
    with cast.office.db.read() as session:
        anchors = Anchors.embedded(certification.trust_of(session))
    return judge(file_of(cast, document_id), anchors, datetime.now(UTC)).standing


def then(cast: Cast, pdf: bytes) -> Trust:
    """Our authorities with the lists the file itself brings: openssl takes those of the time it looks at."""
    store = DocumentSecurityStore.read_dss(PdfFileReader(io.BytesIO(pdf)))
    with cast.office.db.read() as session:
        trust = certification.trust_of(session)
    return replace(trust, crls=tuple(ref.get_object().data for ref in store.crls))


def renewals(cast: Cast, document_id: str) -> list[Event]:
    with cast.office.db.read() as session:
        rows = select(Event).where(col(Event.document_id) == document_id, col(Event.action) == "renew")
        return list(session.exec(rows.order_by(col(Event.seq))))


def incidents(cast: Cast, document_id: str) -> list[Incident]:
    with cast.office.db.read() as session:
        return list(session.exec(select(Incident).where(col(Incident.document_id) == document_id)))


def run(cast: Cast, most: int | None = None) -> Renewed:
    return Renewal(cast.office.db, cast.office.settings, cast.office.now).run(most)


def proof(cast: Cast, document_id: str) -> ArchiveProof:
    with cast.office.db.read() as session:
        return session.get_one(ArchiveProof, document_id)
