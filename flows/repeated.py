"""Was this very decision made already? A lost answer on a bad network, or a second click."""

from __future__ import annotations

from sqlmodel import Session

from flows.commands import Command, Decided, Here
from flows.grammar import DocumentType, Parallel
from models.document import Document
from models.event import Event


def repeated(session: Session, here: Here, command: Command) -> Decided | None:
    """The stored result, when this very decision was already made."""
    if here.document.version <= command.version:
        return None
    for seq in range(command.version + 1, here.document.version + 1):
        event = session.get(Event, (command.document_id, seq))
        if event is None:
            return None
        if (event.actor_id, event.action) == (command.actor.id, command.action):
            return result(here.document, repeated=True)
        if not _at_group(here.declared, event.step):
            return None
    return None


def _at_group(declared: DocumentType, step: str) -> bool:
    """Is this a part of a group? What was decided there on one version follows within the next few."""
    return any(isinstance(s, Parallel) and step in {part.name for part in s.parts} for s in declared.steps)


def result(document: Document, *, repeated: bool = False) -> Decided:
    return Decided(document.id, document.version, document.status, document.step, document.revision, repeated)
