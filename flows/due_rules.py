"""The kinds of deadline: frozen values, each with its sentence, and their form as data. Pure.

A rule names a day; *strict* means before that day, otherwise its end. What a holiday or a break does to it
(`on_break`): the day stays, or gives way to the last school day before, or only days and weeks with lessons
are counted. What day that is in a school's calendar is computed in `flows/deadlines.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Literal, get_args

from models.text import Text

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
_WEEKDAYS = (
    Text("thứ Hai", "Monday"),
    Text("thứ Ba", "Tuesday"),
    Text("thứ Tư", "Wednesday"),
    Text("thứ Năm", "Thursday"),
    Text("thứ Sáu", "Friday"),
    Text("thứ Bảy", "Saturday"),
    Text("Chủ nhật", "Sunday"),
)

OnBreak = Literal["stays", "earlier", "teaching"]
Event = Literal["week", "approved"]

MOST = {"weekday": 6, "weeks_before": 8, "days": 90, "day": 31, "months_before": 6}
"""The most each number of a rule may be; the least is 0, of `day` 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    setting: str = ""
    """The key under which a school keeps a rule of its own instead."""
    strict: bool = False
    working: bool = False
    """Only working days are counted."""
    on_break: OnBreak = "stays"

    @property
    def rule(self) -> Text:
        """The rule in a sentence, without full stop."""
        return sentence(self)

    @property
    def fixed(self) -> bool:
        """Do neither holidays nor breaks matter to it?"""
        return not self.working and self.on_break == "stays"


@dataclass(frozen=True, slots=True)
class BeforeWeekday(_Rule):
    """A weekday, some weeks before the first teaching week covered."""

    weekday: int
    weeks_before: int
    strict: bool = field(default=True, kw_only=True)


@dataclass(frozen=True, slots=True)
class DaysBefore(_Rule):
    """The day that lies so many days before Monday of the first week covered."""

    days: int


@dataclass(frozen=True, slots=True)
class DayOfMonth(_Rule):
    """A day (with `working` the so-manieth working day) of the month the first Monday lies in, or an earlier.

    A month that has no such day gives its last.
    """

    day: int
    months_before: int = 0


@dataclass(frozen=True, slots=True)
class DaysAfter(_Rule):
    """So many days after Sunday of the teaching week, or after the approval of the record."""

    days: int
    event: Event = "week"


@dataclass(frozen=True, slots=True)
class EndOfTerm(_Rule):
    """So many days before (or after) the last day of lessons of the week's term."""

    days: int = 0
    after: bool = False


Deadline = BeforeWeekday | DaysBefore | DayOfMonth | DaysAfter | EndOfTerm
KINDS: dict[str, type[Deadline]] = {
    "weekday": BeforeWeekday,
    "days-before": DaysBefore,
    "day-of-month": DayOfMonth,
    "days-after": DaysAfter,
    "end-of-term": EndOfTerm,
}


def kind_of(rule: Deadline) -> str:
    """The kind's name in data."""
    return next(name for name, kind in KINDS.items() if isinstance(rule, kind))


def problem(rule: Deadline) -> tuple[str, Text] | None:
    """What makes no rule of these values: the part at fault and a sentence that says what to do instead."""
    for part, most in MOST.items():
        value, least = getattr(rule, part, None), 1 if part == "day" else 0
        if value is not None and not least <= value <= most:
            return part, _NO_NUMBER.format(least=least, most=most)
    if rule.working and isinstance(rule, BeforeWeekday):
        return "working", _COUNTS_NO_DAYS
    if rule.on_break == "teaching" and isinstance(rule, DayOfMonth):
        return "on_break", _COUNTS_NO_WEEKS
    return None


def as_data(rule: Deadline) -> dict[str, Any]:
    """The rule as JSON, for a school's own setting."""
    parts = {f.name: getattr(rule, f.name) for f in fields(rule) if f.name != "setting"}
    return {"kind": kind_of(rule)} | parts


def from_data(value: Mapping[str, Any], setting: str) -> Deadline:
    """The rule a school keeps under a setting; ValueError for what `as_data` would not have written."""
    kind = KINDS.get(str(value.get("kind")))
    given = {name: part for name, part in value.items() if name != "kind"}
    if kind is None or any(not _fits(name, part) for name, part in given.items()):
        raise ValueError(f"The setting {setting} holds {dict(value)!r}, which is no deadline.")
    try:
        rule = kind(**given, setting=setting)
    except TypeError:
        raise ValueError(f"The setting {setting} holds {dict(value)!r}, which is no deadline.") from None
    if (wrong := problem(rule)) is not None:
        raise ValueError(f"The setting {setting} holds {dict(value)!r}: {wrong[1].en}")
    return rule


def _fits(name: str, part: object) -> bool:
    if name in MOST:
        return isinstance(part, int) and not isinstance(part, bool)
    if name in ("strict", "working", "after"):
        return isinstance(part, bool)
    return {"on_break": get_args(OnBreak), "event": get_args(Event)}.get(name, ()).count(part) == 1


def same(one: Deadline, other: Deadline) -> bool:
    """Do both say the same, under whatever setting?"""
    return replace(one, setting="") == replace(other, setting="")


# --- sentences ------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def sentence(rule: Deadline) -> Text:
    """The rule as an office worker says it, with the exact limit in brackets where that helps."""
    match rule:
        case BeforeWeekday():
            said = _weekday(rule)
        case DayOfMonth():
            said = _day_of_month(rule)
        case EndOfTerm(days=0):
            said = _named(rule, _LAST_DAY)
        case _:
            said = _counted(rule)
    if rule.on_break == "teaching":
        return _joined(said, _ONLY_WEEKS if isinstance(rule, BeforeWeekday) else _ONLY_DAYS)
    return _joined(said, _EARLIER) if rule.on_break == "earlier" else said


def _joined(said: Text, more: Text) -> Text:
    return Text(f"{said.vi}; {more.vi}", f"{said.en}; {more.en}")


def _weekday(rule: BeforeWeekday) -> Text:
    """`hết thứ Ba của tuần liền trước tuần dạy (trước 00:00 thứ Tư)`."""
    last = rule.weekday - 1 if rule.strict else rule.weekday
    # Before Monday is the end of Sunday, which lies in the week before.
    weeks = rule.weeks_before + (last < MONDAY)
    where = {
        0: Text(" của tuần dạy đầu tiên", " of the first teaching week"),
        1: Text(" của tuần liền trước tuần dạy", " of the week before the teaching week"),
    }.get(weeks, Text(f", {weeks} tuần trước tuần dạy", f", {weeks} weeks before the teaching week"))
    return Text(
        "hết {last}{where} (trước 00:00 {limit})", "the end of {last}{where} (before 00:00 on {limit})"
    ).format(last=_WEEKDAYS[last], where=where, limit=_WEEKDAYS[(last + 1) % 7])


def _day_of_month(rule: DayOfMonth) -> Text:
    number = rule.day
    day = (
        Text(f"ngày làm việc thứ {number}", f"working day {number}")
        if rule.working
        else Text(f"ngày {number}", f"day {number}")
    )
    where = {
        0: Text("của tháng có tuần dạy", "of the month of the teaching week"),
        1: Text("của tháng liền trước tháng có tuần dạy", "of the month before the teaching week’s"),
    }.get(
        rule.months_before,
        Text(
            f"của {rule.months_before} tháng trước tháng có tuần dạy",
            f"{rule.months_before} months before the teaching week’s",
        ),
    )
    said = _named(rule, Text("{day} {where}", "{day} {where}").format(day=day, where=where))
    if number > 28 and not rule.working:
        return _joined(said, _SHORT_MONTH)
    return said


def _counted(rule: DaysBefore | DaysAfter | EndOfTerm) -> Text:
    after = isinstance(rule, DaysAfter) or (isinstance(rule, EndOfTerm) and rule.after)
    if isinstance(rule, DaysBefore):
        point = Text("thứ Hai của tuần dạy đầu tiên", "Monday of the first teaching week")
    elif isinstance(rule, EndOfTerm):
        point = _LAST_DAY
    elif rule.event == "approved":
        point = Text("ngày hồ sơ được ký duyệt", "the day of the record’s approval")
    else:
        point = Text("Chủ nhật của tuần dạy", "Sunday of the teaching week")
    if not rule.days:
        return _named(rule, point)
    unit = (
        Text("ngày làm việc", "working days" if rule.days > 1 else "working day")
        if rule.working
        else Text("ngày", "days" if rule.days > 1 else "day")
    )
    side = Text("sau", "after") if after else Text("trước", "before")
    if rule.strict:
        said = Text(
            "sớm hơn mốc {n} {unit} {side} {point} (trước 00:00 ngày đó)",
            "earlier than {n} {unit} {side} {point} (before 00:00 of that day)",
        )
    else:
        said = Text("chậm nhất {n} {unit} {side} {point}", "at the latest {n} {unit} {side} {point}")
    return said.format(n=rule.days, unit=unit, side=side, point=point)


def _named(rule: Deadline, day: Text) -> Text:
    if rule.strict:
        return Text("trước {day} (trước 00:00 ngày đó)", "before {day} (before 00:00 of it)").format(day=day)
    return Text("hết {day}", "the end of {day}").format(day=day)


_LAST_DAY = Text("ngày học cuối cùng của học kì", "the term’s last day of lessons")
_SHORT_MONTH = Text("tháng thiếu ngày đó thì lấy ngày cuối tháng", "in a shorter month its last day")
_ONLY_WEEKS = Text("chỉ tính tuần có dạy, bỏ qua tuần nghỉ", "breaks are skipped, only teaching weeks count")
_ONLY_DAYS = Text("chỉ tính ngày trong tuần có dạy", "only days of teaching weeks count")
_EARLIER = Text(
    "trúng ngày nghỉ thì hạn là hết ngày đi học liền trước",
    "on a holiday or in a break it is the last school day before",
)
_NO_NUMBER = Text("Ghi một số nguyên từ {least} đến {most}.", "Give a whole number from {least} to {most}.")
_COUNTS_NO_DAYS = Text(
    "Hạn theo thứ trong tuần không đếm số ngày: chọn “ngày theo lịch”, hoặc đổi sang cách tính theo số ngày.",
    "A weekday counts no days: choose calendar days, or a rule that counts days.",
)
_COUNTS_NO_WEEKS = Text(
    "Hạn theo ngày trong tháng không đếm tuần: chọn giữ nguyên ngày, hoặc lấy ngày đi học liền trước.",
    "A day of the month counts no weeks: let the day stay, or take the last school day before.",
)
