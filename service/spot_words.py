"""Spot checks in words: the head of a check, what the records say of each item, a record as rows."""

from __future__ import annotations

from flows import spot_said
from flows.spot_checks import MISSED, STATES, Check
from flows.spot_evidence import Seen
from flows.spot_finding import ITEMS, LESSON_PLAN, MARKS, REASONS
from flows.spot_marks import Marks
from flows.spot_said import item_names
from models.text import Text
from service import words

Row = tuple[Text, Text]
"""A label and what stands under it."""


def title(check: Check) -> Text:
    """`Lớp 3A, tiết 3, Toán`."""
    return Text("Lớp {name}, tiết {n}, {subject}", "Class {name}, period {n}, {subject}").format(
        name=check.class_name, n=check.row.period, subject=check.row.subject
    )


def evidence(seen: Seen) -> dict[str, list[Text]]:
    """What the records say of each item, as sentences an inspector reads in the corridor."""
    return spot_said.evidence(seen, words.brief)


# --- a record as rows -----------------------------------------------------------------------------------


def record_rows(marks: Marks, seen: Seen) -> list[Row]:
    """What was marked and written, for reading beside another version of the same check."""
    names = item_names(seen)
    rows = [(names[item], _mark(marks, item)) for item in ITEMS]
    rows += [(_CODE.format(what=names[item]), words.same(code)) for item, code in marks.codes.items() if code]
    visit = marks.visit
    if visit.started or visit.ended:
        rows.append((_TIME, words.same(f"{visit.started or '…'} – {visit.ended or '…'}")))
    if visit.place:
        rows.append((_PLACE, words.same(visit.place)))
    if marks.words:
        rows.append((_WORDS, words.same(marks.words)))
        rows.append((_READ_BACK, _YES if visit.read_back else _NO))
    if marks.note:
        rows.append((_NOTE, words.same(marks.note)))
    return rows


def ended_rows(check: Check) -> list[Row]:
    """How a check stands that nobody recorded."""
    row = check.row
    rows = [(_STATE, STATES[row.state])]
    if row.ended_kind:
        rows.append((_WHY, MISSED[row.ended_kind]))
    if row.ended_words:
        rows.append((_REASON, words.same(row.ended_words)))
    return rows


def _mark(marks: Marks, item: str) -> Text:
    value = marks.by_item[item]
    said = MARKS[item].get(value, _NOTHING)
    reason = REASONS.get(marks.reason) if (item, value) == (LESSON_PLAN, "printed") else None
    return Text("{said} ({reason})", "{said} ({reason})").format(said=said, reason=reason) if reason else said


_STATE = Text("Tình trạng", "State")
_WHY = Text("Vì sao", "Why")
_REASON = Text("Lý do", "Reason")
_CODE = Text("Mã bản in: {what}", "Code of the print: {what}")
_TIME = Text("Thời gian", "Time")
_PLACE = Text("Địa điểm", "Place")
_WORDS = Text("Lời của giáo viên", "The teacher’s words")
_READ_BACK = Text("Giáo viên đã đọc lại", "Read by the teacher")
_NOTE = Text("Ghi chú", "Note")
_YES, _NO, _NOTHING = Text("Có", "Yes"), Text("Không", "No"), Text("Chưa chọn", "Not chosen")
