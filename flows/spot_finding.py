"""What a spot check's marks and the records amount to: a proposal, never a finding. Pure.

The plan (II.3) asks for two things in the classroom: the week's teaching plan on paper, and the lesson plan
of the period as a file on the computer, or on paper where no laptop works. The inspector marks what was seen;
the records say what was approved, downloaded and printed. From both follows whether somebody responsible is
asked to look (`Proposal.asks`). Who is asked decides; until then nothing is a finding, and no word here says
so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.text import Text

TEACHING_PLAN, LESSON_PLAN = "teaching_plan", "lesson_plan"
ITEMS = (TEACHING_PLAN, LESSON_PLAN)
"""The two items of a check, in the order of the form."""

MARKS: dict[str, dict[str, Text]] = {
    TEACHING_PLAN: {
        "present": Text("Có", "Present"),
        "absent": Text("Không có", "Absent"),
        "unclear": Text("Không rõ", "Unclear"),
    },
    LESSON_PLAN: {
        "present": Text("Có", "Present"),
        "absent": Text("Không có", "Absent"),
        "printed": Text("Bản in thay", "Printed substitute"),
    },
}
"""What the inspector may mark, by item."""

REASONS: dict[str, Text] = {
    "broken": Text("Máy tính hỏng", "The laptop is broken"),
    "no_laptop": Text("Không có máy tính xách tay", "There is no laptop"),
}
"""Why a print stands for the file (the plan, II.3)."""

ITEM_NAMES: dict[str, Text] = {
    TEACHING_PLAN: Text("Kế hoạch dạy học tuần {n}, bản in", "Teaching plan of week {n}, on paper"),
    LESSON_PLAN: Text(
        "Kế hoạch bài dạy của tiết này, bản mềm trong máy", "Lesson plan of this period, on the computer"
    ),
}

State = Literal["approved", "waiting", "returned", "draft", "none"]
"""How a record stands, what came farthest first."""
CodeSays = Literal["right", "other", "unknown", ""]
"""What a print's code led to: the approved record asked for, another one, nothing, or no code was given."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the records say of one item. `in_time`: its author signed it before its limit."""

    state: State = "none"
    owed: bool = True
    in_time: bool = False
    printed: bool = False
    code: CodeSays = ""


Why = Literal[
    "seen", "not-seen", "other-print", "not-printed", "known-printed", "not-approved", "reviewing", "free"
]
Outcome = Literal["held", "lacking", "excused"]

_OUTCOMES: dict[Why, Outcome] = {
    "seen": "held",
    "known-printed": "held",
    "not-seen": "lacking",
    "other-print": "lacking",
    "not-printed": "lacking",
    "not-approved": "lacking",
    "reviewing": "excused",
    "free": "excused",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One item: whether it was there, was lacking, or cannot be asked of the teacher, and why."""

    item: str
    why: Why

    @property
    def outcome(self) -> Outcome:
        return _OUTCOMES[self.why]


@dataclass(frozen=True, slots=True)
class Proposal:
    """`asks`: somebody responsible is to look at this check and decide."""

    items: tuple[Judged, ...]
    asks: bool

    @property
    def lacks(self) -> tuple[Judged, ...]:
        return tuple(judged for judged in self.items if judged.outcome == "lacking")


def propose(marks: Mapping[str, str], known: Mapping[str, Known], *, both: bool) -> Proposal:
    """Weigh the marks of both items. `both`: the school's rule asks only where both lack (default: any)."""
    judged = tuple(Judged(item, _weigh(marks[item], known[item])) for item in ITEMS)
    lacking = [one for one in judged if one.outcome == "lacking"]
    return Proposal(judged, len(lacking) == len(ITEMS) if both else bool(lacking))


def _weigh(mark: str, known: Known) -> Why:
    if known.state != "approved":
        # Nobody answers for what lies with a reviewer, nor for what they do not owe.
        if not known.owed:
            return "free"
        return "reviewing" if known.state == "waiting" and known.in_time else "not-approved"
    if mark == "absent":
        return "not-seen"
    if known.code == "other":
        return "other-print"
    if mark == "unclear":
        return "known-printed" if known.printed or known.code == "right" else "not-printed"
    return "seen"


# --- in words -------------------------------------------------------------------------------------------


def judged_words(judged: Judged, week: int) -> Text:
    """One item in a sentence."""
    what = _WHAT[judged.item].format(n=week)
    said = _NOT_SEEN[judged.item] if judged.why == "not-seen" else _SAID[judged.why]
    return said.format(what=what, What=what.capitalised())


def asks_words(*, asks: bool) -> Text:
    """What follows from a stored check, as long as nobody has decided; its items are not weighed again."""
    return _ASKS if asks else _NOTHING


def paper_words(proposal: Proposal, *, asks: bool) -> Text:
    """The same on the paper, which the decision is written on later. `asks`: as the check itself keeps it."""
    return _ASKED if asks else _quiet(proposal)


def _quiet(proposal: Proposal) -> Text:
    """Only what was there is said to be there: not what was not asked for, nor a lack that is too little."""
    return _CLEAN if all(judged.outcome == "held" for judged in proposal.items) else _NOTHING


_WHAT = {
    TEACHING_PLAN: Text("kế hoạch dạy học tuần {n}", "the teaching plan of week {n}"),
    LESSON_PLAN: Text("kế hoạch bài dạy tuần {n}", "the lesson plan of week {n}"),
}
_NOT_SEEN = {
    TEACHING_PLAN: Text("Không thấy bản in {what}.", "{What} was not there on paper."),
    LESSON_PLAN: Text(
        "Không thấy {what}, cả bản mềm và bản in.", "{What} was not there, neither as a file nor on paper."
    ),
}
_SAID: dict[Why, Text] = {
    "seen": Text("Có {what}.", "{What} was there."),
    "other-print": Text(
        "Mã trên bản in không phải của {what} đã duyệt.",
        "The code on the print is not that of {what} as approved.",
    ),
    "not-printed": Text(
        "Chưa rõ có bản in {what}; hệ thống chưa ghi nhận lần in nào.",
        "Whether {what} is there on paper is unclear; the system knows of no print.",
    ),
    "known-printed": Text(
        "Chưa rõ có bản in {what} tại lớp; hệ thống có ghi nhận đã in.",
        "Whether {what} is there on paper is unclear; the system knows of a print.",
    ),
    "not-approved": Text("{What} chưa được ký duyệt.", "{What} is not approved."),
    "reviewing": Text(
        "{What} trình đúng hạn, đang chờ người duyệt.",
        "{What} was submitted in time and waits for a reviewer.",
    ),
    "free": Text(
        "{What}: không thuộc diện phải lập, không xét.", "{What}: not owed, so it is not looked at."
    ),
}
_ASKS = Text(
    "Chưa có kết luận. Hiệu trưởng hoặc phó hiệu trưởng được đề nghị xem và kết luận.",
    "No finding yet. The principal or vice principal is asked to look and decide.",
)
_ASKED = Text(
    "Đề nghị hiệu trưởng hoặc phó hiệu trưởng xem xét, kết luận.",
    "The principal or vice principal is asked to look and decide.",
)
_CLEAN = Text("Đủ hồ sơ, không có việc phải xem tiếp.", "All there; nothing more to look at.")
_NOTHING = Text("Không có việc phải xem tiếp.", "Nothing more to look at.")
