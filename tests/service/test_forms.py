"""HTML forms and nested fields: names in, questions out, nothing lost on the way."""

from __future__ import annotations

import pytest

from flows.documents.lesson_plan import LESSON_PLAN
from flows.documents.teacher_teaching_plan import TEACHER_TEACHING_PLAN
from flows.documents.team_teaching_plan import TEAM_TEACHING_PLAN
from flows.fields import Known
from models.errors import TooLarge
from models.text import Text
from service import form_differences, forms, words
from tasks.rich_text import clean

KNOWN = Known(
    weeks={"w1": Text("Tuần 1", "Week 1"), "w2": Text("Tuần 2", "Week 2")},
    week_days={"w1": ("2026-09-07", "2026-09-13"), "w2": ("2026-09-14", "2026-09-20")},
    classes={"c1": "3A"},
    subjects=("Toán",),
)
FORM = LESSON_PLAN.form


def lesson(**values: object) -> dict[str, object]:
    return {"id": "aa11", "subject": "Toán", "class": "c1", "title": "Bài 1"} | values


def test_dotted_names_become_nested_values() -> None:
    assert forms.unflatten(
        [
            ("week", "w1"),
            ("lessons.0.title", "A"),
            ("lessons.0.phases.0.name", "Mở đầu"),
            ("lessons.1.title", "B"),
        ]
    ) == {
        "week": "w1",
        "lessons": [{"title": "A", "phases": [{"name": "Mở đầu"}]}, {"title": "B"}],
    }


def test_gaps_close_and_numbers_order_rows() -> None:
    items = [(f"rows.{n}.lesson", str(n)) for n in (10, 2, 7)]
    assert forms.unflatten(items) == {"rows": [{"lesson": "2"}, {"lesson": "7"}, {"lesson": "10"}]}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([("a", "1"), ("a.b", "2")], {"a": "1"}),
        ([("a.b", "2"), ("a", "1")], {"a": {"b": "2"}}),
        ([("a..b", "1"), (".a", "1"), ("", "1")], {}),
        ([(".".join("abcdefgh"), "1")], {}),
        ([("a." + "9" * 5000, "1")], {"a": {"9" * 5000: "1"}}),
    ],
)
def test_names_that_make_no_sense_do_no_harm(items: list[tuple[str, str]], expected: object) -> None:
    assert forms.unflatten(items) == expected


def test_ten_thousand_rows_are_read_and_refused_in_words() -> None:
    values = forms.unflatten((f"lessons.{n}.title", "x") for n in range(10_000))
    with pytest.raises(TooLarge) as refused:
        FORM.read(values, KNOWN)
    assert refused.value.sentence.vi.startswith("“Các bài dạy” có 10000 mục, nhiều nhất 60.")
    assert len(forms.draw(FORM, values, KNOWN)[1].rows) == 60


def test_a_new_form_has_one_lesson_with_the_phases_of_the_template() -> None:
    values = forms.blank(FORM.fields)
    assert [p["name"] for p in values["lessons"][0]["phases"]] == [
        "Mở đầu",
        "Hình thành kiến thức mới",
        "Luyện tập, thực hành",
        "Vận dụng",
    ]


def test_an_added_row_starts_from_the_one_above() -> None:
    values = {"lessons": [lesson()]}
    assert forms.change_rows(FORM, values, "add:lessons") == "lessons.1"
    added = values["lessons"][1]
    assert (added["subject"], added["class"], added["title"]) == ("Toán", "c1", "")
    assert added["id"] != "aa11"


def test_an_added_period_is_of_the_same_session_as_the_one_above() -> None:
    above = {"id": "aa11", "date": "30/11/2026", "session": "morning", "class": "c1", "subject": "Toán"}
    values = {"rows": [above | {"period": "2", "lesson": "Bài 1"}]}
    assert forms.change_rows(TEACHER_TEACHING_PLAN.form, values, "add:rows") == "rows.1"
    added = values["rows"][1]
    assert added | {"id": "aa11"} == above | {"period": "", "lesson": "", "equipment": "", "adjustment": ""}


def test_rows_within_rows_are_added_and_removed() -> None:
    values = {"lessons": [lesson(phases=[{"id": "p1", "name": "A"}, {"id": "p2", "name": "B"}])]}
    assert forms.change_rows(FORM, values, "remove:lessons.0.phases.0") == "lessons.0.phases"
    assert [p["name"] for p in values["lessons"][0]["phases"]] == ["B"]
    assert forms.change_rows(FORM, values, "add:lessons.0.phases") == "lessons.0.phases.1"


@pytest.mark.parametrize(
    "do",
    [
        "add:week",
        "add:nothing",
        "remove:lessons.5",
        "remove:lessons",
        "add:lessons.9.phases",
        "eat:lessons",
        "add:",
    ],
)
def test_a_button_that_names_no_list_changes_nothing(do: str) -> None:
    values = {"lessons": [lesson()]}
    assert forms.change_rows(FORM, values, do) is None
    assert values == {"lessons": [lesson()]}


def test_no_row_beyond_the_most() -> None:
    values = {"lessons": [lesson() for _ in range(60)]}
    assert forms.change_rows(FORM, values, "add:lessons") is None


def test_what_is_only_missing_is_marked_but_no_fault_before_the_submit() -> None:
    values, faults = FORM.read({"week": "w1", "lessons": [lesson(date="40/09/2026")]}, KNOWN)
    drafting = forms.draw(FORM, values, KNOWN, faults)[1].rows[0]
    submitting = forms.draw(FORM, values, KNOWN, faults, show_missing=True)[1].rows[0]
    assert (drafting.wrong, drafting.open) == (1, True)
    assert drafting.missing == submitting.missing > 0
    assert submitting.wrong == 1 + drafting.missing


def test_a_fault_stands_beside_its_field_with_what_was_typed() -> None:
    values, faults = FORM.read({"week": "w1", "lessons": [lesson(date="40/09/2026")]}, KNOWN)
    shown = {f.path: f for f in forms.draw(FORM, values, KNOWN, faults)[1].rows[0].fields}
    day = shown["lessons.0.date"]
    assert (day.value, day.id) == ("40/09/2026", "f-lessons-0-date")
    assert [f.vi for f in day.faults] == ["“40/09/2026” không phải là ngày. Ghi theo mẫu 30/11/2026."]


def test_a_choice_that_no_longer_exists_stays_visible() -> None:
    values, faults = FORM.read({"week": "gone", "lessons": []}, KNOWN)
    week = forms.draw(FORM, values, KNOWN, faults)[0]
    assert week.options[0][0] == week.value == "gone"
    assert week.options[0][1].vi == "gone (không có ở trường)"
    assert week.faults


def test_rows_are_counted_and_named_as_english_does() -> None:
    lessons = forms.draw(FORM, {"lessons": [lesson()]}, KNOWN)[1]
    assert (lessons.counted.vi, lessons.counted.en) == ("1 bài dạy", "1 lesson")
    assert (lessons.an_item.vi, lessons.an_item.en) == ("bài dạy", "a lesson")
    activity = Text("Hoạt động", "Activity")
    assert words.counted(2, activity).en == "2 activities" and words.one(activity).en == "an activity"
    assert words.counted(2, Text("Ngày", "Day")).en == "2 days"


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("<p>- Một.</p><p>- Hai &amp; ba.</p>", "- Một.\n- Hai & ba."),
        ("<p>a <strong>b</strong></p>", "<p>a <strong>b</strong></p>"),
        ("<p>x &lt;b&gt; y</p>", "<p>x &lt;b&gt; y</p>"),
        ("<ul><li>a</li></ul>", "<ul><li>a</li></ul>"),
        ("", ""),
    ],
)
def test_rich_text_in_a_textarea_reads_back_as_it_was(stored: str, typed: str) -> None:
    assert forms.editable(stored) == typed
    assert clean(typed) == stored


def test_days_are_shown_as_people_write_them() -> None:
    values, faults = FORM.read({"week": "w1", "lessons": [lesson(date="2026-09-08")]}, KNOWN)
    shown = {f.path: f.value for f in forms.draw(FORM, values, KNOWN, faults)[1].rows[0].fields}
    assert shown["lessons.0.date"] == "08/09/2026"


def test_differences_match_rows_by_id_and_name_them() -> None:
    one = {"week": "w1", "lessons": [lesson(equipment="<p>Tranh</p>"), lesson(id="bb22", title="Bài 2")]}
    other = {"week": "w2", "lessons": [lesson(id="bb22", title="Bài 2"), lesson(equipment="<p>Bảng</p>")]}
    found = form_differences.differences(FORM.fields, one, other, KNOWN)
    assert [(d.label.vi, d.one, d.other) for d in found] == [
        ("Tuần dạy", "Tuần 1", "Tuần 2"),
        ("Bài dạy 2 · 2. Đồ dùng dạy học", "Tranh", "Bảng"),
    ]


def test_rows_without_ids_are_compared_in_their_order() -> None:
    one = {"rows": [{"id": "1", "lesson": "A"}, {"id": "2", "lesson": "B"}]}
    other = {"rows": [{"id": "8", "lesson": "A"}, {"id": "9", "lesson": "C"}]}
    found = form_differences.differences(TEAM_TEACHING_PLAN.form.fields, one, other, KNOWN)
    assert [(d.label.vi, d.one, d.other) for d in found] == [("Dòng 2 · Tên bài học", "B", "C")]
