"""What the records say of a check's items, in sentences: for the corridor, for the paper, for the phone. Pure
but for the values it is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flows import prints
from flows.spot_evidence import Paper, Seen
from flows.spot_finding import ITEM_NAMES, LESSON_PLAN, TEACHING_PLAN, State
from models.text import Text

When = Callable[[datetime], Text]
"""How a moment is written."""


def item_names(seen: Seen) -> dict[str, Text]:
    """The two items, with the number of the week where it has one."""
    number = seen.week.number if seen.week else "…"
    return {item: name.format(n=number) for item, name in ITEM_NAMES.items()}


def evidence(seen: Seen, when: When, *, advise: bool = True) -> dict[str, list[Text]]:
    """What the records say of each item. `advise`: with what an inspector should look at for themselves."""
    plan, lesson = seen.papers[TEACHING_PLAN], seen.papers[LESSON_PLAN]
    found = {
        TEACHING_PLAN: [_standing(plan, when), *(_printed(plan, when) or _unprinted(plan))],
        LESSON_PLAN: [
            _standing(lesson, when),
            *_downloaded(lesson, when),
            *_printed(lesson, when),
            *_laptop(seen, lesson, when),
        ],
    }
    if advise:
        for item, unknown in ((TEACHING_PLAN, _NO_PRINT), (LESSON_PLAN, _NO_DOWNLOAD)):
            found[item] = [_with_advice(said) if said is unknown else said for said in found[item]]
    return found


def _with_advice(said: Text) -> Text:
    advice = _LOOK_AT_PAPER if said is _NO_PRINT else _LOOK_AT_COMPUTER
    return Text(f"{said.vi} {advice.vi}", f"{said.en} {advice.en}")


def _standing(paper: Paper, when: When) -> Text:
    if paper.state == "approved" and paper.approved_at:
        return Text("Đã ký duyệt {at}.", "Approved {at}.").format(at=when(paper.approved_at))
    return _STATES[paper.state] if paper.owed else _FREE


def _printed(paper: Paper, when: When) -> list[Text]:
    found = []
    if paper.prints:
        code, at = paper.prints[-1]
        found.append(_MADE.format(at=when(at), code=prints.spoken(code)))
    if paper.said_printed:
        found.append(_SAID_PRINTED.format(at=when(paper.said_printed)))
    return found


def _unprinted(paper: Paper) -> list[Text]:
    return [_NO_PRINT] if paper.state == "approved" else []


def _downloaded(paper: Paper, when: When) -> list[Text]:
    if paper.state != "approved":
        return []
    if paper.downloaded_at:
        return [_DOWNLOADED.format(at=when(paper.downloaded_at))]
    return [_NO_DOWNLOAD]


def _laptop(seen: Seen, paper: Paper, when: When) -> list[Text]:
    if seen.laptop_broken_since:
        return [_BROKEN.format(at=when(seen.laptop_broken_since))]
    return [_LAPTOP.format(at=when(paper.said_laptop))] if paper.said_laptop else []


_STATES: dict[State, Text] = {
    "approved": Text("Đã ký duyệt.", "Approved."),
    "waiting": Text("Đã trình, đang chờ duyệt.", "Submitted, waiting for a reviewer."),
    "returned": Text("Bị trả lại, chưa trình lại.", "Returned, not submitted again."),
    "draft": Text("Còn là bản nháp, chưa trình.", "Still a draft, not submitted."),
    "none": Text("Hệ thống không có kế hoạch nào.", "The system has none."),
}
_FREE = Text(
    "Giáo viên này không thuộc diện phải lập, không xét.",
    "This teacher does not owe it; it is not looked at.",
)
_MADE = Text(
    "Hệ thống ghi nhận: tạo bản in {at}, mã {code}.", "The system knows of a print made {at}, code {code}."
)
_SAID_PRINTED = Text("Giáo viên báo đã in {at}.", "The teacher said it was printed, {at}.")
_NO_PRINT = Text("Hệ thống chưa ghi nhận bản in nào.", "The system knows of no print.")
_LOOK_AT_PAPER = Text(
    "Có thể in bằng cách khác: xem tờ giấy.", "It may have been printed otherwise: look at the paper."
)
_DOWNLOADED = Text("Đã tải về {at}.", "Downloaded {at}.")
_NO_DOWNLOAD = Text("Hệ thống chưa thấy tải về.", "The system has seen no download.")
_LOOK_AT_COMPUTER = Text(
    "Có thể có bản chép bằng cách khác: hỏi và xem máy.",
    "There may be a copy all the same: ask, and look at the computer.",
)
_LAPTOP = Text("Giáo viên báo dùng máy tính xách tay {at}.", "The teacher said a laptop is used, {at}.")
_BROKEN = Text(
    "Giáo viên báo máy tính xách tay hỏng từ {at}.", "The teacher reported the laptop broken since {at}."
)
