"""What follows an approval: the duties its owner has, and the evidence that they were met."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DDL, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.event import listen
from sqlmodel import Field, SQLModel

from models.columns import blob_name, identifier, instant, maybe_blob_name, maybe_instant
from models.kept import entered

_UNMET = text("met_at IS NULL")


class Duty(SQLModel, table=True):
    """An obligation of one approved document; the row *is* the waiting, until `met_at`.

    Opened by the decision that finished the people's steps. `blob` is the file that decision left, `archived`
    the same file with its archive timestamp: evidence counts for these two and for no other.
    """

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_duty_open", "school_id", "met_at", "account_id", "due_at"),
        Index("ix_duty_week", "school_id", "week_id", "met_at"),
        Index("ix_duty_unmet", "school_id", "week_id", sqlite_where=_UNMET, postgresql_where=_UNMET),
    )
    document_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=24)
    school_id: str
    account_id: str
    group_id: str | None = Field(default=None, foreign_key="staff_group.id")
    week_id: str | None = Field(default=None, foreign_key="school_week.id")
    revision: int
    blob: str = blob_name()
    archived: str | None = maybe_blob_name()
    opened_at: datetime = instant()
    due_at: datetime = instant()
    met_at: datetime | None = maybe_instant()

    @property
    def files(self) -> frozenset[str]:
        """Hashes of the files that evidence counts for."""
        return frozenset(filter(None, (self.blob, self.archived)))


class Evidence(SQLModel, table=True):
    """One fact about an approved file, or about a person's laptop; append-only.

    `kind`: *download* and *print* are what the system saw (a file handed over, a print made); *printed*,
    *laptop*, *laptop-broken* and *laptop-works* are what a person says. The last two name no document.
    `via`: page, api or zip. `code` leads from a print to its public page.
    """

    __table_args__ = (
        UniqueConstraint("code"),
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_evidence_document", "document_id", "at"),
        Index("ix_evidence_account", "school_id", "account_id", "kind", "at"),
    )
    id: str = identifier()
    school_id: str
    account_id: str
    kind: str = Field(max_length=24)
    document_id: str | None = None
    revision: int | None = None
    blob: str | None = maybe_blob_name()
    code: str | None = Field(default=None, max_length=12)
    via: str = Field(default="page", max_length=8)
    at: datetime = instant()


entered(Evidence)

EVIDENCE_STAYS = {
    "sqlite": (
        "CREATE TRIGGER evidence_never_changes BEFORE UPDATE ON evidence "
        "BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END",
        "CREATE TRIGGER evidence_never_goes BEFORE DELETE ON evidence "
        "BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_evidence_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'evidence is append-only'; END $$",
        "CREATE TRIGGER evidence_never_changes BEFORE UPDATE OR DELETE ON evidence "
        "FOR EACH ROW EXECUTE FUNCTION refuse_evidence_change()",
    ),
}
"""What makes the database itself refuse to change or delete evidence; migrations run the same words."""

for _dialect, _statements in EVIDENCE_STAYS.items():
    for _statement in _statements:
        listen(
            SQLModel.metadata.tables["evidence"],
            "after_create",
            DDL(_statement).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]  # SQLAlchemy's
        )
