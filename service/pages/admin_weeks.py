"""The administrator's page of the school year: its picture, its weeks, its days off, and what changes them.

Whatever moves weeks or days is shown first (`service/calendar_difference.py`) and applied when it was seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, select
from starlette.datastructures import FormData

from flows import clock, rule_changes
from flows.calendar import week_of
from flows.day_rows import school_days
from flows.deadlines import WEEKDAYS, last_day_words, limit_words
from flows.obligations import calendar_of
from flows.people import Actor
from flows.year_frame import NAMELESS, Break, Frame, proposal
from flows.year_picture import KINDS, kind_of, picture
from models.account import Account
from models.errors import NotFound, RecordsError
from models.school import CalendarChange, SchoolClass, SchoolWeek
from models.text import Text
from service import calendar_changes, calendar_notices, school, school_years, words, year_preview
from service.access import AdminViewer, CheckedForm, Viewer
from service.calendar_difference import Difference, apply_if_shown
from service.calendar_told import Told, told
from service.changes import refusal
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.pages.calendar_forms import chosen, read_entered, read_frame
from service.templating import language_of, page
from service.year_preview import NewYear

router = APIRouter(prefix="/weeks")

Act = Callable[[Session, Actor, datetime, FormData], object]


def _frame(session: Session, actor: Actor, now: datetime, form: FormData) -> None:
    frame = read_frame(form)
    if school_years.save_frame(session, actor.school_id, frame, now):
        calendar_changes.add_holidays(session, actor.school_id, frame.year, actor.id, now)


def _holidays(session: Session, actor: Actor, now: datetime, form: FormData) -> None:
    """From today on: what is past was taught as it was."""
    today = words.local(now).date()
    if not calendar_changes.add_holidays(
        session, actor.school_id, text_of(form, "year"), actor.id, now, today
    ):
        raise refusal("year", _NO_HOLIDAYS)


def _off(session: Session, actor: Actor, now: datetime, form: FormData) -> CalendarChange:
    made = read_entered(form, moved=False)
    return calendar_changes.enter(session, actor.school_id, actor.id, now, made)


def _moved(session: Session, actor: Actor, now: datetime, form: FormData) -> CalendarChange:
    made = read_entered(form, moved=True)
    return calendar_changes.enter(session, actor.school_id, actor.id, now, made)


def _take_back(session: Session, actor: Actor, now: datetime, form: FormData) -> CalendarChange:
    return calendar_changes.take_back(session, actor.school_id, actor.id, now, text_of(form, "change_id"))


def _move(session: Session, actor: Actor, now: datetime, form: FormData) -> None:
    monday = school.read_day(text_of(form, "monday"), "monday")
    term = {"1": 1, "2": 2}.get(text_of(form, "term"))
    today = words.local(now).date()
    school_years.move_week(session, actor.school_id, text_of(form, "week_id"), monday, today, term)


def _put_off(session: Session, actor: Actor, now: datetime, form: FormData) -> None:
    school_years.put_off(session, actor.school_id, text_of(form, "week_id"), now)


def _add(session: Session, actor: Actor, _now: datetime, form: FormData) -> None:
    day = school.read_day(text_of(form, "added"), "added")
    school_years.add_week(session, actor.school_id, text_of(form, "year"), day)


def _remove(session: Session, actor: Actor, _now: datetime, form: FormData) -> None:
    school_years.remove_week(session, actor.school_id, text_of(form, "week_id"))


def _remove_year(session: Session, actor: Actor, _now: datetime, form: FormData) -> None:
    school_years.remove_year(session, actor.school_id, text_of(form, "year"))


ACTS: dict[str, tuple[Act, Text]] = {
    "frame": (_frame, Text("Lưu khung năm học", "Save the frame of the year")),
    "holidays": (_holidays, Text("Thêm ngày lễ", "Add the public holidays")),
    "off": (_off, Text("Ghi ngày nghỉ", "Enter days off")),
    "moved": (_moved, Text("Chuyển tiết sang ngày khác", "Move a day's lessons")),
    "take-back": (_take_back, Text("Bỏ ngày đã ghi", "Take an entry back")),
    "move": (_move, Text("Sửa một tuần", "Edit a week")),
    "put-off": (_put_off, Text("Lùi một tuần", "Put off by a week")),
    "add": (_add, Text("Thêm tuần", "Add a week")),
    "remove": (_remove, Text("Xóa tuần", "Remove a week")),
    "remove-year": (_remove_year, Text("Xóa năm học", "Remove the year")),
}


_NO_HOLIDAYS = Text(
    "Các ngày lễ của năm học này đã có đủ trong lịch.", "The calendar has every public holiday of this year."
)


@router.get("")
def weeks_page(
    request: Request,
    viewer: AdminViewer,
    office: OfficeDep,
    now: Arrival,
    year: str = "",
    done: str = "",
    entry: str = "",
) -> Response:
    """One school year, the present one unless another is asked for; `done` names the act just done."""
    return _weeks(request, viewer, office, now, year, done=done, entry=entry)


@router.get("/{year}.svg")
def year_picture(
    request: Request, viewer: AdminViewer, office: OfficeDep, now: Arrival, year: str
) -> Response:
    """The year as a picture."""
    with office.db.read() as session:
        days = school_days(session, viewer.actor.school_id)
    if not any(week.year == year for week in days.weeks):
        raise NotFound
    drawn = picture(days, year, words.local(now).date(), language_of(request, viewer))
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "private, no-store"})


@router.post("/{action}")
def change_weeks(
    request: Request, action: str, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Show what an act would change; do it when that was seen, or when nothing there can change."""
    if action not in ACTS:
        raise NotFound
    act, name = ACTS[action]
    actor, shown = viewer.actor, text_of(form, "shown")
    entries: list[Told] = []
    do = partial(_do, act, actor, now, form, entries)

    def tell(session: Session, found: Difference) -> None:
        calendar_notices.tell(session, actor, found, _why(name, entries), now)

    asked = repr(sorted((k, str(v)) for k, v in form.multi_items() if k not in ("csrf", "shown")))
    try:
        new = action == "frame" and _is_new(office, actor, form)
        if new and (year_ahead := _unseen(office, actor, form, do, shown)):
            return _new_year(request, viewer, form, year_ahead)
        if action == "add" or new:
            with office.db.write() as session:
                do(session)
        elif (found := apply_if_shown(office.db, actor.school_id, now, do, shown, asked, tell)) is not None:
            return _preview(request, viewer, action, name, form, found, entries)
    except NotFound:
        raise
    except RecordsError as refused:
        typed = {key: text_of(form, key) for key in form if key != "csrf"}
        faults = {"act": action} | faults_of(refused, action)
        ticked = frozenset(chosen(form, "grades") + chosen(form, "classes"))
        year = text_of(form, "year")
        return _weeks(request, viewer, office, now, year, faults=faults, typed=typed, ticked=ticked)
    clock.rescan(office.db, now, actor.school_id)
    said = {"year": text_of(form, "year"), "done": action} | ({"entry": entries[0].id} if entries else {})
    return RedirectResponse(f"/admin/weeks?{urlencode(said)}", 303)


def _do(act: Act, actor: Actor, now: datetime, form: FormData, entries: list[Told], session: Session) -> None:
    made = act(session, actor, now, form)
    session.flush()
    # In words while the transaction lasts: a look undoes it.
    entries[:] = [told(session, made)] if isinstance(made, CalendarChange) else []
    # What is open follows its week; what was signed keeps its limit.
    rule_changes.recompute(session, calendar_of(session, actor.school_id))


def _why(name: Text, entries: list[Told]) -> Text:
    """The act, with the days and the reason of the entry it made or took back."""
    if not entries:
        return name
    one = entries[0]
    return Text(f"{name.vi}: {one.days.vi}, {one.reason.vi}", f"{name.en}: {one.days.en}, {one.reason.en}")


def _is_new(office: OfficeDep, actor: Actor, form: FormData) -> bool:
    """Are there no weeks yet of the year this frame is for?"""
    frame = read_frame(form)
    with office.db.read() as session:
        weeks = school_years.weeks_of(session, actor.school_id)
    return not any(week.year == frame.year for week in weeks)


def _unseen(
    office: OfficeDep, actor: Actor, form: FormData, do: Callable[[Session], None], shown: str
) -> NewYear | None:
    """The year this would make, unless that was shown."""
    found = year_preview.look(office.db, actor.school_id, read_frame(form), do)
    return None if found.mark == shown else found


def _typed_again(form: FormData) -> list[tuple[str, str]]:
    """What a look sends once more."""
    again = [(key, value) for key, value in form.multi_items() if key not in ("csrf", "shown")]
    return [(key, value) for key, value in again if isinstance(value, str)]


def _new_year(request: Request, viewer: Viewer, form: FormData, found: NewYear) -> Response:
    return page(
        request,
        viewer,
        "pages/admin_year_new.html",
        found=found,
        seen_before=bool(text_of(form, "shown")),
        again=_typed_again(form),
    )


def _preview(
    request: Request,
    viewer: Viewer,
    action: str,
    name: Text,
    form: FormData,
    found: Difference,
    entries: list[Told],
) -> Response:
    return page(
        request,
        viewer,
        "pages/admin_weeks_change.html",
        action=action,
        name=name,
        found=found,
        entries=entries,
        seen_before=bool(text_of(form, "shown")),
        again=_typed_again(form),
        day_names=WEEKDAYS,
        last_day=last_day_words,
        limit_words=limit_words,
    )


@dataclass(frozen=True, slots=True)
class DayRow:
    """A changed day as the page lists it."""

    row: CalendarChange
    told: Told
    who: str
    may_end: bool


def _weeks(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    now: datetime,
    year: str,
    *,
    faults: dict[str, Any] | None = None,
    typed: dict[str, str] | None = None,
    ticked: frozenset[str] = frozenset(),
    done: str = "",
    entry: str = "",
) -> Response:
    school_id, today = viewer.actor.school_id, words.local(now).date()
    with office.db.read() as session:
        weeks = school_years.weeks_of(session, school_id)
        days = school_days(session, school_id)
        years = sorted({w.year for w in weeks}, reverse=True)
        here = year if year in years else _present(weeks, today) or (years[0] if years else "")
        inside = [w for w in weeks if w.year == here]
        frame = school_years.frame_of(session, school_id, here)
        query = select(SchoolClass).where(
            col(SchoolClass.school_id) == school_id, col(SchoolClass.year) == here
        )
        classes = sorted(session.exec(query).all(), key=lambda c: (c.grade, c.name))
        rows = _rows(session, school_id, inside, today)
        missing = calendar_changes.missing_holidays(session, school_id, inside, today)
    week = week_of(days.weeks, today)
    return page(
        request,
        viewer,
        "pages/admin_weeks.html",
        status_code=422 if faults else 200,
        years=years,
        year=here,
        weeks=inside,
        breaks=school_years.breaks_after(inside, frame),
        frame=frame,
        frames=_frames(frame, inside, years, today),
        rows=rows,
        missing=missing,
        classes=classes,
        grades=sorted({c.grade for c in classes}),
        today=today,
        today_kind=KINDS[kind_of(days, today)].name,
        today_week=week,
        faults={key: value for key, value in (faults or {}).items() if key != "act"},
        act=(faults or {}).get("act", ""),
        typed=typed or {},
        ticked=ticked,
        done=ACTS[done][1] if done in ACTS else None,
        entries=[one.told for one in rows if one.row.id == entry],
    )


def _present(weeks: list[SchoolWeek], today: date) -> str:
    """The year that goes on, or the next to begin."""
    coming = [w for w in weeks if w.sunday >= today]
    return min(coming, key=lambda w: w.monday).year if coming else ""


def _rows(session: Session, school_id: str, weeks: list[SchoolWeek], today: date) -> list[DayRow]:
    if not weeks:
        return []
    found = calendar_changes.rows_of(session, school_id, weeks[0].monday, weeks[-1].sunday)
    accounts = session.exec(select(Account).where(col(Account.id).in_({r.entered_by for r in found}))).all()
    names = {account.id: account.full_name for account in accounts}
    return [
        DayRow(
            row,
            told(session, row),
            names[row.entered_by],
            calendar_changes.ends_from(row, today) is not None,
        )
        for row in found
    ]


def _frames(
    frame: Frame | None, weeks: list[SchoolWeek], years: list[str], today: date
) -> list[tuple[str, Frame]]:
    """What the frame's forms begin with: that of the year shown, and that of the next year to make."""
    found = []
    if weeks:
        shown = frame or _from_weeks(weeks)
        found.append((weeks[0].year, shown))
    autumn = max([int(year[:4]) + 1 for year in years] or [today.year - (today.month < 6)])
    new = proposal(autumn)
    return [*found, (new.year, new)]


def _from_weeks(weeks: list[SchoolWeek]) -> Frame:
    """A frame that gives the weeks a year has, for one that was made without."""
    start = weeks[0].monday
    usual = proposal(start.year)
    breaks = [Break(NAMELESS.vi, b.first, b.last) for b in school_years.breaks_after(weeks).values()]
    return Frame(usual.source, start, usual.term1_before, usual.term2_before, tuple(breaks))
