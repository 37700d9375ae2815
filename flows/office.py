"""The effects a decision needs, in one value: database, files, pools, clock. Made once a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from models.db import Database
from models.settings import Settings
from tasks.blobs import BlobStore
from tasks.pools import IntakePool
from tasks.signers import SignersPool


def utc_now() -> datetime:
    return datetime.now(UTC)


def _silence() -> None:
    """Nobody to wake: the worker's poll finds the decision."""


@dataclass(slots=True)
class Office:
    """`poke` wakes the worker after a commit; it must never raise nor wait. `name`: this process's own."""

    settings: Settings
    db: Database
    blobs: BlobStore
    intake: IntakePool
    signers: SignersPool
    name: str = "office"
    now: Callable[[], datetime] = utc_now
    poke: Callable[[], None] = field(default=_silence)
