"""What arrived at the mail server, line by line, as a person would read it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.year.days import HANOI, NAMES, PLAN, TEACHER
from tests.year.telling import Told

_HEADING = re.compile(r"^(?P<name>\S.*) \((?P<n>\d+)\)$")
_RECORD = re.compile(r"^(?P<name>.*), tuần (?P<week>\d+)$")
_WEEK = re.compile(r"tuần (\d+)")
_LIST = re.compile(r"^Chưa nộp: (?P<names>.*)\. Hạn: ")
_MORE = re.compile(r" và (\d+) người nữa$")
_KINDS = {name: kind for kind, name in NAMES.items()}
_SENTENCES = {
    "chưa ký và trình": "missing",
    "ký lúc": "late",
    "bản đã duyệt chưa được tải về": "not-downloaded",
    "chưa báo đã in": "not-printed",
}
"""What the line of a flag is about."""

_ADVICE = {
    "Chưa đổi mật khẩu được cấp": "password-default",
    "Mật khẩu dùng đã lâu": "password-old",
    "Tài khoản không dùng": "idle",
    "Chứng thư sắp hoặc đã hết hạn": "certificate",
}
_SUMMARY = "Mở bảng thời hạn:"
_LESSONS = re.compile(r"^Kế hoạch bài dạy tuần (?P<week>\d+), lớp \d(?P<who>gv\d+)$")
"""The title of a record on the whole way."""
_TO_DECIDE = {
    "Chờ xử lý": "waiting",
    "Đã ký duyệt": "approved",
    "Sắp đến hạn": "review-reminder",
    "Quá hạn": "review-overdue",
    "Quá hạn, cần để ý": "overdue-flag",
}
_WAITING = re.compile(r"^Chờ duyệt: (?P<name>.*), tuần (?P<week>\d+)$")
_ITEMS = {"kế hoạch dạy học": TEACHER, "kế hoạch bài dạy": PLAN}
_STATES = {
    "chưa trình duyệt": "draft",
    "chưa được ký duyệt xong": "waiting",
    "chưa tải về và chưa in": "not-kept",
    "chưa xác nhận đã in": "not-printed",
    "chưa có": "none",
}
_COUNTED = re.compile(
    r"^- Tuần (\d+), (Tổ \d): đúng hạn (\d+), muộn (\d+), chưa nộp (\d+), đang duyệt (\d+), đã duyệt (\d+)$"
)
_LACKING = re.compile(r"^Có thể thiếu khi kiểm tra [\w ]+ (?P<day>\d\d/\d\d): (?P<said>.*)$")
_OUTSTANDING = {
    "Hồ sơ duyệt quá hạn": "reviews",
    "Hồ sơ đã duyệt chưa tải về": "downloads",
    "Hồ sơ đã duyệt chưa in": "prints",
    "Cảnh báo kiểm tra đột xuất": "checks",
    "Sự cố chưa giải quyết": "incidents",
}


@dataclass
class Arrived:
    """One mail."""

    id: str
    at: datetime
    to: str
    lines: list[Told]


@dataclass
class Catcher:
    """A handler for `tests.mail_server`; the test says what time it is."""

    now: datetime = datetime(2000, 1, 1, tzinfo=HANOI)
    mails: list[Arrived] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        to = envelope.rcpt_tos[0].split("@")[0]
        part = message.get_body(("plain",))
        assert part is not None
        lines = read(to, part.get_content(), self.now.date())
        self.mails.append(Arrived(str(message["Message-ID"]), self.now, to, lines))
        return "250 OK"

    def once(self) -> list[Arrived]:
        """Each mail once: SMTP itself may bring one again after a kill, under the same id."""
        return list({mail.id: mail for mail in reversed(self.mails)}.values())

    def told(self) -> Counter[Told]:
        return Counter(line for mail in self.once() for line in mail.lines)

    def again(self) -> int:
        """Mails that came more than once."""
        return len(self.mails) - len(self.once())

    def per_day(self) -> Counter[tuple[str, str]]:
        """How many mails a person got on a day."""
        found: dict[tuple[str, str], int] = defaultdict(int)
        for mail in self.once():
            found[mail.to, f"{mail.at.astimezone(HANOI):%Y-%m-%d}"] += 1
        return Counter(found)


def read(to: str, text: str, day: date) -> list[Told]:
    """The lines of a mail in Vietnamese."""
    heading, rows = "", text.splitlines()
    told = [Told(to, "weekly", "", 0, day), *_figures(to, rows, day)] if _SUMMARY in text else []
    for number, row in enumerate(rows):
        if found := _HEADING.match(row):
            heading = found["name"]
        elif row.startswith("- ") and heading:
            told.append(_line(to, heading, row[2:], rows[number + 1].strip(), day))
    return told


def _figures(to: str, rows: Sequence[str], day: date) -> Iterator[Told]:
    """What stands above the sections of a summary."""
    kind = ""
    for row in rows:
        if _HEADING.match(row):
            return
        name, _, number = row.removeprefix("- ").partition(": ")
        if row in _KINDS:
            kind = _KINDS[row]
        elif found := _COUNTED.match(row):
            week, group, *figures = found.groups()
            yield Told(to, "figures", f"{kind} {group}: {' '.join(figures)}", int(week), day)
        elif name in _OUTSTANDING:
            yield Told(to, "figures", f"{_OUTSTANDING[name]}: {number}", 0, day)


def _line(to: str, heading: str, title: str, sentence: str, day: date) -> Told:
    record = _RECORD.match(title)
    known = record is not None and record["name"] in _KINDS
    kind, week = (_KINDS[record["name"]], int(record["week"])) if record and known else ("", 0)
    lesson = _LESSONS.match(title)
    if lesson and heading in _TO_DECIDE and not any(words in sentence for words in _SENTENCES):
        return Told(to, _TO_DECIDE[heading], lesson["who"], int(lesson["week"]), day)
    match heading:
        case "Có thể thiếu khi kiểm tra":
            return _lack(to, sentence, day)
        case "Cần nhắc nhở, hỗ trợ" if waiting := _WAITING.match(title):
            names = sentence.partition(": ")[2].count(" (")
            return Told(to, "review-escalation", _KINDS[waiting["name"]], int(waiting["week"]), day, names)
        case "Ủy quyền khi vắng mặt":
            return Told(to, "delegation", title.split()[1], 0, day)
        case "Quy định về thời hạn":
            return Told(to, "rule", _KINDS[title], 0, day)
        case "Miễn ghi":
            return Told(to, "waiver", "", 0, day)
        case "Sắp đến hạn" if known:
            return Told(to, "reminder", kind, week, day)
        case "Cần nhắc nhở, hỗ trợ" if known:
            return Told(to, "escalation", kind, week, day, _number(sentence))
        case "Quá hạn, cần để ý" if title in _ADVICE:
            return Told(to, _ADVICE[title], "", 0, day)
        case "Quá hạn" if known:
            return Told(to, "overdue", kind, week, day)
        case "Quá hạn, cần để ý":
            what = next((words for words in _SENTENCES if words in sentence), "")
            if what:
                found = _WEEK.search(title)
                assert found is not None, title
                of = TEACHER if title.startswith("Kế hoạch dạy học") else PLAN
                return Told(to, _SENTENCES[what], kind or of, int(found[1]), day)
    raise AssertionError((heading, title, sentence))


def _lack(to: str, sentence: str, day: date) -> Told:
    """Of the teacher's own lessons, or of a group."""
    found = _LACKING.match(sentence)
    assert found is not None, sentence
    if "tuần" not in found["said"]:
        names = found["said"].removesuffix(".").replace("Người ", "")
        return Told(to, "spot-check-head", f"{found['day']}: {names}", 0, day)
    said = "; ".join(_state(words) for words in found["said"].partition(". ")[0].split("; "))
    return Told(to, "spot-check", f"{found['day']}: {said}", 0, day)


def _state(words: str) -> str:
    item = next(kind for name, kind in _ITEMS.items() if name in words)
    week = _WEEK.search(words)
    assert week is not None, words
    return f"{item} {week[1]} {next(state for said, state in _STATES.items() if said in words)}"


_LACKING = re.compile(
    r"^Có thể thiếu khi kiểm tra (?:thứ \w+|Chủ nhật|chủ nhật) (?P<day>\d\d/\d\d): (?P<said>.*)$"
)


def _number(sentence: str) -> int:
    """Of how many a list speaks."""
    found = _LIST.match(sentence)
    assert found is not None, sentence
    more = _MORE.search(found["names"])
    return len(_MORE.sub("", found["names"]).split(", ")) + (int(more[1]) if more else 0)
