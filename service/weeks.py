"""The weeks of a page that shows one of them: which one is open, its neighbours, rows by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from models.school import SchoolWeek

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Weeks:
    """Every week that can be chosen, in order, how much stands in each (by id), and the one open."""

    all: Sequence[SchoolWeek]
    counts: Mapping[str, int]
    here: SchoolWeek | None

    @property
    def years(self) -> int:
        """How many school years they are of."""
        return len({week.year for week in self.all})

    @property
    def before(self) -> SchoolWeek | None:
        """The week before the open one."""
        place = self._place
        return self.all[place - 1] if place else None

    @property
    def after(self) -> SchoolWeek | None:
        """The week after it."""
        place = self._place
        return self.all[place + 1] if place is not None and place + 1 < len(self.all) else None

    @property
    def _place(self) -> int | None:
        return self.all.index(self.here) if self.here else None


def by_group(rows: Iterable[Row], group: Callable[[Row], str]) -> list[tuple[str, list[Row]]]:
    """Rows under their group's name, groups sorted by it; within one the rows keep their order."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[group(row)].append(row)
    return sorted(groups.items())
