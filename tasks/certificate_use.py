"""Who may sign with which certificate: whose it is, how it leads to a trusted root, in force, not revoked.

Of the embedded authority and of any other that is trusted. No database, no clock of its own.
"""

from __future__ import annotations

import functools
import itertools
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from models.errors import RecordsError
from models.settings import VIETNAM
from models.text import Text
from tasks.certificate_parts import names_organization
from tasks.certificates import Trust, load


class BadCertificate(RecordsError):
    """The certificate may not sign this, now; nothing was written."""

    code = "bad-certificate"


@functools.lru_cache(maxsize=64)
def _load_crl(der: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(der)


def is_seal(certificate: bytes) -> bool:
    """Does it name the school itself, and not a person of it?"""
    return names_organization(load(certificate).subject)


def refuse_unless_usable(certificate: bytes, owner: str, trusted: Trust, now: datetime) -> None:
    """Raise BadCertificate unless it names `owner`, comes from `trusted`, is valid now and not revoked.

    Cheap (under a millisecond): it stands before every signature, full validation stands before the archive.
    """
    found = load(certificate)
    named = found.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
    if [attribute.value for attribute in named] != [owner]:
        raise BadCertificate(_WRONG_PERSON)
    chain = find_chain(certificate, trusted)
    if not chain:
        raise BadCertificate(_UNKNOWN_ISSUER)
    for link in chain:
        if now < link.not_valid_before_utc:
            raise BadCertificate(_NOT_YET.format(at=when(link.not_valid_before_utc)))
        if now > link.not_valid_after_utc:
            raise BadCertificate(_EXPIRED.format(at=when(link.not_valid_after_utc)))
    revoked_at = _revoked_at(chain, trusted, now)
    if revoked_at is not None:
        raise BadCertificate(REVOKED.format(at=when(revoked_at)))


_WRONG_PERSON = Text(
    "Chứng thư số này không phải của người đang ký nên chưa ký. Báo quản trị hệ thống kiểm tra.",
    "This certificate does not belong to the person signing; nothing was signed. Tell the administrator.",
)
_UNKNOWN_ISSUER = Text(
    "Chứng thư số do đơn vị chưa được hệ thống tin cậy cấp. Liên hệ quản trị hệ thống.",
    "The certificate comes from an issuer this system does not trust. Ask the administrator.",
)
_EXPIRED = Text(
    "Chứng thư số đã hết hạn lúc {at} nên chưa ký. Vào trang Tài khoản để gia hạn rồi ký lại.",
    "The certificate expired at {at}; nothing was signed. Renew it on the account page, then sign again.",
)
_NOT_YET = Text(
    "Chứng thư số chỉ có hiệu lực từ {at}. Kiểm tra đồng hồ máy chủ hoặc ký sau thời điểm đó.",
    "The certificate is valid only from {at}. Check the server's clock or sign after that time.",
)
REVOKED = Text(
    "Chứng thư số đã bị thu hồi lúc {at} nên chưa ký. Vào trang Tài khoản đặt mã PIN mới rồi ký lại.",
    "The certificate was revoked at {at}; nothing was signed. Set a new PIN on the account page, then sign.",
)


@functools.lru_cache(maxsize=512)
def find_chain(certificate: bytes, trusted: Trust) -> tuple[x509.Certificate, ...]:
    """Certificate and issuers up to a trusted root, each signature checked; empty when there is no such way.

    Says nothing of time and revocation, so the answer never changes and is kept.
    """
    roots = [load(der) for der in trusted.roots]
    chain = [load(certificate)]
    for _ in range(1 + len(trusted.intermediates)):
        for issuer in roots + [load(der) for der in trusted.intermediates]:
            if _issued_by(chain[-1], issuer):
                chain.append(issuer)
                break
        else:
            return ()
        if chain[-1] in roots:
            return tuple(chain)
    return ()


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _revoked_at(chain: tuple[x509.Certificate, ...], trusted: Trust, now: datetime) -> datetime | None:
    """When the first revoked certificate of the chain was revoked; every list's own signature is checked."""
    for certificate, issuer in itertools.pairwise(chain):
        public_key = issuer.public_key()
        if not isinstance(public_key, ec.EllipticCurvePublicKey):
            continue
        for listed in map(_load_crl, trusted.crls):
            if listed.issuer != issuer.subject or not listed.is_signature_valid(public_key):
                continue
            entry = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
            if entry is not None and entry.revocation_date_utc <= now:
                return entry.revocation_date_utc
    return None


def when(moment: datetime) -> str:
    """A moment as the sentences about certificates say it."""
    return moment.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")
