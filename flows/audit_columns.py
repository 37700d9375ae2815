"""Does each column of a document's own row follow from its events? Pure.

What follows from neither is named in docs/decisions/0026-what-the-audit-covers.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flows import audit_terms
from flows.audit_findings import Finding
from flows.audit_record import WRITTEN, Record, Way
from flows.belonging import BELONGS, belongs
from flows.contents import digest
from flows.drafts import unique_key
from flows.links import ABOUT, REPLACES
from flows.plan import RENEW
from models.event import Event

WEEKS = ("week_id", "last_week_id")


def faults(record: Record, way: Way) -> Iterator[Finding]:
    """Each column that says something else than the events do."""
    document = record.document
    for column, value in (_decided(record, way) | _belonging(record, way)).items():
        if getattr(document, column) != value:
            yield record.found("column", column=column)
    if not _first_signed_fits(document.first_signed_at, way.first_signature):
        yield record.found("column", column="first_signed_at")
    ends = audit_terms.ends(way.declared, way.archived, record.rules, way.destroyed_at)
    if document.keep_until not in ends:
        yield record.found("column", column="keep_until")
    yield from _weeks(record, way)
    yield from _unique_key(record, way)
    yield from _draft(record, way)
    yield from _destruction(record)


def _decided(record: Record, way: Way) -> dict[str, object]:
    """What decisions write."""
    here, events = way.position, record.events
    found: dict[str, object] = {
        "status": here.status,
        "step": here.step.name if here.step else "",
        "revision": here.revision,
        "owner_id": events[0].actor_id,
        "concerned_id": events[0].data.get("concerned"),
        "witness_id": here.witness or None,
        "approved_at": way.approved_at,
        "archived_at": way.archived_at,
        "number": way.number,
    }
    if not record.destroyed:
        found["blob"] = way.blob
    if BELONGS in events[0].data:
        found["created_at"] = events[0].at
    if BELONGS in events[-1].data and here.status not in WRITTEN:
        found["updated_at"] = [event.at for event in events if event.action != RENEW][-1]
    return found


def _belonging(record: Record, way: Way) -> dict[str, object]:
    """Where it belonged at its last event, as far as no save and no change of the calendar moves that.

    Weeks and limit are the author's to change while the record is written, the limit is the calendar's until
    the first signature (`audit_rows.limits`).
    """
    document = record.document
    known: dict[str, object] = dict(record.events[-1].data.get(BELONGS, {}))
    if not known:
        return {}
    due = known.pop("due_at")
    now = belongs(document)
    moved = way.position.status in WRITTEN and any(now[name] != known[name] for name in WEEKS)
    if way.position.status in WRITTEN:
        for name in WEEKS:
            del known[name]
    if way.first_signature is None and way.position.status != "withdrawn":
        moved = moved or way.position.status in WRITTEN or (now["due_at"] is None) == (due is None)
    if not moved:
        known["due_at"] = datetime.fromisoformat(str(due)) if due else None
    return known


def _weeks(record: Record, way: Way) -> Iterator[Finding]:
    """The weeks follow from the form, but for a record about another one, which is of that one's weeks."""
    document, declared = record.document, way.declared
    amends = ABOUT in record.events[0].data
    if amends or record.destroyed or document.type_version != declared.version:
        return
    first = document.fields.get(declared.week_field) or None
    last = document.fields.get(declared.last_week_field) if declared.last_week_field else first
    first = first if first in record.weeks else None
    for column, value in (("week_id", first), ("last_week_id", last if last in record.weeks else first)):
        if getattr(document, column) != value:
            yield record.found("column", column=column)


def _unique_key(record: Record, way: Way) -> Iterator[Finding]:
    """What keeps a second record for the same week out; it follows from the form."""
    document, declared, events = record.document, way.declared, record.events
    if BELONGS not in events[-1].data or document.type_version != declared.version:
        return
    allowed: set[str | None] = {None}
    if document.status not in ("withdrawn", "destroyed"):
        allowed = {unique_key(declared, events[0].actor_id, document.fields)}
        if replaced := events[0].data.get(REPLACES):
            allowed.add(f"replaces:{replaced}")
    if document.unique_key not in allowed:
        yield record.found("column", column="unique_key")


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


def _draft(record: Record, way: Way) -> Iterator[Finding]:
    """What was typed, and how often it was saved: as at the newest submit, until the author may write on."""
    submit = max(way.submits.values(), key=lambda e: e.seq, default=None)
    if submit is None or record.destroyed or "draft" not in submit.data:
        return
    document, saves = record.document, submit.data["content_version"]
    revision = record.revisions.get(submit.revision)
    if document.content_version != saves:
        if document.content_version < saves or not way.written:
            yield record.found("column", column="content_version")
        return
    if digest(document.fields) != submit.data["draft"]:
        yield record.found("draft", submit.seq)
    if revision is not None and document.title != revision.title:
        yield record.found("column", column="title")
