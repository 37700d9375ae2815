"""The embedded certificate authority, and who may sign with which certificate.

Root -> issuing authority -> personal, seal and time-stamp certificates, with revocation lists of both.
It is a *development* authority: it has no legal force, its names and its policy say so, and every page
that shows its signatures must say so too. A school that bought certificates uses those instead; then
only `Trust` and `refuse_unless_usable` of this file are in use.

P-256 throughout: a signature with four visible steps costs 303 ms against 332 ms with RSA-2048 and its
files are smaller (docs/decisions/0003-signatures.md). Private keys leave here as unencrypted DER;
`tasks/keys.py` protects them before anything stores them. No database, no files, no clock of its own.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from models.errors import RecordsError
from models.settings import VIETNAM
from models.text import Text

LABEL = "DEVELOPMENT, no legal force"
POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1.30")
"""A policy of the number set aside for examples (RFC 5612): nobody else's policy can be meant."""

_SKEW = timedelta(minutes=5)
_YEAR = timedelta(days=365)
ROOT_LIFE, ISSUING_LIFE = 20 * _YEAR, 15 * _YEAR
_LIST_LIFE = 10 * _YEAR
"""Revocation lists are embedded in each signature and must outlive it: no server gives them out."""


class Purpose(StrEnum):
    """What an issued certificate is for; decides its key usage and its life."""

    PERSONAL = "personal"
    SEAL = "seal"
    TIMESTAMP = "timestamp"


_LIFE = {Purpose.PERSONAL: 3 * _YEAR, Purpose.SEAL: 3 * _YEAR, Purpose.TIMESTAMP: 10 * _YEAR}


class BadCertificate(RecordsError):
    """The certificate may not sign this, now; nothing was written."""

    code = "bad-certificate"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate names: full name, organisation, and the account's id as serialNumber."""

    name: str
    organization: str
    id: str


@dataclass(frozen=True, slots=True)
class Authority:
    """Both authorities: certificates and the root's list as DER, keys as unencrypted PKCS#8 DER."""

    root: bytes
    root_key: bytes = field(repr=False)
    root_crl: bytes
    issuing: bytes
    issuing_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trust:
    """What signatures are checked against: roots, the authorities between, and revocation lists, all DER."""

    roots: tuple[bytes, ...] = field(repr=False)
    intermediates: tuple[bytes, ...] = field(repr=False)
    crls: tuple[bytes, ...] = field(repr=False)

    def joined(self, other: Trust) -> Trust:
        """Trust in all that this or the other one trusts."""
        return Trust(
            self.roots + other.roots, self.intermediates + other.intermediates, self.crls + other.crls
        )


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry of a revocation list: a certificate's serial number and when it ceased to be good."""

    serial: int
    at: datetime


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def private_der(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS#8 DER without protection; give it to `tasks.keys` at once."""
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of the DER form, hexadecimal: how a certificate is named in our tables."""
    return load(certificate).fingerprint(hashes.SHA256()).hex()


@functools.lru_cache(maxsize=512)
def load(certificate: bytes) -> x509.Certificate:
    """A DER certificate, parsed once."""
    return x509.load_der_x509_certificate(certificate)


@functools.lru_cache(maxsize=64)
def _load_crl(der: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(der)


def nth(name: str, generation: int) -> str:
    """What a generation's part is called: no two generations may share a name, lists are found by it."""
    return name if generation == 1 else f"{name} {generation}"


def make_authority(now: datetime, name: str, generation: int = 1) -> Authority:
    """A new root and issuing authority of the organisation `name`, valid 20 and 15 years from `now`."""
    root_key, issuing_key = new_key(), new_key()
    root_name = _name(f"{nth('Hồ Sơ Số Root', generation)} ({LABEL})", name)
    root = _authority(root_name, root_name, root_key.public_key(), root_key, now, ROOT_LIFE, depth=1)
    issuing = _authority(
        _name(f"{nth('Hồ Sơ Số CA', generation)} ({LABEL})", name),
        root_name,
        issuing_key.public_key(),
        root_key,
        now,
        ISSUING_LIFE,
        depth=0,
    )
    return Authority(
        root=_der(root),
        root_key=private_der(root_key),
        root_crl=revocation_list(_der(root), private_der(root_key), (), now, 1),
        issuing=_der(issuing),
        issuing_key=private_der(issuing_key),
    )


def issue(
    authority: Authority,
    subject: Subject,
    purpose: Purpose,
    public_key: CertificatePublicKeyTypes,
    now: datetime,
) -> bytes:
    """A certificate (DER) for `public_key`, valid from `now` for the life of its purpose.

    Personal and seal: digitalSignature + nonRepudiation, as PAdES wants of a signer. Time-stamping:
    digitalSignature and the critical, only extended usage timeStamping (RFC 3161, 2.3).
    """
    signer_key = _private(authority.issuing_key)
    issuer = load(authority.issuing)
    builder = _builder(_name(subject.name, subject.organization, subject.id), issuer.subject, public_key, now)
    builder = (
        builder.not_valid_after(min(now + _LIFE[purpose], issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(nonrepudiation=purpose is not Purpose.TIMESTAMP), critical=True)
        .add_extension(_key_identifier(signer_key), critical=False)
    )
    if purpose is Purpose.TIMESTAMP:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return _der(builder.sign(signer_key, hashes.SHA256()))


def crl(authority: Authority, revoked: Iterable[Revoked], now: datetime, number: int) -> bytes:
    """The issuing authority's revocation list (DER); `number` grows with every list."""
    return revocation_list(authority.issuing, authority.issuing_key, revoked, now, number)


def revocation_list(
    issuer: bytes, issuer_key: bytes, revoked: Iterable[Revoked], now: datetime, number: int
) -> bytes:
    """The list (DER) of what the authority with this certificate and key (both DER) has revoked."""
    key = _private(issuer_key)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(load(issuer).subject)
        .last_update(now.astimezone(UTC) - _SKEW)
        .next_update(now.astimezone(UTC) + _LIST_LIFE)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_key_identifier(key), critical=False)
    )
    for entry in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(entry.serial)
            .revocation_date(entry.at.astimezone(UTC))
            .build()
        )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def trust(authority: Authority, issuing_crl: bytes) -> Trust:
    """Trust in this authority with its latest revocation list."""
    return Trust((authority.root,), (authority.issuing,), (authority.root_crl, issuing_crl))


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
            raise BadCertificate(_NOT_YET.format(at=_when(link.not_valid_before_utc)))
        if now > link.not_valid_after_utc:
            raise BadCertificate(_EXPIRED.format(at=_when(link.not_valid_after_utc)))
    revoked_at = _revoked_at(chain, trusted, now)
    if revoked_at is not None:
        raise BadCertificate(_REVOKED.format(at=_when(revoked_at)))


_WRONG_PERSON = Text(
    "Chứng thư số này không phải của người đang ký. Liên hệ quản trị hệ thống để được cấp lại chứng thư.",
    "This certificate does not belong to the person signing. Ask the administrator to issue it again.",
)
_UNKNOWN_ISSUER = Text(
    "Chứng thư số do đơn vị chưa được hệ thống tin cậy cấp. Liên hệ quản trị hệ thống.",
    "The certificate comes from an issuer this system does not trust. Ask the administrator.",
)
_EXPIRED = Text(
    "Chứng thư số đã hết hạn lúc {at}. Đề nghị quản trị hệ thống cấp chứng thư mới rồi ký lại.",
    "The certificate expired at {at}. Ask the administrator for a new one, then sign again.",
)
_NOT_YET = Text(
    "Chứng thư số chỉ có hiệu lực từ {at}. Kiểm tra đồng hồ máy chủ hoặc ký sau thời điểm đó.",
    "The certificate is valid only from {at}. Check the server's clock or sign after that time.",
)
_REVOKED = Text(
    "Chứng thư số đã bị thu hồi lúc {at}, không ký được nữa. Đề nghị quản trị hệ thống cấp chứng thư mới.",
    "The certificate was revoked at {at} and can no longer sign. Ask the administrator for a new one.",
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


def _when(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%H:%M %d/%m/%Y")


def _private(der: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(der, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("The embedded authority's keys are P-256.")
    return key


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def _name(common: str, organization: str, identifier: str = "") -> x509.Name:
    """X.520 allows 64 characters for each; a longer school name is cut, never refused."""
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
    ]
    if identifier:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, identifier))
    return x509.Name(attributes)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: CertificatePublicKeyTypes, now: datetime
) -> x509.CertificateBuilder:
    notice = x509.UserNotice(notice_reference=None, explicit_text=LABEL)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - _SKEW)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.CertificatePolicies([x509.PolicyInformation(POLICY, [notice])]), critical=False)
    )


def _authority(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    life: timedelta,
    depth: int,
) -> x509.Certificate:
    builder = (
        _builder(subject, issuer, public_key, now)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(_key_identifier(issuer_key), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(*, nonrepudiation: bool = False, authority: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=nonrepudiation,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _key_identifier(issuer_key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
