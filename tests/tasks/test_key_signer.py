"""The CMS we put together is what pyHanko makes of the same, to the byte."""

from __future__ import annotations

import asyncio

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer

from tasks.certificates import Purpose, Subject, issue, new_key
from tasks.key_signer import DIGEST, KeySigner
from tasks.keys import PrivateKey
from tasks.timestamping import LocalTimeStamper
from tests.signatures import FOUNDED, NAMES, NOW, SCHOOL, authority, stamping, trust

HASH = bytes(range(32))


class Repeating(KeySigner):
    """One signature for the same words: an elliptic curve makes another each time."""

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        made = self.__dict__.setdefault("made", {})
        if data not in made:
            made[data] = await super().async_sign_raw(data, digest_algorithm, dry_run)
        return bytes(made[data])


class Remembering(LocalTimeStamper):
    """One token for the same digest, though the authority gives each its number."""

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        given = self.__dict__.setdefault("given", {})
        if message_digest not in given:
            given[message_digest] = await super().async_timestamp(message_digest, md_algorithm)
        token: cms.ContentInfo = given[message_digest]
        return token


@pytest.mark.parametrize("key", [new_key(), rsa.generate_private_key(65537, 2048)], ids=["P-256", "RSA-2048"])
def test_ours_is_that_of_pyhanko(key: PrivateKey) -> None:
    own = issue(
        authority(), Subject(NAMES["lan"], SCHOOL, "lan"), Purpose.PERSONAL, key.public_key(), FOUNDED
    )
    signer, stamper = Repeating(own, key, trust()), Remembering(stamping())
    said = PdfCMSSignedAttributes(signing_time=NOW)
    ours = asyncio.run(signer.async_sign(HASH, DIGEST, False, True, stamper, said))
    theirs = asyncio.run(Signer.async_sign(signer, HASH, DIGEST, False, True, stamper, said))
    assert ours.dump() == theirs.dump()
    assert len(signer.__dict__["made"]) == 1  # over the same attributes
    assert len(stamper.__dict__["given"]) == 1
