"""Rows beside the events are entered when they are written; what stands there now is entered as it is."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

from models.kept import ENTRIES_STAY, digest, plain

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_WORKING = {
    "delegation": ("begun_at", "over_at"),
    "signing_key": ("protected", "failures", "locked_until", "used_at"),
    "spot_draw": ("protected_seed",),
}
_TABLES = (
    *(
        "account_role",
        "calendar_change",
        "change",
        "deadline_rule",
        "delegation",
        "destroyed_file",
        "destruction",
    ),
    *(
        "evidence",
        "flag_event",
        "hold_lift",
        "legal_hold",
        "reminder_rules",
        "retention_rule",
        "school_name",
        "school_setting",
    ),
    *("signing_key", "spot_draw", "staff_group"),
)
_AT_ONCE = 1_000


def upgrade() -> None:
    op.create_table(
        "kept_row",
        sa.Column("table_name", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("row_key", sqlmodel.sql.sqltypes.AutoString(length=160), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("root_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["root_number"], ["audit_root.number"]),
        sa.PrimaryKeyConstraint("table_name", "row_key", "version"),
    )
    op.create_index("ix_kept_row_root", "kept_row", ["root_number", "table_name"])
    bind = op.get_bind()
    for name in _TABLES:
        _enter(bind, sa.Table(name, sa.MetaData(), autoload_with=bind, resolve_fks=False))
    for statement in ENTRIES_STAY[bind.dialect.name]:
        op.execute(sa.text(statement))


def _enter(bind: sa.Connection, table: sa.Table) -> None:
    """Every row that stands there; which root committed to it before is not asked."""
    entries = sa.table("kept_row", *map(sa.column, ("table_name", "row_key", "version", "hash")))
    working = _WORKING.get(table.name, ())
    for part in bind.execute(sa.select(table)).mappings().partitions(_AT_ONCE):
        bind.execute(
            entries.insert(),
            [
                {
                    "table_name": table.name,
                    "row_key": "/".join(str(row[c.name]) for c in table.primary_key),
                    "version": 0,
                    "hash": digest({c.name: plain(row[c.name]) for c in table.c if c.name not in working}),
                }
                for row in part
            ],
        )


def downgrade() -> None:
    raise NotImplementedError("What was committed to is not taken away: restore a backup instead.")
