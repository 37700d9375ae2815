"""The days of a school that differ from the week: holidays, days off, days moved; entered and taken back.

Rows are added, never rewritten: taking one back says from which day on it holds no more. What is past stays.
Every function takes the school from the administrator's account; other schools' rows are NotFound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, func, select

from flows.calendar import week_of
from flows.day_rows import school_days
from flows.public_holidays import public_holidays
from flows.school_days import DAY, SchoolDays, Taught, each_day
from models.errors import Fault, Invalid, NotFound
from models.school import CalendarChange, School, SchoolClass, SchoolWeek
from models.settings import VIETNAM
from models.text import Text
from service.changes import refusal

LONGEST = 31
"""Days one row may cover; a longer time is a break of the frame."""
LONGEST_REASON = 300
"""Characters of a reason."""
_BEFORE, _AFTER = timedelta(days=31), timedelta(days=62)
"""So far around the teaching weeks holidays are entered: reviews and answers are due in summer, too."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What was typed: "off" from a day to another, or the lessons of `first` taught on `taught_on`."""

    first: date
    last: date
    reason: str
    taught_on: date | None = None
    grades: Sequence[int] = ()
    classes: Sequence[str] = ()


@dataclass(slots=True)
class _Writer:
    """Adds rows in order; two administrators at once take turns."""

    session: Session
    school_id: str
    who: str
    now: datetime
    seq: int = field(init=False)

    def __post_init__(self) -> None:
        self.session.get_one(School, self.school_id, with_for_update=True)
        last = select(func.max(col(CalendarChange.seq))).where(
            col(CalendarChange.school_id) == self.school_id
        )
        self.seq = self.session.exec(last).one() or 0

    def add(self, kind: str, made: Entered, english: str = "") -> CalendarChange:
        self.seq += 1
        row = CalendarChange(
            school_id=self.school_id,
            seq=self.seq,
            kind=kind,
            first_day=made.first,
            last_day=made.last,
            taught_on=made.taught_on,
            grades=sorted(set(made.grades)),
            classes=sorted(set(made.classes)),
            reason=made.reason,
            reason_en=english,
            entered_by=self.who,
            entered_at=self.now,
        )
        self.session.add(row)
        self.session.flush()
        return row


def rows_of(session: Session, school_id: str, first: date, last: date) -> list[CalendarChange]:
    """The rows about any day between two days, by day; those taken back before they began are among them."""
    c = CalendarChange
    found = session.exec(
        select(c).where(col(c.school_id) == school_id).order_by(col(c.first_day), col(c.seq))
    )
    return [r for r in found if r.first_day <= last and max(r.last_day, r.taught_on or r.last_day) >= first]


def enter(session: Session, school_id: str, who: str, now: datetime, made: Entered) -> CalendarChange:
    """Days off, or a day's lessons on another day. Invalid, naming each field, when that cannot be."""
    today = now.astimezone(VIETNAM).date()
    writer = _Writer(session, school_id, who, now)
    days = school_days(session, school_id)
    classes = _classes(session, school_id, days, made)
    if made.taught_on is None:
        faults = list(_faults_off(days, made, today, classes))
    else:
        faults = list(_faults_moved(days, made, made.taught_on, today, classes))
    try:
        read_reason(made.reason)
    except Invalid as refused:
        faults += refused.faults
    if faults:
        raise Invalid(faults[0].sentence, tuple(faults))
    return writer.add("off" if made.taught_on is None else "moved", made)


def read_reason(typed: str) -> str:
    """Why a day differs; Invalid at `reason` when it says nothing, or too much to be kept."""
    if len(typed.strip()) < 3:
        raise refusal("reason", _WHY)
    if len(typed) > LONGEST_REASON:
        raise refusal("reason", _LONG_REASON.format(over=len(typed) - LONGEST_REASON))
    return typed


def take_back(session: Session, school_id: str, who: str, now: datetime, change_id: str) -> CalendarChange:
    """End a row: before its first day wholly, later from tomorrow on. Invalid when all of it is past.

    On the day it was entered it ends from that day on: a mistake seen at once is as if it had not been made.
    """
    row = session.get(CalendarChange, change_id)
    if row is None or row.school_id != school_id:
        raise NotFound
    today = now.astimezone(VIETNAM).date()
    void_from = ends_from(row, today)
    if void_from is None:
        raise refusal("change_id", _PAST)
    row.void_from, row.void_by, row.void_at = void_from, who, now
    session.add(row)
    session.flush()
    return row


def add_holidays(
    session: Session, school_id: str, year: str, who: str, now: datetime, since: date = date.min
) -> int:
    """The public holidays around a year's weeks, from `since` on, that are not entered yet; how many.

    A holiday someone took back stays away. What the government swapped within the teaching weeks is a move.
    """
    query = select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id, col(SchoolWeek.year) == year)
    weeks = session.exec(query.order_by(col(SchoolWeek.monday))).all()
    if not weeks:
        raise NotFound
    first, last = weeks[0].monday - _BEFORE, weeks[-1].sunday + _AFTER
    writer = _Writer(session, school_id, who, now)
    days = school_days(session, school_id)
    known = {row.first_day for row in rows_of(session, school_id, first, last) if row.reason_en}
    public = [h for h in public_holidays(max(first, since), last) if h.day not in known]
    for one in public:
        swapped = one.instead_of and week_of(days.weeks, one.day) and week_of(days.weeks, one.instead_of)
        made = Entered(one.day, one.day, one.name.vi, one.instead_of if swapped else None)
        writer.add("moved" if swapped else "holiday", made, one.name.en)
    return len(public)


def missing_holidays(session: Session, school_id: str, weeks: Sequence[SchoolWeek], today: date) -> int:
    """How many public holidays within a year's weeks, from today on, nobody has entered."""
    if not weeks or weeks[-1].sunday < today:
        return 0
    first, last = max(weeks[0].monday, today), weeks[-1].sunday
    known = {row.first_day for row in rows_of(session, school_id, first, last) if row.reason_en}
    return sum(h.day not in known for h in public_holidays(first, last))


def _faults_off(
    days: SchoolDays, made: Entered, today: date, classes: Sequence[Taught | None]
) -> Iterator[Fault]:
    every_day = list(each_day(made.first, made.last))
    # That every class is free by itself does not yet make the day free for the school.
    whom = classes if made.grades or made.classes else [*classes, None]
    past = made.first < today
    if past:
        yield Fault("first", _GONE.format(day=f"{made.first:%d/%m/%Y}"))
    if made.last < made.first:
        yield Fault("last", _BACKWARDS)
    elif (made.last - made.first).days >= LONGEST:
        yield Fault("last", _TOO_LONG)
    elif past:
        return
    elif not any(week_of(days.weeks, day) for day in every_day):
        yield Fault("first", _NO_WEEK.format(day=f"{made.first:%d/%m/%Y}"))
    elif all(days.taught_as(day, taught) is None for day in every_day for taught in whom):
        yield Fault("first", _FREE_ALREADY)


def _faults_moved(
    days: SchoolDays, made: Entered, to: date, today: date, classes: Sequence[Taught | None]
) -> Iterator[Fault]:
    outside = [
        Fault(path, _NO_WEEK.format(day=f"{day:%d/%m/%Y}"))
        for path, day in (("first", made.first), ("taught_on", to))
        if week_of(days.weeks, day) is None and not (path == "taught_on" and to < today)
    ]
    if to < today:
        yield Fault("taught_on", _GONE.format(day=f"{to:%d/%m/%Y}"))
    yield from outside
    if outside or to < today:
        return
    if to == made.first:
        yield Fault("taught_on", _SAME)
        return
    day = f"{made.first:%d/%m/%Y}"
    if made.first < today and any(days.taught_as(made.first, taught) is not None for taught in classes):
        yield Fault("first", _WAS_TAUGHT.format(day=day))
    elif any(days.day_of_lessons(made.first, taught) not in (made.first, None) for taught in classes):
        yield Fault("first", _MOVED_ALREADY.format(day=day))
    if any(days.is_school_day(to, taught) for taught in classes):
        yield Fault("taught_on", _TAKEN.format(day=f"{to:%d/%m/%Y}"))


def _classes(session: Session, school_id: str, days: SchoolDays, made: Entered) -> Sequence[Taught | None]:
    """The classes a row is for; a school without classes stands for itself."""
    week = week_of(days.weeks, made.first)
    year = week.year if week else ""
    rows = session.exec(
        select(SchoolClass).where(col(SchoolClass.school_id) == school_id, col(SchoolClass.year) == year)
    ).all()
    known = {row.id for row in rows}
    if not set(made.classes) <= known:
        raise NotFound
    every = [Taught(row.id, row.grade) for row in rows]
    meant = [c for c in every if c.class_id in made.classes or c.grade in made.grades]
    return meant if made.classes or made.grades else (every or [None])


def ends_from(row: CalendarChange, today: date) -> date | None:
    """From which day on a row would hold no more, were it taken back now; None when it cannot be."""
    days = (row.first_day, row.last_day, row.taught_on or row.first_day)
    entered_today = row.entered_at.astimezone(VIETNAM).date() == today
    void_from = max(min(days), today if entered_today else today + DAY)
    return void_from if row.void_from is None and max(days) >= void_from else None


_WHY = Text("Ghi lý do (ít nhất 3 ký tự).", "Give the reason (3 characters or more).")
_LONG_REASON = Text(
    f"Lý do dài quá {LONGEST_REASON} ký tự. Viết ngắn lại, bớt ít nhất {{over}} ký tự.",
    f"The reason is longer than {LONGEST_REASON} characters. Make it at least {{over}} shorter.",
)
_GONE = Text(
    "Ngày {day} đã qua nên không sửa được nữa. Chọn ngày từ hôm nay trở đi.",
    "{day} is past and stays as it was. Choose today or a later day.",
)
_BACKWARDS = Text("Ngày cuối đứng trước ngày đầu. Sửa lại.", "The last day is before the first. Mend it.")
_TOO_LONG = Text(
    f"Một lần ghi nhiều nhất {LONGEST} ngày. Nghỉ dài hơn thì sửa khung năm học.",
    f"One entry covers at most {LONGEST} days. Put a longer break into the frame of the year.",
)
_FREE_ALREADY = Text(
    "Những ngày này đã được nghỉ từ trước nên không có gì thay đổi. Chọn ngày khác, hoặc lớp khác.",
    "These days are free already, so nothing would change. Choose other days, or other classes.",
)
_NO_WEEK = Text(
    "Ngày {day} không nằm trong tuần học nào. Chọn một ngày trong các tuần có số.",
    "{day} lies in no teaching week. Choose a day of a numbered week.",
)
_SAME = Text("Ngày dạy phải khác ngày nghỉ.", "The lessons must go to another day.")
_WAS_TAUGHT = Text(
    "Ngày {day} đã qua và có dạy, nên không chuyển được nữa.",
    "{day} is past and had lessons, so they cannot be moved.",
)
_MOVED_ALREADY = Text(
    "Các tiết của ngày {day} đã được chuyển. Bỏ lần chuyển trước rồi ghi lại.",
    "The lessons of {day} are moved already. Take that back first.",
)
_TAKEN = Text(
    "Ngày {day} đã có tiết. Chọn thứ Bảy, Chủ nhật hoặc một ngày nghỉ.",
    "{day} has lessons already. Choose a Saturday, a Sunday or a day off.",
)
_PAST = Text(
    "Ngày này đã qua hoặc đã được bỏ nên giữ nguyên.", "This is past or taken back already, so it stays."
)
