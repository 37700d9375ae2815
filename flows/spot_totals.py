"""Spot checks in numbers, for everybody: by term, never by person, day or class. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, case, col, func, select

from flows import minutes_owed
from models.school import SchoolWeek
from models.spot_check import SpotCheck
from models.text import Text

COUNTED: dict[str, Text] = {
    "sent": Text("Đã kiểm tra", "Made"),
    "clean": Text("Đủ hồ sơ", "All there"),
    "open": Text("Chờ kết luận", "Waiting for a finding"),
    "none": Text("Kết luận không có vi phạm", "No violation found"),
    "awaited": Text("Chờ biên bản", "Minutes awaited"),
    "violation": Text("Kết luận có vi phạm", "Violation found"),
    "annulled": Text("Kết luận đã hủy theo kiến nghị", "Annulled on appeal"),
    "missed": Text("Không thực hiện", "Did not take place"),
}
"""What is counted, in the order it is shown. `sent` is the sum of the six after it."""


@dataclass(frozen=True, slots=True)
class Total:
    """One term of one school year."""

    year: str
    term: int
    counts: Mapping[str, int]


def totals(session: Session, school_id: str) -> list[Total]:
    """Every term in which something was checked, or was to be; the latest first."""
    c, w = SpotCheck, SchoolWeek
    terms = session.exec(
        select(w.year, w.term, func.min(col(w.monday)), func.max(col(w.sunday)))
        .where(col(w.school_id) == school_id)
        .group_by(col(w.year), col(w.term))
        .order_by(func.min(col(w.monday)).desc())
    ).all()
    outcome = case(
        (col(c.state) == "missed", "missed"),
        (minutes_owed.awaited(), "awaited"),
        (col(c.finding).is_not(None), col(c.finding)),
        (col(c.proposed).is_(True), "open"),
        else_="clean",
    )
    found = []
    for year, term, first, last in terms:
        rows = session.exec(
            select(outcome, func.count())
            .where(
                col(c.school_id) == school_id,
                col(c.state).in_(("sent", "missed")),
                col(c.day).between(_day(first), _day(last)),
            )
            .group_by(outcome)
        ).all()
        counts = dict.fromkeys(COUNTED, 0) | dict(rows)
        counts["sent"] = sum(n for key, n in counts.items() if key not in ("sent", "missed"))
        if any(counts.values()):
            found.append(Total(year, term, counts))
    return found


def _day(value: date | str) -> date:
    """SQLite's aggregate of days is text."""
    return value if isinstance(value, date) else date.fromisoformat(value)
