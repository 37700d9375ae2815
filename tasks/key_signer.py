"""pyHanko's signer over a key that is open already, its CMS put together from DER pieces made once.

Every signature of a person differs in three things: the file's digest, the signature over it, the time-stamp.
The rest (certificates, their names, algorithms) is encoded when the signer is made. Through asn1crypto each
signature encoded all of it again, a third of its time. The result is the same to the byte: the tests hold
it beside pyHanko's own, which still makes what sizes are estimated from.
"""

from __future__ import annotations

import hashlib
from typing import Any

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tasks import asn1_lengths  # noqa: F401  (mends asn1crypto)
from tasks.certificates import Trust
from tasks.der import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    OCTETS,
    SEQUENCE,
    SET,
    SIGNED_DATA,
    VERSION_1,
    attribute,
    der,
    oid,
    tagged,
)
from tasks.keys import PrivateKey

DIGEST = "sha256"
_SIGNING_CERTIFICATE = oid("1.2.840.113549.1.9.16.2.47")
_TIME_STAMP = oid("1.2.840.113549.1.9.16.2.14")
_DATA = oid("1.2.840.113549.1.7.1")
_CONTENT_IS_DATA = attribute(CONTENT_TYPE, _DATA)


class KeySigner(Signer):
    """Signs with a key that is loaded: pyHanko's own parses PKCS#8 at every signature (36 ms)."""

    def __init__(self, certificate: bytes, key: PrivateKey, trust: Trust) -> None:
        registry = SimpleCertificateStore()
        registry.register_multiple([asn1_x509.Certificate.load(der_) for der_ in trust.intermediates])
        own = asn1_x509.Certificate.load(certificate)
        super().__init__(signing_cert=own, cert_registry=registry, embed_roots=False)
        self._key = key
        self._ess = attribute(_SIGNING_CERTIFICATE, as_signing_certificate_v2(own).dump())
        self._sid = der(SEQUENCE, own.issuer.dump(), own["tbs_certificate"]["serial_number"].dump())
        self._digest = algos.DigestAlgorithm({"algorithm": DIGEST}).dump()
        self._mechanism = self.get_signature_mechanism_for_digest(DIGEST).dump()
        others = {link.dump() for link in registry if link.self_signed == "no"}
        self._certificates = tagged(0, *sorted({certificate, *others}))

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if digest_algorithm != DIGEST:
            raise ValueError(f"We sign with {DIGEST}, not {digest_algorithm}.")
        if isinstance(self._key, rsa.RSAPrivateKey):
            if dry_run:
                return bytes(self._key.key_size // 8)
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        # A P-256 signature is 70 to 72 bytes in DER.
        return bytes(72) if dry_run else self._key.sign(data, ec.ECDSA(hashes.SHA256()))

    async def async_sign(
        self,
        data_digest: bytes,
        digest_algorithm: str,
        dry_run: bool = False,
        use_pades: bool = False,
        timestamper: TimeStamper | None = None,
        signed_attr_settings: PdfCMSSignedAttributes | None = None,
        is_pdf_sig: bool = True,
        encap_content_info: Any = None,
    ) -> cms.ContentInfo:
        """A PAdES signature with its time-stamp over a digest; anything else is left to pyHanko."""
        more = signed_attr_settings and signed_attr_settings.cades_signed_attrs
        if dry_run or not use_pades or not is_pdf_sig or timestamper is None or encap_content_info or more:
            made: cms.ContentInfo = await super().async_sign(
                data_digest,
                digest_algorithm,
                dry_run,
                use_pades,
                timestamper,
                signed_attr_settings,
                is_pdf_sig,
                encap_content_info,
            )
            return made
        told = attribute(MESSAGE_DIGEST, der(OCTETS, data_digest))
        attributes = sorted((_CONTENT_IS_DATA, told, self._ess))
        # Signed as a SET, stored under a tag of its own (RFC 5652, 5.4).
        signature = await self.async_sign_raw(der(SET, *attributes), digest_algorithm)
        token = await timestamper.async_timestamp(hashlib.sha256(signature).digest(), DIGEST)
        return cms.ContentInfo.load(self._container(attributes, signature, token.dump()))

    def _container(self, attributes: list[bytes], signature: bytes, token: bytes) -> bytes:
        """The ContentInfo (RFC 5652, 5.1): one signer, no content, the time-stamp beside the signature."""
        signer = der(
            SEQUENCE,
            VERSION_1,
            self._sid,
            self._digest,
            tagged(0, *attributes),
            self._mechanism,
            der(OCTETS, signature),
            tagged(1, attribute(_TIME_STAMP, token)),
        )
        signed = der(
            SEQUENCE,
            VERSION_1,
            der(SET, self._digest),
            der(SEQUENCE, _DATA),
            self._certificates,
            der(SET, signer),
        )
        return der(SEQUENCE, SIGNED_DATA, tagged(0, signed))
