"""Stops of the accessibility tour at the public check of a file: the form, and every kind of result."""

from __future__ import annotations

from datetime import timedelta

from flows.believed import anchors_of
from tasks.check_results import CheckResult, CheckResults
from tasks.judging import judge
from tests.browser.stops import ANYBODY, Stop, stop
from tests.cast import Cast
from tests.drawn_over import with_a_line_drawn_over

NO_PAGE = {"/verify/{word}/{number}/{which}.webp": "a picture"}


def verify_stops(cast: Cast, archived: str) -> list[Stop]:
    """A valid file of ours, one that was changed, one that is no PDF; the issuers that are trusted."""
    pdf = cast.office.blobs.get(cast.fresh(archived).blob or "")
    altered = _result(cast, with_a_line_drawn_over(pdf))
    return [
        stop(ANYBODY, "/verify"),
        stop(ANYBODY, "/verify", "[data-send]"),
        stop(ANYBODY, _result(cast, pdf), ".fold summary", shows=".fold[open] .facts"),
        stop(ANYBODY, altered, shows=".crop img"),
        stop(ANYBODY, altered, ".pair", "details.mt-2 summary", shows="details[open] .hit"),
        stop(ANYBODY, _result(cast, b"GIF89a"), shows=".verdict--plain"),
        stop(ANYBODY, "/verify/a-result-that-is-over", shows="[role=alert]"),
        stop("lan", "/verify"),
        stop("lan", f"/documents/{archived}", "form[action*='/verify'] .btn", shows=".verdict"),
        stop("admin", "/admin/trust"),
    ]


def _result(cast: Cast, pdf: bytes) -> str:
    """Address of the result of a check, which outlasts the tour."""
    now = cast.office.now()
    with cast.office.db.read() as session:
        trusted = anchors_of(session, cast.office.settings)
    verdict = cast.office.intake.submit(judge, pdf, trusted, now)
    later = now + timedelta(hours=6)
    kept = CheckResults(cast.office.settings.verified)
    return f"/verify/{kept.put(CheckResult('KHBD-3A-13.pdf', len(pdf), '0' * 64, later, 1.9, verdict))}"
