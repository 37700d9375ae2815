"""Checks to be made in the cast's school, and what became of them."""

from __future__ import annotations

from sqlmodel import col, select

from models.document import Document
from models.settings import VIETNAM
from models.spot_check import SpotCheck
from tests.cast import Cast


def planned(cast: Cast, *, period: int = 3, inspector: str = "binh", teacher: str = "lan") -> str:
    """A check of today, chosen with a reason."""
    now = cast.office.now()
    with cast.office.db.write() as session:
        row = SpotCheck(
            school_id=cast.school_id,
            reason="Kiểm tra theo kế hoạch tháng",
            day=now.astimezone(VIETNAM).date(),
            session="morning",
            period=period,
            class_id=cast.classes["3A"],
            subject="Toán",
            teacher_id=cast.ids[teacher],
            inspector_id=cast.ids[inspector],
            planned_by=cast.ids[inspector],
            planned_at=now,
        )
        session.add(row)
        return row.id


def row_of(cast: Cast, check: str) -> SpotCheck:
    with cast.office.db.read() as session:
        return session.get_one(SpotCheck, check)


def papers(cast: Cast) -> list[str]:
    """The records that checks became."""
    with cast.office.db.read() as session:
        return list(session.exec(select(Document.id).where(col(Document.type) == "spot-check")).all())
