"""Flags in words: what each rule is called, and the sentence made from the times a flag keeps. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flows import probable
from flows.deadlines import last_day_words, late_words, limit_words, missing_words
from models.settings import VIETNAM
from models.text import Text

NAMES: dict[str, Text] = {
    "missing": Text("Chưa nộp", "Missing"),
    "late": Text("Muộn", "Late"),
    "not-downloaded": Text("Chưa tải về", "Not downloaded"),
    "not-printed": Text("Chưa in", "Not printed"),
    "overdue": Text("Duyệt quá hạn", "Review overdue"),
    "password-default": Text("Chưa đổi mật khẩu được cấp", "Password never changed"),
    "password-old": Text("Mật khẩu dùng đã lâu", "Password old"),
    "idle": Text("Tài khoản không dùng", "Account idle"),
    "certificate": Text("Chứng thư sắp hoặc đã hết hạn", "Certificate expiring"),
    probable.RULE: probable.NAME,
}
"""By rule, in the order in which people read them."""

WEEKLY = ("missing", "late")
"""What the clock finds from the deadlines (`flows/clock.py`); the others hold while a fact holds."""

OWNERS = (*WEEKLY, "not-downloaded", "not-printed")
"""About somebody's own records; their heads see them whatever group stands on the flag."""

PASSWORDS = ("password-default", "password-old")

ADVICE = frozenset({*PASSWORDS, "idle", "certificate"})
"""About a person's account, not their work: for that person, the administrators and the principal alone."""


def sentence(rule: str, data: Mapping[str, Any]) -> Text:
    """A flag in words, from the times it keeps: it reads the same later."""
    return _SENTENCES[rule](data)


def of_week(name: Text, number: int) -> Text:
    """`Kế hoạch bài dạy, tuần 12`: what mails call a type and a week."""
    return Text("{name}, tuần {number}", "{name}, week {number}").format(name=name, number=number)


def rule_of(data: Mapping[str, Any]) -> Text:
    """The rule the flag was found by, as it read then."""
    rule = data.get("rule")
    if rule:
        return Text(rule["vi"], rule["en"])
    return limit_words(_moment(data, "due_at"))


def gone(data: Mapping[str, Any]) -> Text | None:
    """Why it holds no more though nothing was handed in; None for one that was mended, or is open."""
    why = data.get("gone")
    return gone_words(why) if why else None


def gone_words(why: Mapping[str, str]) -> Text:
    """`Hạn dời sang hết thứ Sáu 27/11 do đổi quy tắc`; of what is owed no more, that it is not."""
    if why["why"] == "not_owed":
        return Text("Không còn phải nộp", "No longer owed")
    said = Text("Hạn dời sang {due} do {cause}", "Now due {due}, since {cause}")
    return said.format(due=last_day_words(_moment(why, "due_at")), cause=_CAUSES[why["why"]])


_CAUSES = {
    "rule": Text("đổi quy tắc", "the rule changed"),
    "calendar": Text("đổi lịch của trường", "the school's calendar changed"),
}


def pair(words: Text) -> dict[str, str]:
    """Words as `data` keeps them."""
    return {"vi": words.vi, "en": words.en}


def stamp(moment: datetime) -> str:
    """An instant as `data` keeps it."""
    return moment.astimezone(VIETNAM).isoformat()


def _moment(data: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(data[name]).astimezone(VIETNAM)


def _missing(data: Mapping[str, Any]) -> Text:
    return missing_words(_moment(data, "due_at"))


def _late(data: Mapping[str, Any]) -> Text:
    return late_words(_moment(data, "due_at"), _moment(data, "signed_at"))


def _due(vi: str, en: str) -> Callable[[Mapping[str, Any]], Text]:
    """Words that begin with the limit."""
    return lambda data: Text(vi, en).format(due=limit_words(_moment(data, "due_at")))


def _overdue(data: Mapping[str, Any]) -> Text:
    step = data["step"]
    return Text("Hạn: {due}; còn chờ ở bước “{step}”", "Due {due}; still waiting at “{step}”").format(
        due=limit_words(_moment(data, "due_at")), step=Text(step["vi"], step["en"])
    )


def _on(name: str, vi: str, en: str) -> Callable[[Mapping[str, Any]], Text]:
    """Words about a day that `data` keeps under `name`."""
    return lambda data: Text(vi, en).format(day=f"{_moment(data, name):%d/%m/%Y}", days=data.get("days", 0))


def _idle(data: Mapping[str, Any]) -> Text:
    seen = _on("since", "Dùng lần cuối ngày {day}", "Last used on {day}")
    never = _on("since", "Cấp ngày {day}, chưa dùng lần nào", "Made on {day} and never used")
    return (seen if data["used"] else never)(data)


def _certificate(data: Mapping[str, Any]) -> Text:
    until = f"{_moment(data, 'due_at'):%H:%M %d/%m/%Y}"
    if data["purpose"] == "seal":
        return Text(
            "Chứng thư con dấu có hiệu lực đến {until}; sau đó không đóng dấu được",
            "The seal's certificate is valid until {until}; nothing is sealed after that",
        ).format(until=until)
    return Text(
        "Chứng thư ký có hiệu lực đến {until}; sau đó không ký được",
        "The signing certificate is valid until {until}; nothing is signed after that",
    ).format(until=until)


_SENTENCES: dict[str, Callable[[Mapping[str, Any]], Text]] = {
    "missing": _missing,
    "late": _late,
    "not-downloaded": _due(
        "Hạn: {due}; bản đã duyệt chưa được tải về", "Due {due}; the approved file is not downloaded"
    ),
    "not-printed": _due(
        "Hạn: {due}; chưa báo đã in, cũng chưa báo dạy bằng máy tính",
        "Due {due}; neither a print nor a laptop is reported",
    ),
    "overdue": _overdue,
    "password-default": _on(
        "since",
        "Mật khẩu được cấp ngày {day}, đến nay chưa đổi",
        "The password was given out on {day} and is not changed yet",
    ),
    "password-old": _on(
        "since",
        "Mật khẩu đặt ngày {day}, đã dùng quá {days} ngày, nên đổi",
        "The password was set on {day} and is older than {days} days; change it",
    ),
    "idle": _idle,
    "certificate": _certificate,
    probable.RULE: probable.flag_sentence,
}
