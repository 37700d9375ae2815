"""A bare RFC 3161 time-stamp token on a line of text: asked for, and judged. No database, no files."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime

from asn1crypto import cms
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data

from tasks import asn1_lengths  # noqa: F401  (mends asn1crypto)
from tasks.certificates import Trust
from tasks.checking import MALFORMED
from tasks.timestamping import CheckedTimeStamper
from tasks.verifying import validation_context


def stamp(line: str, timestamper: CheckedTimeStamper) -> bytes:
    """The token (DER) of an authority that this line existed; Unavailable while there is none to have."""
    digest = hashlib.sha256(line.encode()).digest()
    return bytes(asyncio.run(timestamper.async_timestamp(digest, "sha256")).dump())


def proven(token: bytes, line: str, trust: Trust, moment: datetime) -> datetime | None:
    """The time since which the line exists, as the token proves at `moment`; None when it proves nothing.

    Its digest, signature, certificate with its chain, and revocation. Never raises for a bad token.
    """
    try:
        return asyncio.run(_proven(token, line, trust, moment))
    except (*MALFORMED, SignatureValidationError):
        return None


async def _proven(token: bytes, line: str, trust: Trust, moment: datetime) -> datetime | None:
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    found = await validate_tst_signed_data(
        signed,
        validation_context(trust, moment),
        lambda algorithm: hashlib.new(algorithm, line.encode()).digest(),
    )
    holds = found["intact"] and found["valid"] and found["trust_problem_indic"] is None
    at: datetime = found["timestamp"]
    return at if holds and at <= moment else None


def authority_of(token: bytes) -> str:
    """How the authority names itself in its token, at most 200 characters; empty when it does not."""
    try:
        signed = cms.ContentInfo.load(token)["content"]
        name = signed["encap_content_info"]["content"].parsed["tsa"]
        return str(name.chosen.native.get("common_name", ""))[:200] if name.native else ""
    except MALFORMED:
        return ""
