"""A cell of the board as it is shown: a mark by its outline, a word where somebody should look.

Colour stands alone nowhere: the mark, the word and the words for who cannot see them all say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from markupsafe import Markup, escape

from flows.cells import Cell, Stage, State, Time
from flows.deadlines import last_day_words, length_words
from models.text import Language, Text
from service.templating import mark
from service.words import span


@dataclass(frozen=True, slots=True)
class Said:
    """How a cell is shown: mark, class, the word beside the mark, if any, and the whole in words."""

    mark: str
    tone: str
    word: Text | None
    whole: Text

    def rest(self, language: Language) -> str:
        """What of the whole the word does not say yet."""
        whole = self.whole.to(language)
        return whole.removeprefix(self.word.to(language)) if self.word else whole


STATES: dict[State, Text] = {
    "approved": Text("Đã duyệt", "Approved"),
    "review": Text("Đang duyệt", "In review"),
    "group": Text("Ở tổ", "With the group"),
    "returned": Text("Trả lại", "Returned"),
    "late": Text("Muộn", "Late"),
    "missing": Text("Chưa nộp", "Missing"),
    "waived": Text("Miễn ghi muộn", "Waived"),
    "draft": Text("Bản nháp", "Draft"),
    "not_due": Text("Chưa đến hạn", "Not due"),
    "not_owed": Text("Không phải nộp", "Not owed"),
    "break": Text("Nghỉ", "Break"),
}
"""In the order of the legend."""
MARKS: dict[State, str] = {
    "approved": "ok",
    "review": "wait",
    "group": "wait",
    "returned": "ret",
    "late": "late",
    "missing": "miss",
    "waived": "waived",
    "draft": "draft",
    "not_due": "todo",
    "not_owed": "",
    "break": "",
}
TIMES: dict[Time, Text] = {
    "on_time": Text("Đúng hạn", "On time"),
    "late": STATES["late"],
    "missing": STATES["missing"],
    "not_due": STATES["not_due"],
    "not_owed": STATES["not_owed"],
    "break": STATES["break"],
}
STAGES: dict[Stage, Text] = {
    "draft": STATES["draft"],
    "returned": STATES["returned"],
    "group": STATES["group"],
    "review": STATES["review"],
    "approved": STATES["approved"],
}
ASKED: dict[str, Text] = {
    "attention": Text("Chỗ cần để ý", "What wants attention"),
    "on_time": TIMES["on_time"],
} | {
    state: STATES[state] for state in ("late", "missing", "waived", "returned", "group", "review", "approved")
}
"""States one may ask for."""

_TONES = {"late": "late", "missing": "miss", "returned": "ret"}
_QUIET = frozenset({"approved", "not_due", "not_owed"})
"""Their mark says it; the word is for who cannot see it, and in the legend."""


def shows_a_mark(state: State) -> bool:
    """Is there a mark, or the dash that stands for none?"""
    return bool(MARKS[state]) or state in _QUIET


def said(cell: Cell) -> Said:
    """The cell as it is shown; a limit that is not the one at the head of its week is named."""
    made = _said(cell)
    if not cell.own_limit or cell.due_at is None:
        return made
    held = Text("hạn khi trình: {due}", "due when it was sent: {due}").format(due=last_day_words(cell.due_at))
    return replace(made, whole=_joined(made.whole, held))


def _said(cell: Cell) -> Said:
    if cell.state == "waived":
        return _waived(cell)
    if cell.time == "late":
        return _late(cell)
    return _plain(cell.state, cell.time, cell.stage)


@cache
def _plain(state: State, time: Time, stage: Stage) -> Said:
    word = STATES[state]
    whole = word
    if time == "on_time":
        whole = _joined(word, TIMES["on_time"])
    elif time == "missing" and stage == "draft":
        whole = _joined(word, Text("có bản nháp", "a draft is there"))
    return Said(MARKS[state], _TONES.get(state, ""), None if state in _QUIET else word, whole)


def _late(cell: Cell) -> Said:
    length = late_words(cell)
    if cell.state == "returned":
        both = _joined(STATES["returned"], length)
        return Said("ret", "ret", both, both)
    return Said("late", "late", length, _joined(length, STAGES[cell.stage]))


def _waived(cell: Cell) -> Said:
    """What was waived keeps its facts in words, and has a mark of its own."""
    word = STATES["waived"]
    fact = STATES["missing"] if cell.time == "missing" else _joined(late_words(cell), STAGES[cell.stage])
    return Said(MARKS["waived"], "waived", word, _joined(word, fact))


class Drawer:
    """Draws cells in one language; what looks the same is made once, for a year of a school has many."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._made: dict[Said, tuple[Markup, Markup]] = {}

    def __call__(self, cell: Cell, path: str, *, to_record: bool = False) -> Markup:
        """A link to the cell under `path` (`to_record`: to its record, if any), or its words alone."""
        one = said(cell)
        plain, link = self._made.get(one) or self._make(one)
        if not cell.tells:
            return plain
        record = cell.document_id if to_record else None
        href = f"/documents/{record}" if record else f"{path}{cell.week_id}"
        return Markup(f'<a href="{escape(href)}{link}')  # noqa: S704 - each part of it is escaped

    def _make(self, one: Said) -> tuple[Markup, Markup]:
        drawn = mark(one.mark) if one.mark else _DASH if one.word is None else Markup("")
        word = one.word.to(self._language) if one.word else ""
        rest = one.rest(self._language)
        inside = Markup("{}{}{}").format(
            drawn, word, Markup('<span class="vh">{}</span>').format(rest) if rest else ""
        )
        named = Markup("cell cell--{}").format(one.tone) if one.tone else Markup("cell")
        made = (
            Markup('<span class="{}">{}</span>').format(named, inside),
            Markup('" class="{}">{}</a>').format(named, inside),
        )
        self._made[one] = made
        return made


_DASH = Markup('<span aria-hidden="true">–</span>')


def late_words(cell: Cell, *, exactly: bool = False) -> Text:
    """`Muộn 8 giờ`, or exactly `Muộn 8 giờ 10 phút`."""
    assert cell.late_by is not None
    length = span(cell.late_by) if exactly else length_words(cell.late_by)
    return Text(f"Muộn {length.vi}", f"{length.en} late")


def _joined(first: Text, second: Text) -> Text:
    """Two facts as one phrase; the second goes on in small letters."""
    return Text(f"{first.vi}, {second.within().vi}", f"{first.en}, {second.within().en}")


FLAG_MARKS: dict[str, str] = {
    "missing": "miss",
    "late": "late",
    "not-downloaded": "todo",
    "not-printed": "todo",
    "overdue": "wait",
    "password-default": "todo",
    "password-old": "todo",
    "idle": "wd",
    "certificate": "todo",
    "spot-check": "todo",
}
"""The mark of each kind of flag while it is open; one that was waived has `waived`, one that is over `ok`."""

FLAG_TONES: dict[str, str] = {"missing": "bad", "late": "warn", "overdue": "warn"}
"""The tone of its badge; others stay quiet."""
