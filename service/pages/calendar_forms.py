"""Reads the administrator's forms of the school year; every field that is wrong is named at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from starlette.datastructures import FormData

from flows.year_frame import NAMELESS, Break, Frame
from models.errors import Fault, Invalid
from models.text import Text
from service import school
from service.calendar_changes import Entered, read_reason
from service.changes import refusal
from service.pages.admin_school import text_of

T = TypeVar("T")
GRADES = frozenset("12345")


class _Reading:
    """Reads fields one after another and keeps what is wrong with each."""

    def __init__(self, form: FormData) -> None:
        self.form = form
        self.faults: list[Fault] = []

    def take(self, read: Callable[..., T], *given: object) -> T | None:
        """What was read; None when it was refused."""
        try:
            return read(*given)
        except Invalid as refused:
            self.faults += refused.faults
            return None

    def day(self, name: str) -> date | None:
        return self.take(school.read_day, text_of(self.form, name), name)

    def refuse(self) -> None:
        if self.faults:
            raise Invalid(self.faults[0].sentence, tuple(self.faults))


def read_entered(form: FormData, *, moved: bool) -> Entered:
    """Days off, or a day whose lessons are taught on another; Invalid names each wrong field."""
    reading = _Reading(form)
    first = reading.day("first")
    last, taught_on = first, None
    if moved:
        taught_on = reading.day("taught_on")
    elif text_of(form, "last").strip():
        last = reading.day("last")
    reason = text_of(form, "reason").strip()
    grades = reading.take(_grades, chosen(form, "grades"))
    if reading.faults:
        reading.take(read_reason, reason)
    reading.refuse()
    assert first is not None
    assert last is not None
    return Entered(first, last, reason, taught_on, grades or (), chosen(form, "classes"))


def _grades(typed: list[str]) -> list[int]:
    unknown = [value for value in typed if value not in GRADES]
    if unknown:
        raise refusal("grades", _NO_GRADE.format(typed=unknown[0][:20] or "–"))
    return [int(value) for value in typed]


def read_frame(form: FormData) -> Frame:
    """The frame of a year; Invalid naming each field that cannot be read."""
    reading = _Reading(form)
    source = reading.take(_source, text_of(form, "source").strip())
    first, term1, term2 = (reading.day(n) for n in ("first_day", "term1_before", "term2_before"))
    lines = [line for line in text_of(form, "breaks").splitlines() if line.strip()]
    breaks = [reading.take(read_break, line) for line in lines]
    reading.refuse()
    assert source is not None
    assert first is not None
    assert term1 is not None
    assert term2 is not None
    return Frame(source[:200], first, term1, term2, tuple(one for one in breaks if one is not None))


def _source(typed: str) -> str:
    if len(typed) < 3:
        raise refusal("source", _SOURCE)
    return typed


_BREAK = re.compile(
    r"^(.*?)[:\s]*(\d{1,2}/\d{1,2}/\d{4})(?:\s*(?:–|-|đến|to)\s*(\d{1,2}/\d{1,2}/\d{4}))?\s*$"
)


def read_break(line: str) -> Break:
    """`Nghỉ Tết: 01/02/2027 – 14/02/2027`, or one day; Invalid at `breaks`."""
    found = _BREAK.match(line.strip())
    if found is None:
        raise refusal("breaks", _NO_BREAK.format(line=line.strip()[:60]))
    first = school.read_day(found[2], "breaks")
    last = school.read_day(found[3], "breaks") if found[3] else first
    return Break(found[1].strip()[:80] or NAMELESS.vi, first, last)


def chosen(form: FormData, name: str) -> list[str]:
    """The ticked values of a name."""
    return [value for value in form.getlist(name) if isinstance(value, str)]


_SOURCE = Text(
    "Ghi quyết định ban hành khung năm học (số, ngày).",
    "Name the decision that sets the year (number, date).",
)
_NO_BREAK = Text(
    "Không đọc được dòng “{line}”. Viết như: Nghỉ Tết: 01/02/2027 – 14/02/2027",
    "The line “{line}” cannot be read. Write as: Nghỉ Tết: 01/02/2027 – 14/02/2027",
)
_NO_GRADE = Text(
    "Không có khối “{typed}”. Chọn trong các khối từ 1 đến 5, hoặc không chọn gì cho cả trường.",
    "There is no grade “{typed}”. Choose among grades 1 to 5, or nothing for the whole school.",
)
