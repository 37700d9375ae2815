"""What was destroyed at the end of its retention, by which approved list; and what stands on lists.

A destroyed record keeps its row, its events and the facts of its signatures: words and files are gone. These
rows say so, and are never changed: a file they name is not missing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.appending import guard
from models.columns import instant, maybe_instant
from models.kept import entered


class Destruction(SQLModel, table=True):
    """One record destroyed; append-only.

    `list_id`: the approved list it stood on. `seq`, `head_hash`: its event `destroy`, the last of its chain.
    """

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "list_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "by_id"], ["account.school_id", "account.id"]),
        CheckConstraint("document_id <> list_id", name="ck_destruction_list"),
        Index("ix_destruction_list", "list_id"),
    )
    document_id: str = Field(primary_key=True)
    school_id: str
    list_id: str
    seq: int
    head_hash: str = Field(max_length=64)
    by_id: str
    at: datetime = instant()


class DestroyedFile(SQLModel, table=True):
    """A file that was destroyed with its record, by its SHA-256; append-only.

    Files that another record names too are kept and stand here for none. No blob column: there is nothing
    left for a backup to take.
    """

    __tablename__ = "destroyed_file"
    __table_args__ = (
        ForeignKeyConstraint(["document_id"], ["destruction.document_id"]),
        Index("ix_destroyed_file_sha256", "sha256"),
    )
    document_id: str = Field(primary_key=True)
    sha256: str = Field(primary_key=True, max_length=64)
    school_id: str


entered(Destruction)
entered(DestroyedFile)

_LISTED = text("state = 'listed'")


class ListedRecord(SQLModel, table=True):
    """A record on a list of what is to be destroyed.

    `state`: *listed* until the list is carried out, at one list only; then *destroyed*, or *kept* with the
    reason why it could not be; *released* when the list was taken back or written anew without it.
    """

    __tablename__ = "listed_record"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "list_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        CheckConstraint(
            "state IN ('listed', 'destroyed', 'kept', 'released')", name="ck_listed_record_state"
        ),
        Index(
            "ix_listed_record_once",
            "document_id",
            unique=True,
            sqlite_where=_LISTED,
            postgresql_where=_LISTED,
        ),
    )
    list_id: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    school_id: str
    sha256: str = Field(max_length=64, description="of its file, as the list names it")
    state: str = Field(default="listed", max_length=9)
    reason: str = Field(default="", max_length=500)
    at: datetime | None = maybe_instant()


DESTRUCTIONS_STAY = guard("destruction", "destroyed_file")
"""What makes the database itself refuse to change or delete them; migrations run the same words."""
