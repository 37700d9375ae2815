"""The daily Merkle root over all event chains, its time-stamps, and what audits found."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns
from models.audit import ROOTS_STAY

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_root",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("root", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("leaves", sa.Integer(), nullable=False),
        sa.Column("previous", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "audit_leaf",
        sa.Column("root_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.ForeignKeyConstraint(["root_number"], ["audit_root.number"]),
        sa.PrimaryKeyConstraint("root_number", "position"),
    )
    op.create_index("ix_audit_leaf_document", "audit_leaf", ["document_id", "head"])
    op.create_table(
        "audit_stamp",
        sa.Column("root_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tsa", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["root_number"], ["audit_root.number"]),
        sa.PrimaryKeyConstraint("root_number"),
    )
    op.create_table(
        "audit_run",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("started_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("signatures", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("first", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("root_number", sa.Integer(), nullable=False),
        sa.Column("root_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audit_run_finished", "audit_run", ["finished_at"])
    for statement in ROOTS_STAY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What was committed to is not taken away: restore a backup instead.")
