"""Duties and their evidence in words, for pages. Pure: values in, texts out.

Each word says no more than is known: a file was handed over, a print was made, a person said so (law 9).
"""

from __future__ import annotations

from datetime import datetime

from flows.evidence import DOWNLOAD, LAPTOP, NAMES, PRINT, PRINTED
from flows.outstanding import DutySeen, Outstanding, Shown
from flows.prints import spoken
from models.text import Text
from service import words
from service.story import State

VIA: dict[str, Text] = {
    "page": Text("từ trang hồ sơ", "from the record’s page"),
    "api": Text("bằng chương trình (API)", "by program (API)"),
    "zip": Text("trong gói hồ sơ của tuần", "in the week’s ZIP"),
}

_MET: dict[str, Text] = {
    DOWNLOAD: Text("Đã tải về", "Downloaded"),
    PRINTED: Text("Đã in ra giấy, theo lời người soạn", "Printed on paper, as the author says"),
    LAPTOP: Text(
        "Dùng máy tính xách tay, theo lời người soạn; không cần in",
        "Taught from a laptop, as the author says; no print needed",
    ),
}
_SAID: dict[str, Text] = {
    DOWNLOAD: Text("{who} tải tệp về {via}", "{who} downloaded the file {via}"),
    PRINT: Text("{who} tạo bản in, mã {code}", "{who} made a print, code {code}"),
    PRINTED: Text("{who} xác nhận đã in ra giấy", "{who} says it is printed on paper"),
    LAPTOP: Text("{who} xác nhận dạy bằng máy tính xách tay", "{who} says a laptop is used"),
}
_OPEN: dict[str, Text] = {
    "download": Text("Chưa tải về", "Not downloaded yet"),
    "print": Text("Chưa xác nhận đã in ra giấy", "Not yet said to be printed"),
    "print-unless-laptop": Text(
        "Chưa xác nhận đã in hoặc dùng máy tính xách tay", "Not yet said to be printed, or on a laptop"
    ),
}


def state(seen: DutySeen | Outstanding, now: datetime) -> State:
    """Where a duty stands: met, still open, or past its time."""
    duty = seen.duty
    if duty.met_at is not None:
        met = seen.met if isinstance(seen, DutySeen) else None
        done = _MET[met.evidence.kind] if met else Text("Đã xong", "Done")
        return State("ok", "ok", done)
    if duty.due_at <= now:
        return State("late", "warn", _OPEN[duty.kind])
    return State("todo", "", _OPEN[duty.kind])


def name(kind: str) -> Text:
    """What is to be done, by obligation."""
    return NAMES[kind]


def told(shown: Shown) -> Text:
    """One piece of evidence as a sentence without its time and hash."""
    fact = shown.evidence
    return _SAID[fact.kind].format(who=shown.name, via=VIA[fact.via], code=spoken(fact.code or ""))


def print_made(moment: datetime) -> Text:
    """A print is no paper yet, in a sentence."""
    when = words.brief(moment)
    return Text(
        f"Đã tạo bản in {when.vi}, chưa xác nhận đã in ra giấy",
        f"A print was made {when.en}; paper not confirmed",
    )
