"""Retention by page and API: lists drawn up and carried out, terms, holds, what is left when one is gone."""

from __future__ import annotations

import csv
import io

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select, update

from flows import known_files, prints, staying_words
from models.document import Document
from models.notice import Mail
from service.app import create_app
from tests import destructions
from tests.cast import PASSWORD, Cast, signed_in
from tests.destructions import approved, due, over, states
from tests.service.reading import People

ADDRESSES = ("/retention", "/retention/new", "/retention/holds", "/retention/terms")


def test_the_clerk_draws_a_list_up_and_signs_it(cast: Cast, reader: People) -> None:
    first, second = due(cast, 12, 13)
    titles = [cast.fresh(key).title for key in (first, second)]
    thu = reader("thu")
    overview = thu.get("/retention")
    assert "2025" in overview.words
    assert [i.get("value") for i in overview.all("input[name=group]")] == ["lesson-plan:2025"]
    form = thu.get("/retention/new?group=lesson-plan:2025")
    assert all(title in form.words for title in titles)
    values = [("csrf", form.all("input[name=csrf]")[0].get("value")), ("reason", "Hết thời hạn")]
    values += [("shown", first), ("shown", second), ("on", first)]
    refused = thu.post("/retention/new", values)
    assert refused.status == 422
    assert "Ghi lý do để lại" in refused.words
    made = thu.post("/retention/new", [*values, (f"reason.{second}", "Làm minh chứng")])
    assert made.path.startswith("/documents/")
    list_id = made.path.rpartition("/")[2]
    assert states(cast, list_id) == {first: "listed"}
    assert [a.get("href") for a in made.all(".head__a a") if a.get("href", "").endswith("/sign")]
    assert "Ký" in made.words
    cast.act("thu", list_id, "sign")
    cast.act("ngoc", list_id, "return", note="Để lại thêm.")
    again = thu.get(f"/documents/{list_id}")
    assert f"/retention/lists/{list_id}/edit" in [a.get("href") for a in again.all(".head__a a")]
    edit = thu.get(f"/retention/lists/{list_id}/edit")
    assert edit.all(f"#r-{second}")[0].get("value") == "Làm minh chứng"
    sent = edit.send("/edit")
    assert sent.path == f"/documents/{list_id}"
    assert cast.fresh(list_id).revision == 2


def test_carrying_out_asks_for_the_password_and_tells_what_was_done(cast: Cast, reader: People) -> None:
    first, second = due(cast, 12, 13)
    made = approved(cast, [first, second])
    path = f"/retention/lists/{made}"
    assert path in [a.get("href") for a in reader("thu").get(f"/documents/{made}").all(".note a")]
    for who in ("minh", "ngoc"):
        page = reader(who).get(path)
        assert not page.all("input[name=password]")
        assert reader(who).post(f"{path}/carry-out", [("password", PASSWORD)]).status == 403
    page = reader("thu").get(path)
    assert "sao lưu" in page.words
    refused = page.send("/carry-out", password="wrong")
    assert refused.status == 422
    assert cast.fresh(first).status == "archived"
    done = page.send("/carry-out", password=PASSWORD)
    assert "2 hồ sơ trong danh mục đã hủy" in done.words
    assert "Bùi Thị Thu" in done.words
    assert not done.all("input[name=password]")
    assert {cast.fresh(key).status for key in (first, second)} == {"destroyed"}


def test_what_is_left_of_a_destroyed_record(cast: Cast, reader: People) -> None:
    [key] = due(cast, 12)
    title = cast.fresh(key).title
    code = prints.make(cast.office, cast.actor("lan"), key, "page").code
    lan = reader("lan")
    assert "giữ đến hết ngày 31/12/2025" in lan.get(f"/documents/{key}").words
    made = approved(cast, [key])
    over(cast)
    reader("thu").get(f"/retention/lists/{made}").send("/carry-out", password=PASSWORD)
    page = lan.get(f"/documents/{key}")
    assert page.status == 200
    assert "đã được hủy khi hết thời hạn lưu trữ" in page.words
    assert "Chuỗi nhật ký liền mạch" in page.words
    assert title not in page.words
    for path in ("pdf", "pages/1.webp", "pdf?revision=1"):
        assert lan.get(f"/documents/{key}/{path}").status == 410
    assert lan.get(f"/documents/{key}/large").status == 404
    assert lan.get(f"/documents/{key}/compare").status == 404
    assert reader("huong").get(f"/documents/{key}/pdf").status == 404
    assert reader("minh").get(f"/documents/{key}").all("#destroyed a")[0].get("href") == f"/documents/{made}"
    client = TestClient(create_app(cast.office.settings, cast.office))
    client.headers["Authorization"] = f"Bearer {signed_in(cast.office, 'lan', 'token')}"
    answer = client.get(f"/api/v1/documents/{key}").json()
    assert (answer["status"], answer["content_hash"], answer["fields"]) == ("destroyed", None, {})
    refused = client.get(f"/api/v1/documents/{key}/pdf")
    assert (refused.status_code, refused.json()["code"]) == (410, "gone")
    assert [i["id"] for i in client.get("/api/v1/documents?status=destroyed").json()["items"]] == [key]
    assert "Đã hủy" in lan.get("/documents?status=destroyed").words
    number = cast.fresh(made).number
    assert number
    said = lan.get(f"/p/{code}").words
    assert "từng có hiệu lực, đã hết thời hạn lưu trữ và được hủy ngày" in said
    assert f"theo danh mục số {number}" in said
    with cast.office.db.read() as session:
        assert not [subject for subject in session.exec(select(Mail.subject)).all() if title in subject]
    assert lan.get(f"/documents/{key}/pdf").tree.findtext(".//h1") == "Đã hủy"
    assert lan.get(f"/documents/{key}?lang=en").tree.findtext(".//h1") == "Lesson plan"


def test_the_file_of_a_destroyed_record_is_known_after_it_is_gone(cast: Cast, reader: People) -> None:
    [key] = due(cast, 12)
    blob = cast.fresh(key).blob or ""
    made = approved(cast, [key])
    over(cast)
    reader("thu").get(f"/retention/lists/{made}").send("/carry-out", password=PASSWORD)
    cast.office.blobs.path(blob).unlink(missing_ok=True)  # as the hourly job does
    with cast.office.db.read() as session:
        found = known_files.find(session, cast.office.blobs, blob)
        assert found is not None
        assert (found.standing, found.by_list) == ("destroyed", cast.fresh(made).number)
        assert known_files.find(session, cast.office.blobs, "0" * 64) is None


@pytest.mark.parametrize("path", ADDRESSES[:3])
def test_a_teacher_knows_nothing_of_it(reader: People, path: str) -> None:
    assert reader("lan").get(path).status == 404


def test_every_page_is_whole_in_both_languages(cast: Cast, reader: People) -> None:
    [key] = due(cast, 12)
    made = destructions.listed(cast, [key])
    for who in ("thu", "minh"):
        for path in (*ADDRESSES, f"/retention/lists/{made}"):
            for language in ("vi", "en"):
                page = reader(who).get(f"{path}?lang={language}")
                assert page.status == (404 if (who, path) == ("minh", "/retention/new") else 200)


def test_another_schools_lists_are_not_there(cast: Cast, reader: People) -> None:
    [key] = due(cast, 12)
    made = destructions.listed(cast, [key])
    stranger = reader("principal_b")
    assert stranger.get(f"/retention/lists/{made}").status == 404
    assert "Chưa có hồ sơ nào hết thời hạn" in stranger.get("/retention").words


def test_a_term_is_shown_before_it_is_set(cast: Cast, reader: People) -> None:
    key = destructions.plan(cast, 12)
    admin = reader("admin")
    assert reader("minh").get("/retention/terms/lesson-plan").status == 404
    form = admin.get("/retention/terms/lesson-plan")
    for typed, said in (
        ({"kind": "years", "years": "nhiều"}, "Ghi số năm"),
        ({"kind": "years", "years": "101"}, "từ 1 đến 100"),
        ({"kind": "years", "years": "7", "from_day": "32/1/2027"}, "32/1/2027"),
    ):
        refused = form.send("/lesson-plan", **typed)
        assert refused.status == 422
        assert said in refused.words
    seen = form.send("/lesson-plan", kind="years", years="7", earlier="yes", basis="QĐ 12")
    assert "1 hồ sơ được giữ lâu hơn" in seen.words
    assert cast.fresh(key).keep_until is not None
    done = seen.send("/lesson-plan")
    assert done.path == "/retention/terms"
    assert "QĐ 12" in done.words
    until = cast.fresh(key).keep_until
    assert until is not None
    assert until.year == 2033  # the last moment of that year, in Vietnam the first of the next
    assert "7 năm" in reader("lan").get("/types").words


def test_a_hold_is_placed_at_the_record_and_lifted_with_a_reason(cast: Cast, reader: People) -> None:
    key = destructions.plan(cast, 12)
    minh = reader("minh")
    [link] = [a for a in minh.get(f"/documents/{key}").all(".head__a a") if "holds" in a.get("href")]
    page = minh.get(link.get("href"))
    assert cast.fresh(key).title in page.words
    refused = page.send("/holds", reason="")
    assert refused.status == 422
    placed = page.send("/holds", reason="Thanh tra chuyên ngành", reference="15/QĐ-TTr")
    assert "Thanh tra chuyên ngành" in placed.words
    assert "15/QĐ-TTr" in reader("thu").get("/retention/holds").words
    assert "Thanh tra chuyên ngành" in minh.get(f"/documents/{key}").words
    assert "Thanh tra" not in reader("lan").get(f"/documents/{key}").words
    assert not reader("ngoc").get("/retention/holds").all("form .btn--go")
    lifted = placed.send("/lift", lift_reason="Đã kết luận")
    assert "Đã kết luận" in lifted.words
    assert "Thanh tra" not in minh.get(f"/documents/{key}").words


def test_records_are_found_and_exported_by_the_end_of_their_retention(cast: Cast, reader: People) -> None:
    first, second = destructions.plan(cast, 12), destructions.plan(cast, 13)
    third = cast.sent("lan", 14).id
    with cast.office.db.write() as session:
        session.exec(update(Document).where(col(Document.id) == second).values(keep_until=None))
    minh = reader("minh")

    def listed(kept: str) -> set[str]:
        page = minh.get(f"/documents?kept={kept}")
        return {a.get("href").rpartition("/")[2] for a in page.all("table a")}

    assert (listed("2031"), listed("2030"), listed("permanent")) == ({first}, set(), {second})
    assert listed("") >= {first, second, third}
    assert listed("x") == set()
    text = minh.client.get("/documents.csv?kept=2031").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert ["Bộ lọc: Giữ đến hết năm: 2031"] in rows
    assert rows[-1][rows[-2].index("Giữ đến hết ngày")] == "31/12/2031"


def test_a_stored_reason_is_told_in_both_languages() -> None:
    held = staying_words.HELD.format(reference=staying_words.UNDER.format(number="12/QĐ {a}"))
    with_other = staying_words.WITH.format(title="Giáo án “Toán”", why=held)
    for said in (staying_words.PERMANENT, staying_words.KEPT.format(day="31/12/2031"), held, with_other):
        assert staying_words.told_again(said.vi) == said
    assert staying_words.told_again("lý do khác").en == "lý do khác"
