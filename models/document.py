"""A document, the steps it waits in, its revisions and its signatures.

`Document.step` and `.status` are written by `flows/decide.py` alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import blob_name, identifier, instant, json_field, maybe_blob_name, maybe_instant

UNDER_WAY = "step <> ''"
"""A document that is not at its end; written out, for an index over these alone serves only such words."""


class Document(SQLModel, table=True):
    """One record. `version` counts its decisions (its events), `content_version` the saves of its draft."""

    __table_args__ = (
        UniqueConstraint("school_id", "id"),
        UniqueConstraint("school_id", "unique_key"),
        ForeignKeyConstraint(["school_id", "owner_id"], ["account.school_id", "account.id"]),
        CheckConstraint("concerned_id <> owner_id", name="ck_document_concerned"),
        ForeignKeyConstraint(["school_id", "concerned_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "witness_id"], ["account.school_id", "account.id"]),
        ForeignKeyConstraint(["school_id", "group_id"], ["staff_group.school_id", "staff_group.id"]),
        ForeignKeyConstraint(["school_id", "week_id"], ["school_week.school_id", "school_week.id"]),
        Index("ix_document_owner", "school_id", "owner_id", "updated_at"),
        Index(
            "ix_document_concerned",
            "school_id",
            "concerned_id",
            "updated_at",
            sqlite_where=text("concerned_id IS NOT NULL"),
            postgresql_where=text("concerned_id IS NOT NULL"),
        ),
        Index(
            "ix_document_witness",
            "school_id",
            "witness_id",
            "updated_at",
            sqlite_where=text("witness_id IS NOT NULL"),
            postgresql_where=text("witness_id IS NOT NULL"),
        ),
        Index("ix_document_own_status", "school_id", "owner_id", "status", "updated_at"),
        Index("ix_document_own_week", "school_id", "owner_id", "week_id"),
        Index("ix_document_status", "school_id", "status", "updated_at"),
        Index("ix_document_type", "school_id", "type", "updated_at"),
        Index("ix_document_type_status", "school_id", "type", "status", "updated_at"),
        Index("ix_document_group", "school_id", "group_id", "updated_at"),
        Index("ix_document_updated", "school_id", "updated_at"),
        Index("ix_document_week", "school_id", "week_id", "type"),
        Index("ix_document_outbox", "settled", "dispatched"),
        Index(
            "ix_document_kept",
            "school_id",
            "keep_until",
            sqlite_where=text("keep_until IS NOT NULL"),
            postgresql_where=text("keep_until IS NOT NULL"),
        ),
        Index(
            "ix_document_last_week",
            "school_id",
            "last_week_id",
            sqlite_where=text("last_week_id IS NOT NULL"),
            postgresql_where=text("last_week_id IS NOT NULL"),
        ),
        Index(
            "ix_document_under_way",
            "school_id",
            "archived_at",
            "updated_at",
            sqlite_where=text(UNDER_WAY),
            postgresql_where=text(UNDER_WAY),
        ),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id")
    type: str = Field(max_length=40)
    type_version: int = 1
    owner_id: str
    concerned_id: str | None = Field(default=None, description="the account it is about, never its owner")
    witness_id: str | None = Field(default=None, description="named in this revision's refusal to sign")
    group_id: str | None = None
    week_id: str | None = Field(default=None, description="first teaching week covered")
    last_week_id: str | None = Field(default=None, foreign_key="school_week.id")
    unique_key: str | None = Field(default=None, max_length=200)
    title: str = Field(max_length=300)
    fields: dict[str, Any] = json_field()
    content_version: int = 1

    version: int = 0
    status: str = Field(default="draft", max_length=16)
    step: str = Field(default="draft", max_length=40)
    revision: int = 0
    due_at: datetime | None = maybe_instant()
    first_signed_at: datetime | None = maybe_instant()
    """Arrival of the request that led to the author's first signature: what the deadline is held against."""
    approved_at: datetime | None = maybe_instant()
    archived_at: datetime | None = maybe_instant()
    keep_until: datetime | None = maybe_instant()
    number: str | None = Field(default=None, max_length=20)
    head_hash: str = Field(default="", max_length=64)
    blob: str | None = maybe_blob_name()
    """The present PDF, with its signatures."""

    dispatched: int = 0
    """Version the worker has seen: `dispatched < version` is the outbox."""
    settled: bool = False
    """Nothing automatic is left: the sweep no longer looks."""
    run_id: str | None = Field(default=None, max_length=36)
    signing_until: datetime | None = maybe_instant()
    signing_by: str | None = None

    created_at: datetime = instant()
    updated_at: datetime = instant()


class OpenStep(SQLModel, table=True):
    """A step that waits for a person; the row *is* the waiting. One row for each audience.

    `audience` names a post, not a person, so that a change of posts moves the work:
    `account:<id>`, `group_head:<group>`, `group_deputy:<group>`, `role:<role>`. `place` counts them from 0:
    the first names the step, and it alone is handed on when its holder is away.
    """

    __tablename__ = "open_step"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        Index("ix_open_step_inbox", "school_id", "audience", "due_at"),
        Index("ix_open_step_due", "school_id", "due_at"),
    )
    document_id: str = Field(primary_key=True)
    step: str = Field(primary_key=True, max_length=40)
    audience: str = Field(primary_key=True, max_length=80)
    place: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    school_id: str
    type: str = Field(max_length=40)
    opened_seq: int
    opened_at: datetime = instant()
    due_at: datetime | None = maybe_instant()


class Revision(SQLModel, table=True):
    """What was frozen at a submit: fields and the unsigned PDF. Never changed; a later one supersedes it."""

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        Index("ix_revision_pdf", "pdf"),
        Index("ix_revision_final", "final"),
    )
    document_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    school_id: str
    fields: dict[str, Any] = json_field()
    title: str = Field(max_length=300)
    pdf: str = blob_name()
    final: str = blob_name()
    """The newest file of this revision."""
    pages: int
    parts: dict[str, int] = json_field()
    """First page (from 1) of each lesson, by its id."""
    boxes: dict[str, list[float]] = json_field()
    """Left, bottom, right, top in points of each signature and text field."""
    body: dict[str, Any] | None = Field(default=None, sa_type=JSON, nullable=True)
    """The uploaded file the pages come from: name, sha256, size, kind, pdf, pages, removed, warnings."""
    created_at: datetime = instant()


class Signature(SQLModel, table=True):
    """One signature in one revision: who, in which field, over which file, giving which file."""

    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        UniqueConstraint("document_id", "revision", "field"),
        Index("ix_signature_output", "output_blob"),
    )
    id: str = identifier()
    school_id: str
    document_id: str
    revision: int
    step: str = Field(max_length=40)
    field: str = Field(max_length=40)
    account_id: str = Field(foreign_key="account.id")
    authority: str = Field(default="", max_length=120, description="e.g. KT. HIỆU TRƯỞNG")
    certificate: str = Field(max_length=64, description="SHA-256 of the certificate")
    input_blob: str = blob_name()
    output_blob: str = blob_name()
    signed_at: datetime = instant()


class DocumentLink(SQLModel, table=True):
    """What a document has to do with an earlier one: it is `about` it (an addendum) or `replaces` it."""

    __tablename__ = "document_link"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "other_id"], ["document.school_id", "document.id"]),
        Index("ix_document_link_other", "other_id", "kind"),
    )
    document_id: str = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=8)
    other_id: str
    school_id: str


class DocumentImage(SQLModel, table=True):
    """A picture uploaded for a document's rich text."""

    __tablename__ = "document_image"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
    )
    document_id: str = Field(primary_key=True)
    sha256: str = blob_name(primary_key=True)
    school_id: str
    media_type: str = Field(max_length=40)


class DocumentSource(SQLModel, table=True):
    """An earlier record this one was begun from, or took lessons from; `revision` is the one that was copied.

    Authorship stays visible beside the record; `named`: in its text too, as its author wants.
    """

    __tablename__ = "document_source"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
        ForeignKeyConstraint(["school_id", "source_id"], ["document.school_id", "document.id"]),
    )
    document_id: str = Field(primary_key=True)
    source_id: str = Field(primary_key=True)
    school_id: str
    revision: int
    named: bool = False
    at: datetime = instant()


class Blob(SQLModel, table=True):
    """A file in the blob folder, named by its content."""

    sha256: str = blob_name(primary_key=True)
    size: int
    media_type: str = Field(max_length=80)
    created_at: datetime = instant()


class SeriesNumber(SQLModel, table=True):
    """A document number: reserved before the competent signature, used in its transaction (Decree 30, Đ15).

    `state`: reserved, used, void (with a reason): no number disappears.
    """

    __tablename__ = "series_number"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "document_id"], ["document.school_id", "document.id"]),
    )
    school_id: str = Field(primary_key=True)
    series: str = Field(primary_key=True, max_length=40)
    year: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    document_id: str = Field(index=True)
    state: str = Field(default="reserved", max_length=8)
    reason: str = Field(default="", max_length=200)
    at: datetime = instant()
