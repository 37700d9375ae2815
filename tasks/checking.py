"""The check between signing and commit: does the newest signature hold, and is it the expected one?

A few milliseconds, after every signature (`tasks/signing.py` leaves none out): coverage, digest, signature,
certificate, timestamp. The whole file with its history is `tasks/verifying.py`'s. No network, no database.
"""

from __future__ import annotations

import functools
import hashlib
import io
import zlib

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.generic_cms import (
    extract_certs_for_validation,
    extract_tst_data_iter,
    validate_sig_integrity,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from models.errors import RecordsError
from models.text import Text
from tasks import asn1_lengths, hex_strings, pdf_names  # noqa: F401  (mend asn1crypto and pyHanko)
from tasks.certificate_use import find_chain
from tasks.certificates import Trust, load

MALFORMED = (
    PdfError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    IndexError,
    AssertionError,
    RecursionError,
    NotImplementedError,
    ArithmeticError,
    EOFError,
    OSError,
    zlib.error,
)
"""What pyHanko and asn1crypto raise on bytes that are not what they claim to be."""


class BadSignature(RecordsError):
    """What was just signed does not hold; it is thrown away and nothing was changed."""

    code = "bad-signature"


def check(pdf: bytes, field: str, expected_fingerprint: str, trust: Trust) -> None:
    """Raise BadSignature unless `field` holds a signature over the whole file by exactly this certificate.

    Checked: coverage, digest, signature, certificate, and the timestamp's digest, signature, purpose and
    chain. The certificate's own validity was looked at just before signing (`refuse_unless_usable`).
    """
    try:
        holds = _holds(pdf, field, expected_fingerprint, trust)
    except MALFORMED:
        raise BadSignature(_DOES_NOT_HOLD) from None
    if not holds:
        raise BadSignature(_DOES_NOT_HOLD)


def _holds(pdf: bytes, field: str, expected_fingerprint: str, trust: Trust) -> bool:
    reader = PdfFileReader(io.BytesIO(pdf))
    found = list(enumerate_sig_fields(reader, filled_status=True, with_name=field))
    if len(found) != 1:
        return False
    embedded = EmbeddedPdfSignature(reader, found[0][2], field)
    if embedded.evaluate_signature_coverage() != SignatureCoverageLevel.ENTIRE_FILE:
        return False
    certificate = _of_fingerprint(embedded.signed_data, expected_fingerprint)
    if certificate is None:
        return False
    signer_info = embedded.signer_info
    # Compares the signed "signing certificate" attribute too, so no other certificate can be meant.
    if validate_sig_integrity(signer_info, certificate, "data", embedded.compute_digest()) != (True, True):
        return False
    tokens = list(extract_tst_data_iter(signer_info, signed=False))
    return len(tokens) == 1 and _token_holds(tokens[0], signer_info["signature"].native, trust)


def stamped_by(token: cms.SignedData) -> asn1_x509.Certificate | None:
    """The certificate that signed a time-stamp token and may do so; None when the token does not hold.

    Whether that certificate is trusted is the caller's to ask. Raises one of MALFORMED on other bytes.
    A signer meets each token twice, as the answer of the authority and in the file: it is verified once.
    """
    return _stamped_by(token.untag().dump())


@functools.lru_cache(maxsize=8)
def _stamped_by(der: bytes) -> asn1_x509.Certificate | None:
    token = cms.SignedData.load(der)
    content = token["encap_content_info"]["content"]
    signer_info = token["signer_infos"][0]
    certificate = extract_certs_for_validation(token).signer_cert
    digest = hashlib.new(signer_info["digest_algorithm"]["algorithm"].native, bytes(content)).digest()
    if validate_sig_integrity(signer_info, certificate, "tst_info", digest) != (True, True):
        return None
    at = content.parsed["gen_time"].native
    if not certificate.not_valid_before <= at <= certificate.not_valid_after:
        return None
    return certificate if _may_stamp(load(certificate.dump())) else None


def _of_fingerprint(signed: cms.SignedData, expected: str) -> asn1_x509.Certificate | None:
    for choice in signed["certificates"]:
        if hashlib.sha256(choice.chosen.dump()).hexdigest() == expected:
            return choice.chosen
    return None


def _token_holds(token: cms.SignedData, stamped: bytes, trust: Trust) -> bool:
    content = token["encap_content_info"]["content"]
    imprint = content.parsed["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if imprint["hashed_message"].native != hashlib.new(algorithm, stamped).digest():
        return False
    certificate = stamped_by(token)
    return certificate is not None and bool(find_chain(certificate.dump(), trust))


def _may_stamp(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


_DOES_NOT_HOLD = Text(
    "Chữ ký vừa tạo không đạt kiểm tra nên chưa được lưu. Ký lại; nếu vẫn lỗi, báo quản trị hệ thống.",
    "The new signature failed its check and was not saved. Sign again, or tell the administrator.",
)
