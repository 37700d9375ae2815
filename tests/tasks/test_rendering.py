"""Pages: the layouts as a school sends them out, measured; typed text stays text; stamps fit their boxes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flows import stamps
from models.errors import Invalid, NotFound
from tasks import pdf_pages, rendering
from tasks.fonts import STAND_IN, drawable
from tasks.form_fields import FilledText, fill, prepare, show
from tasks.rich_text import tree
from tests import verapdf
from tests.tasks.test_spot_check_layout import laid_out

MM = 72 / 25.4
SHA = "cd" * 32
ISSUER = {
    "parent": "UBND xã Nam An Phụ",
    "name": "Trường Tiểu học Thăng Long",
    "place": "Nam An Phụ",
    "abbreviation": "THTL",
}
LONG_NAME = "Trường Tiểu học và Trung học cơ sở Nguyễn Bỉnh Khiêm phân hiệu Thăng Long"


def a_lesson(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"lesson-{number}",
        "subject": "Toán",
        "class_name": "3A",
        "title": f"Bài {number}. Bài toán giải bằng hai bước tính (tiết 2)",
        "periods": 1,
        "date": "2026-11-30",
        "requirements": tree(
            "<p>- Giải được bài toán có lời văn bằng hai bước tính.</p><ul><li>Chăm chỉ</li></ul>"
        ),
        "equipment": tree("<table><tr><th>Giáo viên</th><td>bảng phụ</td></tr></table>"),
        "phases": [
            {
                "name": name,
                "minutes": minutes,
                "teacher": tree("<p>- Tổ chức trò chơi “Ai nhanh hơn”.</p>"),
                "pupils": tree("<p>- Cả lớp tham gia.</p>"),
            }
            for name, minutes in (("Mở đầu", 5), ("Hình thành kiến thức mới", 12), ("Vận dụng", None))
        ],
        **changes,
    }


def a_lesson_plan(*lessons: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "title": "Kế hoạch bài dạy tuần 13, lớp 3A",
        "issuer": ISSUER,
        "week": {"number": 13, "monday": "2026-11-30", "sunday": "2026-12-06"},
        "author": {"name": "Nguyễn Thị Lan"},
        "group": {"name": "Tổ chuyên môn 1-2-3"},
        "date": "2026-11-09",
        "code": "KHBD-3A-13-1",
        "lessons": list(lessons) or [a_lesson()],
        "boxes": [
            {"field": "author", "caption": "Người lập kế hoạch"},
            {"field": "group_review", "caption": "Tổ chuyên môn duyệt"},
            {"field": "principal_approval", "caption": "Ban Giám hiệu duyệt"},
        ],
        **changes,
    }


def a_team_plan(rows: int = 20, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Kế hoạch dạy học Toán khối 3, tuần 13–16",
        "issuer": ISSUER,
        "group": {"name": "Tổ chuyên môn 1-2-3"},
        "year": "2026 - 2027",
        "subject": "Toán",
        "grade": "3",
        "weeks": {
            "first": {"number": 13, "monday": "2026-11-30", "sunday": "2026-12-06"},
            "last": {"number": 16, "monday": "2026-12-21", "sunday": "2026-12-27"},
        },
        "date": "2026-11-12",
        "code": "KHDH-1",
        "basis": tree("<p>Căn cứ Chương trình giáo dục phổ thông 2018;</p>"),
        "conditions": tree("<p>Khối 3 có 3 lớp, 96 học sinh.</p>"),
        "rows": [
            {
                "week": 13 + row // 5,
                "month": 12,
                "theme": "Phép nhân, phép chia",
                "lesson": f"Bài {row}. Luyện tập chung\n(tiết 2)",
                "periods": 1,
                "adjustment": "Tích hợp liên môn" if row % 3 == 0 else "",
                "note": "",
            }
            for row in range(rows)
        ],
        "organisation": tree("<p>Giáo viên trong khối thực hiện theo kế hoạch.</p>"),
        "boxes": [
            {"field": "author", "caption": "", "at": "left"},
            {"field": "vice_principal_review", "caption": "", "at": "small"},
            {"field": "principal_approval", "caption": "", "at": "right"},
            {"field": "seal", "caption": "", "at": "seal"},
        ],
        **changes,
    }


def a_teacher_plan(periods: int = 8, **changes: Any) -> dict[str, Any]:
    weeks = [
        {"number": 13, "monday": "2026-11-30", "sunday": "2026-12-06"},
        {"number": 14, "monday": "2026-12-07", "sunday": "2026-12-13"},
    ]
    row = {
        "session": "Sáng",
        "class_name": "3A",
        "subject": "Tự nhiên và Xã hội",
        "lesson": "Bài 28. Bài toán giải bằng hai bước tính (tiết 2)",
        "equipment": "Bảng phụ",
        "adjustment": "",
    }
    return {
        "title": "Kế hoạch dạy học tuần 13–14, Nguyễn Thị Lan",
        "issuer": ISSUER,
        "author": {"name": "Nguyễn Thị Lan"},
        "group": {"name": "Tổ chuyên môn 1-2-3"},
        "year": "2026 - 2027",
        "first": weeks[0],
        "last": weeks[1],
        "date": "2026-11-12",
        "code": "KHDH-LAN-1",
        "weeks": [
            week | {"rows": [row | {"date": week["monday"], "period": n + 1} for n in range(periods)]}
            for week in weeks
        ],
        "undated": [],
        "boxes": [
            {"field": "author", "caption": "Người lập kế hoạch"},
            {"field": "group_review", "caption": "Tổ chuyên môn duyệt"},
            {"field": "principal_approval", "caption": "Ban Giám hiệu duyệt"},
        ],
        **changes,
    }


def an_addendum(notes: int = 2, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Điều chỉnh sau bài dạy: kế hoạch bài dạy tuần 13, lớp 3A",
        "issuer": ISSUER,
        "author": {"name": "Nguyễn Thị Lan"},
        "group": {"name": "Tổ chuyên môn 1-2-3"},
        "date": "2026-12-02",
        "code": "DC-LAN-1",
        "plan": {
            "title": "Kế hoạch bài dạy tuần 13, lớp 3A",
            "code": "KHBD-3A-13-1",
            "revision": 1,
            "approved_on": "2026-11-20",
            "approved_sha256": "0123456789abcdef" * 4,
            "archived_sha256": "fedcba9876543210" * 4,
        },
        "notes": [
            {
                "lesson": f"Toán, 0{n + 1}/12/2026: Bài {28 + n}. Bài toán giải bằng hai bước tính (tiết 2)",
                "text": tree("<p>- Hoạt động luyện tập cần thêm 5 phút.</p><p>- Bỏ bài 3.</p>"),
            }
            for n in range(notes)
        ],
        "boxes": [{"field": "author", "caption": "Người lập kế hoạch"}],
        **changes,
    }


def minutes(**changes: Any) -> dict[str, Any]:
    lan = {"name": "Nguyễn Thị Lan", "post": "Giáo viên"}
    binh = {"name": "Lê Thanh Bình", "post": "Cán bộ kiểm tra"}
    return {
        "title": "Biên bản kiểm tra hồ sơ dạy học, lớp 3A, tiết 2 ngày 24/11/2026",
        "about": "Về việc kiểm tra đột xuất hồ sơ dạy học của giáo viên",
        "issuer": ISSUER,
        "author": binh,
        "concerned": lan,
        "present": [binh, lan, {"name": "Phạm Thị Hoa", "post": "Tổ trưởng chuyên môn"}],
        "begin": {"date": "2026-11-24", "time": "09:40"},
        "end": {"date": "2026-11-24", "time": "10:05"},
        "place": "Phòng hội đồng",
        "check": {
            "code": "a1b2c3d4e5f6-1",
            "revision": 1,
            "decided_on": "2026-11-24",
            "sha256": "0123456789abcdef" * 4,
        },
        "facts": [
            ["Tiết được kiểm tra", "Lớp 3A, tiết 2 ngày 24/11/2026, môn Toán"],
            ["Kế hoạch dạy học tuần 12, bản in", "Không có"],
            ["Kế hoạch bài dạy của tiết, bản mềm", "Có"],
        ],
        "course": tree(
            "<p>Lúc 8 giờ 15 phút, cán bộ kiểm tra đến lớp 3A và đề nghị xem hồ sơ dạy học của tiết 2.</p>"
            "<p>Tại thời điểm kiểm tra chưa thấy bản in kế hoạch dạy học tuần 12.</p>"
        ),
        "conclusion": tree("<p>Thiếu bản in kế hoạch dạy học tuần 12 khi được kiểm tra.</p>"),
        "remedy": "In kế hoạch dạy học và để tại lớp.",
        "remedy_by": "2026-12-01",
        "date": "2026-11-24",
        "code": "BB-1",
        "boxes": [
            {"field": "response", "caption": "Người được kiểm tra"},
            {"field": "author", "caption": "Người kiểm tra, ghi biên bản"},
            {"field": "witness", "caption": "Người chứng kiến (nếu có)"},
            {"field": "note", "caption": ""},
        ],
        **changes,
    }


def an_appeal(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Đơn kiến nghị về biên bản kiểm tra ngày 24/11/2026",
        "about": "Về biên bản kiểm tra hồ sơ dạy học ngày 24/11/2026",
        "issuer": ISSUER,
        "author": {"name": "Nguyễn Thị Lan", "post": "Giáo viên"},
        "group": {"name": "Tổ chuyên môn 1-2-3"},
        "date": "2026-11-27",
        "code": "KN-1",
        "minutes": {
            "title": "Biên bản kiểm tra hồ sơ dạy học, lớp 3A, tiết 2 ngày 24/11/2026",
            "code": "a1b2c3d4e5f6-1",
            "revision": 1,
            "approved_on": "2026-11-25",
            "approved_sha256": "0123456789abcdef" * 4,
            "archived_sha256": "fedcba9876543210" * 4,
        },
        "asks": tree("<p>Đề nghị xem lại kết luận của biên bản.</p>"),
        "grounds": tree("<p>Bản in có trong tủ lớp; hệ thống ghi nhận lần in lúc 7 giờ 02 phút.</p>"),
        "boxes": [
            {"field": "author", "caption": "Người làm đơn"},
            {"field": "decision", "caption": ""},
        ],
        **changes,
    }


def a_destruction_list(records: int = 3) -> dict[str, Any]:
    return {
        "title": f"Danh mục {records} hồ sơ hết thời hạn lưu trữ đề nghị hủy, lập ngày 24/11/2026",
        "issuer": ISSUER,
        "author": {"name": "Bùi Thị Thu", "post": "Văn thư"},
        "date": "2026-11-24",
        "code": "DM-1",
        "reason": "Hết thời hạn lưu trữ, không còn giá trị sử dụng.",
        "records": [
            {
                "number": "" if n % 2 else f"{n + 1:02d}",
                "type": "Kế hoạch bài dạy (giáo án)",
                "title": f"Kế hoạch bài dạy tuần {n + 1}, lớp 3A",
                "owner": "Nguyễn Thị Lan",
                "approved_on": "2020-11-20",
                "kept_until": "2025-12-31",
                "pages": 4,
                "sha256": "0123456789abcdef" * 4,
            }
            for n in range(records)
        ],
        "pages": 4 * records,
        "left_out": [
            {
                "title": "Kế hoạch bài dạy tuần 40",
                "owner": "Trần Thị Mai",
                "reason": "Còn dùng làm minh chứng kiểm định.",
            }
        ],
        "boxes": [
            {"field": "author", "caption": "Người lập danh mục", "at": "left"},
            {"field": "vice_principal_review", "caption": "", "at": "small"},
            {"field": "principal_approval", "caption": "", "at": "right"},
            {"field": "seal", "caption": "", "at": "seal"},
        ],
    }


def a_picture(size: tuple[int, int] = (400, 300), *, mode: str = "RGB") -> bytes:
    output = io.BytesIO()
    Image.new(mode, size, (29, 63, 154) if mode == "RGB" else (29, 63, 154, 90)).save(output, "PNG")
    return output.getvalue()


def a_stamp(box: rendering.Box, **changes: Any) -> bytes:
    data = {
        "kind": "seal" if box.name == "seal" else "person",
        "width": box.width,
        "height": box.height,
        "authority": ["KT. Hiệu trưởng", "Phó Hiệu trưởng"],
        "name": "Trần Quang Minh",
        "signed_at": datetime(2026, 11, 24, 14, 37, 12, tzinfo=UTC),
        "development": True,
        "diameter": 360,
        "over": stamps.over(box.rect, None),
    }
    return rendering.stamp(data | changes).pdf


def texts(rendered: rendering.Rendered) -> list[str]:
    return [" ".join(text.split()) for text in pdf_pages.page_texts(rendered.pdf)]


def a_spot_check() -> dict[str, Any]:
    return laid_out(asks="yes")


LAYOUTS: dict[str, Callable[[], dict[str, Any]]] = {
    "appeal": an_appeal,
    "destruction_list": a_destruction_list,
    "lesson_plan": a_lesson_plan,
    "lesson_plan_addendum": an_addendum,
    "spot_check": a_spot_check,
    "teacher_teaching_plan": a_teacher_plan,
    "team_teaching_plan": a_team_plan,
    "violation_minutes": minutes,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_data_gives_the_same_bytes(layout: str) -> None:
    data = LAYOUTS[layout]()
    assert rendering.render(layout, data) == rendering.render(layout, data)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_stays_pdf_a_2a_with_its_stamps_and_fields(layout: str) -> None:
    picture = {SHA: a_picture()}
    data = LAYOUTS[layout]()
    rich = tree(
        "<p>✓ ☐ ① ế <b>x<sub>2</sub></b> <u>u</u> <s>s</s></p><ol><li>a</li></ol>"
        f'<img src="image:{SHA}" alt="Hình">'
    )
    if layout == "lesson_plan":
        data["lessons"][0]["equipment"] = rich
    elif "conditions" in data:
        data["conditions"] = rich
    rendered = rendering.render(layout, data, picture)
    writer = _writer(prepare(rendered.pdf, rendered.boxes))
    fields = {field.get_object()["/T"]: field for field in writer.root["/AcroForm"]["/Fields"]}
    for box in rendered.boxes:
        if box.kind == "text":
            draw = rendering.text_field if box.name in ("number", "date") else rendering.text_area
            fill(writer, [FilledText(box.name, "05", draw(box, "05"))])
        else:
            show(writer, fields[box.name].get_object(), a_stamp(box, picture=a_picture(mode="RGBA")))
            writer.mark_update(fields[box.name])
    output = io.BytesIO()
    writer.write(output)
    assert verapdf.check(rendered.pdf, output.getvalue()) == []


def _writer(pdf: bytes) -> Any:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    return IncrementalPdfFileWriter(io.BytesIO(pdf))


def test_typed_text_is_never_markup() -> None:
    typed = "#let x = 1 $a^2$ *không* _đậm_ @ref `c` = đề [x] \\ // \\u{41} #panic() <nhãn>"
    rendered = rendering.render(
        "lesson_plan", a_lesson_plan(a_lesson(title=typed, requirements=tree(typed)), title=typed)
    )
    assert texts(rendered)[1].count(typed) == 2
    assert typed in texts(rendered)[-1]


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_any_text_can_be_printed(text: str) -> None:
    # PDF/A refuses a character without a glyph; the layout must never meet one.
    lesson = a_lesson(title=text, subject=text, requirements=tree(text))
    rendered = rendering.render("lesson_plan", a_lesson_plan(lesson, title=text, author={"name": text}))
    assert rendered.pages >= 3


def test_every_drawable_character_has_a_glyph() -> None:
    from tasks.fonts import drawable_characters

    known = [chr(code) for code in sorted(drawable_characters()) if drawable(chr(code))[0] == chr(code)]
    rendered = rendering.render("lesson_plan", a_lesson_plan(a_lesson(requirements=tree(" ".join(known)))))
    assert rendered.replaced == ()


def test_a_character_no_font_has_is_shown_as_a_box_and_reported() -> None:
    rendered = rendering.render("lesson_plan", a_lesson_plan(a_lesson(title="Chữ 漢 và \uf0fc")))
    assert rendered.replaced == ("漢",)
    assert f"Chữ {STAND_IN} và ✓" in texts(rendered)[1]


def test_lessons_begin_on_the_pages_the_cover_and_the_bookmarks_name() -> None:
    lessons = [a_lesson(number, date=f"2026-12-0{number}") for number in (1, 2, 3)]
    lessons[0]["requirements"] = tree("<p>Yêu cầu dài.</p>" * 60)
    rendered = rendering.render("lesson_plan", a_lesson_plan(*lessons))
    pages = texts(rendered)
    assert list(rendered.parts) == ["lesson-1", "lesson-2", "lesson-3"]
    assert rendered.parts["lesson-2"] > rendered.parts["lesson-1"] + 1
    for number, first in enumerate(rendered.parts.values(), start=1):
        assert re.search(
            rf"Bài {number}\. .*Thời gian thực hiện: Thứ (Ba|Tư|Năm), ngày 0{number} tháng", pages[first - 1]
        )
        assert re.search(rf"Bài {number}\. [^.]*?\(tiết 2\) 1 {first}\b", pages[0])
    with pypdfium2.PdfDocument(rendered.pdf) as document:
        marks = [(mark.get_title(), mark.get_dest().get_index() + 1) for mark in document.get_toc()]
    assert [page for _, page in marks[:3]] == list(rendered.parts.values())
    assert marks[0][0].startswith("Toán 3A, 01/12: Bài 1.")
    assert rendered.pages == len(pages) == pdf_pages.page_count(rendered.pdf)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pages_have_the_margins_of_decree_30(layout: str) -> None:
    """Phụ lục I: top and bottom 20–25 mm, left 30–35, right 15–20; the number centred in the top margin."""
    several_pages = {
        "lesson_plan": lambda: a_lesson_plan(a_lesson(1), a_lesson(2)),
        "lesson_plan_addendum": lambda: an_addendum(9),
        "teacher_teaching_plan": lambda: a_teacher_plan(20),
        "team_teaching_plan": lambda: a_team_plan(60),
        "violation_minutes": lambda: minutes(course=tree("<p>Diễn biến.</p>" * 60)),
        "appeal": lambda: an_appeal(grounds=tree("<p>Lý do.</p>" * 60)),
        "destruction_list": lambda: a_destruction_list(60),
        "spot_check": a_spot_check,  # one page by design
    }
    data = several_pages[layout]()
    with pypdfium2.PdfDocument(rendering.render(layout, data).pdf) as document:
        for index, page in enumerate(document):
            width, height = page.get_size()
            glyphs = _glyphs(page)
            body = [box for box in glyphs if box[1] > 16 * MM and box[3] < height - 16 * MM]
            assert min(box[0] for box in body) >= 30 * MM - 1
            assert max(box[2] for box in body) <= width - 15 * MM + 1
            assert max(box[3] for box in body) <= height - 20 * MM + 4  # an accent rises above its capital
            assert min(box[1] for box in body) >= 20 * MM - 4
            number = [box for box in glyphs if box[3] >= height - 16 * MM]
            assert len(number) == (0 if index == 0 else 1)
            for left, bottom, right, top in number:
                assert abs((left + right) / 2 - (30 * MM + width - 15 * MM) / 2) < 2
                assert height - 14 * MM < bottom < top < height - 6 * MM


def _glyphs(page: Any) -> list[tuple[float, float, float, float]]:
    text = page.get_textpage()
    words = text.get_text_range()
    assert len(words) == text.count_chars()
    return [text.get_charbox(index) for index, word in enumerate(words) if not word.isspace()]


def test_the_header_is_as_decree_30_has_it() -> None:
    rendered = rendering.render("team_teaching_plan", a_team_plan())
    first = texts(rendered)[0]
    for words in ("UBND XÃ NAM AN PHỤ", "TRƯỜNG TIỂU HỌC THĂNG LONG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"):
        assert words in first
    assert "Độc lập - Tự do - Hạnh phúc" in first
    assert "/KH-THTL" in first
    lesson = texts(rendering.render("lesson_plan", a_lesson_plan(date="2026-02-05")))
    assert "Nam An Phụ, ngày 05 tháng 02 năm 2026" in lesson[0]


def test_what_is_unknown_at_the_first_signature_is_not_on_the_page() -> None:
    rendered = rendering.render("team_teaching_plan", a_team_plan())
    whole = " ".join(texts(rendered))
    for unknown in ("HIỆU TRƯỞNG", "TỔ TRƯỞNG", "KT.", "ngày 12 tháng 11"):
        assert unknown not in whole
    assert {(box.name, box.kind) for box in rendered.boxes} == {
        ("number", "text"),
        ("date", "text"),
        ("author", "signature"),
        ("vice_principal_review", "signature"),
        ("principal_approval", "signature"),
        ("seal", "signature"),
    }


def test_boxes_are_empty_places_where_the_page_says() -> None:
    for layout, make in LAYOUTS.items():
        rendered = rendering.render(layout, make())
        with pypdfium2.PdfDocument(rendered.pdf) as document:
            for box in rendered.boxes:
                page = document[box.page]
                width, height = page.get_size()
                left, bottom, right, top = box.rect
                assert 0 < left < right < width
                assert 0 < bottom < top < height
                assert (
                    page.get_textpage().get_text_bounded(left + 1, bottom + 1, right - 1, top - 1).strip()
                    == ""
                )


def test_the_group_head_signs_left_the_principal_right_and_the_seal_covers_a_third() -> None:
    places = {box.name: box for box in rendering.render("team_teaching_plan", a_team_plan()).boxes}
    author, principal, seal = places["author"].rect, places["principal_approval"].rect, places["seal"].rect
    assert author[2] < places["vice_principal_review"].rect[0] < principal[0]
    assert seal[0] < principal[0] < seal[2]
    hand = (principal[0] + 15 * MM, principal[1] + 12 * MM, principal[2] - 15 * MM, principal[3] - 12 * MM)
    for known in (hand, None):  # a picture of 50 mm, and the place it would have
        right = seal[0] + stamps.over(seal, known)["right"]
        assert right == pytest.approx(hand[0] + (hand[2] - hand[0]) / 3, abs=0.1)
    assert seal[1] == pytest.approx(principal[1], abs=0.01)
    assert seal[3] == pytest.approx(principal[3], abs=0.01)
    assert seal[0] > places["vice_principal_review"].rect[2]


def test_number_and_date_stand_in_their_lines() -> None:
    places = {box.name: box for box in rendering.render("team_teaching_plan", a_team_plan()).boxes}
    number, date = places["number"], places["date"]
    assert number.page == date.page == 0
    assert abs(number.rect[1] - date.rect[1]) < 0.5
    assert date.width > 50 * MM


def test_signatures_never_stand_alone_on_a_page() -> None:
    for rows in range(14, 34):
        rendered = rendering.render("team_teaching_plan", a_team_plan(rows))
        last = {box.page for box in rendered.boxes if box.kind == "signature"}
        assert len(last) == 1
        assert "Giáo viên trong khối thực hiện" in texts(rendered)[last.pop()]


def test_a_teaching_plan_names_its_week_on_every_page_and_keeps_its_count_with_the_signatures() -> None:
    for periods in range(3, 18):
        rendered = rendering.render("teacher_teaching_plan", a_teacher_plan(periods))
        pages = texts(rendered)
        (last,) = {box.page for box in rendered.boxes}
        assert f"Kế hoạch gồm {2 * periods} tiết dạy." in pages[last]
        with_rows = [page for page in pages if "Bài 28." in page]
        assert all("Tuần 13 (30/11" in page or "Tuần 14 (07/12" in page for page in with_rows)
        assert all("Đồ dùng dạy học" in page for page in with_rows)


def test_a_note_after_teaching_cites_the_approved_file() -> None:
    cited = an_addendum()["plan"]
    (first, *_) = texts(rendering.render("lesson_plan_addendum", an_addendum()))
    together = first.replace(" ", "")
    assert cited["approved_sha256"] in together
    assert cited["archived_sha256"] in together
    unarchived = an_addendum(plan=cited | {"archived_sha256": ""})
    assert "Tệp lưu trữ" not in texts(rendering.render("lesson_plan_addendum", unarchived))[0]


def test_a_missing_picture_stops_the_paper() -> None:
    data = a_lesson_plan(a_lesson(requirements=tree(f'<img src="image:{SHA}">')))
    with pytest.raises(NotFound):
        rendering.render("lesson_plan", data)


def test_long_names_and_long_tables_stay_inside_the_page() -> None:
    phases = a_lesson()["phases"]
    phases[1]["teacher"] = tree("<p>- Nêu bài toán: ngăn trên có 9 quyển sách.</p>" * 90)
    data = a_lesson_plan(
        a_lesson(1, subject="Tự nhiên và Xã hội " * 3, title="Bài rất dài " * 20, phases=phases),
        a_lesson(2, class_name="4B"),
        issuer=ISSUER | {"name": LONG_NAME, "parent": "Ủy ban nhân dân xã Nam An Phụ, thành phố Hải Phòng"},
    )
    rendered = rendering.render("lesson_plan", data)
    with pypdfium2.PdfDocument(rendered.pdf) as document:
        for page in document:
            assert all(box[2] <= page.get_width() - 15 * MM + 1 for box in _glyphs(page))
    repeated = [page for page in texts(rendered) if "Hoạt động của giáo viên" in page]
    assert len(repeated) >= 4  # the table's head stands on every page it reaches


def test_a_day_is_named_on_the_page_it_begins_on() -> None:
    for filler in range(4):  # the foot of the first page moves over the first rows of a day
        data = a_teacher_plan(4)
        (week, other), row = data["weeks"], data["weeks"][0]["rows"][0]
        week["rows"] = [
            row | {"date": f"2026-{day}", "period": n + 1, "subject": "Toán", "lesson": f"Bài {day} {n}."}
            for day in ("11-30", "12-01", "12-02", "12-03", "12-04")
            for n in range(filler + 1 if day == "11-30" else 3)
        ]
        other["rows"] = []
        pages = texts(rendering.render("teacher_teaching_plan", data))
        for day, shown in (("12-01", "01/12"), ("12-02", "02/12"), ("12-03", "03/12"), ("12-04", "04/12")):
            (begins,) = [page for page in pages if f"Bài {day} 0." in page]
            assert f"{shown} " in begins, (filler, day)


LINK = "https://hanhtrangso.nxbgd.vn/sach-dien-tu/tieng-viet-3-tap-mot-ket-noi-tri-thuc-voi-cuoc-song"


def with_a_link(layout: str) -> dict[str, Any]:
    """A paper with a web address and a dotted line in its narrow columns."""
    wide = f"Xem {LINK} {'.' * 120}"
    if layout == "lesson_plan":
        phases = a_lesson()["phases"]
        phases[0]["pupils"] = tree(f"<p>Xem <b>{LINK}</b> {'.' * 120}</p>")
        return a_lesson_plan(a_lesson(1, title=wide, phases=phases))
    data = LAYOUTS[layout]()
    for row in data["rows"] if "rows" in data else data["weeks"][0]["rows"]:
        row["adjustment"] = wide
    return data


@pytest.mark.parametrize("layout", ["lesson_plan", "teacher_teaching_plan", "team_teaching_plan"])
def test_a_word_longer_than_its_column_breaks_and_nothing_of_it_leaves_the_page(layout: str) -> None:
    rendered = rendering.render(layout, with_a_link(layout))
    with pypdfium2.PdfDocument(rendered.pdf) as document:
        for page in document:
            assert all(box[2] <= page.get_width() - 15 * MM + 1 for box in _glyphs(page))
    read = "".join("".join(texts(rendered)).replace("\u200b", "").split())
    assert LINK in read


def test_a_stamp_is_as_large_as_its_box_and_says_who_and_when() -> None:
    for layout, make in LAYOUTS.items():
        for box in rendering.render(layout, make()).boxes:
            if box.kind == "text":
                continue
            stamp = a_stamp(box)
            with pypdfium2.PdfDocument(stamp) as document:
                assert len(document) == 1
                assert document[0].get_size() == pytest.approx((box.width, box.height), abs=0.5)
            (words,) = (" ".join(text.split()) for text in pdf_pages.page_texts(stamp))
            assert "KT. HIỆU TRƯỞNG PHÓ HIỆU TRƯỞNG" in words
            assert "Ký số: 24/11/2026 21:37:12 +07:00" in words
            assert "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ" in words
            assert ("Trần Quang Minh" in words) == (box.name != "seal")
            assert "KHÔNG CÓ" not in pdf_pages.page_texts(a_stamp(box, development=False))[0]


def test_a_stamp_names_the_written_authorisation_it_rests_on() -> None:
    paper = "Giấy ủy quyền số 12/GUQ-THĐM ngày 20/11/2026"
    for height in (70.0, 119.0):
        box = rendering.Box("author", "signature", 0, (0.0, 0.0, 150.0, height))
        (words,) = (" ".join(text.split()) for text in pdf_pages.page_texts(a_stamp(box, basis=paper)))
        assert f"({paper})" in words
        assert "(" not in pdf_pages.page_texts(a_stamp(box))[0]


def test_a_stamp_with_a_picture_does_not_say_signed() -> None:
    box = rendering.Box("author", "signature", 0, (0.0, 0.0, 150.0, 119.0))
    assert "Đã ký số" in pdf_pages.page_texts(a_stamp(box))[0]
    assert "Đã ký số" not in pdf_pages.page_texts(a_stamp(box, picture=a_picture(mode="RGBA")))[0]


@pytest.mark.parametrize("name", ["Ng", "Nguyễn Hoàng Thị Phương Thảo Anh Ngọc", "Ă" * 120])
def test_a_name_of_any_length_stays_on_one_stamp(name: str) -> None:
    box = rendering.Box("author", "signature", 0, (0.0, 0.0, 150.0, 90.0))
    with pypdfium2.PdfDocument(a_stamp(box, name=name)) as document:
        assert len(document) == 1


def test_a_stamp_is_transparent() -> None:
    box = rendering.Box("author", "signature", 0, (0.0, 0.0, 150.0, 119.0))
    with pypdfium2.PdfDocument(a_stamp(box)) as document:
        image = document[0].render(fill_color=(10, 200, 30, 255)).to_pil().convert("RGB")
    assert image.getpixel((1, 1)) == (10, 200, 30)


def test_page_images_show_what_was_filled_in() -> None:
    rendered = rendering.render("team_teaching_plan", a_team_plan())
    prepared = prepare(rendered.pdf, rendered.boxes)
    number = next(box for box in rendered.boxes if box.name == "number")
    writer = _writer(prepared)
    fill(writer, [FilledText("number", "05", rendering.text_field(number, "05"))])
    output = io.BytesIO()
    writer.write(output)

    def dark(pdf: bytes) -> int:
        image = Image.open(io.BytesIO(pdf_pages.page_image(pdf, 1, 1684))).convert("L")
        scale = image.width / (297 * MM)
        left, bottom, right, top = (side * scale for side in number.rect)
        return sum(
            image.crop((int(left), image.height - int(top), int(right), image.height - int(bottom)))
            .point(lambda v: v < 128 and 1)
            .tobytes()
        )

    assert dark(prepared) == 0
    assert dark(output.getvalue()) > 20


def test_page_images_are_as_wide_as_asked_and_only_of_pages_there_are() -> None:
    rendered = rendering.render("lesson_plan", a_lesson_plan())
    image = Image.open(io.BytesIO(pdf_pages.page_image(rendered.pdf, 2, 400)))
    assert (image.format, image.width) == ("WEBP", 400)
    for page in (0, rendered.pages + 1):
        with pytest.raises(NotFound):
            pdf_pages.page_image(rendered.pdf, page, 400)


@pytest.mark.parametrize("read", [pdf_pages.page_count, pdf_pages.page_texts])
def test_what_is_no_pdf_is_refused(read: Callable[[bytes], Any]) -> None:
    for broken in (b"", b"hello", b"%PDF-1.7\ngarbage"):
        with pytest.raises(Invalid):
            read(broken)
