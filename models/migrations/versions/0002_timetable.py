"""The timetable: a school's periods, each from a day on."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "timetable",
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("created_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.PrimaryKeyConstraint("school_id", "valid_from"),
    )
    op.create_table(
        "timetable_entry",
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("class_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("session", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="ck_timetable_entry_weekday"),
        sa.CheckConstraint("session IN ('morning', 'afternoon')", name="ck_timetable_entry_session"),
        sa.CheckConstraint("period BETWEEN 1 AND 10", name="ck_timetable_entry_period"),
        sa.ForeignKeyConstraint(
            ["school_id", "valid_from"], ["timetable.school_id", "timetable.valid_from"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["school_id", "class_id"], ["school_class.school_id", "school_class.id"]),
        sa.ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        sa.PrimaryKeyConstraint("school_id", "valid_from", "class_id", "weekday", "session", "period"),
    )
    op.create_index(
        "ix_timetable_entry_teacher", "timetable_entry", ["school_id", "account_id", "valid_from"]
    )


def downgrade() -> None:
    op.drop_table("timetable_entry")
    op.drop_table("timetable")
