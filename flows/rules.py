"""Rules that differ by school or year: their keys, their defaults, how they are read (law 10).

Deadlines have dates and stand apart: their defaults with each type, a school's own in `deadline_rule`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from flows.deadlines import Kept, Own
from flows.due_rules import from_data
from models.deadline import DeadlineRule, KeptLimit
from models.school import SchoolSetting
from models.text import Text

DEFAULTS: dict[str, Any] = {
    # Advice, no forced change: 0 says nothing.
    "password_age": {"days": 180},
    "idle_lock": {"minutes": 60},
    "second_factor": {"required": 0},
    "report_answer": {"working_days": 3},
}
NAMES: dict[str, Text] = {
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


OwnRules = Mapping[str, Sequence[Own | Kept]]
"""A school's own deadlines by their key, in the order in which they were set."""


def deadlines_of(session: Session, schools: Sequence[str]) -> dict[str, dict[str, list[Own | Kept]]]:
    """By school: the deadlines it set for itself, without those it dropped, and the limits it kept."""
    rows = session.exec(
        select(DeadlineRule)
        .where(col(DeadlineRule.school_id).in_(schools), col(DeadlineRule.dropped_at).is_(None))
        .order_by(col(DeadlineRule.set_at), col(DeadlineRule.id))
    )
    found: dict[str, dict[str, list[Own | Kept]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.school_id][row.key].append(own_of(row))
    kept = session.exec(select(KeptLimit).where(col(KeptLimit.school_id).in_(schools)))
    for limit in kept:
        found[limit.school_id][limit.key].append(Kept(limit.week_id, limit.at))
    return found


def own_of(row: DeadlineRule) -> Own:
    """A stored rule as the pure rooms know it."""
    return Own(row.valid_from, row.set_at, from_data(row.value, row.key))
