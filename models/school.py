"""A school: its names by date, its settings, its weeks, classes and subjects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant


class School(SQLModel, table=True):
    """The root of everything; every other root table carries its id."""

    id: str = identifier()
    created_at: datetime = instant()


class SchoolName(SQLModel, table=True):
    """How the school is called from a date on: old documents keep the old header (Decree 30, box 2)."""

    __tablename__ = "school_name"
    school_id: str = Field(primary_key=True, foreign_key="school.id")
    valid_from: date = Field(primary_key=True)
    parent: str
    name: str
    place: str
    abbreviation: str


class SchoolSetting(SQLModel, table=True):
    """One rule that differs by school; keys and defaults stand in `flows/rules.py`."""

    __tablename__ = "school_setting"
    school_id: str = Field(primary_key=True, foreign_key="school.id")
    key: str = Field(primary_key=True, max_length=64)
    value: Any = Field(default=None, sa_type=JSON)


class SchoolWeek(SQLModel, table=True):
    """A numbered teaching week; breaks have no row. Monday to Sunday, both inclusive."""

    __tablename__ = "school_week"
    __table_args__ = (
        UniqueConstraint("school_id", "id"),
        UniqueConstraint("school_id", "year", "number"),
        UniqueConstraint("school_id", "monday"),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    year: str = Field(max_length=9, description="2026-2027")
    term: int
    number: int
    monday: date
    sunday: date


class SchoolClass(SQLModel, table=True):
    """A class of pupils in a school year, e.g. 3A."""

    __tablename__ = "school_class"
    __table_args__ = (UniqueConstraint("school_id", "id"), UniqueConstraint("school_id", "year", "name"))
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    year: str = Field(max_length=9)
    name: str = Field(max_length=20)
    grade: int


class TeachingAssignment(SQLModel, table=True):
    """Who teaches which subject to which class; the homeroom teacher is marked."""

    __tablename__ = "teaching_assignment"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "class_id"], ["school_class.school_id", "school_class.id"]),
    )
    school_id: str = Field(primary_key=True)
    account_id: str = Field(primary_key=True)
    class_id: str = Field(primary_key=True)
    subject: str = Field(primary_key=True, max_length=80)
    homeroom: bool = False
