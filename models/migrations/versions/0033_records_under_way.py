"""An index over what is under way that no other index ties with: a tie was decided by chance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

UNDER_WAY = "ix_document_under_way"


def upgrade() -> None:
    _exchange(["school_id", "archived_at", "updated_at"])


def downgrade() -> None:
    _exchange(["school_id", "updated_at"])


def _exchange(columns: list[str]) -> None:
    given = sa.text("step <> ''")
    op.drop_index(UNDER_WAY, "document")
    op.create_index(UNDER_WAY, "document", columns, sqlite_where=given, postgresql_where=given)
