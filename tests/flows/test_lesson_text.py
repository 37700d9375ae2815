"""The lessons of a teacher's Word file are found by the headings of Công văn 2345; nothing is dropped."""

from __future__ import annotations

from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.lesson_text import lessons_of
from flows.fields import Known
from tasks.blocks import Block
from tasks.word_text import take_text
from tests import corpus

KNOWN = Known(classes={"c3a": "3A", "c4a": "4A"}, subjects=("Toán", "Tiếng Việt"))


def found(body: str) -> list[dict]:
    return lessons_of(take_text(corpus.word(body)).blocks, KNOWN)


def test_two_lessons_in_one_file() -> None:
    first, second = found(corpus.LESSON + corpus.SECOND_LESSON)
    assert (first["subject"], first["class"], first["periods"]) == ("Toán", "c3a", "1")
    assert (first["title"], first["date"]) == ("Bài 28: Bài toán giải bằng hai bước tính", "2026-11-30")
    assert first["requirements"] == "<p>- Giải được bài toán có lời văn bằng hai bước tính.</p>"
    assert first["equipment"] == "<p>- GV: bảng phụ. HS: vở nháp.</p>"
    assert [(p["name"], p["minutes"]) for p in first["phases"]] == [
        ("Khởi động", 5),
        ("Luyện tập, thực hành", 25),
    ]
    assert first["phases"][1]["teacher"] == "<p>- Giao bài 1, bài 2.</p>"
    assert first["phases"][1]["pupils"] == "<p>- Làm bài vào vở, chữa bài.</p>"
    assert (second["subject"], second["title"]) == ("Tiếng Việt", "Đọc: Sông Hương")
    assert second["requirements"] == "<p>đọc đúng, rõ ràng.</p>"
    assert [(p["teacher"], p["pupils"]) for p in second["phases"]] == [
        ("<p>Đọc mẫu.</p>", "<p>Lắng nghe.</p>")
    ]


def test_what_is_found_fits_the_form() -> None:
    values, faults = LESSON_PLAN.form.read({"week": "", "lessons": found(corpus.LESSON)}, KNOWN)
    assert {f.path for f in faults} == {"week"}
    assert values["lessons"][0]["periods"] == 1


def test_a_text_without_headings_is_one_lesson_with_everything() -> None:
    (only,) = found(corpus.p("Ôn tập cuối kì") + corpus.p("Cả lớp làm bài."))
    assert only["title"] == "Ôn tập cuối kì"
    assert only["requirements"] == "<p>Ôn tập cuối kì</p><p>Cả lớp làm bài.</p>"


def test_every_paragraph_is_somewhere() -> None:
    words = [f"câu thứ {n}" for n in range(12)]
    blocks = [Block(f"<p>{w}</p>", w) for w in words]
    blocks.insert(2, Block("<p>Môn: Toán</p>", "Môn: Toán"))
    blocks.insert(5, Block("<p>I. Yêu cầu cần đạt</p>", "I. Yêu cầu cần đạt"))
    blocks.insert(8, Block("<p>III. Các hoạt động dạy học</p>", "III. Các hoạt động dạy học"))
    blocks.insert(11, Block("<p>IV. Điều chỉnh sau bài dạy</p>", "IV. Điều chỉnh sau bài dạy"))
    whole = str(lessons_of(blocks, KNOWN))
    assert [w for w in words if w not in whole] == []
