"""How documents, steps and signatures look in an answer of the API. Times are ISO 8601 at +07:00."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flows.appeals import Appealed
from flows.candidates import StandIn
from flows.deadlines import is_late
from flows.grammar import DocumentType
from flows.outstanding import DutySeen
from flows.succession import Related
from flows.views import View, WaitingStep
from models.account import Account
from models.document import Document
from models.settings import VIETNAM
from models.text import Text


def moment(value: datetime | None) -> str | None:
    """An instant as the contract says it."""
    return value.astimezone(VIETNAM).isoformat(timespec="seconds") if value else None


def words(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


def summary(document: Document, owner: str) -> dict[str, Any]:
    """A document in a list."""
    return {
        "id": document.id,
        "type": document.type,
        "title": document.title,
        "owner": {"id": document.owner_id, "name": owner},
        "status": document.status,
        "step": document.step,
        "version": document.version,
        "content_version": document.content_version,
        "revision": document.revision,
        "due": moment(document.due_at),
        "updated_at": moment(document.updated_at),
    }


def answer(view: View) -> dict[str, Any]:
    """A document whole."""
    document, step = view.document, view.here.position.step
    return summary(document, view.owner.full_name) | {
        "concerned": people([view.concerned])[0] if view.concerned else None,
        "fields": document.fields,
        "step": None
        if step is None
        else {
            "name": step.name,
            "label": words(step.label),
            "waiting_for": people(view.waiting_for),
            "away": [absence(one) for one in view.away],
            "due": moment(view.due_at),
            "open": [open_step(one) for one in view.waiting],
        },
        "actions": [*view.actions, *(["delegate"] if view.may_hand_over else [])],
        "late": bool(
            document.first_signed_at
            and document.due_at
            and is_late(document.first_signed_at, document.due_at)
        ),
        "late_waived": view.waived,
        "content_hash": document.blob,
        "body": body(view),
        "number": document.number,
        "flags": [
            {"id": f.id, "rule": f.rule, "due": moment(f.due_at), "waived": f.waived_at is not None}
            for f in view.flags
            if f.resolved_at is None
        ],
        "obligations": [obligation(seen) for seen in view.duties],
        "signatures": [
            {
                "step": seen.signature.step,
                "revision": seen.signature.revision,
                "name": seen.name,
                "authority": seen.signature.authority,
                "stood_for": seen.absent or None,
                "authorisation": seen.number or None,
                "signed_at": moment(seen.signature.signed_at),
                "hash": seen.signature.output_blob,
                "superseded": seen.superseded,
            }
            for seen in view.signatures
        ],
        "returned": None
        if view.returned is None or view.returned.remark is None
        else {
            "note": view.returned.remark.text,
            "parts": view.returned.remark.parts,
            "by": view.returned.name,
            "at": moment(view.returned.event.at),
        },
        "run": run(view),
        "approved_at": moment(document.approved_at),
        "archived_at": moment(document.archived_at),
        "keep_until": moment(document.keep_until),
    }


def people(accounts: Iterable[Account]) -> list[dict[str, str]]:
    return [{"id": account.id, "name": account.full_name} for account in accounts]


def open_step(waiting: WaitingStep) -> dict[str, Any]:
    """One of the steps that are open now: a single one, or a group's parts that are not done."""
    return {
        "name": waiting.step.name,
        "label": words(waiting.step.label),
        "waiting_for": people(waiting.people),
        "away": [absence(one) for one in waiting.away],
        "due": moment(waiting.due_at),
    }


def absence(away: StandIn) -> dict[str, Any]:
    """Somebody who is away, and who stands in."""
    return {
        "id": away.absent.id,
        "name": away.absent.full_name,
        "until": away.delegation.last_day.isoformat(),
        "only_this": away.delegation.document_id is not None,
        "delegate": {"id": away.delegate.id, "name": away.delegate.full_name},
    }


def obligation(seen: DutySeen) -> dict[str, Any]:
    """What the owner has to do once the record is approved, and what is known to have been done.

    `counts` is false for what was done with a file that was replaced since.
    """
    return {
        "kind": seen.duty.kind,
        "by": seen.duty.account_id,
        "due": moment(seen.duty.due_at),
        "met": seen.duty.met_at is not None,
        "met_at": moment(seen.duty.met_at),
        "evidence": [
            {
                "kind": shown.evidence.kind,
                "by": {"id": shown.evidence.account_id, "name": shown.name},
                "at": moment(shown.evidence.at),
                "via": shown.evidence.via,
                "revision": shown.evidence.revision,
                "hash": shown.evidence.blob,
                "code": shown.evidence.code,
                "counts": shown.counts,
            }
            for shown in seen.shown
        ],
    }


def related(around: Related) -> dict[str, Any]:
    """The documents around one, by id: what it is about or replaces, what was added, what replaces it."""
    return {
        "about": around.about.id if around.about else None,
        "notes": [d.id for d in around.notes],
        "replaces": around.replaces.id if around.replaces else None,
        "replaced_by": around.successor.id if around.successor else None,
        "notes_until": moment(around.amend_until),
    }


def appealed(found: Appealed | None) -> dict[str, Any] | None:
    """The appeal against what minutes found, for the check, the minutes and the appeal itself."""
    if found is None:
        return None
    return {"document": found.document_id, "state": found.state, "at": moment(found.at)}


def body(view: View) -> dict[str, Any] | None:
    """The uploaded file the newest revision's pages come from."""
    kept = view.revisions[-1].body if view.revisions else None
    return (
        {name: kept[name] for name in ("name", "kind", "size", "pages", "sha256", "removed")}
        if kept
        else None
    )


def run(view: View) -> dict[str, Any]:
    """The automatic part: which Prefect run, what it did, what needs a person."""
    return {
        "id": view.document.run_id,
        "steps": [
            {
                "step": entry.step,
                "state": entry.state,
                "attempts": entry.attempts,
                "started_at": moment(entry.started_at),
                "finished_at": moment(entry.finished_at),
            }
            for entry in view.ledger
        ],
        "incidents": [
            {
                "id": i.id,
                "kind": i.kind,
                "step": i.step,
                "sentence": {"vi": i.sentence_vi, "en": i.sentence_en},
                "opened_at": moment(i.opened_at),
                "retry_at": moment(i.retry_at),
            }
            for i in view.incidents
        ],
    }


def event(seen: Any) -> dict[str, Any]:
    """One event of the chain."""
    e = seen.event
    return {
        "seq": e.seq,
        "at": moment(e.at),
        "actor": {"id": e.actor_id, "name": seen.name},
        "stood_for": {"id": e.data["stood_for"], "name": seen.absent} if seen.absent else None,
        "step": e.step,
        "action": e.action,
        "revision": e.revision,
        "input": e.input_blob,
        "output": e.output_blob,
        "note": seen.remark.text if seen.remark else None,
        "parts": seen.remark.parts if seen.remark else {},
        "previous": e.previous,
        "hash": e.hash,
        "linked": seen.linked,
    }


def declared(type_: DocumentType, deadline: Text | None) -> dict[str, Any]:
    """A document type as the API publishes it; `deadline` is the rule it has at this school."""
    return {
        "slug": type_.slug,
        "version": type_.version,
        "name": words(type_.name),
        "form": type_.form.schema(),
        "form_beside_a_file": type_.body.form.schema() if type_.body else None,
        "steps": [
            {
                "name": s.name,
                "label": words(s.label),
                "by": words(s.by.name) if s.by else None,
                "actions": list(s.actions),
                "signs": s.signs,
                "group": type_.station_of(s.name) if type_.station_of(s.name) != s.name else None,
                "when": words(station.when.words) if station.when else None,
            }
            for station in type_.steps
            for s in station.leaves
        ],
        "deadline": words(deadline) if deadline else None,
        "obligations": [o.kind for o in type_.obligations],
        "amends": type_.amends or None,
    }


def listed(items: list[dict[str, Any]], following: str | None) -> Mapping[str, Any]:
    """A page of a list; `next` is the cursor of the following page."""
    return {"items": items, "next": following}
