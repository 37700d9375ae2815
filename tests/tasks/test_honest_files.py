"""Honest files raise no alarm, whoever made them, however often they were signed and stamped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tasks import verdict_words as words
from tasks.verdicts import PageFinding, Standing
from tasks.verifying import Level
from tests.attacks import honest, honest_strangers
from tests.attacks.judged import judge
from tests.signatures import NOW

LATER = NOW + timedelta(days=3)
"""When the last archive timestamp has been made."""


@pytest.mark.parametrize("name", honest_strangers.FILES)
def test_no_alarm(name: str) -> None:
    verdict = judge(honest_strangers.FILES[name](), LATER)
    assert verdict.standing is Standing.VALID, verdict.explanation.en
    assert [found.standing for found in verdict.signatures] == [Standing.VALID] * len(verdict.signatures)
    assert verdict.places == ()


@pytest.mark.parametrize("name", honest_strangers.UNKNOWN)
def test_what_cannot_be_known_is_called_unknown(name: str) -> None:
    """Neither altered nor broken: other issuers, old algorithms."""
    assert judge(honest_strangers.UNKNOWN[name](), LATER).standing is Standing.UNKNOWN


@pytest.mark.parametrize("name", honest_strangers.BESIDE)
def test_who_signs_on_blank_paper_is_named_with_the_page(name: str) -> None:
    """The usual practice of many programs, where no certification forbids it."""
    make, added = honest_strangers.BESIDE[name]
    verdict = judge(make(), LATER)
    assert verdict.standing is Standing.VALID, verdict.explanation.en
    assert verdict.headline == words.VALID_WITH_MORE
    assert verdict.signatures[0].pages is PageFinding.ADDED
    assert {place.page: place.added_by for place in verdict.places} == added
    for page, who in added.items():
        assert any(f"trang {page};" in said.vi and who in said.vi for said in verdict.cautions)
    for place in verdict.places:
        assert place.before
        assert place.after
        assert place.before != place.after


def test_an_honest_file_years_later() -> None:
    """The certificates of persons have ended; the archive's time-stamp proves that they held."""
    assert judge(honest.team_plan(), NOW + timedelta(days=8 * 365)).standing is Standing.VALID


def test_validation_data_is_found_also_by_reference() -> None:
    """Many programs keep the lists of certificates and revocations as objects of their own."""
    verdict = judge(honest_strangers.FILES["validation data whose lists stand by themselves"](), LATER)
    assert {found.report.level for found in verdict.signatures} == {Level.LT}
