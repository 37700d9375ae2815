"""Document numbers: one series per type and calendar year, without gaps (Decree 30/2020, Đ15).

A number is reserved for a document before the competent signature is made and used in that decision's
transaction. A reservation that was not used serves the same document's next try; one left over at the turn
of the year is void, with its reason.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from flows.office import Office
from models.document import Document, SeriesNumber
from models.settings import VIETNAM


def reserve(office: Office, document: Document, series: str, now: datetime) -> str:
    """The number for this document, as printed: below 10 with a leading zero."""
    year = now.astimezone(VIETNAM).year
    for attempt in range(20):
        try:
            return f"{_reserve(office, document, series, year, now):02d}"
        except IntegrityError:  # two at once on PostgreSQL: the other has that number
            if attempt == 19:
                raise
    raise AssertionError


def _reserve(office: Office, document: Document, series: str, year: int, now: datetime) -> int:
    with office.db.write() as session:
        own = (
            col(SeriesNumber.school_id) == document.school_id,
            col(SeriesNumber.series) == series,
        )
        held = session.exec(
            select(SeriesNumber).where(
                *own, col(SeriesNumber.document_id) == document.id, col(SeriesNumber.state) == "reserved"
            )
        ).first()
        if held and held.year == year:
            return held.number
        if held:
            session.exec(
                update(SeriesNumber)
                .where(*own, col(SeriesNumber.year) == held.year, col(SeriesNumber.number) == held.number)
                .values(state="void", reason="Chưa ký trước khi hết năm")
            )
        last = session.exec(
            select(func.max(col(SeriesNumber.number))).where(*own, col(SeriesNumber.year) == year)
        ).one()
        number = (last or 0) + 1
        session.add(
            SeriesNumber(
                school_id=document.school_id,
                series=series,
                year=year,
                number=number,
                document_id=document.id,
                at=now,
            )
        )
        session.flush()
        return number


def written_date(day: date) -> str:
    """`ngày 09 tháng 3 năm 2026`: days below 10 and the months 1 and 2 are padded (Decree 30, box 4)."""
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"
