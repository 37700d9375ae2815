"""What a spot check would probably find missing on a day with lessons, from what the system knows. Pure.

The plan (II.3) asks for the teaching plan on paper, and for the lesson plan as a file on the computer, or on
paper where no laptop works. The system sees approvals and downloads and hears what people say of paper; what
lies on the desk only the check itself shows. So a finding stays *probable*: its words blame nobody and say
what to do. `flows/probable_rows.py` reads the facts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, NamedTuple

from flows.calendar import week_of
from flows.deadlines import WEEKDAYS
from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.teacher_teaching_plan import TEACHER_TEACHING_PLAN
from flows.school_days import DAY, SchoolDays, each_day
from models.settings import VIETNAM
from models.text import Text

RULE = "spot-check"
"""The flag's rule and the notice's kind."""

NAME = Text("Có thể thiếu khi kiểm tra", "Probably missing at a check")

ITEMS = (TEACHER_TEACHING_PLAN.slug, LESSON_PLAN.slug)
"""What a spot check asks for, in the order in which it is written down."""

SCHOOL_IS_OVER = time(17, 0)
"""From then on a day's lessons are over, and with them what a check could have found."""

LOOK_AHEAD = 16
"""So many days ahead a day with lessons may be that is told of today: Tết is the longest rest."""

State = Literal["none", "draft", "returned", "waiting", "not-kept", "not-printed"]
_NOT_APPROVED = ("none", "draft", "returned", "waiting")
DONE = ("approved", "archived")
_BEGUN: dict[str, State] = {"in_progress": "waiting", "returned": "returned", "draft": "draft"}
"""By a record's status, what has come farthest first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A school's: from when on the day before and on the day; whether only both lacking is a finding."""

    eve: time = time(16, 0)
    morning: time = time(6, 30)
    both: bool = False


class Window(NamedTuple):
    """When a day with lessons is spoken of: to the teacher, in the morning again, and no longer."""

    day: date
    eve: datetime
    morning: datetime
    over: datetime


class Paper(NamedTuple):
    """One record of a teacher that covers the week. `kept`: the approved file was downloaded by its owner."""

    document_id: str
    status: str
    kept: bool = False
    printed: bool = False


class Lack(NamedTuple):
    """What would be missing: a type's slug, how it stands, and the record where there is one."""

    item: str
    state: State
    document_id: str | None = None


def windows(days: SchoolDays, rules: Rules, now: datetime) -> list[Window]:
    """The days with lessons that are spoken of now: today's until it is over, the next from its eve on.

    The eve is the last day on which people work, a day in a break included: before a Monday it is Friday.
    """
    today = now.astimezone(VIETNAM).date()
    found = []
    for day in each_day(today, today + LOOK_AHEAD * DAY):
        if week_of(days.weeks, day) is None:
            continue
        window = _window(days, rules, day)
        if window.eve <= now < window.over:
            found.append(window)
        elif window.eve > now:
            break  # later days have no earlier eve
    return found


def _window(days: SchoolDays, rules: Rules, day: date) -> Window:
    before = days.previous_working_day(day, in_breaks=True)
    moments = ((before, rules.eve), (day, rules.morning), (day, SCHOOL_IS_OVER))
    return Window(day, *(datetime.combine(on, at, VIETNAM) for on, at in moments))


def lacking(
    papers: Mapping[str, Iterable[Paper]],
    rules: Rules,
    *,
    broken: bool,
    owed: Collection[str] = ITEMS,
) -> tuple[Lack, ...]:
    """What would be missing, from the records that cover the week by type; nothing where the rule says so.

    `broken`: the teacher's laptop is reported broken, so that a file on it helps no more. `owed`: the types
    this teacher owes for the week. What is not owed and not approved is no lack; what was approved all the
    same is to be kept like any other.
    """
    found = tuple(
        lack
        for item in ITEMS
        if (lack := _lack(item, papers.get(item, ()), broken=broken)) is not None
        and (item in owed or lack.state not in _NOT_APPROVED)
    )
    return () if rules.both and len(found) < len(ITEMS) else found


def _lack(item: str, papers: Iterable[Paper], *, broken: bool) -> Lack | None:
    done: list[Paper] = []
    begun: list[Paper] = []
    for paper in papers:
        (done if paper.status in DONE else begun).append(paper)
    for paper in done:
        if paper.printed or (paper.kept and item == LESSON_PLAN.slug and not broken):
            return None
    if done:
        on_paper = broken or item != LESSON_PLAN.slug
        return Lack(item, "not-printed" if on_paper else "not-kept", done[0].document_id)
    ranks = list(_BEGUN)
    best = min(begun, key=lambda p: ranks.index(p.status), default=None)
    return Lack(item, _BEGUN[best.status], best.document_id) if best else Lack(item, "none")


# --- in words -------------------------------------------------------------------------------------------


def sentence(day: date, number: int, lacks: Sequence[Lack]) -> Text:
    """`Có thể thiếu khi kiểm tra thứ Tư 25/11: chưa có kế hoạch bài dạy tuần 12. Soạn và trình duyệt.`"""
    said = _joined("; ", [lack_words(lack, number) for lack in lacks])
    advice = _joined(" ", list(dict.fromkeys(ADVICE[lack.state] for lack in lacks)))
    return Text("{said}. {advice}", "{said}. {advice}").format(
        said=_MAY_MISS.format(day=day_words(day), said=said), advice=advice
    )


def flag_key(lack: Lack, account_id: str, day: date) -> str:
    """One flag for a teacher, a day and what is missing: approved but not downloaded is another."""
    return f"{RULE}:{lack.item}:{_flag_state(lack)}:{account_id}:{day.isoformat()}"


def flag_data(lack: Lack, number: int, window: Window) -> dict[str, Any]:
    """What a flag keeps, so that its sentence reads the same later."""
    return {
        "day": window.day.isoformat(),
        "week": number,
        "item": lack.item,
        "state": _flag_state(lack),
        "due_at": window.morning.isoformat(),
        "rule": {"vi": _RULE.vi, "en": _RULE.en},
        "over": window.over.isoformat(),
    }


def flag_sentence(data: Mapping[str, Any]) -> Text:
    """A flag in words."""
    said = _SAID[data["state"]].format(what=_WHAT[data["item"]], n=data["week"])
    return _MAY_MISS.format(day=day_words(date.fromisoformat(data["day"])), said=said)


def ended_words(data: Mapping[str, Any], resolved_at: datetime) -> Text:
    """How it ended: done in time, or the day was over."""
    return _MENDED if resolved_at < datetime.fromisoformat(data["over"]) else _OVER


def _flag_state(lack: Lack) -> str:
    return "not-approved" if lack.state in _NOT_APPROVED else lack.state


def day_words(day: date) -> Text:
    """`thứ Tư 25/11`."""
    name = WEEKDAYS[day.weekday()]
    return Text(f"{name.vi} {day:%d/%m}", f"{name.en} {day:%d/%m}")


def lack_words(lack: Lack, number: int) -> Text:
    """What is missing, of a week by its number."""
    return _SAID[lack.state].format(what=_WHAT[lack.item], n=number)


def names_words(names: Sequence[str]) -> Text:
    """Names in a line; of many the first, and how many more."""
    few = ", ".join(names[:_NAMED])
    if len(names) <= _NAMED:
        return Text(few, few)
    return Text("{few} và {n} người nữa", "{few} and {n} more").format(few=few, n=len(names) - _NAMED)


def path(lack: Lack, week_id: str) -> str:
    """The page on which it can be mended."""
    if lack.document_id is None:
        return f"/documents/new?type={lack.item}&week={week_id}"
    place = {"draft": "/edit", "returned": "/edit", "waiting": ""}.get(lack.state, "#after")
    return f"/documents/{lack.document_id}{place}"


def _joined(between: str, texts: Sequence[Text]) -> Text:
    return Text(between.join(t.vi for t in texts), between.join(t.en for t in texts))


_NAMED = 8
_WHAT = {
    TEACHER_TEACHING_PLAN.slug: Text("kế hoạch dạy học", "teaching plan"),
    LESSON_PLAN.slug: Text("kế hoạch bài dạy", "lesson plan"),
}
_MAY_MISS = Text("Có thể thiếu khi kiểm tra {day}: {said}", "A check on {day} may miss: {said}")
_RULE = Text(
    "kế hoạch dạy học có bản in, kế hoạch bài dạy có trên máy hoặc bản in",
    "the teaching plan on paper, the lesson plan on the laptop or on paper",
)
_SAID: dict[str, Text] = {
    "not-approved": Text("{what} tuần {n} chưa được ký duyệt", "the {what} of week {n} is not approved"),
    "none": Text("chưa có {what} tuần {n}", "no {what} of week {n}"),
    "draft": Text("{what} tuần {n} chưa trình duyệt", "the {what} of week {n} is not submitted"),
    "returned": Text("{what} tuần {n} bị trả lại, chưa trình lại", "the {what} of week {n} was returned"),
    "waiting": Text("{what} tuần {n} chưa được ký duyệt xong", "the {what} of week {n} is not approved yet"),
    "not-kept": Text(
        "{what} tuần {n} chưa tải về và chưa in", "the {what} of week {n} is neither downloaded nor printed"
    ),
    "not-printed": Text(
        "{what} tuần {n} chưa xác nhận đã in", "the {what} of week {n} is not said to be printed"
    ),
}
ADVICE: dict[State, Text] = {
    "none": Text("Soạn và trình duyệt.", "Write and submit it."),
    "draft": Text("Hoàn thành và trình duyệt.", "Finish and submit it."),
    "returned": Text("Sửa và trình lại.", "Mend and resubmit it."),
    "waiting": Text(
        "Hồ sơ đang chờ duyệt, có thể nhắc người duyệt.", "It waits for a reviewer; a word may help."
    ),
    "not-kept": Text("Tải về máy tính hoặc in ra giấy.", "Download it to the laptop, or print it."),
    "not-printed": Text("In ra giấy rồi xác nhận đã in.", "Print it, then say that it is printed."),
}
"""What to do about each state."""
_MENDED = Text("Đã xong trước giờ kiểm tra", "Done in time")
_OVER = Text("Ngày dạy đã qua", "The day is over")
