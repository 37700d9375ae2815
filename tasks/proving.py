"""What a file's proof consists of, and until when it proves: bytes in, a date out. No database, no network.

It ceases when the time-stamp certificate, or one above it, ends, or when an algorithm on the way is no longer
good: the hash of the file, the hash and the signature of the token, the signatures of the certificates.
A newer timestamp made before that day takes over (ETSI EN 319 142-1, B-LTA).
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils.reader import PdfFileReader

from tasks import asn1_lengths, hex_strings, pdf_names  # noqa: F401  (mend asn1crypto and pyHanko)
from tasks.certificate_parts import digest_of
from tasks.certificate_use import find_chain
from tasks.certificates import Trust
from tasks.checking import MALFORMED, stamped_by

CERTIFICATE = "certificate"


def narrowed(trust: Trust, certificates: Iterable[bytes]) -> Trust:
    """The same trust with those lists alone that speak of these certificates, or of one above them.

    A file embeds every list it is made with; the lists of a nation's authorities have megabytes.
    """
    issuers = {link.subject for one in certificates for link in find_chain(one, trust)[1:]}
    return Trust(
        trust.roots, trust.intermediates, tuple(crl for crl in trust.crls if _issuer(crl) in issuers)
    )


@functools.lru_cache(maxsize=64)
def _issuer(crl: bytes) -> x509.Name:
    return x509.load_der_x509_crl(crl).issuer


@dataclass(frozen=True, slots=True)
class Proof:
    """When the newest timestamp was made, when it ceases to prove, and what then ends."""

    stamped_at: datetime
    until: datetime
    weakest: str


def proof_of(pdf: bytes, trust: Trust, ends: Mapping[str, datetime]) -> Proof | None:
    """What the newest archive timestamp of a file proves; None when there is none that can be read.

    One that leads to no trusted root proves nothing: it ends when it was made.
    """
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        stamps = [s for s in reader.embedded_signatures if s.sig_object_type == "/DocTimeStamp"]
        return _proof(stamps[-1].signed_data, trust, ends) if stamps else None
    except MALFORMED:
        return None


def _proof(token: cms.SignedData, trust: Trust, ends: Mapping[str, datetime]) -> Proof:
    at: datetime = token["encap_content_info"]["content"].parsed["gen_time"].native
    signer = stamped_by(token)
    chain = find_chain(signer.dump(), trust) if signer else ()
    if not chain:
        return Proof(at, at, CERTIFICATE)
    limits = [(link.not_valid_after_utc, CERTIFICATE) for link in chain]
    used = {*_algorithms_of(token), *_algorithms_in(chain)}
    limits += [(ends[name], name) for name in used if name in ends]
    until, weakest = min(limits)
    return Proof(at, until, weakest)


def _algorithms_of(token: cms.SignedData) -> Iterator[str]:
    """The hashes of the token: of the file it is about, and of what is signed."""
    info = token["encap_content_info"]["content"].parsed
    yield info["message_imprint"]["hash_algorithm"]["algorithm"].native
    yield token["signer_infos"][0]["digest_algorithm"]["algorithm"].native


def _algorithms_in(chain: tuple[x509.Certificate, ...]) -> Iterator[str]:
    """Keys and hashes on the way to the root; the root's own signature proves nothing and is left out."""
    for link in chain:
        key = link.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            yield f"rsa-{key.key_size}"
        elif isinstance(key, ec.EllipticCurvePublicKey):
            yield f"ecdsa-{key.key_size}"
    yield from (digest_of(link) for link in chain[:-1])
