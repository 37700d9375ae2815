"""The circumstances of a spot check, as minutes need them: from when to when, where, read back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from models.errors import Fault
from models.settings import VIETNAM
from models.text import Text

PLACE_LONGEST = 120
TOLERANCE = timedelta(minutes=5)
"""By so much a phone's clock may be ahead of ours."""
MORNING_BEFORE, AFTERNOON_FROM = time(13), time(12)
"""The check of a morning's lesson begins before the one, an afternoon's not before the other."""
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

    def misplaced(self, day: date, part: str, arrived: datetime) -> list[Fault]:
        """Times that do not fit the lesson's `day` and session, or lie after `arrived`."""
        latest = (arrived + TOLERANCE).astimezone(VIETNAM)
        found = [
            Fault(name, _FUTURE.format(at=f"{arrived.astimezone(VIETNAM):%H:%M}"))
            for name in ("started", "ended")
            if _is_time(at := getattr(self, name)) and _instant(day, at) > latest
        ]
        if found or not _is_time(self.started):
            return found
        started = time.fromisoformat(self.started)
        if part == "morning" and started >= MORNING_BEFORE:
            return [Fault("started", _MORNING)]
        if part == "afternoon" and started < AFTERNOON_FROM:
            return [Fault("started", _AFTERNOON)]
        return []

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


def _instant(day: date, at: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), VIETNAM)


def _is_time(at: str) -> bool:
    return _CLOCK.fullmatch(at) is not None


_TIME = Text("Ghi giờ và phút, ví dụ 09:15.", "Write hour and minute, such as 09:15.")
_FUTURE = Text(
    "Giờ này chưa tới: hệ thống nhận phiếu lúc {at}. Ghi giờ đã kiểm tra thật.",
    "That time has not come: the check arrives at {at}. Write when it was really made.",
)
_MORNING = Text(
    "Tiết này học buổi sáng nên kiểm tra bắt đầu trước 13:00. Sửa giờ bắt đầu.",
    "The lesson is in the morning, so its check begins before 13:00. Mend the start.",
)
_AFTERNOON = Text(
    "Tiết này học buổi chiều nên kiểm tra không bắt đầu trước 12:00. Sửa giờ bắt đầu.",
    "The lesson is in the afternoon, so its check begins at 12:00 or later. Mend the start.",
)
_BACKWARDS = Text(
    "Giờ kết thúc trước giờ bắt đầu. Sửa một trong hai.", "The end is before the start. Mend one of them."
)
_LONG = Text(
    f"Địa điểm dài quá {PLACE_LONGEST} ký tự. Rút gọn lại.", f"Longer than {PLACE_LONGEST} characters."
)
