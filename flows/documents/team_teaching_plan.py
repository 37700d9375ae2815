"""Kế hoạch dạy học của tổ chuyên môn: numbered, sealed. After Công văn 2345/BGDĐT-GDTH, Phụ lục 2.

The group head drafts and signs (left), the vice principal reviews, the principal approves and signs (right),
the number and date filled in that signature's revision; the clerk seals. Due 16 days before Monday of the
first week covered (the plan, II.3; 15 is probable, hence a setting).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flows.documents.weeks import weeks_in_order
from flows.due_rules import DaysBefore
from flows.fields import (
    Choice,
    Form,
    Known,
    Line,
    Repeated,
    Rich,
    SubjectName,
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
    Seal,
    Sign,
    UploadedBody,
    Within,
    years,
)
from flows.people import author, clerk, group_head, principal, vice_principal
from flows.remind import Remind
from models.errors import Fault
from models.text import Text
from tasks.rich_text import tree

BOXES = [
    {"field": "author", "caption": "", "at": "left"},
    {"field": "vice_principal_review", "caption": "", "at": "small"},
    {"field": "principal_approval", "caption": "", "at": "right"},
    {"field": "seal", "caption": "", "at": "seal"},
]
GRADES = {str(n): Text(f"Khối {n}", f"Grade {n}") for n in range(1, 6)}

ROW_FIELDS = (
    TeachingWeek(name="week", label=Text("Tuần, tháng", "Week, month")),
    Line(
        name="theme",
        label=Text("Chủ đề, mạch nội dung", "Theme"),
        required=False,
        example="Số và phép tính",
    ),
    Line(
        name="lesson", label=Text("Tên bài học", "Lesson"), example="Bài 28. Bài toán giải bằng hai bước tính"
    ),
    Whole(name="periods", label=Text("Số tiết", "Periods"), most=40, example=2),
    Line(
        name="adjustment",
        label=Text("Nội dung điều chỉnh, bổ sung", "Adjustment"),
        required=False,
        longest=500,
        example="Tích hợp giáo dục STEM",
    ),
    Line(name="note", label=Text("Ghi chú", "Note"), required=False, longest=300),
)


def rows_between(fields: Mapping[str, Any], known: Known) -> list[Fault]:
    """Every row lies in the weeks covered."""
    first = known.week_days.get(fields["first_week"])
    last = known.week_days.get(fields["last_week"])
    if first is None or last is None or last < first:
        return []
    return [
        Fault(
            f"rows.{index}.week",
            Text("Tuần này ngoài khoảng đã chọn.", "This week is outside the range chosen above."),
        )
        for index, row in enumerate(fields["rows"])
        if row["week"] in known.week_days and not first <= known.week_days[row["week"]] <= last
    ]


def title(fields: Mapping[str, Any], facts: Facts) -> str:
    first, last = (facts.weeks.get(fields.get(name, "")) for name in ("first_week", "last_week"))
    weeks = ""
    if first:
        weeks = f", tuần {first.number}" + (f"–{last.number}" if last and last.id != first.id else "")
    what = " ".join(
        filter(None, (fields.get("subject", ""), f"khối {fields['grade']}" if fields.get("grade") else ""))
    )
    return f"Kế hoạch dạy học {what or facts.group_name}{weeks}"


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    first = facts.weeks[fields["first_week"]]
    last = facts.weeks.get(fields["last_week"], first)  # a draft's preview may lack what a submit needs
    weeks = [facts.weeks.get(row["week"]) for row in fields["rows"]]
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "group": {"name": facts.group_name},
        "year": first.year,
        "subject": fields["subject"],
        "grade": fields["grade"],
        "weeks": {
            "first": {"number": first.number, "monday": first.monday, "sunday": first.sunday},
            "last": {"number": last.number, "monday": last.monday, "sunday": last.sunday},
        },
        "date": facts.date,
        "code": facts.code,
        "basis": tree(fields["basis"]),
        "conditions": tree(fields["conditions"]),
        "rows": [
            {
                "week": week.number if week else "",
                "month": int(week.monday[5:7]) if week else "",
                "theme": row["theme"],
                "lesson": row["lesson"],
                "periods": row["periods"],
                "adjustment": row["adjustment"],
                "note": row["note"],
            }
            for row, week in zip(fields["rows"], weeks, strict=True)
        ],
        "organisation": tree(fields["organisation"]),
        "boxes": BOXES,
    }


def cover(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """The cover of an uploaded plan: of which group, for what, when; its number stands there."""
    first, last = (facts.weeks[fields[name]] for name in ("first_week", "last_week"))
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "heading": "KẾ HOẠCH DẠY HỌC CỦA TỔ CHUYÊN MÔN",
        "about": f"Môn {fields['subject']}, khối {fields['grade']}, năm học {first.year}",
        "facts": [
            ["Tổ chuyên môn", facts.group_name],
            [
                "Thời gian thực hiện",
                f"tuần {first.number} – tuần {last.number} "
                f"({day_words(first.monday)} – {day_words(last.sunday)})",
            ],
        ],
        "author": {"name": facts.author_name},
        "numbered": True,
        "date": facts.date,
        "code": facts.code,
        "parts": [],
        "parts_head": [],
        "boxes": BOXES,
    }


ABOUT = (
    SubjectName(name="subject", label=Text("Môn", "Subject"), longest=80, example="Toán"),
    Choice(name="grade", label=Text("Khối", "Grade"), among=GRADES),
    TeachingWeek(name="first_week", label=Text("Từ tuần", "First week")),
    TeachingWeek(name="last_week", label=Text("Đến tuần", "Last week")),
)


TEAM_TEACHING_PLAN = DocumentType(
    slug="team-teaching-plan",
    name=Text("Kế hoạch dạy học của tổ chuyên môn", "Group teaching plan"),
    short=Text("KHDH tổ", "Group plan"),
    form=Form(
        fields=(
            *ABOUT,
            Rich(
                name="basis",
                label=Text("I. Căn cứ", "I. Basis"),
                example="<p>Căn cứ Chương trình giáo dục phổ thông 2018;</p>",
            ),
            Rich(
                name="conditions",
                label=Text("II. Điều kiện thực hiện", "II. Conditions"),
                example="<p>Khối 3 có 3 lớp, 96 học sinh.</p>",
            ),
            Repeated(
                name="rows",
                label=Text("III. Kế hoạch dạy học", "III. Teaching plan"),
                item=Text("Dòng", "Row"),
                fields=ROW_FIELDS,
                most=400,
                as_table=True,
            ),
            Rich(
                name="organisation",
                label=Text("IV. Tổ chức thực hiện", "IV. Organisation"),
                example="<p>Giáo viên trong khối thực hiện theo kế hoạch.</p>",
            ),
        ),
        rules=(weeks_in_order, rows_between),
    ),
    body=UploadedBody(form=Form(fields=ABOUT, rules=(weeks_in_order,)), lay_out=cover),
    steps=(
        Draft(by=author),
        Sign(by=author),
        Review(
            name="vice_principal_review",
            label=Text("Phó Hiệu trưởng duyệt, ký", "Vice principal's review"),
            by=vice_principal,
            returns_to="draft",
            due=Within(timedelta(days=3)),
        ),
        Review(
            name="principal_approval",
            label=Text("Hiệu trưởng ký duyệt", "Principal's approval"),
            by=principal,
            approves=True,
            numbers="KH",
            returns_to="draft",
            due=Within(timedelta(days=3)),
        ),
        Seal(by=clerk, due=Within(timedelta(days=1))),
        Archive(keep=years(10)),
    ),
    drafted_by=group_head,
    layout="team_teaching_plan",
    lay_out=lay_out,
    title=title,
    week_field="first_week",
    last_week_field="last_week",
    alike_by=("group", "subject", "grade"),
    deadline=DaysBefore(16, setting="team_plan_lead"),
    owes=Owes("group"),
    reminders=(
        Remind.before(days=3),
        Remind.at(),
        Remind.after(days=1, every=2, times=3),
        Remind.after(days=2, to=vice_principal),
        Remind.after(days=7, to=principal),
    ),
    review_reminders=(
        Remind.at(),
        Remind.after(days=1, every=1, times=3),
        Remind.after(days=2, to=principal),
    ),
    obligations=(Obligation("download", by=author), Obligation("print", by=author)),
)
