"""Which days, times and people minutes of a spot check may name. Pure; the form is `violation_minutes.py`.

A rule of which a reader knows nothing (no moment, no calendar) asks nothing: what is stored is shown again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

from flows.fields import Known, day_words
from models.errors import Fault
from models.settings import VIETNAM
from models.text import Text
from tasks.mail_hours import WorkingDay

Moment = TypeVar("Moment", date, time)
CLOCKS_DIFFER = timedelta(minutes=5)
FOLLOWED_AFTER = 5
"""Working days until the follow-up that a draft begins with."""
FOLLOWED_WITHIN = timedelta(days=60)


def in_order(fields: Mapping[str, Any], known: Known) -> list[Fault]:
    """Drawn up after the check and not ahead of time, ended after it began, followed up on a working day."""
    return [*_of_day(fields, known), *_of_hours(fields, known), *_of_follow_up(fields, known)]


def of_people(fields: Mapping[str, Any], known: Known) -> list[Fault]:
    """Who checked and who was checked stand among those present."""
    teacher = known.parts.get("teacher")
    if not known.author or teacher is None:
        return []
    names = {_plain(row["name"]) for row in fields["present"]}
    lacking = [who for who in (known.author, teacher.vi) if _plain(who) not in names]
    return [Fault("present", _NOT_PRESENT.format(who=", ".join(lacking)))] if lacking else []


def follow_up_day(day: date, works: WorkingDay | None) -> date:
    """The fifth working day after a day."""
    last, left = day, FOLLOWED_AFTER
    while left and last < day + FOLLOWED_WITHIN:
        last += timedelta(days=1)
        left -= _works(works, last)
    return last


def _of_day(fields: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    day, checked = _read(date.fromisoformat, fields["day"]), known.parts.get("day")
    if day and checked and day.isoformat() < checked.vi:
        yield Fault("day", _BEFORE_THE_CHECK.format(day=day_words(checked.vi)))
    now = _now(known)
    if day and now and day > now.date():
        yield Fault("day", _DAY_TO_COME)


def _of_hours(fields: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    began, ended = (_read(time.fromisoformat, fields[name]) for name in ("began", "ended"))
    if began and ended and ended <= began:
        yield Fault("ended", _ENDS_FIRST)
    day, now = _read(date.fromisoformat, fields["day"]), _now(known)
    if day is None or now is None or day > now.date():
        return
    latest = now.replace(tzinfo=None) + CLOCKS_DIFFER
    for name, hour in (("began", began), ("ended", ended)):
        if hour and datetime.combine(day, hour) > latest:
            yield Fault(name, _HOUR_TO_COME)


def _of_follow_up(fields: Mapping[str, Any], known: Known) -> Iterator[Fault]:
    day, again = (_read(date.fromisoformat, fields[name]) for name in ("day", "remedy_by"))
    if day is None or again is None:
        return
    if again <= day:
        yield Fault("remedy_by", _NO_LATER_DAY)
    elif again > day + FOLLOWED_WITHIN:
        yield Fault("remedy_by", _TOO_FAR.format(day=f"{day + FOLLOWED_WITHIN:%d/%m/%Y}"))
    elif not _works(known.works, again):
        yield Fault("remedy_by", _NO_WORKING_DAY.format(day=f"{again:%d/%m/%Y}"))


def _works(works: WorkingDay | None, day: date) -> bool:
    return works is None or works(day)


def _now(known: Known) -> datetime | None:
    return known.now.astimezone(VIETNAM) if known.now else None


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _read(read: Callable[[str], Moment], text: str) -> Moment | None:
    """What was typed, where it can be read; the field itself says what is wrong with it."""
    try:
        return read(text)
    except ValueError:
        return None


_BEFORE_THE_CHECK = Text(
    "Kiểm tra ngày {day}: biên bản lập từ ngày đó trở đi. Sửa ngày lập biên bản.",
    "The check was on {day}: minutes are of that day or later. Correct the day.",
)
_DAY_TO_COME = Text(
    "Ngày lập biên bản chưa tới. Ghi hôm nay hoặc ngày trước đó.",
    "That day has not come yet. Write today or an earlier day.",
)
_ENDS_FIRST = Text(
    "Giờ kết thúc phải sau giờ bắt đầu. Xem lại hai giờ này.",
    "The end must be after the start. Look at both times.",
)
_HOUR_TO_COME = Text(
    "Giờ này chưa tới. Ghi giờ đã diễn ra.", "That time has not come yet. Write when it really was."
)
_NO_LATER_DAY = Text(
    "Ngày kiểm tra lại phải sau ngày lập biên bản. Chọn một ngày sau đó.",
    "The day of the follow-up must be after the day of the minutes. Choose a later day.",
)
_TOO_FAR = Text(
    "Ngày kiểm tra lại cách quá 60 ngày. Chọn một ngày chậm nhất là {day}.",
    "The follow-up is more than 60 days away. Choose a day up to {day}.",
)
_NO_WORKING_DAY = Text(
    "Ngày {day} trường không làm việc. Chọn một ngày làm việc.",
    "The school does not work on {day}. Choose a working day.",
)
_NOT_PRESENT = Text(
    "Thành phần tham dự phải có người kiểm tra và người được kiểm tra. Còn thiếu: {who}.",
    "The inspector and the person checked stand among those present. Missing: {who}.",
)
