"""Minutes and appeals on paper, measured in millimetres and points against Decree 30/2020, Phụ lục I.

What is asked of each part stands in one table; the pages are read by another program than made them.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image

from models.errors import Invalid
from tasks import pdf_pages, rendering
from tasks.form_fields import FilledText, fill, prepare
from tasks.rich_text import tree
from tests.tasks.test_rendering import MM, an_appeal, minutes

LONG = "Tôi đã in kế hoạch dạy học từ sáng thứ Hai và để trong ngăn bàn giáo viên. "


@dataclass(frozen=True)
class Glyph:
    character: str
    size: float
    font: str
    box: tuple[float, float, float, float]
    base: float
    """Its base line, in points from below."""


@dataclass(frozen=True)
class Run:
    """Neighbouring glyphs of one line and one column; sides in millimetres, from the left and from above."""

    text: str
    size: float
    bold: bool
    italic: bool
    left: float
    right: float
    top: float
    foot: float
    base: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def glyphs(page: Any) -> Iterator[Glyph]:
    text = page.get_textpage()
    for index in range(text.count_chars()):
        character = chr(pdfium.FPDFText_GetUnicode(text.raw, index))
        if character.isspace():
            continue
        name, flags = ctypes.create_string_buffer(100), ctypes.c_int()
        pdfium.FPDFText_GetFontInfo(text.raw, index, name, 100, flags)
        x, y = ctypes.c_double(), ctypes.c_double()
        pdfium.FPDFText_GetCharOrigin(text.raw, index, x, y)
        size = pdfium.FPDFText_GetFontSize(text.raw, index)
        yield Glyph(character, size, name.value.decode(), text.get_charbox(index), y.value)


def runs(page: Any) -> list[Run]:
    """The page's words by lines; a gap of more than 6 mm begins another run."""
    height = page.get_height()
    found: list[Run] = []

    def line_of(glyph: Glyph) -> float:
        return round(glyph.base, 1)

    for _, line in groupby(sorted(glyphs(page), key=line_of, reverse=True), key=line_of):
        row = sorted(line, key=lambda g: g.box[0])
        start = 0
        for at in range(1, len(row) + 1):
            if at < len(row) and row[at].box[0] - row[at - 1].box[2] < 6 * MM:
                continue
            part = row[start:at]
            start = at
            words = part[0].character + "".join(
                (" " if b.box[0] - a.box[2] > 0.15 * b.size else "") + b.character for a, b in pairwise(part)
            )
            fonts = {g.font for g in part}
            found.append(
                Run(
                    words,
                    part[0].size,
                    all("Bold" in f for f in fonts),
                    all("Italic" in f for f in fonts),
                    part[0].box[0] / MM,
                    part[-1].box[2] / MM,
                    (height - max(g.box[3] for g in part)) / MM,
                    (height - min(g.box[1] for g in part)) / MM,
                    (height - part[0].base) / MM,
                )
            )
    return found


def rules(page: Any) -> list[tuple[float, float, float]]:
    """Straight level lines: left, right, distance from above, in millimetres; borders of tables not."""
    height, lines = page.get_height(), []
    for thing in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_PATH], max_depth=8):
        left, bottom, right, top = thing.get_bounds()
        if top - bottom < 2 and right - left > 10 * MM:
            lines.append((left / MM, right / MM, (height - (bottom + top) / 2) / MM))
    return sorted(lines, key=lambda line: line[2])


def first_page(pdf: bytes) -> tuple[list[Run], list[tuple[float, float, float]]]:
    with pypdfium2.PdfDocument(pdf) as document:
        return runs(document[0]), rules(document[0])


def the(found: list[Run], words: str) -> Run:
    (one,) = [run for run in found if run.text == words]
    return one


# words, least and most size in points, bold, italic, where: centred between these two (mm), or from the left
HEADS = [
    ("UBND XÃ NAM AN PHỤ", 12, 13, False, False),
    ("TRƯỜNG TIỂU HỌC THĂNG LONG", 12, 13, True, False),
    ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 12, 13, True, False),
    ("Độc lập - Tự do - Hạnh phúc", 13, 14, True, False),
    ("BIÊN BẢN", 13, 14, True, False),
    ("Về việc kiểm tra đột xuất hồ sơ dạy học của giáo viên", 13, 14, True, False),
    ("Thời gian bắt đầu: 09 giờ 40 phút, ngày 24 tháng 11 năm 2026", 13, 14, False, False),
    ("Địa điểm: Phòng hội đồng", 13, 14, False, False),
    ("Thành phần tham dự:", 13, 14, False, False),
    ("Chủ trì, ghi biên bản: Lê Thanh Bình, Cán bộ kiểm tra", 13, 14, False, False),
    ("Nội dung (theo diễn biến):", 13, 14, True, False),
    ("Kết luận:", 13, 14, True, False),
]


def test_each_part_has_its_size_and_weight_in_the_order_of_sample_1_9() -> None:
    found, _ = first_page(rendering.render("violation_minutes", minutes()).pdf)
    for words, least, most, bold, italic in HEADS:
        run = the(found, words)
        assert least <= run.size <= most, words
        assert (run.bold, run.italic) == (bold, italic), words
    order = [the(found, words).top for words, *_ in HEADS[4:]]
    assert order == sorted(order)
    assert all("Serif" in g.font for g in _all_glyphs(minutes()))  # metrics of Times New Roman


def _all_glyphs(data: dict[str, Any]) -> list[Glyph]:
    with pypdfium2.PdfDocument(rendering.render("violation_minutes", data).pdf) as document:
        return [g for page in document for g in glyphs(page)]


def test_the_page_is_a4_and_keeps_its_margins() -> None:
    long = minutes(course=tree(f"<p>{LONG * 12}</p>" * 4), conclusion=tree(f"<p>{LONG * 5}</p>"))
    with pypdfium2.PdfDocument(rendering.render("violation_minutes", long).pdf) as document:
        assert len(document) >= 3
        for index, page in enumerate(document):
            assert [side / MM for side in page.get_size()] == pytest.approx([210, 297], abs=0.2)
            body = [run for run in runs(page) if 16 < run.top < 275]
            assert min(run.left for run in body) >= 29.8  # 30–35
            assert max(run.right for run in body) <= 195.2  # 15–20 from the right
            assert min(run.top for run in body) >= 18.5  # an accent rises above its capital
            assert max(run.foot for run in body) <= 277.5
            number = [run for run in runs(page) if run.top < 16]
            assert [run.text for run in number] == ([] if index == 0 else [str(index + 1)])
            for run in number:
                assert 13 <= run.size <= 14 and not run.bold and not run.italic
                assert run.middle == pytest.approx((30 + 195) / 2, abs=0.7)
                assert 0 < run.top < run.foot < 20


def test_the_rules_are_as_long_as_the_decree_says_and_stand_under_their_words() -> None:
    found, lines = first_page(rendering.render("violation_minutes", minutes()).pdf)

    def under(words: str) -> tuple[float, float, Run]:
        run = the(found, words)
        near = [line for line in lines if run.top < line[2] < run.foot + 3 and line[0] < run.middle < line[1]]
        left, right, _ = near[0]
        assert (left + right) / 2 == pytest.approx(run.middle, abs=0.7), words
        return (right - left), (right - left) / (run.right - run.left), run

    assert under("Độc lập - Tự do - Hạnh phúc")[1] == pytest.approx(1, abs=0.02)
    for words in ("TRƯỜNG TIỂU HỌC THĂNG LONG", HEADS[5][0]):
        assert 1 / 3 <= under(words)[1] <= 1 / 2, words


def test_issuer_left_motto_right_title_centred_and_no_place_and_date_line() -> None:
    found, _ = first_page(rendering.render("violation_minutes", minutes()).pdf)
    parent, issuer = the(found, HEADS[0][0]), the(found, HEADS[1][0])
    nation, motto = the(found, HEADS[2][0]), the(found, HEADS[3][0])
    assert parent.middle == pytest.approx(issuer.middle, abs=0.7)
    assert nation.middle == pytest.approx(motto.middle, abs=0.7)
    assert issuer.right < nation.left and nation.right <= 195.2
    assert parent.base == pytest.approx(nation.base, abs=0.7)
    for words in (HEADS[4][0], HEADS[5][0]):
        assert the(found, words).middle == pytest.approx((30 + 195) / 2, abs=0.7)
    number = the(found, "/BB-THTL")
    assert number.size == 13 and not number.bold
    assert the(found, "Số:").base == pytest.approx(number.base, abs=0.3)
    assert issuer.foot < number.top < the(found, "BIÊN BẢN").top
    assert not [run for run in found if "Nam An Phụ, ngày" in run.text]


def test_paragraphs_are_justified_indented_and_apart() -> None:
    text = tree(f"<p>{LONG * 4}</p><p>{LONG * 4}</p>")
    found, _ = first_page(rendering.render("violation_minutes", minutes(course=text, facts=[])).pdf)
    course = the(found, "Nội dung (theo diễn biến):")
    lines = [run for run in found if course.foot < run.top < course.foot + 60]
    first, second = [n for n, r in enumerate(lines) if r.left == pytest.approx(40, abs=0.3)][:2]
    assert first == 0 and second >= 3
    for run in lines[first : second - 1]:
        assert run.right == pytest.approx(195, abs=0.6)  # justified, but for the last line
    assert all(run.left == pytest.approx(30, abs=0.3) for run in lines[1:second])
    step = lines[1].base - lines[0].base
    assert lines[second].base - lines[second - 1].base >= step + 6 / MM - 0.1  # 6 pt between paragraphs
    assert 1 * 14 <= step * MM <= 1.5 * 14 * 1.25  # single to one and a half


BOXES = {
    "violation_minutes": {
        **dict.fromkeys(("number", "date", "statement", "refusal"), "text"),
        **dict.fromkeys(("author", "response", "witness", "note"), "signature"),
    },
    "appeal": {"reasons": "text", "author": "signature", "decision": "signature"},
}
MADE = {"violation_minutes": minutes, "appeal": an_appeal}


@pytest.mark.parametrize("layout", BOXES)
def test_every_signer_has_a_place_and_none_lies_over_another(layout: str) -> None:
    rendered = rendering.render(layout, MADE[layout]())
    assert {box.name: box.kind for box in rendered.boxes} == BOXES[layout]
    for box in rendered.boxes:
        assert 30 * MM - 1 <= box.rect[0] < box.rect[2] <= 195 * MM + 1
        if box.kind == "signature":
            assert box.width >= 70 * MM and box.height >= 38 * MM
        for other in rendered.boxes:
            apart = (
                box.page != other.page
                or box.rect[2] <= other.rect[0]
                or other.rect[2] <= box.rect[0]
                or box.rect[3] <= other.rect[1]
                or other.rect[3] <= box.rect[1]
            )
            assert box is other or apart, (box.name, other.name)


def test_who_signs_where() -> None:
    """The recorder and whom it concerns side by side, then the head of the school; last, what is seldom
    needed: the refusal and its witness."""
    at = {box.name: box for box in rendering.render("violation_minutes", minutes()).boxes}
    assert at["response"].rect[2] < at["author"].rect[0]
    assert at["response"].rect[3] == pytest.approx(at["author"].rect[3])
    places = [(-at[name].page, at[name].rect[3]) for name in ("statement", "response", "note", "witness")]
    assert places == sorted(places, reverse=True)
    assert at["statement"].rect[1] > at["response"].rect[3]
    assert at["refusal"].rect[2] < at["witness"].rect[0]
    assert at["note"].rect[0] >= 105 * MM  # the right half


def test_signatures_never_stand_alone_on_a_page() -> None:
    for lines in range(24):
        text = tree("<p>Diễn biến.</p>" * lines) if lines else []
        rendered = rendering.render("violation_minutes", minutes(course=text))
        first = min(box.page for box in rendered.boxes if box.name != "number")
        assert "kết thúc vào 10 giờ 05 phút" in pdf_pages.page_texts(rendered.pdf)[first]


def test_the_head_of_the_school_signs_on_the_page_of_the_other_two() -> None:
    """A note that stood alone on a page could be about anything. As many lines as minutes usually have."""
    for lines in range(3, 9):
        text = tree(f"<p>{LONG}</p>" * lines)
        at = {box.name: box.page for box in rendering.render("violation_minutes", minutes(course=text)).boxes}
        assert at["note"] == at["author"] == at["response"], lines


def test_the_day_of_the_remedy_is_its_last() -> None:
    whole = " ".join(pdf_pages.page_texts(rendering.render("violation_minutes", minutes()).pdf))
    assert "chậm nhất hết ngày 01 tháng 12 năm 2026" in " ".join(whole.split())


def test_no_heading_stands_alone_at_the_foot_of_a_page() -> None:
    for lines in range(24):
        text = tree("<p>Diễn biến.</p>" * lines) if lines else []
        rendered = rendering.render("violation_minutes", minutes(course=text))
        pages = [" ".join(text.split()) for text in pdf_pages.page_texts(rendered.pdf)]
        (on,) = [page for page in pages if "Kết luận:" in page]
        assert "Thiếu bản in kế hoạch dạy học tuần 12" in on, lines


def test_words_for_what_did_not_happen_may_stay_empty() -> None:
    whole = " ".join(
        " ".join(pdf_pages.page_texts(rendering.render("violation_minutes", minutes()).pdf)).split()
    )
    for may_be_empty in (
        "Ý kiến của người được kiểm tra (nếu có):",
        "Lý do không ký biên bản (nếu có):",
        "Người chứng kiến (nếu có)",
    ):
        assert may_be_empty in whole
    for unknown in ("HIỆU TRƯỞNG", "KT.", "từ chối"):
        assert unknown not in whole


def filled(layout: str, name: str, value: str) -> bytes:
    rendered = rendering.render(layout, MADE[layout]())
    box = next(box for box in rendered.boxes if box.name == name)
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(prepare(rendered.pdf, rendered.boxes)))
    fill(writer, [FilledText(name, value, rendering.text_area(box, value))])
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


@pytest.mark.parametrize(
    ("layout", "name", "page"), [("violation_minutes", "statement", 2), ("appeal", "reasons", 2)]
)
def test_a_long_text_fills_its_frame_and_stays_inside(layout: str, name: str, page: int) -> None:
    pdf = filled(layout, name, LONG * 12)
    box = next(b for b in rendering.render(layout, MADE[layout]()).boxes if b.name == name)
    image = Image.open(io.BytesIO(pdf_pages.page_image(pdf, page, 1050))).convert("L")
    before = Image.open(
        io.BytesIO(pdf_pages.page_image(rendering.render(layout, MADE[layout]()).pdf, page, 1050))
    ).convert("L")
    scale = image.width / (210 * MM)
    left, bottom, right, top = (side * scale for side in box.rect)
    frame = (int(left), image.height - int(top), int(right), image.height - int(bottom))
    changed = _changed(image, before)
    assert changed is not None
    assert frame[0] <= changed[0] and frame[1] <= changed[1]
    assert changed[2] <= frame[2] + 1 and changed[3] <= frame[3] + 1
    assert changed[3] - changed[1] > 0.5 * (frame[3] - frame[1])


def _changed(image: Any, before: Any) -> tuple[int, int, int, int] | None:
    from PIL import ImageChops

    found: tuple[int, int, int, int] | None = (
        ImageChops.difference(image, before).point(lambda v: v > 64 and 255).getbbox()
    )
    return found


def test_words_keep_their_lines_and_are_as_large_as_they_fit() -> None:
    box = rendering.Box("statement", "text", 0, (0.0, 0.0, 165 * MM, 52 * MM))

    def size_of(value: str) -> float:
        with pypdfium2.PdfDocument(rendering.text_area(box, value)) as document:
            assert len(document) == 1
            shown = list(glyphs(document[0]))
            assert all(g.box[0] >= 0 and g.box[2] <= 165 * MM for g in shown)
            return shown[0].size

    assert size_of("Nhất trí với biên bản.") == 13
    assert 9 <= size_of(LONG * 20) < 13
    assert size_of("https://example.org/" + "a" * 300) == 13
    with pypdfium2.PdfDocument(rendering.text_area(box, "Một\nHai")) as document:
        assert [run.text for run in runs(document[0])] == ["Một", "Hai"]
    with pytest.raises(Invalid):
        rendering.text_area(box, LONG * 60)
    with pytest.raises(Invalid):
        rendering.text_area(box, "\n".join("abcdefghijklmnopqrstuvwxyz"))
