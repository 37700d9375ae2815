"""Kế hoạch bài dạy (giáo án): one bundle for a teacher and a teaching week, its lessons are its parts.

Per lesson after Công văn 2345/BGDĐT-GDTH, Phụ lục 3, items 1 to 3; item 4 is written after teaching, in an
addendum of its own. Due strictly before Wednesday 00:00 of the week before (the plan, II.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flows.documents.lesson_text import lessons_of
from flows.due_rules import FRIDAY, WEDNESDAY, BeforeWeekday
from flows.fields import (
    Day,
    Form,
    Known,
    Line,
    Repeated,
    Rich,
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
    UntilWeekday,
    UploadedBody,
    years,
)
from flows.people import author, group_head, principal, teacher, vice_principal
from flows.remind import Remind
from models.errors import Fault
from models.text import Text
from tasks.rich_text import tree

PHASES = ("Mở đầu", "Hình thành kiến thức mới", "Luyện tập, thực hành", "Vận dụng")

PHASE_FIELDS = (
    Line(name="name", label=Text("Hoạt động", "Phase"), longest=80, example=PHASES[0]),
    Whole(
        name="minutes",
        label=Text("Số phút", "Minutes"),
        most=300,
        required=False,
        unit=Text("phút", "min"),
        example=5,
    ),
    Rich(
        name="teacher",
        label=Text("Giáo viên", "Teacher"),
        rows=3,
        example="<p>- Tổ chức trò chơi “Ai nhanh hơn”.</p>",
    ),
    Rich(
        name="pupils",
        label=Text("Học sinh", "Pupils"),
        rows=3,
        required=False,
        example="<p>- Cả lớp tham gia.</p>",
    ),
)

LESSON_FIELDS = (
    SubjectName(name="subject", label=Text("Môn", "Subject"), longest=80, example="Toán"),
    TaughtClass(name="class", label=Text("Lớp", "Class")),
    Line(
        name="title",
        label=Text("Tên bài dạy", "Lesson title"),
        example="Bài 28. Bài toán giải bằng hai bước tính (tiết 2)",
    ),
    Whole(name="periods", label=Text("Số tiết", "Periods"), most=10),
    Day(name="date", label=Text("Ngày dạy", "Date taught")),
    Rich(
        name="requirements",
        label=Text("1. Yêu cầu cần đạt", "1. Requirements"),
        example="<p>- Giải được bài toán có lời văn bằng hai bước tính.</p>",
    ),
    Rich(
        name="equipment",
        label=Text("2. Đồ dùng dạy học", "2. Equipment"),
        rows=2,
        required=False,
        example="<p>- Bảng phụ, phiếu học tập.</p>",
    ),
    Repeated(
        name="phases",
        label=Text("3. Các hoạt động dạy học chủ yếu", "3. Main activities"),
        item=Text("Hoạt động", "Phase"),
        fields=PHASE_FIELDS,
        most=12,
        starts_with=tuple({"name": name} for name in PHASES),
    ),
)


def within_the_week(fields: Mapping[str, Any], known: Known) -> list[Fault]:
    """Each lesson is taught in the week the plan is for."""
    days = known.week_days.get(fields["week"])
    if days is None:
        return []
    first, last = days
    span = f"({day_words(first)} – {day_words(last)})"
    return [
        Fault(
            f"lessons.{index}.date",
            Text(
                f"Ngày dạy {day_words(lesson['date'])} không thuộc tuần đã chọn {span}.",
                f"{day_words(lesson['date'])} is not in the chosen week {span}.",
            ),
        )
        for index, lesson in enumerate(fields["lessons"])
        if lesson["date"] and not first <= lesson["date"] <= last
    ]


BOXES = [
    {"field": "author", "caption": "Người lập kế hoạch"},
    {"field": "group_review", "caption": "Tổ chuyên môn duyệt"},
    {"field": "principal_approval", "caption": "Ban Giám hiệu duyệt"},
]


def title(fields: Mapping[str, Any], facts: Facts) -> str:
    week = facts.weeks[fields["week"]]
    of = f"lớp {facts.homeroom}" if facts.homeroom else facts.author_name
    return f"Kế hoạch bài dạy tuần {week.number}, {of}"


def lessons_named(fields: Mapping[str, Any]) -> dict[str, str]:
    """Each lesson in words, by its id: how a note after teaching names it."""
    return {
        lesson["id"]: f"{lesson['subject']}, {day_words(lesson['date'])}: {lesson['title']}"
        for lesson in fields["lessons"]
    }


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    week = facts.weeks[fields["week"]]
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "week": {"number": week.number, "term": week.term, "monday": week.monday, "sunday": week.sunday},
        "author": {"name": facts.author_name, "post": facts.author_post},
        "group": {"name": facts.group_name},
        "date": facts.date,
        "code": facts.code,
        "lessons": [
            {
                "id": lesson["id"],
                "subject": lesson["subject"],
                "class_name": facts.classes.get(lesson["class"], ""),
                "title": lesson["title"],
                "periods": lesson["periods"],
                "date": lesson["date"],
                "requirements": tree(lesson["requirements"]),
                "equipment": tree(lesson["equipment"]),
                "phases": [
                    {
                        "name": phase["name"],
                        "minutes": phase["minutes"],
                        "teacher": tree(phase["teacher"]),
                        "pupils": tree(phase["pupils"]),
                    }
                    for phase in lesson["phases"]
                ],
            }
            for lesson in fields["lessons"]
        ],
        "boxes": BOXES,
    }


def cover(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The cover of an uploaded bundle: whose, for which week, and its lessons where they were named."""
    week = facts.weeks[fields["week"]]
    lessons = [row for row in fields["lessons"] if row["subject"] or row["title"]]
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "heading": "KẾ HOẠCH BÀI DẠY",
        "about": f"Tuần {week.number} ({day_words(week.monday)[:5]} – {day_words(week.sunday)})",
        "facts": [["Giáo viên", facts.author_name], ["Tổ", facts.group_name]],
        "author": {"name": facts.author_name},
        "numbered": False,
        "date": facts.date,
        "code": facts.code,
        "parts": [[row["subject"], facts.classes.get(row["class"], ""), row["title"]] for row in lessons],
        "parts_head": ["Môn", "Lớp", "Tên bài dạy"],
        "boxes": BOXES,
    }


BESIDE_A_FILE = (
    SubjectName(name="subject", label=Text("Môn", "Subject"), longest=80, required=False, example="Toán"),
    TaughtClass(name="class", label=Text("Lớp", "Class"), required=False),
    Line(name="title", label=Text("Tên bài dạy", "Lesson title"), required=False, example="Bài 28"),
)
WEEK = TeachingWeek(name="week", label=Text("Tuần dạy", "Teaching week"))


LESSON_PLAN = DocumentType(
    slug="lesson-plan",
    name=Text("Kế hoạch bài dạy (giáo án)", "Lesson plan"),
    short=Text("KHBD", "Lesson plan"),
    form=Form(
        fields=(
            WEEK,
            Repeated(
                name="lessons",
                label=Text("Các bài dạy", "Lessons"),
                item=Text("Bài dạy", "Lesson"),
                fields=LESSON_FIELDS,
                most=60,
            ),
        ),
        rules=(within_the_week,),
    ),
    body=UploadedBody(
        form=Form(
            fields=(
                WEEK,
                Repeated(
                    name="lessons",
                    label=Text("Danh sách bài dạy trong tệp", "Lessons in the file"),
                    help=Text(
                        "In trên trang bìa, giúp người duyệt tìm nhanh. Để trống cũng được.",
                        "Printed on the cover for the reviewers. May be left empty.",
                    ),
                    item=Text("Bài dạy", "Lesson"),
                    fields=BESIDE_A_FILE,
                    least=0,
                    most=60,
                    required=False,
                    as_table=True,
                ),
            ),
        ),
        lay_out=cover,
        take_over=lessons_of,
        into="lessons",
    ),
    steps=(
        Draft(by=author),
        Sign(by=author),
        Review(
            name="group_review",
            label=Text("Tổ trưởng duyệt, ký", "Group-head review"),
            by=group_head,
            returns_to="draft",
            due=UntilWeekday(weekday=FRIDAY, hour=12, weeks_before=1, least=timedelta(days=1)),
        ),
        Review(
            name="principal_approval",
            label=Text("Hiệu trưởng ký duyệt", "Principal's approval"),
            by=principal | vice_principal,
            approves=True,
            returns_to="draft",
            due=UntilWeekday(weekday=FRIDAY, hour=17, weeks_before=1, least=timedelta(days=1)),
        ),
        Archive(keep=years(5)),
    ),
    drafted_by=teacher,
    layout="lesson_plan",
    lay_out=lay_out,
    title=title,
    week_field="week",
    unique_by=("owner", "week"),
    deadline=BeforeWeekday(WEDNESDAY, weeks_before=1, setting="lesson_plan_due"),
    owes=Owes("teacher"),
    reminders=(
        Remind.before(days=1),
        Remind.at(),
        Remind.after(days=1, every=1, times=3),
        Remind.after(days=2, to=group_head),
        Remind.after(days=4, to=principal),
    ),
    review_reminders=(
        Remind.at(),
        Remind.after(days=1, every=1, times=3),
        Remind.after(days=2, to=principal),
    ),
    parts=lessons_named,
    obligations=(Obligation("download", by=author), Obligation("print-unless-laptop", by=author)),
)
