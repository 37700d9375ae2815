"""The draw as anyone may check it: same seed, same slots; another seed, pool or order is seen at once."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import date
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.spot_draw import (
    METHOD,
    PYTHON,
    Pool,
    Slot,
    commitment,
    drawn,
    ordered,
    period_of,
    periods,
    pool_digest,
    pool_of,
    recompute,
    shown,
)

CLASS_NAMES = st.sampled_from(["1A", "2B", "3A", "4C", "5A", "Lớp/ghép"])
SLOTS = st.builds(
    Slot,
    st.dates(date(2026, 11, 23), date(2026, 11, 27)),
    st.sampled_from(["morning", "afternoon"]),
    st.integers(1, 5),
    CLASS_NAMES,
).map(lambda slot: slot.key)
POOLS = st.builds(
    Pool,
    st.uuids().map(str),
    st.integers(1, 12),
    st.lists(SLOTS, min_size=1, max_size=60, unique=True).map(tuple),
)
SEEDS = st.binary(min_size=32, max_size=32)


@given(SEEDS, POOLS)
def test_a_draw_takes_slots_of_the_pool_each_in_its_own_period(seed: bytes, pool: Pool) -> None:
    found = drawn(seed, pool)
    assert set(found) <= set(pool.slots)
    assert len({period_of(slot) for slot in found}) == len(found)
    assert len(found) == min(pool.wanted, periods(pool.slots))


@given(SEEDS, POOLS, st.randoms(use_true_random=False))
def test_the_order_in_which_the_pool_was_written_changes_nothing(seed: bytes, pool: Pool, rng) -> None:
    slots = list(pool.slots)
    rng.shuffle(slots)
    shuffled = Pool(pool.draw_id, pool.wanted, tuple(slots))
    assert shuffled.text() == pool.text()
    assert drawn(seed, shuffled) == drawn(seed, pool)


@given(SEEDS, POOLS)
def test_a_smaller_draw_is_the_beginning_of_a_larger(seed: bytes, pool: Pool) -> None:
    more = Pool(pool.draw_id, pool.wanted + 1, pool.slots)
    assert drawn(seed, more)[: pool.wanted] == drawn(seed, pool)


@given(SEEDS, POOLS)
def test_who_has_the_seed_recomputes_the_draw(seed: bytes, pool: Pool) -> None:
    text = pool.text()
    found = recompute(text, pool_digest(text), commitment(seed, text), seed)
    assert found.fits
    assert list(found.draws) == drawn(seed, pool)
    assert pool_of(text) == Pool(pool.draw_id, pool.wanted, tuple(sorted(pool.slots)))


@given(SEEDS, SEEDS, POOLS)
def test_another_seed_does_not_fit_what_was_published(seed: bytes, other: bytes, pool: Pool) -> None:
    text = pool.text()
    found = recompute(text, pool_digest(text), commitment(seed, text), other)
    assert found.pool_fits
    assert found.seed_fits == (seed == other)


@given(SEEDS, POOLS, SLOTS)
def test_a_slot_more_or_less_does_not_fit_what_was_published(seed: bytes, pool: Pool, slot: str) -> None:
    text = pool.text()
    changed = set(pool.slots) ^ {slot}
    if not changed:
        return
    other = Pool(pool.draw_id, pool.wanted, tuple(changed)).text()
    found = recompute(other, pool_digest(text), commitment(seed, text), seed)
    assert not found.pool_fits
    assert not found.seed_fits


def test_one_draw_written_out_by_hand() -> None:
    """Fixed for good: who kept an old draw must be able to recompute it with any later version."""
    slots = ("2026-11-25/morning/2/3A", "2026-11-25/morning/2/4A", "2026-11-25/afternoon/1/3A")
    text = Pool("0198", 2, slots).text()
    assert text == (
        '{"draw":"0198","method":"hososo-spot-1","slots":["2026-11-25/afternoon/1/3A",'
        '"2026-11-25/morning/2/3A","2026-11-25/morning/2/4A"],"wanted":2}'
    )
    seed = bytes(range(32))
    assert pool_digest(text) == hashlib.sha256(text.encode()).hexdigest()
    assert commitment(seed, text) == "c9c7ed208a3fd896e14f65d69abe4828f1fd5adc23d4a6ca35eb11a624e5f71c"
    assert ordered(seed, slots) == [
        "2026-11-25/afternoon/1/3A",
        "2026-11-25/morning/2/4A",
        "2026-11-25/morning/2/3A",
    ]


def test_plain_python_recomputes_a_published_draw(tmp_path: Path) -> None:
    seed = hashlib.sha256(b"plain").digest()
    slots = [
        Slot(date(2026, 11, 25), "morning", p, c).key for p in range(1, 5) for c in ("3A", "4A", "Lớp 5")
    ]
    pool = Pool("0198", 3, tuple(slots))
    text = pool.text()
    published = {
        "pool": text,
        "pool_sha256": pool_digest(text),
        "commitment": commitment(seed, text),
        "seed": seed.hex(),
    }
    (tmp_path / "draw.json").write_text(json.dumps(published), encoding="utf-8")
    command = [sys.executable, "-I", "-X", "utf8", "-c", PYTHON]
    found = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert found.stdout.splitlines() == drawn(seed, pool)
    published["seed"] = bytes(32).hex()
    (tmp_path / "draw.json").write_text(json.dumps(published), encoding="utf-8")
    refused = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "AssertionError" in refused.stderr


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"method":"other","slots":[],"wanted":1,"draw":"x"}',
        '{"method":"hososo-spot-1","slots":[1],"wanted":1,"draw":"x"}',
        '{"method":"hososo-spot-1","slots":["3A"],"wanted":1,"draw":"x"}',
    ],
)
def test_what_is_no_pool_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"pool|method|draw|slot"):
        pool_of(text)


def test_a_slot_is_told_as_people_say_it() -> None:
    assert shown("2026-11-25/morning/3/3A").vi == "3A, tiết 3 sáng 25/11/2026"
    assert shown("2026-11-25/afternoon/1/4B").en == "4B, afternoon period 1, 25/11/2026"
    assert METHOD in Pool("x", 1, ()).text()


def test_every_slot_has_its_due_share_of_many_draws() -> None:
    """4,000 seeds over a lopsided pool: shares against probabilities worked out by enumeration.

    Two of four periods are drawn. P(slot) sums, over the orders in which periods may come, the chance that
    the first slot lies in one and the second in another. Chi-square over 12 slots; 99.9 % lie below 31.3
    (11 degrees of freedom). Counts of two draws without replacement scatter less than independent ones, so
    the bound is on the safe side.
    """
    sizes = {"morning/1": 1, "morning/2": 2, "morning/3": 4, "afternoon/1": 5}
    slots = [f"2026-11-25/{period}/{n}A" for period, size in sizes.items() for n in range(size)]
    seeds = [hashlib.sha256(f"share {n}".encode()).digest() for n in range(4000)]
    counts = Counter(slot for seed in seeds for slot in drawn(seed, Pool("x", 2, tuple(slots))))
    share = dict.fromkeys(sizes, 0.0)
    for first, second in permutations(sizes, 2):
        chance = sizes[first] / len(slots) * sizes[second] / (len(slots) - sizes[first])
        share[first] += chance
        share[second] += chance
    due = {slot: len(seeds) * share[slot[11:-3]] / sizes[slot[11:-3]] for slot in slots}
    assert sum(due.values()) == pytest.approx(2 * len(seeds))
    assert sum((counts[slot] - due[slot]) ** 2 / due[slot] for slot in slots) < 31.3
