"""Deciding: what waits for me, one document at a time, and the pages that ask for a PIN or a comment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData

from flows import queries, round_marks
from flows.catalogue import TYPES, type_of
from flows.commands import Command
from flows.decide import decide
from flows.office import Office
from flows.posts import candidates, known_of
from flows.queries import View, Waiting
from models.account import Account
from models.errors import NotFound, NotYours, RecordsError, Stale, WrongStep
from models.school import SchoolWeek
from models.text import Text
from service import forms, page_images, story, words
from service.access import PageViewer, Viewer, checked_form
from service.deps import Arrival, OfficeDep
from service.pages.documents import about
from service.pages.editing import version_of
from service.templating import error_page, language_of, page
from tasks.keys import Secret

router = APIRouter()
CheckedForm = Annotated[FormData, Depends(checked_form)]

QUEUE = 200
"""Documents the list at the side shows; the filters narrow it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The queue's documents that are due on the same day."""

    words: Text
    over: bool
    items: tuple[Waiting, ...]


# --- the inbox ------------------------------------------------------------------------------------------


@router.get("/inbox")
def inbox(
    request: Request, viewer: PageViewer, office: OfficeDep, type: str = "", week: str = "", doc: str = ""
) -> Response:
    """What waits for me, the oldest deadline first, beside the document to look at now."""
    now = office.now()
    with office.db.read() as session:
        queue = queries.waiting(session, viewer.actor, type=type, week=week, limit=QUEUE)
        everything = queries.waiting(session, viewer.actor, limit=QUEUE) if type or week else queue
        at = next((n for n, w in enumerate(queue) if w.document.id == doc), 0)
        view = queries.view(session, viewer.actor, queue[at].document.id) if queue else None
        held = round_marks.round_of(session, viewer.actor)
    asked = {"type": type, "week": week}
    if view is None:
        return page(request, viewer, "pages/inbox.html", view=None, asked=asked, filtered=any(asked.values()))
    shown = view.revisions[-1] if view.revisions else None
    return page(
        request,
        viewer,
        "pages/inbox.html",
        **about(office, view, language_of(request, viewer)),
        asked=asked,
        filtered=any(asked.values()),
        types=TYPES,
        weeks=_weeks_of(everything),
        bundles=_bundles(queue, now),
        type_of=type_of,
        previous=queue[at - 1].document.id if at else "",
        following=queue[at + 1].document.id if at + 1 < len(queue) else "",
        place_in_queue=at + 1,
        count=len(queue),
        shown=shown,
        extent=page_images.size_of(office, shown.final) if shown else None,
        changes=changes_of(office, viewer, view),
        acts=story.acts(view.here.position.step, view.actions),
        marked=held.ids,
        onward=_onward(queue, at, held.ids),
    )


def _onward(queue: Sequence[Waiting], at: int, marked: frozenset[str]) -> str:
    """The next record that is not in the round yet, later ones first; "" when all are."""
    around = [*queue[at + 1 :], *queue[:at]]
    return next((w.document.id for w in around if w.document.id not in marked), "")


def _weeks_of(queue: Sequence[Waiting]) -> list[SchoolWeek]:
    found = {w.week.id: w.week for w in queue if w.week}
    return sorted(found.values(), key=lambda w: w.monday)


def _bundles(queue: Sequence[Waiting], now: datetime) -> list[Bundle]:
    """The queue by due day; what is over stands first and together."""
    found: dict[tuple[bool, str], list[Waiting]] = {}
    for item in queue:
        over = item.due_at is not None and item.due_at <= now
        label = "" if over or item.due_at is None else words.limit(item.due_at).vi
        found.setdefault((over, label), []).append(item)
    bundles = []
    for (over, label), items in found.items():
        due = items[0].due_at
        if over:
            said = Text("Quá hạn duyệt", "Review overdue")
        elif due is None or not label:
            said = Text("Không có hạn", "No limit")
        else:
            limit = words.limit(due)
            said = Text(f"Hạn {limit.vi}", f"Due {limit.en}")
        bundles.append(Bundle(said, over, tuple(items)))
    return bundles


def changes_of(office: Office, viewer: Viewer, view: View) -> list[forms.Difference]:
    """What the newest revision changed over the one before."""
    if len(view.revisions) < 2:
        return []
    with office.db.read() as session:
        known = known_of(session, viewer.actor)
    before, after = view.revisions[-2:]
    return forms.differences(view.here.declared.form.fields, before.fields, after.fields, known)


# --- the pages that decide ------------------------------------------------------------------------------


@router.get("/documents/{document_id}/sign")
def sign_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """The author's signature: the frozen pages, the content hash, the PIN."""
    return _ask(request, viewer, office, document_id, "sign")


@router.get("/documents/{document_id}/approve")
def approve_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """A reviewer's approval."""
    return _ask(request, viewer, office, document_id, "approve")


@router.get("/documents/{document_id}/seal")
def seal_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """The clerk's seal."""
    return _ask(request, viewer, office, document_id, "seal")


@router.get("/documents/{document_id}/return")
def return_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """A return with its reasons."""
    return _ask(request, viewer, office, document_id, "return")


def _ask(
    request: Request,
    viewer: Viewer,
    office: Office,
    document_id: str,
    action: str,
    refusal: RecordsError | None = None,
    typed: FormData | None = None,
) -> Response:
    """The page of one action: what will be decided, and the PIN or the comment it needs."""
    with office.db.read() as session:
        view = queries.view(session, viewer.actor, document_id)
        onward = _next_people(session, view, action)
    step = view.here.position.step
    if refusal is None and (step is None or action not in view.actions):
        return RedirectResponse(f"/documents/{document_id}", status_code=303)
    shown = view.revisions[-1] if view.revisions else None
    if shown is None or step is None:
        raise refusal or NotFound
    return page(
        request,
        viewer,
        "pages/return.html" if action == "return" else "pages/sign.html",
        status_code=_STATUS.get(refusal.code, 409) if refusal else 200,
        **about(office, view, language_of(request, viewer)),
        act=story.act(step, action),
        acts=story.acts(step, view.actions),
        capacity=story.capacity(step),
        shown=shown,
        extent=page_images.size_of(office, shown.final),
        onward=onward,
        refusal=refusal,
        pin_error=refusal.sentence if refusal and refusal.code in ("bad-pin", "locked", "invalid") else None,
        note=str(typed.get("note", "")) if typed else "",
        comments={k[5:]: str(v) for k, v in typed.multi_items() if k.startswith("part.")} if typed else {},
    )


_STATUS = {"bad-pin": 403, "locked": 423, "invalid": 422, "unavailable": 503}


def _next_people(session: Session, view: View, action: str) -> list[Account]:
    """Whom the document goes to after this action."""
    declared, position = view.here.declared, view.here.position
    if position.step is None or action == "return":
        return []
    following = declared.after(position.step.name)
    if following is None or following.by is None:
        return []
    subject = view.here.subject
    found = candidates(session, subject, following.by.audiences(subject))
    return sorted(found, key=lambda a: words.by_given_name(a.full_name))


@router.post("/documents/{document_id}/sign")
@router.post("/documents/{document_id}/approve")
@router.post("/documents/{document_id}/return")
@router.post("/documents/{document_id}/seal")
@router.post("/documents/{document_id}/reopen")
def act(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    arrived: Arrival,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Decide: sign, approve, return, seal or reopen, on the version the page showed."""
    action = request.url.path.rpartition("/")[2]
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
    pin = str(form.get("pin", ""))
    command = Command(
        document_id=document_id,
        action=action,
        version=version_of(form.get("version")),
        actor=viewer.actor,
        arrived=arrived,
        pin=Secret(pin) if pin else None,
        note=str(form.get("note", "")),
        parts={
            name[5:]: value
            for name, value in form.multi_items()
            if name.startswith("part.") and isinstance(value, str) and value.strip()
        },
    )
    try:
        decide(office, command)
    except (Stale, WrongStep, NotYours) as refusal:
        if action == "return" and command.note.strip():
            return _ask(request, viewer, office, document_id, action, refusal, form)  # the words are kept
        onward = (f"/documents/{document_id}", Text("Mở hồ sơ", "Open the record"))
        status = 403 if isinstance(refusal, NotYours) else 409
        return error_page(request, viewer, status, refusal.sentence, onward=onward)
    except NotFound:
        raise
    except RecordsError as refusal:
        return _ask(request, viewer, office, document_id, action, refusal, form)
    if action == "reopen":
        return RedirectResponse(f"/documents/{document_id}/edit", status_code=303)
    return RedirectResponse(f"/documents/{document_id}?done={action}", status_code=303)
