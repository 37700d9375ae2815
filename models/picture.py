"""Pictures that stand in signatures: of a person's hand, of the school's seal. What was ever used stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.columns import blob_name, identifier, instant, maybe_instant

_HELD = text("until IS NULL")
_IN_FORCE = text("since IS NOT NULL AND until IS NULL")


class SignaturePicture(SQLModel, table=True):
    """How a person's signature looks from `since` until `until` (None: now). Set by its holder alone.

    `made`: "drawn" on a screen or "uploaded".
    """

    __tablename__ = "signature_picture"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        CheckConstraint("made IN ('drawn', 'uploaded')", name="ck_signature_picture_made"),
        Index(
            "ix_signature_picture_held",
            "account_id",
            unique=True,
            sqlite_where=_HELD,
            postgresql_where=_HELD,
        ),
    )
    id: str = identifier()
    school_id: str
    account_id: str = Field(index=True)
    picture: str = blob_name()
    made: str = Field(max_length=8)
    since: datetime = instant()
    until: datetime | None = maybe_instant()


class SealPicture(SQLModel, table=True):
    """How the school's seal looks, as large as the real one, from `since` (None: nobody has confirmed it)
    until `until` (None: now). Asked for as a `Change` "seal-picture" of the same school."""

    __tablename__ = "seal_picture"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "asked_by"], ["account.school_id", "account.id"]),
        CheckConstraint("diameter BETWEEN 200 AND 400", name="ck_seal_picture_diameter"),
        Index(
            "ix_seal_picture_held",
            "school_id",
            unique=True,
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
    )
    id: str = identifier()
    school_id: str = Field(foreign_key="school.id", index=True)
    picture: str = blob_name()
    diameter: int = Field(description="tenths of a millimetre, measured on the real seal")
    asked_by: str
    asked_at: datetime = instant()
    since: datetime | None = maybe_instant()
    until: datetime | None = maybe_instant()
