"""Rules that differ by school or year: their keys, their defaults, how they are read (law 10)."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from models.school import SchoolSetting
from models.text import Text

DEFAULTS: dict[str, Any] = {
    # The plan says 16; 15 is the probable intent of its author (domain notes, N2).
    "team_plan_lead": {"days": 16},
    "lesson_plan_due": {"weekday": 2, "weeks_before": 1},
    "obligation_due": {"weekday": 0, "weeks_before": 0},
    # Advice, no forced change: 0 says nothing.
    "password_age": {"days": 180},
    "idle_lock": {"minutes": 60},
    "second_factor": {"required": 0},
    "report_answer": {"working_days": 3},
}
NAMES: dict[str, Text] = {
    "team_plan_lead": Text(
        "Kế hoạch dạy học của tổ: số ngày trước thứ Hai của tuần đầu tiên",
        "Group teaching plan: days before Monday of the first week covered",
    ),
    "lesson_plan_due": Text(
        "Kế hoạch bài dạy: trước 00:00 của thứ nào, mấy tuần trước tuần dạy",
        "Lesson plan: before 00:00 of which weekday, how many weeks before the teaching week",
    ),
    "obligation_due": Text(
        "Tải về, in sau khi duyệt: trước 00:00 của thứ nào, mấy tuần trước tuần dạy",
        "Downloading and printing: before 00:00 of which weekday, how many weeks before the teaching week",
    ),
    "password_age": Text(
        "Nhắc đổi mật khẩu khi đã dùng quá số ngày này (0: không nhắc)",
        "Remind of passwords older than so many days (0: never)",
    ),
    "idle_lock": Text(
        "Khóa màn hình khi không thao tác sau số phút này (0: sau 12 giờ)",
        "Lock the screen after so many idle minutes (0: after 12 hours)",
    ),
    "second_factor": Text(
        "Bắt buộc xác thực hai lớp với quản trị và người duyệt hồ sơ",
        "Ask administrators and approvers for a second factor",
    ),
    "report_answer": Text(
        "Trả lời báo sự cố trong bao nhiêu ngày làm việc", "Answer reports of problems within working days"
    ),
}


def rules_of(session: Session, school_id: str) -> dict[str, Any]:
    """Every rule of a school, its own values over the defaults."""
    own = session.exec(select(SchoolSetting).where(col(SchoolSetting.school_id) == school_id)).all()
    return DEFAULTS | {setting.key: setting.value for setting in own}
