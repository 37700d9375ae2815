"""Deciding on one document: the pages that ask for a PIN or a comment, and what they send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData

from flows import marks, plan, queries, sources, succession, views
from flows.authority import authority, basis
from flows.candidates import candidates
from flows.commands import Command
from flows.decide import decide
from flows.marks import Note
from flows.office import Office
from flows.plan import Happened
from flows.views import View
from models.account import Account
from models.errors import NotFound, NotYours, RecordsError, Stale, WrongStep
from models.text import Text
from service import page_images, story, words
from service.access import CheckedForm, PageViewer, Viewer, local_path
from service.deps import Arrival, OfficeDep
from service.pages.documents import about
from service.pages.editing import version_of
from service.templating import error_page, language_of, page
from tasks.keys import Secret

router = APIRouter()


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
        view = views.view(session, viewer.actor, document_id, office.now())
        onward = _next_people(session, viewer, view, action, office.now())
        notes = marks.notes_of(session, viewer.actor, view)
        based_on = sources.based_on(session, viewer.actor, view.document)
        replaces = succession.to_replace(session, viewer.actor, view.document)
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
        capacity=_capacity(viewer, view, action),
        shown=shown,
        extent=page_images.size_of(office, shown.final),
        onward=onward,
        based_on=based_on,
        replaces=replaces,
        refusal=refusal,
        next_=_next_of(str(typed.get("next", "")) if typed else request.query_params.get("next", "")),
        pin_error=refusal.sentence if refusal and refusal.code in ("bad-pin", "locked", "invalid") else None,
        unsent=sum(note.mend for note in notes.values()),
        **(_typed(typed) if typed else _drafted(notes)),
    )


def _capacity(viewer: Viewer, view: View, action: str) -> Text | None:
    """As what this person would sign; None while the step is not theirs."""
    here = view.here
    step = view.turns.get(action)
    standing = plan.standing(here.position, step, viewer.actor, here.subject) if step else None
    if step is None or standing is None or action not in step.signing:
        return None
    post = viewer.account.post
    lines = authority(here.declared, step, viewer.actor, here.subject, "", standing, post)
    cover = standing.cover
    return story.capacity(step, lines, cover.absent if cover else "", basis(cover))


def _typed(form: FormData) -> dict[str, Any]:
    """The comments as they were sent and refused."""
    parts = {k[5:]: str(v) for k, v in form.multi_items() if k.startswith("part.")}
    return {"note": str(form.get("note", "")), "comments": parts}


def _drafted(notes: Mapping[str, Note]) -> dict[str, Any]:
    """The comments as noted while reading; a mark without words gets some, to be changed at will."""
    comments = {
        part: note.comment or "Cần sửa, xem nhận xét chung."
        for part, note in notes.items()
        if part != marks.WHOLE and (note.comment or note.mend)
    }
    whole = notes[marks.WHOLE].comment if marks.WHOLE in notes else ""
    if not whole and any(note.comment for note in notes.values()):
        whole = f"Xem nhận xét ở {len(comments)} bài."
    return {"note": whole, "comments": comments}


_STATUS = {"bad-pin": 403, "locked": 423, "invalid": 422, "unavailable": 503}


def _next_of(path: str) -> str:
    """Where the person goes on after the decision: their queue, or nowhere in particular."""
    return local_path(path) if path.startswith("/inbox?") else ""


def _next_people(session: Session, viewer: Viewer, view: View, action: str, now: datetime) -> list[Account]:
    """Whom the document goes to after this action, beside those it waits for already."""
    here, actor = view.here, viewer.actor
    step = view.turns.get(action)
    if step is None or action not in step.passing:
        return []
    done = Happened(here.last_seq + 1, actor.id, step.name, action, here.position.revision)
    after = plan.follow(here.declared, here.position, done)
    subject = plan.situated(after, here.subject)
    found = {
        person.id: person
        for following in after.open
        if following not in here.position.open
        for person in candidates(session, subject, plan.audiences(after, following, subject), now)
    }
    return sorted(found.values(), key=lambda a: words.by_given_name(a.full_name))


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
        opened = (f"/documents/{document_id}", Text("Mở hồ sơ", "Open the record"))
        status = 403 if isinstance(refusal, NotYours) else 409
        return error_page(request, viewer, status, refusal.sentence, onward=opened)
    except NotFound:
        raise
    except RecordsError as refusal:
        return _ask(request, viewer, office, document_id, action, refusal, form)
    if action == "reopen":
        return RedirectResponse(f"/documents/{document_id}/edit", status_code=303)
    onward = _next_of(str(form.get("next", "")))
    if onward and action != "sign":
        return RedirectResponse(f"{onward}&done={action}&of={document_id}", status_code=303)
    return RedirectResponse(f"/documents/{document_id}?done={action}", status_code=303)
