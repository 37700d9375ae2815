"""The result of a check for a machine: the API's answer, and `hososo verify --json`."""

from __future__ import annotations

from typing import Any

from flows.known_files import KnownFile
from service.api.answers import moment, words
from tasks.check_results import CheckResult
from tasks.verdicts import ChangedPlace, IssuerClass, SignatureVerdict, Standing, Verdict


def answer(result: CheckResult, known: KnownFile | None) -> dict[str, Any]:
    """Everything but the pictures of the changed places."""
    verdict = result.verdict
    return {
        "file": {"name": result.name, "size": result.size, "sha256": result.sha256},
        "checked_at": moment(result.checked_at),
        "seconds": round(result.seconds, 3),
        "standing": verdict.standing.value,
        "headline": words(verdict.headline),
        "explanation": words(verdict.explanation),
        "legal_force": _legal_force(verdict),
        "cautions": [words(caution) for caution in verdict.cautions],
        "pages": verdict.pages,
        "modified": verdict.modified or None,
        "known": _known(known),
        "signatures": [_signature(one) for one in verdict.signatures],
        "places": [_place(place) for place in verdict.places],
    }


_IN_LAW = {IssuerClass.PUBLIC, IssuerClass.OFFICIAL, IssuerClass.SPECIALISED}


def _legal_force(verdict: Verdict) -> bool | None:
    """True only of a valid file whose every signer has a certificate of a class the law knows; False of test
    certificates; None where it cannot be told."""
    if verdict.development:
        return False
    classes = {one.issuer_class for one in verdict.signers}
    return True if verdict.standing is Standing.VALID and classes <= _IN_LAW else None


def _signature(one: SignatureVerdict) -> dict[str, Any]:
    report = one.report
    return {
        "field": report.field,
        "kind": "timestamp" if report.is_timestamp else "signature",
        "standing": one.standing.value,
        "sentence": words(one.sentence),
        "signer": report.signer,
        "organization": report.organization,
        "issuer": report.issuer,
        "issuer_class": one.issuer_class.value,
        "certificate_sha256": report.certificate_fingerprint,
        "valid_from": moment(one.valid_from),
        "valid_to": moment(one.valid_to),
        "claimed_at": moment(report.claimed_at),
        "timestamped_at": moment(report.timestamped_at),
        "stamped_by_unknown": moment(report.stamped_by_unknown),
        "intact": report.intact,
        "trusted": report.trusted,
        "revoked_then": one.revoked_then,
        "revoked_now": one.revoked_now,
        "authority_answered": one.answer.said.value if one.answer else None,
        "revoked_at": moment(one.answer.revoked_at) if one.answer else None,
        "changes": report.changes.value,
        "allowed": report.docmdp_ok,
        "pages": one.pages.value,
        "level": report.level.value,
        "revision_end": report.revision_end,
    }


def _place(place: ChangedPlace) -> dict[str, Any]:
    return {
        "page": place.page or None,
        "page_when_signed": place.was or None,
        "added_by": place.added_by or None,
        "signature": place.signature,
        "box": list(place.box),
        "words_before": place.words_before,
        "words_after": place.words_after,
    }


def _known(known: KnownFile | None) -> dict[str, Any] | None:
    if known is None:
        return None
    return {
        "type": words(known.type),
        "school": known.school,
        "revision": known.revision,
        "standing": known.standing,
        "since": moment(known.since),
        "by_revision": known.by_revision,
    }
