"""What one signature is worth by itself: its bytes, its certificate at the proven time, its time-stamp.

From what full validation saw (`verifying.examine`) to a standing and the one sentence that gives the reason.
"Not trusted" is told apart here: an issuer nobody knows and a revocation nobody can check are doubts
(`UNKNOWN`), a certificate that had ended or was revoked before is a fault (`BROKEN`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.errors import DisallowedAlgorithmError, SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import (
    PdfSignatureStatus,
    SignatureCoverageLevel,
    TimestampSignatureStatus,
)
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator.errors import PathError, ValidationError

from models.settings import VIETNAM
from models.text import Text
from tasks import verdict_words as words
from tasks.certificate_holders import named, of_machine
from tasks.certificates import load
from tasks.checking import MALFORMED
from tasks.plain_names import deceptive
from tasks.verdicts import Anchors, Asking, IssuerClass, SignatureVerdict, Standing
from tasks.verifying import Changes, Examined

_OLD_ALGORITHMS = {
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE,
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
}
_FAULTS = (*MALFORMED, InvalidSignature, UnsupportedAlgorithm)


async def judged(examined: Examined, anchors: Anchors, now: datetime) -> SignatureVerdict:
    """The verdict on one signature without its pages."""
    chain = await _chain(examined)
    standing, sentence = _bytes(examined)
    if standing is Standing.VALID:
        standing, sentence = _certificate(examined, chain)
    if standing is Standing.VALID:
        standing, sentence = _timestamp(examined)
    if standing is Standing.VALID and not examined.report.is_timestamp:
        standing, sentence = _holder(examined)
    if standing is Standing.VALID and examined.report.is_timestamp:
        sentence = words.TIMESTAMP_HOLDS
    lists = _lists(examined, anchors)
    lost = _lost(chain.links, lists)
    if standing is Standing.VALID and lost is not None and lost <= examined.moment:
        day = lost.astimezone(VIETNAM).strftime("%d/%m/%Y")
        standing, sentence = Standing.UNKNOWN, words.SIGNED_AFTER_LOSS.format(day=day)
    certificate = _own(examined)
    kind = _kind(chain, anchors)
    if standing is Standing.VALID and kind is IssuerClass.UNKNOWN:
        standing, sentence = Standing.UNKNOWN, words.UNKNOWN_ISSUER
    return SignatureVerdict(
        examined.report,
        standing,
        sentence,
        kind,
        revoked_then=_revoked_then(examined),
        asked=_asked(chain.links, kind),
        revoked_now=_revoked_now(chain.links, lists, kind, now),
        valid_from=certificate and certificate.not_valid_before,
        valid_to=certificate and certificate.not_valid_after,
    )


@dataclass(frozen=True, slots=True)
class _Chain:
    """The way from the signer up to a trusted root, revocation left aside; empty when there is none."""

    links: tuple[asn1_x509.Certificate, ...] = ()
    in_time: bool = False
    """Every link was valid at the time the certificate was judged at."""


async def _chain(examined: Examined) -> _Chain:
    status = examined.status
    if status is not None and status.trusted and status.validation_path is not None:
        return _Chain(_links(status.validation_path), in_time=True)
    certificate = _own(examined)
    if certificate is None:
        return _Chain()
    # A moment at which the signer's certificate was certainly in force tells "ended" from "unknown".
    for moment, in_time in ((examined.moment, True), (certificate.not_valid_before, False)):
        try:
            validator = CertificateValidator(
                certificate,
                intermediate_certs=examined.embedded.other_embedded_certs,
                validation_context=examined.data.without_revocation(moment),
            )
            return _Chain(_links(await validator.async_validate_path()), in_time)
        except (PathError, ValidationError, *MALFORMED):
            continue
    return _Chain()


def _links(path: object) -> tuple[asn1_x509.Certificate, ...]:
    """From the signer to the root."""
    certificates = tuple(path.iter_certs(include_root=True))  # type: ignore[attr-defined]  # a ValidationPath
    return tuple(reversed(certificates))


def _own(examined: Examined) -> asn1_x509.Certificate | None:
    try:
        certificate = examined.embedded.signer_cert
        _ = certificate.not_valid_before, certificate.not_valid_after, certificate.issuer.native
    except MALFORMED:
        return None
    return certificate


def _bytes(examined: Examined) -> tuple[Standing, Text]:
    status = examined.status
    if status is None:
        return _not_validated(examined)
    if not status.intact:
        return Standing.ALTERED, words.CONTENT_CHANGED
    if not status.valid:
        return Standing.BROKEN, words.FORGED
    if status.coverage is None or status.coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        return Standing.ALTERED, words.NOT_COVERED
    if examined.report.changes is Changes.FORBIDDEN or status.docmdp_ok is False:
        return Standing.ALTERED, words.APPENDED
    if isinstance(status, PdfSignatureStatus) and not status.seed_value_ok:
        return Standing.UNKNOWN, words.SEED_VALUES
    return Standing.VALID, words.HOLDS


def _not_validated(examined: Examined) -> tuple[Standing, Text]:
    """Validation gave up: other bytes were signed, what came later cannot be read, or its kind is unknown."""
    error, embedded = examined.error, examined.embedded
    try:
        algorithm, signed = _signed_digest(embedded)
        same = signed == embedded.compute_digest(algorithm)
        more = int(embedded.byte_range[2]) + int(embedded.byte_range[3]) < embedded.reader.stream.seek(0, 2)
    except MALFORMED:
        return Standing.BROKEN, words.DAMAGED
    if not same:
        return Standing.ALTERED, words.CONTENT_CHANGED
    if more and isinstance(error, PdfError):
        return Standing.ALTERED, words.APPENDED
    if isinstance(error, DisallowedAlgorithmError):
        return Standing.UNKNOWN, words.OLD_ALGORITHM
    if isinstance(error, SignatureValidationError) and "SubFilter" in str(error):
        return Standing.UNKNOWN, words.OTHER_KIND
    return Standing.BROKEN, words.DAMAGED


def _signed_digest(embedded: EmbeddedPdfSignature) -> tuple[str | None, bytes | None]:
    """The digest of the file's bytes that was signed, and its algorithm where it is not the signature's own.

    It is an attribute of the signature; in a document timestamp the imprint; in the old kind over SHA-1
    (adbe.pkcs7.sha1) the signed content itself.
    """
    content = embedded.signed_data["encap_content_info"]
    if content["content_type"].native == "tst_info":
        return None, bytes(content["content"].parsed["message_imprint"]["hashed_message"].native)
    if content["content"].native:
        return "sha1", bytes(content["content"].native)
    attributes = embedded.signer_info["signed_attrs"]
    found = (one["values"][0].native for one in attributes if one["type"].native == "message_digest")
    return None, next(found, None)


def _certificate(examined: Examined, chain: _Chain) -> tuple[Standing, Text]:
    status = examined.status
    if status is None or status.trusted:
        return Standing.VALID, words.HOLDS
    if status.revoked:
        return Standing.BROKEN, words.WAS_REVOKED
    if status.trust_problem_indic in _OLD_ALGORITHMS:
        return Standing.UNKNOWN, words.OLD_ALGORITHM
    if not chain.links:
        return Standing.UNKNOWN, words.UNKNOWN_ISSUER
    if not chain.in_time:
        certificate = chain.links[0]
        if examined.moment < certificate.not_valid_before:
            return Standing.BROKEN, words.NOT_YET_VALID
        # Without a time-stamp nobody knows whether it had ended when the signature was made.
        proven = examined.report.timestamped_at is not None
        return (Standing.BROKEN, words.HAD_ENDED) if proven else (Standing.UNKNOWN, words.ENDED_SINCE)
    if status.trust_problem_indic is AdESIndeterminate.CHAIN_CONSTRAINTS_FAILURE:
        return Standing.UNKNOWN, words.OTHER_PURPOSE
    return Standing.UNKNOWN, words.REVOCATION_UNKNOWN


def _holder(examined: Examined) -> tuple[Standing, Text]:
    """A certificate of a server, or a name that passes for another, says nothing about a person."""
    certificate = _own(examined)
    if certificate is None:
        return Standing.VALID, words.HOLDS
    if of_machine(certificate):
        return Standing.UNKNOWN, words.OTHER_PURPOSE
    subject = certificate.subject
    if any(deceptive(named(subject, kind)) for kind in ("common_name", "organization_name")):
        return Standing.UNKNOWN, words.DECEPTIVE_NAME
    return Standing.VALID, words.HOLDS


def _timestamp(examined: Examined) -> tuple[Standing, Text]:
    """A timestamp that contradicts the signature is a fault; one nobody can check, a doubt."""
    if not isinstance(examined.status, PdfSignatureStatus):
        return Standing.VALID, words.HOLDS
    token: TimestampSignatureStatus | None = examined.status.timestamp_validity
    if token is None or (token.intact and token.valid and token.trusted):
        return Standing.VALID, words.HOLDS
    if not token.intact or not token.valid:
        return Standing.BROKEN, words.FALSE_TIMESTAMP
    return Standing.UNKNOWN, words.UNKNOWN_TIMESTAMP


def _kind(chain: _Chain, anchors: Anchors) -> IssuerClass:
    """Of the nearest authority whose class is known."""
    kinds = (anchors.kind_of(link.dump()) for link in chain.links[1:] or chain.links)
    return next((kind for kind in kinds if kind is not IssuerClass.UNKNOWN), IssuerClass.UNKNOWN)


def _revoked_then(examined: Examined) -> bool | None:
    status = examined.status
    if status is None:
        return None
    return True if status.revoked else (False if status.trusted else None)


def _asked(links: Sequence[asn1_x509.Certificate], kind: IssuerClass) -> tuple[Asking, ...]:
    """Who says of each link whether it is revoked now; of our own the lists at hand know all."""
    if kind is IssuerClass.DEVELOPMENT:
        return ()
    pairs = ((link.dump(), issuer.dump()) for link, issuer in itertools.pairwise(links))
    return tuple(found for pair in pairs if (found := _asking(*pair)))


def _asking(certificate: bytes, issuer: bytes) -> Asking | None:
    try:
        told = load(certificate).extensions
        named = told.get_extension_for_class(x509.AuthorityInformationAccess).value
    except (*_FAULTS, x509.ExtensionNotFound):
        return None
    urls = tuple(
        place.access_location.value
        for place in named
        if place.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(place.access_location, x509.UniformResourceIdentifier)
        and place.access_location.value.startswith(("http://", "https://"))
    )
    return Asking(certificate, issuer, urls[:2]) if urls else None


def _lists(examined: Examined, anchors: Anchors) -> list[bytes]:
    return [*anchors.crls, *(crl.dump() for crl in examined.data.crls)]


def _revoked_now(
    links: Sequence[asn1_x509.Certificate], lists: Sequence[bytes], kind: IssuerClass, now: datetime
) -> bool | None:
    """Whether the signer's certificate, or an authority above it, is revoked by the lists at hand."""
    answers = [_on_lists(link, issuer, lists, kind, now) for link, issuer in itertools.pairwise(links)]
    if any(answers):
        return True
    return answers[0] if answers else None


def _entries(
    certificate: asn1_x509.Certificate, issuer: asn1_x509.Certificate, lists: Sequence[bytes]
) -> Iterator[tuple[x509.CertificateRevocationList, x509.RevokedCertificate | None]]:
    """The lists this issuer signed, each with what it says of the certificate."""
    for der in lists:
        try:
            listed = x509.load_der_x509_crl(der)
            authority = load(issuer.dump())
            if listed.issuer != authority.subject:
                continue
            if not listed.is_signature_valid(authority.public_key()):  # type: ignore[arg-type]  # any kind
                continue
            entry = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
        except _FAULTS:
            continue
        yield listed, entry


def _lost(links: Sequence[asn1_x509.Certificate], lists: Sequence[bytes]) -> datetime | None:
    """Since when the signer's key may have been in other hands, by the lists at hand (RFC 5280, 5.3.2).

    What was signed before that day is as good as ever.
    """
    if len(links) < 2:
        return None
    told: list[datetime] = []
    for _, entry in _entries(links[0], links[1], lists):
        if entry is None:
            continue
        try:
            since = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
            told.append(since.invalidity_date_utc)
        except (*_FAULTS, x509.ExtensionNotFound):
            continue
    return min(told, default=None)


def _on_lists(
    certificate: asn1_x509.Certificate,
    issuer: asn1_x509.Certificate,
    lists: Sequence[bytes],
    kind: IssuerClass,
    now: datetime,
) -> bool | None:
    answer: bool | None = None
    for listed, entry in _entries(certificate, issuer, lists):
        if entry is not None and entry.revocation_date_utc <= now:
            return True
        until = listed.next_update_utc
        fresh = listed.last_update_utc <= now and (until is None or now <= until)
        # Most authorities drop a certificate from their lists when it has ended; ours never does.
        ended = certificate.not_valid_after.astimezone(UTC) < listed.last_update_utc
        if fresh and (kind is IssuerClass.DEVELOPMENT or not ended):
            answer = False
    return answer
