"""The archive's two effects on a file: the gate of full validation, and the archive timestamp.

Bytes in, bytes out: no database, no files, no ids. What is written down about them is `flows/archiving.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from models.errors import RecordsError
from models.settings import VIETNAM
from models.text import Text
from tasks import signing, verifying
from tasks.certificates import Trust
from tasks.stamp_servers import StampSource


class NotArchivable(RecordsError):
    """A signature does not hold. Trying again cannot mend it: a person must look."""

    code = "not-archivable"


def validate(pdf: bytes, trust: Trust, now: datetime, expected: Mapping[str, str]) -> int:
    """Refuse the file unless every signature holds; the number of signatures found.

    `expected` maps each field that must be signed to the SHA-256 of the certificate that must have signed it,
    so that neither a signature cut off nor one exchanged passes. Raises NotArchivable.
    """
    report = verifying.validate(pdf, trust, now, tuple(expected))
    if report.problem is not None:
        raise NotArchivable(report.problem)
    for signature in report.signatures:
        if signature.problem is not None:
            raise NotArchivable(_BROKEN.format(field=signature.field, problem=signature.problem))
    if report.missing:
        raise NotArchivable(_MISSING.format(fields=", ".join(report.missing)))
    signed = {s.field: s.certificate_fingerprint for s in report.signatures if not s.is_timestamp}
    for field, certificate in expected.items():
        if signed.get(field) != certificate:
            raise NotArchivable(_SOMEONE_ELSE.format(field=field))
    if set(signed) != set(expected):
        raise NotArchivable(_TOO_MANY)
    return len(signed)


def timestamp(pdf: bytes, trust: Trust, stamps: StampSource, now: datetime) -> bytes:
    """Append the document timestamp (PAdES B-LTA). Unavailable while there is no time-stamp to have."""
    return signing.archive_timestamp(pdf, trust, stamps, now)


def keep_until(archived: datetime, years: int) -> datetime:
    """The end of the retention: so many years, counted from the end of the calendar year of the archive.

    The Law on Archives 33/2024 counts from the year in which the work ended; whole years after that year are
    never too short.
    """
    return datetime(archived.astimezone(VIETNAM).year + years + 1, 1, 1, tzinfo=VIETNAM)


_BROKEN = Text("Chữ ký ở ô “{field}”: {problem}", "Signature in field “{field}”: {problem}")
_MISSING = Text("Tệp thiếu chữ ký ở ô: {fields}.", "The file lacks the signature in: {fields}.")
_SOMEONE_ELSE = Text(
    "Chữ ký ở ô “{field}” không phải của chứng thư đã ghi trong hồ sơ.",
    "The signature in field “{field}” is not by the certificate the record names.",
)
_TOO_MANY = Text(
    "Tệp có chữ ký không ghi trong hồ sơ.", "The file carries a signature that the record does not name."
)
