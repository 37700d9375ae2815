"""A person's dates for a calendar of their own: limits, reviews, duties, days off, absences. Reads only.

It leaves the system for a program that others run, so it says types, weeks and times, and neither titles of
records, which people type, nor names. Every entry has a name that stays (`uid`) and says when it last
changed, so that a calendar read twice is the same calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, func, select

from flows import day_rows, obligations, outstanding, queries
from flows.catalogue import type_of
from flows.deadlines import limit_words
from flows.evidence import NAMES
from flows.flags import owing
from flows.obligations import calendar_of
from flows.people import Actor
from flows.probable import day_words
from flows.school_days import DAY, Change
from models.deadline import DeadlineRule
from models.delegation import Delegation
from models.school import CalendarChange, YearFrame
from models.settings import VIETNAM
from models.text import Text

BEHIND, AHEAD = timedelta(days=35), timedelta(days=400)
"""How far back what is still open stands in it, and how far ahead anything does."""
MOST = 300
"""Reviews, and duties, that stand in one calendar."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a calendar: a limit (`ends_at`), or whole days from `first` to `last`, both included."""

    uid: str
    title: Text
    changed_at: datetime
    sequence: int = 0
    ends_at: datetime | None = None
    first: date | None = None
    last: date | None = None
    about: Text | None = None
    path: str = ""
    alarms: tuple[datetime, ...] = ()


def of_person(session: Session, actor: Actor, since: datetime, now: datetime) -> list[Entry]:
    """Everything in its order; `since`: when the calendar was made, the earliest change it knows of."""
    found = [
        *_limits(session, actor, since, now),
        *_reviews(session, actor),
        *_duties(session, actor),
        *_days(session, actor, now),
        *_absences(session, actor, now),
    ]
    return sorted(found, key=lambda e: (e.ends_at or _midnight(e.first or date.min), e.uid))


# --- limits ---------------------------------------------------------------------------------------------


def _limits(session: Session, actor: Actor, since: datetime, now: datetime) -> Iterator[Entry]:
    """Each owed type and week that is not signed yet: coming ones, and those missed of late."""
    calendar = calendar_of(session, actor.school_id)
    changed_at, sequence = _changed(session, actor.school_id, since)
    for owed in obligations.owed_types():
        weeks = [d for d in calendar.due_weeks(owed.deadline) if now - BEHIND < d.due_at <= now + AHEAD]
        keys = sorted(actor.heads) if owed.by_group else [actor.id]
        for key in keys if weeks else ():
            people = obligations.debtors(session, owed, [actor.school_id], key)[actor.school_id]
            ledger = obligations.ledgers(session, owed, {actor.school_id: (calendar, weeks)}, key)
            due = [d for d in weeks if owing(people, d, ledger[actor.school_id])]
            idle: set[str] = set()
            if not owed.by_group:
                asked = {(d.week.id, actor.id) for d in due}
                idle = {week for week, _ in day_rows.idle(session, {actor.school_id: asked})[actor.school_id]}
            for one in (d for d in due if d.week.id not in idle):
                title = Text("Hạn nộp: {what}, tuần {n}", "Due: {what}, week {n}")
                yield Entry(
                    f"limit-{owed.slug}-{key}-{one.week.id}",
                    title.format(what=owed.declared.name, n=one.week.number),
                    changed_at,
                    sequence,
                    ends_at=one.due_at,
                    about=Text("Ký và trình {limit}. {rule}.", "Sign and submit {limit}. {rule}.").format(
                        limit=limit_words(one.due_at), rule=one.rule.capitalised()
                    ),
                    path=f"/documents/new?type={owed.slug}&week={one.week.id}",
                    alarms=_alarms(one.due_at),
                )


def _changed(session: Session, school_id: str, since: datetime) -> tuple[datetime, int]:
    """When rules or calendar last changed, and how often they did: rows of both are never taken away."""
    r, c, y = DeadlineRule, CalendarChange, YearFrame
    rules, set_at = session.exec(
        select(func.count(), func.max(r.set_at)).where(col(r.school_id) == school_id)
    ).one()
    entered, voided, entered_at, void_at = session.exec(
        select(func.count(), func.count(col(c.void_at)), func.max(c.entered_at), func.max(c.void_at)).where(
            col(c.school_id) == school_id
        )
    ).one()
    saved_at = session.exec(select(func.max(y.saved_at)).where(col(y.school_id) == school_id)).one()
    moments = [moment for moment in (set_at, entered_at, void_at, saved_at) if moment is not None]
    return max([since, *moments]), rules + entered + voided


def _alarms(due_at: datetime) -> tuple[datetime, ...]:
    """At 16:00 of the day before the last day, and at 07:30 of the last day."""
    last = (due_at.astimezone(VIETNAM) - timedelta(microseconds=1)).date()
    wanted = (datetime.combine(last - DAY, time(16), VIETNAM), datetime.combine(last, time(7, 30), VIETNAM))
    return tuple(moment for moment in wanted if moment < due_at)


# --- what waits for this person -------------------------------------------------------------------------


def _reviews(session: Session, actor: Actor) -> Iterator[Entry]:
    """Steps that wait for this person, those of the same type, week and limit (to the minute) together."""
    found: dict[tuple[str, str, str, datetime], list[queries.Waiting]] = {}
    for one in queries.waiting(session, actor, limit=MOST):
        if one.due_at is not None:
            week = one.week.id if one.week else "none"
            due_at = one.due_at.replace(second=0, microsecond=0)
            found.setdefault((one.document.type, one.step, week, due_at), []).append(one)
    for (slug, step, week, due_at), waiting in found.items():
        here = waiting[0].week
        title = Text("Hạn duyệt: {what}{week}{n}", "Review by: {what}{week}{n}").format(
            what=type_of(slug).name,
            week=_week(here.number if here else None) or "",
            n=f" ({len(waiting)})" if len(waiting) > 1 else "",
        )
        yield Entry(
            f"review-{slug}-{step}-{week}-{int(due_at.timestamp())}",
            title,
            max(one.opened_at for one in waiting),
            ends_at=due_at,
            about=type_of(slug).step(step).label,
            path="/inbox",
            alarms=_alarms(due_at),
        )


def _duties(session: Session, actor: Actor) -> Iterator[Entry]:
    """What follows an approval: downloads and prints."""
    for one in outstanding.mine(session, actor, MOST):
        week = _week(one.week.number if one.week else None)
        yield Entry(
            f"duty-{one.duty.document_id}-{one.duty.kind}",
            Text("{do}: {what}{week}", "{do}: {what}{week}").format(
                do=NAMES[one.duty.kind], what=type_of(one.document.type).name, week=week or ""
            ),
            one.duty.opened_at,
            one.duty.revision,
            ends_at=one.duty.due_at,
            path=f"/documents/{one.duty.document_id}#after",
            alarms=_alarms(one.duty.due_at),
        )


def _week(number: int | None) -> Text | None:
    return Text(f", tuần {number}", f", week {number}") if number else None


# --- days -----------------------------------------------------------------------------------------------


def _days(session: Session, actor: Actor, now: datetime) -> Iterator[Entry]:
    """Holidays, days off and days moved, the breaks of the year between them."""
    first, last = (_today(now) - BEHIND, _today(now) + AHEAD)
    rows = session.exec(
        select(CalendarChange)
        .where(col(CalendarChange.school_id) == actor.school_id)
        .order_by(col(CalendarChange.seq))
    )
    for row in rows:
        change = day_rows.change_of(row)
        for start, end, title in _parts(change):
            if first <= end and start <= last:
                changed_at = row.void_at or row.entered_at
                yield Entry(
                    f"day-{row.id}-{change.kind}-{start.isoformat()}",
                    title if change.for_all else _SOME.format(what=title),
                    changed_at,
                    int(row.void_at is not None),
                    first=start,
                    last=end,
                )
    frames = session.exec(select(YearFrame).where(col(YearFrame.school_id) == actor.school_id))
    for frame in frames:
        for one in frame.breaks:
            start, end = date.fromisoformat(one["first"]), date.fromisoformat(one["last"])
            if first <= end and start <= last:
                yield Entry(
                    f"break-{frame.year}-{one['first']}",
                    Text(_once("Nghỉ", one["name"]), _once("Break", one["name"])),
                    frame.saved_at,
                    first=start,
                    last=end,
                )


def _parts(change: Change) -> Iterator[tuple[date, date, Text]]:
    """The days of a change that still hold; those a later word took back are gone."""
    end = change.last if change.void_from is None else min(change.last, change.void_from - DAY)
    made_up = change.taught_on if change.taught_on and change.fills(change.taught_on) else None
    if change.first <= end:
        yield change.first, end, _moved_to(made_up, change.reason) if made_up else _off(change.reason)
    if made_up:
        title = Text("Dạy bù {day}", "Lessons of {day}").format(day=day_words(change.first))
        yield made_up, made_up, _because(title, change.reason)


def _off(why: Text) -> Text:
    return Text(_once("Nghỉ", why.vi), _once("No school", why.en))


def _moved_to(day: date, why: Text) -> Text:
    title = Text("Tiết dạy chuyển sang {day}", "Lessons moved to {day}")
    return _because(title.format(day=day_words(day)), why)


def _because(title: Text, why: Text) -> Text:
    """With the reason, unless that says no more than that lessons are made up."""
    return title if _begins("Dạy bù", why.vi) else Text(f"{title.vi}: {why.vi}", f"{title.en}: {why.en}")


def _once(word: str, why: str) -> str:
    """`Nghỉ: Tết Nguyên đán`, and `Nghỉ Tết Nguyên đán` where the word is said already."""
    return why if _begins(word, why) else f"{word}: {why}"


def _begins(word: str, why: str) -> bool:
    return why.casefold().startswith(word.casefold())


def _absences(session: Session, actor: Actor, now: datetime) -> Iterator[Entry]:
    """This person's own absences, as long as nobody ended them."""
    d = Delegation
    rows = session.exec(
        select(d).where(
            col(d.absent_id) == actor.id, col(d.ended_at).is_(None), col(d.last_day) >= _today(now) - BEHIND
        )
    )
    for row in rows:
        yield Entry(
            f"absence-{row.id}",
            _ABSENT,
            row.given_at,
            first=row.first_day,
            last=row.last_day,
            path="/absence",
        )


def _today(now: datetime) -> date:
    return now.astimezone(VIETNAM).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), VIETNAM)


_SOME = Text("{what} (một số lớp)", "{what} (some classes)")
_ABSENT = Text("Vắng mặt, đã ủy quyền", "Absent, with a stand-in")
