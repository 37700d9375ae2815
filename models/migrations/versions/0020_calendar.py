"""The calendar: frames of school years, and the days that differ."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "year_frame",
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("year", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("term1_before", sa.Date(), nullable=False),
        sa.Column("term2_before", sa.Date(), nullable=False),
        sa.Column("breaks", sa.JSON(), nullable=False),
        sa.Column("saved_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.PrimaryKeyConstraint("school_id", "year"),
    )
    op.create_table(
        "calendar_change",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("taught_on", sa.Date(), nullable=True),
        sa.Column("grades", sa.JSON(), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("reason_en", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False),
        sa.Column("entered_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entered_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("void_from", sa.Date(), nullable=True),
        sa.Column("void_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("void_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('holiday', 'off', 'moved')", name="ck_calendar_change_kind"),
        sa.CheckConstraint("first_day <= last_day", name="ck_calendar_change_days"),
        sa.CheckConstraint("(kind = 'moved') = (taught_on IS NOT NULL)", name="ck_calendar_change_taught_on"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.ForeignKeyConstraint(["school_id", "entered_by"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "void_by"], ["account.school_id", "account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("school_id", "seq"),
    )


def downgrade() -> None:
    raise NotImplementedError("The calendar is not taken away: restore a backup instead.")
