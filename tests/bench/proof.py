"""Rows 9 and 10: what checking costs, beside pyHanko's own validation of the very same files.

A file of four signatures and an archive timestamp gets the whole verdict of `/verify`, pages compared; bare
pyHanko validates the signatures alone. A thousand archived files go through one audit with everything it
looks at: rows, chains, roots, the files' bytes, their signatures. The files differ in their archive
timestamp.
"""

from __future__ import annotations

import asyncio
import io
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import async_validate_pdf_signature, async_validate_pdf_timestamp
from sqlmodel import SQLModel, col, select

from flows import auditing, roots
from flows.belonging import BELONGS
from flows.certification import trust_of
from flows.office import Office, close_office, open_office
from models.columns import new_id
from models.document import Document, Revision, Signature
from models.event import Event
from models.proof import ArchiveProof
from tasks import judging, signing
from tasks.certificates import Trust
from tasks.stamp_servers import HttpTimeStamper, StampServer
from tasks.verdicts import Anchors, Standing
from tasks.verifying import validation_context
from tests import signatures
from tests.bench import crowd
from tests.bench.orchestration import settled
from tests.bench.tables import Row
from tests.journeys.people import Person
from tests.journeys.processes import Installation
from tests.journeys.school import found_school, lesson_plan
from tests.waiting import until

FILES = 1_000
CORES = 2


def proof(folder: Path, quick: bool) -> list[Row]:
    """Both rows, and whether the audit grows with its files and no faster."""
    return [*_one_file(5 if quick else 25), *_archive(folder / "proof", FILES // (10 if quick else 1))]


# One file


def _one_file(times: int) -> list[Row]:
    pdf, trust, now = _four_signed(), signatures.trust(), signatures.NOW
    verdict = judging.judge(pdf, Anchors.embedded(trust), now)
    assert verdict.standing is Standing.VALID and len(verdict.signers) == 4, verdict.explanation.en
    ours, bare = [], []
    for _ in range(times):  # in turn, so that other work on the machine meets both
        ours.append(_timed(partial(judging.judge, pdf, Anchors.embedded(trust), now)))
        bare.append(_timed(partial(validated, pdf, trust, now)))
    judged, alone = statistics.median(ours), statistics.median(bare)
    return [
        Row(
            "verdict on a file of four signatures, pages compared / bare pyHanko validation",
            judged / alone,
            "×",
            note=f"{judged * 1000:.0f} ms / {alone * 1000:.0f} ms, medians of {times}; "
            f"{verdict.pages} pages, {len(pdf) // 1000} kB; one core, without the start of a child",
        )
    ]


def _four_signed() -> bytes:
    """A group's plan as the school files it: author, two principals with number and date, seal, archived."""
    paper = signatures.team_plan()
    pdf = paper.pdf
    for field, who, filled in (
        ("author", "hoa", {}),
        ("vice_principal_review", "ngoc", {}),
        ("principal_approval", "minh", {"number": "05", "date": "ngày 18 tháng 11 năm 2026"}),
        ("seal", "thu", {}),
    ):
        signer, box = signatures.person(who), paper.boxes[field]
        texts = paper.texts(filled)
        pdf = signatures.sign(pdf, field, signer, box, texts=texts, certify=field == "author")
    stamper = signatures.timestamper()
    return signing.archive_timestamp(pdf, signatures.trust(), stamper, signatures.NOW)


def validated(pdf: bytes, trust: Trust, now: datetime) -> int:
    """pyHanko as its documentation has it, difference analysis included: how many signatures hold."""
    return asyncio.run(_validated(pdf, trust, now))


async def _validated(pdf: bytes, trust: Trust, now: datetime) -> int:
    reader = PdfFileReader(io.BytesIO(pdf))
    store = DocumentSecurityStore.read_dss(reader)
    kept = validation_context(trust, now, store.load_certs())
    held = 0
    for embedded in reader.embedded_signatures:
        stamp = embedded.sig_object_type == "/DocTimeStamp"
        validate = async_validate_pdf_timestamp if stamp else async_validate_pdf_signature
        status = await validate(embedded, kept)
        held += bool(status.intact and status.valid)
    return held


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


# An archive


def _archive(folder: Path, count: int) -> list[Row]:
    with Installation(folder) as here:
        model = _one_archived(here)
        office = open_office(here.settings, "bench", renderers=CORES)
        try:
            quarter = count // 4
            _more(here, model, quarter - 1)
            few = _audit(office, quarter)
            _more(here, model, count - quarter)
            many = _audit(office, count)
            alone = _bare(office, count)
        finally:
            close_office(office)
    return [
        Row(
            f"the audit of {count:,} archived files / bare pyHanko validation of them, {CORES} cores",
            many / alone,
            "×",
            note=f"{many:.1f} s / {alone:.1f} s; rows, chains, roots, the files' hashes, every signature",
        ),
        Row(
            f"the audit's time per file, {count:,} / {quarter:,} files",
            many / count / (few / quarter),
            "×",
            1.2,
            note=f"{many / count * 1000:.0f} ms and {few / quarter * 1000:.0f} ms a file: it grows with them",
        ),
    ]


def _audit(office: Office, count: int) -> float:
    """Seconds of an audit of everything, which must find nothing."""
    roots.make(office.db, office.now())
    began = time.monotonic()
    made = auditing.audit(office, auditing.Asked(), cores=CORES)
    took = time.monotonic() - began
    assert made.holds and made.counts["validated"] == count, (made.first, made.counts)
    return took


def _bare(office: Office, count: int) -> float:
    """Seconds pyHanko alone takes for the same files, in two processes that are warm."""
    with office.db.read() as session:
        blobs = session.exec(select(Document.blob).where(col(Document.archived_at).is_not(None))).all()
        trust = trust_of(session)
    paths = [str(office.blobs.path(blob)) for blob in blobs if blob]
    assert len(paths) == count
    with ProcessPoolExecutor(CORES) as pool:
        list(pool.map(_held, [(paths[0], trust, office.now())] * CORES * 2))
        began = time.monotonic()
        held = list(pool.map(_held, [(path, trust, office.now()) for path in paths], chunksize=10))
        took = time.monotonic() - began
    assert set(held) == {4}, "three signatures and the archive's timestamp hold in every file"
    return took


def _held(job: tuple[str, Trust, datetime]) -> int:
    path, trust, now = job
    return validated(Path(path).read_bytes(), trust, now)


def _one_archived(here: Installation) -> str:
    """A lesson plan that went the whole way; only the time-stamp authority still runs."""
    cast = found_school(here)
    here.start_and_wait("tsa", "web", "prefect")
    here.start_and_wait("worker")
    with Person(here.url, "lan") as lan, Person(here.url, "hoa") as hoa, Person(here.url, "minh") as minh:
        draft = lan.draft("lesson-plan", lesson_plan(cast, 20))
        lan.onward(lan.onward(draft) or {})
        for person in (hoa, minh):
            person.onward(person.document(draft["id"]))
        until(lambda: minh.document(draft["id"])["status"] == "archived", "it is not archived", 120)
    settled(here)
    here.stop("worker", "prefect", "web")
    return str(draft["id"])


def _more(here: Installation, model: str, count: int) -> None:
    """The same record so many times more, each with its own archive timestamp, file and chain of events."""
    office, now = here.office, here.office.now()
    with office.db.read() as session:
        document = session.get_one(Document, model)
        events = session.exec(
            select(Event).where(col(Event.document_id) == model).order_by(col(Event.seq))
        ).all()
        others: list[tuple[type[SQLModel], dict[str, Any]]] = [
            (table, row.model_dump())
            for table in (Revision, Signature, ArchiveProof)
            for row in session.exec(select(table).where(col(table.document_id) == model)).all()
        ]
        trust = trust_of(session)
    signed = office.blobs.get(next(event.input_blob for event in events if event.action == "archive") or "")
    timestamper = HttpTimeStamper(StampServer(here.settings.timestamp_url))

    def rows() -> crowd.Rows:
        for _ in range(count):
            key = new_id()
            blob = office.blobs.put(signing.archive_timestamp(signed, trust, timestamper, now))
            chain = list(_chained(events, key, document.blob or "", blob))
            own = {"id": key, "unique_key": None, "blob": blob, "head_hash": chain[-1]["hash"]}
            yield Document, document.model_dump() | own
            for event in chain:
                yield Event, event
            for table, row in others:
                mine = {"document_id": key, **({"id": new_id()} if table is Signature else {})}
                yield table, {name: blob if v == document.blob else v for name, v in row.items()} | mine

    crowd.write(office.db, rows())
    timestamper.close()


def _chained(events: Sequence[Event], key: str, old: str, new: str) -> Iterator[dict[str, Any]]:
    """As versions before wrote them, without where a record belonged: the copies share one week."""
    previous = ""
    for event in events:
        data = {name: value for name, value in event.data.items() if name != BELONGS}
        values = event.model_dump() | {
            "document_id": key,
            "previous": previous or event.previous,
            "data": data,
        }
        if values["output_blob"] == old:
            values["output_blob"] = new
        values["hash"] = previous = Event(**values).digest()
        yield values
