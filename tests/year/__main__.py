"""`make year`: play the whole year and write its report into `docs/`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tasks.pools import IntakePool
from tasks.signers import SignersPool
from tasks.signing_child import Setting
from tests import stamp_server
from tests.conftest import MASTER_KEY, StampServer, open_office
from tests.year import report
from tests.year.script import tell
from tests.year.simulate import WHOLE, simulate, wrong

SEED = 1
DOCS = Path(__file__).parents[2] / "docs"


def main() -> int:
    """0 when the year left what it was to leave; then the report is written."""
    stamps = StampServer()
    with stamp_server.server(stamps.answer) as (stamps.url, _), TemporaryDirectory() as folder:
        pools = IntakePool(1), SignersPool(1, Setting(MASTER_KEY, stamps.url))
        office = open_office(Path(folder) / "data", stamps, pools)
        try:
            outcome = simulate(office, tell(SEED, real=6), WHOLE)
        finally:
            office.db.dispose()
            for pool in pools:
                pool.close()
    faults = wrong(outcome)
    print(f"{outcome.steps} steps, {len(outcome.kills)} kills in {outcome.seconds:.0f} s")
    print("\n".join(faults) or "Everything is there once, and no other.")
    if not faults:
        report.write(outcome, DOCS)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
