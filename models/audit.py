"""The daily Merkle roots over all event chains, the time-stamps on them, and what audits found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from models.appending import guard
from models.columns import identifier, instant, json_field

STAMP = "stamp"
"""In the place of a document's id: the leaf of a time-stamp."""


class AuditRoot(SQLModel, table=True):
    """One link of the chain of roots, for all schools of a deployment; numbered from 1 without gaps.

    `root` is the Merkle root of the heads that changed since the root before, and of the time-stamps that
    came since; empty when there is neither. `hash` covers all other columns, `previous` is the hash of the
    root before (`flows/merkle.py`).
    """

    __tablename__ = "audit_root"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant()
    root: str = Field(max_length=64)
    leaves: int
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64, unique=True)


class AuditLeaf(SQLModel, table=True):
    """The head of one document's event chain, as a root committed to it: after event `seq` it was `head`.

    It names the document without a foreign key: it is to tell that a document is gone. Of the time-stamp on
    an earlier root (`document_id` is `STAMP`) `seq` is that root's number, `head` the SHA-256 of the token.
    Of the entries of a table's rows (`kept:…`, `models.kept.KeptRow`) `seq` is how many there are.
    """

    __tablename__ = "audit_leaf"
    __table_args__ = (
        ForeignKeyConstraint(["root_number"], ["audit_root.number"]),
        Index("ix_audit_leaf_document", "document_id", "head"),
    )
    root_number: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    document_id: str = Field(max_length=36)
    seq: int
    head: str = Field(max_length=64)


class AuditStamp(SQLModel, table=True):
    """The RFC 3161 time-stamp on the hash of a root; it may come later than the root, never change."""

    __tablename__ = "audit_stamp"
    __table_args__ = (ForeignKeyConstraint(["root_number"], ["audit_root.number"]),)
    root_number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = instant()
    """The time the token proves."""
    tsa: str = Field(max_length=200)
    token: bytes


class AuditRun(SQLModel, table=True):
    """One look through everything: when, how much of it, what did not hold.

    `findings`: how many; `first`: the first of them in words of both languages (`vi`, `en`) with the
    document's id. `counts` says what was looked at.
    """

    __tablename__ = "audit_run"
    __table_args__ = (Index("ix_audit_run_finished", "finished_at"),)
    id: str = identifier()
    started_at: datetime = instant()
    finished_at: datetime = instant()
    signatures: bool
    """Were the signatures of the archived files validated too?"""
    findings: int
    first: dict[str, Any] = json_field()
    counts: dict[str, Any] = json_field()
    root_number: int
    """The newest root it saw; 0 before the first."""
    root_hash: str = Field(max_length=64)


ROOTS_STAY = guard("audit_root", "audit_leaf", "audit_stamp")
"""What makes the database itself refuse to change or delete them; migrations run the same words."""
