"""A delegation of one record alone; a deadline's rule that was dropped before it held."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deadline_rule") as rules:
        rules.add_column(sa.Column("dropped_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        rules.add_column(sa.Column("dropped_at", models.columns.UtcDateTime(timezone=True), nullable=True))
        rules.create_foreign_key("fk_deadline_rule_dropped_by", "account", ["dropped_by"], ["id"])


def downgrade() -> None:
    raise NotImplementedError("What was handed over or dropped is not forgotten: restore a backup instead.")
