"""Indexes for the desk: a person's records by status, and records that cover several weeks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_document_own_status", "document", ["school_id", "owner_id", "status", "updated_at"])
    several = sa.text("last_week_id IS NOT NULL")
    op.create_index(
        "ix_document_last_week",
        "document",
        ["school_id", "last_week_id"],
        sqlite_where=several,
        postgresql_where=several,
    )


def downgrade() -> None:
    op.drop_index("ix_document_own_status", "document")
    op.drop_index("ix_document_last_week", "document")
