"""A deadline as an administrator fills it in: its controls, how it is read, and what makes it none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any

from flows.calendar import monday_of
from flows.due_rules import (
    KINDS,
    MOST,
    WEDNESDAY,
    BeforeWeekday,
    DayOfMonth,
    DaysAfter,
    DaysBefore,
    Deadline,
    EndOfTerm,
    kind_of,
    problem,
    same,
)
from flows.obligations import Calendar
from flows.rule_changes import Declared
from models.errors import Fault, Invalid, RecordsError
from models.text import Text
from service import words
from service.school import read_day

KIND_NAMES: dict[str, Text] = {
    "weekday": Text("Thứ trong tuần", "Weekday"),
    "days-before": Text("Số ngày trước tuần dạy", "Days before the week"),
    "day-of-month": Text("Ngày trong tháng", "Day of the month"),
    "days-after": Text("Số ngày sau một mốc", "Days after an event"),
    "end-of-term": Text("Cuối học kì", "End of term"),
}
EVENTS = {
    "week": Text("khi hết tuần dạy (Chủ nhật)", "the end of the teaching week (Sunday)"),
    "approved": Text("khi hồ sơ được ký duyệt", "the approval of the record"),
}
ON_BREAK = {
    "stays": Text("Giữ nguyên ngày", "The day stays"),
    "earlier": Text("Lấy ngày đi học liền trước", "The last school day before"),
    "teaching": Text("Chỉ tính tuần có dạy", "Only teaching weeks count"),
}
YES = "yes"


def blank(kind: str, declared: Declared) -> Deadline:
    """What the form of a kind begins with where another kind holds now."""
    begun: dict[str, Deadline] = {
        "weekday": BeforeWeekday(WEDNESDAY, weeks_before=1),
        "days-before": DaysBefore(10),
        "day-of-month": DayOfMonth(25, months_before=1),
        "days-after": DaysAfter(1, event="approved" if declared.after_approval else "week"),
        "end-of-term": EndOfTerm(0),
    }
    return begun[kind]


def typed_of(rule: Deadline) -> dict[str, str]:
    """The controls of the form as they stand for a rule."""
    values = {f.name: getattr(rule, f.name) for f in fields(rule) if f.name != "setting"}
    said = {n: (YES if v else "") if isinstance(v, bool) else str(v) for n, v in values.items()}
    return {"kind": kind_of(rule)} | said


def read(typed: Mapping[str, str], declared: Declared, today: date) -> tuple[Deadline, date]:
    """The rule as filled in, and the day from which it holds; Invalid names each control that is wrong."""
    faults: list[Fault] = []
    rule, valid_from = None, today
    try:
        rule = _rule(typed, declared)
    except Invalid as refusal:
        faults += refusal.faults
    try:
        valid_from = read_day(typed.get("valid_from", ""), "valid_from")
        if valid_from < monday_of(today):
            faults.append(Fault("valid_from", _PAST.format(day=f"{monday_of(today):%d/%m/%Y}")))
    except RecordsError as refusal:
        faults += getattr(refusal, "faults", ())
    if faults or rule is None:
        raise Invalid(_WRONG, tuple(faults))
    return rule, valid_from


def _rule(typed: Mapping[str, str], declared: Declared) -> Deadline:
    kind = typed.get("kind", "")
    if kind not in KINDS:
        raise Invalid(_WRONG, (Fault("kind", _NO_KIND),))
    value: dict[str, Any] = {"kind": kind}
    faults = []
    for part in (f.name for f in fields(KINDS[kind]) if f.name != "setting"):
        given = typed.get(part, "").strip()
        if part in MOST:
            least = 1 if part == "day" else 0
            if not (
                given.isascii() and given.isdigit() and len(given) < 4 and least <= int(given) <= MOST[part]
            ):
                faults.append(Fault(part, _NO_NUMBER.format(least=least, most=MOST[part])))
                continue
            value[part] = int(given)
        elif part in ("event", "on_break"):
            value[part] = given
        elif given in ("", YES):
            value[part] = given == YES
        else:
            faults.append(Fault(part, _NO_CHOICE))
    if not faults and value.get("event") == "approved" and not declared.after_approval:
        faults.append(Fault("event", _NOT_APPROVED_YET))
    if faults:
        raise Invalid(_WRONG, tuple(faults))
    return _made(value, declared)


def _made(value: Mapping[str, Any], declared: Declared) -> Deadline:
    if value["on_break"] not in ON_BREAK or value.get("event", "week") not in EVENTS:
        raise Invalid(_WRONG, (Fault("kind", _NO_KIND),))
    parts = {name: part for name, part in value.items() if name != "kind"}
    made = KINDS[value["kind"]](**parts, setting=declared.setting)
    if (wrong := problem(made)) is not None:
        raise Invalid(_WRONG, (Fault(*wrong),))
    return made


def holds(calendar: Calendar, declared: Declared, rule: Deadline, valid_from: date) -> bool:
    """Does this very rule hold from that day on already?"""
    return same(calendar.rule(declared.default, valid_from), rule)


def refuse_same(calendar: Calendar, declared: Declared, rule: Deadline, valid_from: date) -> None:
    """Invalid when this very rule holds from that day on already."""
    if holds(calendar, declared, rule, valid_from):
        raise Invalid(_WRONG, (Fault("kind", _HOLDS.format(day=f"{valid_from:%d/%m/%Y}")),))


def first_open(calendar: Calendar, default: Deadline, now: datetime) -> date:
    """Monday of the first teaching week whose limit is still to come: a good first day for a new rule."""
    today = words.local(now).date()
    coming = [due.week.monday for due in calendar.due_weeks(default) if due.due_at > now]
    return max(min(coming, default=monday_of(today) + timedelta(weeks=1)), monday_of(today))


def in_force(calendar: Calendar, default: Deadline, now: datetime) -> Deadline:
    """The school's rule for what is due next."""
    return calendar.rule(default, first_open(calendar, default, now))


_WRONG = Text(
    "Chưa đặt được thời hạn. Sửa chỗ được đánh dấu.", "The deadline is not set. Mend what is marked."
)
_NO_KIND = Text("Chọn một cách tính hạn trong danh sách.", "Choose one of the kinds of deadline.")
_NO_CHOICE = Text("Chọn một mục trong danh sách.", "Choose one of the list.")
_NO_NUMBER = Text("Ghi một số nguyên từ {least} đến {most}.", "Give a whole number from {least} to {most}.")
_NOT_APPROVED_YET = Text(
    "Hồ sơ này phải nộp trước khi được ký duyệt nên không tính hạn từ ngày ký duyệt được. Chọn mốc khác.",
    "This is due before its approval, so it cannot be counted from there. Choose another event.",
)
_PAST = Text(
    "Quy tắc mới áp dụng sớm nhất từ tuần này: ghi ngày {day} hoặc sau đó.",
    "A new rule holds from this week on at the earliest: give {day} or a later day.",
)
_HOLDS = Text(
    "Từ ngày {day} quy tắc này đang áp dụng rồi. Sửa một chi tiết, hoặc để nguyên như hiện nay.",
    "This very rule holds from {day} on already. Change something, or leave it as it is.",
)
