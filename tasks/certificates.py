"""The embedded certificate authority.

Root -> issuing authority -> personal, seal and time-stamp certificates, with revocation lists of both.
It is a *development* authority: it has no legal force, its names and its policy say so, and every page
that shows its signatures must say so too. A school that bought certificates uses those instead; then
only `Trust` of this file is in use, and `tasks/certificate_use.py`, which asks who may sign with what.

P-256 throughout: quicker and smaller than RSA (docs/decisions/0003-signatures.md). Private keys leave here as
unencrypted DER; `tasks/keys.py` protects them before anything stores them. No database, no clock of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from tasks.certificate_parts import HASHES, Place, hash_of, key_identifier, usage
from tasks.certificate_parts import name as name_of

LABEL = "DEVELOPMENT, no legal force"
POLICY = x509.ObjectIdentifier("1.3.6.1.4.1.32473.1.30")
"""A policy of the number set aside for examples (RFC 5612): nobody else's policy can be meant."""

_SKEW = timedelta(minutes=5)
_YEAR = timedelta(days=365)
ROOT_LIFE, ISSUING_LIFE = 20 * _YEAR, 15 * _YEAR
LIST_LIFE = 10 * _YEAR
"""Revocation lists are embedded in each signature and must outlive it, wherever the file is read."""


class Purpose(StrEnum):
    """What an issued certificate is for; decides its key usage and its life."""

    PERSONAL = "personal"
    SEAL = "seal"
    TIMESTAMP = "timestamp"
    RESPONDER = "responder"
    """To answer for the authority whether a certificate is good (OCSP)."""


_LIFE = {
    Purpose.PERSONAL: 3 * _YEAR,
    Purpose.SEAL: 3 * _YEAR,
    Purpose.TIMESTAMP: 10 * _YEAR,
    Purpose.RESPONDER: timedelta(days=7),  # nobody asks whether it is revoked
}

_SIGNS = frozenset({Purpose.PERSONAL, Purpose.SEAL})


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
    base: str = ""
    """The public address certificates name for lists and answers; empty: they name none."""
    generation: int = 1


@dataclass(frozen=True, slots=True)
class Trust:
    """What signatures are checked against: roots, the authorities between, and revocation lists, all DER."""

    roots: tuple[bytes, ...] = field(repr=False)
    intermediates: tuple[bytes, ...] = field(repr=False)
    crls: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Revoked:
    """One entry of a revocation list: a certificate's serial number, when it ceased to be good, and why."""

    serial: int
    at: datetime
    reason: x509.ReasonFlags | None = None
    """None: nothing is said (RFC 5280 §5.3.1 wants no `unspecified`)."""
    lost: datetime | None = None
    """Since when the key may have been in other hands (RFC 5280 §5.3.2); None: nothing is known of that."""


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


def nth(name: str, generation: int) -> str:
    """What a generation's part is called: no two generations may share a name, lists are found by it."""
    return name if generation == 1 else f"{name} {generation}"


def make_authority(
    now: datetime, name: str, generation: int = 1, base: str = "", digest: str = "sha256"
) -> Authority:
    """A new root and issuing authority of the organisation `name`, valid 20 and 15 years from `now`.

    `base`: the public address certificates name for lists. `digest`: the hash under all they certify.
    """
    root_key, issuing_key = new_key(), new_key()
    root_name = name_of(f"{nth('Hồ Sơ Số Root', generation)} ({LABEL})", name)
    root = _authority(root_name, root_name, root_key.public_key(), root_key, now, ROOT_LIFE, 1, digest)
    issuing = _authority(
        name_of(f"{nth('Hồ Sơ Số CA', generation)} ({LABEL})", name),
        root_name,
        issuing_key.public_key(),
        root_key,
        now,
        ISSUING_LIFE,
        0,
        digest,
        more=Place(base, "root", generation).extensions(answers=False),
    )
    return Authority(
        root=_der(root),
        root_key=private_der(root_key),
        root_crl=revocation_list(_der(root), private_der(root_key), (), now, 1),
        issuing=_der(issuing),
        issuing_key=private_der(issuing_key),
        base=base,
        generation=generation,
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
    digitalSignature and the critical, only extended usage timeStamping (RFC 3161, 2.3). A responder:
    digitalSignature, OCSPSigning, and that nobody need ask about it (RFC 6960 §4.2.2.2.1).
    """
    signer_key = _private(authority.issuing_key)
    issuer = load(authority.issuing)
    named = name_of(subject.name, subject.organization, subject.id)
    builder = _builder(named, issuer.subject, public_key, now)
    builder = (
        builder.not_valid_after(min(now + _LIFE[purpose], issuer.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(nonrepudiation=purpose in _SIGNS), critical=True)
        .add_extension(key_identifier(signer_key), critical=False)
    )
    if purpose is Purpose.TIMESTAMP:
        only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(only, critical=True)
    if purpose is Purpose.RESPONDER:
        answers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
        builder = builder.add_extension(answers, critical=False)
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    else:
        for extension in Place(authority.base, "issuing", authority.generation).extensions(answers=True):
            builder = builder.add_extension(extension, critical=False)
    return _der(builder.sign(signer_key, hash_of(issuer)))


def crl(authority: Authority, revoked: Iterable[Revoked], now: datetime, number: int) -> bytes:
    """The issuing authority's revocation list (DER); `number` grows with every list."""
    return revocation_list(authority.issuing, authority.issuing_key, revoked, now, number)


def revocation_list(
    issuer: bytes,
    issuer_key: bytes,
    revoked: Iterable[Revoked],
    now: datetime,
    number: int,
    life: timedelta = LIST_LIFE,
) -> bytes:
    """The list (DER) of what the authority with this certificate and key (both DER) has revoked.

    What has expired stays on it: a signature is judged at its own time, by the newest list.
    """
    key = _private(issuer_key)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(load(issuer).subject)
        .last_update(now.astimezone(UTC) - _SKEW)
        .next_update(now.astimezone(UTC) + life)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(key_identifier(key), critical=False)
    )
    for entry in revoked:
        gone = (
            x509.RevokedCertificateBuilder()
            .serial_number(entry.serial)
            .revocation_date(entry.at.astimezone(UTC))
        )
        if entry.reason is not None:
            gone = gone.add_extension(x509.CRLReason(entry.reason), critical=False)
        if entry.lost is not None:
            since = x509.InvalidityDate(entry.lost.astimezone(UTC).replace(tzinfo=None))
            gone = gone.add_extension(since, critical=False)
        builder = builder.add_revoked_certificate(gone.build())
    return builder.sign(key, hash_of(load(issuer))).public_bytes(serialization.Encoding.DER)


def trust(authority: Authority, issuing_crl: bytes) -> Trust:
    """Trust in this authority with its latest revocation list."""
    return Trust((authority.root,), (authority.issuing,), (authority.root_crl, issuing_crl))


def _private(der: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(der, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "The embedded authority's keys are P-256."
    return key


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


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
    digest: str,
    more: Iterable[x509.ExtensionType] = (),
) -> x509.Certificate:
    builder = (
        _builder(subject, issuer, public_key, now)
        .not_valid_after(now + life)
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(usage(authority=True), critical=True)
        .add_extension(key_identifier(issuer_key), critical=False)
    )
    for extension in more:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, HASHES[digest])
