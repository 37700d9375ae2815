"""A school's own reminders; one digest a person and day at most."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reminder_rules",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("set_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("set_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.ForeignKeyConstraint(["set_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_reminder_rules_school", "reminder_rules", ["school_id", "key", "set_at"])
    op.add_column("mail", sa.Column("digest_day", sa.Date(), nullable=True))
    op.create_index("ix_mail_digest", "mail", ["account_id", "digest_day"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_mail_digest", table_name="mail")
    op.drop_column("mail", "digest_day")
    op.drop_index("ix_reminder_rules_school", table_name="reminder_rules")
    op.drop_table("reminder_rules")
