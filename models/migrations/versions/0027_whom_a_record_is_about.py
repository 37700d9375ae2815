"""The person a record is about, and the witness a refusal to sign names."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("document") as documents:
        for name in ("concerned_id", "witness_id"):
            documents.add_column(sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))
            documents.create_foreign_key(
                f"fk_document_{name}", "account", ["school_id", name], ["school_id", "id"]
            )
        documents.create_check_constraint("ck_document_concerned", "concerned_id <> owner_id")
    for name, column in (("ix_document_concerned", "concerned_id"), ("ix_document_witness", "witness_id")):
        given = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            name,
            "document",
            ["school_id", column, "updated_at"],
            sqlite_where=given,
            postgresql_where=given,
        )


def downgrade() -> None:
    raise NotImplementedError("Whom a record is about is not forgotten: restore a backup instead.")
