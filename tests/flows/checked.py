"""Days before a spot check: lessons, approved records and what was done with them, for several tests."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import col, select

from flows.probable_rows import find
from models.columns import new_id
from models.evidence import Duty, Evidence
from models.notice import Notice
from models.school import SchoolClass, Timetable, TimetableEntry
from tests.clockwork import START, SmallSchool, at

EVE = at(11, 19, 16)
"""Tuesday of week 11; Lan teaches on Tuesday and Wednesday, Hoa and Anh on Wednesday."""
EVENING = at(11, 19, 17)
"""Tuesday's lessons are over."""
MORNING = at(11, 20, 6, 30)
WEDNESDAY = date(2024, 11, 20)
LESSONS, PLAN = "lesson-plan", "teacher-teaching-plan"


def timetable(school: SmallSchool, *lessons: tuple[str, int], since: date = START, grade: int = 3) -> None:
    """From a day on: who teaches on which weekday (Monday is 0), each in a class of their own."""
    with school.db.write() as session:
        session.add(Timetable(school_id=school.id, valid_from=since, created_at=EVE))
        session.flush()
        for period, (who, weekday) in enumerate(lessons, start=1):
            made = SchoolClass(
                school_id=school.id, year="2024-2025", name=f"{grade}{new_id()[-8:]}", grade=grade
            )
            session.add(made)
            session.flush()
            session.add(
                TimetableEntry(
                    school_id=school.id,
                    valid_from=since,
                    class_id=made.id,
                    weekday=weekday,
                    session="morning",
                    period=period,
                    subject="Toán",
                    account_id=school.accounts[who],
                )
            )


def approved(
    school: SmallSchool, who: str, slug: str, *met: str, week: int = 11, last: int | None = None
) -> str:
    """An approved record with the duties of its type, some of them met."""
    key = school.document(who, week, at(11, 1), slug=slug, last=last, status="approved")
    kinds = ("download", "print-unless-laptop" if slug == LESSONS else "print")
    with school.db.write() as session:
        session.add_all(
            Duty(
                document_id=key,
                kind=kind,
                school_id=school.id,
                account_id=school.accounts[who],
                week_id=school.weeks[week],
                revision=1,
                blob="a" * 64,
                opened_at=at(11, 2),
                due_at=at(11, 18),
                met_at=at(11, 3) if kind in met else None,
            )
            for kind in kinds
        )
    return key


def said(school: SmallSchool, who: str, kind: str, document: str | None = None, blob: str = "a" * 64) -> None:
    with school.db.write() as session:
        session.add(
            Evidence(
                school_id=school.id,
                account_id=school.accounts[who],
                kind=kind,
                document_id=document,
                revision=1 if document else None,
                blob=blob if document else None,
                at=at(11, 3),
            )
        )


def all_well(school: SmallSchool, *people: str) -> None:
    for who in people:
        approved(school, who, LESSONS, "download")
        approved(school, who, PLAN, "print")


def lacking(school: SmallSchool, now: datetime = EVE, only: str = "") -> dict[str, list[tuple[str, str]]]:
    """Who would lack what on Wednesday."""
    names = {account: name for name, account in school.accounts.items()}
    with school.db.read() as session:
        found = find(session, [school.id], now, school.accounts[only] if only else "")
    return {
        names[one.debtor.account_id]: [(lack.item, lack.state) for lack in one.lacks]
        for one in found
        if one.window.day == WEDNESDAY
    }


def told(school: SmallSchool) -> list[tuple[str, str]]:
    names = {account: name for name, account in school.accounts.items()}
    with school.db.read() as session:
        rows = session.exec(select(Notice).where(col(Notice.school_id) == school.id)).all()
    return sorted((names[n.account_id], n.key.removeprefix("spot-check:")) for n in rows)
