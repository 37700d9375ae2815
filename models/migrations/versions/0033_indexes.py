"""An index over what is under way that no other index ties with: a tie was decided by chance.

And where a file brought to be checked is looked for among ours (`flows/known_files.py`).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

UNDER_WAY = "ix_document_under_way"
FILES = (
    ("ix_revision_pdf", "revision", "pdf"),
    ("ix_revision_final", "revision", "final"),
    ("ix_signature_output", "signature", "output_blob"),
)


def upgrade() -> None:
    _exchange(["school_id", "archived_at", "updated_at"])
    for name, table, column in FILES:
        op.create_index(name, table, [column])
    ours = sa.text("actor_id = 'system'")
    op.create_index("ix_event_made", "event", ["output_blob"], sqlite_where=ours, postgresql_where=ours)


def downgrade() -> None:
    op.drop_index("ix_event_made", "event")
    for name, table, _ in FILES:
        op.drop_index(name, table)
    _exchange(["school_id", "updated_at"])


def _exchange(columns: list[str]) -> None:
    given = sa.text("step <> ''")
    op.drop_index(UNDER_WAY, "document")
    op.create_index(UNDER_WAY, "document", columns, sqlite_where=given, postgresql_where=given)
