"""The form of one spot check: what was typed, what is missing in it, and how it becomes a record.

The same form comes from a page (with or without scripts) and from a phone that kept it for hours.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, fields
from datetime import datetime

from starlette.datastructures import FormData

from flows.spot_checks import Check
from flows.spot_finding import LESSON_PLAN, TEACHING_PLAN
from flows.spot_marks import Marks, Sending
from flows.spot_visit import Visit
from models.errors import Fault
from models.text import Text
from service import words

CODES = {TEACHING_PLAN: "teaching_code", LESSON_PLAN: "lesson_code"}
"""The field each item's code of a print is typed into."""


@dataclass(slots=True)
class Typed:
    """The fields by name, as they stand in the form."""

    key: str = ""
    recorded_at: str = ""
    seen_at: str = ""
    teaching_plan: str = ""
    teaching_code: str = ""
    lesson_plan: str = ""
    lesson_plan_reason: str = ""
    lesson_code: str = ""
    words: str = ""
    read_back: str = ""
    started: str = ""
    ended: str = ""
    place: str = ""

    @classmethod
    def new(cls, check: Check, now: datetime) -> Typed:
        """An empty form: with a key of its own, the time of day and the room the class is in."""
        place = f"Lớp {check.class_name}"
        return cls(key=str(uuid.uuid4()), started=f"{words.local(now):%H:%M}", place=place)

    @classmethod
    def read(cls, form: FormData) -> Typed:
        """As it was sent; what is no text is left out."""
        return cls(**{f.name: sent for f in fields(cls) if isinstance(sent := form.get(f.name, ""), str)})

    def sending(self, now: datetime) -> Sending:
        """The record; who has no clock of their own (no scripts) has ours. An empty end is the last press."""
        recorded = _instant(self.recorded_at) or now
        visit = Visit(
            self.started.strip(),
            self.ended.strip() or f"{words.local(recorded):%H:%M}",
            self.place,
            bool(self.read_back),
        )
        return Sending(self.key, self.marks(visit), recorded, _instant(self.seen_at))

    def marks(self, visit: Visit) -> Marks:
        printed = self.lesson_plan == "printed"
        return Marks(
            self.teaching_plan,
            self.lesson_plan,
            self.lesson_plan_reason if printed else "",
            self.teaching_code,
            self.lesson_code if printed else "",
            self.words,
            visit=visit,
        )

    def missing(self) -> list[Fault]:
        """What a person in the corridor is asked for, beyond the marks themselves."""
        wanted = {"started": bool(self.started.strip()), "place": bool(self.place.strip())}
        wanted["read_back"] = bool(self.read_back) or not self.words.strip()
        return [Fault(name, LACKS[name], missing=True) for name, given in wanted.items() if not given]


def _instant(written: str) -> datetime | None:
    """An ISO moment with its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(written)
        return found if found.utcoffset() is not None and 2000 < found.year < 2200 else None
    except ValueError:
        return None


ANCHORS = {TEACHING_PLAN: "f-teaching_plan-present", LESSON_PLAN: "f-lesson_plan-present"}
"""Where the link of a fault leads; `f-<name>` for every other field."""

LACKS = {
    "teaching_plan": Text(
        "Mục 1: chọn Có, Không có hoặc Không rõ.", "Item 1: choose present, absent or unclear."
    ),
    "lesson_plan": Text(
        "Mục 2: chọn Có, Không có hoặc Bản in thay.", "Item 2: choose present, absent or printed substitute."
    ),
    "lesson_plan_reason": Text("Chọn lý do dùng bản in thay.", "Choose why a print stands in for the file."),
    "read_back": Text(
        "Đưa giáo viên đọc lại lời đã ghi rồi đánh dấu; không có lời nào thì để trống ô lời.",
        "Let the teacher read the words, then tick the box; leave the words empty if there are none.",
    ),
    "started": Text("Ghi giờ bắt đầu.", "Write when it began."),
    "place": Text("Ghi địa điểm.", "Write the place."),
}
