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


def test_a_plan_made_twice_is_told_and_not_forbidden(cast: Cast, reader: People) -> None:
    first = cast.team_plan("hoa", 20, 22)
    hoa = reader("hoa")
    second = cast.team_plan("hoa", 22, 24)
    form = hoa.get(f"/documents/{second.id}/edit")
    assert [a.get("href") for a in form.all("#alike a")] == [f"/documents/{first.id}"]
    assert "Phạm Thị Hoa · Bản nháp" in form.words
    other = form.send("/edit", "save", grade="4")
    assert not other.all("#alike"), "another grade is another plan"
    assert not hoa.get(f"/documents/{cast.team_plan('hoa', 25, 26).id}/edit").all("#alike")
    again = other.send("/edit", "save", grade="3", subject="TOÁN")
    assert again.all("#alike")
    cast.act("hoa", first.id, "withdraw")
    assert not hoa.get(f"/documents/{second.id}/edit").all("#alike")
    mine = cast.teacher_plan("lan", 20, 21)
    cast.teacher_plan("mai", 21, 22)
    longer = cast.teacher_plan("lan", 19, 20)
    page = reader("lan").get(f"/documents/{longer.id}/edit")
    assert [a.get("href") for a in page.all("#alike a")] == [f"/documents/{mine.id}"]
