"""Reading a whole database for an audit: a few hundred documents at a time, each row once, nothing kept.

The cost grows with the rows and the memory does not. What belongs to no document is found by asking for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from flows.audit_findings import Finding, finding
from flows.audit_record import Record
from flows.belonging import AFTER
from flows.catalogue import TYPES
from flows.documents.destruction_list import DESTRUCTION_LIST
from flows.obligations import calendar_of
from models.delegation import Substitution
from models.destruction import Destruction
from models.document import Document, DocumentLink, OpenStep, Revision, SeriesNumber, Signature
from models.event import Event, Remark
from models.retention import RetentionRule
from models.school import SchoolWeek
from models.settings import VIETNAM
from models.tables import METADATA
from models.upload import Upload

AT_ONCE = 200
_HASHES = 500
DECLARED = {declared.slug: declared for declared in TYPES}
Rules = dict[tuple[str, str], list[RetentionRule]]
"""By school and type, in the order they were set."""


def ids(session: Session, school_id: str = "") -> list[str]:
    """Every document (of one school), in the order they were begun."""
    asked = select(Document.id).order_by(col(Document.id))
    return list(session.exec(asked.where(col(Document.school_id) == school_id) if school_id else asked))


@dataclass(frozen=True, slots=True)
class Schools:
    """What records of the same school are held against: its terms, and the ids of its teaching weeks."""

    rules: Rules
    weeks: Mapping[str, Set[str]]


def schools(session: Session) -> Schools:
    """Of all schools, read once for an audit."""
    rules: Rules = defaultdict(list)
    for rule in session.exec(select(RetentionRule).order_by(col(RetentionRule.number))):
        rules[rule.school_id, rule.type].append(rule)
    weeks: dict[str, set[str]] = defaultdict(set)
    for week_id, school_id in session.exec(select(SchoolWeek.id, SchoolWeek.school_id)):
        weeks[school_id].add(week_id)
    return Schools(rules, weeks)


def records(session: Session, wanted: Sequence[str], known: Schools | None = None) -> Iterator[Record]:
    """These documents with all that must fit their events, one after the other."""
    known = known or schools(session)
    for start in range(0, len(wanted), AT_ONCE):
        yield from _some(session, wanted[start : start + AT_ONCE], known)
        session.expunge_all()


def _some(session: Session, wanted: Sequence[str], known: Schools) -> Iterator[Record]:
    rules, weeks = known.rules, known.weeks
    rows = session.exec(select(Document).where(col(Document.id).in_(wanted)).order_by(col(Document.id)))
    found = {
        one.id: Record(
            one, rules=rules.get((one.school_id, one.type), ()), weeks=weeks.get(one.school_id, frozenset())
        )
        for one in rows
    }
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
    for step in session.exec(select(OpenStep).where(col(OpenStep.document_id).in_(wanted))):
        found[step.document_id].open.append(step)
    for link in session.exec(select(DocumentLink).where(col(DocumentLink.document_id).in_(wanted))):
        found[link.document_id].links.append(link)
    for stood in session.exec(select(Substitution).where(col(Substitution.document_id).in_(wanted))):
        found[stood.document_id].substitutions.append(stood)
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


class Named:
    """Events of other records that events name, and those of them that are nowhere; looked for by the way."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.waiting: dict[str, Finding] = {}
        self.gone: list[Finding] = []

    def by(self, record: Record) -> None:
        """What the events of this record name."""
        for event in record.events:
            for document_id, seq, named in event.data.get(AFTER, ()):
                gone = finding("event-gone", document_id, seq=seq, by=event.document_id, by_seq=event.seq)
                self.waiting.setdefault(named, gone)
        if len(self.waiting) >= _HASHES:
            self.look()

    def look(self) -> None:
        """Ask for those that wait."""
        hashes = list(self.waiting)
        for start in range(0, len(hashes), _HASHES):
            some = hashes[start : start + _HASHES]
            there = set(self.session.exec(select(Event.hash).where(col(Event.hash).in_(some))))
            self.gone += [self.waiting[named] for named in some if named not in there]
        self.waiting.clear()


def limits(session: Session, school_id: str = "") -> Iterator[Finding]:
    """Of what nobody has signed yet the limit is what rules and calendar give for its week, and no other.

    What was declared otherwise when it was begun keeps its limit, and so does what is about another record.
    """
    d = Document
    linked = select(DocumentLink.document_id).where(col(DocumentLink.document_id) == col(d.id)).exists()
    asked = (
        select_columns(
            col(d.school_id),
            col(d.id),
            col(d.type),
            col(d.type_version),
            col(d.week_id),
            col(d.due_at),
            linked,
        )
        .where(
            col(d.first_signed_at).is_(None),
            col(d.status).not_in(("withdrawn", "destroyed")),
            *([col(d.school_id) == school_id] if school_id else []),
        )
        .order_by(col(d.school_id), col(d.id))
    )
    for school, rows in groupby(session.execute(asked).all(), key=lambda row: row[0]):
        calendar = calendar_of(session, school)
        for _, document_id, slug, version, week_id, due_at, is_linked in rows:
            declared = DECLARED.get(slug)
            if declared is None or declared.version != version:
                continue
            rule = declared.deadline
            due = calendar.limit(rule, week_id) if rule else None
            if due != due_at and not (is_linked and (rule is None or due_at is None)):
                yield finding("column", document_id, slug, column="due_at")


def _series(slug: str) -> set[str | None]:
    """The series a type's number comes from."""
    declared = DECLARED.get(slug)
    return {getattr(step, "numbers", None) for step in declared.leaves} if declared else set()


def _is_year(row: SeriesNumber) -> bool:
    """Used in its year, or in the signature that began before midnight."""
    return row.year in {(row.at - days).astimezone(VIETNAM).year for days in (timedelta(0), timedelta(1))}


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
    used_then = (
        select(Event.seq)
        .where(col(Event.document_id) == col(SeriesNumber.document_id), col(Event.at) == col(SeriesNumber.at))
        .exists()
    )
    asked = (
        select_columns(
            SeriesNumber, col(Document.type), col(Document.number), col(Document.school_id), used_then
        )
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
    rows = session.execute(asked.execution_options(yield_per=500))
    for _, series in groupby(rows, key=lambda one: (one[0].school_id, one[0].series, one[0].year)):
        following = 1
        for row, slug, stands, school, decided in series:
            for number in range(following, row.number):
                yield finding("number-missing", series=row.series, year=row.year, number=number)
            following = row.number + 1
            fits = stands == f"{row.number:02d}" and decided and row.school_id == school
            if row.state == "used" and not (fits and row.series in _series(slug) and _is_year(row)):
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
