"""Deciding on one document: the pages that ask for a PIN or a comment, and what they send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from flows import admitting, judging, marks, plan, queries, sources, succession, views
from flows.authority import authority, basis
from flows.candidates import candidates
from flows.commands import Command
from flows.decide import decide
from flows.marks import Note
from flows.office import Office
from flows.plan import Happened
from flows.stamps import picture_of
from flows.views import View
from flows.wording import declined
from models.account import Account, AccountRole
from models.errors import Invalid, NotFound, NotYours, RecordsError, Stale, WrongStep
from models.text import Text
from service import act_words, page_images, words
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


@router.get("/documents/{document_id}/acknowledge")
def acknowledge_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """A signed note that one has read it."""
    return _ask(request, viewer, office, document_id, "acknowledge")


@router.get("/documents/{document_id}/agree")
def agree_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """The signature of whom a record is about, in agreement."""
    return _ask(request, viewer, office, document_id, "agree")


@router.get("/documents/{document_id}/state")
def state_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """Their signature with a statement, which stands in the file."""
    return _ask(request, viewer, office, document_id, "state")


@router.get("/documents/{document_id}/refuse")
def refuse_page(request: Request, viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """That it was not signed: the reason, the witness."""
    return _ask(request, viewer, office, document_id, "refuse")


@router.get("/documents/{document_id}/outcome/{action}")
def outcome_page(
    request: Request, viewer: PageViewer, office: OfficeDep, document_id: str, action: str
) -> Response:
    """One of the outcomes of a decision, with its reasons."""
    return _ask(request, viewer, office, document_id, action)


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
        witnesses = _witnesses(session, view) if action == "refuse" else []
        step = view.turns.get(action)
        signs = step is not None and action in step.signing
        purpose = admitting.purpose_of(step) if step is not None else "person"
        hindrance = admitting.hindrance(session, viewer.account.id, purpose, office.now()) if signs else None
        hand = picture_of(session, viewer.account.id) if signs and purpose == "person" else None
    if refusal is None and step is None:
        return RedirectResponse(f"/documents/{document_id}", status_code=303)
    # Whoever was late is shown what they typed, in the words of the step that offered it.
    step = step or next((s for s in view.here.declared.leaves if action in s.actions), None)
    shown = view.revisions[-1] if view.revisions else None
    if shown is None or step is None:
        raise refusal or NotFound
    faults = {f.path: f.sentence for f in refusal.faults} if isinstance(refusal, Invalid) else {}
    of_pin = refusal and refusal.code in ("bad-pin", "locked", "invalid") and not faults.keys() & {"note"}
    return page(
        request,
        viewer,
        _PAGES.get(action, "pages/sign.html"),
        status_code=_STATUS.get(refusal.code, 409) if refusal else 200,
        **about(office, view, language_of(request, viewer)),
        act=act_words.act(step, action),
        acts=act_words.acts(view.turns),
        step=step,
        faults=faults,
        witnesses=witnesses,
        chosen=str(typed.get("witness", "")) if typed else "",
        capacity=_capacity(viewer, view, action),
        shown=shown,
        extent=page_images.size_of(office, shown.final),
        onward=onward,
        based_on=based_on,
        replaces=replaces,
        refusal=refusal,
        hindrance=None if refusal else hindrance,
        hand=hand,
        next_=_next_of(str(typed.get("next", "")) if typed else request.query_params.get("next", "")),
        pin_error=refusal.sentence if refusal and (of_pin or action == "return") else None,
        unsent=sum(note.mend for note in notes.values()),
        unchanged=_unchanged(view) if action == "sign" else None,
        **(_typed(typed) if typed else _drafted(notes)),
    )


def _unchanged(view: View) -> int | None:
    """The number of the revision that was signed and returned before, where this one says the very same."""
    signed = {one.signature.revision for one in view.signatures}
    before = next((old for old in reversed(view.revisions[:-1]) if old.number in signed), None)
    if before is None:
        return None
    now = view.revisions[-1]
    return before.number if (before.fields, before.body) == (now.fields, now.body) else None


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
    return act_words.capacity(step, lines, cover.absent if cover else "", basis(cover))


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


_PAGES = {"return": "pages/return.html", "refuse": "pages/refuse.html"}


def _witnesses(session: Session, view: View) -> list[Account]:
    """Who may be named as the witness of a refusal: everyone of the school but who is bound, and no
    administrator."""
    admins = select(AccountRole.account_id).where(col(AccountRole.role) == "admin")
    bound = plan.situated(view.here.position, view.here.subject).bound | set(declined(session, view.here))
    bound |= judging.judges(session, view.document.id)
    found = session.exec(
        select(Account).where(
            col(Account.school_id) == view.document.school_id,
            col(Account.active),
            col(Account.id).not_in(admins),
        )
    ).all()
    return sorted((a for a in found if a.id not in bound), key=lambda a: words.by_given_name(a.full_name))


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
@router.post("/documents/{document_id}/acknowledge")
@router.post("/documents/{document_id}/agree")
@router.post("/documents/{document_id}/state")
@router.post("/documents/{document_id}/refuse")
@router.post("/documents/{document_id}/outcome/{action}")
def act(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    arrived: Arrival,
    document_id: str,
    form: CheckedForm,
) -> Response:
    """Decide on the version the page showed: whatever the document offers this person but a submit."""
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
        witness=str(form.get("witness", "")),
        parts={
            name[5:]: value
            for name, value in form.multi_items()
            if name.startswith("part.") and isinstance(value, str) and value.strip()
        },
    )
    try:
        decide(office, command)
    except (Stale, WrongStep, NotYours) as refusal:
        if command.note.strip():
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
