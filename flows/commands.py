"""The values a decision is made of: the command, what it finds, what was made for it, its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flows.grammar import DocumentType
from flows.people import Actor, Subject
from flows.plan import Position
from models.document import Document
from tasks.keys import Secret

LONGEST_NOTE = 4000
"""Characters of a comment, on a record or on one lesson."""
LONGEST_STATEMENT, LONGEST_REASONS, LONGEST_REFUSAL = 1_500, 1_000, 500
"""Characters of what is printed in its frame on the page; so many fit there in legible letters."""


@dataclass(frozen=True, slots=True)
class Command:
    """One person's decision: on which document, at which version, arrived when."""

    document_id: str
    action: str
    version: int
    actor: Actor
    arrived: datetime
    pin: Secret | None = field(default=None, repr=False)
    note: str = field(default="", repr=False)
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Comments on single lessons, by lesson id."""
    witness: str = ""
    """The account that witnessed a refusal."""


@dataclass(frozen=True, slots=True)
class Here:
    """A document as a decision finds it; the row is detached, changing it changes nothing."""

    document: Document
    declared: DocumentType
    position: Position
    subject: Subject
    last_seq: int
    """Of the events the position was made from; differs from the version when a decision came in between."""
    opened_at: datetime | None = None
    """Since when the station is open, where whom it is about may answer; None elsewhere."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made before a decision is written: files by their hash, and the rows that describe them."""

    input_blob: str | None = None
    output_blob: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    content_version: int = 0
    frozen: Mapping[str, Any] | None = None
    """Columns of the revision a submit froze."""
    signature: Mapping[str, Any] | None = None
    """Columns of the signature that was made."""
    number: str | None = None
    leased: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What is now true. `repeated`: this very decision stood already, its result is given again."""

    document_id: str
    version: int
    status: str
    step: str
    revision: int
    repeated: bool = False
