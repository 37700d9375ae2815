"""Spot checks: how they were drawn, and what was found."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns
from models.spot_check import SPOT_CHECKS_STAY

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spot_draw",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("inspector_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("made_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("made_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("pool", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("pool_sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("commitment", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("protected_seed", sa.LargeBinary(), nullable=False),
        sa.Column("seed", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("revealed_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(seed IS NULL) = (revealed_at IS NULL)", name="ck_spot_draw_revealed"),
        sa.CheckConstraint("first_day <= last_day", name="ck_spot_draw_days"),
        sa.CheckConstraint("revealed_at > made_at", name="ck_spot_draw_published_first"),
        sa.CheckConstraint("wanted > 0", name="ck_spot_draw_wanted"),
        sa.ForeignKeyConstraint(["school_id", "inspector_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "made_by"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("school_id", "id"),
    )
    op.create_index("ix_spot_draw_days", "spot_draw", ["school_id", "last_day"])
    op.create_table(
        "spot_check",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("draw_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("session", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("class_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("teacher_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("inspector_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("planned_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("planned_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("ended_kind", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("ended_words", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("ended_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("ended_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=True),
        sa.Column("record_key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("recorded_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("arrived_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("proposed", sa.Boolean(), nullable=True),
        sa.Column("finding", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=True),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("follows_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.CheckConstraint("(state = 'sent') = (proposed IS NOT NULL)", name="ck_spot_check_proposed"),
        sa.CheckConstraint("(state = 'sent') = (record_key IS NOT NULL)", name="ck_spot_check_sent"),
        sa.CheckConstraint("draw_id IS NOT NULL OR reason <> ''", name="ck_spot_check_reason"),
        sa.CheckConstraint("draw_id IS NULL OR state <> 'cancelled'", name="ck_spot_check_drawn_stays"),
        sa.CheckConstraint("finding IN ('violation', 'none', 'annulled')", name="ck_spot_check_finding"),
        sa.CheckConstraint("session IN ('morning', 'afternoon')", name="ck_spot_check_session"),
        sa.CheckConstraint("state IN ('planned', 'sent', 'missed', 'cancelled')", name="ck_spot_check_state"),
        sa.CheckConstraint("(draw_id IS NULL) = (place IS NULL)", name="ck_spot_check_place"),
        sa.CheckConstraint("period BETWEEN 1 AND 10", name="ck_spot_check_period"),
        sa.CheckConstraint("teacher_id <> inspector_id", name="ck_spot_check_not_oneself"),
        sa.ForeignKeyConstraint(["school_id", "class_id"], ["school_class.school_id", "school_class.id"]),
        sa.ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        sa.ForeignKeyConstraint(["school_id", "draw_id"], ["spot_draw.school_id", "spot_draw.id"]),
        sa.ForeignKeyConstraint(["school_id", "ended_by"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "follows_id"], ["spot_check.school_id", "spot_check.id"]),
        sa.ForeignKeyConstraint(["school_id", "inspector_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "planned_by"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "teacher_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("document_id"),
        sa.UniqueConstraint("draw_id", "place"),
        sa.UniqueConstraint("school_id", "id"),
        sa.UniqueConstraint("school_id", "record_key"),
    )
    op.create_index("ix_spot_check_day", "spot_check", ["school_id", "day"])
    op.create_index("ix_spot_check_inspector", "spot_check", ["school_id", "inspector_id", "day"])
    op.create_index(
        "ix_spot_check_no_document",
        "spot_check",
        ["school_id"],
        sqlite_where=sa.text("state = 'sent' AND document_id IS NULL"),
        postgresql_where=sa.text("state = 'sent' AND document_id IS NULL"),
    )
    op.create_index(
        "ix_spot_check_one_place",
        "spot_check",
        ["school_id", "inspector_id", "day", "session", "period"],
        unique=True,
        sqlite_where=sa.text("state = 'planned'"),
        postgresql_where=sa.text("state = 'planned'"),
    )
    op.create_index("ix_spot_check_teacher", "spot_check", ["school_id", "teacher_id", "day"])
    for statement in SPOT_CHECKS_STAY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What was drawn and found is not taken away: restore a backup instead.")
