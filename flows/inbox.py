"""What waits for a person, counted: of which type, week, group and person, how much late or returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from flows import queries
from flows.namesakes import names_of
from flows.people import Actor
from flows.queries import COUNTED
from models.account import Group
from models.document import Document, OpenStep
from models.school import SchoolWeek


@dataclass(frozen=True, slots=True)
class Facet:
    """One choice of a filter: its value, its words, how many records it finds."""

    value: str
    words: str
    count: int


class Cell(NamedTuple):
    """One waiting record as far as it can be filtered by; "1" for yes."""

    type: str
    week: str
    group: str
    owner: str
    late: str
    returned: str


@dataclass(frozen=True, slots=True)
class Facets:
    """Every choice a person's inbox offers now, and how much waits in all."""

    total: int
    types: tuple[Facet, ...]
    weeks: tuple[Facet, ...]
    groups: tuple[Facet, ...]
    owners: tuple[Facet, ...]
    late: int
    returned: int
    cells: tuple[Cell, ...] = ()
    """What was counted, a record each."""

    def finds(self, asked: Mapping[str, str]) -> int:
        """How many of the counted records a filter finds (all but a search for words)."""
        wanted = Cell(*(asked.get(name, "") for name in Cell._fields))
        return sum(all(w in ("", c) for w, c in zip(wanted, cell, strict=True)) for cell in self.cells)

    @property
    def more(self) -> bool:
        """Was there more than is counted?"""
        return self.total >= COUNTED


def facets(session: Session, actor: Actor) -> Facets:
    """Count what waits for this person by everything it can be filtered by."""
    found = (
        columns(
            col(Document.type),
            col(Document.week_id),
            col(Document.group_id),
            col(Document.owner_id),
            queries.LATE.label("late"),
            queries.RETURNED.label("returned"),
        )
        .where(
            col(Document.id).in_(
                select(OpenStep.document_id)
                .join(Document, col(Document.id) == col(OpenStep.document_id))
                .where(queries.waiting_for(actor, own=False))
            )
        )
        .limit(COUNTED)
    )
    rows = session.connection().execute(found).all()
    cells = tuple(
        Cell(type, week or "", group or "", owner, "1" if late else "", "1" if returned else "")
        for type, week, group, owner, late, returned in rows
    )
    types, weeks, groups, owners = (Counter(cell[n] for cell in cells if cell[n]) for n in range(4))
    week_names = {
        w.id: (w.monday.isoformat(), str(w.number))
        for w in session.exec(select(SchoolWeek).where(col(SchoolWeek.id).in_(weeks))).all()
    }
    group_names = dict(session.exec(select(Group.id, Group.name).where(col(Group.id).in_(groups))).all())
    owner_names = names_of(session, owners)
    return Facets(
        total=len(cells),
        types=tuple(Facet(k, k, n) for k, n in sorted(types.items())),
        weeks=tuple(
            Facet(k, week_names[k][1], weeks[k]) for k in sorted(week_names, key=lambda k: week_names[k])
        ),
        groups=tuple(
            Facet(k, group_names[k], groups[k]) for k in sorted(group_names, key=lambda k: group_names[k])
        ),
        owners=tuple(Facet(k, owner_names[k], owners[k]) for k in owner_names),
        late=sum(bool(cell.late) for cell in cells),
        returned=sum(bool(cell.returned) for cell in cells),
        cells=cells,
    )
