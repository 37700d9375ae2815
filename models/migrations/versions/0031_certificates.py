"""Revocation reasons and the history of people's certificates; revocation lists as they are given out."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from cryptography import x509

import models.columns

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString, models.columns.UtcDateTime
    with op.batch_alter_table("signing_key") as keys:
        keys.add_column(sa.Column("serial", text(length=40), server_default="", nullable=False))
        keys.add_column(sa.Column("used_at", instant(timezone=True), nullable=True))
        keys.add_column(sa.Column("reason", text(length=24), server_default="", nullable=False))
    with op.batch_alter_table("signing_key") as keys:
        keys.alter_column("serial", server_default=None)
        keys.alter_column("reason", server_default=None)
        keys.create_index("ix_signing_key_serial", ["serial"])
    op.create_table(
        "published_list",
        sa.Column("part", text(length=8), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("crl", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["part", "generation"], ["authority_part.part", "authority_part.generation"]),
        sa.PrimaryKeyConstraint("part", "generation"),
    )
    _complete(op.get_bind())


def _complete(connection: sa.Connection) -> None:
    """Serial numbers of the certificates there are; the keys of those that are over open no more."""
    keys = sa.table(
        "signing_key",
        *(sa.column(name) for name in ("id", "certificate", "protected", "revoked_at", "serial")),
    )
    for row in connection.execute(sa.select(keys.c.id, keys.c.certificate)).all():
        if row.certificate:
            serial = x509.load_der_x509_certificate(row.certificate).serial_number
            connection.execute(keys.update().where(keys.c.id == row.id).values(serial=f"{serial:x}"))
    connection.execute(keys.update().where(keys.c.revoked_at.is_not(None)).values(protected=b""))


def downgrade() -> None:
    raise NotImplementedError("Why a certificate was revoked is not forgotten: restore a backup instead.")
