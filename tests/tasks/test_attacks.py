"""Every published class of attack on signed PDFs: no sample is called valid, and each gets the right name.

What is forged and how: `tests/attacks/`, a class of attacks a file. A sample that anything calls valid is a
defect of the verification, whatever else it says.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.attacks import (
    byte_ranges,
    certified,
    combined,
    display,
    evidence,
    forged_cms,
    form_content,
    hidden_evidence,
    incremental_saving,
    locked_files,
    other_views,
    shadow,
    signed_beside,
    stores,
    structure,
    then_approved,
    universal_forgery,
    unseen_updates,
    value_and_picture,
    whole_files,
    wrapping,
)
from tests.attacks.judged import judge
from tests.attacks.samples import Attacks, samples

CLASSES: tuple[Attacks, ...] = (
    incremental_saving.ATTACKS,
    wrapping.ATTACKS,
    universal_forgery.ATTACKS,
    shadow.ATTACKS,
    certified.ATTACKS,
    form_content.ATTACKS,
    byte_ranges.ATTACKS,
    display.ATTACKS,
    structure.ATTACKS,
    forged_cms.ATTACKS,
    evidence.ATTACKS,
    combined.ATTACKS,
    value_and_picture.ATTACKS,
    unseen_updates.ATTACKS,
    then_approved.ATTACKS,
    signed_beside.ATTACKS,
    hidden_evidence.ATTACKS,
    other_views.ATTACKS,
    locked_files.ATTACKS,
    stores.ATTACKS,
    whole_files.ATTACKS,
)
SAMPLES = samples(*CLASSES)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_forged_file_is_called_valid(name: str) -> None:
    sample = SAMPLES[name]
    forged = sample.make()
    assert sample.before is None or forged != sample.before(), "nothing was forged"
    verdict = sample.judge(forged)
    assert verdict.standing in sample.standings, verdict.explanation.en
    for said in (verdict.headline, verdict.explanation):
        assert said.vi
        assert said.en


def test_what_was_attacked_was_judged_better_before() -> None:
    """Else a sample proves nothing: its honest file would be refused as well.

    One was prepared so that even its author's file is doubted; what was forged in it is seen all the same.
    """
    made_of = defaultdict(set)
    for name, sample in SAMPLES.items():
        if sample.before is not None and name not in then_approved.ATTACKS:  # those were approved afterwards
            made_of[sample.before] |= sample.standings
    before = {make: judge(make()) for make in made_of}
    doubted = {make: verdict for make, verdict in before.items() if verdict.standing != "valid"}
    assert [v.explanation.en for make, v in doubted.items() if v.standing in made_of[make]] == []
    assert len(doubted) <= 1
    assert {verdict.standing for verdict in doubted.values()} <= {"unknown"}


@pytest.mark.parametrize("attacks", CLASSES, ids=lambda attacks: attacks.published)
def test_every_class_has_its_samples(attacks: Attacks) -> None:
    assert len(attacks) >= 6
