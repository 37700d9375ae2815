"""Texts compared by words, pages by the regions that changed."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks import comparing, rendering
from tasks.comparing import Piece, Segment, words
from tasks.rich_text import tree
from tests.tasks.test_rendering import SHA, a_lesson, a_lesson_plan

TYPED = st.lists(st.sampled_from("aăâ bê.\n"), max_size=60)


def shown(one: str, other: str) -> list[str]:
    """The differences as one would write them: `[-19-][+14+] phút`."""
    marks = {"same": "{}", "del": "[-{}-]", "ins": "[+{}+]"}
    return ["".join(marks[p.kind].format(p.text) for p in line) for line in words(one, other)]


def test_only_what_changed_is_told_word_by_word() -> None:
    before = "- Giải được bài toán.\n- Luyện tập (19 phút).\n- Chăm chỉ."
    after = "- Giải được bài toán.\n- Luyện tập (14 phút).\n- Chăm chỉ, trung thực."
    assert shown(before, after) == ["- Luyện tập ([-19 -][+14 +]phút).\n- Chăm chỉ[+, trung thực+]."]


def test_the_space_behind_a_word_is_no_part_of_it() -> None:
    before, after = "Giải bài toán hai bước tính.", "Giải bài toán hai bước tính trong vở."
    assert shown(before, after) == ["Giải bài toán hai bước tính [+trong vở+]."]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("", "Thêm dòng.", ["[+Thêm dòng.+]"]),
        ("Bỏ dòng.", "", ["[-Bỏ dòng.-]"]),
        ("Tranh minh họa", "Tủ sách lớp", ["[-Tranh minh họa-][+Tủ sách lớp+]"]),
        ("Như nhau.", "Như nhau.", []),
    ],
)
def test_what_has_little_in_common_is_told_whole(one: str, other: str, said: list[str]) -> None:
    assert shown(one, other) == said


def test_a_book_is_compared_as_a_whole_where_it_must_be() -> None:
    one = "\n".join(f"dòng {n} " + "chữ " * 40 for n in range(3000))
    other = "\n".join(f"dòng {n + 7} " + "chữ " * 40 for n in range(3000))
    assert {p.kind for line in words(one, other) for p in line} <= {"same", "del", "ins"}
    far = words("x " * 5000, "y " * 5000)
    assert [[p.kind for p in line] for line in far] == [["del", "ins"]]


@settings(max_examples=40, deadline=None)
@given(TYPED, TYPED)
def test_the_pieces_make_up_what_each_side_lost_and_won(one: list[str], other: list[str]) -> None:
    before, after = "".join(one), "".join(other)
    lines = words(before, after)
    assert all({p.kind for p in line} != {"same"} for line in lines)
    assert bool(lines) == (before.splitlines() != after.splitlines())
    for line in lines:
        old = "".join(p.text for p in line if p.kind != "ins")
        new = "".join(p.text for p in line if p.kind != "del")
        if "…" not in old + new:
            assert old.replace(" ", "") in before.replace(" ", "")
            assert new.replace(" ", "") in after.replace(" ", "")
    assert all(isinstance(p, Piece) and p.text for line in lines for p in line)


# --- pages ----------------------------------------------------------------------------------------------


def file_of(*lessons: dict[str, Any], picture: str = "") -> bytes:
    code = f"KHBD-3A-13-{len(lessons)}"  # the footer differs in every revision
    images = {}
    if picture:
        data = io.BytesIO()
        Image.new("RGB", (300, 200), picture).save(data, "PNG")
        images = {SHA: data.getvalue()}
    return rendering.render("lesson_plan", a_lesson_plan(*lessons, code=code), images).pdf


def one_page_each(count: int) -> list[Segment]:
    """A cover, lessons of one page each, and the signing page with the last."""
    pages = [(n, n + 1) for n in range(1, count + 1)] + [(count + 1, count + 3)]
    return [Segment(p, p) for p in pages]


def test_a_changed_lesson_is_framed_on_its_page_alone() -> None:
    other = tree("<p>- Giải được bài toán có lời văn bằng ba bước tính.</p><ul><li>Chăm chỉ</li></ul>")
    one = file_of(a_lesson(1), a_lesson(2), a_lesson(3))
    two = file_of(a_lesson(1), a_lesson(2, requirements=other), a_lesson(3))
    found = comparing.regions(one, two, one_page_each(3))
    assert set(found.before) == set(found.after) == {3}
    ((left, top, right, bottom),) = found.after[3]
    assert 0 < left < right <= 1000 and 100 < top < bottom < 500
    assert found.pairs == {n: n for n in range(1, 6)}
    assert comparing.regions(one, one, one_page_each(3)).after == {}


def test_an_added_lesson_is_framed_and_nothing_behind_it_moves() -> None:
    new = a_lesson(9, title="Bài mới hẳn", requirements=tree("<p>- Khác.</p>"))
    one, two = file_of(a_lesson(1)), file_of(a_lesson(1), new)
    whole = [Segment((1, 2), (1, 2)), Segment((2, 4), (2, 3)), Segment((1, 1), (3, 5))]
    found = comparing.regions(one, two, whole)
    assert 3 in found.after and 2 not in found.after
    assert found.pairs[4] == 3  # the signing page only moved on by one


def test_another_picture_is_framed_where_the_words_are_the_same() -> None:
    shown = tree(f'<p>Xem hình.</p><p><img src="image:{SHA}"></p>')
    lesson = a_lesson(1, requirements=shown)
    one, two = file_of(lesson, picture="navy"), file_of(lesson, picture="white")
    assert set(comparing.regions(one, two, one_page_each(1)).after) == {2}
