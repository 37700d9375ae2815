"""The machine's step Archive, as three ledgered effects: validate, timestamp, archive.

Each reads what the one before it left in the ledger, so each may run again alone. The last hands over to
`flows.decide.settle`, the only writer. Plain synchronous functions; no Prefect.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from flows.catalogue import type_of
from flows.certification import trust_with_stamps
from flows.decide import settle
from flows.ledger import Key, perform
from flows.office import Office
from flows.plan import SYSTEM
from models.document import Document, Signature
from models.errors import NotFound
from models.event import Event
from models.settings import Settings
from models.text import Text
from tasks import archiving
from tasks.archiving import NotArchivable
from tasks.certificates import Trust
from tasks.keys import Secret
from tasks.stamp_servers import StampServers, servers_of

VALIDATE = Text("Kiểm tra chữ ký", "Validate signatures")
TIMESTAMP = Text("Lấy dấu thời gian lưu trữ", "Archive timestamp")
ARCHIVE = Text("Lưu trữ", "Archive")
NAMES = {"validate": VALIDATE, "timestamp": TIMESTAMP, "archive": ARCHIVE}
"""Steps as the ledger calls them, in their order, and in words for the runs page."""


@dataclass(frozen=True, slots=True)
class _Approved:
    """The approved file and what its signatures are held against."""

    school_id: str
    slug: str
    blob: str
    expected: dict[str, str]
    trust: Trust


def _approved(office: Office, document_id: str) -> _Approved:
    with office.db.read() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise NotFound
        rows = session.exec(
            select(Signature.field, Signature.certificate).where(
                col(Signature.document_id) == document_id, col(Signature.revision) == document.revision
            )
        ).all()
        return _Approved(
            document.school_id,
            document.type,
            _signed_blob(session, document),
            dict(rows),
            trust_with_stamps(session, office.settings),
        )


def _signed_blob(session: Session, document: Document) -> str:
    """The file the last person left: the newest blob an event of a person brought forth."""
    found = session.exec(
        select(Event.output_blob)
        .where(
            col(Event.document_id) == document.id,
            col(Event.actor_id) != SYSTEM,
            col(Event.output_blob).is_not(None),
        )
        .order_by(col(Event.seq).desc())
    ).first()
    return found or ""


def _ledgered(
    office: Office, document_id: str, opened_seq: int, step: str, effect: Callable[[_Approved], str]
) -> str:
    approved = _approved(office, document_id)
    key = Key(document_id, approved.school_id, opened_seq, step)
    return perform(office, key, lambda: effect(approved), final=(NotArchivable,))


def validate_signatures(office: Office, document_id: str, opened_seq: int) -> str:
    """The gate: the hash of the file whose every signature holds. Raises StepFailed."""

    def effect(approved: _Approved) -> str:
        pdf = office.blobs.get(approved.blob)
        archiving.validate(pdf, approved.trust, office.now(), approved.expected)
        return approved.blob

    return _ledgered(office, document_id, opened_seq, "validate", effect)


def archive_timestamp(office: Office, document_id: str, opened_seq: int, validated: str) -> str:
    """The hash of the validated file with its archive timestamp. Raises StepFailed."""

    def effect(approved: _Approved) -> str:
        pdf = office.blobs.get(validated)
        return office.blobs.put(
            archiving.timestamp(pdf, approved.trust, _stamps(office.settings), office.now())
        )

    return _ledgered(office, document_id, opened_seq, "timestamp", effect)


def archive(office: Office, document_id: str, opened_seq: int, stamped: str) -> str:
    """Settle the document with its final file and the end of its retention. Raises StepFailed."""

    def effect(approved: _Approved) -> str:
        now = office.now()
        settle(
            office,
            document_id,
            opened_seq,
            blob=stamped,
            keep_until=archiving.keep_until(now, type_of(approved.slug).archive.keep),
            data={"signatures": len(approved.expected), "level": "B-LTA"},
        )
        return stamped

    return _ledgered(office, document_id, opened_seq, "archive", effect)


def open_stamps(settings: Settings) -> StampServers:
    """Connections to the time-stamp authorities, for one thread; to be closed."""
    return StampServers(servers_of(settings.timestamp_url, settings.tsa_user, Secret(settings.tsa_password)))


def _stamps(settings: Settings) -> StampServers:
    """They are kept alive for each thread: pyHanko caches in them, unguarded."""
    known: dict[str, StampServers] = _threads.__dict__.setdefault("timestampers", {})
    urls = settings.timestamp_url
    if urls not in known:
        known[urls] = open_stamps(settings)
    return known[urls]


_threads = threading.local()
