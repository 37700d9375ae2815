"""The weekly summary for the principals: how the school stands, in figures, with the day's digest below it.

It goes on the school's weekday at the digest's hour, or on the first working day after it in that week; in a
week without one (Tết) it says nothing. Missed, it goes until the next working day is over and then no more.
It speaks to those who had an account at its moment. The notice's key names the week, so that it goes once;
figures are counted when it is written, and the mail says when that was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, SQLModel, col, func, select

from flows import day_rows, obligations, roots
from flows.calendar import WEEK, TeachingWeek, monday_of, week_of
from flows.candidates import answering
from flows.catalogue import type_of
from flows.cells import Cell
from flows.flag_rows import notice
from flows.matrix import read
from flows.obligations import Calendar, Owed
from flows.people import Actor
from flows.reminder_rules import is_decided
from flows.reminders import keep, untold
from flows.school_days import DAY, SchoolDays, each_day
from flows.span import Asked
from models.account import Account, AccountRole
from models.db import Database
from models.document import OpenStep
from models.evidence import Duty
from models.flag import Flag
from models.notice import Notice
from models.run import Incident
from models.settings import VIETNAM
from models.text import Text
from tasks.mail_hours import NO_SUMMARY, MailHours, hours_of

POSTS = ("role:principal", "role:vice_principal")
COUNTED = ("on_time", "late", "missing", "review", "approved")
"""What is counted of each group and week, as the board's cells say it."""


def summarise(db: Database, now: datetime, school_id: str | None = None) -> int:
    """Write the summaries that are due and not written yet; returns the notices written."""
    with db.read() as session:
        schools = _not_told(session, obligations.school_chunks(session, school_id), now)
    written = 0
    for school in schools:
        with db.read() as session:
            rows = untold(session, _of_school(session, school, now))
        keep(db, rows)
        written += len(rows)
    return written


def _key(now: datetime) -> str:
    return f"week:{monday_of(now.astimezone(VIETNAM).date()).isoformat()}"


def _not_told(session: Session, chunks: Iterable[Sequence[str]], now: datetime) -> list[str]:
    """The schools in which somebody who holds one of the posts has not had this week's: the rest is done."""
    a, found = AccountRole, set()
    for schools in chunks:
        holding = session.exec(
            select(a.school_id, a.account_id).where(
                col(a.school_id).in_(schools), col(a.role).in_([post.partition(":")[2] for post in POSTS])
            )
        ).all()
        told = select(Notice.account_id).where(
            col(Notice.account_id).in_({account for _, account in holding}), col(Notice.key) == _key(now)
        )
        had = set(session.exec(told))
        found |= {school for school, account in holding if account not in had}
    return sorted(found)


def moment(days: SchoolDays, hours: MailHours, monday: date) -> datetime | None:
    """When the summary of a week goes; None for a week in which nobody works from its weekday on."""
    if hours.weekly == NO_SUMMARY:
        return None
    rest = each_day(monday + timedelta(days=hours.weekly), monday + timedelta(days=6))
    day = next((day for day in rest if days.is_working_day(day)), None)
    return hours.digest_on(day) if day else None


def latest(days: SchoolDays, at: datetime) -> datetime:
    """When it is too late for the summary of that moment: the end of the next working day, or of the week."""
    day = at.astimezone(VIETNAM).date()
    sunday = monday_of(day) + 6 * DAY
    rest = each_day(day + DAY, sunday)
    last = next((day for day in rest if days.is_working_day(day)), sunday)
    return datetime.combine(last + DAY, time(0), VIETNAM)


def _of_school(session: Session, school_id: str, now: datetime) -> list[dict[str, Any]]:
    hours = hours_of(session, school_id)
    monday = monday_of(now.astimezone(VIETNAM).date())
    if hours.weekly == NO_SUMMARY or hours.digest_on(monday + timedelta(days=hours.weekly)) > now:
        return []
    days = day_rows.school_days(session, school_id)
    at = moment(days, hours, monday)
    shown = weeks_shown(days.weeks, monday)
    if at is None or not at <= now < (until := latest(days, at)) or not shown:
        return []
    found = {p.id: p for post in POSTS for p in answering(session, school_id, post, "", now)}
    people = [who for who, person in found.items() if person.created_at <= at]
    rows = [notice(school_id, who, "weekly", _key(now), now, due_at=at, data={}) for who in sorted(people)]
    rows = untold(session, rows)
    if not rows:
        return []
    counted = figures(session, school_id, shown, now) | {"root": root_words(session)}
    data = {"until": until.isoformat(), "path": "/flags", "figures": counted}
    return [row | {"data": data} for row in rows]


def weeks_shown(weeks: Sequence[TeachingWeek], monday: date) -> list[TeachingWeek]:
    """The teaching week before this Monday, the present one, the next: none far from any lessons."""
    here = week_of(weeks, monday)
    before = [w for w in weeks if w.monday < monday]
    after = [w for w in weeks if w.monday > monday]
    if not any(abs(w.monday - monday) <= WEEK for w in weeks):
        return []
    near = [*before[-1:], *([here] if here else []), *after[:1]]
    year = here.year if here else (after[0] if after else before[-1]).year
    return [w for w in near if w.year == year]


# --- figures --------------------------------------------------------------------------------------------


def figures(session: Session, school_id: str, shown: Sequence[TeachingWeek], now: datetime) -> dict[str, Any]:
    """Everything the mail says: by type, week and group, then what is outstanding. JSON.

    Where there is nothing to count there is no line.
    """
    calendar = obligations.calendar_of(session, school_id)
    by_type = [_by_week(session, calendar, owed, shown, now) for owed in obligations.owed_types()]
    return laid_out(shown, by_type, _outstanding(session, school_id, now))


def root_words(session: Session) -> dict[str, Any] | None:
    """The newest root over all records, which the reader's mailbox keeps: so a chain cut short is noticed."""
    last = roots.newest(session)
    if last is None:
        return None
    return {"number": last.number, "day": f"{last.at.astimezone(VIETNAM):%d/%m/%Y}", "hash": last.hash}


def laid_out(
    shown: Sequence[TeachingWeek], by_type: Sequence[list[dict[str, Any]]], outstanding: Sequence[int]
) -> dict[str, Any]:
    """The figures with their names: by type what `in_week` says of each week, and a number for each of
    `OUTSTANDING`. Pure."""
    return {
        "weeks": [
            {"number": w.number, "monday": f"{w.monday:%d/%m}", "sunday": f"{w.sunday:%d/%m}"} for w in shown
        ],
        "types": [
            {"name": _both(owed.declared.name), "weeks": weeks}
            for owed, weeks in zip(obligations.owed_types(), by_type, strict=True)
            if weeks
        ],
        "outstanding": [
            {"name": _both(name), "number": number}
            for name, number in zip(OUTSTANDING, outstanding, strict=True)
            if number
        ],
    }


def _by_week(
    session: Session, calendar: Calendar, owed: Owed, shown: Sequence[TeachingWeek], now: datetime
) -> list[dict[str, Any]]:
    everyone = Actor("", calendar.school_id, frozenset({"principal"}))
    found = []
    for week in shown:
        board = read(session, everyone, Asked(type=owed.slug, first=week.id, last=week.id), now, calendar)
        groups: dict[str, list[Cell]] = {}
        for one in board.lines if board else ():
            groups.setdefault(one.group, []).extend(one.cells)
        made = in_week(owed, week, {group or "–": _count(groups[group]) for group in sorted(groups)})
        if made["rows"]:
            found.append(made)
    return found


def in_week(owed: Owed, week: TeachingWeek, counts: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """What is said of a type and a week: the counts by group, and where they stand. Pure."""
    rows = [{"group": group, **counted} for group, counted in counts.items() if any(counted.values())]
    return {"number": week.number, "path": f"/flags?type={owed.slug}&week={week.id}", "rows": rows}


def _count(cells: Iterable[Cell]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for cell in cells:
        counted[cell.time] += not cell.waived  # as on the board, what was waived is not counted
        counted["review" if cell.stage in ("group", "review") else cell.stage] += 1
    return {name: counted[name] for name in COUNTED}


def _outstanding(session: Session, school_id: str, now: datetime) -> list[int]:
    """What is past its time or open now, whatever the week; who has left can download and print no more."""
    steps = session.exec(
        select(OpenStep).where(
            col(OpenStep.school_id) == school_id, col(OpenStep.place) == 0, col(OpenStep.due_at) <= now
        )
    )
    overdue = sum(1 for s in steps if is_decided(type_of(s.type).step(s.step)))
    here = select(Account.id).where(col(Account.school_id) == school_id, col(Account.active))
    unmet = col(Duty.school_id) == school_id, col(Duty.met_at).is_(None), col(Duty.due_at) <= now
    late = *unmet, col(Duty.account_id).in_(here)
    open_flags = col(Flag.school_id) == school_id, col(Flag.resolved_at).is_(None)
    return [
        overdue,
        _number(session, Duty, *late, col(Duty.kind) == "download"),
        _number(session, Duty, *late, col(Duty.kind) != "download"),
        _number(session, Flag, *open_flags, col(Flag.rule) == "spot-check"),
        _number(session, Incident, col(Incident.school_id) == school_id, col(Incident.resolved_at).is_(None)),
    ]


def _number(session: Session, table: type[SQLModel], *only: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(table).where(*only)).one()


def _both(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


OUTSTANDING = (
    Text("Hồ sơ duyệt quá hạn", "Reviews past their time"),
    Text("Hồ sơ đã duyệt chưa tải về", "Approved and not downloaded"),
    Text("Hồ sơ đã duyệt chưa in", "Approved and not printed"),
    Text("Cảnh báo kiểm tra đột xuất", "Spot-check warnings"),
    Text("Sự cố chưa giải quyết", "Open incidents"),
)
"""In the order of `_outstanding`."""
