"""What an inspector marks and writes at a spot check: checked, kept, read again. No effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flows.candidates import today
from flows.fields import UNPRINTABLE
from flows.spot_finding import ITEMS, LESSON_PLAN, MARKS, REASONS, TEACHING_PLAN, CodeSays
from flows.spot_visit import Visit, visit_of
from models.errors import Fault, Invalid
from models.spot_check import SpotCheck
from models.text import Text
from tasks.fonts import undrawable
from tasks.rich_text import tidy

LONGEST = 1000
"""Characters of the teacher's words, and of the inspector's note."""
KEY_LEAST, KEY_MOST = 8, 64


@dataclass(frozen=True, slots=True)
class Marks:
    """What the inspector marked, by item: `flows.spot_finding.MARKS`; `words`: what the teacher said.

    `reason`: why a print stands for the lesson plan's file. Codes are those of the prints that were shown.
    """

    teaching_plan: str
    lesson_plan: str
    reason: str = ""
    teaching_code: str = ""
    lesson_code: str = ""
    words: str = ""
    note: str = ""
    visit: Visit = field(default_factory=Visit)

    @property
    def by_item(self) -> dict[str, str]:
        return {TEACHING_PLAN: self.teaching_plan, LESSON_PLAN: self.lesson_plan}

    @property
    def codes(self) -> dict[str, str]:
        return {TEACHING_PLAN: self.teaching_code, LESSON_PLAN: self.lesson_code}


@dataclass(frozen=True, slots=True)
class Sending:
    """One record on its way: the phone's key, when it was written by the phone's clock, and when the phone
    last saw the records (None: never)."""

    key: str
    marks: Marks
    recorded_at: datetime
    seen_at: datetime | None = None


def checked(sending: Sending, check: SpotCheck, now: datetime) -> Marks:
    """The marks, tidied; Invalid names each that is a clear mistake."""
    marks, faults = sending.marks, []
    if not KEY_LEAST <= len(sending.key) <= KEY_MOST or not sending.key.isascii():
        faults.append(Fault("key", BAD_KEY))
    if today(now) < check.day:
        faults.append(Fault("day", _TOO_EARLY.format(day=f"{check.day:%d/%m/%Y}")))
    for item, mark in marks.by_item.items():
        if mark not in MARKS[item]:
            faults.append(Fault(item, _MARK, missing=not mark))
    reason = marks.reason if marks.lesson_plan == "printed" else ""
    if marks.lesson_plan == "printed" and reason not in REASONS:
        faults.append(Fault("lesson_plan_reason", _REASON, missing=not reason))
    words, note = (tidy(text).strip() for text in (marks.words, marks.note))
    for name, text in (("words", words), ("note", note)):
        if len(text) > LONGEST:
            faults.append(Fault(name, _LONG))
    visit = replace(marks.visit, place=tidy(marks.visit.place).strip())
    faults += visit.faults() or visit.misplaced(check.day, check.session, now)
    for name, text in (("words", words), ("note", note), ("place", visit.place)):
        if lost := undrawable(text):
            said = UNPRINTABLE.format(label=_LABELS[name], lost=" ".join(lost[:_MOST_NAMED]))
            faults.append(Fault(name, said))
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return Marks(
        marks.teaching_plan,
        marks.lesson_plan,
        reason,
        _code(marks.teaching_code),
        _code(marks.lesson_code),
        words,
        note,
        visit,
    )


def _code(typed: str) -> str:
    """As it is kept: what cannot be a code is kept shortened, it leads to nothing all the same."""
    return tidy(typed).strip()[:20]


def as_data(marks: Marks, said: Mapping[str, CodeSays]) -> dict[str, Any]:
    """A record as the row keeps it and the API answers it."""
    items: dict[str, dict[str, str]] = {
        item: {"mark": mark, "code": marks.codes[item], "code_says": said[item]}
        for item, mark in marks.by_item.items()
    }
    items[LESSON_PLAN]["reason"] = marks.reason
    return {**items, "words": marks.words, "note": marks.note, "visit": marks.visit.as_data()}


def codes_kept(data: Mapping[str, Any]) -> dict[str, CodeSays]:
    """What the codes of a stored record had led to when it arrived."""
    return {item: data[item]["code_says"] for item in ITEMS}


def marks_of(data: Mapping[str, Any]) -> Marks:
    """A stored record's marks."""
    plan, lesson = data[TEACHING_PLAN], data[LESSON_PLAN]
    return Marks(
        plan["mark"],
        lesson["mark"],
        lesson["reason"],
        plan["code"],
        lesson["code"],
        data["words"],
        data["note"],
        visit_of(data["visit"]),
    )


_MOST_NAMED = 12
_LABELS = {
    "words": Text("Lời của giáo viên", "The teacher’s words"),
    "note": Text("Ghi chú", "Note"),
    "place": Text("Địa điểm", "Place"),
}
_WRONG = Text(
    "Chưa gửi: còn chỗ cần chọn hoặc sửa. Những gì đã ghi vẫn còn.",
    "Not sent: something must be chosen or mended. What was written is kept.",
)
BAD_KEY = Text(
    "Mã gửi của điện thoại không hợp lệ hoặc đã dùng cho phiếu khác. Tải lại trang rồi gửi lại.",
    "The phone's own key is not one, or belongs to another check. Reload the page and send again.",
)
_TOO_EARLY = Text(
    "Phiếu này của ngày {day}, chưa đến ngày kiểm tra.", "This check is for {day}; that day has not come."
)
_MARK = Text("Chọn một trong các mục ghi nhận.", "Choose one of the marks.")
_REASON = Text("Chọn lý do dùng bản in thay.", "Choose why a print stands for the file.")
_LONG = Text(f"Dài quá {LONGEST} ký tự. Rút gọn lại.", f"Longer than {LONGEST} characters. Shorten it.")
