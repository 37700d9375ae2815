"""All tables, imported for their metadata (migrations, tests)."""

from sqlmodel import SQLModel

from models import (
    account,
    audit,
    batch,
    deadline,
    delegation,
    destruction,
    document,
    event,
    evidence,
    feed,
    flag,
    imports,
    kept,
    key,
    mail_server,
    notice,
    picture,
    proof,
    reminder,
    report,
    retention,
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
    "audit",
    "batch",
    "deadline",
    "delegation",
    "destruction",
    "document",
    "event",
    "evidence",
    "feed",
    "flag",
    "imports",
    "kept",
    "key",
    "mail_server",
    "notice",
    "picture",
    "proof",
    "reminder",
    "report",
    "retention",
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
