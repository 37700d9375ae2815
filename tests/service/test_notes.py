"""A reviewer's notes on lessons: kept while reading, sent with a return, told apart after it."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select

from flows.decide import settle
from flows.drafts import save
from models.document import Document
from models.review import PartMark
from tests.cast import PASSWORD, Cast
from tests.service.reading import Page, People


def sent(cast: Cast, name: str = "lan", lessons: int = 3) -> Document:
    document = cast.lesson_plan(name, 13, lessons=cast.lesson_fields(13, lessons)["lessons"])
    for action in ("submit", "sign"):
        cast.act(name, document.id, action)
    return cast.fresh(document.id)


def resubmit(cast: Cast, document_id: str, change: Any) -> None:
    fields = cast.fresh(document_id).fields
    change(fields["lessons"])
    save(cast.office, cast.actor("lan"), document_id, cast.fresh(document_id).content_version, fields)
    cast.act("lan", document_id, "submit")
    cast.act("lan", document_id, "sign")


def keys_of(document: Document) -> list[str]:
    return [lesson["id"] for lesson in document.fields["lessons"]]


def ticked(page: Page, name: str) -> list[str]:
    form = page.form("/marks")
    return [k.split(".")[1] for k, _ in form.form_values() if k.startswith(f"{name}.")]


def told(page: Page) -> list[str]:
    return [" ".join(p.text_content().split()) for p in page.all(".toc__e")]


def test_notes_stay_while_reading_and_go_with_the_return(cast: Cast, reader: People) -> None:
    document = sent(cast)
    one, two, three = keys_of(document)
    hoa = reader("hoa")
    page = hoa.get("/inbox")
    typed = {f"seen.{one}": "on", f"seen.{two}": "on", f"comment.{three}": "Thiếu <đồ dùng>."}
    again = page.send("/marks", **typed)
    assert ticked(again, "seen") == [one, two] and ticked(again, "mend") == [three]
    assert "đã xem 2 trên 3" in again.words and "Được đánh dấu" not in reader("lan").get("/").words
    assert "Còn 1 bài đang đánh dấu cần sửa" in hoa.get(f"/documents/{document.id}/approve").words
    assert "Còn 1 bài đang đánh dấu cần sửa" in hoa.get("/batches/new").words
    back = hoa.get(f"/documents/{document.id}/return")
    assert back.form("/return").fields["note"].strip() == "Xem nhận xét ở 1 bài."
    assert back.form("/return").fields[f"part.{three}"].strip() == "Thiếu <đồ dùng>."
    back.send("/return")
    form = reader("lan").get(f"/documents/{document.id}/edit")
    note = form.tree.get_element_by_id("f-lessons-2").text_content()
    assert "Phạm Thị Hoa ghi về bài này ở bản 1 · Chưa thay đổi" in note and "Thiếu <đồ dùng>." in note
    with cast.office.db.read() as session:
        left = session.exec(select(PartMark.part, PartMark.comment, PartMark.mend)).all()
    assert sorted(left) == sorted([(one, "", False), (two, "", False)])


def test_after_the_resubmission_each_lesson_says_what_became_of_it(cast: Cast, reader: People) -> None:
    document = sent(cast, lessons=4)
    one, two, three, four = keys_of(document)
    hoa = reader("hoa")
    seen = {f"seen.{key}": "on" for key in (one, two, three, four)}
    hoa.get("/inbox").send("/marks", **seen)
    parts = {one: "Sửa số phút.", two: "Thêm đồ dùng.", four: "Trùng bài."}
    cast.act("hoa", document.id, "return", note="Xem từng bài.", parts=parts)

    def change(lessons: list[dict[str, Any]]) -> None:
        lessons[0]["phases"][1]["minutes"] = 14
        del lessons[3]

    resubmit(cast, document.id, change)
    page = hoa.get("/inbox")
    assert told(page) == [
        "Đã thay đổi Bản 1, Phạm Thị Hoa: “Sửa số phút.”",
        "Đã đổi từ lần xem trước",
        "Chưa thay đổi Bản 1, Phạm Thị Hoa: “Thêm đồ dùng.”",
        "Đã bỏ bài này Bản 1, Phạm Thị Hoa: “Trùng bài.”",
    ]
    assert ticked(page, "seen") == [two, three]
    cast.act("hoa", document.id, "return", note="Lần nữa.", parts={two: "Vẫn thiếu."})
    form = reader("lan").get(f"/documents/{document.id}/edit")
    notes = form.tree.get_element_by_id("f-lessons-1").text_content()
    assert notes.index("Vẫn thiếu.") < notes.index("Thêm đồ dùng.")  # the newest return first
    assert "Trùng bài." in form.words


def test_notes_are_refused_on_another_revision_and_to_everyone_else(cast: Cast, reader: People) -> None:
    document = sent(cast)
    key = keys_of(document)[0]
    hoa = reader("hoa")
    old = hoa.get("/inbox")
    cast.act("hoa", document.id, "return", note="Sửa.")
    address = f"/documents/{document.id}/marks"
    assert old.send("/marks", **{f"seen.{key}": "on"}).status == 403  # it does not wait for hoa now
    resubmit(cast, document.id, lambda lessons: None)
    assert old.send("/marks", **{f"comment.{key}": "Cũ"}).status == 409
    for name, status in (("lan", 403), ("minh", 403), ("mai", 404), ("teacher_b", 404)):
        token = reader(name).get("/account").all("input[name=csrf]")[0].get("value")
        values = [("csrf", token), ("revision", "2"), ("part", key), (f"seen.{key}", "on")]
        assert reader(name).post(address, values).status == status, name
    quiet = hoa.get("/inbox").form("/marks").fields["csrf"]
    values = {"csrf": quiet, "revision": "2", "part": key, f"comment.{key}": "x" * 4001}
    answer = hoa.client.post(address, data=values, headers={"X-Autosave": "1"})
    assert answer.status_code == 409 and "4000 ký tự" in answer.json()["sentence"]
    with cast.office.db.read() as session:
        assert session.exec(select(PartMark)).all() == []


def test_a_draft_comment_alone_leaves_what_was_looked_at(cast: Cast, reader: People) -> None:
    document = sent(cast)
    key = keys_of(document)[0]
    hoa = reader("hoa")
    page = hoa.get("/inbox").send("/marks", **{f"seen.{key}": "on"})
    values = {
        "csrf": page.form("/marks").fields["csrf"],
        "revision": "1",
        "only": "comment",
        "part": ["", key],
    }
    values |= {"comment.": "Chung.", f"comment.{key}": "Riêng."}
    answer = hoa.client.post(f"/documents/{document.id}/marks", data=values, headers={"X-Autosave": "1"})
    assert answer.status_code == 200 and ":" in answer.json()["at"]
    back = hoa.get(f"/documents/{document.id}/return").form("/return").fields
    assert (back["note"].strip(), back[f"part.{key}"].strip()) == ("Chung.", "Riêng.")
    assert ticked(hoa.get("/inbox"), "seen") == [key]


def test_notes_by_program_and_their_end_with_the_archive(cast: Cast, reader: People) -> None:
    document = sent(cast)
    key = keys_of(document)[1]
    client = reader("hoa").client
    answer = client.post("/api/v1/token", data={"username": "hoa", "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    address = f"/api/v1/documents/{document.id}/marks"
    body = {"revision": 1, "parts": {key: {"seen": True, "comment": "Rõ hơn."}}}
    kept = client.put(address, json=body, headers=headers).json()
    assert [(i["seen"], i["mend"], i["comment"]) for i in kept["items"]][1] == (True, True, "Rõ hơn.")
    assert client.put(address, json=body | {"revision": 2}, headers=headers).json()["code"] == "stale"
    for name in ("hoa", "minh"):
        cast.act(name, document.id, "approve")
    fresh = cast.fresh(document.id)
    assert settle(cast.office, document.id, fresh.version, blob=fresh.blob or "", keep_until=None, data={})
    with cast.office.db.read() as session:
        left = select(PartMark).where(col(PartMark.document_id) == document.id)
        assert session.exec(left).all() == []
