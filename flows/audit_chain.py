"""Does one document follow from its events? Hashes, links and numbering, then every row beside them.

Replays the process by `flows/plan.py` itself; nothing here reads a database.
"""

from __future__ import annotations

from collections.abc import Iterator

from flows import audit_beside, audit_columns, bodies
from flows.audit_findings import Finding
from flows.audit_record import Record, Way
from flows.catalogue import type_of
from flows.plan import Impossible
from models.errors import NotFound


def faults(record: Record) -> Iterator[Finding]:
    """Everything about a document that does not follow from its events, the chain first."""
    broken = list(chain(record))
    yield from broken
    yield from remarks(record)
    if any(one.seq for one in broken) or not record.events:
        return  # what does not follow from a broken chain would only hide where it broke
    try:
        declared = bodies.applied(type_of(record.document.type), with_file=record.with_file)
    except NotFound:
        yield record.found("type", slug=record.document.type)
        return
    way = Way(declared)
    for event in record.events:
        try:
            way.follow(event)
        except Impossible:
            yield record.found("event-impossible", event.seq)
            return
    yield from audit_columns.faults(record, way)
    yield from audit_beside.faults(record, way)


def chain(record: Record) -> Iterator[Finding]:
    """Where the chain does not hold, from the first event to the head the document names."""
    document, previous, seq = record.document, "", 0
    if not record.events:
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


def remarks(record: Record) -> Iterator[Finding]:
    """Words beside an event that are not those it was written with."""
    known: dict[int, str | None] = dict.fromkeys(sorted(record.remarks))
    known |= {event.seq: event.remark_hash for event in record.events}
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
