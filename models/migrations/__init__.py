"""Alembic migrations, from the first table on. `models/migrate.py` runs them."""
