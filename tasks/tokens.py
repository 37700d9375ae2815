"""A bare RFC 3161 time-stamp token on a line of text: asked for, and judged. No database, no files."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Judged:
    """`intact`: digest and signature are right. `at`: the time proven; None: its authority is not trusted.

    That may also mean: there is no valid revocation list of that authority here.
    """

    intact: bool = False
    at: datetime | None = None


def judge(token: bytes, line: str, trust: Trust, moment: datetime) -> Judged:
    """What a token says of a line at `moment`. Never raises for a bad token."""
    try:
        return asyncio.run(_judged(token, line, trust, moment))
    except (*MALFORMED, SignatureValidationError):
        return Judged()


def proven(token: bytes, line: str, trust: Trust, moment: datetime) -> datetime | None:
    """The time since which the line exists, as the token proves at `moment`; None when it proves nothing."""
    return judge(token, line, trust, moment).at


async def _judged(token: bytes, line: str, trust: Trust, moment: datetime) -> Judged:
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    found = await validate_tst_signed_data(
        signed,
        validation_context(trust, moment),
        lambda algorithm: hashlib.new(algorithm, line.encode()).digest(),
    )
    at: datetime = found["timestamp"]
    intact = bool(found["intact"] and found["valid"])
    return Judged(intact, at if intact and found["trust_problem_indic"] is None and at <= moment else None)


def authority_of(token: bytes) -> str:
    """How the authority names itself in its token, at most 200 characters; empty when it does not."""
    try:
        signed = cms.ContentInfo.load(token)["content"]
        name = signed["encap_content_info"]["content"].parsed["tsa"]
        return str(name.chosen.native.get("common_name", ""))[:200] if name.native else ""
    except MALFORMED:
        return ""
