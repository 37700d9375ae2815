"""A school year with two servers: every expected flag and reminder is there exactly once, and no other.

The suite looks less often (`LEAN`) and sends fewer records on the whole way; `make year` looks at every hour
that matters and writes `docs/simulated-year.md`.
"""

from __future__ import annotations

import pathlib
from datetime import datetime

import pytest
from sqlmodel import select

from models.document import Document
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tests.conftest import StampServer, open_office
from tests.year.acts import Begins, Sends, Story
from tests.year.days import DAY, HANOI, PLAN
from tests.year.script import tell
from tests.year.simulate import LEAN, simulate, wrong
from tests.year.stage import Stage

Pools = tuple[IntakePool, SignersPool]


@pytest.mark.timeout(1800)
def test_the_year(tmp_path: pathlib.Path, stamps: StampServer, pools: Pools) -> None:
    office = open_office(tmp_path / "data", stamps, pools)
    try:
        outcome = simulate(office, tell(1, real=40), LEAN)
    finally:
        office.db.dispose()
    assert wrong(outcome) == []
    assert len(outcome.kills) >= 20
    assert outcome.leads > 20


@pytest.mark.timeout(1800)
def test_some_weeks_on_postgresql(
    tmp_path: pathlib.Path, stamps: StampServer, pools: Pools, postgres_url: str
) -> None:
    office = open_office(tmp_path / "data", stamps, pools, postgres_url)
    try:
        outcome = simulate(
            office, tell(2, teachers=15, real=40).until(datetime(2027, 11, 1, 7, 5, tzinfo=HANOI)), LEAN
        )
    finally:
        office.db.dispose()
    assert wrong(outcome) == []
    assert outcome.flags


READ_BY_THE_CLOCK = (
    "school_id",
    "type",
    "owner_id",
    "group_id",
    "week_id",
    "last_week_id",
    "status",
    "step",
    "due_at",
    "first_signed_at",
    "updated_at",
)


def test_a_bulk_record_is_as_the_whole_way_leaves_it(
    tmp_path: pathlib.Path, stamps: StampServer, pools: Pools
) -> None:
    office = open_office(tmp_path / "data", stamps, pools)
    try:
        told = tell(1, teachers=15)
        sends = next(act for act in told.acts if isinstance(act, Sends) and act.real)
        begins = next(
            a for a in told.acts if isinstance(a, Begins) and (a.who, a.week) == (sends.who, sends.first)
        )
        stage = Stage(office, Story(1, told.people, told.heads, (begins, sends)))
        stage.play(begins)
        stage.play(sends)
        with office.db.read() as session:
            real = session.exec(select(Document)).one()
    finally:
        office.db.dispose()
    bulk = stage.signed(sends)
    assert (sends.kind, sends.real) == (PLAN, True)
    assert real.updated_at - sends.at < DAY
    for name in READ_BY_THE_CLOCK:
        assert getattr(bulk, name) == getattr(real, name), name
