"""A school's newest events are found at once: every event names those that it came after."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_event_at", "event", ["school_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_event_at", "event")
