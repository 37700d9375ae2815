"""Pictures of signatures and of the seal."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    held = sa.text("until IS NULL")
    op.create_table(
        "signature_picture",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("picture", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("made", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("since", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("made IN ('drawn', 'uploaded')", name="ck_signature_picture_made"),
        sa.ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_signature_picture_account_id", "signature_picture", ["account_id"])
    op.create_index(
        "ix_signature_picture_held",
        "signature_picture",
        ["account_id"],
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )
    in_force = sa.text("since IS NOT NULL AND until IS NULL")
    op.create_table(
        "seal_picture",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("picture", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("diameter", sa.Integer(), nullable=False),
        sa.Column("asked_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("asked_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("since", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("until", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("diameter BETWEEN 200 AND 400", name="ck_seal_picture_diameter"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.ForeignKeyConstraint(["school_id", "asked_by"], ["account.school_id", "account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_seal_picture_school_id", "seal_picture", ["school_id"])
    op.create_index(
        "ix_seal_picture_held",
        "seal_picture",
        ["school_id"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )


def downgrade() -> None:
    raise NotImplementedError(
        "Pictures that stand in signatures are not taken away: restore a backup instead."
    )
