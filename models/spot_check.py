"""Spot checks: how they were drawn, and what was found in the classroom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.event import listen
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, json_field, maybe_instant
from models.kept import entered

_PLANNED = text("state = 'planned'")
REOPENED = "reopened"
"""Key of the evidence under which earlier records stand that were taken back before they were signed."""
_NO_DOCUMENT = text("state = 'sent' AND document_id IS NULL")


class SpotDraw(SQLModel, table=True):
    """Slots drawn at random from the timetable, in a way anyone can check afterwards.

    `pool` is what was drawn from, word for word; it, its SHA-256 and `commitment` (SHA-256 of the seed and
    the pool) are fixed with the draw and public at once. The seed is kept encrypted until the draw is over;
    then `seed` (hex) is public, too. `asked` is what the planner chose, to be shown again.
    """

    __tablename__ = "spot_draw"
    __table_args__ = (
        UniqueConstraint("school_id", "id"),
        ForeignKeyConstraint(["school_id", "inspector_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "made_by"], ["account.school_id", "account.id"]),
        CheckConstraint("first_day <= last_day", name="ck_spot_draw_days"),
        CheckConstraint("wanted > 0", name="ck_spot_draw_wanted"),
        CheckConstraint("(seed IS NULL) = (revealed_at IS NULL)", name="ck_spot_draw_revealed"),
        CheckConstraint("revealed_at > made_at", name="ck_spot_draw_published_first"),
        Index("ix_spot_draw_days", "school_id", "last_day"),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    inspector_id: str
    made_by: str
    made_at: datetime = instant()
    first_day: date
    last_day: date
    wanted: int
    asked: dict[str, Any] = json_field()
    pool: str
    pool_sha256: str = Field(max_length=64)
    commitment: str = Field(max_length=64)
    protected_seed: bytes
    seed: str | None = Field(default=None, max_length=64)
    revealed_at: datetime | None = maybe_instant()


entered(SpotDraw, "protected_seed")


class SpotCheck(SQLModel, table=True):
    """One check of one period of one teacher, by one inspector.

    `draw_id` and `place` (from 1): drawn; without them it was chosen, and `reason` says why. `state`:
    *planned*, *sent* (recorded; `record` holds the marks, `record_key` the phone's own key), *missed* (the
    period did not take place or was not visited; `ended_kind` one of `flows.spot_checks.MISSED`), *cancelled*
    (a chosen one alone). `evidence`: what the records said when the phone saw them and at arrival.
    `proposed`: the system proposes a finding; `finding`: what was decided of it ("violation", "none",
    "annulled"), None while nobody decided. `recorded_at` is the phone's clock, `arrived_at` ours.
    `follows_id`: the check whose remedy this one looks at.
    """

    __tablename__ = "spot_check"
    __table_args__ = (
        UniqueConstraint("school_id", "id"),
        UniqueConstraint("school_id", "record_key"),
        UniqueConstraint("draw_id", "place"),
        UniqueConstraint("document_id"),
        ForeignKeyConstraint(["school_id", "draw_id"], ["spot_draw.school_id", "spot_draw.id"]),
        ForeignKeyConstraint(["school_id", "class_id"], ["school_class.school_id", "school_class.id"]),
        ForeignKeyConstraint(["school_id", "teacher_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "inspector_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "planned_by"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "ended_by"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "follows_id"], ["spot_check.school_id", "spot_check.id"]),
        CheckConstraint("state IN ('planned', 'sent', 'missed', 'cancelled')", name="ck_spot_check_state"),
        CheckConstraint("session IN ('morning', 'afternoon')", name="ck_spot_check_session"),
        CheckConstraint("period BETWEEN 1 AND 10", name="ck_spot_check_period"),
        CheckConstraint("teacher_id <> inspector_id", name="ck_spot_check_not_oneself"),
        CheckConstraint("(draw_id IS NULL) = (place IS NULL)", name="ck_spot_check_place"),
        CheckConstraint("draw_id IS NOT NULL OR reason <> ''", name="ck_spot_check_reason"),
        CheckConstraint("draw_id IS NULL OR state <> 'cancelled'", name="ck_spot_check_drawn_stays"),
        CheckConstraint("(state = 'sent') = (record_key IS NOT NULL)", name="ck_spot_check_sent"),
        CheckConstraint("(state = 'sent') = (proposed IS NOT NULL)", name="ck_spot_check_proposed"),
        CheckConstraint("finding IN ('violation', 'none', 'annulled')", name="ck_spot_check_finding"),
        Index("ix_spot_check_day", "school_id", "day"),
        Index("ix_spot_check_inspector", "school_id", "inspector_id", "day"),
        Index("ix_spot_check_teacher", "school_id", "teacher_id", "day"),
        Index(
            "ix_spot_check_one_place",
            "school_id",
            "inspector_id",
            "day",
            "session",
            "period",
            unique=True,
            sqlite_where=_PLANNED,
            postgresql_where=_PLANNED,
        ),
        Index(
            "ix_spot_check_no_document",
            "school_id",
            sqlite_where=_NO_DOCUMENT,
            postgresql_where=_NO_DOCUMENT,
        ),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    draw_id: str | None = None
    place: int | None = None
    reason: str = Field(default="", max_length=500)
    day: date
    session: str = Field(max_length=9)
    period: int
    class_id: str
    subject: str = Field(max_length=80)
    teacher_id: str
    inspector_id: str
    planned_by: str
    planned_at: datetime = instant()
    state: str = Field(default="planned", max_length=9)
    ended_kind: str = Field(default="", max_length=16)
    ended_words: str = Field(default="", max_length=500)
    ended_by: str | None = None
    ended_at: datetime | None = maybe_instant()
    evidence: dict[str, Any] = json_field()
    record: dict[str, Any] | None = Field(default=None, sa_type=JSON, nullable=True)
    record_key: str | None = Field(default=None, max_length=64)
    recorded_at: datetime | None = maybe_instant()
    arrived_at: datetime | None = maybe_instant()
    proposed: bool | None = None
    finding: str | None = Field(default=None, max_length=9)
    document_id: str | None = None
    follows_id: str | None = None


_DRAW = "inspector_id, made_by, made_at, first_day, last_day, wanted, asked, pool, pool_sha256, commitment"
_CHECK = "draw_id, place, day, session, period, class_id, teacher_id, inspector_id"
SPOT_CHECKS_STAY = {
    "sqlite": (
        f"CREATE TRIGGER spot_draw_never_changes BEFORE UPDATE OF {_DRAW} ON spot_draw "
        "BEGIN SELECT RAISE(ABORT, 'a draw is never changed'); END",
        "CREATE TRIGGER spot_draw_never_goes BEFORE DELETE ON spot_draw "
        "BEGIN SELECT RAISE(ABORT, 'a draw is never removed'); END",
        f"CREATE TRIGGER spot_check_never_moves BEFORE UPDATE OF {_CHECK} ON spot_check "
        "BEGIN SELECT RAISE(ABORT, 'a check is never given to another'); END",
        "CREATE TRIGGER spot_check_never_goes BEFORE DELETE ON spot_check "
        "BEGIN SELECT RAISE(ABORT, 'a check is never removed'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_spot_check_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'draws and checks are neither exchanged nor removed'; END $$",
        f"CREATE TRIGGER spot_draw_never_changes BEFORE UPDATE OF {_DRAW} ON spot_draw "
        "FOR EACH ROW EXECUTE FUNCTION refuse_spot_check_change()",
        "CREATE TRIGGER spot_draw_never_goes BEFORE DELETE ON spot_draw "
        "FOR EACH ROW EXECUTE FUNCTION refuse_spot_check_change()",
        f"CREATE TRIGGER spot_check_never_moves BEFORE UPDATE OF {_CHECK} ON spot_check "
        "FOR EACH ROW EXECUTE FUNCTION refuse_spot_check_change()",
        "CREATE TRIGGER spot_check_never_goes BEFORE DELETE ON spot_check "
        "FOR EACH ROW EXECUTE FUNCTION refuse_spot_check_change()",
    ),
}
"""What makes the database itself refuse that a draw is exchanged; migrations run the same words."""

for _dialect, _statements in SPOT_CHECKS_STAY.items():
    for _statement in _statements:
        # The triggers of both tables, once the later of the two stands.
        listen(
            SQLModel.metadata.tables["spot_check"],
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        )
