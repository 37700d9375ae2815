"""`python -m tests.bench`: every figure of docs/benchmarks.md in one run, on this machine, now.

An installation of real processes in a temporary folder, twenty people, the peers beside it. Prints a table;
`--write` puts it into docs/benchmarks.md. `--quick` takes a tenth of the samples, for trying it out.
Never a test: a budget that is missed is said, not raised.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench import decisions, lists, orchestration, rounds, size, stock
from tests.bench.school import found_large_school
from tests.bench.tables import Row, machine, table
from tests.journeys.processes import ROOT, Installation

SIZE = {"lists": lists.lists, "rest": size.rest, "late": size.late, "start": size.start}
"""Parts that each make an installation or database of their own."""
PAGE = ROOT / "docs" / "benchmarks.md"
MARK = re.compile(r"(<!-- figures -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> int:
    """0 when every budget is kept."""
    asked = _arguments()
    where = machine()
    print(f"{where}\n")
    with tempfile.TemporaryDirectory(prefix="hososo-bench-") as folder:
        rows = _rows(Path(folder), asked) if set(asked.only) - set(SIZE) else []
        for name in (name for name in SIZE if name in asked.only):
            with _said(name):
                rows += SIZE[name](Path(folder), asked.quick)
    drawn = table(rows)
    print(f"\n{drawn}")
    if asked.write:
        text = PAGE.read_text()
        figures = f"{where}\n\n{drawn}\n"
        PAGE.write_text(MARK.sub(lambda found: f"{found[1]}{figures}{found[2]}", text))
    return 1 if any(row.verdict == "MISSED" for row in rows) else 0


def _rows(folder: Path, asked: argparse.Namespace) -> list[Row]:
    quick, only = asked.quick, asked.only
    rows: list[Row] = []
    late: list[Row] = []
    driven = None
    with Installation(folder / "data") as here, _words_of(here):
        cast, teams = found_large_school(here)
        here.start_and_wait("tsa", "web", "prefect")
        here.start_and_wait("mailbox", "worker", "scheduler")
        if "decisions" in only:
            with _said("decisions"):
                rows += decisions.measure(here, cast, teams, 1 if quick else 5)
            orchestration.settled(here)
        if "orchestration" in only:
            with _said("orchestration"):
                driven = orchestration.drive(here, cast, teams, 4 if quick else 24)
        if "rounds" in only:
            with _said("rounds"):
                late = rounds.measure(here, cast, teams, 20 if quick else 200, folder)
        if "busy" in only:
            with _said("pages during a round"):
                late += rounds.pages_meanwhile(here, cast, teams, 20 if quick else 200)
    if driven is not None:
        with _said("stock Prefect"):
            stocked = stock.measure(folder / "stock", 1 if quick else 3)
        with _said("DBOS"):
            rows += orchestration.rows(
                driven, stocked, orchestration.dbos(folder / "dbos", 5 if quick else 50)
            )
    return rows + late


@contextmanager
def _words_of(here: Installation) -> Iterator[None]:
    """What the parts last said, when something went wrong; their folder goes with the run."""
    try:
        yield
    except BaseException:
        for name in here.running:
            print(f"--- {name}\n{here.words(name)}", file=sys.stderr)
        raise


class _said:  # noqa: N801 - reads as a verb
    """Says what is being measured and how long it took."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        print(f"{self.what} …", flush=True)
        self.began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        print(f"{self.what}: {time.monotonic() - self.began:.0f} s", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parts = ("decisions", "orchestration", "rounds", "busy", *SIZE)
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, help="only these")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
