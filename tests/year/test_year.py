"""A school year with two servers: every expected flag and reminder is there exactly once, and no other.

The suite plays it with fifteen teachers, looks less often (`LEAN`) and sends fewer records on the whole way;
`make year` plays all forty, looks at every hour that matters and writes `docs/simulated-year.md`.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import col, select

from flows import audit_chain, audit_rows
from flows.office import Office
from models.document import Document
from models.evidence import Duty, Evidence
from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tests.conftest import StampServer, open_office
from tests.year.acts import Begins, Decides, Sends, Story
from tests.year.after import Approved, Approves, Downloads, Prints
from tests.year.days import DAY, HANOI, PLAN
from tests.year.script import tell
from tests.year.simulate import LEAN, simulate, wrong
from tests.year.stage import Stage

Opens = Callable[..., Office]


@pytest.fixture
def opens(
    tmp_path: pathlib.Path, stamps: StampServer, pools: tuple[IntakePool, SignersPool]
) -> Iterator[Opens]:
    """An office with an empty database, at an address or in a file."""
    offices: list[Office] = []

    def made(url: str = "") -> Office:
        offices.append(open_office(tmp_path / "data", stamps, pools, url))
        return offices[-1]

    yield made
    for office in offices:
        office.db.dispose()


def faults_of_the_real(office: Office) -> list[str]:
    """What an audit says of the records that went the whole way; the others are rows without events."""
    with office.db.read() as session:
        records = [r for r in audit_rows.records(session, audit_rows.ids(session)) if r.events]
        real = {record.document.id for record in records}
        found = [*(fault for record in records for fault in audit_chain.faults(record))]
        found += [fault for fault in audit_rows.limits(session) if fault.document_id in real]
    assert real
    return [fault.sentence.en for fault in found]


@pytest.mark.timeout(1800)
def test_the_year(opens: Opens) -> None:
    office = opens()
    outcome = simulate(office, tell(22, teachers=15, real=14), LEAN)
    assert wrong(outcome) == []
    assert faults_of_the_real(office) == []
    assert len(outcome.kills) >= 20
    assert outcome.leads > 20


@pytest.mark.timeout(1800)
def test_some_weeks_on_postgresql(opens: Opens, postgres_url: str) -> None:
    story = tell(5, teachers=15, real=12).until(datetime(2027, 10, 12, 7, 5, tzinfo=HANOI))
    outcome = simulate(opens(postgres_url), story, LEAN, kills=8)
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


OF_DUTIES = (
    "school_id",
    "kind",
    "account_id",
    "group_id",
    "week_id",
    "revision",
    "opened_at",
    "due_at",
    "met_at",
)
OF_EVIDENCE = ("school_id", "account_id", "kind", "revision", "via", "at")


def test_a_bulk_record_is_as_the_whole_way_leaves_it(opens: Opens) -> None:
    """Signed, then approved, downloaded and printed at once."""
    told = tell(1, teachers=15)
    sends = next(act for act in told.acts if isinstance(act, Sends) and act.real)
    key = sends.who, sends.first
    begins, *decides = (a for a in told.acts if isinstance(a, Begins | Decides) and (a.who, a.week) == key)
    stage = Stage(opens(), Story(1, told.people, told.heads, (begins, sends, *decides)))
    stage.play(begins)
    stage.play(sends)
    real, bulk = signed(stage, sends), stage.signed(sends)
    assert (sends.kind, sends.real) == (PLAN, True)
    assert real.updated_at - sends.at < DAY
    for name in READ_BY_THE_CLOCK:
        assert getattr(bulk, name) == getattr(real, name), name

    approved = decides[-1].at
    for act in (*decides, Downloads(approved, *key), Prints(approved, *key)):
        stage.play(act)
    real = signed(stage, sends)
    stage.play(replace(sends, real=False))
    stage.play(Approves(approved, (Approved(sends.who, PLAN, sends.first, kept=True),)))
    bulk = signed(stage, sends)
    assert bulk.id != real.id
    for name in (*READ_BY_THE_CLOCK, "approved_at"):
        assert getattr(bulk, name) == getattr(real, name), name
    assert followed(stage, bulk) == followed(stage, real)


def signed(stage: Stage, sends: Sends) -> Document:
    with stage.office.db.read() as session:
        return session.get_one(Document, stage.records[sends.who, sends.kind, sends.first])


def followed(stage: Stage, document: Document) -> list[tuple[Any, ...]]:
    """What was owed after the approval, and what was done, as far as the clock reads it."""
    with stage.office.db.read() as session:
        duties = session.exec(select(Duty).where(col(Duty.document_id) == document.id)).all()
        facts = session.exec(select(Evidence).where(col(Evidence.document_id) == document.id)).all()
    assert {one.blob for one in (*duties, *facts)} == {document.blob}
    owed = sorted(tuple(getattr(duty, name) for name in OF_DUTIES) for duty in duties)
    done = sorted(tuple(getattr(fact, name) for name in OF_EVIDENCE) for fact in facts)
    assert (len(owed), len(done)) == (2, 2)
    return [*owed, *done]
