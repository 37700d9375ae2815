"""Writing a document: its form, rows added and removed, its submit.

Nothing typed is lost: whatever refuses, the page comes back with what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import col, select

from flows import citing, copying, drafts, filling, likeness, sources, succession, views
from flows.bodies import body_of, declared_for, under_way
from flows.catalogue import type_of
from flows.commands import Command
from flows.deadlines import WEEKDAYS
from flows.decide import decide
from flows.fields import Known
from flows.grammar import DocumentType, Draft
from flows.links import known_for
from flows.office import Office
from models.account import Account
from models.document import Document
from models.errors import Fault, Invalid, NotFound, RecordsError, Stale, TooLarge
from models.text import Text
from service import form_differences, forms, remarks, story, words
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.file_words import file_words
from service.passes import device_key
from service.templating import page

router = APIRouter()

OURS = frozenset({"csrf", "do", "version", "content_version", "type", "copy_of"})
"""Names of a posted form that are no field of the document."""
REFUSED = {"invalid": 422, "too-large": 413}


def see_other(path: str) -> Response:
    """On to a page that may be loaded again without repeating what was sent."""
    return RedirectResponse(path, status_code=303)


# --- the form -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Typed:
    """A form as it came, or as it was stored: what the page is drawn from."""

    values: dict[str, Any]
    content_version: int
    faults: tuple[Fault, ...] = ()
    refusal: RecordsError | None = None
    submitting: bool = False
    previewing: bool = False
    stored: Mapping[str, Any] | None = None
    """What another window saved meanwhile."""
    opened: str = ""
    taken: int = 0
    """How many lessons were just taken over from other records."""
    filled: int | None = None
    """How many the timetable just added."""


@router.get("/documents/{document_id}/edit")
def edit(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """The form of a draft; of anything else the document's page."""
    document, declared, known = own(office, viewer, document_id)
    if not isinstance(declared.step(document.step) if document.step else None, Draft):
        return see_other(f"/documents/{document_id}")
    _, faults = declared.form.read(document.fields, known)
    asked = request.query_params
    typed = Typed(
        document.fields,
        document.content_version,
        faults,
        submitting="check" in asked,
        opened=asked.get("open", ""),
        taken=version_of(asked.get("taken")),
        filled=version_of(asked.get("filled")) if "filled" in asked else None,
    )
    return show_form(request, viewer, office, document, declared, known, typed)


@router.post("/documents/{document_id}/edit")
def save(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    arrived: Arrival,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Keep what was typed, then what the button said: rows, preview, submit."""
    document, declared, known = own(office, viewer, document_id)
    do = str(form.get("do", "save"))
    typed = Typed(
        forms.unflatten((k, v) for k, v in form.multi_items() if k not in OURS),
        version_of(form.get("content_version")),
        submitting=do == "submit",
    )
    onward = forms.change_rows(declared.form, typed.values, do) if ":" in do else None
    try:
        document, typed.faults = drafts.save(
            office, viewer.actor, document_id, typed.content_version, typed.values
        )
        typed.content_version = document.content_version
        if do == "submit" and not typed.faults:
            command = Command(document_id, "submit", version_of(form.get("version")), viewer.actor, arrived)
            decide(office, command)
            return see_other(f"/documents/{document_id}/sign")
        if do == "submit":
            return show_form(request, viewer, office, document, declared, known, typed)
        here = f"/documents/{document_id}"
        if onward:
            return see_other(f"{here}/edit?open={onward}#{forms.address(onward)}")
        return see_other(here + _then(office, viewer, document, do))
    except NotFound:
        raise
    except RecordsError as refusal:
        return _refused(request, viewer, office, document_id, typed, refusal)


def _then(office: Office, viewer: Viewer, document: Document, do: str) -> str:
    """What else the button said, once everything typed is kept; where to go on, below the document."""
    if do in ("preview", "lessons", "body"):
        return f"/{do}?saved=1"
    if do == "timetable":
        _, added = filling.from_timetable(office, viewer.actor, document.id, document.content_version)
        return f"/edit?filled={added}#parts"
    if do in ("name-sources", "hide-sources"):
        with office.db.write() as session:
            citing.name_in_text(session, document.id, do == "name-sources")
        return "/edit?saved=1#based-on"
    return "/edit?saved=1"


def _refused(
    request: Request, viewer: Viewer, office: Office, document_id: str, typed: Typed, refusal: RecordsError
) -> Response:
    """The form again with what was typed, and why it was not kept."""
    document, declared, known = own(office, viewer, document_id)
    typed.refusal = refusal
    if isinstance(refusal, Invalid):
        typed.faults = refusal.faults
    elif not isinstance(refusal, TooLarge):
        # Nothing was wrong with the answers: they are marked as when a draft is opened.
        typed.submitting = False
        _, typed.faults = declared.form.read(typed.values, known)
    if isinstance(refusal, Stale) and document.content_version != typed.content_version:
        # Both are shown; saving once more is then a choice made with open eyes.
        typed.stored, typed.content_version = document.fields, document.content_version
    return show_form(request, viewer, office, document, declared, known, typed)


def show_form(
    request: Request,
    viewer: Viewer,
    office: Office,
    document: Document,
    declared: DocumentType,
    known: Known,
    typed: Typed,
) -> Response:
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document.id, office.now())
        based_on = sources.based_on(session, viewer.actor, document)
        replaces = succession.to_replace(session, viewer.actor, document)
        body, upload = body_of(session, document.id), under_way(session, document.id)
        alike = likeness.earlier_alike(session, viewer.actor, document)
        alike_of = session.get_one(Account, alike.owner_id).full_name if alike else ""
    shown = forms.draw(
        declared.form,
        typed.values,
        known,
        typed.faults,
        show_missing=typed.submitting,
        opened=typed.opened,
    )
    wrong = [f for f in typed.faults if typed.submitting or not f.missing]
    earlier = remarks.earlier(view, document.fields)
    status = 200
    if typed.refusal:
        status = REFUSED.get(typed.refusal.code, 409)
    elif typed.submitting and wrong:
        status = 422
    return page(
        request,
        viewer,
        "pages/form.html",
        status_code=status,
        document=document,
        declared=declared,
        view=view,
        fields=shown,
        wrong=[(f, _where(shown, f.path)) for f in wrong if f.path or not typed.refusal],
        typed=typed,
        based_on=based_on,
        replaces=replaces,
        alike=alike,
        alike_of=alike_of,
        alike_state=story.state(type_of(alike.type), alike) if alike else None,
        fillable=filling.fillable(declared) is not None and document.week_id is not None,
        has_lessons=copying.parts_of(declared) is not None and document.week_id is not None,
        clashes=clashes(declared, typed, known),
        remarks=remarks.by_part(earlier),
        removed=[e for e in earlier if e.fate == "removed"],
        subjects=known.subjects,
        days=_days(known, str(typed.values.get(declared.week_field) or "")),
        body=body,
        upload=upload,
        uploadable=declared.body is not None,
        **file_words(body),
        device_key=device_key(office.settings, viewer.account.id),
        drawable=document.week_id is not None
        and not typed.refusal
        and not any(not f.missing for f in typed.faults),
    )


def clashes(declared: DocumentType, typed: Typed, known: Known) -> list[form_differences.Difference]:
    """Where what was typed differs from what another window saved; nothing when no other did."""
    if typed.stored is None:
        return []
    now, _ = declared.form.read(typed.values, known)
    found = form_differences.differences(declared.form.fields, typed.stored, now, known)
    return [d for d in found if d.kind != "drawn"]


def _where(shown: tuple[forms.Shown, ...], path: str, depth: int = 0) -> Text | None:
    """The row a fault lies in, for the summary: `Bài dạy 3 · Toán, Hoạt động 1 · Mở đầu`."""
    parts = path.split(".")[depth:]
    for part in shown:
        if part.field.name == parts[0] and part.rows and len(parts) > 1 and int(parts[1]) < len(part.rows):
            row = part.rows[int(parts[1])]
            item = part.item
            tail = f" · {row.heads[0]}" if row.heads[0] else ""
            here = Text(f"{item.vi} {row.number}{tail}", f"{item.en} {row.number}{tail}")
            inner = _where(row.fields, path, depth + 2)
            return Text(f"{here.vi}, {inner.vi}", f"{here.en}, {inner.en}") if inner else here
    return None


def _days(known: Known, week: str) -> list[tuple[str, Text]]:
    """The days of the chosen week, offered where a date is typed."""
    if week not in known.week_days:
        return []
    monday = date.fromisoformat(known.week_days[week][0])
    days = [monday + timedelta(days=n) for n in range(6)]
    return [(words.day(d).vi, WEEKDAYS[d.weekday()]) for d in days]


def own(office: Office, viewer: Viewer, document_id: str) -> tuple[Document, DocumentType, Known]:
    """A document of the viewer's own; NotFound for anyone else's."""
    with office.db.read() as session:
        document = session.exec(
            select(Document).where(
                col(Document.id) == document_id,
                col(Document.school_id) == viewer.actor.school_id,
                col(Document.owner_id) == viewer.actor.id,
            )
        ).first()
        if document is None:
            raise NotFound
        return document, declared_for(session, document), known_for(session, document)


def version_of(value: object) -> int:
    """A version as the form carries it; 0, which no version is, for anything else."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
