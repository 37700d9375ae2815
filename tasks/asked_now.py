"""What responders answered, written into a verdict: pure.

"Revoked now" stands beside a verdict and does not change it, with one exception: who was revoked *before*
the signature, and whose file only did not know it, did not sign validly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tasks import summing_up
from tasks import verdict_words as words
from tasks.verdicts import Answer, Asking, Said, SignatureVerdict, Standing, Verdict


def wanted(verdict: Verdict) -> tuple[Asking, ...]:
    """Whom to ask about the certificates of a file, those of its signers first."""
    signers = sorted(verdict.signatures, key=lambda one: one.report.is_timestamp)
    return tuple(asking for one in signers for asking in one.asked)


def with_answers(verdict: Verdict, answers: Mapping[bytes, Answer]) -> Verdict:
    """The verdict with what was answered about each signature's certificates."""
    if not answers:
        return verdict
    found = tuple(_told(one, answers) for one in verdict.signatures)
    if [one.standing for one in found] == [one.standing for one in verdict.signatures]:
        return replace(verdict, signatures=found)
    again = summing_up.summed_up(found, (), verdict.places)
    return replace(
        verdict,
        standing=again.standing,
        headline=again.headline,
        explanation=again.explanation,
        signatures=found,
    )


def _told(one: SignatureVerdict, answers: Mapping[bytes, Answer]) -> SignatureVerdict:
    told = [answers[asking.certificate] for asking in one.asked if asking.certificate in answers]
    if not told:
        return one
    revoked = [answer for answer in told if answer.said is Said.REVOKED]
    answer = revoked[0] if revoked else told[0]
    now = {Said.REVOKED: True, Said.GOOD: bool(one.revoked_now)}.get(answer.said, one.revoked_now)
    one = replace(one, answer=answer, revoked_now=now)
    since = min((answer.revoked_at for answer in revoked if answer.revoked_at), default=None)
    if since is None or one.standing not in (Standing.VALID, Standing.UNKNOWN):
        return one
    # A time that is only claimed proves nothing against a revocation.
    if one.report.timestamped_at and one.report.timestamped_at < since:
        return one
    return replace(one, standing=Standing.BROKEN, sentence=words.WAS_REVOKED, revoked_then=True)
