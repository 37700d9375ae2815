"""Do the rows beside a document follow from its events: revisions, signatures, what waits, links? Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from flows.audit_findings import Finding
from flows.audit_record import Record, Way
from flows.contents import FROZEN, frozen_digest
from flows.links import ABOUT, REPLACES
from models.document import Signature
from models.event import Event


def faults(record: Record, way: Way) -> Iterator[Finding]:
    """Each row that is missing, too many, or says something else."""
    yield from _revisions(record, way)
    yield from _signatures(record, way)
    yield from _open_steps(record, way)
    yield from _links(record)
    yield from _substitutions(record)
    yield from _schools(record)


def _schools(record: Record) -> Iterator[Finding]:
    """No row stands in another school than its record."""
    tables = {
        "revision": [row.school_id for row in record.revisions.values()],
        "signature": [row.school_id for row in record.signatures],
        "open_step": [row.school_id for row in record.open],
        "document_link": [row.school_id for row in record.links],
        "substitution": [row.school_id for row in record.substitutions],
    }
    for table, schools in tables.items():
        if any(school_id != record.document.school_id for school_id in schools):
            yield record.found("row", table=table, column="school_id")


def _revisions(record: Record, way: Way) -> Iterator[Finding]:
    for number, submit in way.submits.items():
        row = record.revisions.get(number)
        if row is None:
            yield record.found("revision-missing", number=number)
            continue
        if row.pdf != submit.output_blob:
            yield record.found("revision-changed", submit.seq, number=number, column="pdf")
        if row.created_at != submit.at:
            yield record.found("revision-changed", submit.seq, number=number, column="created_at")
        if row.final != way.finals[number]:
            yield record.found("revision-changed", submit.seq, number=number, column="final")
        if "frozen" in submit.data and not record.destroyed:
            frozen = {name: getattr(row, name) for name in FROZEN}
            if frozen_digest(record.document.type, frozen) != submit.data["frozen"]:
                columns = "/".join(("type", *FROZEN))
                yield record.found("revision-changed", submit.seq, number=number, column=columns)
    for number in record.revisions.keys() - way.submits.keys():
        yield record.found("revision-added", number=number)


def _signatures(record: Record, way: Way) -> Iterator[Finding]:
    rows = {(row.revision, row.step): row for row in record.signatures}
    for key, event in way.signed.items():
        row = rows.pop(key, None)
        if row is None:
            yield record.found("signature-missing", event.seq, step=event.step)
        elif _said(row) != _done(event) or not _signed_then(row, event):
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


def _signed_then(row: Signature, event: Event) -> bool:
    """Events of older versions name the time of the decision alone, which the signature came before."""
    signed = event.data.get("signed_at")
    return row.signed_at == datetime.fromisoformat(signed) if signed else row.signed_at <= event.at


def _open_steps(record: Record, way: Way) -> Iterator[Finding]:
    """Whom it waits for is a row for each post; each open step has its first, and no other step any."""
    here = way.position
    wanted = {step.name for step in here.open if step.by is not None}
    rows = {(row.step, row.place) for row in record.open}
    if {step for step, _ in rows} != wanted or not {(step, 0) for step in wanted} <= rows:
        yield record.found("row", table="open_step", column="step")
    for row in record.open:
        told = {"type": record.document.type, "opened_seq": here.opened_seq}
        for column, value in told.items():
            if getattr(row, column) != value:
                yield record.found("row", table="open_step", column=column)


def _links(record: Record) -> Iterator[Finding]:
    """What it is about and what it replaces, as its first event names them."""
    created = record.events[0].data
    named = {(kind, created[kind]) for kind in (ABOUT, REPLACES) if created.get(kind)}
    if {(row.kind, row.other_id) for row in record.links} != named:
        yield record.found("row", table="document_link", column="other_id")


def _substitutions(record: Record) -> Iterator[Finding]:
    """Who decided for somebody absent, by which delegation."""
    done = {
        (e.seq, e.revision, e.action, e.data["stood_for"], e.data.get("delegation"))
        for e in record.events
        if e.data.get("stood_for")
    }
    said = {(r.seq, r.revision, r.action, r.absent_id, r.delegation_id) for r in record.substitutions}
    for seq, *_ in sorted(done ^ said):
        yield record.found("row-of", seq, table="substitution")
