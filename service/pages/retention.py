"""Records whose retention is over: what is due, lists of what is to be destroyed, and carrying them out.

The clerk draws lists up and carries them out; principals see the same pages. Nothing is destroyed without a
list that went through its signatures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, func, select
from starlette.datastructures import FormData

from flows import destroying, destruction_lists, queries, retention
from flows.catalogue import type_of
from flows.destruction_lists import Chosen
from flows.documents.destruction_list import DESTRUCTION_LIST, LONGEST_REASON, MOST
from flows.office import Office
from flows.queries import LIGHT, visible_to
from flows.retention import Due
from flows.staying_words import told_again
from models.destruction import ListedRecord
from models.document import Document
from models.errors import Invalid, NotFound, RecordsError, Stale, WrongStep
from models.text import Text
from service import story
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.pages.sign_in import address_of
from service.sign_in import check
from service.templating import page
from tasks.keys import Secret

router = APIRouter(prefix="/retention")
READERS = frozenset({"clerk", "principal", "vice_principal"})
REASON = "Hết thời hạn lưu trữ theo quy định của trường, không còn giá trị sử dụng."


def _reader(viewer: Viewer) -> None:
    """For anyone else the page does not exist."""
    if not viewer.actor.roles & READERS:
        raise NotFound


@dataclass(frozen=True, slots=True)
class Listed:
    """A list as the overview shows it, and how many of its records still wait to be destroyed."""

    document: Document
    state: story.State
    left: int


@router.get("")
def overview(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival) -> Response:
    """What is due by type and year, and the lists so far."""
    _reader(viewer)
    school_id = viewer.actor.school_id
    with office.db.read() as session:
        batches = retention.batches(session, school_id, now)
        lists = _lists(session, viewer)
    return page(
        request,
        viewer,
        "pages/retention.html",
        batches=batches,
        years={b.key: retention.last_day(b.until).year for b in batches},
        lists=lists,
        may_write=destruction_lists.may_write(viewer.actor),
        most=MOST,
    )


def _lists(session: Session, viewer: Viewer) -> list[Listed]:
    """The lists this account sees, the newest first."""
    documents = session.exec(
        select(Document)
        .where(visible_to(viewer.actor), col(Document.type) == DESTRUCTION_LIST.slug)
        .order_by(col(Document.created_at).desc())
        .options(LIGHT)
        .limit(100)
    ).all()
    left = dict(
        session.exec(
            select(ListedRecord.list_id, func.count())
            .where(
                col(ListedRecord.list_id).in_([d.id for d in documents]),
                col(ListedRecord.state) == "listed",
            )
            .group_by(col(ListedRecord.list_id))
        ).all()
    )
    return [Listed(d, story.state(DESTRUCTION_LIST, d), left.get(d.id, 0)) for d in documents]


# --- drawing a list up ----------------------------------------------------------------------------------


@router.get("/new")
def choose(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    now: Arrival,
    group: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """The records of the groups chosen, each to go on the list or to be left out with a reason."""
    _writer(viewer)
    with office.db.read() as session:
        found = retention.proposed(session, viewer.actor.school_id, group or [], now, MOST)
    typed = Typed(frozenset(d.document.id for d in found if d.stays is None), {}, REASON)
    return _form(request, viewer, office, found, typed)


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was filled in."""

    on: frozenset[str]
    reasons: dict[str, str]
    reason: str


def _writer(viewer: Viewer) -> None:
    if not destruction_lists.may_write(viewer.actor):
        raise NotFound


@router.post("/new")
def hand_in(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, form: CheckedForm
) -> Response:
    """Freeze the list; its author signs next."""
    _writer(viewer)
    shown, typed = _read(form)
    try:
        made = destruction_lists.hand_in(office, viewer.actor, _chosen(shown, typed))
    except (Invalid, Stale) as refusal:
        found = _due(office, viewer, shown, now)
        return _form(request, viewer, office, found, typed, faults_of(refusal, "records"))
    return RedirectResponse(f"/documents/{made}", 303)


@router.get("/lists/{list_id}/edit")
def edit(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, list_id: str) -> Response:
    """A list that was returned, to be handed in anew with other records."""
    document = _draft(office, viewer, list_id)
    records, left = document.fields["records"], document.fields["left_out"]
    shown = [row["document"] for row in (*records, *left)]
    typed = Typed(
        frozenset(row["document"] for row in records),
        {row["document"]: row["reason"] for row in left},
        document.fields["reason"],
    )
    return _form(request, viewer, office, _due(office, viewer, shown, now, list_id), typed, again=document)


@router.post("/lists/{list_id}/edit")
def hand_in_anew(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, form: CheckedForm, list_id: str
) -> Response:
    """The same list with what is chosen now."""
    document = _draft(office, viewer, list_id)
    shown, typed = _read(form)
    version = text_of(form, "content_version")
    try:
        destruction_lists.write_anew(
            office,
            viewer.actor,
            list_id,
            int(version) if version.isdigit() else 0,
            _chosen(shown, typed),
        )
    except (Invalid, Stale) as refusal:
        found = _due(office, viewer, shown, now, list_id)
        return _form(request, viewer, office, found, typed, faults_of(refusal, "records"), again=document)
    return RedirectResponse(f"/documents/{list_id}", 303)


def _draft(office: Office, viewer: Viewer, list_id: str) -> Document:
    """The viewer's own list while it is to be written."""
    _writer(viewer)
    with office.db.read() as session:
        document = destroying.list_of(session, viewer.actor, list_id)
    if document.owner_id != viewer.account.id:
        raise NotFound
    if document.step != "draft":
        raise WrongStep(_HANDED_IN)
    return document


def _due(office: Office, viewer: Viewer, ids: Sequence[str], now: datetime, list_id: str = "") -> list[Due]:
    with office.db.read() as session:
        return retention.due(session, viewer.actor.school_id, ids, now, list_id)


def _read(form: FormData) -> tuple[list[str], Typed]:
    """The records shown, at most as many as two lists hold, and what was chosen of them."""
    shown = [value for value in form.getlist("shown") if isinstance(value, str)][: 2 * MOST]
    on = frozenset(value for value in form.getlist("on") if isinstance(value, str))
    reasons = {key: text_of(form, f"reason.{key}") for key in shown}
    return shown, Typed(on, reasons, text_of(form, "reason"))


def _chosen(shown: Sequence[str], typed: Typed) -> Chosen:
    return Chosen(
        [key for key in shown if key in typed.on],
        {key: typed.reasons[key] for key in shown if key not in typed.on},
        typed.reason,
    )


def _form(
    request: Request,
    viewer: Viewer,
    office: Office,
    found: Sequence[Due],
    typed: Typed,
    faults: dict[str, Text] | None = None,
    again: Document | None = None,
) -> Response:
    with office.db.read() as session:
        seen = queries.seen_among(session, viewer.actor, [one.document.id for one in found])
    return page(
        request,
        viewer,
        "pages/retention_new.html",
        status_code=422 if faults else 200,
        rows=found,
        seen=seen,
        names={d.document.type: type_of(d.document.type).short for d in found},
        typed=typed,
        faults=faults or {},
        again=again,
        most=MOST,
        longest=LONGEST_REASON,
    )


# --- carrying a list out --------------------------------------------------------------------------------


@router.get("/lists/{list_id}")
def one_list(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, list_id: str, done: bool = False
) -> Response:
    """What stands on a list and what became of it; the clerk carries it out here."""
    return _list(request, viewer, office, now, list_id, done=done)


@router.post("/lists/{list_id}/carry-out")
def carry_out(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, form: CheckedForm, list_id: str
) -> Response:
    """Destroy what the list names, with the clerk's own password; asked again it goes on where it ended."""
    _reader(viewer)
    try:
        password = Secret(text_of(form, "password"))
        check(office, viewer.account.sign_in_name, password, address_of(request), now, present=True)
        destroying.carry_out(office, viewer.actor, list_id)
    except (Invalid, NotFound):
        raise
    except RecordsError as refusal:
        return _list(request, viewer, office, now, list_id, faults={"password": refusal.sentence})
    return RedirectResponse(f"/retention/lists/{list_id}?done=true", 303)


def _list(
    request: Request,
    viewer: Viewer,
    office: Office,
    now: datetime,
    list_id: str,
    *,
    done: bool = False,
    faults: dict[str, Text] | None = None,
) -> Response:
    _reader(viewer)
    with office.db.read() as session:
        document = destroying.list_of(session, viewer.actor, list_id)
        entries = destroying.entries(session, list_id, viewer.actor.school_id, now)
        seen = queries.seen_among(session, viewer.actor, [one.document.id for one in entries])
    named = {row["document"]: row for row in document.fields.get("records") or ()}
    waiting = [one for one in entries if one.row.state == "listed"]
    return page(
        request,
        viewer,
        "pages/retention_list.html",
        status_code=422 if faults else 200,
        document=document,
        state=story.state(DESTRUCTION_LIST, document),
        entries=entries,
        told_again=told_again,
        seen=seen,
        named=named,
        going=[one for one in waiting if one.stays is None],
        hindered=[one for one in waiting if one.stays is not None],
        destroyed=[one for one in entries if one.destruction is not None],
        may_carry_out=destroying.may_carry_out(viewer.actor) and document.status == "archived",
        done=done,
        faults=faults or {},
    )


_HANDED_IN = Text(
    "Danh mục đã trình nên không sửa được nữa; chờ trả lại, hoặc rút lại rồi lập danh mục khác.",
    "The list is handed in and cannot be changed; wait for a return, or withdraw it and draw up another.",
)
