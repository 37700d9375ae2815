"""Documents: the list, one document's page, its page images, its file, its events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session, col, select

from flows import (
    appeals,
    duties,
    holds,
    listing,
    permits,
    proofs,
    queries,
    retention,
    search,
    sources,
    succession,
    views,
)
from flows.catalogue import TYPES, amended_by, type_of
from flows.grammar import DocumentType
from flows.obligations import calendar_of
from flows.office import Office
from flows.people import Actor
from flows.views import View
from models.account import Account
from models.destruction import Destruction
from models.document import Document, Revision, Signature
from models.errors import NotFound
from models.school import SchoolClass, SchoolWeek
from models.text import Language, Text
from service import act_words, exports, file_words, lanes, names, page_images, proof_package, story, words
from service.access import PageViewer
from service.api import answers, cursors
from service.deps import OfficeDep, RevisionNumber
from service.duties import name as duty_name
from service.duties import state as duty_state
from service.duties import told
from service.filters import Typed, TypedDep
from service.pages import autosave, beginning, bodies, copying, editing, pictures
from service.templating import language_of, page

router = APIRouter()
router.include_router(beginning.router)
router.include_router(copying.router)  # before /documents/{document_id}: "new" is no document
router.include_router(editing.router)
router.include_router(autosave.router)
router.include_router(pictures.router)
router.include_router(bodies.router)

LISTED = 50


# --- the list -------------------------------------------------------------------------------------------


@router.get("/documents")
def records(
    request: Request, viewer: PageViewer, office: OfficeDep, typed: TypedDep, cursor: str = ""
) -> Response:
    """The documents this account may see, the newest first; the filter stands in the address."""
    asked = typed.read(viewer)
    school_id = viewer.actor.school_id
    with office.db.read() as session:
        rows, following = listing.documents(
            session, viewer.actor, asked, after=cursors.read(cursor), limit=LISTED
        )
        weeks = session.exec(
            select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id).order_by(col(SchoolWeek.monday))
        ).all()
        owners = _owners(session, viewer.actor)
        beside = listing.beside(session, viewer.actor, asked.q)
        classes = session.exec(
            select(SchoolClass)
            .where(col(SchoolClass.school_id) == school_id)
            .order_by(col(SchoolClass.year).desc(), col(SchoolClass.grade), col(SchoolClass.name))
        ).all()
    return page(
        request,
        viewer,
        "pages/records.html",
        rows=[(r, type_of(r.document.type), story.state(type_of(r.document.type), r.document)) for r in rows],
        asked=typed,
        filtered=typed != Typed(),
        hint=search.hint(typed.q) if not rows else None,
        by_words=asked.by_words,
        beside=beside,
        more=typed.address("/documents", cursor=cursors.write(*following)) if following else "",
        start=typed.address("/documents"),
        csv=typed.address("/documents.csv"),
        xlsx=typed.address("/documents.xlsx"),
        first=not cursor,
        weeks=weeks,
        owners=owners,
        classes=classes,
        types=TYPES,
        statuses=story.STATUSES,
    )


@router.get("/documents.{kind}")
def export(
    request: Request, viewer: PageViewer, office: OfficeDep, kind: Literal["csv", "xlsx"], typed: TypedDep
) -> Response:
    """The whole list with this filter, for a spreadsheet."""
    language = language_of(request, viewer)
    return exports.answer(kind, office, viewer.account, viewer.actor, typed.read(viewer), language)


def _owners(session: Session, actor: Actor) -> list[Account]:
    """Whose documents a person may look for, by given name; nobody but themselves for a teacher alone."""
    if not actor.roles & {"principal", "vice_principal", "clerk", "inspector"} and not (
        actor.heads or actor.deputises
    ):
        return []
    found = session.exec(
        select(Account).where(col(Account.school_id) == actor.school_id, col(Account.active))
    ).all()
    return sorted(found, key=lambda a: words.by_given_name(a.full_name))


# --- one document ---------------------------------------------------------------------------------------


@router.get("/documents/{document_id}")
def document(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    revision: RevisionNumber | None = None,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
    done: str = "",
) -> Response:
    """Everything about one document, and what this person may do with it."""
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, office.now())
        based_on = sources.based_on(session, viewer.actor, view.document)
        related = succession.related(session, viewer.actor, view.document, office.now())
        appealed = appeals.against(session, view.document) or appeals.outcome(session, view.document)
        kept = _kept(session, viewer.actor, view.document)
        following = queries.waiting(session, viewer.actor, limit=2) if done else []
        shown = _revision(view, revision)
    return page(
        request,
        viewer,
        "pages/document.html",
        **about(office, view, language_of(request, viewer)),
        shown=shown,
        based_on=based_on,
        file_removed=file_words.removed(shown.body["removed"]) if shown and shown.body else None,
        octets=office.blobs.path(shown.final).stat().st_size if shown else None,
        at_page=min(number, shown.pages) if shown else 1,
        extent=page_images.size_of(office, shown.final) if shown else None,
        done=act_words.done_words(done, view.here.declared),
        following=next((w for w in following if w.document.id != document_id), None),
        related=related,
        appealed=appealed,
        **kept,
        early=permits.too_early(view.early) if view.early else None,
        states={d.id: story.state(type_of(d.type), d) for d in related.all},
        note_type=amended_by(view.here.declared),
        existing="existing" in request.query_params,
        broken=_broken(office, viewer.actor),
        duty_rules=_duty_rules(office, view),
        acts=[a for a in act_words.acts(view.turns) if a.action != "submit"],
    )


def _kept(session: Session, actor: Actor, document: Document) -> dict[str, Any]:
    """Until when it is kept, what holds it back, and by which list it was destroyed."""
    gone = session.get(Destruction, document.id) if document.status == "destroyed" else None
    return {
        "keep_to": retention.last_day(document.keep_until) if document.keep_until else None,
        "holds": holds.over(session, document) if actor.roles & holds.READERS and gone is None else [],
        "may_hold": "principal" in actor.roles and document.archived_at is not None and gone is None,
        "destruction": gone,
        "destruction_list": queries.seen(session, actor, gone.list_id) if gone else None,
    }


def _duty_rules(office: Office, view: View) -> dict[str, Text]:
    """By when what follows the approval will be due: the school's own rule for the record's week."""
    coming = view.here.declared.obligations if not view.duties else ()
    if not coming:
        return {}
    monday = view.week.monday if view.week else words.local(office.now()).date()
    with office.db.read() as session:
        calendar = calendar_of(session, view.document.school_id)
    return {o.kind: calendar.rule(o.due, monday).rule for o in coming}


def _broken(office: Office, actor: Actor) -> datetime | None:
    with office.db.read() as session:
        return duties.broken_since(session, actor.school_id, actor.id)


def about(office: Office, view: View, language: Language) -> dict[str, Any]:
    """What every page about one document says of it."""
    declared, document = view.here.declared, view.document
    way = story.way(view)
    return {
        "view": view,
        "document": document,
        "declared": declared,
        "state": story.state(declared, document),
        "timeliness": story.timeliness(document, waived=view.waived),
        "lateness": story.lateness(document),
        "way": way,
        "lanes": lanes.draw(way, language),
        "absences": story.absences(view),
        "history": [(e, act_words.happened(declared, e)) for e in reversed(view.events)],
        "signed": [s for s in reversed(view.signatures) if not s.superseded],
        "superseded": [s for s in reversed(view.signatures) if s.superseded],
        "parts": story.parts_of(view),
        "run": story.run_words(view, office.now()),
        "duties": [(d, duty_state(d, office.now())) for d in view.duties],
        "evidence_words": told,
        "duty_name": duty_name,
    }


def _revision(view: View, number: int | None) -> Revision | None:
    """The revision asked for, else the newest; None while there is none."""
    if number is None:
        return view.revisions[-1] if view.revisions else None
    for revision in view.revisions:
        if revision.number == number:
            return revision
    raise NotFound


@router.get("/documents/{document_id}/pages/{number}.webp")
def page_image(
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    number: RevisionNumber,
    revision: RevisionNumber = 0,
    v: str = "",
    large: bool = False,
) -> Response:
    """A page as a picture. `v`, the beginning of the file's hash, makes its address last for ever."""
    with office.db.read() as session:
        document = queries.readable(session, viewer.actor, document_id)
        blob = _blob(session, document, revision or document.revision, v)
    width = page_images.LARGE if large else page_images.WIDTH
    return page_images.answer(page_images.picture(office, blob, number, width))


@router.get("/documents/{document_id}/large")
def large(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    document_id: str,
    revision: int | None = None,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> Response:
    """One page as large as it is sharp, to be read closely."""
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, office.now())
    shown = _revision(view, revision)
    if shown is None:
        raise NotFound
    at_page = min(number, shown.pages)
    return page(request, viewer, "pages/large.html", document=view.document, shown=shown, at_page=at_page)


def _blob(session: Session, document: Document, revision: int, begins: str) -> str:
    """A file of this document: the newest of a revision, or an earlier one by the beginning of its hash."""
    row = session.get(Revision, (document.id, revision))
    if row is None:
        raise NotFound
    if not begins or row.final.startswith(begins):
        return row.final
    signed = session.exec(
        select(Signature.output_blob).where(
            col(Signature.document_id) == document.id, col(Signature.revision) == revision
        )
    ).all()
    for blob in (row.pdf, *signed):
        if len(begins) >= 8 and blob.startswith(begins):
            return blob
    raise NotFound


@router.get("/documents/{document_id}/pdf")
def pdf(
    viewer: PageViewer, office: OfficeDep, document_id: str, revision: RevisionNumber | None = None
) -> Response:
    """The file of a revision with every signature it has."""
    with office.db.read() as session:
        document = queries.readable(session, viewer.actor, document_id)
        row = session.get(Revision, (document_id, revision or document.revision))
        if row is None:
            raise NotFound
        week = session.get(SchoolWeek, document.week_id) if document.week_id else None
    name = _file_name(type_of(document.type), row, week)
    content = office.blobs.get(row.final)
    duties.downloaded(office, viewer.actor, document_id, row.final, "page")
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": names.attachment(name),
            "etag": f'"{row.final}"',
            "cache-control": "private, no-cache",
        },
    )


def _file_name(declared: DocumentType, revision: Revision, week: SchoolWeek | None) -> str:
    """`Kế hoạch bài dạy tuần 13, lớp 3A.pdf`; a later revision says its number."""
    tail = f" (bản {revision.number})" if revision.number > 1 else ""
    fallback = f"{declared.name.vi}{f', tuần {week.number}' if week else ''}"
    return names.safe(revision.title or fallback)[:120] + tail + ".pdf"


@router.get("/documents/{document_id}/evidence.zip")
def evidence(viewer: PageViewer, office: OfficeDep, document_id: str) -> Response:
    """Everything a stranger needs to check this record with openssl and a text editor."""
    return proof_package.answer(office, viewer.actor, document_id)


@router.get("/documents/{document_id}/events")
def events(
    request: Request, viewer: PageViewer, office: OfficeDep, document_id: str, format: str = ""
) -> Response:
    """The hash-linked history; `format=json` for a machine."""
    with office.db.read() as session:
        view = views.view(session, viewer.actor, document_id, office.now())
    if format == "json":
        return JSONResponse({"items": [answers.event(e) for e in view.events], "intact": view.intact})
    has_file = view.document.blob is not None or view.document.status == "destroyed"
    return page(
        request,
        viewer,
        "pages/events.html",
        may_export=has_file and proofs.may_export(viewer.actor, view),
        **about(office, view, language_of(request, viewer)),
    )
