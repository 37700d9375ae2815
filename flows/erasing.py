"""What of a destroyed record is emptied, beside its own row, and which files go with it.

Rows that say what happened stay: events, signatures, evidence, flags. Words that were written or typed go:
the text of its revisions, remarks, notes, uploads, notices. Only `flows/destroying.py` calls this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Select, delete, literal, select, update
from sqlmodel import Session, SQLModel, col

from models.document import Document, DocumentImage, Revision
from models.event import Remark
from models.evidence import Duty
from models.indexing import index
from models.notice import Mail, Notice
from models.portable import blob_columns
from models.proof import ArchiveProof
from models.review import PartMark, RoundMark
from models.spot_check import REOPENED, SpotCheck
from models.upload import Upload

_AT_ONCE = 500
_GONE: tuple[Any, ...] = (DocumentImage, Upload, PartMark, RoundMark, Notice, Duty, ArchiveProof)
"""Tables of what was typed, sent in or said about a record, and of what was still to do with it."""

_MAIL_OF_DESTROYED = "Hồ sơ đã hủy · Destroyed record"

# --- files ----------------------------------------------------------------------------------------------


def files_of(session: Session, document_ids: Collection[str]) -> dict[str, set[str]]:
    """By document: the hash of every file that a row of it names."""
    found: dict[str, set[str]] = {key: set() for key in document_ids}
    for some in _some(document_ids):
        for owner, name in _named(session, of=some):
            found[owner].add(name)
    return found


def owners_of(session: Session, names: Collection[str]) -> dict[str, set[str]]:
    """By file: the documents, not destroyed, that name it; "" for rows that are no document's."""
    found: dict[str, set[str]] = {name: set() for name in names}
    for some in _some(names):
        for owner, name in _named(session, names=some):
            found[name].add(owner)
    d, gone = Document, set[str]()
    for some in _some({owner for each in found.values() for owner in each} - {""}):
        destroyed = select(col(d.id)).where(col(d.id).in_(some), col(d.status) == "destroyed")
        gone.update(session.execute(destroyed).scalars())
    return {name: owners - gone for name, owners in found.items()}


def sent_in(session: Session, names: Collection[str], document_id: str) -> set[str]:
    """Those of these files that were sent in for another document too."""
    found: set[str] = set()
    for column, owner in (
        (DocumentImage.sha256, DocumentImage.document_id),
        (Upload.sha256, Upload.document_id),
        (Upload.pdf, Upload.document_id),
    ):
        others = select(col(column)).where(col(column).in_(names), col(owner) != document_id)
        found.update(name for name in session.execute(others).scalars() if name)
    return found


def _named(
    session: Session, *, of: Collection[str] | None = None, names: Collection[str] | None = None
) -> Iterator[tuple[str, str]]:
    """(document, file) of the rows that name one: those of some documents, or those that name some files."""
    for owner, name, query in _places():
        if of is not None:
            if owner is None:
                continue
            query = query.where(owner.in_(of))
        if names is not None:
            query = query.where(name.in_(names))
        yield from ((row[0] or "", row[1]) for row in session.execute(query.distinct()))
    bodies = select(col(Revision.document_id), col(Revision.body)).where(col(Revision.body).is_not(None))
    if of is not None:
        bodies = bodies.where(col(Revision.document_id).in_(of))
    for document_id, body in session.execute(bodies):
        for name in filter(None, ((body or {}).get("sha256"), (body or {}).get("pdf"))):
            if names is None or name in names:
                yield document_id, name


def _places() -> Iterator[tuple[Any, Any, Select[Any]]]:
    """Every column that names a file, with the column that says whose it is (None: no document's)."""
    tables = SQLModel.metadata.tables
    columns = [(tables[table], name) for table, name in sorted(blob_columns()) if table != "blob"]
    columns += [(tables["upload"], name) for name in ("sha256", "pdf")]
    for table, name in columns:
        owner = table.c.id if table.name == "document" else table.c.get("document_id")
        column = table.c[name]
        asked = select(literal("") if owner is None else owner, column)
        yield owner, column, asked.where(column.is_not(None))


def _some(values: Iterable[str]) -> Iterator[list[str]]:
    whole = sorted(values)
    for start in range(0, len(whole), _AT_ONCE):
        yield whole[start : start + _AT_ONCE]


# --- words ----------------------------------------------------------------------------------------------


def empty(session: Session, document: Document) -> None:
    """Empty everything of a record that holds words, in the caller's transaction; not its own row."""
    told = select(col(Notice.mail_id)).where(col(Notice.document_id) == document.id)
    session.execute(
        update(Mail)
        .where(col(Mail.id).in_(told), col(Mail.state) != "waiting")
        .values(subject=_MAIL_OF_DESTROYED, text="", html="")
    )
    for table in _GONE:
        session.execute(delete(table).where(table.document_id == document.id))
    session.execute(
        update(Revision)
        .where(col(Revision.document_id) == document.id)
        .values(fields={}, title=document.title, parts={}, boxes={}, body=None)
    )
    # Without its salt nobody finds the words again by trying.
    session.execute(
        update(Remark)
        .where(col(Remark.document_id) == document.id)
        .values(text="", parts={}, salt="", erased=True)
    )
    for check in session.execute(
        select(SpotCheck).where(col(SpotCheck.document_id) == document.id)
    ).scalars():
        _empty_check(session, check)
    index(session.connection(), document.id)


def _empty_check(session: Session, check: SpotCheck) -> None:
    """The marks stay, as facts of the totals; what was said and noted, and titles of records, do not."""
    evidence = {
        key: [_wordless(old) for old in value] if key == REOPENED else _untitled(value)
        for key, value in check.evidence.items()
    }
    session.execute(
        update(SpotCheck)
        .where(col(SpotCheck.id) == check.id)
        .values(record=_plain(check.record), evidence=evidence, reason=check.reason and "–")
    )


def _plain(record: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if record is None else {**record, "words": "", "note": ""}


def _wordless(old: Mapping[str, Any]) -> dict[str, Any]:
    return {**old, "record": _plain(old.get("record")), "arrived": _untitled(old.get("arrived"))}


def _untitled(seen: Any) -> Any:
    """Evidence without the names of lessons and records."""
    if not isinstance(seen, dict):
        return seen
    blank = {key: "" for key in ("title", "lesson") if key in seen}
    return {key: _untitled(value) for key, value in seen.items()} | blank
