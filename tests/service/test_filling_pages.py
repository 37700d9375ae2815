"""A new week begins with what the timetable has."""

from __future__ import annotations

from tests.cast import Cast
from tests.service.reading import People
from tests.service.test_pages_documents import id_of
from tests.timetables import iso, timetable


def test_a_new_draft_begins_with_the_timetable_of_its_week(cast: Cast, reader: People) -> None:
    timetable(cast, "lan", "3A", (0, 1, "Toán"), (1, 1, "Tiếng Việt"), (1, 2, "Tiếng Việt"))
    lan = reader("lan")
    edit = lan.get(f"/documents/new?type=lesson-plan&week={cast.weeks[13]}").send("/documents")
    lessons = cast.fresh(id_of(edit)).fields["lessons"]
    assert [(x["date"], x["class"], x["subject"], x["periods"]) for x in lessons] == [
        (iso(13, 0), cast.classes["3A"], "Toán", 1),
        (iso(13, 1), cast.classes["3A"], "Tiếng Việt", 2),
    ]
    fewer = edit.send("/edit", "remove:lessons.0", **{"lessons.1.title": "Đã gõ"})
    again = fewer.send("/edit", "timetable")
    assert "Đã thêm 1 mục" in again.words
    lessons = cast.fresh(id_of(edit)).fields["lessons"]
    assert [x["title"] for x in lessons] == ["", "Đã gõ"]
    assert "có đủ các tiết" in again.send("/edit", "timetable").words
    blank = lan.get(f"/documents/new?type=lesson-plan&week={cast.weeks[14]}")
    empty = blank.send("/documents", copy_of="blank")
    assert [x["date"] for x in cast.fresh(id_of(empty)).fields["lessons"]] == [""]
