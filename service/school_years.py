"""The weeks of a school's years: made, moved, put off by a break, taken away.

A week that records are written for, or that the clock has flagged, is never taken away. Every function takes
the school from the administrator's account; another school's weeks are NotFound.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, delete, select

from flows.calendar import WEEK
from flows.year_frame import PUT_OFF, Break, Frame
from flows.year_frame import weeks_of as weeks_of_frame
from models.document import Document
from models.errors import NotFound
from models.flag import Flag
from models.school import SchoolWeek, YearFrame
from models.settings import VIETNAM
from models.text import Text
from service.changes import refusal


def weeks_of(session: Session, school_id: str) -> list[SchoolWeek]:
    """Every week of the school, the latest year first."""
    return list(
        session.exec(
            select(SchoolWeek)
            .where(col(SchoolWeek.school_id) == school_id)
            .order_by(col(SchoolWeek.year).desc(), col(SchoolWeek.monday))
        ).all()
    )


def breaks_after(weeks: Sequence[SchoolWeek], frame: Frame | None = None) -> dict[str, Break]:
    """By week id: the break before the next week of the same year, by its name in the frame."""
    found = {}
    for week, following in itertools.pairwise(weeks):
        if week.year == following.year and following.monday - week.sunday > timedelta(days=1):
            first, last = week.sunday + timedelta(days=1), following.monday - timedelta(days=1)
            names = [b.name for b in (frame.breaks if frame else ()) if b.first <= last and first <= b.last]
            found[week.id] = Break(", ".join(dict.fromkeys(names)), first, last)
    return found


def frame_of(session: Session, school_id: str, year: str) -> Frame | None:
    """The frame a year was made from; None when it was made without one."""
    row = session.get(YearFrame, (school_id, year))
    if row is None:
        return None
    breaks = (
        Break(b["name"], date.fromisoformat(b["first"]), date.fromisoformat(b["last"])) for b in row.breaks
    )
    return Frame(row.source, row.first_day, row.term1_before, row.term2_before, tuple(breaks))


def save_frame(session: Session, school_id: str, frame: Frame, now: datetime) -> bool:
    """Keep a year's frame and make its 35 weeks, or move those there are: is the year new?

    Weeks keep their numbers and their records. Invalid when a week that has begun would move, one of another
    year is in the way, or the year has more weeks than the frame gives (`first_day`).
    """
    weeks = weeks_of_frame(frame)
    there = {w.number: w for w in weeks_of(session, school_id) if w.year == frame.year}
    today = now.astimezone(VIETNAM).date()
    for week in weeks:
        row = there.get(week.number)
        if row is not None and row.monday != week.monday and min(row.monday, week.monday) <= today:
            raise refusal("first_day", _BEGUN.format(number=week.number, day=f"{row.monday:%d/%m/%Y}"))
    first, last = weeks[0].monday, weeks[-1].monday
    others = [w for w in weeks_of(session, school_id) if w.year != frame.year or w.number > len(weeks)]
    if any(first <= w.monday <= last for w in others):
        other = next(w for w in others if first <= w.monday <= last)
        raise refusal("first_day", _OVERLAPS.format(day=f"{other.monday:%d/%m/%Y}"))
    _keep(session, school_id, frame, now)
    _place(session, there, {week.number: week.monday for week in weeks})
    for week in weeks:
        row = there.get(week.number) or SchoolWeek(
            school_id=school_id, year=week.year, term=week.term, number=week.number,
            monday=week.monday, sunday=week.sunday,
        )  # fmt: skip
        row.term = week.term
        session.add(row)
    session.flush()
    return not there


def _keep(session: Session, school_id: str, frame: Frame, now: datetime) -> None:
    breaks = [
        {"name": b.name, "first": b.first.isoformat(), "last": b.last.isoformat()} for b in frame.breaks
    ]
    session.merge(
        YearFrame(
            school_id=school_id,
            year=frame.year,
            source=frame.source,
            first_day=frame.first_day,
            term1_before=frame.term1_before,
            term2_before=frame.term2_before,
            breaks=breaks,
            saved_at=now,
        )
    )


def remove_year(session: Session, school_id: str, year: str, path: str = "year") -> None:
    """Take all weeks of a year away; Invalid when one of them is in use."""
    used = next((w for w in weeks_of(session, school_id) if w.year == year and _in_use(session, w)), None)
    if used is not None:
        raise refusal(path, _YEAR_IN_USE.format(year=year))
    session.exec(
        delete(SchoolWeek).where(col(SchoolWeek.school_id) == school_id, col(SchoolWeek.year) == year)
    )
    frame = session.get(YearFrame, (school_id, year))
    if frame is not None:
        session.delete(frame)
        session.flush()


def move_week(
    session: Session, school_id: str, week_id: str, monday: date, today: date, term: int | None = None
) -> SchoolWeek:
    """Move a week to another Monday or into the other term; Invalid unless it stays among its neighbours.

    A week that has begun stays, and none is moved into the past.
    """
    week = week_of(session, school_id, week_id)
    if monday != week.monday and min(monday, week.monday) <= today:
        raise refusal("monday", _BEGUN.format(number=week.number, day=f"{week.monday:%d/%m/%Y}"))
    if monday.weekday() != 0:
        raise refusal("monday", _NO_MONDAY.format(day=f"{monday:%d/%m/%Y}"))
    others = [w for w in weeks_of(session, school_id) if w.year == week.year and w.id != week.id]
    if any(
        (other.number < week.number) != (other.monday < monday) or other.monday == monday for other in others
    ):
        raise refusal("monday", _OUT_OF_ORDER)
    week.monday, week.sunday = monday, monday + timedelta(days=6)
    if term in (1, 2):
        week.term = term
    session.add(week)
    return week


def put_off(session: Session, school_id: str, week_id: str, now: datetime) -> int:
    """A break of one week before this one: it and the later weeks of its year move on; how many.

    Invalid when it has begun, when the last week would run into the next year's first, or the year would end
    later than its frame says.
    """
    week = week_of(session, school_id, week_id)
    if week.monday <= now.astimezone(VIETNAM).date():
        raise refusal("week_id", _OVER.format(number=week.number))
    weeks = weeks_of(session, school_id)
    later = {w.number: w for w in weeks if w.year == week.year and w.monday >= week.monday}
    off = Break(PUT_OFF.vi, week.monday, week.monday + timedelta(days=6))
    frame = frame_of(session, school_id, week.year)
    if frame is None:
        mondays = {number: one.monday + WEEK for number, one in later.items()}
    else:  # over the later breaks of the year, and kept so that saving the frame again changes nothing
        frame = replace(frame, breaks=(*frame.breaks, off))
        given = {w.number: w.monday for w in weeks_of_frame(frame)}
        mondays = {number: given.get(number, one.monday + WEEK) for number, one in later.items()}
    ends = max(mondays.values())
    if any(w.year != week.year and week.monday < w.monday <= ends for w in weeks):
        raise refusal("week_id", _OVERLAPS.format(day=f"{ends:%d/%m/%Y}"))
    if frame is not None:
        _keep(session, school_id, frame, now)
    _place(session, later, mondays)
    return len(later)


def _place(session: Session, rows: Mapping[int, SchoolWeek], mondays: Mapping[int, date]) -> None:
    """Move weeks to their new Mondays; out of the way first: no two weeks on one Monday at any moment."""
    moved = {number: row for number, row in rows.items() if row.monday != mondays.get(number, row.monday)}
    for row in moved.values():
        row.monday -= _ASIDE
        session.add(row)
    session.flush()
    for number, row in moved.items():
        row.monday, row.sunday = mondays[number], mondays[number] + timedelta(days=6)
        session.add(row)
    session.flush()


_NEAR = timedelta(weeks=12)
"""So soon after the last week another one of the same year may come."""
_ASIDE = timedelta(weeks=5200)


def add_week(session: Session, school_id: str, year: str, monday: date) -> SchoolWeek:
    """One more week at the end of a year."""
    weeks = weeks_of(session, school_id)
    mine = [w for w in weeks if w.year == year]
    if not mine:
        raise NotFound
    if monday.weekday() != 0:
        raise refusal("added", _NO_MONDAY.format(day=f"{monday:%d/%m/%Y}"))
    last = mine[-1].monday
    if not last < monday <= last + _NEAR or any(w.monday == monday for w in weeks):
        raise refusal("added", _NOT_AFTER.format(day=f"{mine[-1].monday:%d/%m/%Y}"))
    made = SchoolWeek(
        school_id=school_id,
        year=year,
        term=mine[-1].term,
        number=max(w.number for w in mine) + 1,
        monday=monday,
        sunday=monday + timedelta(days=6),
    )
    session.add(made)
    return made


def remove_week(session: Session, school_id: str, week_id: str) -> None:
    """Take one week away; the others keep their numbers. Invalid when it is in use."""
    week = week_of(session, school_id, week_id)
    if _in_use(session, week):
        raise refusal("week_id", _WEEK_IN_USE.format(number=week.number, year=week.year))
    session.delete(week)


def week_of(session: Session, school_id: str, week_id: str) -> SchoolWeek:
    """A week of this school; NotFound outside it."""
    week = session.get(SchoolWeek, week_id)
    if week is None or week.school_id != school_id:
        raise NotFound
    return week


def _in_use(session: Session, week: SchoolWeek) -> bool:
    """Does a record cover this week, or a flag name it? A plan of several weeks covers those between, too."""
    first, last = aliased(SchoolWeek), aliased(SchoolWeek)
    covers = session.exec(
        select(Document.id)
        .join(first, col(first.id) == col(Document.week_id))
        .join(last, col(last.id) == col(Document.last_week_id), isouter=True)
        .where(
            col(Document.school_id) == week.school_id,
            or_(
                col(Document.week_id) == week.id,
                (col(first.monday) <= week.monday) & (col(last.monday) >= week.monday),
            ),
        )
    ).first()
    flagged = session.exec(select(Flag.id).where(col(Flag.week_id) == week.id)).first()
    return covers is not None or flagged is not None


_OVERLAPS = Text(
    "Tuần có thứ Hai {day} đã thuộc một năm học khác.", "The week of {day} belongs to another school year."
)
_BEGUN = Text(
    "Tuần {number} (thứ Hai {day}) đã bắt đầu, hoặc sẽ rơi vào quá khứ, nên không chuyển được. Giữ nguyên "
    "phần đã qua của khung năm học.",
    "Week {number} (Monday {day}) has begun, or would begin in the past, and cannot be moved. Leave what is "
    "past in the frame as it is.",
)
_YEAR_IN_USE = Text(
    "Năm học {year} đã có hồ sơ nên không tạo lại hoặc xóa các tuần được. Sửa từng tuần.",
    "The school year {year} has records, so its weeks cannot be made again or removed. Edit single weeks.",
)
_WEEK_IN_USE = Text(
    "Tuần {number} năm học {year} đã có hồ sơ nên không xóa được. Chuyển tuần sang ngày khác nếu cần.",
    "Week {number} of {year} has records, so it stays. Move it to another day if need be.",
)
_NO_MONDAY = Text("{day} không phải thứ Hai.", "{day} is no Monday.")
_OUT_OF_ORDER = Text(
    "Tuần phải nằm giữa tuần trước và tuần sau của nó, không trùng tuần khác.",
    "The week must stay between the one before and the one after, and on no other week's Monday.",
)
_OVER = Text(
    "Tuần {number} đã bắt đầu hoặc đã qua nên không lùi được.",
    "Week {number} has begun: it stays.",
)
_NOT_AFTER = Text(
    "Tuần thêm phải sau tuần cuối của năm học (thứ Hai {day}), trong vòng 12 tuần, và không trùng tuần khác.",
    "The week must come within 12 weeks after the year's last one (Monday {day}), on a Monday of its own.",
)
