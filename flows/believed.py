"""All that signatures of others are judged by here: our own authority, and the folder of trust anchors."""

from __future__ import annotations

from sqlmodel import Session

from flows import anchors
from flows.certification import trust_of
from models.settings import Settings
from tasks.verdicts import Anchors


def anchors_of(session: Session, settings: Settings) -> Anchors:
    """Both with their classes. Unavailable before our own authority is made."""
    return Anchors.embedded(trust_of(session)).joined(anchors.read(settings).anchors)
