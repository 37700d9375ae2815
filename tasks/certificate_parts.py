"""What the certificates of the embedded authority are put together from: names, usages, addresses. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID


@dataclass(frozen=True, slots=True)
class Place:
    """Where anybody finds what an authority says of its certificates: addresses below `base`.

    They stand in each certificate for its whole life, so `service/pages/pki.py` serves them as long.
    """

    base: str
    """The installation's public address, without a slash at its end; empty: certificates name no address."""
    part: str
    generation: int

    @property
    def name(self) -> str:
        return f"{self.part}-{self.generation}"

    def extensions(self, *, answers: bool) -> tuple[x509.ExtensionType, ...]:
        """CRL distribution point and authority information access (RFC 5280 §4.2.1.13, §4.2.2.1).

        `answers`: an OCSP responder speaks for this authority, too.
        """
        if not self.base:
            return ()
        access = AuthorityInformationAccessOID
        found = [(access.CA_ISSUERS, f"{self.base}/pki/{self.name}.crt")]
        if answers:
            found.insert(0, (access.OCSP, f"{self.base}/pki/ocsp"))
        listed = x509.UniformResourceIdentifier(f"{self.base}/pki/{self.name}.crl")
        return (
            x509.CRLDistributionPoints([x509.DistributionPoint([listed], None, None, None)]),
            x509.AuthorityInformationAccess(
                [x509.AccessDescription(how, x509.UniformResourceIdentifier(at)) for how, at in found]
            ),
        )


def name(common: str, organization: str, identifier: str = "") -> x509.Name:
    """X.520 allows 64 characters for each; a longer school name is cut, never refused."""
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
    ]
    if identifier:
        attributes.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, identifier))
    return x509.Name(attributes)


def names_organization(subject: x509.Name) -> bool:
    """Is this a seal's name? The organisation itself stands where a person's name would."""
    common, organization = (
        [attribute.value for attribute in subject.get_attributes_for_oid(oid)]
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
    )
    return bool(common) and common == organization


def usage(*, nonrepudiation: bool = False, authority: bool = False) -> x509.KeyUsage:
    """What a key may be used for; digital signatures, or an authority's certificates and lists alone."""
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=nonrepudiation,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


HASHES: dict[str, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def digest_of(certificate: x509.Certificate) -> str:
    """The hash a certificate's signature is made with; empty where it has none of its own (Ed25519)."""
    found = certificate.signature_hash_algorithm
    return found.name if found else ""


def hash_of(issuer: x509.Certificate) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512:
    """What an authority of ours signs with: the hash its own certificate was made with."""
    return HASHES[digest_of(issuer)]


def key_identifier(issuer_key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    """Which of an issuer's keys signed."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
