"""RFC 6960: what is asked of an OCSP responder, and its signed answer. Bytes in, bytes out.

Who asks is anybody, so a request is small or refused, and what cannot be read is `malformed`, never an
error. Whether a certificate is good is the caller's knowledge (`flows/standings.py`); the answer is signed by
a responder to which the issuing authority delegated this (RFC 6960 §4.2.2.2), so that the authority's own key
need not be open while anybody asks.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import UTC, datetime, timedelta

from asn1crypto import core, crl, ocsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tasks import asn1_lengths  # noqa: F401  (mends asn1crypto)
from tasks.certificates import Revoked, load

REQUEST, RESPONSE = "application/ocsp-request", "application/ocsp-response"
LONGEST = 8 * 1024
"""Bytes of a request. One certificate takes about a hundred."""
MOST = 32
"""Certificates in one request: the longest chain of a file, several times over."""
FRESH = timedelta(hours=1)
"""So long an answer may be kept by whoever asked (`nextUpdate`)."""
_NONCE = range(1, 129)
"""Bytes of a nonce (RFC 9654 §2.1)."""
_HASHES = frozenset({"sha1", "sha256", "sha384", "sha512"})


class Unreadable(ValueError):
    """These bytes are no request of RFC 6960, or ask for more than is answered at once."""


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked: certificate identifiers in their order, and the nonce to give back (empty: none)."""

    ids: tuple[ocsp.CertId, ...]
    nonce: bytes = b""

    @property
    def serials(self) -> tuple[int, ...]:
        return tuple(int(one["serial_number"].native) for one in self.ids)

    def concerns(self, issuer: bytes) -> bool:
        """Does it ask only for certificates of this authority (DER)?"""
        return all(_names(one, issuer) for one in self.ids)


@dataclass(frozen=True, slots=True)
class Responder:
    """Who signs answers: a certificate of the issuing authority for this alone, and its key."""

    certificate: bytes
    key: ec.EllipticCurvePrivateKey = attribute(repr=False)


def read(body: bytes) -> Query:
    """The question in these bytes; Unreadable otherwise."""
    if not 0 < len(body) <= LONGEST:
        raise Unreadable
    try:
        asked = ocsp.OCSPRequest.load(body, strict=True)["tbs_request"]
        _ = asked.native  # asn1crypto reads when it is asked: everything now, not while answering
        ids = tuple(one["req_cert"] for one in asked["request_list"])
        query = Query(ids, _nonce(asked["request_extensions"]))
    # Whatever asn1crypto makes of hostile bytes: a type that is not the one expected, a length that is none.
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as fault:
        raise Unreadable from fault
    if not 0 < len(query.ids) <= MOST:
        raise Unreadable
    return query


def _nonce(extensions: ocsp.TBSRequestExtensions) -> bytes:
    if not extensions.native:
        return b""
    for extension in extensions:
        if extension["extn_id"].native == "nonce":
            nonce = bytes(extension["extn_value"].parsed.native)
            if len(nonce) not in _NONCE:
                raise Unreadable
            return nonce
        if extension["critical"].native:
            raise Unreadable
    return b""


def _names(asked: ocsp.CertId, issuer: bytes) -> bool:
    algorithm = asked["hash_algorithm"]["algorithm"].native
    if algorithm not in _HASHES:
        return False
    by_name, by_key = _hashed(issuer, algorithm)
    return bool(asked["issuer_name_hash"].native == by_name and asked["issuer_key_hash"].native == by_key)


@functools.lru_cache(maxsize=64)
def _hashed(issuer: bytes, algorithm: str) -> tuple[bytes, bytes]:
    """How a request names an authority: digests of its name and of its public key."""
    certificate = load(issuer)
    return (
        hashlib.new(algorithm, certificate.subject.public_bytes()).digest(),
        hashlib.new(algorithm, _public_point(issuer)).digest(),
    )


def _public_point(certificate: bytes) -> bytes:
    key = load(certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


# --- answers --------------------------------------------------------------------------------------------


def answer(query: Query, responder: Responder, known: Mapping[int, Revoked | None], now: datetime) -> bytes:
    """The signed answer: `known` has None for a good serial number, what was revoked, or nothing: unknown."""
    now = now.astimezone(UTC).replace(microsecond=0)
    data = ocsp.ResponseData(
        {
            "responder_id": ocsp.ResponderId(
                name="by_key",
                value=hashlib.sha1(_public_point(responder.certificate)).digest(),  # noqa: S324 - RFC 6960 names a key so
            ),
            "produced_at": now,
            "responses": [
                {
                    "cert_id": one,
                    "cert_status": _status(serial, known),
                    "this_update": now,
                    "next_update": now + FRESH,
                    **_lost(known.get(serial)),
                }
                for one, serial in zip(query.ids, query.serials, strict=True)
            ],
        }
    )
    if query.nonce:
        data["response_extensions"] = [{"extn_id": "nonce", "extn_value": ocsp.OctetString(query.nonce)}]
    signed = ocsp.BasicOCSPResponse(
        {
            "tbs_response_data": data,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": responder.key.sign(data.dump(), ec.ECDSA(hashes.SHA256())),
            "certs": [asn1_x509.Certificate.load(responder.certificate)],
        }
    )
    return bytes(
        ocsp.OCSPResponse(
            {
                "response_status": "successful",
                "response_bytes": {"response_type": "basic_ocsp_response", "response": signed},
            }
        ).dump()
    )


def _status(serial: int, known: Mapping[int, Revoked | None]) -> ocsp.CertStatus:
    if serial not in known:
        return ocsp.CertStatus(name="unknown", value=ocsp.StatusUnknown())
    revoked = known[serial]
    if revoked is None:
        return ocsp.CertStatus(name="good", value=ocsp.StatusGood())
    info = {"revocation_time": revoked.at.astimezone(UTC).replace(microsecond=0)}
    if revoked.reason is not None:
        info["revocation_reason"] = crl.CRLReason(revoked.reason.name)
    return ocsp.CertStatus(name="revoked", value=ocsp.RevokedInfo(info))


def _lost(revoked: Revoked | None) -> dict[str, object]:
    """Since when the key may have been in other hands, as a list's entry has it (RFC 6960 §4.4.5)."""
    if revoked is None or revoked.lost is None:
        return {}
    since = core.GeneralizedTime(revoked.lost.astimezone(UTC).replace(microsecond=0))
    return {"single_extensions": [{"extn_id": "invalidity_date", "extn_value": since}]}


def refusal(status: str) -> bytes:
    """An answer that says only why there is none: `malformed_request`, `unauthorized`, `try_later`."""
    return bytes(ocsp.OCSPResponse({"response_status": status}).dump())
