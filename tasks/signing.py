"""PAdES signatures: one B-LT revision per signature, and the archive's document timestamp (B-LTA).

Bytes in, bytes out; no database, no files, no PIN. What a later signer brings (authority form, post,
name, number, date) is written in that signer's own revision, into fields that `prepare` made before the
first signature. A refusal (BadCertificate, Unavailable) leaves nothing behind, and no signature leaves
`sign` without `check`.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime, timedelta

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSignatureMetadata,
    PdfSigner,
    PdfSigningSession,
    PdfTimeStamper,
    PreSignValidationStatus,
    SigDSSPlacementPreference,
    TimestampDSSContentSettings,
)
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.path import ValidationPath

from models.errors import WrongStep
from models.settings import VIETNAM
from models.text import Text
from tasks import asn1_lengths, asn1_names, hex_strings, pdf_names  # noqa: F401  (mend asn1crypto and pyHanko)
from tasks.certificate_use import BadCertificate, refuse_unless_usable
from tasks.certificates import Trust, fingerprint, load
from tasks.checking import BadSignature, check
from tasks.form_fields import Box, FilledText, PageStyle, fill, locking, prepare
from tasks.key_signer import DIGEST, KeySigner
from tasks.keys import PrivateKey
from tasks.proving import narrowed
from tasks.stamp_servers import StampSource
from tasks.timestamping import CheckedTimeStamper
from tasks.validation_data import validation_context

__all__ = [
    "Box",
    "FilledText",
    "SignRequest",
    "Signatory",
    "Signed",
    "archive_timestamp",
    "check",
    "prepare",
    "sign",
]

ARCHIVE_FIELD = "archive"
_ONE_REVISION = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)
_BEFORE_TIMESTAMP = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)
_EVIDENCE_LIFE = timedelta(minutes=5)
_SPARE = 1024
"""Bytes kept free beyond the expected size of a signature. pyHanko's own half again is read, digit by
digit, by every later signer; the size is found anew with the evidence, so a kilobyte is plenty."""


@dataclass(frozen=True, slots=True)
class SignRequest:
    """One signature to be made. `owner` is the account id the certificate must name."""

    pdf: bytes = attribute(repr=False)
    field: str
    certificate: bytes = attribute(repr=False)
    owner: str
    trust: Trust
    now: datetime
    reason: str
    location: str = ""
    stamp: bytes | None = attribute(default=None, repr=False)
    """One-page PDF of the signature box's size; None leaves the box empty."""
    texts: tuple[FilledText, ...] = ()
    """Filled in this signature's revision and closed by it: changed later, this signature breaks."""
    certify: bool = False
    """The author's: from here on only the prepared fields may be filled (DocMDP 2)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed file. `signed_at` is the signer's claimed time; the timestamp inside proves it."""

    pdf: bytes = attribute(repr=False)
    signed_at: datetime
    certificate_fingerprint: str


def sign(request: SignRequest, key: PrivateKey, stamps: StampSource) -> Signed:
    """One signature. For several with one key, keep a `Signatory`."""
    return Signatory(request.certificate, key, request.trust, stamps).sign(request)


class Signatory:
    """A person's (or the seal's) unlocked key, ready to sign file after file.

    Paths, revocation lists and the size of a signature are the same for every file of a person, so they
    are found once and kept five minutes; a certificate that expires or is revoked is still seen at once,
    for `refuse_unless_usable` stands before each signature.
    """

    def __init__(self, certificate: bytes, key: PrivateKey, trust: Trust, stamps: StampSource) -> None:
        if load(certificate).public_key() != key.public_key():
            raise BadCertificate(_NOT_THIS_KEY)
        self.certificate, self.trust = certificate, trust
        self._signer = KeySigner(certificate, key, trust)
        self._stamps = stamps
        self._evidence: _Evidence | None = None

    def sign(self, request: SignRequest) -> Signed:
        """Refuse or sign, then check what was signed.

        BadCertificate: expired, revoked, another person's. Unavailable: no time-stamp. WrongStep: the
        field is filled already or not there.
        """
        refuse_unless_usable(self.certificate, request.owner, request.trust, request.now)
        pdf = self._stamps.using(lambda stamper: self._checked(request, stamper), request.now)
        return Signed(pdf, request.now, fingerprint(self.certificate))

    def _checked(self, request: SignRequest, stamper: CheckedTimeStamper) -> bytes:
        try:
            pdf = asyncio.run(self._sign(request, stamper))
            check(pdf, request.field, fingerprint(self.certificate), request.trust)
        except BaseException:
            self._evidence = None
            raise
        return pdf

    async def _sign(self, request: SignRequest, stamper: CheckedTimeStamper) -> bytes:
        output = io.BytesIO(request.pdf)
        writer = IncrementalPdfFileWriter(output)
        fill(writer, request.texts)
        await stamper.async_dummy_response(DIGEST)  # now its certificate is known
        kept = self._kept(request.now, stamper)
        context = kept.context if kept else self._context(request, stamper)
        signer = PdfSigner(
            _metadata(request, context),
            self._signer,
            timestamper=stamper,
            stamp_style=PageStyle(page=request.stamp or b""),
        )
        try:
            session = signer.init_signing_session(writer, existing_fields_only=True)
        except SigningError as error:
            raise WrongStep(_FIELD_TAKEN) from error
        session.system_time = request.now.astimezone(VIETNAM).replace(microsecond=0)
        evidence = kept or await self._gathered(session, request.now, stamper, context)
        with locking(session.sig_field, (text.field for text in request.texts)):
            document = session.prepare_tbs_document(evidence.status, evidence.size)
        prepared, _ = document.digest_tbs_document(in_place=True)
        await document.perform_signature(
            prepared.document_digest, PdfCMSSignedAttributes(signing_time=session.system_time)
        )
        return output.getvalue()

    def _kept(self, now: datetime, stamper: CheckedTimeStamper) -> _Evidence | None:
        """What was found for a file before, if it is still good for one signed now."""
        kept = self._evidence
        fits = kept and kept.stamper is stamper and timedelta() <= now - kept.since < _EVIDENCE_LIFE
        return kept if fits else None

    async def _gathered(
        self,
        session: PdfSigningSession,
        now: datetime,
        stamper: CheckedTimeStamper,
        context: ValidationContext,
    ) -> _Evidence:
        found = await session.perform_presign_validation()
        if found is None:
            raise AssertionError("A validation context is always given.")
        size = await session.estimate_signature_container_size(found, tight=True) + 2 * _SPARE
        self._evidence = _Evidence(now, stamper, context, found, size)
        return self._evidence

    def _context(self, request: SignRequest, stamper: CheckedTimeStamper) -> ValidationContext:
        trust = narrowed(request.trust, (self.certificate, *stamper.signers))
        return validation_context(trust, request.now)


def _metadata(request: SignRequest, context: ValidationContext) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(
        field_name=request.field,
        md_algorithm=DIGEST,
        reason=request.reason,
        location=request.location or None,
        subfilter=SigSeedSubFilter.PADES,
        certify=request.certify,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        embed_validation_info=True,
        validation_context=context,
        dss_settings=_ONE_REVISION,
    )


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What a signature of this person, stamped by this authority, needs; found at `since`."""

    since: datetime
    stamper: CheckedTimeStamper
    context: ValidationContext
    status: PreSignValidationStatus
    size: int


def archive_timestamp(
    pdf: bytes, trust: Trust, stamps: StampSource, now: datetime, digest: str = DIGEST
) -> bytes:
    """Append the document timestamp that makes every signature B-LTA; Unavailable without an authority.

    Called again later it renews: a further timestamp over the whole file, after the proof of the one before.
    """
    return stamps.using(lambda stamper: _archive_stamped(pdf, trust, stamper, now, digest), now)


def _archive_stamped(
    pdf: bytes, trust: Trust, stamper: CheckedTimeStamper, now: datetime, digest: str
) -> bytes:
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output)
    adding = PdfTimeStamper(stamper, field_name=_free_name(writer))
    before = [s for s in writer.prev.embedded_signatures if s.sig_object_type == "/DocTimeStamp"][-1:]

    async def stamp() -> None:
        await stamper.async_dummy_response(digest)
        signers = [extract_certs_for_validation(one.signed_data).signer_cert.dump() for one in before]
        context = validation_context(narrowed(trust, (*stamper.signers, *signers)), now)
        await adding.async_timestamp_pdf(
            writer,
            digest,
            context,
            # What the timestamp before proves is proved by lists of today, while its certificate lasts.
            validation_paths=[await _path_of(earlier, context) for earlier in before],
            in_place=True,
            dss_settings=_BEFORE_TIMESTAMP,
            embed_roots=False,
        )

    asyncio.run(stamp())
    return output.getvalue()


async def _path_of(stamp: EmbeddedPdfSignature, context: ValidationContext) -> ValidationPath:
    """How an earlier timestamp's certificate leads to a trusted root today; BadSignature if no more."""
    certificates = extract_certs_for_validation(stamp.signed_data)
    validator = CertificateValidator(certificates.signer_cert, certificates.other_certs, context)
    try:
        path: ValidationPath = await validator.async_validate_usage(set(), {"time_stamping"})
    except (PathError, ValidationError):
        raise BadSignature(_PROVES_NO_MORE) from None
    return path


def _free_name(writer: IncrementalPdfFileWriter) -> str:
    """`archive`, `archive-2` …: renewed every few years, before the last timestamp's certificate ends."""
    form = writer.root["/AcroForm"]["/Fields"] if "/AcroForm" in writer.root else ()
    taken = {reference.get_object().get("/T") for reference in form}
    names = (ARCHIVE_FIELD if n == 1 else f"{ARCHIVE_FIELD}-{n}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


_NOT_THIS_KEY = Text(
    "Khoá ký không khớp với chứng thư số. Đề nghị quản trị hệ thống cấp lại chứng thư.",
    "The key does not belong to this certificate. Ask the administrator to issue it again.",
)
_PROVES_NO_MORE = Text(
    "Dấu thời gian lưu trữ trước đó không còn chứng minh được, nên không gia hạn được nữa.",
    "The archive timestamp before proves no longer, so it cannot be renewed.",
)
_FIELD_TAKEN = Text(
    "Vị trí ký này đã có chữ ký hoặc không có trong hồ sơ. Tải lại trang để xem bước hiện tại.",
    "This place is signed already or is not part of the record. Reload the page to see the present step.",
)
