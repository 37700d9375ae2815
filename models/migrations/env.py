"""Alembic's environment: the connection is handed over by `models/migrate.py`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from models.tables import METADATA

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
