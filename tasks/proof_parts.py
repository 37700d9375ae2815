"""A signed file taken apart for people with `openssl`: signatures, what they sign, certificates, lists.

For files that passed the gate before the archive; run it in the intake pool nevertheless, for their pages
may be somebody's upload. No network, no database.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime

from asn1crypto import cms, tsp
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from models.errors import RecordsError
from models.text import Text
from tasks import asn1_lengths, hex_strings, pdf_names  # noqa: F401  (mend asn1crypto and pyHanko)
from tasks.checking import MALFORMED


class NotTakenApart(RecordsError):
    """The file's signatures cannot be read."""

    code = "not-taken-apart"


@dataclass(frozen=True, slots=True)
class SignaturePart:
    """One signature, or one document timestamp, as DER; `byte_range`: which bytes of the file it signs."""

    field: str
    is_timestamp: bool
    byte_range: tuple[int, int, int, int]
    cms: bytes
    signer: bytes
    value: bytes
    """The signature's own value: what its timestamp stamps."""
    token: bytes | None
    """The timestamp: of a document timestamp, itself."""
    stamped_at: datetime | None
    crls: tuple[bytes, ...] = attribute(default=(), repr=False)
    """The revocation lists that stood in the file when this was made, as DER."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything of a file, the oldest signature first; certificates and lists without repetition."""

    signatures: tuple[SignaturePart, ...] = ()
    certificates: tuple[bytes, ...] = attribute(default=(), repr=False)
    crls: tuple[bytes, ...] = attribute(default=(), repr=False)
    ocsps: tuple[bytes, ...] = attribute(default=(), repr=False)


def take_apart(pdf: bytes) -> Parts:
    """The parts of a file; NotTakenApart when it cannot be read."""
    try:
        return _parts(PdfFileReader(io.BytesIO(pdf)))
    except MALFORMED:
        raise NotTakenApart(_UNREADABLE) from None


def _parts(reader: PdfFileReader) -> Parts:
    signatures, certificates = [], []
    for embedded in reader.embedded_signatures:
        part, carried = _part(embedded)
        signatures.append(part)
        certificates += carried
    store = _store(reader)
    if store is None:
        return Parts(tuple(signatures), _once(certificates))
    certificates += [certificate.dump() for certificate in store.load_certs()]
    ocsps = _once(bytes(ref.get_object().data) for ref in store.ocsps)
    return Parts(tuple(signatures), _once(certificates), _lists(store), ocsps)


def _store(file: PdfHandler) -> DocumentSecurityStore | None:
    try:
        return DocumentSecurityStore.read_dss(file)
    except NoDSSFoundError:
        return None


def _lists(store: DocumentSecurityStore | None) -> tuple[bytes, ...]:
    return _once(bytes(ref.get_object().data) for ref in store.crls) if store else ()


def _part(embedded: EmbeddedPdfSignature) -> tuple[SignaturePart, list[bytes]]:
    whole = cms.ContentInfo.load(embedded.pkcs7_content)
    signed = embedded.signed_data
    info = embedded.signer_info
    found = extract_certs_for_validation(signed)
    carried = [found.signer_cert.dump(), *(other.dump() for other in found.other_certs)]
    is_timestamp = embedded.sig_object_type == "/DocTimeStamp"
    token = whole if is_timestamp else _token_of(info)
    if token is not None and not is_timestamp:
        carried += [choice.chosen.dump() for choice in token["content"]["certificates"]]
    first, length, second, rest = (int(number) for number in embedded.byte_range)
    return (
        SignaturePart(
            field=str(embedded.field_name),
            is_timestamp=is_timestamp,
            byte_range=(first, length, second, rest),
            cms=whole.dump(),
            signer=found.signer_cert.dump(),
            value=info["signature"].native,
            token=token.dump() if token is not None else None,
            stamped_at=_time_of(token) if token is not None else None,
            crls=_lists(_store(embedded.reader.get_historical_resolver(embedded.signed_revision))),
        ),
        carried,
    )


def _token_of(info: cms.SignerInfo) -> cms.ContentInfo | None:
    for one in info["unsigned_attrs"] or ():
        if one["type"].native == "signature_time_stamp_token":
            return one["values"][0]
    return None


def _time_of(token: cms.ContentInfo) -> datetime:
    info = token["content"]["encap_content_info"]["content"].parsed
    assert isinstance(info, tsp.TSTInfo)
    at: datetime = info["gen_time"].native
    return at


def _once(values: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(values))


_UNREADABLE = Text(
    "Không tách được chữ ký khỏi tệp. Báo quản trị chạy: hososo audit verify",
    "The file's signatures cannot be taken apart. Ask the administrator to run: hososo audit verify",
)
