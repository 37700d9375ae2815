"""The words of uploaded bodies, for the search."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    words = sa.Column("words", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
    op.add_column("upload", words)


def downgrade() -> None:
    op.drop_column("upload", "words")
