"""One document as an audit reads it, and what its events say must stand in the rows beside them. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from flows import plan
from flows.audit_findings import Finding, finding
from flows.grammar import DocumentType, Draft
from flows.plan import Position
from flows.reading import as_happened
from models.delegation import Substitution
from models.destruction import Destruction
from models.document import Document, DocumentLink, OpenStep, Revision, Signature
from models.event import Event, Remark
from models.retention import RetentionRule

WRITTEN = ("draft", "returned")
"""Where its author saves the draft, which no event tells of."""


@dataclass(slots=True)
class Record:
    """One document with everything that must fit its events.

    `destruction`: the row that says so, where a list that was archived ordered it.
    """

    document: Document
    events: list[Event] = field(default_factory=list)
    remarks: dict[int, Remark] = field(default_factory=dict)
    revisions: dict[int, Revision] = field(default_factory=dict)
    signatures: list[Signature] = field(default_factory=list)
    open: list[OpenStep] = field(default_factory=list)
    links: list[DocumentLink] = field(default_factory=list)
    substitutions: list[Substitution] = field(default_factory=list)
    with_file: bool = False
    destruction: Destruction | None = None
    rules: Sequence[RetentionRule] = ()
    """The school's own terms for this type, in the order they were set."""
    weeks: Set[str] = frozenset()
    """Ids of the school's teaching weeks."""

    def found(self, kind: str, seq: int = 0, **told: object) -> Finding:
        return finding(kind, self.document.id, self.document.type, seq, **told)

    @property
    def destroyed(self) -> bool:
        """Are its words and files gone? Whether they may be is looked at by `faults`."""
        return self.document.status == "destroyed"

    @property
    def expected(self) -> dict[str, str]:
        """The certificate that must have signed in each field of the present revision."""
        here = self.document.revision
        return {s.field: s.certificate for s in self.signatures if s.revision == here}


class Way:
    """What the rows beside the events must say, followed event by event."""

    def __init__(self, declared: DocumentType) -> None:
        self.declared = declared
        self.position = Position(step=declared.steps[0], status="draft", revision=0, opened_seq=0)
        self.blob: str | None = None
        self.submits: dict[int, Event] = {}
        self.finals: dict[int, str] = {}
        self.signed: dict[tuple[int, str], Event] = {}
        self.approved_at: datetime | None = None
        self.archived_at: datetime | None = None
        self.archived: Event | None = None
        self.destroyed_at: datetime | None = None
        self.number: str | None = None
        self.first_signature: Event | None = None
        self.written = True
        """May its author have saved it since the newest submit?"""

    def follow(self, event: Event) -> None:
        """One event further; Impossible where it does not follow."""
        self.position = plan.follow(
            self.declared,
            self.position,
            as_happened(event.seq, event.actor_id, event.step, event.action, event.revision, event.data),
        )
        if event.action == "submit":
            self.submits[event.revision], self.written = event, False
        self.written = self.written or self.position.status in WRITTEN
        if event.output_blob:
            self.blob = self.finals[event.revision] = event.output_blob
        if "certificate" in event.data:
            self.signed[event.revision, event.step] = event
        if event.action == "sign" and self.first_signature is None:
            self.first_signature = event
        if event.action == "return" and not isinstance(self.position.step, Draft):
            self._take_back()
        if self.position.status == "approved" and self.approved_at is None:
            self.approved_at = event.at
        if event.action == "archive":
            self.archived_at, self.archived = event.at, event
        if event.action == plan.DESTROY:
            self.destroyed_at = event.at
        self.number = event.data.get("number", self.number)

    def _take_back(self) -> None:
        """Of a return within the signing round: the signatures that no longer stand, the file before them."""
        here, kept = self.position.revision, self.position.signed
        self.signed = {key: e for key, e in self.signed.items() if key[0] != here or key[1] in kept}
        last = self.signed[here, kept[-1]] if kept else self.submits[here]
        self.blob = self.finals[here] = last.output_blob or ""
