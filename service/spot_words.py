"""Spot checks in words: the head of a check, what the records say of each item, a record as rows."""

from __future__ import annotations

from flows.spot_checks import MISSED, STATES, Check
from flows.spot_evidence import Paper, Seen
from flows.spot_finding import ITEM_NAMES, ITEMS, LESSON_PLAN, MARKS, REASONS, TEACHING_PLAN, State
from flows.spot_records import Marks
from models.text import Text
from service import words

Row = tuple[Text, Text]
"""A label and what stands under it."""


def title(check: Check) -> Text:
    """`Lớp 3A, tiết 3, Toán`."""
    return Text("Lớp {name}, tiết {n}, {subject}", "Class {name}, period {n}, {subject}").format(
        name=check.class_name, n=check.row.period, subject=check.row.subject
    )


def item_names(seen: Seen) -> dict[str, Text]:
    """The two items, with the number of the week where it has one."""
    number = seen.week.number if seen.week else "…"
    return {item: name.format(n=number) for item, name in ITEM_NAMES.items()}


def evidence(seen: Seen) -> dict[str, list[Text]]:
    """What the records say of each item, as sentences an inspector reads in the corridor."""
    plan, lesson = seen.papers[TEACHING_PLAN], seen.papers[LESSON_PLAN]
    return {
        TEACHING_PLAN: [_standing(plan), *(_printed(plan) or _unprinted(plan))],
        LESSON_PLAN: [_standing(lesson), *_downloaded(lesson), *_printed(lesson), *_laptop(seen, lesson)],
    }


def _standing(paper: Paper) -> Text:
    if paper.state == "approved" and paper.approved_at:
        return Text("Đã ký duyệt {at}.", "Approved {at}.").format(at=words.brief(paper.approved_at))
    return _STATES[paper.state] if paper.owed else _FREE


def _printed(paper: Paper) -> list[Text]:
    found = []
    if paper.prints:
        code, at = paper.prints[-1]
        found.append(_MADE.format(at=words.brief(at), code=code))
    if paper.said_printed:
        found.append(_SAID_PRINTED.format(at=words.brief(paper.said_printed)))
    return found


def _unprinted(paper: Paper) -> list[Text]:
    return [_NO_PRINT] if paper.state == "approved" else []


def _downloaded(paper: Paper) -> list[Text]:
    if paper.state != "approved":
        return []
    if paper.downloaded_at:
        return [_DOWNLOADED.format(at=words.brief(paper.downloaded_at))]
    return [_NO_DOWNLOAD]


def _laptop(seen: Seen, paper: Paper) -> list[Text]:
    if seen.laptop_broken_since:
        return [_BROKEN.format(at=words.brief(seen.laptop_broken_since))]
    return [_LAPTOP.format(at=words.brief(paper.said_laptop))] if paper.said_laptop else []


_STATES: dict[State, Text] = {
    "approved": Text("Đã ký duyệt.", "Approved."),
    "waiting": Text("Đã trình, đang chờ duyệt.", "Submitted, waiting for a reviewer."),
    "returned": Text("Bị trả lại, chưa trình lại.", "Returned, not submitted again."),
    "draft": Text("Còn là bản nháp, chưa trình.", "Still a draft, not submitted."),
    "none": Text("Hệ thống không có kế hoạch nào.", "The system has none."),
}
_FREE = Text("Giáo viên này không phải lập.", "This teacher does not owe it.")
_MADE = Text(
    "Hệ thống ghi nhận: tạo bản in {at}, mã {code}.", "The system knows of a print made {at}, code {code}."
)
_SAID_PRINTED = Text("Giáo viên báo đã in {at}.", "The teacher said it was printed, {at}.")
_NO_PRINT = Text(
    "Hệ thống chưa ghi nhận bản in nào. Có thể in bằng cách khác: xem tờ giấy.",
    "The system knows of no print. It may have been printed otherwise: look at the paper.",
)
_DOWNLOADED = Text("Đã tải về {at}.", "Downloaded {at}.")
_NO_DOWNLOAD = Text(
    "Hệ thống chưa thấy tải về. Có thể có bản chép bằng cách khác: hỏi và xem máy.",
    "The system has seen no download. There may be a copy all the same: ask, and look at the computer.",
)
_LAPTOP = Text("Giáo viên báo dùng máy tính xách tay {at}.", "The teacher said a laptop is used, {at}.")
_BROKEN = Text(
    "Giáo viên báo máy tính xách tay hỏng từ {at}.", "The teacher reported the laptop broken since {at}."
)


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
