"""All tables, imported for their metadata (migrations, tests)."""

from sqlmodel import SQLModel

from models import (
    account,
    batch,
    deadline,
    delegation,
    document,
    event,
    evidence,
    feed,
    flag,
    imports,
    key,
    mail_server,
    notice,
    proof,
    reminder,
    report,
    review,
    run,
    school,
    search,
    spot_check,
    upload,
)
from models.db import Database

__all__ = [
    "account",
    "batch",
    "deadline",
    "delegation",
    "document",
    "event",
    "evidence",
    "feed",
    "flag",
    "imports",
    "key",
    "mail_server",
    "notice",
    "proof",
    "reminder",
    "report",
    "review",
    "run",
    "school",
    "search",
    "spot_check",
    "upload",
]

METADATA = SQLModel.metadata


def create_all(database: Database) -> None:
    """Make every table at once; for tests only, an installation migrates."""
    METADATA.create_all(database.engine)
