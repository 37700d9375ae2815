"""Are the files there and unchanged, and do the archived ones validate? On every core the machine has.

Files are read while people work: a file that seems missing is looked for once more against the rows as they
are then, for its record may have been destroyed meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Text, cast, literal
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from flows.audit_findings import Finding, finding
from models.document import Document, Revision
from models.errors import RecordsError
from models.portable import blob_columns
from models.tables import METADATA
from tasks import archiving
from tasks.archiving import NotArchivable
from tasks.blobs import BlobStore
from tasks.certificates import Trust
from tasks.pools import IntakePool, JobFailed

_CHUNK = 2**20
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Archived:
    """An archived file and the certificate that must have signed in each of its fields."""

    document_id: str
    type: str
    blob: str
    expected: dict[str, str]


def named(session: Session) -> dict[str, str]:
    """Every file some row names, with a document that row is of, or empty; not those of destroyed records."""
    gone = set(session.exec(select(Document.id).where(col(Document.status) == "destroyed")))
    found: dict[str, str] = {}
    for document_id, sha256 in _names(session):
        if sha256 and document_id not in gone:
            found.setdefault(sha256, document_id)
    return found


def _names(session: Session) -> Iterator[tuple[str, str | None]]:
    """(document or empty, file) of every row that names one; of an uploaded body, as its revision does."""
    for table_name, column_name in sorted(blob_columns() - {("blob", "sha256")}):
        table = METADATA.tables[table_name]
        of = table.c.id if table_name == "document" else table.c.get("document_id", literal(""))
        asked = select_columns(of, table.c[column_name]).where(table.c[column_name].is_not(None))
        for document_id, sha256 in session.execute(asked, execution_options={"yield_per": 1_000}):
            yield document_id, sha256
    bodies = select_columns(col(Revision.document_id), cast(col(Revision.body), Text)).where(
        col(Revision.body).is_not(None)
    )
    for document_id, body in session.execute(bodies, execution_options={"yield_per": 1_000}):
        said = _said(body)
        yield from ((document_id, said.get(part)) for part in ("sha256", "pdf"))


def _said(body: str | None) -> dict[str, Any]:
    """What a revision's column says; nothing where it was written over, which is told with its record."""
    try:
        found = json.loads(body or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def unsound(blobs: BlobStore, names: dict[str, str], cores: int) -> Iterator[Finding | None]:
    """Each file, by its hash: None where it is whole, else what is wrong with it."""
    for name, kind in _at_once(lambda sha256: _state(blobs, sha256), names, cores):
        yield finding(kind, names[name], sha256=name) if kind else None


def _state(blobs: BlobStore, sha256: str) -> str:
    try:
        with blobs.path(sha256).open("rb") as file:
            count = hashlib.sha256()
            while data := file.read(_CHUNK):
                count.update(data)
    except (OSError, ValueError):
        return "file-missing"
    return "" if count.hexdigest() == sha256 else "file-changed"


def invalid(
    blobs: BlobStore, pool: IntakePool, files: Iterable[Archived], trust: Trust, now: datetime, cores: int
) -> Iterator[Finding | None]:
    """Each archived file, fully validated: None where everything holds."""

    def look(file: Archived) -> Finding | None:
        try:
            pdf = blobs.get(file.blob)
        except (OSError, ValueError):
            return None  # told as a missing or changed file
        try:
            pool.submit(archiving.validate, pdf, trust, now, file.expected)
        except NotArchivable as refusal:
            return finding("signatures", file.document_id, file.type, why=refusal.sentence)
        except (RecordsError, JobFailed) as failure:
            why = failure.sentence if isinstance(failure, RecordsError) else str(failure)
            return finding("unchecked", file.document_id, file.type, why=why)
        return None

    for _, found in _at_once(look, files, cores):
        yield found


def _at_once(act: Callable[[In], Out], values: Iterable[In], cores: int) -> Iterator[tuple[In, Out]]:
    """Some at a time, in the order they were given; never more in memory than cores can use."""
    waiting = iter(values)
    with ThreadPoolExecutor(cores, "audit") as threads:
        pending: list[tuple[In, Future[Out]]] = [
            (value, threads.submit(act, value)) for value in islice(waiting, 2 * cores)
        ]
        while pending:
            value, done = pending.pop(0)
            result = done.result()
            pending += [(one, threads.submit(act, one)) for one in islice(waiting, 1)]
            yield value, result
