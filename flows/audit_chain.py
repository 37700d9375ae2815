"""Does one document follow from its events? Hashes, links and numbering, then every row beside them.

Replays the process by `flows/plan.py` itself; nothing here reads a database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flows import audit_terms, bodies, plan
from flows.audit_findings import Finding, finding
from flows.catalogue import type_of
from flows.contents import FROZEN, digest, frozen_digest
from flows.grammar import DocumentType, Draft
from flows.plan import Impossible, Position
from flows.reading import as_happened
from models.destruction import Destruction
from models.document import Document, Revision, Signature
from models.errors import NotFound
from models.event import Event, Remark
from models.retention import RetentionRule

EDITED = ("draft", "returned", "withdrawn")
"""Where the title may be ahead of the newest revision's."""


@dataclass(slots=True)
class Record:
    """One document with everything that must fit its events.

    `destruction`: the row that says so, where a list that was archived ordered it.
    """

    document: Document
    events: list[Event] = field(default_factory=list)
    remarks: dict[int, Remark] = field(default_factory=dict)
    revisions: dict[int, Revision] = field(default_factory=dict)
    signatures: list[Signature] = field(default_factory=list)
    with_file: bool = False
    destruction: Destruction | None = None
    rules: Sequence[RetentionRule] = ()
    """The school's own terms for this type, in the order they were set."""

    def found(self, kind: str, seq: int = 0, **told: object) -> Finding:
        return finding(kind, self.document.id, self.document.type, seq, **told)

    @property
    def destroyed(self) -> bool:
        """Are its words and files gone? Whether they may be is looked at by `faults`."""
        return self.document.status == "destroyed"

    @property
    def expected(self) -> dict[str, str]:
        """The certificate that must have signed in each field of the present revision."""
        here = self.document.revision
        return {s.field: s.certificate for s in self.signatures if s.revision == here}


def faults(record: Record) -> Iterator[Finding]:
    """Everything about a document that does not follow from its events, the chain first."""
    chain = list(_chain(record))
    yield from chain
    yield from _remarks(record)
    if any(one.seq for one in chain) or not record.events:
        return  # what does not follow from a broken chain would only hide where it broke
    try:
        declared = bodies.applied(type_of(record.document.type), with_file=record.with_file)
    except NotFound:
        yield record.found("type", slug=record.document.type)
        return
    way = _Way(declared)
    for event in record.events:
        try:
            way.follow(event)
        except Impossible:
            yield record.found("event-impossible", event.seq)
            return
    yield from _columns(record, way)
    yield from _destruction(record)
    yield from _revisions(record, way)
    yield from _signatures(record, way)


def _chain(record: Record) -> Iterator[Finding]:
    document, previous, seq = record.document, "", 0
    if not record.events:
        if document.version:
            yield record.found("no-events")
        return
    for event in record.events:
        seq += 1
        if event.seq != seq:
            yield record.found("event-missing", seq)
            return
        if event.digest() != event.hash or event.school_id != document.school_id:
            yield record.found("event-changed", seq)
        elif event.previous != previous:
            yield record.found("event-moved", seq)
        previous = event.hash
    if document.version > seq:
        yield record.found("event-missing", seq + 1)
    elif document.version < seq:
        yield record.found("event-added", document.version + 1)
    elif document.head_hash != previous:
        yield record.found("head")


def _remarks(record: Record) -> Iterator[Finding]:
    known = {event.seq: event.remark_hash for event in record.events}
    for seq, expected in known.items():
        remark = record.remarks.get(seq)
        if expected is None:
            if remark is not None:
                yield record.found("remark-added", seq)
        elif remark is None:
            if not record.destroyed:
                yield record.found("remark-missing", seq)
        elif remark.erased:
            if remark.text or remark.parts:
                yield record.found("remark-changed", seq)
            elif not record.destroyed:  # nothing else erases one lawfully (flows/erasing.py)
                yield record.found("remark-erased", seq)
        elif remark.digest() != expected:
            yield record.found("remark-changed", seq)


class _Way:
    """What the rows beside the events must say, followed event by event."""

    def __init__(self, declared: DocumentType) -> None:
        self.declared = declared
        self.position = Position(step=declared.steps[0], status="draft", revision=0, opened_seq=0)
        self.blob: str | None = None
        self.submits: dict[int, Event] = {}
        self.finals: dict[int, str] = {}
        self.signed: dict[tuple[int, str], Event] = {}
        self.approved_at: datetime | None = None
        self.archived_at: datetime | None = None
        self.archived: Event | None = None
        self.destroyed_at: datetime | None = None
        self.number: str | None = None
        self.first_signature: Event | None = None

    def follow(self, event: Event) -> None:
        """One event further; Impossible where it does not follow."""
        self.position = plan.follow(
            self.declared,
            self.position,
            as_happened(event.seq, event.actor_id, event.step, event.action, event.revision, event.data),
        )
        if event.action == "submit":
            self.submits[event.revision] = event
        if event.output_blob:
            self.blob = self.finals[event.revision] = event.output_blob
        if "certificate" in event.data:
            self.signed[event.revision, event.step] = event
        if event.action == "sign" and self.first_signature is None:
            self.first_signature = event
        if event.action == "return" and not isinstance(self.position.step, Draft):
            self._take_back()
        if self.position.status == "approved" and self.approved_at is None:
            self.approved_at = event.at
        if event.action == "archive":
            self.archived_at, self.archived = event.at, event
        if event.action == plan.DESTROY:
            self.destroyed_at = event.at
        self.number = event.data.get("number", self.number)

    def _take_back(self) -> None:
        """Of a return within the signing round: the signatures that no longer stand, the file before them."""
        here, kept = self.position.revision, self.position.signed
        self.signed = {key: e for key, e in self.signed.items() if key[0] != here or key[1] in kept}
        last = self.signed[here, kept[-1]] if kept else self.submits[here]
        self.blob = self.finals[here] = last.output_blob or ""


def _columns(record: Record, way: _Way) -> Iterator[Finding]:
    document, here = record.document, way.position
    created = record.events[0]
    follows: dict[str, object] = {
        "status": here.status,
        "step": here.step.name if here.step else "",
        "revision": here.revision,
        "owner_id": created.actor_id,
        "concerned_id": created.data.get("concerned"),
        "witness_id": here.witness or None,
        "approved_at": way.approved_at,
        "archived_at": way.archived_at,
        "number": way.number,
    }
    if not record.destroyed:
        follows["blob"] = way.blob
        revision = record.revisions.get(here.revision)
        if revision is not None and here.status not in EDITED:
            follows["title"] = revision.title
    for column, value in follows.items():
        if getattr(document, column) != value:
            yield record.found("column", column=column)
    if not _first_signed_fits(document.first_signed_at, way.first_signature):
        yield record.found("column", column="first_signed_at")
    ends = audit_terms.ends(way.declared, way.archived, record.rules, way.destroyed_at)
    if document.keep_until not in ends:
        yield record.found("column", column="keep_until")
    yield from _draft(record, way)


def _destruction(record: Record) -> Iterator[Finding]:
    """A record is destroyed by its last event, and by the list that names it; no row alone destroys one."""
    row, last = record.destruction, record.events[-1]
    if row is None:
        if record.destroyed:
            yield record.found("not-destroyed")
    elif (row.seq, row.head_hash, row.list_id) != (last.seq, last.hash, last.data.get("list")):
        yield record.found("not-destroyed")


def _first_signed_fits(stored: datetime | None, event: Event | None) -> bool:
    """The arrival of the request that led to the first signature; events of older versions do not name it."""
    if event is None or stored is None:
        return event is None and stored is None
    arrived = event.data.get("arrived")
    return stored == datetime.fromisoformat(arrived) if arrived else stored <= event.at


def _draft(record: Record, way: _Way) -> Iterator[Finding]:
    submit = max(way.submits.values(), key=lambda e: e.seq, default=None)
    if submit is None or record.destroyed or "draft" not in submit.data:
        return
    untouched = submit.data["content_version"] == record.document.content_version
    if untouched and digest(record.document.fields) != submit.data["draft"]:
        yield record.found("draft", submit.seq)


def _revisions(record: Record, way: _Way) -> Iterator[Finding]:
    for number, submit in way.submits.items():
        row = record.revisions.get(number)
        if row is None:
            yield record.found("revision-missing", number=number)
            continue
        if row.pdf != submit.output_blob:
            yield record.found("revision-changed", submit.seq, number=number, column="pdf")
        if row.final != way.finals[number]:
            yield record.found("revision-changed", submit.seq, number=number, column="final")
        if "frozen" in submit.data and not record.destroyed:
            frozen = {name: getattr(row, name) for name in FROZEN}
            if frozen_digest(record.document.type, frozen) != submit.data["frozen"]:
                columns = "/".join(("type", *FROZEN))
                yield record.found("revision-changed", submit.seq, number=number, column=columns)
    for number in record.revisions.keys() - way.submits.keys():
        yield record.found("revision-added", number=number)


def _signatures(record: Record, way: _Way) -> Iterator[Finding]:
    rows = {(row.revision, row.step): row for row in record.signatures}
    for key, event in way.signed.items():
        row = rows.pop(key, None)
        if row is None:
            yield record.found("signature-missing", event.seq, step=event.step)
        elif _said(row) != _done(event):
            yield record.found("signature-changed", event.seq, step=event.step)
    for _, step in rows:
        yield record.found("signature-added", step=step)


def _said(row: Signature) -> Mapping[str, object]:
    return {
        "who": row.account_id,
        "field": row.field,
        "authority": row.authority,
        "certificate": row.certificate,
        "files": (row.input_blob, row.output_blob),
    }


def _done(event: Event) -> Mapping[str, object]:
    return {
        "who": event.actor_id,
        "field": event.step,
        "authority": event.data.get("authority", ""),
        "certificate": event.data["certificate"],
        "files": (event.input_blob, event.output_blob),
    }
