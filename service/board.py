"""The board for pages: its filter as an address, the weeks one may go on to, its cells added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from flows.calendar import TeachingWeek
from flows.cells import Cell, Column, State, fits
from flows.matrix import Board, Line, Owes
from flows.span import Asked
from models.text import Text
from service import words
from service.filters import refuse_unknown
from service.standing import ASKED, STATES, TIMES, late_words, shows_a_mark
from service.weeks import by_group


@dataclass(frozen=True, slots=True)
class Typed:
    """The filter as an address has it: `from_` the first week, `to` the last, `week` the middle."""

    type: str = ""
    year: str = ""
    from_: str = ""
    to: str = ""
    week: str = ""
    group: str = ""
    person: str = ""
    state: str = ""

    def read(self) -> Asked:
        """What is asked for; NotFound for a state nobody knows."""
        refuse_unknown(self.state, ASKED)
        return Asked(
            self.type, self.year, self.from_, self.to, self.week, self.group, self.person, self.state
        )

    def address(self, path: str = "/flags", **changes: str) -> str:
        """A path with this filter behind it, some of it changed."""
        pairs = asdict(replace(self, **changes)).items()
        asked = urlencode([(name.rstrip("_"), value) for name, value in pairs if value])
        return f"{path}?{asked}" if asked else path


def typed(
    type: str = "",
    year: str = "",
    from_: Annotated[str, Query(alias="from")] = "",
    to: str = "",
    week: str = "",
    group: str = "",
    person: str = "",
    state: str = "",
) -> Typed:
    """The filter of this request: weeks, group and person by their ids; an unfilled field narrows nothing."""
    return Typed(type, year, from_, to, week, group, person, state)


TypedDep = Annotated[Typed, Depends(typed)]


# --- weeks ----------------------------------------------------------------------------------------------


def last_day(column: Column) -> Text:
    """The last day in time, `24/11`, as it stands at the head of a week."""
    assert column.due is not None
    return words.same(f"{words.local(column.due.due_at) - timedelta(microseconds=1):%d/%m}")


def rules(board: Board) -> list[tuple[TeachingWeek, Text]]:
    """The rules of the weeks shown, each with the first of them it holds for: as a rule, one."""
    found: list[tuple[TeachingWeek, Text]] = []
    for week in (column.week for column in board.columns if column.week):
        rule = board.calendar.rule(board.owed.deadline, week.monday).rule
        if not found or found[-1][1] != rule:
            found.append((week, rule))
    return found


@dataclass(frozen=True, slots=True)
class Way:
    """A link to other weeks; `here`: it is where one is."""

    name: Text
    path: str
    here: bool = False


def ways(board: Board, asked: Typed, path: str = "/flags") -> list[Way]:
    """The weeks around now, each term, the whole year."""
    shown = [c.week.id for c in board.columns if c.week]
    found = [
        Way(
            Text("Quanh hạn này", "Around this limit"), asked.address(path, year="", from_="", to="", week="")
        )
    ]
    spans = [(_TERMS[term], [w for w in board.year if w.term == term]) for term in (1, 2)]
    spans.append((Text("Cả năm", "Whole year"), list(board.year)))
    for name, weeks in spans:
        if weeks:
            to = asked.address(path, year="", from_=weeks[0].id, to=weeks[-1].id, week="")
            found.append(Way(name, to, shown == [w.id for w in weeks]))
    if not asked.from_ and not asked.to and not asked.week and not asked.year:
        found[0] = replace(found[0], here=True)
    return found


_TERMS = {1: Text("Học kì I", "Term 1"), 2: Text("Học kì II", "Term 2")}


def term_name(term: int) -> Text:
    return _TERMS.get(term, Text(f"Học kì {term}", f"Term {term}"))


def aside(board: Board, asked: Typed) -> tuple[Way | None, Way | None]:
    """As many weeks before and after those shown."""
    places = {week.id: n for n, week in enumerate(board.year)}
    shown = [places[c.week.id] for c in board.columns if c.week]
    before = board.year[max(shown[0] - len(shown), 0) : shown[0]]
    after = board.year[shown[-1] + 1 : shown[-1] + 1 + len(shown)]
    return _to(before, asked), _to(after, asked)


def _to(weeks: Sequence[TeachingWeek], asked: Typed) -> Way | None:
    if not weeks:
        return None
    first, last = weeks[0], weeks[-1]
    name = Text(f"Tuần {first.number} – {last.number}", f"Weeks {first.number} – {last.number}")
    if first is last:
        name = Text(f"Tuần {first.number}", f"Week {first.number}")
    return Way(name, asked.address(year="", from_=first.id, to=last.id, week=""))


def beside(board: Board, asked: Typed) -> tuple[str, str]:
    """Where the week before and the week after are shown (empty: there is none); for a phone."""
    place = next(n for n, week in enumerate(board.year) if week.id == board.here.id)
    shown = {c.week.id for c in board.columns if c.week}

    def to(at: int) -> str:
        if not 0 <= at < len(board.year):
            return ""
        week = board.year[at].id
        kept = {} if week in shown else {"from_": "", "to": "", "year": ""}
        return asked.address(week=week, **kept)

    return to(place - 1), to(place + 1)


# --- sums -----------------------------------------------------------------------------------------------


def tally(cells: Iterable[Cell]) -> list[tuple[str, int]]:
    """How many cells are in each state, in the order of the legend."""
    counted = Counter(cell.state for cell in cells)
    return [(state, counted[state]) for state in STATES if counted[state]]


def marked(cells: Iterable[Cell]) -> list[State]:
    """The states of which a mark stands in these cells, in the order of the legend: what it has to name."""
    found = {cell.state for cell in cells}
    return [state for state in STATES if state in found and shows_a_mark(state)]


def of_term(owes: Owes) -> tuple[Text, dict[str, int]]:
    """What one sent in the term of the week in the middle: in time, late, not at all; nothing waived."""
    here = owes.board.here
    times = Counter(
        cell.time
        for column, cell in zip(owes.board.columns, owes.line.cells, strict=True)
        if column.week and column.week.term == here.term and not cell.waived
    )
    return term_name(here.term), {time: times[time] for time in ("on_time", "late", "missing")}


def exactly(cell: Cell) -> Text:
    """When it came, held against the limit, to the minute where it was late."""
    return late_words(cell, exactly=True) if cell.time == "late" else TIMES[cell.time]


def groups(board: Board) -> list[tuple[str, list[Line], list[tuple[str, int]]]]:
    """Lines under their group, by given name, with what wants attention in the week in the middle."""
    if board.owed.by_group:
        ordered = sorted(board.lines, key=lambda line: line.name)
        return [("", ordered, [])] if ordered else []
    ordered = sorted(board.lines, key=lambda line: words.by_given_name(line.name))
    return [
        (
            name,
            lines,
            tally(line.cells[board.place] for line in lines if fits(line.cells[board.place], "attention")),
        )
        for name, lines in by_group(ordered, lambda line: line.group)
    ]


def people(board: Board) -> list[tuple[str, str]]:
    """Whom one may ask for: account and name, by given name; of a group its head."""
    found = {line.account_id: line.note if board.owed.by_group else line.name for line in board.everyone}
    return sorted(found.items(), key=lambda one: words.by_given_name(one[1]))


def group_names(board: Board) -> list[tuple[str, str]]:
    """Which groups one may ask for."""
    return sorted({g for line in board.everyone for g in line.groups}, key=lambda group: group[1])


def spoken(board: Board, asked: Asked) -> list[Text]:
    """The filter in sentences, for the head of an export."""
    weeks = [c.week for c in board.columns if c.week]
    said = [
        Text("Loại: {name}", "Type: {name}").format(name=board.owed.declared.name),
        Text(
            f"Tuần {weeks[0].number} – {weeks[-1].number}, năm học {weeks[0].year}",
            f"Weeks {weeks[0].number} – {weeks[-1].number}, school year {weeks[0].year}",
        ),
    ]
    for key, names, name in (
        (asked.group, group_names(board), Text("Tổ", "Group")),
        (asked.person, people(board), Text("Người nộp", "Owed by")),
    ):
        if key:
            known = dict(names).get(key, "?")
            said.append(Text(f"{name.vi}: {known}", f"{name.en}: {known}"))
    if asked.state:
        said.append(Text("Trạng thái: {name}", "State: {name}").format(name=ASKED[asked.state]))
    return said
