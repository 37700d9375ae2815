"""Danh mục hồ sơ hết thời hạn lưu trữ đề nghị hủy: records proposed for destruction, their time being over.

The clerk chooses among what is due (`flows/retention.py`); what is left out stands there with the reason. The
vice principal looks at it, the principal approves it with number and date, the clerk seals it. It is kept
permanently: with the events of the records it names it is the minutes of their destruction, which the clerk
carries out afterwards (`flows/destroying.py`; Law on Archives 33/2024/QH15).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flows.fields import Day, Form, Line, Repeated, Whole, day_words
from flows.grammar import (
    PERMANENTLY,
    Archive,
    DocumentType,
    Draft,
    Facts,
    Review,
    Seal,
    Sign,
    Within,
)
from flows.people import author, clerk, principal, vice_principal
from models.text import Text

MOST = 500
"""Records on one list; what is left is for the next."""
LONGEST_REASON = 300
BOXES = [
    {"field": "author", "caption": "Người lập danh mục", "at": "left"},
    {"field": "vice_principal_review", "caption": "", "at": "small"},
    {"field": "principal_approval", "caption": "", "at": "right"},
    {"field": "seal", "caption": "", "at": "seal"},
]


def title(fields: Mapping[str, Any], facts: Facts) -> str:
    """`Danh mục 12 hồ sơ hết thời hạn lưu trữ đề nghị hủy, lập ngày 24/11/2026`."""
    number = len(fields.get("records") or ())
    return f"Danh mục {number} hồ sơ hết thời hạn lưu trữ đề nghị hủy, lập ngày {day_words(facts.date)}"


def lay_out(fields: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    return {
        "title": title(fields, facts),
        "issuer": dict(facts.issuer),
        "author": {"name": facts.author_name, "post": facts.author_post},
        "date": facts.date,
        "code": facts.code,
        "reason": fields["reason"],
        "records": [{name: row[name] for name in _PRINTED} for row in fields["records"]],
        "pages": sum(row["pages"] or 0 for row in fields["records"]),
        "left_out": [
            {"title": row["title"], "owner": row["owner"], "reason": row["reason"]}
            for row in fields["left_out"]
        ],
        "boxes": BOXES,
    }


_PRINTED = ("number", "type", "title", "owner", "approved_on", "kept_until", "pages", "sha256")
_RECORD = (
    Line(name="document", label=Text("Mã trong hệ thống", "Id"), longest=36),
    Line(name="title", label=Text("Tên hồ sơ", "Title"), longest=300, example="Kế hoạch bài dạy tuần 12"),
    Line(name="owner", label=Text("Người soạn", "Author"), longest=120, example="Nguyễn Thị Lan"),
)

DESTRUCTION_LIST = DocumentType(
    slug="destruction-list",
    name=Text("Danh mục hồ sơ hết thời hạn lưu trữ đề nghị hủy", "List of records to be destroyed"),
    short=Text("Danh mục hủy", "Destruction list"),
    form=Form(
        fields=(
            Line(
                name="reason",
                label=Text("Lý do hủy", "Reason"),
                longest=500,
                example="Hết thời hạn lưu trữ, không còn giá trị sử dụng.",
            ),
            Repeated(
                name="records",
                label=Text("Hồ sơ đề nghị hủy", "Records to be destroyed"),
                item=Text("Hồ sơ", "Record"),
                fields=(
                    *_RECORD,
                    Line(name="number", label=Text("Số", "Number"), longest=20, required=False),
                    Line(name="type", label=Text("Loại", "Type"), longest=120, example="Kế hoạch bài dạy"),
                    Day(name="approved_on", label=Text("Ngày ký duyệt", "Approved"), required=False),
                    Day(name="kept_until", label=Text("Giữ đến hết ngày", "Kept to the end of")),
                    Whole(name="pages", label=Text("Số trang", "Pages"), most=9999, example=4),
                    Line(name="sha256", label=Text("SHA-256 của tệp", "SHA-256 of the file"), longest=64),
                ),
                most=MOST,
                as_table=True,
            ),
            Repeated(
                name="left_out",
                label=Text("Hồ sơ để lại", "Records left out"),
                item=Text("Hồ sơ", "Record"),
                fields=(
                    *_RECORD,
                    Line(name="reason", label=Text("Lý do để lại", "Reason"), longest=LONGEST_REASON),
                ),
                required=False,
                least=0,
                most=MOST,
                as_table=True,
            ),
        ),
    ),
    steps=(
        Draft(by=author),
        Sign(
            by=author,
            label=Text("Văn thư ký, trình", "Clerk's signature"),
            rewritten=False,
            due=Within(timedelta(days=1)),
        ),
        Review(
            name="vice_principal_review",
            label=Text("Phó Hiệu trưởng xem xét, ký", "Vice principal's review"),
            by=vice_principal,
            returns_to="draft",
            due=Within(timedelta(days=5)),
        ),
        Review(
            name="principal_approval",
            label=Text("Hiệu trưởng ký duyệt", "Principal's approval"),
            by=principal,
            approves=True,
            numbers="DM",
            returns_to="draft",
            due=Within(timedelta(days=5)),
        ),
        Seal(by=clerk, own=True, due=Within(timedelta(days=1))),
        Archive(keep=PERMANENTLY),
    ),
    drafted_by=clerk,
    layout="destruction_list",
    lay_out=lay_out,
    title=title,
    confidential=True,
    recorded=True,
)
