"""Rules that differ by school or year: their keys, their defaults, how they are read (law 10)."""

from __future__ import annotations

from typing import Any

from sqlmodel import Session, col, select

from models.school import SchoolSetting
from models.text import Text

DEFAULTS: dict[str, Any] = {
    # The plan says 16; 15 is the probable intent of its author (domain notes, N2).
    "team_plan_lead": {"days": 16},
    "teacher_plan_lead": {"days": 10},
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
    "teacher_plan_lead": Text(
        "Kế hoạch dạy học cá nhân: số ngày trước thứ Hai của tuần đầu tiên",
        "Teacher's teaching plan: days before Monday of the first week covered",
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

EXPLAINED: dict[str, Text] = {
    "team_plan_lead": Text(
        "Ví dụ 16: kế hoạch cho tuần bắt đầu thứ Hai 23/11 phải ký trước 00:00 ngày 07/11.",
        "Such as 16: a plan for the week of Monday 23/11 is signed before 00:00 on 07/11.",
    ),
    "lesson_plan_due": Text(
        "Ví dụ thứ Tư, 1 tuần: giáo án tuần sau phải ký hết thứ Ba tuần này. Muộn vẫn nhận, chỉ ghi muộn.",
        "As Wednesday, 1 week: next week's plan is signed by the end of this Tuesday; late work is taken.",
    ),
    "password_age": Text(
        "Chỉ nhắc qua thư và trên trang Tài khoản, không bắt buộc đổi.",
        "A reminder by mail and on the account page; nobody is forced.",
    ),
    "idle_lock": Text(
        "Trang hỏi lại mật khẩu; nội dung đang gõ vẫn giữ. Nên đặt ngắn nếu dùng máy chung.",
        "The page asks for the password; what was typed stays. Keep it short where computers are shared.",
    ),
    "second_factor": Text(
        "Áp dụng cho quản trị, ban giám hiệu, văn thư, tổ trưởng, tổ phó: phải bật trước khi làm tiếp.",
        "For administrators, principals, vice principals, clerks and group heads: turned on before going on.",
    ),
    "report_answer": Text(
        "Tính từ ngày hôm sau, thứ Hai đến thứ Sáu. Quá hạn thì nhắc quản trị và ghi rõ là quá hạn.",
        "From the next day on, Monday to Friday. Past it, the administrators are reminded and it is marked.",
    ),
}


def rules_of(session: Session, school_id: str) -> dict[str, Any]:
    """Every rule of a school, its own values over the defaults."""
    own = session.exec(select(SchoolSetting).where(col(SchoolSetting.school_id) == school_id)).all()
    return DEFAULTS | {setting.key: setting.value for setting in own}
