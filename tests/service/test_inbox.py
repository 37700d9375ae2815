"""The inbox: filters with their counts, going on from record to record, keys as the person wants them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from sqlmodel import col, update

from models.document import Document
from tests.cast import PASSWORD, Cast
from tests.service.reading import Page, People


def queue_of(page: Page) -> list[str]:
    return [a.get("href").split("doc=")[1].split("&")[0] for a in page.all(".queue a")]


def test_filters_narrow_the_queue_and_say_how_many_they_find(cast: Cast, reader: People) -> None:
    lan, mai, lien = cast.sent("lan", 13), cast.sent("mai", 14), cast.sent("lien", 13)
    cast.act("hoa", lan.id, "return", note="Sửa.")
    cast.act("lan", lan.id, "submit")
    cast.act("lan", lan.id, "sign")
    with cast.office.db.write() as session:
        for document, after in ((lan, 8), (mai, -8), (lien, 8)):  # whatever day the test is run on
            signed = session.get_one(Document, document.id).first_signed_at
            due = signed + timedelta(hours=after)
            session.exec(update(Document).where(col(Document.id) == document.id).values(due_at=due))
    hoa = reader("hoa")
    page = hoa.get("/inbox")
    assert "Trình muộn (1)" in page.words and "Từng trả lại (1)" in page.words
    weeks = {o.get("value"): o.text_content() for o in page.all("select[name=week] option")}
    assert weeks[cast.weeks[13]] == "Tuần 13 (2)" and weeks[cast.weeks[14]] == "Tuần 14 (1)"
    for query, found in (
        (f"week={cast.weeks[13]}", {lan.id, lien.id}),
        (f"owner={cast.ids['lien']}", {lien.id}),
        ("late=1", {mai.id}),
        ("returned=1", {lan.id}),
        ("q=tran mai", {mai.id}),
        (f"group={cast.groups['4-5']}", set()),
        ("type=team-teaching-plan", set()),
    ):
        assert set(queue_of(hoa.get(f"/inbox?{query}"))) == found, query
    kept = hoa.get(f"/inbox?week={cast.weeks[13]}&returned=1")
    assert f"week={cast.weeks[13]}&returned=1" in kept.all(".queue a")[0].get("href")
    assert "Còn 3 hồ sơ khác" in hoa.get("/inbox?q=không-có").words


def test_a_return_goes_on_to_the_next_record(cast: Cast, reader: People) -> None:
    first, second = cast.sent("lan", 13), cast.sent("mai", 14)
    hoa = reader("hoa")
    link = hoa.get("/inbox").all("a[data-key=r]")[0].get("href")
    returning = hoa.get(link)
    kept = returning.send("/return", note="   ")
    assert kept.status == 422 and kept.form("/return").fields["next"]  # the way on is kept as well
    onward = kept.send("/return", note="Nêu rõ yêu cầu cần đạt.")
    assert onward.path == "/inbox" and "Đã trả lại: Kế hoạch bài dạy tuần 13" in onward.words
    assert queue_of(onward) == [second.id] and cast.fresh(first.id).status == "returned"
    foreign = quote("https://example.test/inbox?x")
    assert hoa.get(f"/documents/{second.id}/return?next={foreign}").form("/return").fields["next"] == ""


def test_what_no_longer_waits_is_said(cast: Cast, reader: People) -> None:
    first, second = cast.sent("lan", 13), cast.sent("mai", 14)
    hoa = reader("hoa")
    assert "không còn chờ ở đây" not in hoa.get(f"/inbox?doc={second.id}").words
    cast.act("hoa", first.id, "approve")
    assert "không còn chờ ở đây" in hoa.get(f"/inbox?doc={first.id}").words


def test_keys_are_switched_off_for_the_account(cast: Cast, reader: People) -> None:
    hoa = reader("hoa")
    opened = {"referer": "http://testserver.local/inbox?mine=1"}
    page = Page(hoa, hoa.client.get("/keys", headers=opened))
    assert "Không phím nào tự quyết định" in page.words
    assert [e.tag for e in page.tree.xpath("//*[@autofocus]")] == [
        "h1"
    ]  # a Space or Enter after `?` presses no switch
    assert page.send("/keys", keys="off").path == "/inbox"
    assert hoa.get("/").tree.body.get("data-keys") and "Bật phím tắt" in hoa.get("/keys").words
    assert not reader("minh").get("/").tree.body.get("data-keys")
    hoa.get("/keys").send("/keys", keys="on")
    assert not hoa.get("/").tree.body.get("data-keys")


def test_a_page_is_read_large_by_those_who_may_see_it(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    hoa = reader("hoa")
    large = hoa.get(f"/documents/{sent.id}/large?page=99")
    picture = large.all(".large img")[0].get("src")
    assert "Trang 3 trên 3" in large.words and "/pages/3.webp" in picture
    assert len(hoa.client.get(picture).content) > len(hoa.client.get(picture.replace("&large=1", "")).content)
    assert reader("mai").get(f"/documents/{sent.id}/large").status == 404
    draft = cast.lesson_plan("mai", 20)
    assert reader("mai").get(f"/documents/{draft.id}/large").status == 404  # nothing frozen yet


def test_the_script_is_told_to_leave_when_the_queue_is_through(cast: Cast, reader: People) -> None:
    cast.sent("lan", 13)
    hoa = reader("hoa")
    form = dict(hoa.get("/inbox").form("/batches/marks").form_values())
    answer = hoa.client.post("/batches/marks", data=form, headers={"HX-Boosted": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/batches/new")


def test_a_named_filter_is_kept_counted_and_its_address_passed_on(cast: Cast, reader: People) -> None:
    cast.sent("lan", 13)
    mai = cast.sent("mai", 14)
    hoa = reader("hoa")
    narrowed = hoa.get(f"/inbox?week={cast.weeks[14]}")
    kept = narrowed.send("/filters", name="  Tuần <14>  ")
    assert kept.path == "/inbox" and queue_of(kept) == [mai.id]
    links = {" ".join(a.text_content().split()): a for a in hoa.get("/inbox").all(".saved-f a")}
    assert list(links) == ["Tuần <14> 1 hồ sơ"]
    address = links["Tuần <14> 1 hồ sơ"].get("href")
    assert reader("lien").get(address).status == 200  # whoever it is passed to sees their own
    assert not reader("lien").get("/inbox").all(".saved-f a")
    for name, said in (("", "Đặt tên"), ("x" * 80, "")):
        answer = hoa.get(f"/inbox?week={cast.weeks[13]}").send("/filters", name=name)
        assert (answer.status == 422 and said in answer.words) if said else answer.status == 200
    gone = hoa.get(address).form("/filters")
    buttons = [b.get("value") for b in gone.iter("button")]
    hoa.get(address).send("/filters", buttons[0])
    assert "Tuần <14>" not in hoa.get("/inbox").words


def test_filters_by_program_are_ones_own(cast: Cast, reader: People) -> None:
    client = reader("hoa").client

    def token(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/token", data={"username": name, "password": PASSWORD}).json()
        return {"Authorization": f"Bearer {answer['access_token']}"}

    hoa, minh = token("hoa"), token("minh")
    body = {"place": "inbox", "name": "Muộn", "query": {"late": "1", "unknown": "x"}}
    made = client.post("/api/v1/filters", json=body, headers=hoa)
    assert (made.status_code, made.json()["query"]) == (201, {"late": "1"})
    again = client.post("/api/v1/filters", json=body | {"query": {"returned": "1"}}, headers=hoa).json()
    assert again["id"] == made.json()["id"]
    empty = client.post("/api/v1/filters", json=body | {"query": {}}, headers=hoa)
    assert (empty.status_code, empty.json()["code"]) == (422, "invalid")
    for unknown in (
        client.get("/api/v1/filters?place=zz", headers=hoa),
        client.post("/api/v1/filters", json=body | {"place": "zz"}, headers=hoa),
    ):
        assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid")
        assert [fault["path"] for fault in unknown.json()["errors"]] == ["place"]
    client.delete(f"/api/v1/filters/{again['id']}", headers=minh)
    assert [f["name"] for f in client.get("/api/v1/filters", headers=hoa).json()["items"]] == ["Muộn"]
    assert client.get("/api/v1/filters", headers=minh).json()["items"] == []
    client.delete(f"/api/v1/filters/{again['id']}", headers=hoa)
    assert client.get("/api/v1/filters", headers=hoa).json()["items"] == []
