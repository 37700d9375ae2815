"""Kế hoạch dạy học cá nhân (lịch báo giảng): what a teacher teaches in one week or several, period by period.

The same chain as the lesson plan. Due 10 days before Monday of the first week covered, and to be printed once
approved: the teacher carries it out from paper (the plan, II.3; domain notes N3, N11).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flows.documents.weeks import weeks_in_order
from flows.due_rules import DaysBefore
from flows.fields import (
    Choice,
    Day,
    Form,
    Known,
    Line,
    Repeated,
    SubjectName,
    TaughtClass,
    TeachingWeek,
    Whole,
    day_words,
)
from flows.grammar import (
    Archive,
    DocumentType,
    Draft,
    Facts,
    Obligation,
    Owes,
    Review,
    Sign,
    UploadedBody,
    WeekFacts,
    Within,
    years,
)
from flows.people import author, group_head, principal, teacher, vice_principal
from flows.remind import Remind
from models.errors import Fault
from models.text import Text

BOXES = [
    {"field": "author", "caption": "Người lập kế hoạch"},
    {"field": "group_review", "caption": "Tổ chuyên môn duyệt"},
    {"field": "principal_approval", "caption": "Ban Giám hiệu duyệt"},
]
SESSIONS = {"morning": Text("Sáng", "Morning"), "afternoon": Text("Chiều", "Afternoon")}

COVERED = (
    TeachingWeek(name="first_week", label=Text("Từ tuần", "First week")),
    TeachingWeek(
        name="last_week",
        label=Text("Đến tuần", "Last week"),
        help=Text("Để trống nếu chỉ lập cho một tuần.", "Leave empty for a single week."),
        required=False,
    ),
)
ROW_FIELDS = (
    Day(name="date", label=Text("Thứ, ngày", "Date")),
    Choice(name="session", label=Text("Buổi", "Session"), among=SESSIONS),
    Whole(name="period", label=Text("Tiết", "Period"), most=10, example=2),
    TaughtClass(name="class", label=Text("Lớp", "Class")),
    SubjectName(name="subject", label=Text("Môn", "Subject"), longest=80, example="Toán"),
    Line(
        name="lesson",
        label=Text("Tên bài dạy", "Lesson"),
        example="Bài 28. Bài toán giải bằng hai bước tính (tiết 2)",
    ),
    Line(
        name="equipment",
        label=Text("Đồ dùng dạy học", "Equipment"),
        required=False,
        longest=300,
        example="Bảng phụ, phiếu học tập",
    ),
    Line(
        name="adjustment",
        label=Text("Nội dung điều chỉnh, bổ sung", "Adjustment"),
        required=False,
        longest=500,
        example="Tích hợp giáo dục STEM",
    ),
)


def within_the_weeks(fields: Mapping[str, Any], known: Known) -> list[Fault]:
    """Every period is taught in the weeks covered."""
    first = known.week_days.get(fields["first_week"])
    last = known.week_days.get(fields["last_week"] or fields["first_week"])
    if first is None or last is None or last < first:
        return []
    covered = [days for days in known.week_days.values() if first <= days <= last]
    span = f"({day_words(first[0])} – {day_words(last[1])})"
    return [
        Fault(
            f"rows.{index}.date",
            Text(
                f"Ngày {day_words(row['date'])} không thuộc các tuần đã chọn {span}.",
                f"{day_words(row['date'])} is not in the chosen weeks {span}.",
            ),
        )
        for index, row in enumerate(fields["rows"])
        if row["date"] and not any(monday <= row["date"] <= sunday for monday, sunday in covered)
    ]


def no_period_twice(fields: Mapping[str, Any], known: Known) -> list[Fault]:  # noqa: ARG001 - a form's rule
    """One class has one lesson in a period; two classes taught together (lớp ghép) have two rows."""
    seen: dict[tuple[Any, ...], int] = {}
    faults = []
    for index, row in enumerate(fields["rows"]):
        key = (row["date"], row["session"], row["period"], row["class"])
        if not all(key):
            continue
        if key in seen:
            sentence = Text(
                "Trùng ngày, buổi, tiết và lớp với dòng {n}. Sửa hoặc bỏ một dòng.",
                "The same date, session, period and class as row {n}. Change or remove one.",
            )
            faults.append(Fault(f"rows.{index}.period", sentence.format(n=seen[key])))
        seen.setdefault(key, index + 1)
    return faults


def title(fields: Mapping[str, Any], facts: Facts) -> str:
    first, last = (facts.weeks.get(fields.get(name) or "") for name in ("first_week", "last_week"))
    weeks = ""
    if first:
        weeks = f" tuần {first.number}" + (f"–{last.number}" if last and last.id != first.id else "")
    return f"Kế hoạch dạy học{weeks}, {facts.author_name}"


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    first = facts.weeks[fields["first_week"]]
    last = facts.weeks.get(fields["last_week"] or "", first)
    rows = sorted(fields["rows"], key=_in_order)
    weeks = sorted(facts.weeks.values(), key=lambda week: week.monday)
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "author": {"name": facts.author_name, "post": facts.author_post},
        "group": {"name": facts.group_name},
        "year": first.year,
        "first": _week(first),
        "last": _week(last),
        "date": facts.date,
        "code": facts.code,
        "weeks": [
            _week(week) | {"rows": [_row(row, facts) for row in held]}
            for week in weeks
            if (held := [row for row in rows if week.monday <= row["date"] <= week.sunday])
        ],
        "undated": [_row(row, facts) for row in rows if not row["date"]],
        "boxes": BOXES,
    }


def cover(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The cover of an uploaded plan: whose, and for which weeks."""
    first = facts.weeks[fields["first_week"]]
    last = facts.weeks.get(fields["last_week"] or "", first)
    weeks = f"Tuần {first.number}" + (f" – tuần {last.number}" if last is not first else "")
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "heading": "KẾ HOẠCH DẠY HỌC CÁ NHÂN",
        "about": f"{weeks} ({day_words(first.monday)} – {day_words(last.sunday)})",
        "facts": [["Giáo viên", facts.author_name], ["Tổ", facts.group_name]],
        "author": {"name": facts.author_name},
        "numbered": False,
        "date": facts.date,
        "code": facts.code,
        "parts": [],
        "parts_head": [],
        "boxes": BOXES,
    }


def _in_order(row: Mapping[str, Any]) -> tuple[str, int, int]:
    """Rows are printed as they are taught, in whatever order they were typed."""
    sessions = [*SESSIONS, ""]
    return row["date"], sessions.index(row["session"]), row["period"] or 0


def _week(week: WeekFacts) -> dict[str, Any]:
    return {"number": week.number, "monday": week.monday, "sunday": week.sunday}


def _row(row: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    session = SESSIONS.get(row["session"])
    return {
        "date": row["date"],
        "session": session.vi if session else "",
        "period": row["period"],
        "class_name": facts.classes.get(row["class"], ""),
        "subject": row["subject"],
        "lesson": row["lesson"],
        "equipment": row["equipment"],
        "adjustment": row["adjustment"],
    }


TEACHER_TEACHING_PLAN = DocumentType(
    slug="teacher-teaching-plan",
    name=Text("Kế hoạch dạy học cá nhân (lịch báo giảng)", "Teacher's teaching plan"),
    short=Text("KHDH cá nhân", "Teaching plan"),
    form=Form(
        fields=(
            *COVERED,
            Repeated(
                name="rows",
                label=Text("Các tiết dạy", "Periods taught"),
                item=Text("Tiết dạy", "Period"),
                fields=ROW_FIELDS,
                most=400,
                as_table=True,
            ),
        ),
        rules=(weeks_in_order, within_the_weeks, no_period_twice),
    ),
    body=UploadedBody(form=Form(fields=COVERED, rules=(weeks_in_order,)), lay_out=cover),
    steps=(
        Draft(by=author),
        Sign(by=author),
        Review(
            name="group_review",
            label=Text("Tổ trưởng duyệt, ký", "Group-head review"),
            by=group_head,
            returns_to="draft",
            due=Within(timedelta(days=3)),
        ),
        Review(
            name="principal_approval",
            label=Text("Hiệu trưởng ký duyệt", "Principal's approval"),
            by=principal | vice_principal,
            approves=True,
            returns_to="draft",
            due=Within(timedelta(days=3)),
        ),
        Archive(keep=years(5)),
    ),
    drafted_by=teacher,
    layout="teacher_teaching_plan",
    lay_out=lay_out,
    title=title,
    week_field="first_week",
    last_week_field="last_week",
    unique_by=("owner", "first_week"),
    alike_by=("owner",),
    deadline=DaysBefore(10, setting="teacher_plan_lead"),
    owes=Owes("teacher"),
    reminders=(
        Remind.before(days=3),
        Remind.at(),
        Remind.after(days=1, every=2, times=3),
        Remind.after(days=3, to=group_head),
        Remind.after(days=7, to=principal),
    ),
    review_reminders=(
        Remind.at(),
        Remind.after(days=1, every=1, times=3),
        Remind.after(days=2, to=principal),
    ),
    obligations=(Obligation("download", by=author), Obligation("print", by=author)),
)
