"""Is this certificate good? What the OCSP responder knows, and who answers for each issuing authority."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from flows.certification import (
    ORGANISATION,
    authority_of,
    issued_by,
    issuing_parts,
    parts_of,
    revoked_of,
)
from flows.lost_keys import lost_since
from models.db import Database
from models.key import AuthorityPart, SigningKey
from models.settings import Settings
from tasks import certificates, ocsp
from tasks.certificates import Purpose, Revoked, Subject
from tasks.ocsp import Query, Responder


class Responders:
    """The responders of this process: a key made here for each issuing authority, kept in memory alone.

    Their certificates live a week and cannot be revoked (RFC 6960 §4.2.2.2.1), so half their life is used.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, Responder] = {}

    def answer(self, db: Database, settings: Settings, body: bytes, now: datetime) -> bytes:
        """The answer to these bytes, whatever they are (RFC 6960 §2.3)."""
        try:
            query = ocsp.read(body)
        except ocsp.Unreadable:
            return ocsp.refusal("malformed_request")
        with db.read() as session:
            part = _asked(session, query)
            if part is None:
                return ocsp.refusal("unauthorized")  # of another authority, or one that has ended
            known = known_of(session, part, query.serials)
            responder = self._responder(session, settings, part, now)
        return ocsp.answer(query, responder, known, now)

    def _responder(
        self, session: Session, settings: Settings, part: AuthorityPart, now: datetime
    ) -> Responder:
        with self._lock:
            found = self._known.get(part.generation)
            if found is None or not _fresh(found, part, now):
                found = self._known[part.generation] = _made(session, settings, part, now)
            return found


def _fresh(responder: Responder, part: AuthorityPart, now: datetime) -> bool:
    own, issuer = certificates.load(responder.certificate), certificates.load(part.certificate)
    begun, end = own.not_valid_before_utc, own.not_valid_after_utc
    half = begun + (end - begun) / 2
    return begun <= now < (half if end < issuer.not_valid_after_utc else end)


def _made(session: Session, settings: Settings, part: AuthorityPart, now: datetime) -> Responder:
    key = certificates.new_key()
    named = Subject(certificates.nth("Hồ Sơ Số OCSP", part.generation), ORGANISATION, "ocsp")
    authority = authority_of(session, settings, part)
    return Responder(certificates.issue(authority, named, Purpose.RESPONDER, key.public_key(), now), key)


def _asked(session: Session, query: Query) -> AuthorityPart | None:
    """The authority all of a question is about, if it can still have somebody answer."""
    living = (part for part in issuing_parts(session) if part.protected)
    return next((part for part in living if query.concerns(part.certificate)), None)


def known_of(session: Session, part: AuthorityPart, serials: Iterable[int]) -> dict[int, Revoked | None]:
    """What is known of the certificates with these serial numbers that this authority made."""
    wanted = {f"{serial:x}" for serial in serials if serial > 0}
    issuer = certificates.load(part.certificate).subject
    rows = session.exec(select(SigningKey).where(col(SigningKey.serial).in_(wanted))).all()
    lost = lost_since(session, rows)
    ours = (row for row in rows if issued_by(row, issuer))
    known = {int(row.serial, 16): revoked_of(row, lost.get(row.id)) for row in ours}
    for stamp in parts_of(session, "tsa"):
        found = certificates.load(stamp.certificate)
        if found.issuer == issuer:
            known[found.serial_number] = None
    return known
