"""Keys and certificates of the embedded authority and of the people."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.columns import identifier, instant, maybe_instant
from models.kept import entered


class SigningKey(SQLModel, table=True):
    """A person's key (`purpose` "person") or the organisation's seal ("seal", used by its clerk).

    `protected` opens with the holder's PIN and the installation's master key together; it is emptied when the
    certificate is revoked or replaced, the row stays: it is the person's history.
    """

    __tablename__ = "signing_key"
    __table_args__ = (
        ForeignKeyConstraint(["school_id", "account_id"], ["account.school_id", "account.id"]),
        Index("ix_signing_key_holder", "account_id", "purpose", "revoked_at"),
        Index("ix_signing_key_expiry", "revoked_at", "expires_at"),
        Index("ix_signing_key_serial", "serial"),
    )
    id: str = identifier()
    school_id: str
    account_id: str
    purpose: str = Field(max_length=8)
    certificate: bytes
    fingerprint: str = Field(max_length=64)
    serial: str = Field(default="", max_length=40, description="of the certificate, hexadecimal")
    protected: bytes
    failures: int = 0
    locked_until: datetime | None = maybe_instant()
    created_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = maybe_instant()
    """When a signature of it last became part of a record."""
    revoked_at: datetime | None = maybe_instant()
    """Since when it signs no more: revoked, or (after it had expired) replaced."""
    reason: str = Field(default="", max_length=24, description="of RFC 5280 §5.3.1; empty: none is known")


entered(SigningKey, "protected", "failures", "locked_until", "used_at")


class AuthorityPart(SQLModel, table=True):
    """A certificate of the embedded authority, with its key under the master key.

    `part`: root, issuing, tsa, of a `generation` counted from 1; no row ever goes. The revocation list of a
    part stands beside it. `protected` is empty once the certificate has ended: its key is destroyed.
    """

    __tablename__ = "authority_part"
    part: str = Field(primary_key=True, max_length=8)
    generation: int = Field(default=1, primary_key=True, sa_column_kwargs={"server_default": "1"})
    certificate: bytes
    protected: bytes
    crl: bytes = b""
    created_at: datetime = instant()


class PublishedList(SQLModel, table=True):
    """A revocation list as it is given out: of short life, so that whoever fetched one comes again.

    The one beside `AuthorityPart` is embedded in signatures and lives for years.
    """

    __tablename__ = "published_list"
    __table_args__ = (
        ForeignKeyConstraint(["part", "generation"], ["authority_part.part", "authority_part.generation"]),
    )
    part: str = Field(primary_key=True, max_length=8)
    generation: int = Field(primary_key=True)
    crl: bytes
    made_at: datetime = instant()
