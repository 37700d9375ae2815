"""Retention by school, legal holds, destroyed records."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns
from models.destruction import DESTRUCTIONS_STAY
from models.retention import RETENTION_STAYS

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_rule",
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=True),
        sa.Column("basis", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("earlier", sa.Boolean(), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("years BETWEEN 1 AND 100", name="ck_retention_rule_years"),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["account.school_id", "account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id"],
            ["school.id"],
        ),
        sa.PrimaryKeyConstraint("school_id", "type", "number"),
    )
    op.create_table(
        "destruction",
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("list_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("document_id <> list_id", name="ck_destruction_list"),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["account.school_id", "account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "document_id"],
            ["document.school_id", "document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "list_id"],
            ["document.school_id", "document.id"],
        ),
        sa.PrimaryKeyConstraint("document_id"),
    )
    op.create_index("ix_destruction_list", "destruction", ["list_id"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("reference", sqlmodel.sql.sqltypes.AutoString(length=100), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name="ck_legal_hold_reason"),
        sa.CheckConstraint(
            "document_id IS NOT NULL OR account_id IS NOT NULL OR type IS NOT NULL"
            " OR first_day IS NOT NULL OR last_day IS NOT NULL",
            name="ck_legal_hold_something",
        ),
        sa.CheckConstraint("first_day <= last_day", name="ck_legal_hold_days"),
        sa.ForeignKeyConstraint(
            ["school_id", "account_id"],
            ["account.school_id", "account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["account.school_id", "account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "document_id"],
            ["document.school_id", "document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id"],
            ["school.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_legal_hold_school", "legal_hold", ["school_id"], unique=False)
    op.create_table(
        "listed_record",
        sa.Column("list_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(length=9), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('listed', 'destroyed', 'kept', 'released')", name="ck_listed_record_state"
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "document_id"],
            ["document.school_id", "document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "list_id"],
            ["document.school_id", "document.id"],
        ),
        sa.PrimaryKeyConstraint("list_id", "document_id"),
    )
    op.create_index(
        "ix_listed_record_once",
        "listed_record",
        ["document_id"],
        unique=True,
        sqlite_where=sa.text("state = 'listed'"),
        postgresql_where=sa.text("state = 'listed'"),
    )
    op.create_table(
        "destroyed_file",
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["destruction.document_id"],
        ),
        sa.PrimaryKeyConstraint("document_id", "sha256"),
    )
    op.create_index("ix_destroyed_file_sha256", "destroyed_file", ["sha256"], unique=False)
    op.create_table(
        "hold_lift",
        sa.Column("hold_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.Column("by_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name="ck_hold_lift_reason"),
        sa.ForeignKeyConstraint(
            ["hold_id"],
            ["legal_hold.id"],
        ),
        sa.ForeignKeyConstraint(
            ["school_id", "by_id"],
            ["account.school_id", "account.id"],
        ),
        sa.PrimaryKeyConstraint("hold_id"),
    )
    op.create_index(
        "ix_document_kept",
        "document",
        ["school_id", "keep_until"],
        unique=False,
        sqlite_where=sa.text("keep_until IS NOT NULL"),
        postgresql_where=sa.text("keep_until IS NOT NULL"),
    )
    kind = op.get_bind().dialect.name
    for statement in (*DESTRUCTIONS_STAY[kind], *RETENTION_STAYS[kind]):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("What was destroyed or held is not forgotten: restore a backup instead.")
