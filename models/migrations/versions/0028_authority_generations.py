"""Generations of the embedded authority, and until when an archived file proves."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("authority_part", "authority_part_before")
    op.create_table(
        "authority_part",
        sa.Column("part", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("protected", sa.LargeBinary(), nullable=False),
        sa.Column("crl", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("part", "generation"),
    )
    op.execute(
        "INSERT INTO authority_part (part, certificate, protected, crl, created_at) "
        "SELECT part, certificate, protected, crl, created_at FROM authority_part_before"
    )
    op.drop_table("authority_part_before")
    op.create_table(
        "archive_proof",
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("blob", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("stamped_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("renew_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("weakest", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("rule", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
        sa.Column("try_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        sa.PrimaryKeyConstraint("document_id"),
    )
    op.create_index("ix_archive_proof_due", "archive_proof", ["renew_at"])


def downgrade() -> None:
    raise NotImplementedError("No generation of the authority is forgotten: restore a backup instead.")
