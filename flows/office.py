"""The effects a decision needs, in one value: database, files, pools, clock. Made once a process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flows.leases import holder_name
from flows.wake import poker
from models.db import Database
from models.settings import Settings
from tasks.blobs import BlobStore
from tasks.keys import Secret
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.signing_child import Setting


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


def open_office(settings: Settings, kind: str, *, renderers: int = 0, signers: int = 0) -> Office:
    """The effects of a process of this kind; without people signing (worker, commands) it needs no children.

    Close it with `close_office`.
    """
    db = Database(settings.database)
    return Office(
        settings=settings,
        db=db,
        blobs=BlobStore(settings.blobs),
        intake=IntakePool(renderers),
        signers=SignersPool(signers, _signing(settings)),
        name=holder_name(kind),
        poke=poker(settings, db),
    )


def _signing(settings: Settings) -> Setting:
    return Setting(
        settings.master_key, settings.timestamp_url, settings.tsa_user, Secret(settings.tsa_password)
    )


def close_office(office: Office) -> None:
    """End the children and close the connections."""
    office.signers.close()
    office.intake.close()
    office.db.dispose()
