"""Are the files there and unchanged, and do the archived ones validate? On every core the machine has.

Files are read while people work: a file that seems missing is looked for once more against the rows as they
are then, for its record may have been destroyed meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlmodel import Session, select

from flows.audit_findings import Finding, finding
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
    """Every file some row names, with a document that row is of, or empty."""
    found: dict[str, str] = {}
    for table_name, column_name in sorted(blob_columns()):
        table = METADATA.tables[table_name]
        column, of = table.c[column_name], table.c.get("document_id", table.c.get("id"))
        is_document = table_name == "document" or "document_id" in table.c
        rows = session.execute(
            select(column, of if is_document and of is not None else column).where(column.is_not(None)),
            execution_options={"yield_per": 1_000},
        )
        for sha256, document_id in rows:
            found.setdefault(sha256, document_id if is_document else "")
    return found


def unsound(blobs: BlobStore, names: dict[str, str], cores: int) -> Iterator[tuple[Finding | None, str]]:
    """Each file by its hash: None and its name where it is whole, else what is wrong with it."""
    for name, kind in _at_once(lambda sha256: _state(blobs, sha256), names, cores):
        yield (finding(kind, names[name], sha256=name) if kind else None), name


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
