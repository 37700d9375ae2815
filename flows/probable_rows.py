"""Who would probably lack something at a spot check, read from the rows of many schools at once. Reads only.

Only what is known is spoken of: a school without a timetable for the day has no lessons here, and a record
approved before duties were kept lacks nothing. What is not owed by the deadlines (`Debtor.since`) is not
asked for; who has lessons that day is never idle in its week. Lessons moved to another day are held against
the plan of the week in which they are taught, as limits are (`flows/day_rows.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from flows import day_rows, evidence, obligations
from flows.calendar import TeachingWeek, week_of
from flows.documents.lesson_plan import LESSON_PLAN
from flows.flags import Debtor, Found
from flows.probable import (
    DONE,
    ITEMS,
    RULE,
    Lack,
    Paper,
    Rules,
    Window,
    flag_data,
    flag_key,
    lacking,
    windows,
)
from flows.rules import some_of_each
from flows.same_file import is_form
from flows.school_days import SchoolDays, Taught
from models.delegation import Delegation
from models.document import Document
from models.evidence import Duty, Evidence
from models.school import SchoolClass, Timetable, TimetableEntry

_PAPER = tuple(kind for kind, enough in evidence.MEETS.items() if evidence.PRINTED in enough)


@dataclass(frozen=True, slots=True)
class Probable:
    """What one teacher would probably lack on a day with lessons."""

    school_id: str
    debtor: Debtor
    week: TeachingWeek
    window: Window
    lacks: tuple[Lack, ...]

    @property
    def keys(self) -> list[str]:
        """Of its flags."""
        return [flag_key(lack, self.debtor.account_id, self.window.day) for lack in self.lacks]


def holds(session: Session, schools: Sequence[str], now: datetime) -> Iterator[tuple[str, Found]]:
    """The flags that stand now, with their schools (`flows/conditions.py`)."""
    for one in find(session, schools, now):
        for lack, key in zip(one.lacks, one.keys, strict=True):
            yield (
                one.school_id,
                Found(
                    key=key,
                    rule=RULE,
                    type=lack.item,
                    account_id=one.debtor.account_id,
                    group_id=one.debtor.group_id,
                    week_id=one.week.id,
                    document_id=lack.document_id,
                    due_at=one.window.morning,
                    opened_at=now,
                    resolved_at=None,
                    data=flag_data(lack, one.week.number, one.window),
                ),
            )


def find(session: Session, schools: Sequence[str], now: datetime, only: str = "") -> list[Probable]:
    """Everybody of these schools who would lack something on the days that are spoken of now.

    `only`: one account. Without a day to speak of, a few questions find that out.
    """
    calendars = day_rows.all_school_days(session, schools)
    rules = _rules(session, schools)
    spoken = {s: ahead for s in schools if (ahead := windows(calendars[s], rules[s], now))}
    by_day: dict[date, list[str]] = defaultdict(list)
    for school, ahead in spoken.items():
        for window in ahead:
            by_day[window.day].append(school)
    teaching = {day: _teaching(session, where, day, calendars, only) for day, where in by_day.items()}
    if not any(teaching.values()):
        return []
    types = [owed for owed in obligations.owed_types() if owed.slug in ITEMS]
    debtors = obligations.debtors(session, types[0], list(spoken), only or None)  # the same for both
    asking = {s: calendars[s] for s in spoken}
    limits = {c.school_id: c for c in obligations.with_deadlines(session, asking)}
    broken = _broken(session, list(spoken))
    found: list[Probable] = []
    for day, where in by_day.items():
        absent = away(session, where, day)
        asked = {s: [d for d in debtors[s] if d.account_id in teaching[day][s] - absent] for s in where}
        here = {s: calendars[s] for s, people in asked.items() if people}
        papers = _papers(session, here, day, only) if here else {}
        for school, calendar in here.items():
            week = week_of(calendar.weeks, day)
            window = next(w for w in spoken[school] if w.day == day)
            assert week is not None
            due = {t.slug: limits[school].limit(t.deadline, week.id) for t in types}
            for debtor in asked[school]:
                own = papers.get(debtor.account_id, {})
                owed = {slug for slug, limit in due.items() if limit is not None and debtor.since < limit}
                lacks = lacking(own, rules[school], broken=debtor.account_id in broken, owed=owed)
                if lacks:
                    found.append(Probable(school, debtor, week, window, lacks))
    return found


def _rules(session: Session, schools: Sequence[str]) -> dict[str, Rules]:
    found = some_of_each(session, schools, "spot_check", "spot_check_eve", "spot_check_morning")
    return {
        school: Rules(
            time(**own["spot_check_eve"]),
            time(**own["spot_check_morning"]),
            both=bool(own["spot_check"]["both"]),
        )
        for school, own in found.items()
    }


def _teaching(
    session: Session, schools: Sequence[str], day: date, calendars: Mapping[str, SchoolDays], only: str
) -> Mapping[str, set[str]]:
    """By school: who has a lesson that day, by the timetable in force and the changes of the calendar."""
    t, e, c = Timetable, TimetableEntry, SchoolClass
    holds = (
        select(t.school_id, func.max(col(t.valid_from)).label("since"))
        .where(col(t.school_id).in_(schools), col(t.valid_from) <= day)
        .group_by(col(t.school_id))
        .subquery()
    )
    columns: tuple[Any, ...] = (col(e.school_id), col(e.account_id), col(e.weekday), col(c.id), col(c.grade))
    rows = (
        select_columns(*columns, col(c.year))
        .join(holds, and_(holds.c.school_id == e.school_id, holds.c.since == e.valid_from))
        .join(c, col(c.id) == col(e.class_id))
        .distinct()
    )
    if only:
        rows = rows.where(col(e.account_id) == only)
    else:
        weekdays = {calendars[s].taught_as(day) for s in schools} - {None}
        # A change for some classes only may bring any weekday's lessons.
        if all(change.for_all for s in schools for change in calendars[s].changes_on(day)):
            rows = rows.where(col(e.weekday).in_(weekdays))
    found: dict[str, set[str]] = defaultdict(set)
    years = {s: week.year for s in schools if (week := week_of(calendars[s].weeks, day))}
    weekday_of: dict[tuple[str, Taught], int | None] = {}
    for school, who, weekday, class_id, grade, year in session.execute(rows):
        if year != years.get(school):
            continue
        taught = Taught(class_id, grade)
        if (school, taught) not in weekday_of:
            weekday_of[school, taught] = calendars[school].taught_as(day, taught)
        if weekday_of[school, taught] == weekday:
            found[school].add(who)
    return found


def away(session: Session, schools: Sequence[str], day: date) -> set[str]:
    """Who has said to be absent that day, and handed their work to another."""
    d = Delegation
    rows = select(d.absent_id).where(
        col(d.school_id).in_(schools),
        col(d.last_day) >= day,
        col(d.first_day) <= day,
        col(d.ended_at).is_(None),
        col(d.document_id).is_(None),  # a single record is handed over by people who are there, too
    )
    return set(session.exec(rows))


def _broken(session: Session, schools: Sequence[str]) -> set[str]:
    """Whose laptop is reported broken."""
    e = Evidence
    rows = (
        select(e.account_id, e.kind)
        .where(col(e.school_id).in_(schools), col(e.kind).in_(evidence.ABOUT_LAPTOP))
        .order_by(col(e.at), col(e.id))
    )
    last = dict(session.exec(rows).all())
    return {who for who, kind in last.items() if kind == evidence.BROKEN}


def _papers(
    session: Session, calendars: Mapping[str, SchoolDays], day: date, only: str
) -> Mapping[str, dict[str, list[Paper]]]:
    """By owner and type: the records that cover the week of a day."""
    rows = list(_covering(session, calendars, day, only))
    unmet = _unmet(session, [document_id for document_id, _, _, status in rows if status in DONE])
    # A lesson plan's duty of paper is met by a word for the laptop, too; only paper is paper.
    doubtful = {d for d, _, slug, _ in rows if slug == LESSON_PLAN.slug and (d, evidence.DOWNLOAD) in unmet}
    on_paper = _on_paper(session, doubtful)
    found: dict[str, dict[str, list[Paper]]] = defaultdict(lambda: defaultdict(list))
    for document_id, owner, slug, status in rows:
        owing = any((document_id, kind) in unmet for kind in _PAPER)
        paper = Paper(
            document_id,
            status,
            kept=(document_id, evidence.DOWNLOAD) not in unmet,
            printed=not owing and (document_id not in doubtful or document_id in on_paper),
        )
        found[owner][slug].append(paper)
    return found


def _covering(
    session: Session, calendars: Mapping[str, SchoolDays], day: date, only: str
) -> Iterator[tuple[str, str, str, str]]:
    """Id, owner, type and status of the records that cover the week, those that reach into it included."""
    d = Document
    here, earlier, reaching = [], [], set()
    for calendar in calendars.values():
        now = week_of(calendar.weeks, day)
        assert now is not None
        here.append(now.id)
        for week in (week for week in calendar.weeks if week.year == now.year):
            if week.monday < now.monday:
                earlier.append(week.id)
            else:
                reaching.add(week.id)
    columns: tuple[Any, ...] = (col(d.id), col(d.owner_id), col(d.type), col(d.status))
    wanted: list[ColumnElement[bool]] = [
        col(d.school_id).in_(list(calendars)),
        col(d.type).in_(ITEMS),
        col(d.status).not_in(("withdrawn", "replaced")),
    ]
    if only:
        wanted.append(col(d.owner_id) == only)
    for row in session.execute(select_columns(*columns).where(*wanted, col(d.week_id).in_(here))):
        document_id, owner, slug, status = row
        yield document_id, owner, slug, status
    several = select_columns(col(d.last_week_id), *columns).where(*wanted, obligations.SEVERAL_WEEKS)
    for some in obligations.chunks(earlier):
        for last, *paper in session.execute(several.where(col(d.week_id).in_(some))):
            if last in reaching:
                document_id, owner, slug, status = paper
                yield document_id, owner, slug, status


def _unmet(session: Session, documents: Sequence[str]) -> set[tuple[str, str]]:
    """Documents, each with a duty that is not met."""
    found: set[tuple[str, str]] = set()
    for some in obligations.chunks(documents):
        found.update(
            session.exec(
                select(Duty.document_id, Duty.kind).where(
                    col(Duty.document_id).in_(some), col(Duty.met_at).is_(None)
                )
            )
        )
    return found


def _on_paper(session: Session, documents: Collection[str]) -> set[str]:
    """Of these documents: those whose owner said that the approved file is printed."""
    said: set[str] = set()
    e = Evidence
    for some in obligations.chunks(sorted(documents)):
        said.update(
            session.exec(
                select(Duty.document_id)
                .join(e, col(e.document_id) == col(Duty.document_id))
                .where(
                    col(Duty.document_id).in_(some),
                    col(e.kind) == evidence.PRINTED,
                    is_form(col(e.blob)),
                )
            )
        )
    return said
