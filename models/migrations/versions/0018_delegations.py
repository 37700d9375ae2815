"""Absence: delegations, and the decisions made for somebody who was away."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("absent_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("delegate_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("posts", sa.JSON(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("number", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("given_by", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("given_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=True),
        sa.Column("ended_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("begun_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("over_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.ForeignKeyConstraint(["school_id", "absent_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "delegate_id"], ["account.school_id", "account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delegation_days", "delegation", ["school_id", "last_day"])
    op.create_index("ix_delegation_delegate", "delegation", ["delegate_id", "last_day"])
    op.create_index("ix_delegation_told", "delegation", ["over_at"])
    op.create_table(
        "substitution",
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sqlmodel.sql.sqltypes.AutoString(length=24), nullable=False),
        sa.Column("delegation_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("absent_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["document_id", "seq"], ["event.document_id", "event.seq"]),
        sa.ForeignKeyConstraint(["school_id", "absent_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["delegation_id"], ["delegation.id"]),
        sa.PrimaryKeyConstraint("document_id", "seq"),
    )
    op.create_index("ix_substitution_acted", "substitution", ["document_id", "revision", "absent_id"])
    op.create_index("ix_substitution_delegation", "substitution", ["delegation_id"])
    op.add_column("open_step", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    # Of a step that several may take, the first names it: the principal before the vice principal.
    op.execute(
        "UPDATE open_step SET place = 1 WHERE audience = 'role:vice_principal' AND EXISTS (SELECT 1 FROM "
        "open_step AS other WHERE other.document_id = open_step.document_id AND other.step = open_step.step "
        "AND other.audience = 'role:principal')"
    )


def downgrade() -> None:
    raise NotImplementedError("Delegations are not taken away: restore a backup instead.")
