"""Reading a whole database for an audit: a few hundred documents at a time, each row once, nothing kept.

The cost grows with the rows and the memory does not. What belongs to no document is found by asking for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from flows.audit_chain import Record
from flows.audit_findings import Finding, finding
from flows.documents.destruction_list import DESTRUCTION_LIST
from models.destruction import Destruction
from models.document import Document, Revision, SeriesNumber, Signature
from models.event import Event, Remark
from models.retention import RetentionRule
from models.tables import METADATA
from models.upload import Upload

AT_ONCE = 200
Rules = dict[tuple[str, str], list[RetentionRule]]
"""By school and type, in the order they were set."""


def ids(session: Session, school_id: str = "") -> list[str]:
    """Every document (of one school), in the order they were begun."""
    asked = select(Document.id).order_by(col(Document.id))
    return list(session.exec(asked.where(col(Document.school_id) == school_id) if school_id else asked))


def records(session: Session, wanted: Sequence[str]) -> Iterator[Record]:
    """These documents with all that must fit their events, one after the other."""
    rules: Rules = defaultdict(list)
    for rule in session.exec(select(RetentionRule).order_by(col(RetentionRule.number))):
        rules[rule.school_id, rule.type].append(rule)
    for start in range(0, len(wanted), AT_ONCE):
        yield from _some(session, wanted[start : start + AT_ONCE], rules)
        session.expunge_all()


def _some(session: Session, wanted: Sequence[str], rules: Rules) -> Iterator[Record]:
    rows = session.exec(select(Document).where(col(Document.id).in_(wanted)).order_by(col(Document.id)))
    found = {one.id: Record(one, rules=rules.get((one.school_id, one.type), ())) for one in rows}
    for event in session.exec(
        select(Event)
        .where(col(Event.document_id).in_(wanted))
        .order_by(col(Event.document_id), col(Event.seq))
    ):
        found[event.document_id].events.append(event)
    for remark in session.exec(select(Remark).where(col(Remark.document_id).in_(wanted))):
        found[remark.document_id].remarks[remark.seq] = remark
    for revision in session.exec(select(Revision).where(col(Revision.document_id).in_(wanted))):
        found[revision.document_id].revisions[revision.number] = revision
    for signature in session.exec(select(Signature).where(col(Signature.document_id).in_(wanted))):
        found[signature.document_id].signatures.append(signature)
    ready = col(Upload.document_id).in_(wanted), col(Upload.state) == "ready"
    for document_id in session.exec(select(Upload.document_id).where(*ready)):
        found[document_id].with_file = True
    for row in session.exec(
        select(Destruction)
        .join(Document, col(Document.id) == col(Destruction.list_id))
        .where(
            col(Destruction.document_id).in_(wanted),
            col(Document.type) == DESTRUCTION_LIST.slug,
            col(Document.archived_at).is_not(None),
        )
    ):
        found[row.document_id].destruction = row
    yield from found.values()


def orphans(session: Session) -> Iterator[Finding]:
    """Events whose document is gone."""
    there = select(Document.id).where(col(Document.id) == col(Event.document_id)).exists()
    rows = session.exec(
        select(Event.document_id, func.min(Event.seq), func.count())
        .where(~there)
        .group_by(col(Event.document_id))
        .order_by(col(Event.document_id))
    )
    for document_id, seq, count in rows:
        yield finding("event-orphan", document_id, seq=seq, count=count)


def dangling(session: Session) -> Iterator[Finding]:
    """Rows that belong to a document which is gone: foreign keys let none be left by the system itself."""
    left: dict[str, set[str]] = defaultdict(set)
    documents = METADATA.tables["document"]
    for table, column in _naming():
        there = select_columns(documents.c.id).where(documents.c.id == column).exists()
        rows = select_columns(column).where(column.is_not(None), ~there).distinct()
        for document_id in session.execute(rows).scalars():
            left[document_id].add(table)
    for document_id, tables in sorted(left.items()):
        yield finding("rows-orphan", document_id, tables=", ".join(sorted(tables)))


def _naming() -> Iterator[tuple[str, Any]]:
    """(table, column) of everything that names a document; events and leaves are looked at by themselves."""
    for table in METADATA.sorted_tables:
        if table.name in {"event", "audit_leaf"}:
            continue
        columns = {key.parent.name for key in table.foreign_keys if key.target_fullname == "document.id"}
        if "document_id" in table.c:
            columns.add("document_id")
        yield from ((table.name, table.c[name]) for name in sorted(columns))


def numbers(session: Session, school_id: str = "") -> Iterator[Finding]:
    """The series of document numbers: without gaps, each used one on its document, none from elsewhere."""
    asked = (
        select(SeriesNumber, Document.type, Document.number)
        .join(Document, col(Document.id) == col(SeriesNumber.document_id), isouter=True)
        .order_by(
            col(SeriesNumber.school_id),
            col(SeriesNumber.series),
            col(SeriesNumber.year),
            col(SeriesNumber.number),
        )
    )
    if school_id:
        asked = asked.where(col(SeriesNumber.school_id) == school_id)
    rows = session.exec(asked.execution_options(yield_per=500))
    for _, series in groupby(rows, key=lambda one: (one[0].school_id, one[0].series, one[0].year)):
        following = 1
        for row, slug, stands in series:
            for number in range(following, row.number):
                yield finding("number-missing", series=row.series, year=row.year, number=number)
            following = row.number + 1
            if row.state == "used" and stands != f"{row.number:02d}":
                yield finding(
                    "number-changed",
                    row.document_id,
                    slug or "",
                    series=row.series,
                    year=row.year,
                    number=row.number,
                )
            session.expunge(row)
    given = (
        select(SeriesNumber.number)
        .where(col(SeriesNumber.document_id) == col(Document.id), col(SeriesNumber.state) == "used")
        .exists()
    )
    unknown = select(Document.id, Document.type, Document.number).where(
        col(Document.number).is_not(None), ~given
    )
    if school_id:
        unknown = unknown.where(col(Document.school_id) == school_id)
    for document_id, slug, stands in session.exec(unknown.order_by(col(Document.id))):
        yield finding("number-unknown", document_id, slug, number=stands)
