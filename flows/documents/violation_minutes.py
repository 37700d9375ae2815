"""Biên bản về một lần kiểm tra đột xuất đã được xác nhận: Decree 30/2020/NĐ-CP, sample 1.9; the plan, II.3.

Only a confirmed finding leads here. The inspector draws it up within 24 hours and signs; beside that the
teacher agrees, states something or refuses, which a named witness signs for. The principal takes note
with the signature that gives the number. What the paper says of the check is the check's own record, cited
by its hash; a draft begins with it in words that judge nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from html import escape
from typing import Any

from flows.documents.minutes_rules import follow_up_day, in_order, of_people
from flows.documents.spot_check import VIOLATION
from flows.fields import Day, Form, Line, Repeated, Rich, day_words
from flows.grammar import (
    Acknowledge,
    Archive,
    DocumentType,
    Draft,
    Facts,
    Outcome,
    Parallel,
    Refused,
    Respond,
    Sign,
    Span,
    Within,
    years,
)
from flows.hour_field import Hour
from flows.people import HasRole, author, principal, vice_principal, witness
from flows.spot_finding import ITEMS, LESSON_PLAN, TEACHING_PLAN
from models.text import Text, within
from tasks.rich_text import tree

DRAWN_UP = timedelta(hours=24)
"""From the confirmed finding to the inspector's signature; late is accepted and said."""
ABOUT = "Về việc kiểm tra đột xuất hồ sơ dạy học của giáo viên"
BOXES = [
    {"field": "response", "caption": "Người được kiểm tra"},
    {"field": "author", "caption": "Người kiểm tra, ghi biên bản"},
    {"field": "witness", "caption": "Người chứng kiến (nếu có)"},
    {"field": "note", "caption": ""},
]
PERSON_FIELDS = (
    Line(name="name", label=Text("Họ và tên", "Name"), longest=80, example="Nguyễn Thị Lan"),
    Line(name="post", label=Text("Chức vụ", "Post"), required=False, longest=80, example="Giáo viên"),
)


def title(fields: Mapping[str, Any], facts: Facts) -> str:  # noqa: ARG001 - it is named after its check
    assert facts.about is not None
    return f"Biên bản {facts.about.title.removeprefix('Phiếu ')}"


# --- the draft as it begins -----------------------------------------------------------------------------


def begin(facts: Facts) -> dict[str, Any]:
    """What the check itself says, to be read through and completed: course, conclusion, those present."""
    assert facts.about is not None
    found = facts.about.parts
    today = date.fromisoformat(facts.date)
    return {
        "day": facts.date,
        "began": "",
        "ended": "",
        "place": facts.issuer["name"],
        "present": [
            {"name": facts.author_name, "post": facts.author_post},
            {"name": found["teacher"], "post": facts.concerned_post},
        ],
        "course": "".join(f"<p>{escape(line, quote=False)}</p>" for line in course(facts)),
        "conclusion": f"<p>{escape(conclusion(found), quote=False)}</p>",
        "remedy": "",
        "remedy_by": follow_up_day(today, facts.works).isoformat(),
    }


def course(facts: Facts) -> list[str]:
    """What happened, in order: who asked for what, what was seen, what was said, when it was decided on."""
    assert facts.about is not None
    found = facts.about.parts
    when = found["when"]
    lines = [
        f"{'Lúc ' if when[:1].isdigit() else ''}{when}, cán bộ kiểm tra đề nghị xem hồ sơ dạy học của "
        f"{found['lesson']}, giáo viên {facts.concerned_name}."
    ]
    lines += [f"{found[f'{item}_name']}: {within(found[item])}." for item in ITEMS]
    said = found["words"]
    lines.append(f"Giáo viên trình bày: “{said}”" if said else "Giáo viên không có ý kiến khi được kiểm tra.")
    lines.append(
        f"Ngày {day_words(facts.about.decided_on)}, phiếu kiểm tra được xem xét và kết luận; nội dung phiếu "
        "là căn cứ của biên bản này."
    )
    return [line[:1].upper() + line[1:] for line in lines]


def conclusion(found: Mapping[str, str]) -> str:
    """What was not as it should be and why, and nothing about the person."""
    wrong = "; ".join(_wrong(found, item) for item in ITEMS if found[f"{item}_why"])
    return f"Tại thời điểm kiểm tra, {wrong or 'hồ sơ dạy học chưa đáp ứng quy định, theo nội dung phiếu'}."


def _wrong(found: Mapping[str, str], item: str) -> str:
    """One item: what the mark says where that is what it lacks, and what the records say where they do."""
    name, _, _ = found[f"{item}_name"].partition(",")
    what = within(name)
    missing = _ABSENT[item] if found[f"{item}_mark"] == "absent" else ""
    why = found[f"{item}_why"]
    if why == "not-approved":
        how = _SEEN_AS.get(found[f"{item}_mark"], "")
        return f"{what} chưa được ký duyệt{missing and f', {missing}'}{how}"
    if missing:
        return f"{what}: {missing}"
    return f"{what}: {_WHY.get(why, _WHY['unknown'])}"


_ABSENT = {TEACHING_PLAN: "không có bản in", LESSON_PLAN: "không có bản mềm và bản in"}
_SEEN_AS = {"unclear": ", chưa rõ có bản in", "printed": " (dùng bản in thay)"}
_WHY = {
    "other-print": "mã trên bản in không phải của bản đã được ký duyệt",
    "not-printed": "chưa rõ có bản in, hệ thống chưa ghi nhận lần in nào",
    "unknown": "chưa đáp ứng quy định, theo nội dung phiếu",
}


# --- the page -------------------------------------------------------------------------------------------


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    about = facts.about
    assert about is not None
    return {
        "title": title(fields, facts),
        "about": ABOUT,
        "issuer": dict(facts.issuer),
        "author": {"name": facts.author_name, "post": facts.author_post},
        "concerned": {"name": facts.concerned_name, "post": facts.concerned_post},
        "present": [{"name": one["name"], "post": one["post"]} for one in fields["present"]],
        "begin": {"date": fields["day"], "time": fields["began"]},
        "end": {"date": fields["day"], "time": fields["ended"]},
        "place": fields["place"],
        "check": {
            "code": about.code,
            "revision": about.revision,
            "decided_on": about.decided_on,
            "sha256": about.approved_sha256,
        },
        "facts": checked(about.parts),
        "course": tree(fields["course"]),
        "conclusion": tree(fields["conclusion"]),
        "remedy": fields["remedy"],
        "remedy_by": fields["remedy_by"],
        "date": facts.date,
        "code": facts.code,
        "boxes": BOXES,
    }


def checked(found: Mapping[str, str]) -> list[list[str]]:
    """The check as the table of the paper names it."""
    lesson = found["lesson"]
    rows = [["Tiết được kiểm tra", lesson[:1].upper() + lesson[1:]], ["Thời điểm", found["when"]]]
    return [*rows, *([found[f"{item}_name"], found[item]] for item in ITEMS)]


def parts(fields: Mapping[str, Any]) -> dict[str, str]:
    """What an appeal names of these minutes."""
    return {
        "day": day_words(fields.get("day", "")),
        "remedy_by": fields.get("remedy_by", ""),
    }


VIOLATION_MINUTES = DocumentType(
    slug="violation-minutes",
    name=Text("Biên bản kiểm tra đột xuất", "Minutes of a spot check"),
    short=Text("Biên bản", "Minutes"),
    form=Form(
        fields=(
            Day(name="day", label=Text("Ngày lập biên bản", "Day")),
            Hour(name="began", label=Text("Bắt đầu lúc", "Start")),
            Hour(name="ended", label=Text("Kết thúc lúc", "End")),
            Line(name="place", label=Text("Địa điểm", "Place"), example="Phòng hội đồng"),
            Repeated(
                name="present",
                label=Text("Thành phần tham dự", "Present"),
                item=Text("Người", "Person"),
                fields=PERSON_FIELDS,
                least=2,
                most=20,
                starts_with=({}, {}),
                as_table=True,
            ),
            Rich(
                name="course",
                label=Text("Nội dung (theo diễn biến)", "Course of events"),
                help=Text(
                    "Ghi điều đã thấy, đã nghe theo thứ tự; không nhận xét về người.",
                    "Write what was seen and heard, in order; no judgement of the person.",
                ),
                rows=8,
                example="<p>Lúc 8 giờ 15 phút, cán bộ kiểm tra đề nghị xem hồ sơ dạy học của tiết 2.</p>",
            ),
            Rich(
                name="conclusion",
                label=Text("Kết luận", "Conclusion"),
                rows=3,
                example="<p>Tại thời điểm kiểm tra, còn phải bổ sung bản in kế hoạch dạy học tuần 12.</p>",
            ),
            Line(
                name="remedy",
                label=Text("Biện pháp khắc phục", "Remedy"),
                longest=500,
                example="In kế hoạch dạy học đã duyệt và để tại lớp.",
            ),
            Day(
                name="remedy_by",
                label=Text("Kiểm tra lại ngày", "Day of the follow-up"),
                help=Text(
                    "Đến ngày này, phần kiểm tra lại hiện ở trang của người kiểm tra.",
                    "On this day the follow-up check stands on the inspector's desk.",
                ),
            ),
        ),
        rules=(in_order, of_people),
    ),
    steps=(
        Draft(by=author),
        Parallel(
            name="signing",
            label=Text("Ký biên bản", "Signing"),
            parts=(
                Sign(by=author, label=Text("Người kiểm tra ký", "Inspector's signature")),
                Respond(
                    name="response",
                    label=Text("Ý kiến, chữ ký của giáo viên", "Teacher's response"),
                    due=Within(timedelta(days=2)),
                ),
            ),
        ),
        Acknowledge(
            name="witness",
            label=Text("Người chứng kiến ký", "Witness's signature"),
            by=witness,
            when=Refused("response"),
            text="refusal",
            refusal_of="response",
            returns_to="signing",
            due=Within(timedelta(days=1)),
        ),
        Acknowledge(
            name="note",
            label=Text("Hiệu trưởng ghi nhận", "Principal takes note"),
            by=principal | vice_principal,
            approves=True,
            numbers="BB",
            returns_to="draft",
            due=Within(timedelta(days=2)),
        ),
        Archive(keep=years(10)),
    ),
    drafted_by=HasRole("inspector") | principal | vice_principal,
    layout="violation_minutes",
    lay_out=lay_out,
    title=title,
    amends="spot-check",
    begins=begin,
    parts=parts,
    confidential=True,
    after=Outcome("finding", VIOLATION, Text("đã kết luận có vi phạm", "a violation was found")),
    once=True,
    span=Span(DRAWN_UP),
    begin_label=Text("Lập biên bản", "Draw up minutes"),
)
