"""A school: its names by date, its settings, its weeks and days off, classes and subjects."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant
from models.kept import entered


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


entered(SchoolName)
entered(SchoolSetting)


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


class YearFrame(SQLModel, table=True):
    """The ministry's frame of a school year, as the province and the school have set it; the weeks follow.

    The two ends are written as the ministry writes them, "before": that day itself is too late. `breaks` are
    the times without lessons ({"name", "first", "last"}, both ISO days included), Tết among them.
    """

    __tablename__ = "year_frame"
    school_id: str = Field(primary_key=True, foreign_key="school.id")
    year: str = Field(primary_key=True, max_length=9)
    source: str = Field(max_length=200)
    first_day: date
    term1_before: date
    term2_before: date
    breaks: list[dict[str, str]] = json_field(list)
    saved_at: datetime = instant()


class CalendarChange(SQLModel, table=True):
    """A day that differs from its weekday, with who entered it and why. Rows are never rewritten or removed.

    `kind`: "holiday" (by law), "off" (the school's own, such as a storm), "moved" (the lessons of `first_day`
    are taught on `taught_on`: a day moved, or made up for). `grades` and `classes` narrow it; both empty: the
    whole school. Taken back, it holds no more from `void_from` on; what was before stays. Of two rows about a
    day the one entered later (`seq`) counts.
    """

    __tablename__ = "calendar_change"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "entered_by"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "void_by"], ["account.school_id", "account.id"]),
        UniqueConstraint("school_id", "seq"),
        CheckConstraint("kind IN ('holiday', 'off', 'moved')", name="ck_calendar_change_kind"),
        CheckConstraint("first_day <= last_day", name="ck_calendar_change_days"),
        CheckConstraint("(kind = 'moved') = (taught_on IS NOT NULL)", name="ck_calendar_change_taught_on"),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    seq: int
    kind: str = Field(max_length=8)
    first_day: date
    last_day: date
    taught_on: date | None = None
    grades: list[int] = json_field(list)
    classes: list[str] = json_field(list)
    reason: str = Field(max_length=300)
    reason_en: str = Field(default="", max_length=300, description="where the system knows the English name")
    entered_by: str
    entered_at: datetime = instant()
    void_from: date | None = None
    void_by: str | None = None
    void_at: datetime | None = maybe_instant()


entered(CalendarChange)


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


class Timetable(SQLModel, table=True):
    """The whole school's timetable from a day on; a later one replaces it from its own day."""

    school_id: str = Field(primary_key=True, foreign_key="school.id")
    valid_from: date = Field(primary_key=True)
    created_at: datetime = instant()


class TimetableEntry(SQLModel, table=True):
    """One period of one class: in it a class has one subject and one teacher.

    `weekday` 0 is Monday; `session` is "morning" or "afternoon"; `period` counts from 1 in each session.
    A teacher may stand in two classes at once (classes taught together), so nothing here forbids it.
    """

    __tablename__ = "timetable_entry"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_id", "valid_from"], ["timetable.school_id", "timetable.valid_from"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["school_id", "class_id"], ["school_class.school_id", "school_class.id"]),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_timetable_entry_weekday"),
        CheckConstraint("session IN ('morning', 'afternoon')", name="ck_timetable_entry_session"),
        CheckConstraint("period BETWEEN 1 AND 10", name="ck_timetable_entry_period"),
        Index("ix_timetable_entry_teacher", "school_id", "account_id", "valid_from"),
    )
    school_id: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    class_id: str = Field(primary_key=True)
    weekday: int = Field(primary_key=True)
    session: str = Field(primary_key=True, max_length=9)
    period: int = Field(primary_key=True)
    subject: str = Field(max_length=80)
    account_id: str
