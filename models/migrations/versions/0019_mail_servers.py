"""Mail servers of schools; a change may concern the school instead of an account."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_server",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("host", sqlmodel.sql.sqltypes.AutoString(length=253), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("encryption", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("login", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("protected", sa.LargeBinary(), nullable=True),
        sa.Column("sender", sqlmodel.sql.sqltypes.AutoString(length=254), nullable=False),
        sa.Column("sender_name", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("since", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("until", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_mail_server_held", "mail_server", ["school_id", "until"])
    with op.batch_alter_table("mail") as mail:
        mail.add_column(sa.Column("server_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        mail.create_foreign_key("mail_server_id_fkey", "mail_server", ["server_id"], ["id"])
    with op.batch_alter_table("change") as change:
        change.alter_column("account_id", existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=True)


def downgrade() -> None:
    raise NotImplementedError("A school's mail server is not taken away: restore a backup instead.")
