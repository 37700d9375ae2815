"""An office for processes nobody signs in: worker, command line. Its pools have no children."""

from __future__ import annotations

from flows.leases import holder_name
from flows.office import Office
from flows.wake import poker
from models.db import Database
from models.settings import Settings
from tasks.blobs import BlobStore
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.signing_child import Setting


def open_back_office(settings: Settings, kind: str) -> Office:
    """Database, files and the poke; what would sign or lay out is empty. Close with `close_back_office`."""
    db = Database(settings.database)
    return Office(
        settings=settings,
        db=db,
        blobs=BlobStore(settings.blobs),
        intake=IntakePool(0),
        signers=SignersPool(0, Setting(settings.master_key, settings.timestamp_url)),
        name=holder_name(kind),
        poke=poker(settings, db),
    )


def close_back_office(office: Office) -> None:
    """Close the connections."""
    office.signers.close()
    office.intake.close()
    office.db.dispose()
