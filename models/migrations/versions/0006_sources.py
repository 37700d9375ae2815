"""What a record is based on: the earlier records it was begun from or took lessons from."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_source",
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        sa.ForeignKeyConstraint(["school_id", "source_id"], ["document.school_id", "document.id"]),
        sa.PrimaryKeyConstraint("document_id", "source_id"),
    )


def downgrade() -> None:
    op.drop_table("document_source")
