"""Flags as a table for a spreadsheet: kind, person, times, and what was explained and waived."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from flows import board
from flows.board import STATES, Seen, Wanted
from flows.flag_story import Story, stories
from flows.flag_words import NAMES
from flows.office import Office
from flows.people import Actor
from models.account import Group
from models.school import SchoolWeek
from models.text import Language, Text
from service import exports, words
from service.exports import Cell

_AT_ONCE = 500
_AND_WEEKLESS = Text(
    "Tuần {n}, {year}, và ghi nhận không theo tuần", "Week {n}, {year}, and what belongs to no week"
)


@dataclass(frozen=True, slots=True)
class FlagTable:
    """Which flags, for whom, in which language."""

    office: Office
    actor: Actor
    by: str
    language: Language
    wanted: Wanted

    @property
    def stem(self) -> str:
        return "ghi-nhan"

    @property
    def sheet(self) -> Text:
        return Text("Ghi nhận", "Flags")

    @property
    def lead(self) -> int:
        return 2

    def head(self, session: Session) -> list[str]:
        title = Text("Ghi nhận muộn, thiếu và việc cần để ý, {school}", "Flags of {school}")
        said = [self._week(session)]
        if self.wanted.rule:
            said.append(NAMES[self.wanted.rule])
        if self.wanted.group and (group := session.get(Group, self.wanted.group)) is not None:
            said.append(Text("tổ {name}", "group {name}").format(name=group.name))
        said.append(STATES[self.wanted.state][0])
        return exports.head_of(session, self, self.actor.school_id, self.by, title, said)

    def _week(self, session: Session) -> Text:
        week = session.get(SchoolWeek, self.wanted.week) if self.wanted.week else None
        if week is None:
            return Text("Mọi tuần", "Every week")
        said = _AND_WEEKLESS if self.wanted.weekless else Text("Tuần {n}, {year}", "Week {n}, {year}")
        return said.format(n=week.number, year=week.year)

    def columns(self) -> Sequence[tuple[Text, int]]:
        return (
            (Text("Loại ghi nhận", "Kind"), 24),
            (Text("Người", "Person"), 26),
            (Text("Tổ", "Group"), 14),
            (Text("Loại hồ sơ", "Type"), 24),
            (Text("Tuần", "Week"), 8),
            (Text("Hạn", "Due"), 18),
            (Text("Ghi nhận từ", "Since"), 18),
            (Text("Xong lúc", "Resolved"), 18),
            (Text("Nội dung", "What"), 48),
            (Text("Quy tắc", "Rule"), 40),
            (Text("Trạng thái", "State"), 16),
            (Text("Người miễn ghi", "Waived by"), 26),
            (Text("Lý do miễn", "Reason"), 40),
            (Text("Giải trình", "Explanation"), 40),
        )

    def rows(self, session: Session) -> Iterator[list[Cell]]:
        after = None
        while seen := board.flags(session, self.actor, self.wanted, after=after, limit=_AT_ONCE):
            told = stories(session, [s.flag for s in seen])
            yield from (self._row(s, told[s.flag.id]) for s in seen)
            after = seen[-1].flag.opened_at, seen[-1].flag.id

    def _state(self, seen: Seen) -> Text:
        name = STATES[seen.state][0]
        if seen.state != "resolved" or seen.gone is None:
            return name
        return Text(f"Không còn: {seen.gone.vi}", f"Gone: {seen.gone.en}")

    def _row(self, seen: Seen, story: Story) -> list[Cell]:
        flag, waiver, explained = seen.flag, story.waiver, story.explanations
        return [
            seen.name.to(self.language),
            seen.owner,
            seen.group or None,
            seen.declared.short.to(self.language) if seen.declared else None,
            seen.week.number if seen.week else None,
            words.local(flag.due_at),
            words.local(flag.opened_at),
            words.local(flag.resolved_at) if flag.resolved_at else None,
            seen.sentence.to(self.language),
            seen.rule.to(self.language),
            self._state(seen).to(self.language),
            waiver.name if waiver else None,
            waiver.event.words if waiver else None,
            "\n".join(h.event.words for h in explained) or None,
        ]
