"""Files made to hold, fill or crash their reader: the intake pool gives a verdict or a refusal in time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.errors import TooLarge, Unavailable
from tasks import judging
from tasks.pools import IntakePool
from tasks.verdicts import Anchors, Standing, Verdict
from tests.attacks import hostile
from tests.attacks.letters import signed
from tests.signatures import NOW, trust

SECONDS = 4.0


@pytest.fixture(scope="module")
def pool() -> Iterator[IntakePool]:
    with IntakePool(1, seconds=SECONDS, warm="") as made:
        yield made


def told(pool: IntakePool, pdf: bytes) -> Verdict | TooLarge | Unavailable:
    """What the school is told; any other exception is a defect."""
    try:
        return pool.submit(judging.judge, pdf, Anchors.embedded(trust()), NOW)
    except (TooLarge, Unavailable) as refusal:
        return refusal


@pytest.mark.parametrize("name", hostile.FORGED)
def test_what_nobody_signed_is_never_valid(pool: IntakePool, name: str) -> None:
    found = told(pool, hostile.FORGED[name]())
    assert not isinstance(found, Verdict) or found.standing is not Standing.VALID


@pytest.mark.parametrize("name", hostile.SIGNED)
def test_what_is_odd_gets_an_answer(pool: IntakePool, name: str) -> None:
    told(pool, hostile.SIGNED[name]())


def test_afterwards_an_honest_file_is_judged(pool: IntakePool) -> None:
    # A child that was just replaced reads our programs first, which takes a busy machine longer.
    found = pool.submit_within(120, judging.judge, signed(), Anchors.embedded(trust()), NOW)
    assert isinstance(found, Verdict)
    assert found.standing is Standing.VALID
