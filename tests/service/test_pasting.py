"""Cells of Excel and Word tables laid over a form's rows."""

from __future__ import annotations

import pytest

from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.teacher_teaching_plan import TEACHER_TEACHING_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.fields import Known
from models.text import Text
from service import forms, pasting
from tests.cast import Cast
from tests.service.reading import People

KNOWN = Known(
    weeks={f"w{n}": Text(f"Tuần {n} (07/09 – 13/09/2026)", f"Week {n}") for n in (1, 2, 13)},
    week_days={"w13": ("2026-11-30", "2026-12-06")},
    classes={"c1": "3A", "c2": "3B"},
)
WORD = """<html><head><style>td{x}</style></head><body><table class=MsoTable>
<tr><td><p class=MsoNormal><b>Hoạt động của giáo viên</b></p></td><td><p>Hoạt động của học sinh</p></td></tr>
<tr><td colspan=2><p><b>1. Khởi động (5 phút)</b></p></td></tr>
<tr><td><p>- Tổ chức trò chơi.</p><p>- Nhận xét.</p></td><td><ul><li>Tham gia</li></ul></td></tr>
<tr><td colspan=2><p>2. Luyện tập: 25'</p></td></tr>
<tr><td><p>Giao bài 1.</p></td><td><p>Làm bài 1.</p></td></tr>
<tr><td><p>Giao bài 2.</p></td><td><p>Làm bài 2.</p></td></tr></table></body></html>"""


def fill(at: str, html: str = "", text: str = "", count: int = 1, plan: object = None) -> dict[str, str]:
    block = pasting.cells(html, text)
    assert block is not None
    form = LESSON_PLAN.form if plan is None else TEAM_TEACHING_PLAN.form
    found = pasting.fill(form, at, count, block, KNOWN, "w13")
    assert found is not None
    return dict(found.answers) | {"": found.sentence.vi, "rows": str(found.rows)}


def test_cells_go_right_and_down_from_where_they_were_pasted() -> None:
    text = 'Bài 40\t2 tiết\tTích hợp\r\n"Bài 41\ncó ""xuống dòng"""\t3\t\r\n'
    found = fill("rows.4.lesson", text=text, count=5, plan=TEAM_TEACHING_PLAN)
    assert found == {
        "rows.4.lesson": "Bài 40",
        "rows.4.periods": "2",
        "rows.4.adjustment": "Tích hợp",
        "rows.5.lesson": 'Bài 41 có "xuống dòng"',
        "rows.5.periods": "3",
        "rows.5.adjustment": "",
        "rows": "6",
        "": "Đã dán 2 dòng, thêm 1 dòng.",
    }


def test_weeks_are_known_by_their_number_and_what_is_not_offered_is_said() -> None:
    html = "<table><tr><td>Tuần 13</td><td>Số học</td></tr><tr><td>2</td></tr><tr><td>99</td></tr></table>"
    found = fill("rows.0.week", html=html, count=3, plan=TEAM_TEACHING_PLAN)
    assert (found["rows.0.week"], found["rows.1.week"]) == ("w13", "w2")
    assert "rows.2.week" not in found
    assert found[""] == "Đã dán 3 dòng, 1 ô không có trong danh sách lựa chọn, giữ như cũ."


def test_more_rows_than_the_form_takes_are_left_out_in_words() -> None:
    text = "\n".join(f"Bài {n}\t1" for n in range(420))
    found = fill("rows.10.lesson", text=text, count=12, plan=TEAM_TEACHING_PLAN)
    assert found["rows"] == "400" and "rows.399.lesson" in found and "rows.400.lesson" not in found
    assert found[""] == "Đã dán 390 dòng, thêm 388 dòng, 30 dòng không dán vì quá 400."


def test_lessons_take_classes_dates_and_subjects() -> None:
    found = fill(
        "lessons.0.subject", text="Toán\tLớp 3B\tBài 1\t2\tThứ hai 30/11\nTiếng Việt\t5Z\tBài 2\t1\t4/1"
    )
    assert found["lessons.0.class"] == "c2" and "lessons.1.class" not in found
    assert (found["lessons.0.date"], found["lessons.1.date"]) == ("30/11/2026", "04/01/2027")


WEEK = """<table>
<tr><td>Thứ<br>ngày</td><td>Buổi</td><td>Tiết</td><td>Lớp</td><td>Môn học</td><td>Tên bài</td></tr>
<tr><td rowspan=3>Thứ 2<br>30/11</td><td rowspan=2>Sáng</td>
<td>1</td><td>3A</td><td>Toán</td><td>Bài 1</td></tr>
<tr><td>Tiết 2</td><td>Lớp 3A</td><td>Tiếng Việt</td><td>=1+1</td></tr>
<tr><td>Buổi chiều</td><td>3</td><td>3b</td><td>Toán</td><td><script>x()</script>Bài 2</td></tr>
<tr><td>Thứ Ba</td><td>C</td><td>1</td><td>3B</td><td>Đạo đức</td><td>Bài 3</td></tr></table>"""


def test_a_week_as_schools_write_it_fills_the_teaching_plan() -> None:
    block = pasting.cells(WEEK, "")
    assert block is not None
    found = pasting.fill(TEACHER_TEACHING_PLAN.form, "rows.0.date", 1, block, KNOWN, "w13")
    assert found is not None
    names = ("date", "session", "period", "class", "subject", "lesson")
    said = dict(found.answers)
    assert [tuple(said[f"rows.{n}.{name}"] for name in names) for n in range(4)] == [
        ("30/11/2026", "morning", "1", "c1", "Toán", "Bài 1"),
        ("30/11/2026", "morning", "2", "c1", "Tiếng Việt", "=1+1"),
        ("30/11/2026", "afternoon", "3", "c2", "Toán", "Bài 2"),
        ("01/12/2026", "afternoon", "1", "c2", "Đạo đức", "Bài 3"),
    ]
    assert (found.rows, found.sentence.vi) == (4, "Đã dán 4 tiết dạy, thêm 3 tiết dạy.")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("30/11", "30/11/2026"),
        ("30 / 11 / 2026", "30/11/2026"),
        ("2026-11-30", "30/11/2026"),
        ("2026-11-30 00:00", "30/11/2026"),
        ("Thứ Hai, ngày 30 tháng 11", "30/11/2026"),
        ("ngày 5 tháng 1 năm 2027", "05/01/2027"),
        ("Thứ 2", "30/11/2026"),
        ("thứ tư", "02/12/2026"),
        ("CN", "06/12/2026"),
        ("6", "04/12/2026"),
        ("hôm nào đó", "hôm nào đó"),
        ("12", "12"),
    ],
)
def test_a_day_is_known_as_people_write_it(typed: str, kept: str) -> None:
    found = fill("lessons.0.periods", text=f"2\t{typed}")
    assert found["lessons.0.date"] == kept


def test_a_day_without_a_year_is_the_one_nearest_to_the_week() -> None:
    new_year = Known(week_days={"w18": ("2027-01-04", "2027-01-10")})
    for typed, kept in (("31/12", "31/12/2026"), ("4/1", "04/01/2027")):
        block = pasting.cells("", f"2\t{typed}")
        found = block and pasting.fill(LESSON_PLAN.form, "lessons.0.periods", 1, block, new_year, "w18")
        assert found and dict(found.answers)["lessons.0.date"] == kept


def test_a_lesson_table_of_word_becomes_phases() -> None:
    found = fill("lessons.2.phases.0.teacher", html=WORD, count=4)
    assert found["lessons.2.phases.0.name"] == "Khởi động"
    assert found["lessons.2.phases.0.minutes"] == "5"
    assert found["lessons.2.phases.0.teacher"] == "<p>- Tổ chức trò chơi.</p><p>- Nhận xét.</p>"
    assert found["lessons.2.phases.0.pupils"] == "<ul><li>Tham gia</li></ul>"
    assert (found["lessons.2.phases.1.name"], found["lessons.2.phases.1.minutes"]) == ("Luyện tập", "25")
    assert found["lessons.2.phases.1.pupils"] == "<p>Làm bài 1.</p><p>Làm bài 2.</p>"
    assert found["rows"] == "4"


def test_phases_are_named_by_the_bold_first_line_of_what_the_teacher_does() -> None:
    html = """<table><tr><td><b>HOẠT ĐỘNG CỦA GV</b></td><td><b>HOẠT ĐỘNG CỦA HS</b></td></tr>
    <tr><td><p><b><span>1. </span></b><b>Hoạt động mở đầu (3-5’)</b>:</p><p>- Trò chơi.</p></td>
    <td><p>- Chơi.</p></td></tr>
    <tr><td><p><b>Chú ý</b></p><p>5 phút cuối</p></td><td></td></tr>
    <tr><td><p><b>2. Khám phá: 12 phút</b></p><p>a) Ví dụ</p></td><td><p>- Bảng con.</p></td></tr></table>"""
    found = fill("lessons.0.phases.0.teacher", html=html, count=4)
    one, other = (
        {k[19:]: v for k, v in found.items() if k.startswith(f"lessons.0.phases.{n}")} for n in "01"
    )
    assert (one["name"], one["minutes"], one["pupils"]) == ("Hoạt động mở đầu", "5", "<p>- Chơi.</p>")
    assert one["teacher"] == "<p>- Trò chơi.</p><p><strong>Chú ý</strong></p><p>5 phút cuối</p>"
    assert (other["name"], other["minutes"]) == ("Khám phá", "12")
    assert (other["teacher"], other["pupils"]) == ("<p>a) Ví dụ</p>", "<p>- Bảng con.</p>")


def test_a_lesson_table_without_names_leaves_the_name_of_the_phase() -> None:
    html = "<table><tr><td>GV</td><td>HS</td></tr><tr><td>Giao bài 1.</td><td>Làm bài 1.</td></tr></table>"
    found = fill("lessons.0.phases.1.teacher", html=html, count=4)
    assert {k for k in found if "phases" in k} == {"lessons.0.phases.1.teacher", "lessons.0.phases.1.pupils"}


@pytest.mark.parametrize(
    ("at", "html", "text"),
    [
        ("lessons.0.requirements", WORD, ""),  # a text of its own: a table inside it
        ("lessons.0.phases.0.teacher", "<table><tr><td>2</td><td>3</td></tr></table>", ""),
        ("week", "", "a\tb"),
        ("lessons.x.title", "", "a\tb"),
        ("lessons.0.nonsense", "", "a\tb"),
        ("lessons", "", "a\tb"),
    ],
)
def test_what_is_no_block_for_this_place_is_pasted_as_text(at: str, html: str, text: str) -> None:
    block = pasting.cells(html, text)
    assert block is not None
    found = pasting.fill(LESSON_PLAN.form, at, 1, block, KNOWN)
    assert found is None


@pytest.mark.parametrize("text", ["", "một dòng", "một dòng\n", "\t", "\n\n"])
def test_a_line_of_text_is_no_block(text: str) -> None:
    assert pasting.cells("", text) is None
    assert pasting.cells("<p>chữ</p>", text) is None


def test_the_page_asks_and_only_its_author(cast: Cast, reader: People) -> None:
    draft = cast.team_plan("hoa")
    for name, status in (("hoa", 200), ("lan", 404)):
        csrf = reader(name).get("/account").all("input[name=csrf]")[0].get("value")
        sent = {"csrf": csrf, "at": "rows.1.lesson", "rows": "2", "text": "Bài 1\t2\nBài 2\t3"}
        answer = reader(name).client.post(f"/documents/{draft.id}/pasted", data=sent)
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["fill"]["rows"] == 3
            assert answer.json()["fill"]["answers"][0] == ["rows.1.lesson", "Bài 1"]


def test_pictures_that_do_not_come_along_are_told(cast: Cast, reader: People) -> None:
    draft = cast.team_plan("hoa")
    hoa = reader("hoa")
    csrf = hoa.get("/account").all("input[name=csrf]")[0].get("value")
    html = '<p class="MsoNormal">Hình vẽ <img src="file:///C:/clip_image002.png"></p>'
    answer = hoa.client.post(f"/documents/{draft.id}/pasted", data={"csrf": csrf, "html": html}).json()
    assert answer["html"] == "<p>Hình vẽ</p>"
    assert answer["note"].startswith("Chữ đã dán; 1 ảnh thì chưa")


def test_rows_move_and_are_doubled() -> None:
    values = {"lessons": [{"id": n, "title": n, "phases": [{"id": n * 2, "name": "M"}]} for n in "abc"]}
    form = LESSON_PLAN.form
    assert forms.change_rows(form, values, "up:lessons.2") == "lessons.1"
    assert forms.change_rows(form, values, "down:lessons.0") == "lessons.1"
    assert [row["title"] for row in values["lessons"]] == ["c", "a", "b"]
    assert forms.change_rows(form, values, "up:lessons.0") is None
    assert forms.change_rows(form, values, "down:lessons.2") is None
    assert forms.change_rows(form, values, "copy:lessons.1") == "lessons.2"
    one, other = values["lessons"][1:3]
    assert (one["title"], one["phases"][0]["name"]) == (other["title"], other["phases"][0]["name"])
    assert one["id"] != other["id"] and one["phases"][0]["id"] != other["phases"][0]["id"]  # type: ignore[index]
