"""Indexes by which lists stay quick over many years of records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_document_own_week", "document", ["school_id", "owner_id", "week_id"])
    op.create_index("ix_document_type", "document", ["school_id", "type", "updated_at"])
    op.create_index("ix_document_type_status", "document", ["school_id", "type", "status", "updated_at"])
    for name, table, column, where in (
        ("ix_document_under_way", "document", "updated_at", sa.text("step <> ''")),
        ("ix_duty_unmet", "duty", "week_id", sa.text("met_at IS NULL")),
    ):
        op.create_index(name, table, ["school_id", column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    raise NotImplementedError("Indexes are not taken away: restore a backup instead.")
