"""The kinds of reminder: frozen values, each with its sentence, and their form as data. Pure.

A rule counts from the *day of the limit*: the last day that is in time, as people say it ("hết thứ Ba"), not
the midnight after it. On which days of a school's calendar it falls is computed in `flows/moments.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, get_args

from flows.people import GroupHead, HasRole, Who
from models.text import Text

When = Literal["before", "at", "after"]
To = Literal["owes", "group_head", "vice_principal", "principal"]

MOST = {"days": 30, "hour": 18, "every": 14, "times": 10}
LEAST = {"days": 0, "hour": 6, "every": 0, "times": 1}
RULES_MOST = 12
"""So many rules of one subject, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """So many days before or after the day of the limit, at an hour: tell someone.

    After the limit it may come again, `every` so many days, `times` in all, until it is done. `to`: whoever
    owes it, or a post above, which is told the names of all who do.
    """

    when: When
    days: int = 0
    to: To = "owes"
    hour: int = 7
    every: int = 0
    times: int = 1
    since: datetime | None = field(default=None, compare=False)
    """When a school first set it: moments up to then are past, and nobody is told of them by it."""

    @classmethod
    def before(cls, *, days: int, to: Who | None = None, hour: int = 7) -> Remind:
        """Days before the day of the limit."""
        return cls(when="before", days=days, to=_named(to), hour=hour)

    @classmethod
    def at(cls, *, to: Who | None = None, hour: int = 7) -> Remind:
        """On the day of the limit itself: the last one that is in time."""
        return cls(when="at", to=_named(to), hour=hour)

    @classmethod
    def after(
        cls, *, days: int, every: int = 0, times: int = 1, to: Who | None = None, hour: int = 7
    ) -> Remind:
        """Days after it, and again until it is done."""
        return cls(when="after", days=days, to=_named(to), hour=hour, every=every, times=times)

    @property
    def code(self) -> str:
        """What tells it from the other rules of one subject and recipient."""
        return f"{self.when[0]}{self.days}"


def _named(who: Who | None) -> To:
    match who:
        case None:
            return "owes"
        case GroupHead():
            return "group_head"
        case HasRole(role="principal" | "vice_principal" as role):
            return role
    raise ValueError(f"Nobody is reminded as {who!r}.")


def problem(rule: Remind) -> tuple[str, Text] | None:
    """What makes no rule of these values: the part at fault and a sentence that says what to do instead."""
    for part, most in MOST.items():
        if not LEAST[part] <= getattr(rule, part) <= most:
            return part, NO_NUMBER.format(least=LEAST[part], most=most)
    if (rule.when == "at") != (rule.days == 0):
        return "days", _AT_IS_NO_DAYS if rule.when == "at" else _HOW_MANY
    if rule.when != "after" and (rule.every or rule.times > 1):
        return "every", _ONLY_AFTER
    if rule.every and rule.times == 1:
        return "times", _HOW_OFTEN
    if rule.times > 1 and not rule.every:
        return "every", _HOW_LONG
    return None


def clash(rules: Sequence[Remind]) -> tuple[int, Text] | None:
    """The place of a rule that says what an earlier one says, and a sentence about it."""
    seen: set[tuple[str, str]] = set()
    for place, rule in enumerate(rules):
        if (rule.code, rule.to) in seen:
            return place, _TWICE
        seen.add((rule.code, rule.to))
    return (RULES_MOST, _TOO_MANY.format(most=RULES_MOST)) if len(rules) > RULES_MOST else None


PARTS = tuple(part.name for part in fields(Remind) if part.compare)
"""What a rule says."""


def as_data(rules: Sequence[Remind]) -> list[dict[str, Any]]:
    """Rules as JSON, for a school's own."""
    return [{name: getattr(rule, name) for name in PARTS} for rule in rules]


def from_data(value: Any, key: str) -> tuple[Remind, ...]:
    """The rules a school keeps under a key; ValueError for what `as_data` would not have written."""
    wrong = ValueError(f"The reminders of {key} are {value!r}, which are none.")
    if not isinstance(value, list) or not all(isinstance(one, dict) and _fits(one) for one in value):
        raise wrong
    rules = tuple(Remind(**one) for one in value)
    if any(problem(rule) for rule in rules) or clash(rules):
        raise wrong
    return rules


def _fits(one: Mapping[str, object]) -> bool:
    numbers = all(type(one.get(part)) is int for part in MOST)
    words = one.get("when") in get_args(When) and one.get("to") in get_args(To)
    return numbers and words and set(one) == set(PARTS)


# --- sentences ------------------------------------------------------------------------------------------

RECIPIENTS: dict[To, Text] = {
    "owes": Text("người phải nộp", "whoever owes it"),
    "group_head": Text("tổ trưởng", "the group head"),
    "vice_principal": Text("Phó Hiệu trưởng", "the vice principal"),
    "principal": Text("Hiệu trưởng", "the principal"),
}
REVIEWER = Text("người phải duyệt", "whoever has to decide")


def recipient(to: To, *, review: bool = False) -> Text:
    """Who is told, in words."""
    return REVIEWER if review and to == "owes" else RECIPIENTS[to]


def sentence(rule: Remind, *, review: bool = False) -> Text:
    """The rule as an office worker says it, without full stop."""
    days = Text(f"{rule.days} ngày", f"{rule.days} day" if rule.days == 1 else f"{rule.days} days")
    day = {
        "before": Text("trước ngày hạn {days}", "{days} before the day of the limit"),
        "at": Text("đúng ngày hạn", "on the day of the limit"),
        "after": Text("sau ngày hạn {days}", "{days} after the day of the limit"),
    }[rule.when].format(days=days)
    if rule.to == "owes":
        act = Text("nhắc {who}", "{who} is reminded")
    elif review:
        act = Text("báo {who} hồ sơ nào còn chờ duyệt", "{who} is told which records still wait")
    else:
        act = Text("báo {who} danh sách người chưa nộp", "{who} is told who has not submitted")
    said = Text("{day}, lúc {hour}: {act}", "{day}, at {hour}: {act}").format(
        day=day, hour=f"{rule.hour:02}:00", act=act.format(who=recipient(rule.to, review=review))
    )
    if not rule.every:
        return said
    again = (
        Text("mỗi ngày làm việc", "every working day")
        if rule.every == 1
        else Text(f"cứ {rule.every} ngày một lần", f"every {rule.every} days")
    )
    return Text(
        "{said}; nhắc lại {again} đến khi xong, nhiều nhất {times} lần",
        "{said}; again {again} until it is done, {times} times at most",
    ).format(said=said, again=again, times=rule.times)


NO_NUMBER = Text("Ghi một số nguyên từ {least} đến {most}.", "Give a whole number from {least} to {most}.")
_AT_IS_NO_DAYS = Text(
    "Đúng ngày hạn thì số ngày là 0; muốn nhắc sớm hay muộn hơn thì chọn “trước” hoặc “sau”.",
    "On the day itself the number of days is 0; choose before or after for another day.",
)
_HOW_MANY = Text(
    "Ghi trước hay sau ngày hạn bao nhiêu ngày, ít nhất là 1.",
    "Say how many days before or after, at least 1.",
)
_ONLY_AFTER = Text(
    "Chỉ nhắc sau hạn mới lặp lại được: để 0, hoặc chọn “sau”.",
    "Only what comes after the limit is repeated: leave 0, or choose after.",
)
_HOW_OFTEN = Text(
    "Có nhắc lại thì ghi tất cả mấy lần (từ 2), hoặc để số ngày nhắc lại là 0.",
    "Where it is repeated, say how many times in all (2 or more), or give 0 days between.",
)
_HOW_LONG = Text(
    "Nhắc nhiều lần thì ghi mấy ngày nhắc lại một lần (từ 1), hoặc ghi 1 lần.",
    "For several times say every how many days (1 or more), or give 1 time.",
)
_TWICE = Text(
    "Đã có một quy tắc khác nhắc cùng người vào cùng ngày. Bỏ bớt một quy tắc.",
    "Another rule reminds the same person on the same day. Remove one of them.",
)
_TOO_MANY = Text("Nhiều nhất {most} quy tắc. Bỏ bớt.", "At most {most} rules. Remove some.")
