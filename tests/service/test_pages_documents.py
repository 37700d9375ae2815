"""The story by page, without scripts: written, signed, returned, approved, in rounds; every refusal."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlmodel import col, select, update

from models.account import Account
from models.document import Document, DocumentImage, Revision, Signature
from models.event import Event
from service import names
from tests import leaks
from tests.cast import PASSWORD, PIN, Cast
from tests.service.reading import Page, People, Reader, select_in, values_of
from tests.waiting import until

FIELDS = {
    "lessons.0.subject": "Toán",
    "lessons.0.title": "Bài 28. Bài toán giải bằng hai bước tính",
    "lessons.0.periods": "1",
    "lessons.0.date": "30/11/2026",
    "lessons.0.requirements": "- Giải được bài toán.\n- Chăm chỉ.",
    "lessons.0.phases.0.teacher": "Tổ chức trò chơi.",
    "lessons.0.phases.1.teacher": "Nêu bài toán.",
    "lessons.0.phases.2.teacher": "Giao bài 1.",
    "lessons.0.phases.3.teacher": "Giao bài về nhà.",
}


def fields(cast: Cast, **more: str) -> dict[str, str]:
    return FIELDS | {"lessons.0.class": cast.classes["3A"]} | more


def new_draft(cast: Cast, lan: Reader, week: int = 13) -> Page:
    start = lan.get(f"/documents/new?type=lesson-plan&week={cast.weeks[week]}")
    return start.send("/documents")


def id_of(page: Page) -> str:
    return page.path.split("/")[2]


# --- writing --------------------------------------------------------------------------------------------


def test_a_lesson_plan_is_written_submitted_and_signed(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    edit = new_draft(cast, lan)
    assert edit.path.endswith("/edit")
    signing = edit.send("/edit", "submit", **fields(cast))
    assert signing.path.endswith("/sign"), signing.words
    with cast.office.db.read() as session:
        frozen = session.get_one(Revision, (id_of(edit), 1))
    assert frozen.pdf[:4] + " " + frozen.pdf[4:8] in signing.words
    assert "Phạm Thị Hoa" in signing.words and "không có giá trị pháp lý" in signing.words
    done = signing.send("/sign", pin=PIN)
    assert "Đã ký và trình" in done.words and "Chờ tổ trưởng" in done.words
    assert cast.fresh(id_of(edit)).step == "group_review"
    assert frozen.fields["lessons"][0]["requirements"] == "<p>- Giải được bài toán.</p><p>- Chăm chỉ.</p>"


def test_rows_are_added_and_removed_without_a_script(cast: Cast, reader: People) -> None:
    edit = new_draft(cast, reader("lan"))
    more = edit.send("/edit", "add:lessons", **fields(cast))
    assert more.form("/edit").fields["lessons.0.title"] == FIELDS["lessons.0.title"]
    assert more.form("/edit").fields["lessons.1.subject"] == "Toán"
    typed = {"lessons.1.title": "Bài hai"}
    more = more.send("/edit", "add:lessons.1.phases", **typed)
    assert "lessons.1.phases.4.name" in more.form("/edit").fields
    fewer = more.send("/edit", "remove:lessons.0")
    assert fewer.form("/edit").fields["lessons.0.title"] == "Bài hai"
    assert "lessons.1.title" not in fewer.form("/edit").fields


def test_an_incomplete_submit_comes_back_with_every_fault_linked(cast: Cast, reader: People) -> None:
    edit = new_draft(cast, reader("lan"))
    back = edit.send("/edit", "submit", **{"lessons.0.title": "Chỉ có tên", "lessons.0.date": "31/02/2026"})
    assert back.status == 422
    assert back.form("/edit").fields["lessons.0.title"] == "Chỉ có tên"
    assert back.form("/edit").fields["lessons.0.date"] == "31/02/2026"
    links = [a.get("href")[1:] for a in back.all("#errors li a")]
    assert "f-lessons-0-date" in links and "f-lessons-0-phases-0-teacher" in links
    for link in links:
        assert back.tree.get_element_by_id(link) is not None
    described = back.tree.get_element_by_id("f-lessons-0-date").get("aria-describedby").split()
    assert "không phải là ngày" in back.tree.get_element_by_id(described[-1]).text_content()
    assert cast.fresh(id_of(edit)).fields["lessons"][0]["title"] == "Chỉ có tên"


def test_a_week_that_does_not_exist_is_refused_and_nothing_is_lost(cast: Cast, reader: People) -> None:
    edit = new_draft(cast, reader("lan"))
    back = edit.send("/edit", "submit", **fields(cast, week="no-such-week"))
    assert back.status == 422
    assert "không có lựa chọn này" in back.words
    assert back.form("/edit").fields["lessons.0.title"] == FIELDS["lessons.0.title"]


def test_two_windows_the_second_sees_both_and_decides(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    one = new_draft(cast, lan)
    other = lan.get(one.path)
    one.send("/edit", "save", **{"lessons.0.title": "Từ cửa sổ một"})
    clash = other.send("/edit", "save", **{"lessons.0.title": "Từ cửa sổ hai"})
    assert clash.status == 409
    assert "Từ cửa sổ một" in clash.tree.get_element_by_id("clash").text_content()
    assert clash.form("/edit").fields["lessons.0.title"] == "Từ cửa sổ hai"
    assert cast.fresh(id_of(one)).fields["lessons"][0]["title"] == "Từ cửa sổ một"
    clash.send("/edit", "save")
    assert cast.fresh(id_of(one)).fields["lessons"][0]["title"] == "Từ cửa sổ hai"


def test_a_stale_save_still_says_what_is_missing(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    one = new_draft(cast, lan)
    other = lan.get(one.path)
    assert "Còn thiếu" in other.all("details.lesson summary")[0].text_content()
    one.send("/edit", "save", **{"lessons.0.title": "Từ cửa sổ một"})
    for do in ("save", "submit"):
        clash = other.send("/edit", do, **{"lessons.0.title": "Từ cửa sổ hai"})
        assert clash.status == 409
        assert "Còn thiếu" in clash.all("details.lesson summary")[0].text_content(), do
        assert not clash.all("#errors")


def test_an_address_chooses_only_what_is_offered(cast: Cast, reader: People) -> None:
    page = reader("lan").get("/documents/new?type=lesson-plan&week=zzz")
    offered = [o.get("value") for o in page.all("select option")]
    assert "zzz" not in offered
    assert page.form("/documents").fields["week"] in cast.weeks.values()


def test_the_week_offered_first_has_no_plan_yet(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    address = "/documents/new?type=lesson-plan"
    by_id = {key: number for number, key in cast.weeks.items()}
    seen = []
    for _ in range(2):
        page = lan.get(address)
        seen.append(by_id[page.form("/documents").fields["week"]])
        assert page.send("/documents").path.endswith("/edit")
    first = seen[0]
    assert seen == [first, first + 1]
    assert reader("mai").get(address).form("/documents").fields["week"] == cast.weeks[first]


def test_a_form_whose_session_ended_goes_on_after_signing_in(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    edit = new_draft(cast, lan)
    lan.client.cookies.clear()
    gone = edit.send("/edit", "save", **{"lessons.0.title": 'Giữ "nguyên" <văn>'})
    assert gone.status == 401
    again = gone.send("/sign-in", name="lan", password=PASSWORD)
    saved = again.send("/edit")
    assert saved.status == 200, saved.words
    assert cast.fresh(id_of(edit)).fields["lessons"][0]["title"] == 'Giữ "nguyên" <văn>'


def test_what_was_typed_is_text_and_never_markup(cast: Cast, reader: People) -> None:
    edit = new_draft(cast, reader("lan"))
    nasty = "<script>alert(1)</script>\x00 \u202eabc Tie\u0302\u0301ng"
    saved = edit.send("/edit", "save", **{"lessons.0.title": nasty, "lessons.0.requirements": nasty})
    assert "<script>alert" not in saved.source
    kept = cast.fresh(id_of(edit)).fields["lessons"][0]
    assert kept["title"] == "<script>alert(1)</script> abc Tiếng"
    assert "script" not in kept["requirements"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("<div>" * 400 + "sâu" + "</div>" * 400, ""),
        ("<table>" + "<tr><td>x</td></tr>" * 10_000 + "</table>", "10.000 hàng bảng|10000 hàng bảng"),
        ("x" * 1_000_001, "ký tự"),
    ],
)
def test_monstrous_text_is_kept_or_refused_in_words(
    cast: Cast, reader: People, typed: str, said: str
) -> None:
    edit = new_draft(cast, reader("lan"))
    back = edit.send("/edit", "save", **{"lessons.0.requirements": typed, "lessons.0.title": "Vẫn còn"})
    assert back.form("/edit").fields["lessons.0.title"] == "Vẫn còn"
    if said:
        assert back.status in (413, 422)
        assert re.search(said, back.words)
    else:
        assert cast.fresh(id_of(edit)).fields["lessons"][0]["requirements"] == "<p>sâu</p>"


def test_ten_thousand_lessons_are_refused_in_words(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    edit = new_draft(cast, lan)
    values = values_of(edit.form("/edit")) + [(f"lessons.{n}.title", "x") for n in range(1, 10_000)]
    back = lan.post(edit.path, values)
    assert back.status == 413
    assert "nhiều nhất 60" in back.words
    assert len(cast.fresh(id_of(edit)).fields["lessons"]) == 1


def test_a_second_plan_for_the_week_leads_to_the_first(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    first = new_draft(cast, lan)
    again = new_draft(cast, lan)
    assert id_of(again) == id_of(first)


def test_a_plan_that_became_sent_keeps_what_the_other_window_typed(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    edit = new_draft(cast, lan).send("/edit", "save", **fields(cast))
    other = lan.get(f"/documents/{id_of(edit)}/edit")
    edit.send("/edit", "submit").send("/sign", pin=PIN)
    late = other.send("/edit", "save", **{"lessons.0.title": "Gõ ở cửa sổ cũ"})
    assert late.status == 409
    assert late.form("/edit").fields["lessons.0.title"] == "Gõ ở cửa sổ cũ"
    assert cast.fresh(id_of(edit)).fields["lessons"][0]["title"] == FIELDS["lessons.0.title"]


def test_the_preview_shows_a_draft_that_is_not_complete(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    edit = new_draft(cast, lan)
    preview = edit.send("/edit", "preview", **{"lessons.0.title": "Mới có tên"})
    assert preview.path.endswith("/preview") and "chưa ký" in preview.words
    first = preview.all(".paper img")[0].get("src")
    picture = lan.client.get(first)
    assert picture.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(picture.content)).width == 1100
    wrong = edit.reader.get(edit.path).send("/edit", "preview", **{"lessons.0.date": "31/02/2026"})
    assert wrong.status == 422 and "Chưa xem trước được: còn 1 chỗ cần sửa" in wrong.words
    assert "đã được lưu vào bản nháp" in wrong.words and "Chưa lưu" not in wrong.words
    assert cast.fresh(id_of(edit)).fields["lessons"][0]["date"] == "31/02/2026"


def test_not_signing_yet_reopens_the_draft(cast: Cast, reader: People) -> None:
    signing = new_draft(cast, reader("lan")).send("/edit", "submit", **fields(cast))
    back = signing.send("/reopen")
    assert back.path.endswith("/edit")
    assert cast.fresh(id_of(back)).status == "draft"


# --- pictures and files ---------------------------------------------------------------------------------


def test_a_picture_goes_into_the_text_of_its_own_document(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    edit = new_draft(cast, lan)
    source = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(source, "PNG")
    token = edit.form("/edit").fields["csrf"]
    path = f"/documents/{id_of(edit)}/images"
    taken = lan.client.post(path, data={"csrf": token}, files={"image": ("a.png", source.getvalue())})
    assert taken.status_code == 201
    assert lan.client.get(taken.json()["shown"]).headers["content-type"] == "image/png"
    edit.send("/edit", "save", **{"lessons.0.requirements": f'<p><img src="{taken.json()["src"]}"></p>'})
    assert taken.json()["src"] in cast.fresh(id_of(edit)).fields["lessons"][0]["requirements"]
    assert reader("mai").client.get(taken.json()["shown"]).status_code == 404
    broken = lan.client.post(path, data={"csrf": token}, files={"image": ("a.png", b"no picture")})
    assert (broken.status_code, "ảnh" in broken.json()["sentence"]) == (422, True)
    with cast.office.db.read() as session:
        assert len(session.exec(select(DocumentImage)).all()) == 1


def test_pasted_text_comes_back_in_our_vocabulary(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    edit = new_draft(cast, lan)
    token = edit.form("/edit").fields["csrf"]
    html = '<p class="MsoNormal" onclick="x()"><b style="color:red">Đậm</b><o:p></o:p></p>'
    answer = lan.client.post(f"/documents/{id_of(edit)}/pasted", data={"csrf": token, "html": html})
    assert answer.json() == {"html": "<p><strong>Đậm</strong></p>", "note": ""}


def test_page_images_last_for_ever_and_belong_to_their_document(cast: Cast, reader: People) -> None:
    sent, other = cast.sent("lan", 13), cast.sent("mai", 13)
    lan = reader("lan")
    shown = lan.get(f"/documents/{sent.id}").all(".paper img")[0]
    picture = lan.client.get(shown.get("src"))
    assert "immutable" in picture.headers["cache-control"]
    assert Image.open(io.BytesIO(picture.content)).size == (int(shown.get("width")), int(shown.get("height")))
    assert lan.client.get(f"/documents/{sent.id}/pages/99.webp").status_code == 404
    assert lan.client.get(f"/documents/{sent.id}/pages/1.webp?v={other.blob[:16]}").status_code == 404


def test_the_file_is_saved_under_a_name_people_know(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    answer = reader("lan").client.get(f"/documents/{sent.id}/pdf")
    assert answer.content == cast.office.blobs.get(sent.blob)
    disposition = answer.headers["content-disposition"]
    assert 'filename="Ke hoach bai day tuan 13, lop 3A.pdf"' in disposition
    assert "filename*=UTF-8''K%E1%BA%BF%20ho%E1%BA%A1ch" in disposition
    assert names.plain("tuần 13–15, Đạo đức.pdf") == "tuan 13-15, Dao duc.pdf"


# --- deciding -------------------------------------------------------------------------------------------


def test_a_review_is_read_approved_and_the_next_is_offered(cast: Cast, reader: People) -> None:
    first, second = cast.sent("lan", 13), cast.sent("mai", 14)
    hoa = reader("hoa")
    inbox = hoa.get("/inbox")
    owners = [b.text_content() for b in inbox.all(".queue__1 b")]
    assert owners == ["Nguyễn Thị Lan", "Trần Thị Mai"]  # the nearer limit first
    approve = hoa.get(f"/documents/{first.id}/approve")
    done = approve.send("/approve", pin=PIN)
    assert "Đã ký duyệt" in done.words
    assert f"/inbox?doc={second.id}" in [a.get("href") for a in done.all(".note--ok a")]
    assert cast.fresh(first.id).step == "principal_approval"


def test_a_wrong_pin_says_how_many_tries_are_left(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    page = reader("hoa").get(f"/documents/{sent.id}/approve")
    back = page.send("/approve", pin="987654")
    assert back.status == 403
    assert "Còn 4 lần" in back.tree.get_element_by_id("pin-e").text_content()
    assert not leaks.holds("987654", back.source)
    with cast.office.db.read() as session:
        assert len(session.exec(select(Signature)).all()) == 1


def test_a_return_needs_words_and_keeps_those_on_lessons(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    page = reader("hoa").get(f"/documents/{sent.id}/return")
    part = next(name for name in page.form("/return").fields if name.startswith("part."))
    back = page.send("/return", note=" ", **{part: "Thêm câu trả lời."})
    assert back.status == 422
    assert back.form("/return").fields[part] == "Thêm câu trả lời."
    done = back.send("/return", note="Quá 35 phút.")
    assert "Đã trả lại" in done.words
    edit = reader("lan").get(f"/documents/{sent.id}/edit")
    assert "Quá 35 phút." in edit.words and "Thêm câu trả lời." in edit.words
    assert "Quá 35 phút." in reader("lan").get("/").words


def test_a_resubmission_shows_what_changed_and_the_superseded_signature(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    cast.act("hoa", sent.id, "return", note="Ghi rõ đồ dùng.")
    edit = reader("lan").get(f"/documents/{sent.id}/edit")
    assert "giống hệt bản 1 đã bị trả lại" in edit.send("/edit", "submit").words
    cast.act("lan", sent.id, "reopen")
    edit = reader("lan").get(f"/documents/{sent.id}/edit")
    sign = edit.send("/edit", "submit", **{"lessons.0.equipment": "- Tủ sách lớp."})
    assert "giống hệt" not in sign.words
    sign.send("/sign", pin=PIN)
    inbox = reader("hoa").get(f"/inbox?doc={sent.id}")
    assert [e.text_content() for e in inbox.all(".diff ins")] == ["thêm: - Tủ sách lớp."]
    assert [e.text_content() for e in inbox.all(".diff del")] == ["bỏ: - Bảng phụ."]
    old = inbox.all(".sig--old")
    assert len(old) == 1 and "Bản 1" in old[0].text_content()
    assert reader("hoa").get(f"/documents/{sent.id}?revision=1").status == 200


def test_a_page_left_open_too_long_is_refused_and_says_what_is_true(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    page = reader("hoa").get(f"/documents/{sent.id}/return")
    cast.act("hoa", sent.id, "approve")
    late = page.send("/return", note="Lời nhận xét dài.")
    assert late.status == 409
    assert late.form("/return").fields["note"] == "Lời nhận xét dài."
    approve = reader("minh").get(f"/documents/{sent.id}/approve")
    cast.act("ngoc", sent.id, "approve")
    assert approve.send("/approve", pin=PIN).status == 409


def test_the_same_click_twice_is_one_decision(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    page = reader("hoa").get(f"/documents/{sent.id}/approve")
    assert page.send("/approve", pin=PIN).status == page.send("/approve", pin=PIN).status == 200
    assert cast.fresh(sent.id).version == sent.version + 1


def test_late_work_says_by_how_much_and_by_which_limit(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    with cast.office.db.write() as session:
        session.exec(
            update(Document)
            .where(col(Document.id) == sent.id)
            .values(due_at=sent.first_signed_at - timedelta(days=2, hours=23))
        )
    page = reader("hoa").get(f"/documents/{sent.id}")
    assert "Muộn 2 ngày" in page.words and "muộn 2 ngày" in page.words
    assert "2 ngày 23 giờ" not in page.words  # one length, said one way


# --- who may see and do what ----------------------------------------------------------------------------

PLACES = (
    "",
    "/edit",
    "/preview",
    "/sign",
    "/approve",
    "/return",
    "/seal",
    "/events",
    "/pdf",
    "/pages/1.webp",
)


@pytest.mark.parametrize("name", ["teacher_b", "mai", "admin", "binh"])
def test_who_may_not_see_a_document_finds_nothing(cast: Cast, reader: People, name: str) -> None:
    sent = cast.sent("lan", 13)
    outsider = reader(name)
    assert [outsider.get(f"/documents/{sent.id}{place}").status for place in PLACES] == [404] * len(PLACES)
    token = outsider.get("/account").all("input[name=csrf]")[0].get("value")
    for action in ("edit", "sign", "approve", "return", "seal", "reopen", "images", "pasted"):
        answer = outsider.post(f"/documents/{sent.id}/{action}", [("csrf", token), ("version", "3")])
        assert answer.status == 404, action
    assert cast.fresh(sent.id).version == sent.version


def test_who_may_see_but_not_act_is_told_whose_turn_it_is(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    minh = reader("minh")
    assert minh.get(f"/documents/{sent.id}/approve").path == f"/documents/{sent.id}"
    token = minh.get("/account").all("input[name=csrf]")[0].get("value")
    answer = minh.post(
        f"/documents/{sent.id}/approve", [("csrf", token), ("version", str(sent.version)), ("pin", PIN)]
    )
    assert answer.status == 403
    assert "Chờ tổ trưởng" in answer.words


def test_a_form_without_its_token_changes_nothing(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    hoa = reader("hoa")
    for csrf in ("", "made-up"):
        answer = hoa.post(
            f"/documents/{sent.id}/approve", [("csrf", csrf), ("version", str(sent.version)), ("pin", PIN)]
        )
        assert answer.status == 403
    assert hoa.client.get(f"/documents/{sent.id}/reopen").status_code == 405
    assert cast.fresh(sent.id).version == sent.version


def test_a_draft_is_its_authors_alone(cast: Cast, reader: People) -> None:
    draft = cast.lesson_plan("lan", 13)
    assert reader("lan").get(f"/documents/{draft.id}").status == 200
    assert [reader(n).get(f"/documents/{draft.id}").status for n in ("hoa", "minh")] == [404, 404]


# --- lists, desk, events --------------------------------------------------------------------------------


def test_the_desk_names_the_next_limit_and_what_is_missing(cast: Cast, reader: People) -> None:
    desk = reader("lan").get("/")
    assert "Việc của tôi" in desk.words
    links = [a.get("href") for a in desk.all(".desk__due .rows__a a")]
    types = {link.partition("type=")[2].partition("&week=")[0] for link in links}
    assert types == {"lesson-plan", "teacher-teaching-plan"}
    first = reader("lan").get(links[0])
    edit = first.send("/documents")
    again = reader("lan").get("/")
    assert f"/documents/{id_of(edit)}/edit" in [a.get("href") for a in again.all(".desk__due a")]


def test_records_are_filtered_and_paged_without_repeats(cast: Cast, reader: People) -> None:
    made = {cast.team_plan("hoa", 20, 21).id for _ in range(53)}
    hoa = reader("hoa")
    first = hoa.get("/documents?type=team-teaching-plan&owner=me")
    onward = next(a.get("href") for a in first.all("a.btn") if "cursor=" in a.get("href", ""))
    second = hoa.get(onward)
    rows = [a.get("href")[11:] for p in (first, second) for a in p.all(".table--records th a")]
    assert len(rows) == 53 and set(rows) == made
    assert hoa.get("/documents?type=lesson-plan").all(".table--records") == []
    assert hoa.get("/documents?cursor=nonsense").status == 422


def test_search_finds_titles_whatever_the_case(cast: Cast, reader: People) -> None:
    cast.team_plan("hoa", 20, 21)
    assert reader("hoa").get("/documents?q=toán").all(".table--records th a")
    assert not reader("hoa").get("/documents?q=100%25").all(".table--records th a")


def test_what_is_overdue_stands_above_what_is_due(cast: Cast, reader: People) -> None:
    with cast.office.db.write() as session:
        session.get_one(Account, cast.ids["lan"]).created_at -= timedelta(days=60)
    desk = reader("lan").get("/")
    lists = {
        s.get("aria-labelledby"): [li.text_content() for li in select_in(s, "ul li")]
        for s in desk.all("section")
        if s.get("aria-labelledby") in ("h-over", "h-due")
    }
    assert list(lists) == ["h-over", "h-due"]
    assert lists["h-over"] and all("Chưa nộp" in row for row in lists["h-over"])
    assert lists["h-due"] and not any("Chưa nộp" in row for row in lists["h-due"])


def test_the_events_page_tells_a_broken_chain(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    page = reader("lan").get(f"/documents/{sent.id}/events")
    assert "Chuỗi liền mạch" in page.words and "ký và trình bản 1" in page.words
    assert reader("lan").client.get(f"/documents/{sent.id}/events?format=json").json()["intact"] is True
    with cast.office.db.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER event_never_changes")
        session.exec(
            update(Event)
            .where(col(Event.document_id) == sent.id, col(Event.seq) == 2)
            .values(actor_id=cast.ids["mai"])
        )
    page = reader("lan").get(f"/documents/{sent.id}/events")
    assert "Chuỗi bị đứt" in page.words
    assert all(cell.get("data-l") for cell in page.all(".table--events tbody td"))  # a phone shows no header
    broken = [row for row in page.all(".table--events tbody tr") if "sai" in row.text_content()]
    assert [row.findtext("td") for row in broken] == ["2"]


def test_a_person_reads_english_when_the_account_says_so(cast: Cast, reader: People) -> None:
    cast.sent("lan", 13)
    hoa = reader("hoa")
    english = hoa.get("/").send("/language", language="en")
    assert english.tree.get("lang") == "en" and "My work" in english.words
    for path in ("/inbox", "/documents", "/batches/new"):
        page = hoa.get(path)
        assert page.tree.get("lang") == "en" and "Hồ sơ" not in page.words


# --- rounds ---------------------------------------------------------------------------------------------


def test_a_round_signs_many_and_refuses_alone_what_changed(cast: Cast, reader: People) -> None:
    sent = [cast.sent(name, 30) for name in ("lan", "mai", "lien")]
    hoa = reader("hoa")
    manifest = hoa.get("/batches/new").send("/batches/new")
    assert len(manifest.all(".manifest li")) == 3
    wrong = manifest.send("/batches", pin="000000")
    assert wrong.status == 403 and "Còn 4 lần" in wrong.words
    cast.act("hoa", sent[1].id, "return", note="Đổi giữa chừng.")
    stale = dict.fromkeys(["csrf", "action"])
    values = [(k, v) for k, v in values_of(manifest.form("/batches")) if k in stale or k == "item"]
    running = hoa.post("/batches", [*values, ("pin", PIN)])
    until(lambda: "Xong lượt ký" in hoa.get(running.path).words, "the round ends")
    done = hoa.get(running.path)
    states = {
        select_in(row, "th a")[0].get("href")[11:]: select_in(row, "td")[0].text_content().strip()
        for row in done.all(".table--result tbody tr")
    }
    assert states == {sent[0].id: "Đã ký", sent[1].id: "Bị từ chối", sent[2].id: "Đã ký"}
    assert [cast.fresh(s.id).status for s in sent] == ["in_progress", "returned", "in_progress"]
    assert reader("minh").get(running.path).status == 404


def test_nothing_chosen_is_said_in_words(cast: Cast, reader: People) -> None:
    cast.sent("lan", 13)
    hoa = reader("hoa")
    page = hoa.get("/batches/new")
    token = page.form("/batches/new").fields["csrf"]
    assert "Chọn ít nhất một hồ sơ" in hoa.post("/batches/new", [("csrf", token)]).words


def test_the_clerk_seals_what_the_principal_approved(cast: Cast, reader: People) -> None:
    plan = cast.team_plan("hoa", 20, 21)
    for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
        cast.act(name, plan.id, action)
    thu = reader("thu")
    seal = thu.get("/inbox").all("a[href$='/seal']")[0].get("href")
    done = thu.get(seal).send("/seal", pin=PIN)
    assert "Đã đóng dấu" in done.words
    assert cast.fresh(plan.id).step == "archive"
