"""RFC 3161: the embedded time-stamp authority's core, and what is accepted from any authority.

`TimeStampAuthority.respond` turns a request's bytes into a response's bytes; the HTTP server around it
is `service/tsa.py`. `LocalTimeStamper` asks it in the same process; authorities over HTTP, one after the
other, are asked by `tasks/stamp_servers.py`. An authority that is down or talks nonsense is `Unavailable`:
nothing is written, the caller says so and tries again later.

The answer is assembled from DER pieces made once; through asn1crypto it costs ten times as much.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.path import ValidationPath

from models.errors import Unavailable
from models.text import Text
from tasks import asn1_lengths  # noqa: F401  (mends asn1crypto)
from tasks.checking import MALFORMED, stamped_by
from tasks.der import (
    CONTENT_TYPE,
    INTEGER,
    MESSAGE_DIGEST,
    OCTETS,
    SEQUENCE,
    SET,
    SIGNED_DATA,
    VERSION_1,
    VERSION_3,
    attribute,
    der,
    oid,
    tagged,
)

POLICY = "1.3.6.1.4.1.32473.1.31"
"""Our time-stamping policy, in the number set aside for examples: development, no legal force."""

QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
MAX_REPLY = 64 * 1024
APART = timedelta(minutes=5)
"""So far the clocks of two machines that are both set may differ, and the time it takes to sign."""
_IMPRINTS: dict[str, tuple[hashes.HashAlgorithm, str, str]] = {
    "sha256": (hashes.SHA256(), "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2"),
    "sha384": (hashes.SHA384(), "2.16.840.1.101.3.4.2.2", "1.2.840.10045.4.3.3"),
    "sha512": (hashes.SHA512(), "2.16.840.1.101.3.4.2.3", "1.2.840.10045.4.3.4"),
}
"""Hashes a question may come with; the answer is signed with the same, that it be no weaker."""

_GRANTED = der(SEQUENCE, der(INTEGER, b"\x00"))
_ACCURACY = der(SEQUENCE, der(INTEGER, b"\x01"))  # one second: genTime is given in whole seconds
_TST_INFO = oid("1.2.840.113549.1.9.16.1.4")
_SIGNING_TIME, _SIGNING_CERTIFICATE = oid("1.2.840.113549.1.9.5"), oid("1.2.840.113549.1.9.16.2.47")


@dataclass(frozen=True, slots=True)
class _Digest:
    """A hash as a token uses it: the algorithm, ECDSA with it, and the certificate named by it (RFC 5035)."""

    hash: hashes.HashAlgorithm
    algorithm: bytes
    signature: bytes
    ess: bytes

    @classmethod
    def of(cls, name: str, certificate: bytes, names: bytes) -> _Digest:
        made, hash_oid, signature_oid = _IMPRINTS[name]
        algorithm = der(SEQUENCE, oid(hash_oid))
        digest = der(OCTETS, hashlib.new(name, certificate).digest())
        # SHA-256 is the default, which DER leaves out.
        named = der(SEQUENCE, *(() if name == "sha256" else (algorithm,)), digest, names)
        ess = attribute(_SIGNING_CERTIFICATE, der(SEQUENCE, der(SEQUENCE, named)))
        return cls(made, algorithm, der(SEQUENCE, oid(signature_oid)), ess)


class TimeStampAuthority:
    """Signs "this digest existed at this time" with a P-256 key and the certificate issued for it."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        certificate: bytes,
        chain: tuple[bytes, ...] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._key, self._clock = key, clock
        parsed = asn1_x509.Certificate.load(certificate)
        serial = parsed["tbs_certificate"]["serial_number"].dump()
        issuer = parsed.issuer.dump()
        directory_name = tagged(4, issuer)
        names = der(SEQUENCE, der(SEQUENCE, directory_name), serial)
        self._digests = {name: _Digest.of(name, certificate, names) for name in _IMPRINTS}
        self._sid = der(SEQUENCE, issuer, serial)
        self._name = tagged(0, tagged(4, parsed.subject.dump()))
        # SET OF in DER order: shorter encodings first, then by content.
        self._certificates = tagged(0, *sorted((certificate, *chain)))

    def respond(self, request: bytes) -> bytes:
        """A TimeStampResp for a TimeStampReq, both DER; a refusal (RFC 3161, 2.4.2) to a wrong request."""
        try:
            asked = tsp.TimeStampReq.load(request, strict=True)
            imprint = asked["message_imprint"]
            algorithm = imprint["hash_algorithm"]["algorithm"].native
            size = len(imprint["hashed_message"].native)
            policy, version = asked["req_policy"].native, asked["version"].native
            nonce = b"" if asked["nonce"].native is None else asked["nonce"].dump()
            certificates = self._certificates if asked["cert_req"].native else b""
            extensions = asked["extensions"].native
        except (ValueError, TypeError, KeyError):
            return _refusal("bad_data_format")
        if version != "v1":
            return _refusal("bad_request")
        if algorithm not in _IMPRINTS:
            return _refusal("bad_alg")
        digest = self._digests[algorithm]
        if size != digest.hash.digest_size:
            return _refusal("bad_data_format")
        if policy not in (None, POLICY):
            return _refusal("unaccepted_policy")
        if extensions:
            return _refusal("unaccepted_extensions")
        return der(SEQUENCE, _GRANTED, self._token(digest, imprint.dump(), nonce, certificates))

    def _token(self, digest: _Digest, imprint: bytes, nonce: bytes, certificates: bytes) -> bytes:
        now = self._clock().astimezone(UTC)
        serial = der(INTEGER, (secrets.randbits(126) | 1 << 126).to_bytes(16, "big"))
        gen_time = der(0x18, now.strftime("%Y%m%d%H%M%SZ").encode())
        info = der(SEQUENCE, VERSION_1, oid(POLICY), imprint, serial, gen_time, _ACCURACY, nonce, self._name)
        attributes = sorted(
            (
                attribute(CONTENT_TYPE, _TST_INFO),
                attribute(_SIGNING_TIME, der(0x17, now.strftime("%y%m%d%H%M%SZ").encode())),
                attribute(MESSAGE_DIGEST, der(OCTETS, hashlib.new(digest.hash.name, info).digest())),
                digest.ess,
            )
        )
        signature = self._key.sign(der(SET, *attributes), ec.ECDSA(digest.hash))
        signer = der(
            SEQUENCE,
            VERSION_1,
            self._sid,
            digest.algorithm,
            tagged(0, *attributes),
            digest.signature,
            der(OCTETS, signature),
        )
        content = der(SEQUENCE, _TST_INFO, tagged(0, der(OCTETS, info)))
        signed = der(SEQUENCE, VERSION_3, der(SET, digest.algorithm), content, certificates, der(SET, signer))
        return der(SEQUENCE, SIGNED_DATA, tagged(0, signed))


def _refusal(reason: str) -> bytes:
    status = tsp.PKIStatusInfo({"status": "rejection", "fail_info": tsp.PKIFailureInfo({reason})})
    return der(SEQUENCE, status.dump())


DOWN = Text(
    "Máy chủ cấp dấu thời gian không trả lời, nên chưa đóng được dấu thời gian; hồ sơ không thay đổi. "
    "Thử lại sau ít phút.",
    "The time-stamp server does not answer, so nothing was stamped; the record is unchanged. "
    "Try again in a few minutes.",
)
NONSENSE = Text(
    "Máy chủ cấp dấu thời gian từ chối hoặc trả lời sai, nên chưa đóng được dấu thời gian. "
    "Báo quản trị hệ thống kiểm tra.",
    "The time-stamp server refused or answered wrongly, so nothing was stamped. Tell the administrator.",
)
UNTRUSTED = Text(
    "Chứng thư của máy chủ cấp dấu thời gian hết hạn, bị thu hồi hoặc chưa được tin cậy, nên chưa đóng được "
    "dấu thời gian. Báo quản trị hệ thống kiểm tra.",
    "The time-stamp server's certificate has ended, is revoked or is not trusted, so nothing was stamped. "
    "Tell the administrator.",
)


OTHER_TIME = Text(
    "Giờ của máy chủ cấp dấu thời gian lệch quá 5 phút so với giờ máy chủ này, nên chưa đóng được dấu thời "
    "gian; hồ sơ không thay đổi. Báo quản trị hệ thống chỉnh đồng hồ máy chủ hoặc dùng nơi cấp khác.",
    "The time-stamp server's clock and this server's are more than 5 minutes apart, so nothing was stamped; "
    "the record is unchanged. Tell the administrator to set this server's clock or use another authority.",
)
T = TypeVar("T")


class CheckedTimeStamper(TimeStamper):
    """pyHanko's time-stamper, which compares the nonce; this one looks at the rest of the answer too.

    The token must be about the digest asked for, signed rightly, by a certificate that may stamp and was
    valid then; and by the one whose path was found before: that one's proof is what stands in the file.
    """

    own_clock = False
    """Is its clock another than ours? Then a time further from ours than `APART` is refused: it would prove
    what was not so."""
    _asked_at: datetime | None = None

    def __init__(self) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]  # pyHanko's is bare

    def using(self, make: Callable[[CheckedTimeStamper], T], now: datetime) -> T:
        """What is made `now` with this authority; of several, with the first that answers rightly."""
        self._asked_at = now if self.own_clock else None
        try:
            return make(self)
        except BaseException:
            self.forget()  # it may have changed its certificate: learn everything anew next time
            raise

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            told = token["content"]["encap_content_info"]["content"].parsed
            imprint, at = told["message_imprint"], told["gen_time"].native
            same = (
                imprint["hashed_message"].native == message_digest
                and imprint["hash_algorithm"]["algorithm"].native == md_algorithm
            )
            signer = stamped_by(token["content"])
            far = self._asked_at is not None and abs(at - self._asked_at) > APART
        except (TimestampRequestError, *MALFORMED):
            raise Unavailable(NONSENSE) from None
        if not same or signer is None or (self._certs and signer.issuer_serial not in self._certs):
            raise Unavailable(NONSENSE)
        if far:
            raise Unavailable(OTHER_TIME)
        return token

    async def validation_paths(self, validation_context: ValidationContext) -> AsyncIterator[ValidationPath]:
        """How the authority's certificate leads to a trusted root, valid and not revoked; or Unavailable."""
        try:
            found = super().validation_paths(validation_context)  # type: ignore[no-untyped-call]  # pyHanko's
            async for path in found:
                yield path
        except (PathError, ValidationError):
            raise Unavailable(UNTRUSTED) from None

    @property
    def signers(self) -> tuple[bytes, ...]:
        """The certificates (DER) the authority was seen to stamp with; none before it was asked."""
        return tuple(certificate.dump() for certificate in self._certs.values())

    def forget(self) -> None:
        """Drop what was learnt of the authority's certificates, after it changed them."""
        self._dummy_response_cache.clear()
        self._certs.clear()


class LocalTimeStamper(CheckedTimeStamper):
    """Asks an authority in this process: tests, and an archive worker that holds the key itself."""

    def __init__(self, authority: TimeStampAuthority) -> None:
        super().__init__()
        self._authority = authority

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return tsp.TimeStampResp.load(self._authority.respond(req.dump()))
