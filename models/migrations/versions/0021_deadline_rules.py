"""A school's deadlines as dated rules; those kept as settings hold from the first day on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

import models.columns

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KEYS = ("lesson_plan_due", "obligation_due", "team_plan_lead", "teacher_plan_lead")
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    op.create_table(
        "deadline_rule",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=36), nullable=False),
        sa.Column("school_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("set_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("set_at", models.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"]),
        sa.ForeignKeyConstraint(["set_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_deadline_rule_school", "deadline_rule", ["school_id", "set_at"])
    _take_over(op.get_bind())


def _take_over(connection: sa.Connection) -> None:
    setting = sa.table(
        "school_setting", sa.column("school_id"), sa.column("key"), sa.column("value", sa.JSON)
    )
    mine = setting.c.key.in_(KEYS)
    rows = [
        {
            "id": models.columns.new_id(),
            "school_id": row.school_id,
            "key": row.key,
            "valid_from": LONG_AGO.date(),
            "value": rule_of(row.value),
            "set_at": LONG_AGO,
        }
        for row in connection.execute(sa.select(setting).where(mine))
    ]
    made = sa.table(
        "deadline_rule",
        *(sa.column(name) for name in ("id", "school_id", "key")),
        sa.column("valid_from", sa.Date),
        sa.column("value", sa.JSON),
        sa.column("set_at", models.columns.UtcDateTime(timezone=True)),
    )
    if rows:
        connection.execute(made.insert(), rows)
    connection.execute(setting.delete().where(mine))


def rule_of(value: dict[str, Any]) -> dict[str, Any]:
    """The setting of before as the rule it meant."""
    common = {"working": False, "on_break": "stays"}
    if "days" in value:
        return {"kind": "days-before", "days": value["days"], "strict": False} | common
    weeks = value.get("weeks_before", 1)
    return {"kind": "weekday", "weekday": value["weekday"], "weeks_before": weeks, "strict": True} | common


def downgrade() -> None:
    raise NotImplementedError("Dated rules are not taken away: restore a backup instead.")
