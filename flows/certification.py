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
from flows.lost_keys import lost_since
from models.algorithms import DIGESTS, digest_for, ends_of
from models.db import Database
from models.errors import Unavailable
from models.key import AuthorityPart, PublishedList, SigningKey
from models.settings import Settings
from models.statements import ask
from models.text import Text
from tasks import certificates, keys, revocation_lists
from tasks.certificate_parts import digest_of
from tasks.certificates import Authority, Purpose, Revoked, Trust
from tasks.keys import Secret
from tasks.stamp_servers import servers_of
from tasks.timestamping import TimeStampAuthority

ORGANISATION = "Hồ Sơ Số"
MARGIN = timedelta(days=60)
"""So long before it must, a generation is made: a job that fails is tried every day."""
LIST_AGE = timedelta(days=365)
"""A list is renewed when it is so old. Files embed it: it must outlive their next archive timestamp."""
PUBLISHED_LIFE, PUBLISHED_AGE = timedelta(days=7), timedelta(days=1)
"""The list given out is good for a week and made anew every day: six days in which the job may fail."""


def ensure_authority(db: Database, settings: Settings, now: datetime) -> None:
    """Make the first generation once; another process doing the same at once is no harm."""
    with db.read() as session:
        if session.get(AuthorityPart, ("root", 1)) is not None:
            return
    _make_generation(db, settings, 1, now, digest_for(ends_of(settings.algorithm_ends), now))


def tend(db: Database, settings: Settings, now: datetime) -> int:
    """The daily care: a new generation and new lists in good time, ended keys destroyed; how many changes.

    A new generation is due before the root can no longer certify an issuing authority of full life: so
    personal and time-stamp certificates have their full life too, and each stamp proves for years. Likewise
    when a planned end of the hash it was made with comes near.
    """
    with db.read() as session:
        newest = next(iter(parts_of(session, "root")), None)
        if newest is None:
            return 0  # the first one is made at the first start
        root = certificates.load(newest.certificate)
    digest = digest_for(ends_of(settings.algorithm_ends), now)
    changed = 0
    if now >= root.not_valid_after_utc - certificates.ISSUING_LIFE - MARGIN or _outlives(
        digest, digest_of(root)
    ):
        changed += _make_generation(db, settings, newest.generation + 1, now, digest)
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


def publish_lists(db: Database, settings: Settings, now: datetime) -> int:
    """Make the lists given out anew, those a day old; how many. An ended authority keeps its last."""
    with db.write() as session:
        due = [
            part
            for part in _kept_keys(session)
            if part.crl and now >= _published_at(session, part) + PUBLISHED_AGE
        ]
        for part in due:
            _publish(session, settings, part, now)
    return len(due)


def _outlives(digest: str, other: str) -> bool:
    """Is this the stronger hash? It stands later in the list, which is chosen from once the others end."""
    return DIGESTS.index(digest) > DIGESTS.index(other)


def _make_generation(db: Database, settings: Settings, generation: int, now: datetime, digest: str) -> bool:
    made = certificates.make_authority(now, ORGANISATION, generation, settings.url, digest)
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
    """The newest issuing authority with its key, to certify; Unavailable before it is made."""
    return authority_of(session, settings, _part(session, "issuing"))


def authority_of(session: Session, settings: Settings, issuing: AuthorityPart) -> Authority:
    """An authority with its keys; the root's key is empty where the root has ended."""
    root = session.get_one(AuthorityPart, ("root", issuing.generation))
    return Authority(
        root=root.certificate,
        root_key=keys.unlock_service(root.protected, settings.master_key, "root"),
        root_crl=root.crl,
        issuing=issuing.certificate,
        issuing_key=keys.unlock_service(issuing.protected, settings.master_key, "issuing"),
        base=settings.url,
        generation=issuing.generation,
    )


def trust_of(session: Session) -> Trust:
    """What signatures are checked against: the certificates of all generations, with their latest lists."""
    parts = ask(session, _TRUSTED)
    roots, issuing = ([p for p in parts if p.part == name] for name in ("root", "issuing"))
    if not roots or not issuing:
        raise Unavailable(_NO_AUTHORITY)
    return Trust(
        tuple(part.certificate for part in roots),
        tuple(part.certificate for part in issuing),
        tuple(part.crl for part in (*roots, *issuing)),
    )


_TRUSTED = (
    select(AuthorityPart.part, AuthorityPart.certificate, AuthorityPart.crl)
    .where(col(AuthorityPart.part).in_(("root", "issuing")))
    .order_by(col(AuthorityPart.generation).desc())
)
"""Every signature asks for it."""


def trust_with_stamps(session: Session, settings: Settings) -> Trust:
    """The same, and where time-stamps come from elsewhere, the folder of trust anchors and fetched lists.

    It is for their authorities alone: whose certificate may sign a step stands in our rows and is compared.
    """
    return with_stamps(trust_of(session), settings)


def with_stamps(trust: Trust, settings: Settings) -> Trust:
    """Our own trust with theirs."""
    if not settings.tsa_url:
        return trust
    others = anchors.read(settings).trust
    fetched = revocation_lists.kept(settings.fetched_lists)
    return Trust(
        trust.roots + others.roots,
        trust.intermediates + others.intermediates,
        trust.crls + others.crls + fetched,
    )


def fetch_lists(db: Database, settings: Settings, now: datetime) -> tuple[int, list[str]]:
    """Fetch what is due of the lists of time-stamp authorities elsewhere: how many, which hosts failed."""
    if not settings.tsa_url:
        return 0, []
    with db.read() as session:
        trust = trust_with_stamps(session, settings)
    servers = servers_of(settings.tsa_url, settings.tsa_user, Secret(settings.tsa_password))
    return revocation_lists.fetch(servers, trust, settings.fetched_lists, now)


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
    """Both lists of a part anew: the one that signatures embed, and the one that is given out."""
    part.crl = _list(session, settings, part, now, certificates.LIST_LIFE)
    session.add(part)
    session.flush()
    _publish(session, settings, part, now)


def _publish(session: Session, settings: Settings, part: AuthorityPart, now: datetime) -> None:
    made = _list(session, settings, part, now, PUBLISHED_LIFE)
    session.merge(PublishedList(part=part.part, generation=part.generation, crl=made, made_at=now))
    session.flush()


def _list(session: Session, settings: Settings, part: AuthorityPart, now: datetime, life: timedelta) -> bytes:
    """A list of what this part has revoked, with a number that none before it had (RFC 5280 §5.2.3)."""
    return certificates.revocation_list(
        part.certificate,
        keys.unlock_service(part.protected, settings.master_key, part.part),
        _revoked(session, part) if part.part == "issuing" else (),
        now,
        max(_number(part.crl), _number(published_list(session, part))) + 1,
        life,
    )


def _number(crl: bytes) -> int:
    found = x509.load_der_x509_crl(crl).extensions.get_extension_for_class(x509.CRLNumber)
    return found.value.crl_number


def published_list(session: Session, part: AuthorityPart) -> bytes:
    """The list to give out; until the first daily care it is the one that signatures embed."""
    published = session.get(PublishedList, (part.part, part.generation))
    return published.crl if published else part.crl


def _published_at(session: Session, part: AuthorityPart) -> datetime:
    published = session.get(PublishedList, (part.part, part.generation))
    return published.made_at if published else part.created_at - PUBLISHED_AGE


def _revoked(session: Session, part: AuthorityPart) -> list[Revoked]:
    """The certificates this authority made that were revoked before they expired."""
    issuer = certificates.load(part.certificate).subject
    rows = session.exec(
        select(SigningKey).where(
            col(SigningKey.revoked_at).is_not(None),
            col(SigningKey.revoked_at) < col(SigningKey.expires_at),
        )
    ).all()
    lost = lost_since(session, rows)
    found = (row for row in rows if issued_by(row, issuer))
    return [entry for row in found if (entry := revoked_of(row, lost.get(row.id)))]


def issued_by(key: SigningKey, issuer: x509.Name) -> bool:
    """Did the authority of this name make the key's certificate?"""
    return certificates.load(key.certificate).issuer == issuer


def revoked_of(key: SigningKey, lost: datetime | None) -> Revoked | None:
    """How a list or an answer names this certificate; None: it was not revoked while it was valid.

    `lost`: since when its key may have been in other hands.
    """
    if key.revoked_at is None or key.revoked_at >= key.expires_at:
        return None
    reason = x509.ReasonFlags(key.reason) if key.reason else None
    return Revoked(certificates.load(key.certificate).serial_number, key.revoked_at, reason, lost)


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
