"""Earlier comments on lessons, and what became of each lesson since. Pure: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.parts import Fate, fate, name_of, rows_of
from flows.views import View
from models.text import Text


@dataclass(frozen=True, slots=True)
class Earlier:
    """A comment that was sent with a return, on one lesson."""

    part: str
    name: str
    """What the lesson was called then."""
    revision: int
    who: str
    at: datetime
    words: str
    fate: Fate

    @property
    def mark(self) -> str:
        """The status mark of the fate."""
        return {"unchanged": "ret", "changed": "wait", "removed": "wd"}[self.fate]

    @property
    def outcome(self) -> Text:
        """What became of the lesson, in words; a change is not yet a mended fault."""
        return {
            "unchanged": Text("Chưa thay đổi", "Not changed yet"),
            "changed": Text("Đã thay đổi", "Changed since"),
            "removed": Text("Đã bỏ bài này", "Lesson removed"),
        }[self.fate]


def earlier(view: View, present: Mapping[str, Any]) -> list[Earlier]:
    """Every comment that returns brought on a lesson, the newest return first, against `present` fields."""
    form = view.here.declared.form
    frozen = {r.number: r.fields for r in view.revisions}
    found = []
    for seen in reversed(view.events):
        remark = seen.remark
        if seen.event.action != "return" or remark is None or remark.erased:
            continue
        then = frozen.get(seen.event.revision, {})
        rows = rows_of(form, then)
        for number, (key, row) in enumerate(rows.items(), 1):
            if key in remark.parts:
                found.append(
                    Earlier(
                        part=key,
                        name=name_of(form, row, number),
                        revision=seen.event.revision,
                        who=seen.name,
                        at=seen.event.at,
                        words=remark.parts[key],
                        fate=fate(form, then, present, key),
                    )
                )
    return found


def by_part(found: list[Earlier]) -> dict[str, list[Earlier]]:
    """The comments by lesson, in their order."""
    sorted_: dict[str, list[Earlier]] = {}
    for one in found:
        sorted_.setdefault(one.part, []).append(one)
    return sorted_
