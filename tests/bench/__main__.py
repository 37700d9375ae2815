"""`python -m tests.bench`: every figure of docs/benchmarks.md in one run, on this machine, now.

An installation of real processes in a temporary folder, twenty people, the peers beside it. Prints a table;
`--write` puts it into docs/benchmarks.md. `--quick` takes a tenth of the samples, for trying it out.
Never a test: a budget that is missed is said, not raised. A part that fails is said too; other parts' figures
stand.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import decisions, lists, orchestration, proof, rounds, size, stock
from tests.bench.school import Weeks, found_large_school
from tests.bench.tables import Row, machine, table
from tests.journeys.processes import ROOT, Installation

SIZE = {
    "lists": lists.lists,
    "rest": size.rest,
    "late": size.late,
    "start": size.start,
    "proof": proof.proof,
}
"""Parts that each make an installation or database of their own."""
PAGE = ROOT / "docs" / "benchmarks.md"
MARK = re.compile(r"(<!-- figures -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """0 when every part went through and every budget is kept."""
    asked, run = _arguments(), Run()
    where = machine()
    print(f"{where}\n")
    with tempfile.TemporaryDirectory(prefix="hososo-bench-") as folder:
        if set(asked.only) - set(SIZE):
            _people(run, Path(folder), asked)
        for name in (name for name in SIZE if name in asked.only):
            with run.part(name):
                run.rows += SIZE[name](Path(folder), asked.quick)
    drawn = table(run.rows)
    print(f"\n{drawn}")
    if run.failed:
        print(f"\nFAILED, no figures: {', '.join(run.failed)}", file=sys.stderr)
        return 1
    if asked.write:
        text = PAGE.read_text()
        figures = f"{where}\n\n{drawn}\n"
        PAGE.write_text(MARK.sub(lambda found: f"{found[1]}{figures}{found[2]}", text))
    return 1 if any(row.verdict == "MISSED" for row in run.rows) else 0


class Run:
    """What was measured, and which parts went wrong: one that fails takes no other's figures with it."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.failed: list[str] = []

    @contextmanager
    def part(self, name: str, here: Installation | None = None) -> Iterator[None]:
        """Says what is measured, how long it took and what went wrong, with the processes' last words."""
        print(f"{name} …", flush=True)
        began = time.monotonic()
        try:
            yield
        except Exception:
            self.failed.append(name)
            traceback.print_exc()
            for process in here.running if here else ():
                print(f"--- {process}\n{here.words(process)}", file=sys.stderr)
        print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)


def _people(run: Run, folder: Path, asked: argparse.Namespace) -> None:
    """The parts in which twenty people work with one installation, and the peers' beside them."""
    quick, only = asked.quick, asked.only
    late: list[Row] = []
    driven = None
    with run.part("a large school"), Installation(folder / "data") as here:
        cast, teams = found_large_school(here)
        weeks = Weeks()
        here.start_and_wait("tsa", "web", "prefect")
        here.start_and_wait("mailbox", "worker", "scheduler")
        if "decisions" in only:
            with run.part("decisions", here):
                run.rows += decisions.measure(here, cast, teams, weeks, 1 if quick else 5)
                orchestration.settled(here)
        if "orchestration" in only:
            with run.part("orchestration", here):
                driven = orchestration.drive(here, cast, teams, weeks, 4 if quick else 24)
        if "rounds" in only:
            with run.part("rounds", here):
                late += rounds.measure(here, cast, teams, weeks, 20 if quick else 200, folder)
        if "busy" in only:
            with run.part("pages during a round", here):
                late += rounds.pages_meanwhile(here, cast, teams, weeks, 20 if quick else 200)
    if driven is not None:
        with run.part("the peers: stock Prefect, DBOS"):
            stocked = stock.measure(folder / "stock", 1 if quick else 3)
            run.rows += orchestration.rows(
                driven, stocked, orchestration.dbos(folder / "dbos", 5 if quick else 50)
            )
    run.rows += late


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parts = ("decisions", "orchestration", "rounds", "busy", *SIZE)
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="only these")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
