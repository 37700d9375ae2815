"""Imports from a workbook: what was uploaded and checked, and which rows were ever applied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant


class Import(SQLModel, table=True):
    """A workbook that was read and is being checked; kept for a day, then forgotten.

    `sheets`: name and rows of text.
    """

    __tablename__ = "import"
    __table_args__ = (ForeignKeyConstraint(["school_id", "asked_by"], ["account.school_id", "account.id"]),)
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    asked_by: str
    file_name: str = Field(max_length=200)
    sheets: list[Any] = json_field(list)
    created_at: datetime = instant()
    applied_at: datetime | None = maybe_instant()


class ImportedRow(SQLModel, table=True):
    """A row that an import applied once, by the SHA-256 of what it says: a second time it is old news."""

    __tablename__ = "imported_row"
    school_id: str = Field(primary_key=True, foreign_key="school.id")
    digest: str = Field(primary_key=True, max_length=64)
    at: datetime = instant()
