"""Problems that staff report to the administrators, with the answer they get."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, maybe_instant


class ProblemReport(SQLModel, table=True):
    """One report. `page`: the address it was written from; `picture`: SHA-256 of a screenshot, cleaned."""

    __tablename__ = "problem_report"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_problem_report_open", "school_id", "answered_at", "due_at"),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    account_id: str = Field(index=True)
    page: str = Field(default="", max_length=300)
    what: str = Field(max_length=4000)
    picture: str | None = Field(default=None, max_length=64)
    picture_type: str = Field(default="", max_length=40)
    created_at: datetime = instant()
    due_at: datetime = instant()
    """The first instant at which an answer is late."""
    answer: str = Field(default="", max_length=4000)
    answered_by: str | None = Field(default=None, foreign_key="account.id")
    answered_at: datetime | None = maybe_instant()
