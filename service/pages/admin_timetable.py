"""The administrator's look at the timetables: which holds from when, and the week of one class."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select

from flows import clock
from flows.deadlines import WEEKDAYS
from flows.timetable import SESSIONS, valid_on
from models.account import Account
from models.errors import NotFound, RecordsError
from models.school import SchoolClass, Timetable, TimetableEntry
from models.text import Text
from service import changes, school, words
from service.access import AdminViewer, CheckedForm, Viewer
from service.deps import Arrival, OfficeDep
from service.import_teaching import class_key
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.templating import page

router = APIRouter(prefix="/timetable")


@router.get("")
def timetable_page(
    request: Request,
    viewer: AdminViewer,
    office: OfficeDep,
    now: Arrival,
    start: str = "",
    taught: str = "",
) -> Response:
    """The timetable in force, or the one that begins on `start`; the class `taught`, or the first."""
    return _timetable(request, viewer, office, words.local(now).date(), start, taught)


@router.post("/remove")
def remove(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Take back a timetable that has not begun."""
    today = words.local(now).date()
    try:
        day = school.read_day(text_of(form, "valid_from"), "valid_from")
        with office.db.write() as session:
            _take_back(session, viewer.actor.school_id, day, today)
    except NotFound:
        raise
    except RecordsError as refusal:
        faults = faults_of(refusal, "valid_from")
        return _timetable(request, viewer, office, today, faults=faults)
    clock.rescan(office.db, now, viewer.actor.school_id)
    return RedirectResponse("/admin/timetable", 303)


def _take_back(session: Session, school_id: str, day: date, today: date) -> None:
    row = session.get(Timetable, (school_id, day))
    if row is None:
        raise NotFound
    if day <= today:
        raise changes.refusal("valid_from", _BEGUN)
    session.delete(row)


def _timetable(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    today: date,
    start: str = "",
    taught: str = "",
    *,
    faults: dict[str, Text] | None = None,
) -> Response:
    school_id = viewer.actor.school_id
    with office.db.read() as session:
        starts = session.exec(
            select(Timetable)
            .where(col(Timetable.school_id) == school_id)
            .order_by(col(Timetable.valid_from).desc())
        ).all()
        days = [row.valid_from for row in starts]
        here = next((day for day in days if day.isoformat() == start), None)
        here = here or valid_on(session, school_id, today) or (days[-1] if days else None)
        classes = _classes(session, school_id, here)
        chosen = next((c for c in classes if c.id == taught), classes[0] if classes else None)
        cells = _cells(session, chosen, here)
    return page(
        request,
        viewer,
        "pages/admin_timetable.html",
        status_code=422 if faults else 200,
        days=days,
        here=here,
        today=today,
        classes=classes,
        chosen=chosen,
        cells=cells,
        weekdays=range(6 if any(key[0] == 5 for key in cells) else 5),
        day_names=WEEKDAYS,
        sessions=SESSIONS,
        most={part: max([key[2] for key in cells if key[1] == part], default=0) for part in SESSIONS},
        faults=faults or {},
    )


def _classes(session: Session, school_id: str, here: date | None) -> list[SchoolClass]:
    if here is None:
        return []
    ids = select(TimetableEntry.class_id).where(
        col(TimetableEntry.school_id) == school_id, col(TimetableEntry.valid_from) == here
    )
    found = session.exec(select(SchoolClass).where(col(SchoolClass.id).in_(ids))).all()
    return sorted(found, key=lambda c: class_key(c.name))


def _cells(
    session: Session, chosen: SchoolClass | None, here: date | None
) -> dict[tuple[int, str, int], tuple[str, str]]:
    """By weekday, session and period: subject and teacher."""
    if chosen is None or here is None:
        return {}
    rows = session.exec(
        select(TimetableEntry, Account.full_name)
        .join(Account, col(Account.id) == col(TimetableEntry.account_id))
        .where(
            col(TimetableEntry.school_id) == chosen.school_id,
            col(TimetableEntry.valid_from) == here,
            col(TimetableEntry.class_id) == chosen.id,
        )
    ).all()
    return {(row.weekday, row.session, row.period): (row.subject, name) for row, name in rows}


_BEGUN = Text(
    "Thời khóa biểu này đã bắt đầu nên không xóa được. Nhập thời khóa biểu mới từ một ngày sau đó.",
    "This timetable has begun and stays. Import a new one from a later day.",
)
