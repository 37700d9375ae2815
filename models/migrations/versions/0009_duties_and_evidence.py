"""Duties after approval, and the evidence that they were met."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns
from models.evidence import EVIDENCE_STAYS
from models.settings import VIETNAM

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OWED = {
    "lesson-plan": ("download", "print-unless-laptop"),
    "team-teaching-plan": ("download", "print"),
}


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=24), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("group_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("week_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("blob", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("archived", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("opened_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("met_at", models.columns.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["staff_group.id"]),
        sa.ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        sa.ForeignKeyConstraint(["week_id"], ["school_week.id"]),
        sa.PrimaryKeyConstraint("document_id", "kind"),
    )
    op.create_index("ix_duty_open", "duty", ["school_id", "met_at", "account_id", "due_at"])
    op.create_index("ix_duty_week", "duty", ["school_id", "week_id", "met_at"])
    op.create_table(
        "evidence",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(length=24), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("blob", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.Column("code", sqlmodel.sql.sqltypes.AutoString(length=12), nullable=True),
        sa.Column("via", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        sa.ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("ix_evidence_account", "evidence", ["school_id", "account_id", "kind", "at"])
    op.create_index("ix_evidence_document", "evidence", ["document_id", "at"])
    for statement in EVIDENCE_STAYS[op.get_bind().dialect.name]:
        op.execute(statement)
    _owe_what_is_approved(datetime.now(UTC))


def _owe_what_is_approved(now: datetime) -> None:
    """Open the duties of what was approved before; weeks that are over owe nothing any more."""
    instant = models.columns.UtcDateTime(timezone=True)
    document = sa.table(
        "document",
        *(sa.column(n) for n in ("id", "school_id", "owner_id", "group_id", "week_id", "last_week_id")),
        *(sa.column(n) for n in ("type", "status", "step", "revision", "blob")),
    )
    week = sa.table(
        "school_week", sa.column("id"), sa.column("monday", sa.Date), sa.column("sunday", sa.Date)
    )
    last = week.alias("last_week")
    event = sa.table("event", *(sa.column(n) for n in ("document_id", "action", "input_blob")))
    duty = sa.table(
        "duty",
        *(sa.column(n) for n in ("document_id", "kind", "school_id", "account_id", "group_id", "week_id")),
        *(sa.column(n) for n in ("revision", "blob", "archived")),
        *(sa.column(n, instant) for n in ("opened_at", "due_at")),
    )
    found = op.get_bind().execute(
        sa.select(document, week.c.monday, event.c.input_blob)
        .join(week, week.c.id == document.c.week_id)
        .join(last, last.c.id == document.c.last_week_id)
        .outerjoin(event, sa.and_(event.c.document_id == document.c.id, event.c.action == "archive"))
        .where(
            sa.or_(
                document.c.status == "archived",
                sa.and_(document.c.status == "approved", document.c.step == "archive"),
            ),
            last.c.sunday >= now.astimezone(VIETNAM).date(),
        )
    )
    rows = [
        {
            "document_id": row.id,
            "kind": kind,
            "school_id": row.school_id,
            "account_id": row.owner_id,
            "group_id": row.group_id,
            "week_id": row.week_id,
            "revision": row.revision,
            "blob": row.input_blob or row.blob,
            "archived": row.blob if row.input_blob else None,
            "opened_at": now,
            "due_at": max(datetime.combine(row.monday, time(0), VIETNAM), now + timedelta(days=1)),
        }
        for row in found
        for kind in _OWED.get(row.type, ())
    ]
    if rows:
        op.bulk_insert(duty, rows)


def downgrade() -> None:
    op.drop_table("evidence")
    op.drop_table("duty")
