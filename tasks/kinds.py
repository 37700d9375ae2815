"""Kinds of notice in the order a mail shows them, and for each whether it can wait for the day's digest.

What a person can still do something about before the next digest cannot wait, and neither can what is about
their account. A notice of any kind cannot wait either when its own limit comes before the next digest
(`tasks/noticing.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.text import Text

Goes = Literal["digest", "at once", "any hour"]
"""With the digest; at once but not in quiet hours; at once, at night too."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind's heading in mails, when it goes, and why so; `short`: the heading in a subject of several."""

    name: Text
    goes: Goes
    why: str
    short: Text | None = None


KINDS: dict[str, Kind] = {
    "spot-check": Kind(
        Text("Có thể thiếu khi kiểm tra", "Probably missing at a check"),
        "at once",
        "It is about today's or tomorrow's lesson and can still be mended.",
        Text("kiểm tra", "checks"),
    ),
    "spot-planned": Kind(
        Text("Kiểm tra đột xuất hôm nay", "Spot checks today"),
        "at once",
        "It is made today.",
        Text("kiểm tra hôm nay", "checks today"),
    ),
    "spot-sent": Kind(
        Text("Phiếu kiểm tra đã ghi", "A spot check was recorded"),
        "at once",
        "It is about the person, who has a right to read it.",
        Text("phiếu kiểm tra", "recorded checks"),
    ),
    "finding": Kind(
        # The words of a mail's subject: its sentence says whether a check, minutes or an appeal is meant.
        Text("Kết quả xem xét", "Outcome"),
        "at once",
        "Minutes are due within a day, and it is about a person.",
        Text("kết quả xem xét", "outcomes"),
    ),
    "waiting": Kind(
        Text("Chờ xử lý", "Waiting for you"),
        "digest",
        "The inbox shows it; its own time is longer than a day.",
        Text("chờ xử lý", "waiting"),
    ),
    "returned": Kind(
        Text("Bị trả lại", "Returned"), "at once", "The author has a day to submit again, from now on."
    ),
    "reminder": Kind(Text("Sắp đến hạn", "Due soon"), "digest", "Written on the morning it belongs to."),
    "overdue": Kind(
        Text("Quá hạn", "Past the limit"), "digest", "Late is late: some hours more change nothing."
    ),
    "flag": Kind(
        Text("Quá hạn, cần để ý", "Past the limit, wants attention"),
        "digest",
        "As above; found at midnight, read in the morning.",
        Text("cần để ý", "for attention"),
    ),
    "waiver": Kind(Text("Miễn ghi", "Waived"), "digest", "Good news keeps."),
    "unwaived": Kind(
        Text("Không còn miễn ghi", "Waiver taken back"), "digest", "What is to be done has its own notices."
    ),
    "escalation": Kind(
        Text("Cần nhắc nhở, hỗ trợ", "People to remind or help"),
        "digest",
        "A list, best read once a day.",
        Text("cần nhắc", "to remind"),
    ),
    "weekly": Kind(Text("Tổng hợp tuần", "The week in figures"), "digest", "It is the digest of its day."),
    "approved": Kind(
        Text("Đã ký duyệt", "Approved and signed"), "digest", "Good news keeps; what must follow has a limit."
    ),
    "archived": Kind(Text("Đã lưu trữ", "Archived"), "digest", "Nothing to do."),
    "withdrawn": Kind(Text("Người soạn đã rút", "Withdrawn by the author"), "digest", "Nothing to do."),
    "informed": Kind(Text("Để biết", "For information"), "digest", "Nothing to do."),
    "incident": Kind(Text("Sự cố cần xử lý", "Incident"), "at once", "A record is stuck until someone acts."),
    "audit": Kind(
        Text("Đối chiếu hồ sơ không khớp", "The audit found something"),
        "any hour",
        "Security: data were changed behind the system's back.",
        Text("đối chiếu", "audit"),
    ),
    "delegation": Kind(
        Text("Ủy quyền khi vắng mặt", "Delegation during an absence"),
        "at once",
        "It may hold from today on, and who did not want it must know.",
        Text("ủy quyền", "delegations"),
    ),
    "change": Kind(
        Text("Thay đổi tài khoản", "Change of account"),
        "any hour",
        "Security: a theft is to be seen at once.",
        Text("tài khoản", "account"),
    ),
    "mail-server": Kind(
        Text("Máy chủ thư của trường", "The school's mail server"),
        "any hour",
        "Security, as above.",
        Text("máy chủ thư", "mail server"),
    ),
    "limit": Kind(
        Text("Hạn nộp thay đổi", "Limits that moved"),
        "digest",
        "It goes at once where such a limit comes before the next digest.",
        Text("hạn đổi", "moved limits"),
    ),
    "rule": Kind(
        Text("Quy định về thời hạn", "Rules of deadlines"),
        "digest",
        "It goes at once where a limit it moves comes before the next digest.",
        Text("quy định", "rules"),
    ),
    "retention": Kind(
        Text("Lưu trữ và hủy hồ sơ", "Retention and destruction"),
        "digest",
        "A hold binds by itself at once; nobody need hurry.",
        Text("lưu trữ", "retention"),
    ),
    "report": Kind(Text("Báo sự cố", "Reported problem"), "at once", "Somebody may be unable to work."),
    "password": Kind(Text("Mật khẩu", "Password"), "digest", "Advice."),
}


NEVER_WAIT = frozenset(name for name, kind in KINDS.items() if kind.goes == "any hour")
"""Kinds that go at night, too."""


def heading(kind: str) -> Text:
    """The heading of a kind; of one from a later version its bare name."""
    return KINDS[kind].name if kind in KINDS else Text(kind, kind)


def short(kind: str) -> Text:
    """The heading in few words, to stand in a line after others."""
    known = KINDS.get(kind)
    if known is not None and known.short is not None:
        return known.short
    name = heading(kind)
    return Text(name.vi.lower(), name.en.lower())


def goes(kind: str) -> Goes:
    """When a kind goes; one from a later version waits for the digest."""
    return KINDS[kind].goes if kind in KINDS else "digest"
