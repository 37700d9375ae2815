"""Flags of every kind, waived by people, with their history; when an account was last used."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns
from models.flag import FLAG_EVENTS_STAY

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_AT_ONCE = 5000


def upgrade() -> None:
    with op.batch_alter_table("flag") as batch:
        batch.alter_column("week_id", existing_type=sqlmodel.sql.sqltypes.AutoString(), nullable=True)
        batch.add_column(
            sa.Column("waived_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        )
        batch.create_index("ix_flag_rule", ["school_id", "rule", "resolved_at"])
        batch.create_index("ix_flag_account", ["account_id", "resolved_at"])
        batch.create_index("ix_flag_document", ["document_id"])
    op.create_table(
        "flag_event",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("flag_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("words", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=False),
        sa.ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["flag_id"], ["flag.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_flag_event_flag", "flag_event", ["flag_id", "at"])
    for statement in FLAG_EVENTS_STAY[op.get_bind().dialect.name]:
        op.execute(statement)
    op.add_column(
        "account", sa.Column("last_seen_at", models.columns.UtcDateTime(timezone=True), nullable=True)
    )
    op.create_index("ix_account_seen", "account", ["school_id", "active", "last_seen_at"])
    op.create_index("ix_open_step_due", "open_step", ["school_id", "due_at"])
    op.create_index("ix_signing_key_expiry", "signing_key", ["revoked_at", "expires_at"])
    _begin_to_watch(op.get_bind())
    _write_history(op.get_bind())


def _begin_to_watch(connection: sa.Connection) -> None:
    """Passes are cleaned away: of who has none it is not known when they came last, so the days begin now."""
    moment = models.columns.UtcDateTime(timezone=True)
    account = sa.table("account", sa.column("id"), sa.column("last_seen_at", moment))
    passes = sa.table("pass", sa.column("account_id"), sa.column("seen_at", moment))
    last = (
        sa.select(sa.func.max(passes.c.seen_at)).where(passes.c.account_id == account.c.id).scalar_subquery()
    )
    now = sa.literal(datetime.now(UTC), moment)
    connection.execute(account.update().values(last_seen_at=sa.func.coalesce(last, now)))


def _write_history(connection: sa.Connection) -> None:
    """What the flags that stand tell of themselves: when each opened, and when it was resolved."""
    moment = models.columns.UtcDateTime(timezone=True)
    flag = sa.table(
        "flag",
        *(sa.column(name) for name in ("id", "school_id")),
        sa.column("opened_at", moment),
        sa.column("resolved_at", moment),
    )
    event = sa.table(
        "flag_event",
        *(sa.column(name) for name in ("id", "school_id", "flag_id", "kind", "words")),
        sa.column("at", moment),
    )
    last = ""
    while True:
        page = sa.select(flag).where(flag.c.id > last).order_by(flag.c.id).limit(_AT_ONCE)
        found = connection.execute(page).all()
        if not found:
            return
        last = found[-1].id
        connection.execute(
            event.insert(),
            [
                {
                    "id": models.columns.new_id(),
                    "school_id": row.school_id,
                    "flag_id": row.id,
                    "kind": kind,
                    "words": "",
                    "at": at,
                }
                for row in found
                for kind, at in (("opened", row.opened_at), ("resolved", row.resolved_at))
                if at is not None
            ],
        )


def downgrade() -> None:
    raise NotImplementedError("History is not taken away: restore a backup instead.")
