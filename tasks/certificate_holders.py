"""Whose certificate is it, and may its holder sign documents? What a signer's certificate says of both."""

from __future__ import annotations

from asn1crypto import x509
from pyhanko.sign.validation.settings import KeyUsageConstraints

SIGNING = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"})
"""One of both is enough (ETSI EN 319 412-2, types A to F): many a true certificate has only the other."""
_OF_MACHINES = {"server_auth", "code_signing", "ocsp_signing", "time_stamping"}


def of_machine(certificate: x509.Certificate) -> bool:
    """Whether it was issued to a server, a program or an authority's service, and for nothing else."""
    purposes = certificate.extended_key_usage_value
    return purposes is not None and set(purposes.native) <= _OF_MACHINES


def named(name: x509.Name, kind: str) -> str:
    """All a certificate says of one kind: it may name several."""
    said = name.native.get(kind, "")
    return ", ".join(map(str, said)) if isinstance(said, list) else str(said)
