"""Tables that only grow: what makes the database itself refuse to change or delete a row of them."""

from __future__ import annotations

from sqlalchemy import DDL
from sqlalchemy.event import listen
from sqlmodel import SQLModel


def append_only(table: str) -> dict[str, tuple[str, ...]]:
    """The triggers of one table by dialect; its migration runs the very same words."""
    refused = f"{table} is append-only"
    return {
        "sqlite": tuple(
            f"CREATE TRIGGER {table}_never_{what} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{refused}'); END"
            for what, act in (("changes", "UPDATE"), ("goes", "DELETE"))
        ),
        "postgresql": (
            f"CREATE OR REPLACE FUNCTION refuse_{table}_change() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{refused}'; END $$",
            f"CREATE TRIGGER {table}_never_changes BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_{table}_change()",
        ),
    }


def guard(*tables: str) -> dict[str, tuple[str, ...]]:
    """Have these tables made with their triggers; the statements of all, by dialect."""
    found: dict[str, tuple[str, ...]] = {"sqlite": (), "postgresql": ()}
    for table in tables:
        for dialect, statements in append_only(table).items():
            found[dialect] += statements
            for statement in statements:
                listen(
                    SQLModel.metadata.tables[table],
                    "after_create",
                    DDL(statement).execute_if(dialect=dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
                )
    return found
