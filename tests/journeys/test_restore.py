"""The school's computer is lost: restored elsewhere, a new Prefect drives what was interrupted.

A backup holds no Prefect database: every run the records name is unknown to the new server; the outbox and
the repair sweep make them anew, and people decide meanwhile.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.office import Office
from service import keeping
from service.keeping import Keys
from tests.cast import Cast
from tests.conftest import MASTER_KEY
from tests.every_state import elsewhere, hold, stamp, written
from tests.prefect_fixture import PrefectServer, prefect_server, wait_for, working
from tests.states import records

__all__ = ["prefect_server"]  # a fixture, named by the test below
pytestmark = pytest.mark.real_clock  # keys made now: those of the tests' Tuesday end after three years


@pytest.mark.timeout(1200)
def test_interrupted_runs_are_driven_again_after_a_restore(
    cast: Cast, prefect_server: PrefectServer, tmp_path: Path
) -> None:
    stamp(cast.office)
    made = records(cast, "waits for the head", "waits for the principal", "waits for the archive")
    with working(cast.office, prefect_server):
        wait_for(lambda: cast.fresh(made["waits for the archive"]).status == "archived", "nothing archived")
        wait_for(lambda: _parked(cast, made), "not every run was parked")
    # Approved while the worker was away: the machine's step is interrupted before it began.
    for name in ("hoa", "minh"):
        cast.act(name, made["waits for the head"], "approve")
    (tmp_path / "apart.key").write_bytes(MASTER_KEY)
    assert keeping.back_up(cast.office.settings, tmp_path / "s.zip", None, None, lambda _: None) == 0

    there = elsewhere(cast.office, tmp_path / "there")
    keys = Keys(master_key=tmp_path / "apart.key")
    keeping.restore(there.settings, tmp_path / "s.zip", keys, lambda _: None)
    assert written(there.db) == written(cast.office.db)
    new_prefect = PrefectServer(tmp_path / "prefect")
    new_prefect.start()
    try:
        with working(there, new_prefect):
            _driven(there, cast, made, new_prefect)
    finally:
        new_prefect.kill()
        new_prefect.api.close()
    assert hold(there) == 9
    there.db.dispose()


def _parked(cast: Cast, made: dict[str, str]) -> bool:
    return all(cast.fresh(document_id).settled for document_id in made.values())


def _driven(there: Office, cast: Cast, made: dict[str, str], prefect: PrefectServer) -> None:
    here = Cast(there, cast.school_id, cast.other_school_id, cast.ids)
    interrupted, waits = made["waits for the head"], made["waits for the principal"]
    wait_for(lambda: here.fresh(interrupted).status == "archived", "the interrupted step was not done")
    wait_for(lambda: prefect.state_of(interrupted) == "Completed", "its run did not end")
    wait_for(
        lambda: prefect.state_of(waits).startswith("Awaiting principal"), "a parked run was not made anew"
    )
    here.act("minh", waits, "approve")
    wait_for(lambda: here.fresh(waits).status == "archived", "a restored record does not go on")
    wait_for(lambda: prefect.state_of(waits) == "Completed", "its run did not end")
    assert prefect.state_of(made["waits for the archive"]) == ""  # what has ended needs no run
