"""Is this signed file what it says? Full validation, the gate before the archive.

Every signature and document timestamp, with its chain at its proven time, revocation, and the difference
analysis of all that was appended since. The quick look after signing is `tasks/checking.py`.

Difference analysis alone does not see every trick known (it accepts one replacement of a form field's
picture): `tasks/judging.py` builds the public verification on this file and compares the drawn pages of each
revision too. No network, no database.
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation.generic_cms import (
    extract_tst_data_iter,
)
from pyhanko.sign.validation.pdf_embedded import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.status import (
    DocumentTimestampStatus,
    PdfSignatureStatus,
    SignatureCoverageLevel,
)

from models.text import Text
from tasks import (
    asn1_lengths,  # noqa: F401  (mends asn1crypto)
    hex_strings,  # noqa: F401  (mends pyHanko)
    loose_ends,
    signature_places,
    unsigned_updates,
)
from tasks.certificate_holders import SIGNING, named, of_machine
from tasks.certificates import Trust
from tasks.checking import MALFORMED
from tasks.plain_names import plain
from tasks.store_updates import DIFFERENCES
from tasks.validation_data import ValidationData
from tasks.validation_data import validation_context as validation_context

# pyHanko logs the faults of files people bring, and at each signature that it may not fetch; we report.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)


class Changes(StrEnum):
    """What was appended after a signature, as the difference analysis sees it."""

    NONE = "none"
    ARCHIVE = "archive"
    """Validation data and document timestamps only."""
    FORM = "form"
    """Further signatures and prepared fields."""
    FORBIDDEN = "forbidden"


class Level(StrEnum):
    """PAdES baseline level that the file itself can prove (ETSI EN 319 142-1)."""

    B = "B-B"
    T = "B-T"
    LT = "B-LT"
    LTA = "B-LTA"


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature, or one document timestamp, of a file."""

    field: str
    is_timestamp: bool
    signer: str
    organization: str
    issuer: str
    certificate_fingerprint: str
    claimed_at: datetime | None
    """What the signer's machine said."""
    timestamped_at: datetime | None
    """What a trusted time-stamp proves; None when it proves nothing."""
    intact: bool
    trusted: bool
    revoked: bool
    changes: Changes
    docmdp_ok: bool
    level: Level
    revision_end: int
    """Bytes of the file this signature saw: `pdf[:revision_end]` is the revision it signed."""
    stamped_by_unknown: datetime | None = None
    """What a time-stamp says that is intact, but of an authority nobody here knows: no proof."""

    @property
    def ok(self) -> bool:
        return self.intact and self.trusted and self.docmdp_ok and self.changes is not Changes.FORBIDDEN

    @property
    def problem(self) -> Text | None:
        """The first thing wrong, in words; None when nothing is."""
        found = (
            (not self.intact, _CHANGED),
            (self.revoked, _WAS_REVOKED),
            (not self.trusted, _NOT_TRUSTED),
            (not self.ok, _APPENDED),
        )
        return next((sentence for wrong, sentence in found if wrong), None)


@dataclass(frozen=True, slots=True)
class Report:
    """All signatures of a file, oldest first; `missing` are the expected fields without a signature."""

    signatures: tuple[SignatureReport, ...]
    missing: tuple[str, ...] = ()
    problem: Text | None = None
    """Why the file could not be read at all."""

    @property
    def ok(self) -> bool:
        return (
            self.problem is None
            and not self.missing
            and bool(self.signatures)
            and all(signature.ok for signature in self.signatures)
        )


_CHANGED = Text(
    "Nội dung đã bị thay đổi sau khi ký, hoặc chữ ký bị hỏng.",
    "The content was changed after signing, or the signature is damaged.",
)
_WAS_REVOKED = Text(
    "Chứng thư số đã bị thu hồi trước thời điểm ký.", "The certificate had been revoked before the signing."
)
_NOT_TRUSTED = Text(
    "Chứng thư số không được tin cậy tại thời điểm ký: hết hạn, sai mục đích hoặc không rõ nơi cấp.",
    "The certificate was not trusted at the time of signing: expired, of another purpose or unknown issuer.",
)
_APPENDED = Text(
    "Tệp có phần được thêm vào sau chữ ký mà chữ ký này không cho phép.",
    "Something was appended to the file that this signature does not allow.",
)
_UNREADABLE = Text(
    "Tệp không đọc được hoặc cấu trúc chữ ký bị hỏng. Lấy lại bản gốc rồi kiểm tra lần nữa.",
    "The file cannot be read or its signatures are damaged. Fetch the original and check again.",
)


def validate(pdf: bytes, trust: Trust, now: datetime, expected: tuple[str, ...] = ()) -> Report:
    """Full validation of every signature and document timestamp; never raises for a bad file.

    A signature is judged at the time its timestamp proves, that timestamp at the time of the next document
    timestamp, the last one now: so a file outlives its certificates. `expected` fields must be signed,
    which is how a signature that was cut off is noticed.
    """
    try:
        return asyncio.run(_validate(pdf, trust, now, expected))
    except MALFORMED:
        return Report((), expected, _UNREADABLE)


async def _validate(pdf: bytes, trust: Trust, now: datetime, expected: tuple[str, ...]) -> Report:
    reader = PdfFileReader(io.BytesIO(pdf))
    places = signature_places.places(pdf, reader).found
    sound = [place.embedded for place in places if place.fault is None and place.embedded is not None]
    examined = iter(await examine(sound, ValidationData.of(reader, trust), now))
    reports = [
        unusable(place.field) if place.fault or place.embedded is None else next(examined).report
        for place in places
    ]
    end = max((place.end for place in places), default=len(pdf))
    if reports and not loose_ends.accounted(pdf, reader, end):
        reports[-1] = _forbidden(reports[-1])
    for index in unsigned_updates.unlawful(reader, places):
        reports[index] = _forbidden(reports[index])
    signed = {report.field for report in reports}
    return Report(tuple(reports), tuple(name for name in expected if name not in signed))


def _forbidden(report: SignatureReport) -> SignatureReport:
    return replace(report, changes=Changes.FORBIDDEN, docmdp_ok=False)


@dataclass(frozen=True, slots=True)
class Examined:
    """A signature as full validation saw it: its report, and what else a verdict is made of."""

    report: SignatureReport
    embedded: EmbeddedPdfSignature
    status: PdfSignatureStatus | DocumentTimestampStatus | None
    """None when it could not be validated at all; the report then calls it not intact."""
    moment: datetime
    """When its certificate was judged: its own time-stamp, the next document timestamp, or now."""
    data: ValidationData
    error: Exception | None = None
    """Why it could not be validated."""


async def examine(
    signatures: Sequence[EmbeddedPdfSignature], data: ValidationData, now: datetime
) -> tuple[Examined, ...]:
    """Validate signatures given oldest first; one that cannot be validated does not hide the others.

    The newest document timestamp is judged `now`, each one before at the time the next one proves, and a
    signature at the time of its own timestamp.
    """
    found: list[Examined] = []
    moment = now
    archived: ValidationData | None = None
    for embedded in reversed(signatures):
        own = data.with_attributes(embedded.signer_info)
        try:
            if embedded.sig_object_type == "/DocTimeStamp":
                stamp = await _timestamp_status(embedded, own, moment)
                report = _timestamp_report(embedded, stamp, archived is not None)
                found.append(Examined(report, embedded, stamp, moment, own))
                if report.ok:
                    moment = stamp.timestamp
                    archived = archived or ValidationData.of(embedded.reader, data.trust, report.revision_end)
            else:
                found.append(await _signature(embedded, own, moment, archived))
        except MALFORMED as error:
            found.append(Examined(unusable(embedded.field_name), embedded, None, moment, own, error))
    found.reverse()
    return tuple(found)


def unusable(field: str) -> SignatureReport:
    """Of a signature that cannot be validated: its field's name and nothing good."""
    return SignatureReport(
        field=field,
        is_timestamp=False,
        signer="",
        organization="",
        issuer="",
        certificate_fingerprint="",
        claimed_at=None,
        timestamped_at=None,
        intact=False,
        trusted=False,
        revoked=False,
        changes=Changes.FORBIDDEN,
        docmdp_ok=False,
        level=Level.B,
        revision_end=0,
    )


async def _signature(
    embedded: EmbeddedPdfSignature,
    evidence: ValidationData,
    moment: datetime,
    archived: ValidationData | None,
) -> Examined:
    """Judge one signature; its timestamp counts only if that holds at `moment`.

    `archived`: what a good document timestamp covers, for only that makes the data around a signature last.
    """
    tokens = list(extract_tst_data_iter(embedded.signer_info, signed=False))
    stamped = tokens[0]["encap_content_info"]["content"].parsed["gen_time"].native if tokens else moment
    status = await _signature_status(embedded, evidence, stamped, moment)
    token = status.timestamp_validity
    if token is not None and token.timestamp != stamped:
        # Of several tokens one was found good: only the time that this one proves may be judged by.
        stamped = token.timestamp
        status = await _signature_status(embedded, evidence, stamped, moment)
    proven = token is not None and token.intact and token.valid and token.trusted
    unknown = token is not None and token.intact and token.valid and not token.trusted
    if not tokens:
        level = Level.B
    elif not evidence.covers(status.validation_path):
        level = Level.T
    else:
        kept = archived and archived.with_attributes(embedded.signer_info)
        level = Level.LTA if kept and kept.covers(status.validation_path) else Level.LT
    report = _report(
        embedded,
        status,
        claimed_at=status.signer_reported_dt,
        timestamped_at=stamped if proven else None,
        stamped_by_unknown=stamped if unknown else None,
        # A timestamp that does not hold proves no time, so nothing says the certificate was good then.
        trusted=status.trusted and (proven or not tokens) and not of_machine(status.signing_cert),
        docmdp_ok=bool(status.docmdp_ok) and status.bottom_line,
        level=level,
    )
    return Examined(report, embedded, status, stamped, evidence)


async def _signature_status(
    embedded: EmbeddedPdfSignature, evidence: ValidationData, stamped: datetime, moment: datetime
) -> PdfSignatureStatus:
    """A good answer never hides a list that says "revoked": with answers about, lists are asked alone too."""

    async def by(data: ValidationData) -> PdfSignatureStatus:
        return await async_validate_pdf_signature(
            embedded,
            data.at(stamped),
            ts_validation_context=data.at(moment),
            diff_policy=DIFFERENCES,
            key_usage_settings=SIGNING,
        )

    status = await by(evidence)
    if not evidence.ocsps:
        return status
    listed = await by(evidence.without_answers())
    token = listed.timestamp_validity
    return listed if listed.revoked or (token is not None and token.revoked) else status


async def _timestamp_status(
    embedded: EmbeddedPdfSignature, evidence: ValidationData, moment: datetime
) -> DocumentTimestampStatus:
    """The same of a document timestamp."""
    status = await async_validate_pdf_timestamp(embedded, evidence.at(moment), DIFFERENCES)
    if not evidence.ocsps:
        return status
    listed = await async_validate_pdf_timestamp(embedded, evidence.without_answers().at(moment), DIFFERENCES)
    return listed if listed.revoked else status


def _timestamp_report(
    embedded: EmbeddedPdfSignature, status: DocumentTimestampStatus, archived: bool
) -> SignatureReport:
    return _report(
        embedded,
        status,
        claimed_at=None,
        timestamped_at=status.timestamp if status.trusted else None,
        stamped_by_unknown=status.timestamp
        if status.intact and status.valid and not status.trusted
        else None,
        trusted=status.trusted,
        docmdp_ok=status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION,
        level=Level.LTA if archived else Level.LT,
    )


def _report(
    embedded: EmbeddedPdfSignature,
    status: PdfSignatureStatus | DocumentTimestampStatus,
    *,
    claimed_at: datetime | None,
    timestamped_at: datetime | None,
    stamped_by_unknown: datetime | None,
    trusted: bool,
    docmdp_ok: bool,
    level: Level,
) -> SignatureReport:
    subject, issuer = status.signing_cert.subject, status.signing_cert.issuer
    return SignatureReport(
        field=embedded.field_name,
        is_timestamp=embedded.sig_object_type == "/DocTimeStamp",
        signer=plain(named(subject, "common_name")),
        organization=plain(named(subject, "organization_name")),
        issuer=plain(named(issuer, "common_name")),
        certificate_fingerprint=status.signing_cert.sha256.hex(),
        claimed_at=claimed_at,
        timestamped_at=timestamped_at,
        stamped_by_unknown=stamped_by_unknown,
        intact=status.intact and status.valid,
        trusted=trusted,
        revoked=status.revoked,
        changes=_CHANGES.get(status.modification_level or ModificationLevel.OTHER, Changes.FORBIDDEN),
        docmdp_ok=docmdp_ok,
        level=level,
        revision_end=int(embedded.byte_range[2]) + int(embedded.byte_range[3]),
    )


_CHANGES = {
    ModificationLevel.NONE: Changes.NONE,
    ModificationLevel.LTA_UPDATES: Changes.ARCHIVE,
    ModificationLevel.FORM_FILLING: Changes.FORM,
}
