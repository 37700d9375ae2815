"""The question for a time of day. Pure; the other fields stand in `flows/fields.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

from flows.fields import Faults, Field, Known
from models.errors import Fault
from models.text import Text
from tasks.rich_text import clean_line

_TYPED = re.compile(
    r"(?P<hour>\d{1,2})\s*(?:[:.hg]|giờ)\s*(?P<minute>\d{1,2})?(?:\s*(?:phút|p))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour(Field):
    """A time of day, kept as HH:MM; `9h40`, `9 giờ 40` and `9.40` are understood too."""

    kind: ClassVar[str] = "hour"

    def take(self, raw: object, path: str, known: Known) -> tuple[str, Faults]:  # noqa: ARG002
        text = clean_line(raw if isinstance(raw, str) else "")
        if not text:
            return "", []
        found = _TYPED.fullmatch(text)
        hour, minute = (int(found["hour"]), int(found["minute"] or 0)) if found else (24, 0)
        if hour > 23 or minute > 59:
            return text[:40], [Fault(path, _NO_HOUR.format(typed=text[:40]))]
        return f"{hour:02d}:{minute:02d}", []

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^$", "examples": ["09:40"]}


_NO_HOUR = Text(
    "“{typed}” không phải là giờ trong ngày. Ghi theo mẫu 09:40.",
    "“{typed}” is not a time of day. Write it as 09:40.",
)
