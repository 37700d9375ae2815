"""What a document has to do with an earlier one: addenda and replacements."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_link",
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("other_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        sa.ForeignKeyConstraint(["school_id", "other_id"], ["document.school_id", "document.id"]),
        sa.PrimaryKeyConstraint("document_id", "kind"),
    )
    op.create_index("ix_document_link_other", "document_link", ["other_id", "kind"])


def downgrade() -> None:
    op.drop_table("document_link")
