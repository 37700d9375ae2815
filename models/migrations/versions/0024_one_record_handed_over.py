"""One record handed over alone; deadlines' rules dropped, and limits kept out of the past."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("delegation") as delegations:
        delegations.add_column(sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        delegations.create_foreign_key("fk_delegation_document", "document", ["document_id"], ["id"])
        delegations.create_index("ix_delegation_document_id", ["document_id"])
    with op.batch_alter_table("deadline_rule") as rules:
        rules.add_column(sa.Column("dropped_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        rules.add_column(sa.Column("dropped_at", models.columns.UtcDateTime(timezone=True), nullable=True))
        rules.create_foreign_key("fk_deadline_rule_dropped_by", "account", ["dropped_by"], ["id"])
    op.create_table(
        "kept_limit",
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("week_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["school_id", "week_id"], ["school_week.school_id", "school_week.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("school_id", "week_id", "key"),
    )


def downgrade() -> None:
    raise NotImplementedError("What was dropped or kept is not forgotten: restore a backup instead.")
