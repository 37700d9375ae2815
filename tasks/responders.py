"""Asking other authorities' OCSP responders (RFC 6960) whether a certificate is revoked now.

Which address is asked stands in a certificate that leads to a trusted root; still it comes with a file that
anybody brought. So: HTTP and HTTPS alone, the address that was looked at is the one connected to, none of a
private network unless that is set, no redirects, a time and a size. Nothing of the file goes out but the
certificate's number. An answer counts when the certificate's issuer signed it, or one it delegated this to.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from tasks.exchanges import Line
from tasks.ocsp import REQUEST, RESPONSE
from tasks.verdicts import Answer, Asking, Said

Reach = Literal["public", "any", "off"]
"""Which responders are asked: those on the internet, those of a private network too, none."""
MOST = 8
"""Certificates of one file that are asked about."""
CONNECTING, PATIENCE = 2.0, 6.0
"""Seconds for a connection, and for all answers about one file together."""
LARGEST = 256 * 1024
"""Bytes of an answer; one with its responder's certificate has some kilobytes."""
SKEW = timedelta(minutes=5)
UNDATED = timedelta(days=1)
"""So old may an answer be that does not say until when it holds."""
_WEAK = (hashes.MD5, hashes.SHA1)
_ODD = (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature, x509.ExtensionNotFound)


NO_ANSWER = Answer(Said.UNREACHABLE)


def ask_all(wanted: Sequence[Asking], reach: Reach, now: datetime) -> dict[bytes, Answer]:
    """The answers by certificate, all asked at once; who is late has given none. Empty: nobody was asked."""
    if reach == "off" or not wanted:
        return {}
    unique = list({one.certificate: one for one in wanted}.values())[:MOST]
    threads = ThreadPoolExecutor(len(unique), "ocsp")
    running = {one.certificate: threads.submit(ask, one, reach, now) for one in unique}
    done, _ = wait(running.values(), PATIENCE)
    threads.shutdown(wait=False, cancel_futures=True)
    return {name: future.result() if future in done else NO_ANSWER for name, future in running.items()}


def ask(wanted: Asking, reach: Reach, now: datetime) -> Answer:
    """What the first responder that answers rightly says of a certificate."""
    ends_at = time.monotonic() + PATIENCE
    try:
        certificate = x509.load_der_x509_certificate(wanted.certificate)
        issuer = x509.load_der_x509_certificate(wanted.issuer)
        nonce = x509.OCSPNonce(os.urandom(16))
        builder = ocsp.OCSPRequestBuilder().add_extension(nonce, critical=False)
        # SHA-1 names the certificate and proves nothing: every responder understands it.
        asked = builder.add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
        body = asked.build().public_bytes(Encoding.DER)
    except _ODD:
        return NO_ANSWER
    for url in wanted.urls:
        try:
            content = _post(url, body, reach, ends_at)
            return _read(content, certificate, issuer, nonce, now)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, *_ODD):
            continue
    return NO_ANSWER


# --- the way there ----------------------------------------------------------------------------------------


def _post(url: str, body: bytes, reach: Reach, ends_at: float) -> bytes:
    at = urlsplit(url)
    host, port = at.hostname or "", at.port or (443 if at.scheme == "https" else 80)
    address = next(_addresses(host, port, reach), None)
    if address is None or at.username or at.scheme not in ("http", "https"):
        raise ValueError("no address that is asked")
    near = f"[{address}]" if ":" in address else address
    named = host if at.port is None else f"{host}:{at.port}"
    headers = {"Host": named, "Content-Type": REQUEST, "Accept": RESPONSE}
    content = bytearray()
    # The address itself, so that a name cannot lead elsewhere a moment later; TLS is held against the name.
    with (
        Line().within(ends_at - time.monotonic()) as within,
        httpx.Client(timeout=httpx.Timeout(PATIENCE, connect=CONNECTING), trust_env=False) as client,
        client.stream(
            "POST",
            at._replace(netloc=f"{near}:{port}", fragment="").geturl(),
            content=body,
            headers=headers,
            extensions=within | {"sni_hostname": host},
        ) as reply,
    ):
        if reply.status_code != 200:
            raise ValueError("no answer")
        for part in reply.iter_bytes():
            content += part
            if len(content) > LARGEST:
                raise ValueError("too large")
    return bytes(content)


def _addresses(host: str, port: int, reach: Reach) -> Iterator[str]:
    """Where a name leads, as far as that is asked."""
    for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        address = ipaddress.ip_address(str(place[0]).partition("%")[0])
        inner = getattr(address, "ipv4_mapped", None) or address
        if reach == "any" or (inner.is_global and not inner.is_multicast):
            yield str(address)


# --- the answer -------------------------------------------------------------------------------------------


def _read(
    content: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    nonce: x509.OCSPNonce,
    now: datetime,
) -> Answer:
    """What an answer says; ValueError for one that does not count."""
    answer = ocsp.load_der_ocsp_response(content)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError("refused")
    if not _signed(answer, issuer, now) or not _nonce_fits(answer, nonce):
        raise ValueError("not signed by whom it must be, or another answer")
    for one in answer.responses:
        if one.serial_number != certificate.serial_number or not _of(one, issuer):
            continue
        until = one.next_update_utc or one.this_update_utc + UNDATED
        if not one.this_update_utc - SKEW <= now <= until + SKEW:
            raise ValueError("old")
        if one.certificate_status is ocsp.OCSPCertStatus.REVOKED:
            return Answer(Said.REVOKED, one.revocation_time_utc)
        good = one.certificate_status is ocsp.OCSPCertStatus.GOOD
        return Answer(Said.GOOD if good else Said.UNKNOWN)
    raise ValueError("of another certificate")


def _of(one: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    """Is it this authority whose certificate is answered about?"""
    digest = hashes.Hash(one.hash_algorithm)
    digest.update(issuer.subject.public_bytes())
    return digest.finalize() == one.issuer_name_hash


def _nonce_fits(answer: ocsp.OCSPResponse, nonce: x509.OCSPNonce) -> bool:
    """Many responders leave the nonce out; one that gives another answers somebody else."""
    try:
        given = answer.extensions.get_extension_for_class(x509.OCSPNonce).value
    except x509.ExtensionNotFound:
        return True
    return given.nonce == nonce.nonce


def _signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> bool:
    return any(_signed_by(answer, one) for one in (issuer, *_delegated(answer, issuer, now)))


def _delegated(
    answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime
) -> Iterator[x509.Certificate]:
    """Certificates in the answer that this authority made for answering, and that are in force."""
    for one in answer.certificates:
        try:
            one.verify_directly_issued_by(issuer)
            uses = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except _ODD:
            continue
        in_force = one.not_valid_before_utc - SKEW <= now <= one.not_valid_after_utc
        if in_force and ExtendedKeyUsageOID.OCSP_SIGNING in uses:
            yield one


def _signed_by(answer: ocsp.OCSPResponse, by: x509.Certificate) -> bool:
    algorithm, key = answer.signature_hash_algorithm, by.public_key()
    if algorithm is None or isinstance(algorithm, _WEAK):
        return False
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(answer.signature, answer.tbs_response_bytes, ec.ECDSA(algorithm))
        else:
            return False
    except _ODD:
        return False
    return True
