"""The database side of the embedded authority: its generations, their keys, their revocation lists.

A generation is a root, the issuing authority under it and a time-stamp certificate, made together. The newest
one certifies and stamps; an older one only goes on signing its own revocation lists until its end, and its
certificates stay trusted for ever, because what they certified is judged at the time it was signed.
Certificates are made in `tasks/certificates.py`; whose keys they certify is `flows/keyring.py`. No key is
made inside a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from flows import anchors
from models.db import Database
from models.errors import Unavailable
from models.key import AuthorityPart, SigningKey
from models.settings import Settings
from models.text import Text
from tasks import certificates, keys
from tasks.certificates import Authority, Purpose, Revoked, Trust
from tasks.timestamping import TimeStampAuthority

ORGANISATION = "Hồ Sơ Số"
MARGIN = timedelta(days=60)
"""So long before it must, a generation is made: a job that fails is tried every day."""
LIST_AGE = timedelta(days=365)
"""A list is renewed when it is so old. Files embed it: it must outlive their next archive timestamp."""


def ensure_authority(db: Database, settings: Settings, now: datetime) -> None:
    """Make the first generation once; another process doing the same at once is no harm."""
    with db.read() as session:
        if session.get(AuthorityPart, ("root", 1)) is not None:
            return
    _make_generation(db, settings, 1, now)


def tend(db: Database, settings: Settings, now: datetime) -> int:
    """The daily care: a new generation and new lists in good time, ended keys destroyed; how many changes.

    A new generation is due before the root can no longer certify an issuing authority of full life: so
    personal and time-stamp certificates have their full life too, and each stamp proves for years.
    """
    with db.read() as session:
        newest = next(iter(parts_of(session, "root")), None)
        if newest is None:
            return 0  # the first one is made at the first start
        root = certificates.load(newest.certificate)
    changed = 0
    if now >= root.not_valid_after_utc - certificates.ISSUING_LIFE - MARGIN:
        changed += _make_generation(db, settings, newest.generation + 1, now)
    with db.write() as session:
        for part in _kept_keys(session):
            if now > certificates.load(part.certificate).not_valid_after_utc:
                # It can certify nothing any more, and nobody is to sign lists of the past with it.
                part.protected = b""
                changed += 1
            elif part.crl and now >= x509.load_der_x509_crl(part.crl).last_update_utc + LIST_AGE:
                _sign_list(session, settings, part, now)
                changed += 1
    return changed


def _make_generation(db: Database, settings: Settings, generation: int, now: datetime) -> bool:
    made = certificates.make_authority(now, ORGANISATION, generation)
    stamp_key = certificates.new_key()
    named = certificates.Subject(certificates.nth("Hồ Sơ Số TSA", generation), ORGANISATION, "tsa")
    stamp = certificates.issue(made, named, Purpose.TIMESTAMP, stamp_key.public_key(), now)
    parts = (
        ("root", made.root, made.root_key, made.root_crl),
        ("issuing", made.issuing, made.issuing_key, certificates.crl(made, (), now, 1)),
        ("tsa", stamp, certificates.private_der(stamp_key), b""),
    )
    rows = [
        AuthorityPart(
            part=part,
            generation=generation,
            certificate=certificate,
            protected=keys.protect_service(key, settings.master_key, part),
            crl=crl,
            created_at=now,
        )
        for part, certificate, key, crl in parts
    ]
    try:
        with db.write() as session:
            if session.get(AuthorityPart, ("root", generation)) is not None:
                return False
            session.add_all(rows)
    except IntegrityError:
        return False  # the other process's generation stands
    return True


def open_authority(session: Session, settings: Settings) -> Authority:
    """The newest root and issuing authority with their keys, to certify; Unavailable before they are made."""
    root, issuing = _part(session, "root"), _part(session, "issuing")
    return Authority(
        root=root.certificate,
        root_key=keys.unlock_service(root.protected, settings.master_key, "root"),
        root_crl=root.crl,
        issuing=issuing.certificate,
        issuing_key=keys.unlock_service(issuing.protected, settings.master_key, "issuing"),
    )


def trust_of(session: Session) -> Trust:
    """What signatures are checked against: the certificates of all generations, with their latest lists."""
    roots, issuing = parts_of(session, "root"), issuing_parts(session)
    if not roots or not issuing:
        raise Unavailable(_NO_AUTHORITY)
    return Trust(
        tuple(part.certificate for part in roots),
        tuple(part.certificate for part in issuing),
        tuple(part.crl for part in (*roots, *issuing)),
    )


def trust_with_stamps(session: Session, settings: Settings) -> Trust:
    """The same, and where time-stamps come from elsewhere, what the folder of trust anchors holds.

    It is for their authorities alone: whose certificate may sign a step stands in our rows and is compared.
    """
    trust = trust_of(session)
    return trust.joined(anchors.read(settings).trust) if settings.tsa_url else trust


def open_timestamping(session: Session, settings: Settings) -> TimeStampAuthority:
    """The newest time-stamp authority, ready to answer."""
    part, issuing = _part(session, "tsa"), _part(session, "issuing")
    key = keys.load_service(part.protected, settings.master_key, "tsa")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return TimeStampAuthority(key, part.certificate, (issuing.certificate,))


def parts_of(session: Session, name: str) -> Sequence[AuthorityPart]:
    """The part of every generation, the newest first; none before the authority is made."""
    return session.exec(
        select(AuthorityPart)
        .where(col(AuthorityPart.part) == name)
        .order_by(col(AuthorityPart.generation).desc())
    ).all()


def issuing_parts(session: Session) -> Sequence[AuthorityPart]:
    """The issuing authority of every generation, the newest first."""
    return parts_of(session, "issuing")


def part_that_issued(session: Session, certificate: bytes) -> AuthorityPart | None:
    """The issuing authority that made this certificate: each generation has a name of its own."""
    issuer = certificates.load(certificate).issuer
    found = (part for part in issuing_parts(session) if certificates.load(part.certificate).subject == issuer)
    return next(found, None)


def renew_list(session: Session, settings: Settings, generation: int, now: datetime) -> None:
    """A new revocation list of one issuing authority, from the keys in the database; one after the other.

    An authority that has ended signs none any more: its certificates have all ended before it.
    """
    part = session.get(AuthorityPart, ("issuing", generation), with_for_update=True)
    if part is None:
        raise Unavailable(_NO_AUTHORITY)
    if part.protected:
        _sign_list(session, settings, part, now)


def _sign_list(session: Session, settings: Settings, part: AuthorityPart, now: datetime) -> None:
    number = x509.load_der_x509_crl(part.crl).extensions.get_extension_for_class(x509.CRLNumber).value
    part.crl = certificates.revocation_list(
        part.certificate,
        keys.unlock_service(part.protected, settings.master_key, part.part),
        _revoked(session, part) if part.part == "issuing" else (),
        now,
        number.crl_number + 1,
    )
    session.add(part)


def _revoked(session: Session, part: AuthorityPart) -> list[Revoked]:
    """The revoked certificates this authority made."""
    name = certificates.load(part.certificate).subject
    rows = session.exec(
        select(SigningKey.certificate, SigningKey.revoked_at).where(col(SigningKey.revoked_at).is_not(None))
    ).all()
    made = ((certificates.load(certificate), at) for certificate, at in rows)
    return [Revoked(c.serial_number, at) for c, at in made if at is not None and c.issuer == name]


def _kept_keys(session: Session) -> Sequence[AuthorityPart]:
    return session.exec(
        select(AuthorityPart)
        .where(col(AuthorityPart.protected) != b"")
        .order_by(col(AuthorityPart.generation), col(AuthorityPart.part))
        .with_for_update()
    ).all()


def _part(session: Session, name: str) -> AuthorityPart:
    part = next(iter(parts_of(session, name)), None)
    if part is None:
        raise Unavailable(_NO_AUTHORITY)
    return part


_NO_AUTHORITY = Text(
    "Nơi cấp chứng thư của hệ thống chưa được tạo. Báo quản trị khởi động lại hệ thống.",
    "The system's certificate authority is not made yet. Ask the administrator to restart the system.",
)
