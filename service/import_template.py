"""The workbook of an import to download: empty, or with what the school has now, to correct and upload."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from flows.deadlines import WEEKDAYS
from flows.people import ROLES
from flows.posts import SUBJECTS
from flows.timetable import SESSIONS
from models.account import Account, AccountRole
from models.school import SchoolClass, SchoolWeek, TeachingAssignment, Timetable, TimetableEntry
from service import school, words
from service.import_sheets import ACCOUNTS, COLUMNS, GRID, GROUPS, GUIDE, TEACHING, TIMETABLE
from service.import_teaching import class_key
from tasks import workbooks


def template(session: Session, school_id: str, today: date, *, filled: bool) -> bytes:
    """The workbook to fill in; `filled`: with what the school has now, to correct and upload again."""
    year = _year(session, school_id, today)
    people = session.exec(select(Account).where(col(Account.school_id) == school_id)).all() if filled else []
    names = {a.id: a.sign_in_name for a in people}
    classes = session.exec(
        select(SchoolClass).where(col(SchoolClass.school_id) == school_id, col(SchoolClass.year) == year)
    ).all()
    by_class = sorted(classes, key=lambda c: class_key(c.name))
    return workbooks.write(
        (
            workbooks.Page(GUIDE, ["Cách dùng"], [[line] for line in _GUIDE], [110]),
            _page(ACCOUNTS, _account_rows(session, school_id, people), {4: _ROLES, 6: ("Có", "Không")}),
            _page(GROUPS, _group_rows(session, school_id, names) if filled else [], {2: _DUTIES}),
            _page(TEACHING, _teaching_rows(session, year, by_class, names) if filled else [], {2: SUBJECTS}),
            _grid(session, school_id, by_class, names if filled else {}),
        )
    )


Rows = list[list[str | int | date]]


def _page(name: str, rows: Rows, choices: dict[int, Sequence[str]]) -> workbooks.Page:
    columns = COLUMNS[name]
    headings = [f"{c.name.vi} *" if c.required else c.name.vi for c in columns]
    offered = {n: c for n, c in choices.items() if len(",".join(c)) <= 250}  # Excel's own limit
    return workbooks.Page(name, headings, rows, [c.width for c in columns], offered)


def _account_rows(session: Session, school_id: str, people: Sequence[Account]) -> Rows:
    held = _held_roles(session, school_id)
    return [
        [
            a.sign_in_name,
            a.full_name,
            a.post,
            a.email,
            ", ".join(ROLES[r].vi for r in ROLES if r in held.get(a.id, ())),
            "English" if a.language == "en" else "Tiếng Việt",
            "Có" if a.active else "Không",
        ]
        for a in sorted(people, key=lambda a: words.by_given_name(a.full_name))
    ]


def _held_roles(session: Session, school_id: str) -> dict[str, set[str]]:
    """Roles by account id."""
    held: dict[str, set[str]] = {}
    for row in session.exec(select(AccountRole).where(col(AccountRole.school_id) == school_id)):
        held.setdefault(row.account_id, set()).add(row.role)
    return held


def _group_rows(session: Session, school_id: str, names: dict[str, str]) -> Rows:
    rows: Rows = []
    for group, members in school.groups_of(session, school_id):
        for member in sorted(members, key=lambda m: names[m]):
            duty = {group.head_id: "Tổ trưởng", group.deputy_id: "Tổ phó"}.get(member, "Thành viên")
            rows.append([group.name, names[member], duty])
    return rows


def _teaching_rows(
    session: Session, year: str, classes: Sequence[SchoolClass], names: dict[str, str]
) -> Rows:
    rows: Rows = []
    for taught in classes:
        for row in session.exec(
            select(TeachingAssignment)
            .where(col(TeachingAssignment.class_id) == taught.id)
            .order_by(col(TeachingAssignment.subject))
        ):
            rows.append([year, taught.name, row.subject, names[row.account_id], "x" if row.homeroom else ""])
    return rows


def _grid(
    session: Session, school_id: str, classes: Sequence[SchoolClass], names: dict[str, str]
) -> workbooks.Page:
    """Five days of five mornings and four afternoons; a school changes the rows as it likes."""
    held = session.exec(
        select(Timetable)
        .where(col(Timetable.school_id) == school_id)
        .order_by(col(Timetable.valid_from).desc())
    ).first()
    taught: dict[tuple[str, int, str, int], str] = {}
    if names and held:
        for e in session.exec(
            select(TimetableEntry).where(
                col(TimetableEntry.school_id) == school_id,
                col(TimetableEntry.valid_from) == held.valid_from,
            )
        ):
            key = (e.class_id, e.weekday, e.session, e.period)
            taught[key] = f"{e.subject} ({names[e.account_id]})"
    rows: Rows = []
    for weekday in range(5):
        for part, most in (("morning", 5), ("afternoon", 4)):
            for period in range(1, most + 1):
                day = WEEKDAYS[weekday].vi.capitalize()
                cells = [taught.get((c.id, weekday, part, period), "") for c in classes]
                rows.append([day, SESSIONS[part].vi, period, *cells])
    start: str | date = held.valid_from if held and names else ""
    heading = [c.name.vi for c in GRID] + [c.name for c in classes]
    return workbooks.Page(
        TIMETABLE,
        heading,
        rows,
        [10, 10, 8, *[22 if names else 14 for _ in classes]],
        above=[["Áp dụng từ ngày", start]],
    )


def _year(session: Session, school_id: str, today: date) -> str:
    """The school year of this day, else the latest there is."""
    weeks = session.exec(
        select(SchoolWeek).where(col(SchoolWeek.school_id) == school_id).order_by(col(SchoolWeek.monday))
    ).all()
    coming = [week.year for week in weeks if week.sunday >= today]
    return coming[0] if coming else weeks[-1].year if weeks else ""


_ROLES = tuple(ROLES[role].vi for role in ("teacher", "clerk", "inspector", "vice_principal"))
_DUTIES = ("Tổ trưởng", "Tổ phó", "Thành viên", "Rời tổ")
_GUIDE = (
    "Điền vào các trang Tài khoản, Tổ chuyên môn, Phân công, Thời khóa biểu; trang nào không cần thì để "
    "trống hoặc xóa đi.",
    "Cột có dấu * phải điền. Ô trống khác không làm thay đổi gì; những gì tệp không nêu thì giữ nguyên.",
    "Tài khoản: tên đăng nhập là chữ thường không dấu, ví dụ gv.lan. Vai trò cách nhau bằng dấu phẩy; để "
    "trống với người mới là Giáo viên.",
    "Hiệu trưởng, Phó Hiệu trưởng, Văn thư, tổ trưởng và tổ phó chỉ có hiệu lực khi hiệu trưởng xác nhận.",
    "Tổ chuyên môn: mỗi người một dòng; Nhiệm vụ là Tổ trưởng, Tổ phó, Thành viên hoặc Rời tổ.",
    "Phân công: mỗi môn của mỗi lớp một dòng; đánh x ở cột Chủ nhiệm cho giáo viên chủ nhiệm.",
    "Thời khóa biểu: ghi ngày bắt đầu áp dụng ở ô B1; mỗi cột là một lớp, mỗi ô là tên môn. Người dạy lấy từ "
    "phân công; nếu khác, ghi trong ngoặc: Toán (gv.lan).",
    "Sau khi tải tệp lên, hệ thống liệt kê mọi lỗi theo từng ô và những gì sẽ thay đổi; chưa có gì thay đổi "
    "cho đến khi bấm Nhập.",
)
