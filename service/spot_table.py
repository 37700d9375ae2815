"""Spot checks as a table for a spreadsheet, of those this account may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from flows import spot_checks
from flows.office import Office
from flows.people import Actor
from flows.spot_checks import MISSED, STATES, Asked, Check
from flows.spot_finding import ITEMS, MARKS
from flows.spot_totals import COUNTED
from flows.timetable import SESSIONS
from models.text import Language, Text
from service import exports, words
from service.exports import Cell

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SpotTable:
    """Which checks, for whom, in which language."""

    office: Office
    actor: Actor
    by: str
    language: Language
    state: str

    @property
    def stem(self) -> str:
        return "kiem-tra-dot-xuat"

    @property
    def sheet(self) -> Text:
        return Text("Kiểm tra đột xuất", "Spot checks")

    @property
    def lead(self) -> int:
        return 2

    def head(self, session: Session) -> list[str]:
        title = Text("Kiểm tra đột xuất, {school}", "Spot checks of {school}")
        said = [STATES[self.state]] if self.state else [Text("Mọi phiếu", "All checks")]
        return exports.head_of(session, self, self.actor.school_id, self.by, title, said)

    def columns(self) -> Sequence[tuple[Text, int]]:
        return (
            (Text("Ngày", "Day"), 12),
            (Text("Buổi", "Session"), 10),
            (Text("Tiết", "Period"), 8),
            (Text("Lớp", "Class"), 8),
            (Text("Môn", "Subject"), 18),
            (Text("Giáo viên", "Teacher"), 26),
            (Text("Người kiểm tra", "Inspector"), 26),
            (Text("Cách chọn", "Chosen how"), 30),
            (Text("Tình trạng", "State"), 20),
            (Text("Kế hoạch dạy học", "Teaching plan"), 18),
            (Text("Kế hoạch bài dạy", "Lesson plan"), 18),
            (Text("Kết luận", "Finding"), 30),
            (Text("Gửi lúc", "Sent"), 18),
            (Text("Lời của giáo viên", "The teacher’s words"), 48),
        )

    def rows(self, session: Session) -> Iterator[list[Cell]]:
        after = None
        asked = Asked(self.state)
        while found := spot_checks.listed(session, self.actor, asked, after=after, limit=_AT_ONCE):
            yield from (self._row(check) for check in found)
            after = found[-1].row.planned_at, found[-1].row.id

    def _row(self, check: Check) -> list[Cell]:
        row, record = check.row, check.row.record or {}
        marks = [MARKS[item][record[item]["mark"]].to(self.language) if record else None for item in ITEMS]
        state = MISSED[row.ended_kind] if row.state == "missed" else STATES[row.state]
        return [
            f"{row.day:%d/%m/%Y}",
            SESSIONS[row.session].to(self.language),
            row.period,
            check.class_name,
            row.subject,
            check.teacher,
            check.inspector,
            Text("Rút ngẫu nhiên", "Drawn").to(self.language) if row.draw_id else row.reason,
            state.to(self.language),
            *marks,
            self._finding(check),
            words.local(row.arrived_at) if row.arrived_at else None,
            record.get("words") or None,
        ]

    def _finding(self, check: Check) -> str | None:
        return COUNTED[check.outcome].to(self.language) if check.row.state == "sent" else None
