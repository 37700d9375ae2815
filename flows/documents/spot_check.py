"""Phiếu kiểm tra đột xuất: what an inspector found in a classroom (the plan, II.3), signed by that person.

The system writes it from the record of the check, in the inspector's name; nobody edits it. Until it is
signed the inspector may take it back, which opens the check for a new record. A clean check ends with the
signature. Where the records and marks ask for it, the principal or vice principal looks and decides with a
signature; before that the paper calls nothing a violation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flows.fields import (
    Choice as ChoiceField,
)
from flows.fields import (
    Day,
    Form,
    Line,
    Rich,
    SubjectName,
    TaughtClass,
    TeachingWeek,
    Whole,
    day_words,
)
from flows.grammar import (
    Archive,
    Choice,
    Decision,
    DocumentType,
    Draft,
    Facts,
    Sign,
    Submitted,
    Within,
    years,
)
from flows.people import HasRole, author, principal, vice_principal
from flows.spot_finding import ITEM_NAMES, ITEMS, LESSON_PLAN, MARKS, REASONS, TEACHING_PLAN
from models.text import Text
from tasks.rich_text import tree

SESSIONS = {"morning": Text("Sáng", "Morning"), "afternoon": Text("Chiều", "Afternoon")}
YES_NO = {"yes": Text("Có", "Yes"), "no": Text("Không", "No")}
VIOLATION, NONE = "violation", "none"
"""Outcomes of the step `finding`."""
BOXES = [
    {"field": "author", "caption": "Người kiểm tra"},
    {"field": "finding", "caption": ""},
]


def title(fields: Mapping[str, Any], facts: Facts) -> str:
    """Names class and period, never the person."""
    part = SESSIONS[fields["session"]].vi.lower() if fields["session"] in SESSIONS else "…"
    of = facts.classes.get(fields["class"], "…")
    day = day_words(fields["day"])
    return f"Phiếu kiểm tra đột xuất lớp {of}, tiết {fields['period']} {part} {day}"


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    week = facts.weeks[fields["week"]]
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "author": {"name": facts.author_name, "post": facts.author_post},
        "concerned": {"name": fields["teacher"], "post": facts.concerned_post},
        "date": facts.date,
        "code": facts.code,
        "how": fields["how"],
        "visit": {
            "day": fields["day"],
            "session": SESSIONS[fields["session"]].vi.lower(),
            "period": fields["period"],
            "class_name": facts.classes.get(fields["class"], ""),
            "subject": fields["subject"],
            "lesson": fields["lesson"],
            "started": fields["started"],
            "ended": fields["ended"],
            "place": fields["place"],
        },
        "items": [
            {
                "name": ITEM_NAMES[item].format(n=week.number).vi,
                "mark": _mark(fields, item),
                "records": tree(fields[f"{item}_records"]),
            }
            for item in ITEMS
        ],
        "words": tree(fields["words"]),
        "read_back": fields["read_back"] == "yes",
        "note": tree(fields["note"]),
        "summary": tree(fields["summary"]),
        "asks": fields["asks"] == "yes",
        "boxes": BOXES,
    }


def _mark(fields: Mapping[str, Any], item: str) -> str:
    """`Bản in thay (máy tính hỏng)`."""
    said = MARKS[item].get(fields[item], Text("…", "…")).vi
    reason = REASONS.get(fields["reason"]) if (item, fields[item]) == (LESSON_PLAN, "printed") else None
    return f"{said} ({reason.within().vi})" if reason else said


def parts(fields: Mapping[str, Any]) -> dict[str, str]:
    """What minutes about this check begin with, in words."""
    found = {
        "day": fields["day"],
        "teacher": fields["teacher"],
        "when": _moment(fields),
        "lesson": f"tiết {fields['period']} buổi {SESSIONS[fields['session']].vi.lower()}, "
        f"lớp {fields['class_name']}, môn {fields['subject']}",
        "words": fields["said"],
    }
    for item in ITEMS:
        found[f"{item}_name"] = ITEM_NAMES[item].format(n=fields["week_number"]).vi
        found[item] = _mark(fields, item)
        # Papers of before it was kept say the mark alone.
        found[f"{item}_mark"] = fields[item]
        found[f"{item}_why"] = (fields.get(f"{item}_why") or "unknown") if _lacks(fields, item) else ""
    return found


def _lacks(fields: Mapping[str, Any], item: str) -> bool:
    return bool(fields[f"{item}_lacks"] == "yes")


def _moment(fields: Mapping[str, Any]) -> str:
    """`09 giờ 15 phút, ngày 25/11/2026`."""
    hour, _, minute = fields["started"].partition(":")
    at = f"{hour} giờ {minute} phút, " if minute else ""
    return f"{at}ngày {day_words(fields['day'])}"


def _item(item: str) -> tuple[ChoiceField, Rich, ChoiceField, Line]:
    name = ITEM_NAMES[item].format(n="…")
    return (
        ChoiceField(name=item, label=name, among=MARKS[item]),
        Rich(
            name=f"{item}_records",
            label=Text("Hệ thống ghi nhận", "What the records say"),
            required=False,
            example="<p>Đã ký duyệt 20/11/2026 15:02.</p>",
        ),
        ChoiceField(name=f"{item}_lacks", label=Text("Còn thiếu", "Lacking"), among=YES_NO),
        Line(name=f"{item}_why", label=Text("Vì sao", "Why"), longest=20, required=False),
    )


SPOT_CHECK = DocumentType(
    slug="spot-check",
    name=Text("Phiếu kiểm tra đột xuất", "Spot check"),
    short=Text("Phiếu kiểm tra", "Spot check"),
    form=Form(
        fields=(
            TeachingWeek(name="week", label=Text("Tuần dạy", "Teaching week")),
            Whole(name="week_number", label=Text("Tuần", "Week"), most=60, example=12),
            Line(name="check", label=Text("Mã lần kiểm tra", "Id of the check"), longest=40),
            Day(name="day", label=Text("Ngày", "Day")),
            ChoiceField(name="session", label=Text("Buổi", "Session"), among=SESSIONS),
            Whole(name="period", label=Text("Tiết", "Period"), most=10, example=2),
            TaughtClass(name="class", label=Text("Lớp", "Class")),
            Line(name="class_name", label=Text("Tên lớp", "Name of the class"), longest=20, example="3A"),
            SubjectName(name="subject", label=Text("Môn", "Subject"), longest=80, example="Toán"),
            Line(name="lesson", label=Text("Tên bài dạy", "Lesson"), longest=600, required=False),
            Line(name="teacher", label=Text("Giáo viên", "Teacher"), longest=120, example="Nguyễn Thị Lan"),
            Line(name="how", label=Text("Cách chọn tiết", "How it was chosen"), longest=700),
            Line(name="started", label=Text("Bắt đầu lúc", "Start"), longest=5, required=False),
            Line(name="ended", label=Text("Kết thúc lúc", "End"), longest=5, required=False),
            Line(name="place", label=Text("Địa điểm", "Place"), longest=200, required=False),
            *_item(TEACHING_PLAN),
            *_item(LESSON_PLAN),
            ChoiceField(
                name="reason",
                label=Text("Lý do dùng bản in thay", "Why a print stands for the file"),
                among=REASONS,
                required=False,
            ),
            Rich(name="words", label=Text("Lời của giáo viên", "The teacher’s words"), required=False),
            Line(
                name="said", label=Text("Lời, một dòng", "The words in a line"), longest=1200, required=False
            ),
            ChoiceField(
                name="read_back",
                label=Text("Giáo viên đã đọc lại", "Read by the teacher"),
                among=YES_NO,
                required=False,
            ),
            Rich(name="note", label=Text("Ghi chú", "Note"), required=False),
            Rich(name="summary", label=Text("Tóm tắt", "In short"), required=False),
            ChoiceField(
                name="asks",
                label=Text("Đề nghị xem xét", "Somebody is asked to look"),
                among=YES_NO,
            ),
        ),
    ),
    steps=(
        Draft(by=author, kept=True),
        Sign(
            by=author,
            label=Text("Người kiểm tra ký", "Inspector’s signature"),
            approves=True,
            rewritten=False,
            due=Within(timedelta(days=1)),
        ),
        Decision(
            name="finding",
            label=Text("Xem xét, kết luận", "Finding"),
            by=principal | vice_principal,
            when=Submitted("asks", "yes", Text("có việc cần xem xét", "something is to be looked at")),
            kept=True,
            choices=(
                Choice(
                    NONE,
                    Text("Không có vi phạm", "No violation"),
                    Text("{who} kết luận không có vi phạm", "{who} found no violation"),
                ),
                Choice(
                    VIOLATION,
                    Text("Có vi phạm, lập biên bản", "A violation: minutes are drawn up"),
                    Text("{who} kết luận có vi phạm", "{who} found a violation"),
                ),
            ),
            due=Within(timedelta(days=2)),
        ),
        Archive(keep=years(10)),
    ),
    drafted_by=HasRole("inspector") | principal | vice_principal,
    layout="spot_check",
    lay_out=lay_out,
    title=title,
    week_field="week",
    unique_by=("check",),
    parts=parts,
    confidential=True,
    recorded=True,
)
