"""Honest files raise no alarm, whoever made them, however often they were signed and stamped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks.verdicts import Standing
from tests.attacks import honest
from tests.attacks.judged import judge
from tests.signatures import NOW

LATER = NOW + timedelta(days=3)
"""When the last archive timestamp has been made."""


@pytest.mark.parametrize("name", honest.FILES)
def test_no_alarm(name: str) -> None:
    verdict = judge(honest.FILES[name](), LATER)
    assert verdict.standing is Standing.VALID, verdict.explanation.en
    assert [found.standing for found in verdict.signatures] == [Standing.VALID] * len(verdict.signatures)
    assert verdict.places == ()


def test_a_visible_field_that_nobody_prepared_is_doubtful_but_not_called_altered() -> None:
    """Many programs let each signer draw a field on an empty place. An attacker could do the same."""
    assert judge(honest.drawn_on_the_fly(), LATER).standing in (Standing.VALID, Standing.UNKNOWN)


def test_an_honest_file_years_later() -> None:
    """The certificates of persons have ended; the archive's time-stamp proves that they held."""
    assert judge(honest.team_plan(), NOW + timedelta(days=8 * 365)).standing is Standing.VALID
