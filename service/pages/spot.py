"""Spot checks on the desk: mine of today, what is planned and sent, totals; choosing a check, ending one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData

from flows import queries, spot_checks, spot_planning, spot_totals, timetable
from flows.candidates import today
from flows.documents.spot_check import SPOT_CHECK
from flows.namesakes import names_of
from flows.office import Office
from flows.people import Actor
from flows.spot_checks import BY_HAND, MISSED, STATES, Asked, Check, Choice
from flows.spot_rights import may_plan, oversees
from flows.spot_totals import COUNTED
from flows.timetable import SESSIONS
from models.errors import Fault, Invalid
from models.names import told_apart
from models.text import Text
from service import exports
from service.access import CheckedForm, PageViewer, Viewer
from service.api import cursors
from service.deps import OfficeDep
from service.filters import refuse_unknown
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.pages.spot_check import kept_by, kept_pages
from service.school import read_day
from service.spot_table import SpotTable
from service.templating import language_of, page

router = APIRouter(prefix="/spot")

LISTED = 30
DONE = {
    "chosen": Text("Đã lên lịch kiểm tra.", "The check is planned."),
    "ended": Text("Đã ghi lý do không thực hiện.", "It is noted why the check is not made."),
    "cancelled": Text("Đã hủy phiếu.", "The check was taken back."),
}


@dataclass(frozen=True, slots=True)
class Lists:
    """What the page shows, each list for whom it is."""

    today: list[Check]
    planned: list[Check]
    past: list[Check]
    older: str
    to_sign: int
    waiting: list[queries.Waiting]


@router.get("")
def desk(
    request: Request,
    viewer: PageViewer,
    office: OfficeDep,
    state: str = "",
    cursor: str = "",
    done: str = "",
) -> Response:
    """My checks of today on top, then what is planned, what waits for a finding, what was sent; totals."""
    refuse_unknown(state, STATES)
    now, actor = office.now(), viewer.actor
    with office.db.read() as session:
        lists = _lists(session, actor, state, cursor, today(now))
        totals = spot_totals.totals(session, actor.school_id)
        draws = spot_planning.draws(session, actor, limit=5)
        pages = kept_pages(session, viewer, now) if may_plan(actor) else []
    answer = page(
        request,
        viewer,
        "pages/spot.html",
        lists=lists,
        draws=draws,
        totals=totals,
        counted=COUNTED,
        states=STATES,
        state=state,
        missed=MISSED,
        sessions=SESSIONS,
        plans=may_plan(actor),
        oversees=oversees(actor),
        pages=pages,
        done=DONE.get(done),
        this_day=today(now),
    )
    return kept_by(answer, viewer) if may_plan(actor) else answer


def _lists(session: Session, actor: Actor, state: str, cursor: str, day: date) -> Lists:
    ahead = spot_checks.listed(session, actor, Asked("planned", first=day), limit=200)
    ahead.sort(key=lambda c: (c.row.day, list(SESSIONS).index(c.row.session), c.row.period))
    mine = [c for c in ahead if c.row.day == day and c.row.inspector_id == actor.id]
    past = spot_checks.listed(
        session, actor, Asked(state, settled=not state), after=cursors.read(cursor), limit=LISTED + 1
    )
    last = past[LISTED - 1].row if len(past) > LISTED else None
    own = queries.waiting(session, actor, own=True, type=SPOT_CHECK.slug) if may_plan(actor) else []
    finding = queries.waiting(session, actor, type=SPOT_CHECK.slug) if oversees(actor) else []
    return Lists(
        today=mine,
        planned=[c for c in ahead if c not in mine],
        past=past[:LISTED],
        older=cursors.write(last.planned_at, last.id) if last else "",
        to_sign=sum(w.step == "author" for w in own),
        waiting=[w for w in finding if w.step == "finding"],
    )


@router.get("/list.{kind}")
def export(
    request: Request, viewer: PageViewer, office: OfficeDep, kind: Literal["csv", "xlsx"], state: str = ""
) -> Response:
    """The checks this account may see, for a spreadsheet."""
    refuse_unknown(state, STATES)
    table = SpotTable(office, viewer.actor, viewer.account.full_name, language_of(request, viewer), state)
    return exports.send(kind, table)


# --- choosing -------------------------------------------------------------------------------------------


@router.get("/new")
def new(request: Request, viewer: PageViewer, office: OfficeDep, day: str = "") -> Response:
    """The form for a check that is chosen: the day first, then one of its lessons and the reason."""
    faults: dict[str, Text] = {}
    chosen = today(office.now())
    if day:
        try:
            chosen = read_day(day, "day")
        except Invalid as refusal:
            faults = faults_of(refusal, "day")
    return _new(request, viewer, office, chosen, {"day": day}, faults)


@router.post("/new")
def choose(request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """Plan it; refused, the form comes back as it was."""
    typed = {name: text_of(form, name) for name in ("day", "lesson", "reason", "inspector")}
    chosen = today(office.now())
    try:
        chosen = read_day(typed["day"], "day")
        spot_checks.choose(office, viewer.actor, _choice(chosen, typed))
    except Invalid as refusal:
        return _new(request, viewer, office, chosen, typed, _at_lesson(faults_of(refusal, "lesson")))
    return RedirectResponse("/spot?done=chosen", 303)


def _choice(day: date, typed: dict[str, str]) -> Choice:
    part, _, rest = typed["lesson"].partition("/")
    number, _, class_id = rest.partition("/")
    if part not in SESSIONS or not number.isdigit():
        raise Invalid(_NO_LESSON, (Fault("lesson", _NO_LESSON, missing=True),))
    return Choice(day, part, int(number[:3]), class_id, typed["reason"], typed["inspector"])


def _at_lesson(faults: dict[str, Text]) -> dict[str, Text]:
    """Session, period and class are one choice here."""
    return {
        "lesson" if name in ("period", "class", "session") else name: said for name, said in faults.items()
    }


def _new(
    request: Request,
    viewer: Viewer,
    office: Office,
    day: date,
    typed: dict[str, str],
    faults: dict[str, Text],
) -> Response:
    with office.db.read() as session:
        inspector = spot_checks.inspector_for(session, viewer.actor, "")
        inspectors = spot_checks.inspectors(session, viewer.actor)
        usual = spot_checks.usual_inspector(session, viewer.actor)
        lessons = timetable.of_days(session, viewer.actor.school_id, day, day)
        names = names_of(session, {p.teacher_id for p in lessons})
    groups: dict[str, list[tuple[str, str]]] = {}
    language = words_for(request, viewer)
    for p in lessons:
        if len(inspectors) == 1 and p.teacher_id == inspector.id:
            continue
        head = language(Text("Tiết {n} {s}", "{s} period {n}").format(n=p.number, s=SESSIONS[p.session]))
        line = f"{p.class_name}, {p.subject}, {names[p.teacher_id]}"
        groups.setdefault(head, []).append((f"{p.session}/{p.number}/{p.class_id}", line))
    return page(
        request,
        viewer,
        "pages/spot_new.html",
        status_code=422 if faults else 200,
        chosen=day,
        typed={"day": "", "lesson": "", "reason": "", "inspector": usual} | typed,
        lessons=groups,
        inspectors=[(a.id, name) for a, name in told_apart(inspectors)],
        faults=faults,
    )


def words_for(request: Request, viewer: Viewer) -> Any:
    """How this person reads a text."""
    language = language_of(request, viewer)
    return lambda text: text.to(language)


# --- not made -------------------------------------------------------------------------------------------


@router.get("/{check_id}/end")
def ending(request: Request, viewer: PageViewer, office: OfficeDep, check_id: str) -> Response:
    """Why a planned check is not made; a chosen one may be taken back."""
    return _ending(request, viewer, office, check_id, None, {})


@router.post("/{check_id}/end")
def end(
    request: Request, viewer: PageViewer, office: OfficeDep, check_id: str, form: CheckedForm
) -> Response:
    """Note it; refused, the form comes back as it was."""
    try:
        if form.get("do") == "cancel":
            spot_checks.cancel(office, viewer.actor, check_id, text_of(form, "words"))
            return RedirectResponse("/spot?done=cancelled", 303)
        spot_checks.end(office, viewer.actor, check_id, text_of(form, "kind"), text_of(form, "words"))
    except Invalid as refusal:
        return _ending(request, viewer, office, check_id, form, faults_of(refusal, "kind"))
    return RedirectResponse("/spot?done=ended", 303)


def _ending(
    request: Request,
    viewer: Viewer,
    office: Office,
    check_id: str,
    form: FormData | None,
    faults: dict[str, Text],
) -> Response:
    with office.db.read() as session:
        check = spot_checks.one(session, viewer.actor, check_id)
    may = check.may(viewer.actor, today(office.now()))
    if "end" not in may:
        return RedirectResponse(f"/spot/{check_id}", 303)
    say = words_for(request, viewer)
    return page(
        request,
        viewer,
        "pages/spot_end.html",
        status_code=422 if faults else 200,
        check=check,
        session_name=SESSIONS[check.row.session],
        kinds=[("", say(_CHOOSE)), *((kind, say(MISSED[kind])) for kind in BY_HAND)],
        cancels="cancel" in may,
        drawn=check.row.draw_id is not None,
        typed={"kind": text_of(form, "kind"), "words": text_of(form, "words")}
        if form
        else {"kind": "", "words": ""},
        faults=faults,
    )


_CHOOSE = Text("– chọn –", "– choose –")
_NO_LESSON = Text("Chọn một tiết dạy trong ngày.", "Choose one of the day’s lessons.")
