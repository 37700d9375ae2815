"""A check's paper: one page for a clean one, places for whoever signs, nothing outside the margins."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest

from flows.documents.spot_check import SPOT_CHECK
from flows.grammar import Facts, WeekFacts
from tasks import rendering

MM = 72 / 25.4
LEFT, RIGHT, FOOT, HEAD = 30 * MM, (210 - 15) * MM, 20 * MM, (297 - 20) * MM
"""Decree 30: margins of 30, 15, 20 and 20 mm, from the left and from below."""
LONGEST = "Máy tính em hỏng từ thứ Sáu nên em in giáo án cả tuần. " * 18
FIELDS: dict[str, Any] = {
    "week": "w",
    "week_number": 12,
    "check": "0198",
    "day": "2026-11-24",
    "session": "morning",
    "period": 3,
    "class": "c",
    "class_name": "3A",
    "subject": "Toán",
    "lesson": "Bài 27. Giảm một số đi một số lần (tiết 2)",
    "teacher": "Nguyễn Thị Lan",
    "how": "Rút ngẫu nhiên từ thời khóa biểu (đợt rút công bố ngày 23/11/2026)",
    "started": "09:15",
    "ended": "09:25",
    "place": "Phòng học lớp 3A",
    "teaching_plan": "present",
    "teaching_plan_records": "<p>Đã ký duyệt 15:02 20/11/2026.</p><p>Hệ thống chưa ghi nhận bản in nào.</p>",
    "teaching_plan_lacks": "no",
    "lesson_plan": "printed",
    "lesson_plan_records": "<p>Đã ký duyệt 15:02 20/11/2026.</p><p>Hệ thống chưa thấy tải về.</p>",
    "lesson_plan_lacks": "no",
    "reason": "broken",
    "words": "<p>Em in giáo án cả tuần ạ.</p>",
    "said": "Em in giáo án cả tuần ạ.",
    "read_back": "yes",
    "note": "",
    "summary": "<p>Đủ hồ sơ, không có việc phải xem tiếp.</p>",
    "asks": "no",
}
FACTS = Facts(
    document_id="0198aaaa-bbbb-cccc-dddd-eeeeffff0000",
    revision=1,
    date="2026-11-24",
    issuer={
        "parent": "Ủy ban nhân dân xã Nam Hòa",
        "name": "Trường Tiểu học Đồng Mai",
        "place": "Nam Hòa",
        "abbreviation": "THĐM",
    },
    author_name="Ngô Văn Bình",
    author_post="Cán bộ kiểm tra",
    group_name="",
    homeroom="",
    concerned_name="Nguyễn Thị Lan",
    concerned_post="Giáo viên",
    weeks={"w": WeekFacts("w", 12, 1, "2026-2027", "2026-11-23", "2026-11-29")},
    classes={"c": "3A"},
)


def laid_out(**changes: Any) -> dict[str, Any]:
    return SPOT_CHECK.lay_out(FIELDS | changes, FACTS)


def paper(**changes: Any) -> rendering.Rendered:
    return rendering.render("spot_check", laid_out(**changes))


def texts(rendered: rendering.Rendered) -> list[str]:
    pdf = pypdfium2.PdfDocument(rendered.pdf)
    return [" ".join(pdf[n].get_textpage().get_text_range().split()) for n in range(len(pdf))]


def test_a_clean_check_is_one_page_with_one_signature() -> None:
    made = paper()
    (text,) = texts(made)
    assert [(box.name, box.kind) for box in made.boxes] == [("author", "signature")]
    for said in (
        "PHIẾU KIỂM TRA ĐỘT XUẤT",
        "tiết 3 buổi sáng, lớp 3A, môn Toán",
        "Bản in thay (máy tính hỏng)",
        "Thứ Ba, ngày 24 tháng 11 năm 2026, từ 09 giờ 15 phút đến 09 giờ 25 phút",
        "(Giáo viên đã đọc lại lời ghi trên.)",
    ):
        assert said in text
    assert "KẾT LUẬN" not in text


def test_what_is_looked_at_further_has_a_place_for_reasons_and_a_second_signature() -> None:
    made = paper(asks="yes")
    assert [(box.name, box.kind) for box in made.boxes] == [
        ("author", "signature"),
        ("reasons", "text"),
        ("finding", "signature"),
    ]
    whole = " ".join(texts(made))
    assert "XEM XÉT, KẾT LUẬN" in whole
    assert "vi phạm" not in whole.lower()


@pytest.mark.parametrize("asks", ["yes", "no"])
@pytest.mark.parametrize("words", ["", f"<p>{LONGEST}</p>", f"<p>{'x' * 900}</p>"])
def test_nothing_leaves_the_page_and_no_signature_stands_alone(asks: str, words: str) -> None:
    made = paper(asks=asks, words=words, note=words, lesson=LONGEST[:600], how=LONGEST[:700])
    pages = texts(made)
    for box in made.boxes:
        left, bottom, right, top = box.rect
        assert LEFT - 1 <= left < right <= RIGHT + 1
        assert FOOT - 1 <= bottom < top <= HEAD + 1
    author = next(box for box in made.boxes if box.name == "author")
    assert "Tóm tắt" in pages[author.page]
    pdf = pypdfium2.PdfDocument(made.pdf)
    for page in pdf:
        text = page.get_textpage()
        for n in range(text.count_rects()):
            left, _, right, _ = text.get_rect(n)
            assert left >= LEFT - 2
            assert right <= RIGHT + 6, "but for a line's last space"


def test_who_said_nothing_and_who_did_not_read_is_told() -> None:
    assert "Giáo viên không có ý kiến." in texts(paper(words=""))[0]
    assert "(Giáo viên chưa đọc lại lời ghi trên.)" in texts(paper(read_back="no"))[0]
