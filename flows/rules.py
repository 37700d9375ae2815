"""Rules that differ by school or year: their keys, their defaults, how they are read (law 10).

Deadlines have dates and stand apart: their defaults with each type, a school's own in `deadline_rule`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from flows.deadlines import Kept, Own
from flows.due_rules import from_data
from models.deadline import DeadlineRule, KeptLimit
from models.school import SchoolSetting
from models.statements import ask
from models.text import Text

DEFAULTS: dict[str, Any] = {
    # Advice, no forced change: 0 says nothing.
    "password_age": {"days": 180},
    "given_password": {"days": 7},
    "idle_account": {"days": 14},
    "certificate_ahead": {"days": 30},
    "head_waives": {"allowed": 0},
    "idle_lock": {"minutes": 60},
    "second_factor": {"required": 0},
    "report_answer": {"working_days": 3},
    "appeal": {"working_days": 5},
    # 0: one of the two lacking is a finding (the plan, II.3, can be read either way).
    "spot_check": {"both": 0},
    "spot_check_eve": {"hour": 16, "minute": 0},
    "spot_check_morning": {"hour": 6, "minute": 30},
}
NAMES: dict[str, Text] = {
    "password_age": Text(
        "Nhắc đổi mật khẩu khi đã dùng quá số ngày này (0: không nhắc)",
        "Remind of passwords older than so many days (0: never)",
    ),
    "given_password": Text(
        "Báo mật khẩu được cấp mà chưa đổi sau số ngày này (0: không báo)",
        "Flag given passwords that are unchanged after so many days (0: never)",
    ),
    "idle_account": Text(
        "Báo tài khoản không đăng nhập số ngày này (0: không báo)",
        "Flag accounts without a sign-in for so many days (0: never)",
    ),
    "certificate_ahead": Text(
        "Báo trước khi chứng thư ký hết hạn số ngày này (0: không báo)",
        "Flag certificates so many days before they expire (0: never)",
    ),
    "head_waives": Text(
        "Cho tổ trưởng miễn ghi muộn, ghi thiếu trong tổ mình",
        "Let group heads waive late and missing records of their group",
    ),
    "idle_lock": Text(
        "Khóa màn hình khi không thao tác sau số phút này (0: sau 12 giờ)",
        "Lock the screen after so many idle minutes (0: after 12 hours)",
    ),
    "second_factor": Text(
        "Bắt buộc xác thực hai lớp với quản trị và người duyệt hồ sơ",
        "Ask administrators and approvers for a second factor",
    ),
    "appeal": Text(
        "Giáo viên được kiến nghị về biên bản trong bao nhiêu ngày làm việc",
        "Working days in which a teacher may appeal against minutes",
    ),
    "report_answer": Text(
        "Trả lời báo sự cố trong bao nhiêu ngày làm việc", "Answer reports of problems within working days"
    ),
    "spot_check": Text(
        "Kiểm tra đột xuất: chỉ đề nghị xem xét khi thiếu cả kế hoạch dạy học và kế hoạch bài dạy",
        "Spot checks: somebody is asked to look only if both the teaching plan and the lesson plan lack",
    ),
    "spot_check_eve": Text(
        "Nhắc giáo viên về giờ dạy hôm sau, vào ngày làm việc trước đó, lúc",
        "Tell teachers about their next day of lessons, on the working day before, at",
    ),
    "spot_check_morning": Text(
        "Nhắc lại giáo viên và báo tổ trưởng trong ngày dạy, lúc",
        "Tell teachers again, and their group head, on the day itself, at",
    ),
}

EXPLAINED: dict[str, Text] = {
    "password_age": Text(
        "Chỉ nhắc qua thư và trên trang Tài khoản, không bắt buộc đổi.",
        "A reminder by mail and on the account page; nobody is forced.",
    ),
    "given_password": Text(
        "Người đó, quản trị và hiệu trưởng thấy; trang mạng vẫn buộc đổi khi đăng nhập.",
        "Seen by that person, administrators and the principal; signing in asks for the change anyway.",
    ),
    "idle_account": Text(
        "Chỉ tính ngày trong tuần học; không tính ngày vắng có người thay.",
        "Days of teaching weeks alone; days of absence with a stand-in do not count.",
    ),
    "certificate_ahead": Text(
        "Người có chứng thư, quản trị và hiệu trưởng thấy.",
        "Seen by its holder, administrators and the principal.",
    ),
    "head_waives": Text(
        "Không ai tự miễn cho mình; lý do và người miễn luôn được ghi lại và báo cho giáo viên.",
        "Nobody waives their own; who did and why is kept and told to the teacher.",
    ),
    "idle_lock": Text(
        "Trang hỏi lại mật khẩu; nội dung đang gõ vẫn giữ. Nên đặt ngắn nếu dùng máy chung.",
        "The page asks for the password; what was typed stays. Keep it short where computers are shared.",
    ),
    "second_factor": Text(
        "Áp dụng cho quản trị, ban giám hiệu, văn thư, tổ trưởng, tổ phó: phải bật trước khi làm tiếp.",
        "For administrators, principals, vice principals, clerks and group heads: turned on before going on.",
    ),
    "appeal": Text(
        "Tính từ hôm sau ngày hiệu trưởng ghi nhận, theo lịch của trường; hết ngày cuối thì không gửi nữa.",
        "From the day after the principal took note, by the school's calendar; closed after the last day.",
    ),
    "report_answer": Text(
        "Tính từ ngày hôm sau, thứ Hai đến thứ Sáu. Quá hạn thì nhắc quản trị và ghi rõ là quá hạn.",
        "From the next day on, Monday to Friday. Past it, the administrators are reminded and it is marked.",
    ),
    "spot_check": Text(
        "Chọn Không: thiếu một trong hai là đủ. Áp dụng cả khi nhắc trước; kết luận luôn do người xác nhận.",
        "No: one of them lacking is enough. Reminders beforehand go by it too; a person always decides.",
    ),
}


def rules_of(session: Session, school_id: str) -> dict[str, Any]:
    """Every rule of a school, its own values over the defaults."""
    return DEFAULTS | dict(map(tuple, ask(session, _SETTINGS, of_school=school_id)))


_SETTINGS = select(SchoolSetting.key, SchoolSetting.value).where(
    col(SchoolSetting.school_id) == bindparam("of_school")
)


def some_of_each(
    session: Session, schools: Sequence[str], *keys: str
) -> dict[str, dict[str, dict[str, Any]]]:
    """By school: some of its rules, for many schools in one question."""
    own = session.exec(
        select(SchoolSetting).where(
            col(SchoolSetting.school_id).in_(schools), col(SchoolSetting.key).in_(keys)
        )
    )
    found = {school: {key: DEFAULTS[key] for key in keys} for school in schools}
    for setting in own:
        found[setting.school_id][setting.key] = setting.value
    return found


def days_of(session: Session, schools: Sequence[str], key: str) -> dict[str, int]:
    """By school: the days of one rule, for many schools at once."""
    return {school: int(own[key]["days"]) for school, own in some_of_each(session, schools, key).items()}


OwnRules = Mapping[str, Sequence[Own | Kept]]
"""A school's own deadlines by their key, in the order in which they were set."""


def deadlines_of(session: Session, schools: Sequence[str]) -> dict[str, dict[str, list[Own | Kept]]]:
    """By school: the deadlines it set for itself, without those it dropped, and the limits it kept."""
    of_schools = {"of_schools": list(schools)}
    rows = session.exec(_OWN, params=of_schools)
    found: dict[str, dict[str, list[Own | Kept]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.school_id][row.key].append(own_of(row))
    for limit in session.exec(_KEPT, params=of_schools):
        found[limit.school_id][limit.key].append(Kept(limit.week_id, limit.at))
    return found


_OWN = (
    select(DeadlineRule)
    .where(
        col(DeadlineRule.school_id).in_(bindparam("of_schools", expanding=True)),
        col(DeadlineRule.dropped_at).is_(None),
    )
    .order_by(col(DeadlineRule.set_at), col(DeadlineRule.id))
)
_KEPT = select(KeptLimit).where(col(KeptLimit.school_id).in_(bindparam("of_schools", expanding=True)))


def own_of(row: DeadlineRule) -> Own:
    """A stored rule as the pure rooms know it."""
    return Own(row.valid_from, row.set_at, from_data(row.value, row.key))
