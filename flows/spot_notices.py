"""What people are told of spot checks: the inspector of the day's, the person concerned of what was recorded.

Nobody else is told by a mail, and no mail names the teacher to anybody. Sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from flows.candidates import today
from flows.flag_rows import notice as row
from flows.probable import day_words
from flows.timetable import SESSIONS
from models.notice import notice
from models.school import SchoolClass
from models.spot_check import REOPENED, SpotCheck
from models.text import Text

PLANNED, SENT = "spot-planned", "spot-sent"
"""Kinds of notice (`tasks/kinds.py`)."""


def slot_words(class_name: str, day: date, session: str, period: int) -> Text:
    """`Lớp 3A, tiết 3 sáng, thứ Tư 25/11`."""
    named = SESSIONS[session]
    small = Text(named.vi.lower(), named.en.lower())
    return _SLOT.format(c=class_name, p=period, s=small, d=day_words(day))


def _slot_of(class_name: str, check: SpotCheck) -> Text:
    return slot_words(class_name, check.day, check.session, check.period)


def planned(session: Session, schools: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    """Of today's checks that still wait: their inspectors are told, once each."""
    c = SpotCheck
    rows = session.exec(
        select(c, SchoolClass.name)
        .join(SchoolClass, col(SchoolClass.id) == col(c.class_id))
        .where(col(c.school_id).in_(schools), col(c.day) == today(now), col(c.state) == "planned")
    ).all()
    for check, class_name in rows:
        yield row(
            check.school_id,
            check.inspector_id,
            PLANNED,
            f"{PLANNED}:{check.id}",
            now,
            data={
                "subject": _both(_slot_of(class_name, check)),
                "sentence": _both(PLANNED_WORDS),
                "path": f"/spot/{check.id}",
                "check": check.id,
            },
        )


def tell_sent(session: Session, check: SpotCheck, class_name: str, now: datetime) -> None:
    """Tell the person concerned that a check was recorded, and where they read it."""
    before = len(check.evidence.get(REOPENED, ()))  # it was sent so often already, and opened again
    session.add(
        notice(
            check.school_id,
            check.teacher_id,
            SENT,
            f"{SENT}:{check.id}" + (f":{before}" if before else ""),
            now,
            SENT_WORDS,
            subject=_slot_of(class_name, check),
            path=f"/spot/{check.id}/sent",
        )
    )


def _both(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en}


_SLOT = Text("Lớp {c}, tiết {p} {s}, {d}", "Class {c}, {s} period {p}, {d}")
PLANNED_WORDS = Text(
    "Có phiếu kiểm tra đột xuất hôm nay. Mở trang của phiếu trước khi vào lớp.",
    "A spot check is planned for today. Open its page before entering the classroom.",
)
SENT_WORDS = Text(
    "Phiếu kiểm tra đột xuất đã được ghi và gửi. Chưa có kết luận. Thầy cô được xem toàn bộ nội dung đã ghi, "
    "trong đó có lời của mình.",
    "A spot check was recorded and sent. There is no finding yet. All that was recorded may be read, "
    "one's own words among it.",
)
