"""Đơn kiến nghị: the teacher concerned asks the school to look again at minutes that were taken note of.

Begun at the minutes, within the days the school gives (`flows/appeals.py`); cites them by their hash. The
principal or the vice principal grants or rejects it with a signature, the reasons filled in that signature's
revision of the page: one who neither found the violation nor took note of the minutes, where there is such a
one. What a grant does to the finding stands in `flows/aftermath.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flows.fields import Form, Rich
from flows.grammar import Archive, Choice, Decision, DocumentType, Draft, Facts, Sign, Span, Within, years
from flows.people import Afresh, author, concerned, principal, vice_principal
from models.text import Text, within
from tasks.rich_text import tree

GRANT, REJECT = "grant", "reject"
BOXES = [{"field": "author", "caption": "Người làm đơn"}, {"field": "decision", "caption": ""}]


def title(fields: Mapping[str, Any], facts: Facts) -> str:  # noqa: ARG001 - it is named after the minutes
    assert facts.about is not None
    return f"Đơn kiến nghị về {within(facts.about.title)}"


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    about = facts.about
    assert about is not None
    day = about.parts.get("day", "")
    return {
        "title": title(fields, facts),
        "about": f"Về biên bản kiểm tra hồ sơ dạy học{f' ngày {day}' if day else ''}",
        "issuer": dict(facts.issuer),
        "author": {"name": facts.author_name, "post": facts.author_post},
        "group": {"name": facts.group_name},
        "date": facts.date,
        "code": facts.code,
        "minutes": about.as_printed,
        "asks": tree(fields["asks"]),
        "grounds": tree(fields["grounds"]),
        "boxes": BOXES,
    }


APPEAL = DocumentType(
    slug="appeal",
    name=Text("Đơn kiến nghị về biên bản", "Appeal against minutes"),
    short=Text("Đơn kiến nghị", "Appeal"),
    form=Form(
        fields=(
            Rich(
                name="asks",
                label=Text("Nội dung kiến nghị", "What is asked"),
                rows=4,
                example="<p>Đề nghị xem lại kết luận của biên bản.</p>",
            ),
            Rich(
                name="grounds",
                label=Text("Lý do", "Grounds"),
                rows=6,
                example="<p>Bản in có trong tủ lớp; hệ thống ghi nhận lần in lúc 7 giờ 02 phút.</p>",
            ),
        ),
    ),
    steps=(
        Draft(by=author),
        Sign(by=author, label=Text("Ký và gửi", "Sign and send")),
        Decision(
            name="decision",
            label=Text("Giải quyết kiến nghị", "Decision on the appeal"),
            by=Afresh((principal, vice_principal)),
            approves=True,
            choices=(
                Choice(
                    GRANT,
                    Text("Chấp nhận kiến nghị", "Grant the appeal"),
                    Text("{who} chấp nhận kiến nghị", "{who} granted the appeal"),
                ),
                Choice(
                    REJECT,
                    Text("Giữ nguyên biên bản", "Let the minutes stand"),
                    Text("{who} giữ nguyên biên bản", "{who} let the minutes stand"),
                ),
            ),
            due=Within(timedelta(days=5)),
        ),
        Archive(keep=years(10)),
    ),
    drafted_by=concerned,
    layout="appeal",
    lay_out=lay_out,
    title=title,
    amends="violation-minutes",
    once=True,
    span=Span(rule="appeal", closes=True),
    begin_label=Text("Gửi kiến nghị", "Appeal"),
    confidential=True,
)
