"""A reviewer's signing round before it is signed: put in, taken out, dropped by itself, never a decision."""

from __future__ import annotations

from sqlmodel import col, select

from flows import queries, round_marks
from models.review import RoundMark
from tests.cast import PIN, Cast
from tests.service.reading import People
from tests.waiting import until


def marks_of(cast: Cast, name: str) -> set[str]:
    with cast.office.db.read() as session:
        rows = select(RoundMark.document_id).where(col(RoundMark.account_id) == cast.ids[name])
        return set(session.exec(rows).all())


def test_marking_goes_on_to_the_next_and_decides_nothing(cast: Cast, reader: People) -> None:
    first, second = cast.sent("lan", 13), cast.sent("mai", 14)
    hoa = reader("hoa")
    after = hoa.get("/inbox").send("/batches/marks", do="in")
    assert after.all("#f-h a")[0].get("href") == f"/documents/{second.id}"
    assert "Lượt ký: 1 hồ sơ chưa ký" in after.words and marks_of(cast, "hoa") == {first.id}
    assert [a.text_content() for a in after.all(".nav a") if "Lượt ký" in a.text_content()] == [
        "Lượt ký 1 mục"
    ]
    last = after.send("/batches/marks", do="in")
    assert last.path == "/batches/new" and "Lượt ký của tôi" in last.words
    assert [cast.fresh(d.id).version for d in (first, second)] == [first.version, second.version]


def test_only_what_waits_for_ones_own_signature_goes_in(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    hoa, minh = reader("hoa"), reader("minh")
    token = hoa.get("/inbox").form("/batches/marks").fields["csrf"]
    values = [("csrf", token), ("document", sent.id), ("revision", "1")]
    assert hoa.post("/batches/marks", [*values[:2], ("revision", "2")]).status == 409
    other = minh.get("/").form("/language").fields["csrf"]
    assert minh.post("/batches/marks", [("csrf", other), *values[1:]]).status == 403
    outsider = reader("teacher_b")
    foreign = outsider.get("/").form("/language").fields["csrf"]
    assert outsider.post("/batches/marks", [("csrf", foreign), *values[1:]]).status == 404
    assert hoa.post("/batches/marks", values[1:]).status == 403
    assert marks_of(cast, "hoa") == marks_of(cast, "minh") == set()


def test_the_round_lists_the_marks_and_signs_them_alone(cast: Cast, reader: People) -> None:
    sent = [cast.sent(name, 13) for name in ("lan", "mai", "lien")]
    hoa = reader("hoa")
    hoa.get(f"/inbox?doc={sent[1].id}").send("/batches/marks", do="in")
    page = hoa.get("/batches/new")
    chosen = [b.get("value") for b in page.all("input[name=item]") if b.get("checked") is not None]
    assert chosen == [f"{sent[1].id}:{sent[1].version}"]
    more = page.send("/batches/new", "in", item=f"{sent[0].id}:{sent[0].version}")
    assert marks_of(cast, "hoa") == {sent[0].id, sent[1].id}
    out = [b.get("value") for b in more.all("button.out")]
    assert set(out) == {f"out:{sent[0].id}", f"out:{sent[1].id}"}
    fewer = more.send("/batches/new", f"out:{sent[0].id}")
    manifest = fewer.send("/batches/new")
    running = manifest.send("/batches", pin=PIN)
    until(lambda: "Xong lượt ký" in hoa.get(running.path).words, "the round ends")
    assert [cast.fresh(d.id).step for d in sent] == ["group_review", "principal_approval", "group_review"]
    assert marks_of(cast, "hoa") == set()


def test_a_new_revision_drops_out_and_the_page_says_so(cast: Cast, reader: People) -> None:
    sent, other = cast.sent("lan", 13), cast.sent("mai", 14)
    for name in ("hoa", "lien"):  # lien is no reviewer here, so only hoa has it
        page = reader(name).get(f"/inbox?doc={sent.id}")
        if name == "hoa":
            page.send("/batches/marks", do="in")
    cast.act("hoa", other.id, "approve")
    ngoc = reader("ngoc")
    ngoc.get(f"/inbox?doc={other.id}").send("/batches/marks", do="in")
    cast.act("minh", other.id, "return", note="Sửa bài 1.")
    gone = ngoc.get("/batches/new")
    assert "Đã được trả lại cho người soạn" in gone.words and not gone.all(".nav .count")
    cast.act("mai", other.id, "submit")
    cast.act("mai", other.id, "sign")
    cast.act("hoa", other.id, "approve")
    again = ngoc.get("/batches/new")
    assert "Bản 2 đã thay bản 1 từng xem" in again.words
    assert [b.get("checked") for b in again.all("input[name=item]")] == [None]
    noted = again.send("/batches/marks", do="forget")
    assert "không còn trong lượt ký" not in noted.words and marks_of(cast, "ngoc") == set()
    assert marks_of(cast, "hoa") == {sent.id}


def test_ones_own_decision_ends_the_mark(each_cast: Cast) -> None:
    cast, hoa = each_cast, each_cast.actor("hoa")
    signed, returned, kept = (cast.sent(n, 13) for n in ("lan", "mai", "lien"))
    for document in (signed, returned, kept):
        for _ in range(2):
            round_marks.put_in(cast.office, hoa, document.id, 1)
    cast.act("hoa", signed.id, "approve")
    cast.act("hoa", returned.id, "return", note="Sửa.")
    assert marks_of(cast, "hoa") == {kept.id}
    with cast.office.db.read() as session:
        assert round_marks.count(session, hoa) == queries.count_waiting(session, hoa) == 1


def test_leaving_the_pages_of_reviewing_calls_the_round_to_mind(cast: Cast, reader: People) -> None:
    cast.sent("lan", 13)
    hoa = reader("hoa")
    hoa.get("/inbox").send("/batches/marks", do="in")

    def reminded(path: str, referer: str) -> bool:
        answer = hoa.client.get(path, headers={"Referer": f"http://testserver{referer}"})
        return "còn 1 hồ sơ, chưa ký" in answer.text

    assert reminded("/", "/inbox?doc=x") and reminded("/documents", "/batches/new")
    assert not reminded("/batches/new", "/inbox") and not reminded("/", "/flags")


def test_the_round_by_program(cast: Cast, reader: People) -> None:
    sent = cast.sent("lan", 13)
    client = reader("hoa").client

    def token(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/token", data={"username": name, "password": "Demo-2026!"})
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    hoa, minh, other = token("hoa"), token("minh"), token("teacher_b")
    address = f"/api/v1/round/{sent.id}"
    assert client.put(address, json={"revision": 1}, headers=hoa).status_code == 204
    held = client.get("/api/v1/round", headers=hoa).json()
    assert [(i["document_id"], i["version"]) for i in held["items"]] == [(sent.id, sent.version)]
    assert client.put(address, json={"revision": 9}, headers=hoa).json()["code"] == "stale"
    assert client.put(address, json={"revision": 1}, headers=minh).json()["code"] == "not-yours"
    assert client.put(address, json={"revision": 1}, headers=other).json()["code"] == "not-found"
    assert client.get("/api/v1/round", headers=minh).json()["items"] == []
    assert client.delete(address, headers=hoa).status_code == 204
    assert client.get("/api/v1/round", headers=hoa).json() == {"items": [], "next": None, "dropped": []}
