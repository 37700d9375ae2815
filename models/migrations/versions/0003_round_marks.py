"""What a reviewer put into their signing round."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_mark",
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("step", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("marked_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        sa.PrimaryKeyConstraint("account_id", "document_id"),
    )
    op.create_index("ix_round_mark_document_id", "round_mark", ["document_id"])


def downgrade() -> None:
    op.drop_table("round_mark")
