"""The board as a table for a spreadsheet: weeks across, whoever owes down, each cell in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from flows.matrix import Board
from flows.office import Office
from flows.people import Actor
from flows.span import Asked
from models.text import Language, Text
from service import board as boards
from service import exports
from service.exports import Cell
from service.standing import said


@dataclass(frozen=True, slots=True)
class BoardTable:
    """A board that was read, for whom, in which language."""

    office: Office
    actor: Actor
    by: str
    language: Language
    asked: Asked
    board: Board

    @property
    def stem(self) -> str:
        return "thoi-han"

    @property
    def sheet(self) -> Text:
        return Text("Thời hạn", "Deadlines")

    @property
    def lead(self) -> int:
        return 1 if self.board.owed.by_group else 2

    def head(self, session: Session) -> list[str]:
        title = Text("Bảng thời hạn, {school}", "Deadlines of {school}")
        narrowed = boards.spoken(self.board, self.asked)
        return exports.head_of(session, self, self.actor.school_id, self.by, title, narrowed)

    def columns(self) -> Sequence[tuple[Text, int]]:
        found = [(Text("Tổ", "Group"), 14)] if not self.board.owed.by_group else []
        name = Text("Tổ", "Group") if self.board.owed.by_group else Text("Giáo viên", "Teacher")
        note = Text("Tổ trưởng", "Head") if self.board.owed.by_group else Text("Lớp, môn", "Class, subject")
        found += [(name, 26), (note, 18)]
        for column in self.board.columns:
            if column.week:
                n, day = column.week.number, boards.last_day(column)
                found.append((Text(f"Tuần {n} (hạn {day.vi})", f"Week {n} (due {day.en})"), 24))
            else:
                span = f"{column.monday:%d/%m} – {column.sunday:%d/%m}"
                found.append((Text(f"Nghỉ {span}", f"Break {span}"), 24))
        return found

    def rows(self, session: Session) -> Iterator[list[Cell]]:  # noqa: ARG002 - it was read for the columns
        for group, lines, _ in boards.groups(self.board):
            for line in lines:
                first: list[Cell] = [] if self.board.owed.by_group else [group]
                yield [
                    *first,
                    line.name,
                    line.note or None,
                    *(said(c).whole.to(self.language) for c in line.cells),
                ]
