"""After approval: the week's duties, prints made from the system, what a person says of paper and laptop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from flows import board, duties, known_files, outstanding, prints, queries
from flows.bundle import of_week
from flows.catalogue import type_of
from flows.grammar import DocumentType
from flows.outstanding import Outstanding
from flows.posts import named_week
from models.errors import NotFound
from models.school import SchoolWeek
from models.text import Text
from service import words
from service.access import CheckedForm, MaybeViewer, PageViewer, local_path
from service.bundle import answer
from service.deps import Arrival, OfficeDep
from service.duties import print_made, state
from service.limits import Limiter
from service.pages.sign_in import address_of
from service.spot_prints import spot_prints
from service.story import State
from service.templating import page
from service.verify_words import KNOWN_TONES, known_words
from service.weeks import Weeks, by_group

router = APIRouter()
public = APIRouter()

ASKED = Limiter(120, timedelta(minutes=10))
"""An inspector goes through a whole school behind one address; guessing a code takes 59 bits."""


# --- the week's list ------------------------------------------------------------------------------------


@router.get("/obligations")
def obligations(request: Request, viewer: PageViewer, office: OfficeDep, week: str = "") -> Response:
    """What is owed after approval in one week: one's own first, then by group whatever one answers for."""
    now = office.now()
    with office.db.read() as session:
        all_weeks = board.weeks(session, viewer.actor.school_id)
        counts = outstanding.counts(session, viewer.actor)
        here = _chosen(all_weeks, week, counts, words.local(now).date())
        found = outstanding.of_week(session, viewer.actor, here.id) if here else []
        packed = of_week(session, viewer.actor, words.local(now).date(), here.id) if here else None
        broken = duties.broken_since(session, viewer.actor.school_id, viewer.account.id)
    rows = [_row(o, now) for o in found]
    return page(
        request,
        viewer,
        "pages/obligations.html",
        weeks=Weeks(all_weeks, counts, here),
        packed=len(packed.ready) if packed else 0,
        own=[r for r in rows if r[0].duty.account_id == viewer.account.id],
        groups=_by_group([r for r in rows if r[0].duty.account_id != viewer.account.id]),
        open_ones=sum(o.duty.met_at is None for o in found),
        past=sum(o.duty.met_at is None and o.duty.due_at <= now for o in found),
        total=len(found),
        responsible=viewer.actor.answers_for_others,
        broken=broken,
        teaches="teacher" in viewer.actor.roles,
    )


Row = tuple[Outstanding, DocumentType, State, Text | None]


def _row(one: Outstanding, now: datetime) -> Row:
    made = print_made(one.print_made_at) if one.print_made_at and one.duty.met_at is None else None
    if one.duty.kind == "download":
        made = None
    return one, type_of(one.document.type), state(one, now), made


def _chosen(
    weeks: Sequence[SchoolWeek], asked: str, counts: dict[str, int], today: date
) -> SchoolWeek | None:
    """The week asked for; else the present or next one with something open, else the present one."""
    if asked:
        return named_week(weeks, asked)
    from_here = [week for week in weeks if week.sunday >= today]
    return next((w for w in from_here if counts.get(w.id)), next(iter(from_here or weeks[-1:]), None))


def _by_group(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Groups by name; within one, what is open first, then by given name."""
    ordered = sorted(rows, key=lambda r: (r[0].duty.met_at is not None, words.by_given_name(r[0].owner)))
    return by_group(ordered, lambda r: r[0].group)


# --- everything for a week ------------------------------------------------------------------------------


@router.get("/bundle")
def bundle(viewer: PageViewer, office: OfficeDep, week: str = "") -> Response:
    """My approved files of a week (the next one by default) in one ZIP."""
    with office.db.read() as session:
        found = of_week(session, viewer.actor, words.local(office.now()).date(), week)
    return answer(office, viewer.actor, viewer.account.full_name, found)


# --- what a person says ---------------------------------------------------------------------------------


@router.post("/documents/{document_id}/attestations")
def attest(viewer: PageViewer, office: OfficeDep, form: CheckedForm, document_id: str) -> Response:
    """The owner says: printed, or taught from a laptop."""
    with office.db.read() as session:
        queries.visible(session, viewer.actor, document_id)
    duties.attest(office, viewer.actor, document_id, str(form.get("kind", "")), "page")
    return _back(form.get("next"), f"/documents/{document_id}#after")


@router.post("/laptop")
def laptop(viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """My laptop is broken, or works again."""
    duties.report_laptop(office, viewer.actor, broken=form.get("state") == "broken", via="page")
    return _back(form.get("next"), "/obligations")


def _back(wanted: object, otherwise: str) -> Response:
    path = local_path(str(wanted or ""))
    return RedirectResponse(otherwise if path == "/" and wanted != "/" else path, status_code=303)


# --- prints ---------------------------------------------------------------------------------------------


@router.post("/documents/{document_id}/prints")
def make_print(viewer: PageViewer, office: OfficeDep, form: CheckedForm, document_id: str) -> Response:  # noqa: ARG001 - the form was checked
    """Record a print and show its PDF."""
    with office.db.read() as session:
        queries.readable(session, viewer.actor, document_id)
    made = prints.make(office, viewer.actor, document_id, "page")
    return RedirectResponse(f"/documents/{document_id}/prints/{made.code}.pdf", status_code=303)


@router.get("/documents/{document_id}/prints/{code}.pdf")
def print_pdf(viewer: PageViewer, office: OfficeDep, document_id: str, code: str) -> Response:
    """A print made before, to be sent to a printer."""
    with office.db.read() as session:
        document = queries.readable(session, viewer.actor, document_id)
    pdf = prints.draw(office, document, code)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            "content-disposition": f'inline; filename="ban-in-{prints.spoken(prints.tidy(code))}.pdf"',
            "cache-control": "private, no-cache",
        },
    )


@public.get("/p")
def ask(request: Request, viewer: MaybeViewer, code: str = "") -> Response:
    """Where the code of a print is typed."""
    if code.strip():
        return RedirectResponse(f"/p/{prints.tidy(code) or '-'}", status_code=303)
    return page(request, viewer, "pages/print_check.html", found=None, code="", refused=None, checks=[])


@public.get("/p/{code}")
def check(request: Request, viewer: MaybeViewer, office: OfficeDep, now: Arrival, code: str) -> Response:
    """What a print's code leads to, for anyone: no person is named."""
    ASKED.count(address_of(request), now)
    refused = found = None
    try:
        with office.db.read() as session:
            found = known_files.of_print(session, code)
    except NotFound as none:
        refused = none.sentence
    shown = page(
        request,
        viewer,
        "pages/print_check.html",
        status_code=404 if refused else 200,
        found=found,
        code=prints.spoken(prints.tidy(code)),
        refused=refused,
        said=known_words(found) if found else None,
        tone=KNOWN_TONES[found.standing] if found else "",
        checks=spot_prints(office, viewer, code) if found else [],
    )
    shown.headers["x-robots-tag"] = "noindex"
    return shown
