"""How long records are kept, for everyone to see and the administrator to set; and legal holds.

A term is shown before it is set: from when it holds, and which records already archived it would keep longer.
The principal alone places and lifts holds.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import holds, queries, retention
from flows.candidates import today
from flows.catalogue import TYPES, type_of
from flows.grammar import DocumentType
from flows.holds import Asked
from flows.office import Office
from models.account import Account
from models.errors import Fault, Invalid, NotFound
from models.text import Text
from service.access import AdminViewer, CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import people_of, text_of
from service.school import read_day
from service.templating import page

router = APIRouter(prefix="/retention")
PERMANENT = "permanent"

# --- terms ----------------------------------------------------------------------------------------------


@router.get("/terms")
def terms(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, done: str = "") -> Response:
    """How long each type is kept at this school, and what was set when."""
    day = today(now)
    with office.db.read() as session:
        found = retention.terms(session, viewer.actor.school_id, day)
        rules = retention.rules_of(session, viewer.actor.school_id)
        names = _names(session, {rule.by_id for rule in rules})
    known = {declared.slug: declared for declared in TYPES}
    return page(
        request,
        viewer,
        "pages/retention_terms.html",
        terms=found,
        later={
            term.declared.slug: [r for r in rules if r.type == term.declared.slug and r.from_day > day]
            for term in found
        },
        settable=retention.settable,
        term_words=retention.term_words,
        rules=[(rule, known[rule.type].name) for rule in reversed(rules) if rule.type in known],
        names=names,
        changes="admin" in viewer.actor.roles,
        done=known[done].name if done in known else None,
    )


def _names(session: Session, ids: set[str]) -> dict[str, str]:
    return dict(session.exec(select(Account.id, Account.full_name).where(col(Account.id).in_(ids))).all())


@router.get("/terms/{slug}")
def one_term(request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival, slug: str) -> Response:
    """The form of one type's term."""
    declared = _settable(slug)
    with office.db.read() as session:
        present = retention.term(session, viewer.actor.school_id, slug, today(now))
    typed = {
        "years": "" if present.years is None else str(present.years),
        "kind": PERMANENT if present.years is None else "years",
        "from_day": f"{today(now):%d/%m/%Y}",
    }
    return _form(request, viewer, office, now, declared, typed)


@router.post("/terms/{slug}")
def set_term(
    request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival, form: CheckedForm, slug: str
) -> Response:
    """Show what the term would do; once that was seen (`seen`: how many it keeps longer), set it."""
    declared = _settable(slug)
    names = ("years", "kind", "from_day", "basis", "earlier")
    typed = {name: text_of(form, name).strip() for name in names}
    if text_of(form, "do") == "edit":
        return _form(request, viewer, office, now, declared, typed)
    seen = text_of(form, "seen")
    try:
        years, from_day = _read(typed)
        with office.db.write() if seen else office.db.read() as session:
            longer = len(retention.longer(session, viewer.actor.school_id, slug, years))
            given: dict[str, Any] = {"basis": typed["basis"], "earlier": typed["earlier"] == "yes"}
            if seen == str(longer):
                retention.set_term(session, viewer.actor, slug, years, from_day, now, **given)
            else:
                retention.check_term(session, viewer.actor.school_id, slug, years, from_day, now, **given)
    except Invalid as refusal:
        return _form(request, viewer, office, now, declared, typed, faults_of(refusal, "years"))
    if seen == str(longer):
        return RedirectResponse(f"/retention/terms?done={slug}", 303)
    with office.db.read() as session:
        present = retention.term(session, viewer.actor.school_id, slug, from_day)
    return page(
        request,
        viewer,
        "pages/retention_preview.html",
        declared=declared,
        typed=typed,
        present=retention.term_words(present.years),
        term=retention.term_words(years),
        shorter=_less(years, present),
        from_day=from_day,
        longer=longer,
        earlier=typed["earlier"] == "yes",
        stale=bool(seen),
    )


def _less(years: int | None, present: retention.Term) -> bool:
    return years is not None and (present.years is None or years < present.years)


def _read(typed: dict[str, str]) -> tuple[int | None, date]:
    """Years (None: for ever) and the first day; Invalid names what is wrong."""
    faults: list[Fault] = []
    years, from_day = None, date.min
    if typed["kind"] not in ("years", PERMANENT):
        faults.append(Fault("kind", _NO_KIND))
    elif typed["kind"] == "years":
        given = typed["years"]
        if given.isascii() and given.isdigit() and len(given) < 4:
            years = int(given)
        else:
            faults.append(Fault("years", _NO_YEARS))
    try:
        from_day = read_day(typed["from_day"], "from_day")
    except Invalid as refusal:
        faults += refusal.faults
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return years, from_day


def _settable(slug: str) -> DocumentType:
    declared = type_of(slug)
    if not retention.settable(declared):
        raise NotFound
    return declared


def _form(
    request: Request,
    viewer: Viewer,
    office: Office,
    now: datetime,
    declared: DocumentType,
    typed: dict[str, str],
    faults: dict[str, Text] | None = None,
) -> Response:
    with office.db.read() as session:
        present = retention.term(session, viewer.actor.school_id, declared.slug, today(now))
    return page(
        request,
        viewer,
        "pages/retention_term.html",
        status_code=422 if faults else 200,
        declared=declared,
        present=retention.term_words(present.years),
        default=retention.term_words(declared.archive.keep),
        typed=typed,
        faults=faults or {},
    )


_WRONG = Text(
    "Chưa đặt được thời hạn lưu trữ. Sửa chỗ được đánh dấu.", "The term is not set. Mend what is marked."
)
_NO_KIND = Text("Chọn một mục trong danh sách.", "Choose one of the list.")
_NO_YEARS = Text("Ghi số năm, ví dụ 10.", "Give the number of years, such as 10.")

# --- holds ----------------------------------------------------------------------------------------------


@router.get("/holds")
def all_holds(
    request: Request, viewer: PageViewer, office: OfficeDep, document: str = "", done: str = ""
) -> Response:
    """What is on hold now, what was, and the principal's form."""
    _refuse_readers(viewer)
    return _holds(request, viewer, office, {"document": document}, done=done)


@router.post("/holds")
def place(request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """Place a hold."""
    _refuse_readers(viewer)
    names = ("document", "account", "type", "first_day", "last_day", "reason", "reference")
    typed = {name: text_of(form, name).strip() for name in names}
    try:
        holds.place(office, viewer.actor, _asked(typed))
    except Invalid as refusal:
        return _holds(request, viewer, office, typed, faults_of(refusal, "reason"))
    return RedirectResponse("/retention/holds?done=placed", 303)


@router.post("/holds/{hold_id}/lift")
def lift(
    request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm, hold_id: str
) -> Response:
    """Lift a hold."""
    _refuse_readers(viewer)
    reason = text_of(form, "lift_reason").strip()
    try:
        holds.lift(office, viewer.actor, hold_id, reason)
    except Invalid as refusal:
        return _holds(request, viewer, office, {}, {f"lift.{hold_id}": faults_of(refusal, "")["lift_reason"]})
    return RedirectResponse("/retention/holds?done=lifted", 303)


def _refuse_readers(viewer: Viewer) -> None:
    if not viewer.actor.roles & holds.READERS:
        raise NotFound


def _asked(typed: dict[str, str]) -> Asked:
    days: dict[str, date | None] = {}
    faults: list[Fault] = []
    for name in ("first_day", "last_day"):
        try:
            days[name] = read_day(typed[name], name) if typed[name] else None
        except Invalid as refusal:
            faults += refusal.faults
    if faults:
        raise Invalid(_WRONG_HOLD, tuple(faults))
    return Asked(
        typed["document"],
        typed["account"],
        typed["type"],
        days["first_day"],
        days["last_day"],
        typed["reason"],
        typed["reference"],
    )


def _holds(
    request: Request,
    viewer: Viewer,
    office: Office,
    typed: dict[str, str],
    faults: dict[str, Text] | None = None,
    done: str = "",
) -> Response:
    with office.db.read() as session:
        every = holds.every(session, viewer.actor.school_id)
        people = people_of(session, viewer.actor.school_id)
        wanted = typed.get("document", "")
        named = queries.seen(session, viewer.actor, wanted) if wanted else None
    return page(
        request,
        viewer,
        "pages/retention_holds.html",
        status_code=422 if faults else 200,
        active=[(one, holds.scope(one)) for one in every if one.lift is None],
        lifted=[(one, holds.scope(one)) for one in every if one.lift is not None],
        may_place="principal" in viewer.actor.roles,
        people=people,
        types=TYPES,
        named=named,
        typed=typed,
        faults=faults or {},
        done=done,
        longest=holds.LONGEST_REASON,
    )


_WRONG_HOLD = Text("Chưa lưu được. Sửa chỗ được đánh dấu.", "Nothing was saved. Mend what is marked.")
