"""Draws of spot checks: the form, and the published page on which anyone of the school recomputes one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from flows import day_rows, spot_checks, spot_draw, spot_planning, spot_public, timetable
from flows.candidates import today
from flows.office import Office
from flows.spot_checks import MISSED, STATES
from flows.spot_planning import MOST_DAYS, Wish
from flows.spot_rights import may_plan
from flows.timetable import SESSIONS
from models.account import Group
from models.errors import Fault, Invalid, NotYours
from models.names import told_apart
from models.school import SchoolClass
from models.spot_check import SpotDraw
from models.text import Text
from service.access import CheckedForm, PageViewer, Viewer
from service.api import cursors
from service.deps import OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.school import read_day
from service.templating import page

router = APIRouter(prefix="/spot/draws")

LISTED = 30
AHEAD = timedelta(days=14)
"""The periods to choose from are those of so many days."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What may be chosen from: (value, words)."""

    periods: list[tuple[str, Text]]
    groups: list[tuple[str, str]]
    classes: list[tuple[str, str]]
    inspectors: list[tuple[str, str]]


@router.get("")
def listed(request: Request, viewer: PageViewer, office: OfficeDep, cursor: str = "") -> Response:
    """Every draw of the school, the newest first; open to all staff."""
    with office.db.read() as session:
        rows = spot_planning.draws(session, viewer.actor, limit=LISTED + 1, before=cursors.read(cursor))
    last = rows[LISTED - 1] if len(rows) > LISTED else None
    older = cursors.write(last.made_at, last.id) if last else ""
    return page(request, viewer, "pages/spot_draws.html", draws=rows[:LISTED], older=older)


@router.get("/new")
def new(request: Request, viewer: PageViewer, office: OfficeDep) -> Response:
    """The form: from what, and how many."""
    with office.db.read() as session:
        spot_checks.inspector_for(session, viewer.actor, "")
        usual = spot_checks.usual_inspector(session, viewer.actor)
        day = day_rows.school_days(session, viewer.actor.school_id).next_working_day(today(office.now()))
    typed = {"first_day": f"{day:%d/%m/%Y}", "last_day": "", "wanted": "3", "inspector": usual}
    return _new(request, viewer, office, typed, {}, {})


@router.post("/new")
def draw(request: Request, viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """Draw and publish; refused, the form comes back as it was."""
    if not may_plan(viewer.actor):
        raise NotYours(spot_checks.PLANNERS_ALONE)
    typed = {name: text_of(form, name) for name in ("first_day", "last_day", "wanted", "inspector")}
    chosen = {name: _all(form, name) for name in ("periods", "groups", "classes")}
    try:
        draw_id = spot_planning.plan(office, viewer.actor, _wish(typed, chosen))
    except Invalid as refusal:
        return _new(request, viewer, office, typed, chosen, faults_of(refusal, "first_day"))
    return RedirectResponse(f"/spot/draws/{draw_id}", 303)


def _all(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


def _wish(typed: dict[str, str], chosen: dict[str, tuple[str, ...]]) -> Wish:
    first = read_day(typed["first_day"], "first_day")
    last = read_day(typed["last_day"], "last_day") if typed["last_day"].strip() else first
    wanted = typed["wanted"].strip()
    if not wanted.isdigit() or len(wanted) > 3:
        raise Invalid(_WANTED, (Fault("wanted", _WANTED, missing=not wanted),))
    periods = []
    for value in chosen["periods"]:
        part, _, number = value.partition("/")
        if part not in SESSIONS or not number.isdigit() or len(number) > 2:
            raise Invalid(_PERIOD, (Fault("periods", _PERIOD),))
        periods.append((part, int(number)))
    return Wish(
        first, last, int(wanted), typed["inspector"], tuple(periods), chosen["groups"], chosen["classes"]
    )


def _new(
    request: Request,
    viewer: Viewer,
    office: Office,
    typed: dict[str, str],
    chosen: dict[str, tuple[str, ...]],
    faults: dict[str, Text],
) -> Response:
    with office.db.read() as session:
        offered = _offered(session, viewer, today(office.now()))
    return page(
        request,
        viewer,
        "pages/spot_draw_new.html",
        status_code=422 if faults else 200,
        typed=typed,
        chosen={"periods": (), "groups": (), "classes": ()} | chosen,
        offered=offered,
        most_days=MOST_DAYS,
        method=spot_draw.METHOD_WORDS,
        faults=faults,
    )


def _offered(session: Session, viewer: Viewer, day: date) -> Offered:
    school = viewer.actor.school_id
    lessons = timetable.of_days(session, school, day, day + AHEAD)
    taught = {p.class_id for p in lessons}
    periods = sorted({(list(SESSIONS).index(p.session), p.number, p.session) for p in lessons})
    groups = session.exec(
        select(Group.id, Group.name).where(col(Group.school_id) == school).order_by(col(Group.name))
    ).all()
    classes = session.exec(
        select(SchoolClass.id, SchoolClass.name)
        .where(col(SchoolClass.school_id) == school, col(SchoolClass.id).in_(taught))
        .order_by(col(SchoolClass.grade), col(SchoolClass.name))
    ).all()
    return Offered(
        [
            (f"{s}/{n}", Text("Tiết {n} {s}", "{s} period {n}").format(n=n, s=_small(SESSIONS[s])))
            for _, n, s in periods
        ],
        list(groups),
        list(classes),
        [(a.id, name) for a, name in told_apart(spot_checks.inspectors(session, viewer.actor))],
    )


def _small(text: Text) -> Text:
    return Text(text.vi.lower(), text.en.lower())


# --- published ------------------------------------------------------------------------------------------


@router.get("/{draw_id}")
def one(
    request: Request, viewer: PageViewer, office: OfficeDep, draw_id: str, recompute: str = ""
) -> Response:
    """The hashes at once, the pool, the method; the seed and what was drawn once it is over."""
    with office.db.read() as session:
        row = spot_planning.draw_of(session, viewer.actor, draw_id)
        shown = spot_public.published(session, viewer.actor, row)
        narrowed = _narrowed(session, row)
    pool = spot_draw.pool_of(row.pool)
    found = spot_public.recomputed(row) if recompute else None
    return page(
        request,
        viewer,
        "pages/spot_draw.html",
        shown=shown,
        draw=row,
        narrowed=narrowed,
        method=spot_draw.METHOD_WORDS,
        slots=[(slot, _slot(slot)) for slot in sorted(pool.slots)],
        slot_words=spot_draw.shown,
        found=found,
        states=STATES,
        missed=MISSED,
        python=f'python3 -c "{spot_draw.PYTHON}"',
    )


def _slot(slot: str) -> Text:
    return spot_draw.shown(slot)


def _narrowed(session: Session, row: SpotDraw) -> list[Text]:
    """From what was drawn, where the planner chose less than all."""
    asked = row.asked
    groups = session.exec(select(Group.name).where(col(Group.id).in_(asked["groups"]))).all()
    classes = session.exec(select(SchoolClass.name).where(col(SchoolClass.id).in_(asked["classes"]))).all()
    found = []
    if groups:
        found.append(Text("{n}", "{n}").format(n=", ".join(sorted(groups))))
    if classes:
        found.append(Text("lớp {n}", "classes {n}").format(n=", ".join(sorted(classes))))
    if asked["periods"]:
        said = [
            Text("tiết {n} {s}", "{s} period {n}").format(n=n, s=_small(SESSIONS[s]))
            for s, n in asked["periods"]
        ]
        found.append(Text(", ".join(t.vi for t in said), ", ".join(t.en for t in said)))
    return found


@router.get("/{draw_id}/draw.json")
def file(viewer: PageViewer, office: OfficeDep, draw_id: str) -> Response:
    """The file with which anyone recomputes the draw."""
    with office.db.read() as session:
        found = spot_public.file_of(spot_planning.draw_of(session, viewer.actor, draw_id))
    headers = {"content-disposition": 'attachment; filename="draw.json"', "cache-control": "no-store"}
    return JSONResponse(found, headers=headers)


_WANTED = Text("Ghi số phiếu bằng chữ số, ví dụ 3.", "Write how many in digits, such as 3.")
_PERIOD = Text(
    "Có tiết không hợp lệ. Tải lại trang rồi chọn lại.", "A period is not one. Reload and choose again."
)
