"""The circumstances of a spot check, as minutes need them: from when to when, where, read back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.errors import Fault
from models.text import Text

PLACE_LONGEST = 120
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Visit:
    """`started`, `ended`: HH:MM of the check's day, Vietnam's time; empty where nobody wrote it.

    `read_back`: the teacher has read their own words before they were sent.
    """

    started: str = ""
    ended: str = ""
    place: str = ""
    read_back: bool = False

    def faults(self) -> list[Fault]:
        """What cannot be: a time that is none, an end before the start, a place too long to print."""
        found = [
            Fault(name, _TIME)
            for name in ("started", "ended")
            if (at := getattr(self, name)) and not _is_time(at)
        ]
        if not found and self.started and self.ended and self.ended < self.started:
            found.append(Fault("ended", _BACKWARDS))
        if len(self.place) > PLACE_LONGEST:
            found.append(Fault("place", _LONG))
        return found

    def as_data(self) -> dict[str, Any]:
        """As a record keeps it and the API answers it."""
        return {
            "started": self.started,
            "ended": self.ended,
            "place": self.place,
            "read_back": self.read_back,
        }


def visit_of(data: Mapping[str, Any]) -> Visit:
    """Back from a stored record."""
    return Visit(data["started"], data["ended"], data["place"], data["read_back"])


def _is_time(at: str) -> bool:
    return _CLOCK.fullmatch(at) is not None


_TIME = Text("Ghi giờ và phút, ví dụ 09:15.", "Write hour and minute, such as 09:15.")
_BACKWARDS = Text(
    "Giờ kết thúc trước giờ bắt đầu. Sửa một trong hai.", "The end is before the start. Mend one of them."
)
_LONG = Text(
    f"Địa điểm dài quá {PLACE_LONGEST} ký tự. Rút gọn lại.", f"Longer than {PLACE_LONGEST} characters."
)
