"""Authorities that do not call themselves development, as those of a nation do."""

from __future__ import annotations

import pytest
from cryptography import x509

from tasks import certificates
from tasks.certificates import Authority
from tests.signatures import FOUNDED


def real(name: str, base: str = "") -> Authority:
    """A root and an issuing authority of that organisation, under another policy than ours.

    `base`: where its certificates say that it answers (OCSP).
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "POLICY", x509.ObjectIdentifier("2.5.29.32.0"))
        return certificates.make_authority(FOUNDED, name, base=base)
