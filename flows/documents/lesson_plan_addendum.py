"""Điều chỉnh sau bài dạy: item 4 of a lesson plan (Công văn 2345/BGDĐT-GDTH, Phụ lục 3), a record of its own.

Written after teaching, hence after the plan was approved and perhaps archived; the signed plan is never
touched. It names the lessons, cites the approved file by its SHA-256 and ends with its author's signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.fields import Form, Known, PartOf, Repeated, Rich
from flows.grammar import Archive, DocumentType, Draft, Facts, Sign, years
from flows.people import author, group_head, principal, teacher
from models.errors import Fault
from models.text import Text, within
from tasks.rich_text import tree

NOTE_FIELDS = (
    PartOf(name="lesson", label=Text("Bài dạy", "Lesson")),
    Rich(
        name="text",
        label=Text("4. Điều chỉnh sau bài dạy", "4. Note after teaching"),
        rows=5,
        example="<p>- Hoạt động luyện tập cần thêm 5 phút; một số em còn lúng túng khi tóm tắt đề bài.</p>",
    ),
)


def each_lesson_once(fields: Mapping[str, Any], known: Known) -> list[Fault]:  # noqa: ARG001 - a form's rule
    """All that is said of a lesson stands together."""
    seen: set[str] = set()
    faults = []
    for index, note in enumerate(fields["notes"]):
        if note["lesson"] and note["lesson"] in seen:
            sentence = Text(
                "Bài dạy này đã có ở trên. Ghi chung vào một chỗ.",
                "This lesson stands above already. Write both in one place.",
            )
            faults.append(Fault(f"notes.{index}.lesson", sentence))
        seen.add(note["lesson"])
    return faults


def title(fields: Mapping[str, Any], facts: Facts) -> str:  # noqa: ARG001 - it is named after its plan
    assert facts.about is not None
    return f"Điều chỉnh sau bài dạy: {within(facts.about.title)}"


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    about = facts.about
    assert about is not None
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "author": {"name": facts.author_name, "post": facts.author_post},
        "group": {"name": facts.group_name},
        "date": facts.date,
        "code": facts.code,
        "plan": about.as_printed,
        "notes": [
            {"lesson": about.parts.get(note["lesson"], ""), "text": tree(note["text"])}
            for note in fields["notes"]
        ],
        "boxes": [{"field": "author", "caption": "Người lập kế hoạch"}],
    }


LESSON_PLAN_ADDENDUM = DocumentType(
    slug="lesson-plan-addendum",
    name=Text("Điều chỉnh sau bài dạy", "Note after teaching"),
    short=Text("Điều chỉnh sau bài dạy", "Note after teaching"),
    form=Form(
        fields=(
            Repeated(
                name="notes",
                label=Text("Các bài dạy có điều chỉnh", "Lessons with a note"),
                item=Text("Bài dạy", "Lesson"),
                fields=NOTE_FIELDS,
                most=60,
            ),
        ),
        rules=(each_lesson_once,),
    ),
    steps=(
        Draft(by=author),
        Sign(by=author, label=Text("Ký", "Sign"), approves=True),
        Archive(keep=years(5)),
    ),
    drafted_by=teacher,
    layout="lesson_plan_addendum",
    lay_out=lay_out,
    title=title,
    amends="lesson-plan",
    taught=True,
    informs=(group_head, principal),
)
