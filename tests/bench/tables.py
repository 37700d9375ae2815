"""What a benchmark reports: rows with a value, a limit, a verdict; percentiles; the machine they hold for."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models.settings import VIETNAM


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured against which limit. Without a limit it only informs."""

    what: str
    measured: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    """The limit is a floor, not a ceiling."""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Share of the limit that is used up; below 1 is within."""
        if self.limit is None:
            return None
        return self.limit / self.measured if self.at_least else self.measured / self.limit

    @property
    def verdict(self) -> str:
        return "" if self.ratio is None else "ok" if self.ratio <= 1 else "MISSED"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 100) * len(ordered) // 100) - 1)]


def spread(values: Sequence[float], unit: str = "ms") -> str:
    """How single values lie, for a note."""
    return (
        f"median {statistics.median(values):.0f} {unit}, max {max(values):.0f} {unit}, {len(values)} measured"
    )


def table(rows: Sequence[Row]) -> str:
    """Markdown, also readable as it is."""
    head = ("what", "measured", "limit", "used", "", "how")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head) - 1)]
    drawn = [
        "| " + " | ".join([*(c.ljust(w) for c, w in zip(line, widths, strict=False)), line[-1]]) + " |"
        for line in lines
    ]
    drawn.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|---|")
    return "\n".join(drawn)


def _cells(row: Row) -> tuple[str, ...]:
    ratio, sign = row.ratio, "≥" if row.at_least else "≤"
    return (
        row.what,
        _number(row.measured, row.unit),
        f"{sign} {_number(row.limit, row.unit)}" if row.limit is not None else "",
        f"{ratio:.0%}" if ratio is not None else "",
        row.verdict,
        row.note,
    )


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}".rstrip()


def machine() -> str:
    """Where and when this was measured, and how busy the machine was with other things."""
    cores = len(os.sched_getaffinity(0))
    when = datetime.now(VIETNAM).strftime("%d/%m/%Y %H:%M %z")
    return (
        f"{cores} cores ({_processor()}), Python {platform.python_version()}, Linux {platform.release()}, "
        f"{when}, load before the start {os.getloadavg()[0]:.1f}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
