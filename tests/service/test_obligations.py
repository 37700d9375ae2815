"""After approval: what is owed, what counts as evidence, prints and their public page."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import lxml.html
import pypdfium2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import DatabaseError
from sqlmodel import col, select, update

from flows import duties, outstanding
from flows.decide import settle
from models.document import Document
from models.evidence import Duty, Evidence
from models.settings import VIETNAM
from service.app import create_app
from service.bundle import safe_name
from tasks import pdf_pages
from tests.cast import Cast
from tests.service.reading import Reader
from tests.service.test_api import Person

NOW = datetime(2026, 11, 26, 9, tzinfo=VIETNAM)
"""Thursday of week 12; week 13 begins on Monday 30/11."""
DUE = datetime(2026, 11, 30, tzinfo=VIETNAM)


@pytest.fixture
def approved(cast: Cast) -> Document:
    """Lan's lesson plan of week 13, signed by everyone."""
    cast.office.now = lambda: NOW
    document = cast.sent("lan", 13)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return cast.fresh(document.id)


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False) as client:
        yield client


def archive(cast: Cast, document: Document) -> Document:
    """What the machine does next: the same file with a timestamp more."""
    stamped = cast.office.blobs.put(cast.office.blobs.get(document.blob or "") + b"\n% archived\n")
    assert settle(cast.office, document.id, document.version, blob=stamped, keep_until=None, data={}), (
        "the archive step was not open"
    )
    return cast.fresh(document.id)


def owed(cast: Cast, document: Document) -> dict[str, bool]:
    """Kind of each duty → still open?"""
    with cast.office.db.read() as session:
        return {d.kind: d.met_at is None for d in duties.duties_of(session, document.id)}


def said(cast: Cast, **wanted: object) -> list[Evidence]:
    with cast.office.db.read() as session:
        rows = session.exec(select(Evidence).order_by(col(Evidence.at), col(Evidence.id))).all()
    return [row for row in rows if all(getattr(row, k) == v for k, v in wanted.items())]


BOTH_OPEN = {"download": True, "print-unless-laptop": True}


# --- opened by the last person's decision ---------------------------------------------------------------


def test_the_approval_opens_what_is_owed_before_monday_of_the_week(cast: Cast, approved: Document) -> None:
    with cast.office.db.read() as session:
        rows = session.exec(select(Duty)).all()
        assert {d.due_at for d in rows} == {DUE}
    assert owed(cast, approved) == BOTH_OPEN


def test_an_approval_after_that_leaves_the_owner_a_day(cast: Cast) -> None:
    late = DUE + timedelta(hours=10)
    cast.office.now = lambda: late
    document = cast.sent("lan", 13)
    cast.act("hoa", document.id, "approve")
    assert owed(cast, document) == {}
    cast.act("minh", document.id, "approve")
    with cast.office.db.read() as session:
        assert {d.due_at for d in session.exec(select(Duty))} == {late + timedelta(days=1)}


def test_a_sealed_record_owes_nothing_before_its_seal(cast: Cast) -> None:
    plan = cast.team_plan()
    for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
        cast.act(name, plan.id, action)
    assert owed(cast, plan) == {}
    cast.act("thu", plan.id, "seal")
    assert owed(cast, plan) == {"download": True, "print": True}


# --- downloads ------------------------------------------------------------------------------------------


def test_only_the_owners_download_of_the_approved_file_counts(
    cast: Cast, approved: Document, client: TestClient
) -> None:
    hoa, lan = Person(client, "hoa"), Person(client, "lan")
    path = f"/api/v1/documents/{approved.id}/pdf"
    assert client.get(path, headers=hoa.headers).status_code == 200
    assert said(cast) == []
    answer = client.get(path, headers=lan.headers)
    (row,) = said(cast)
    assert (row.kind, row.via, row.account_id) == ("download", "api", cast.ids["lan"])
    assert row.blob == hashlib.sha256(answer.content).hexdigest() == approved.blob
    assert owed(cast, approved) == {"download": False, "print-unless-laptop": True}


def test_the_archive_adds_a_timestamp_and_takes_no_evidence_away(
    cast: Cast, approved: Document, client: TestClient
) -> None:
    lan = Person(client, "lan")
    client.get(f"/api/v1/documents/{approved.id}/pdf", headers=lan.headers)
    archived = archive(cast, approved)
    assert archived.blob != approved.blob
    assert owed(cast, archived)["download"] is False
    (download, _) = lan.get(f"/documents/{approved.id}")["obligations"]
    assert download["met"] and [e["counts"] for e in download["evidence"]] == [True]


def test_evidence_for_a_replaced_file_no_longer_counts_and_the_page_says_so(
    cast: Cast, approved: Document
) -> None:
    lan = Reader(cast, "lan")
    lan.client.get(f"/documents/{approved.id}/pdf")
    with cast.office.db.write() as session:  # as a later decision with a new file would
        session.exec(update(Document).values(blob="0" * 64))
        changed = session.get_one(Document, approved.id)
        here = type("Ended", (), {"status": "approved", "automatic": True})
        duties.follow(session, changed, duties.type_of(changed.type), here, NOW)  # type: ignore[arg-type]
    assert owed(cast, approved) == BOTH_OPEN
    page = lan.get(f"/documents/{approved.id}")
    assert "đã được thay, nên không còn tính" in page.words and "Chưa tải về" in page.words
    lan.client.close()


def test_the_database_keeps_evidence_as_it_was(each_cast: Cast) -> None:
    duties.report_laptop(each_cast.office, each_cast.actor("lan"), broken=True, via="page")
    with pytest.raises(DatabaseError, match="append-only"), each_cast.office.db.write() as session:
        session.exec(update(Evidence).values(kind="laptop-works"))


# --- what the owner says --------------------------------------------------------------------------------


def test_the_owner_says_it_is_printed(cast: Cast, approved: Document) -> None:
    lan = Reader(cast, "lan")
    desk = lan.get("/")
    assert "Chưa xác nhận đã in" in desk.words
    done = desk.send(f"/{approved.id}/attestations", kind="printed")
    assert done.path == "/" and "Chưa xác nhận đã in" not in done.words
    page = lan.get(f"/documents/{approved.id}")
    assert "Đã in ra giấy, theo lời người soạn" in page.words and "1 trên 2 đã xong" in page.words
    lan.client.close()


def test_a_broken_laptop_asks_for_paper_again_until_it_works(cast: Cast, approved: Document) -> None:
    lan = cast.actor("lan")
    duties.attest(cast.office, lan, approved.id, "laptop", "page")
    assert owed(cast, approved)["print-unless-laptop"] is False
    duties.report_laptop(cast.office, lan, broken=True, via="page")
    assert owed(cast, approved)["print-unless-laptop"] is True
    reader = Reader(cast, "lan")
    page = reader.get(f"/documents/{approved.id}")
    assert "đang báo hỏng từ 26/11/2026" in page.words
    assert "Tôi dùng máy tính xách tay" not in page.words
    back = page.send("/laptop", state="works")
    assert back.path == f"/documents/{approved.id}"
    assert owed(cast, approved)["print-unless-laptop"] is False
    reader.client.close()


def test_a_laptop_that_breaks_later_changes_nothing_about_weeks_that_are_over(
    cast: Cast, approved: Document
) -> None:
    lan = cast.actor("lan")
    duties.attest(cast.office, lan, approved.id, "laptop", "page")
    cast.office.now = lambda: DUE + timedelta(days=8)
    duties.report_laptop(cast.office, lan, broken=True, via="page")
    assert owed(cast, approved)["print-unless-laptop"] is False


def test_what_may_not_be_said(cast: Cast, approved: Document, client: TestClient) -> None:
    lan, hoa, other = (Person(client, n) for n in ("lan", "hoa", "teacher_b"))
    path, printed = f"/documents/{approved.id}/attestations", {"kind": "printed"}
    assert hoa.post(path, printed, 403)["code"] == "not-yours"
    assert other.post(path, printed, 404)["code"] == "not-found"
    assert lan.post(path, {"kind": "read"}, 422)["code"] == "invalid"
    client.put("/api/v1/me/laptop", json={"broken": True}, headers=lan.headers)
    assert "báo hỏng" in lan.post(path, {"kind": "laptop"}, 422)["detail"]
    waiting = cast.sent("lan", 14)
    assert lan.post(f"/documents/{waiting.id}/attestations", printed, 409)["code"] == "wrong-step"
    assert lan.post(path, printed)["obligations"][1]["met"] is True
    assert lan.post(path, printed)["obligations"][1]["met"] is True
    assert len(said(cast, kind="printed")) == 1


def test_saying_needs_the_forms_token_and_a_post(cast: Cast, approved: Document) -> None:
    lan = Reader(cast, "lan")
    assert (
        lan.client.post(f"/documents/{approved.id}/attestations", data={"kind": "printed"}).status_code == 403
    )
    assert lan.client.post(f"/documents/{approved.id}/prints").status_code == 403
    assert lan.client.get(f"/documents/{approved.id}/prints").status_code == 405
    assert said(cast) == []
    lan.client.close()


# --- prints ---------------------------------------------------------------------------------------------


def test_a_print_says_on_each_page_what_it_is_and_is_no_proof_of_paper(
    cast: Cast, approved: Document, client: TestClient
) -> None:
    lan = Person(client, "lan")
    made = lan.post(f"/documents/{approved.id}/prints", {}, 201)
    pdf = client.get(made["pdf"], headers=lan.headers).content
    original = cast.office.blobs.get(approved.blob or "")
    texts = pdf_pages.page_texts(pdf)
    assert len(texts) == pdf_pages.page_count(original)
    for number, text in enumerate(texts, 1):
        assert "BẢN IN từ hồ sơ đã ký số" in text and made["code"] in text, text
        assert "Nguyễn Thị Lan, lúc 26/11/2026 09:00" in text
        assert f"Trang {number}/{len(texts)}" in text
    assert pypdfium2.PdfDocument(pdf).get_formtype() == 0, "no field of a signature is left"
    assert pdf_pages.page_texts(client.get(made["pdf"], headers=lan.headers).content) == texts
    assert cast.office.blobs.get(approved.blob or "") == original
    assert owed(cast, approved) == BOTH_OPEN, "a print made is not paper"
    listed = lan.get("/obligations")["items"]
    assert [i["print_made_at"] is not None for i in listed if i["kind"] != "download"] == [True]


def test_the_page_makes_the_print_in_one_step_and_shows_it(cast: Cast, approved: Document) -> None:
    lan = Reader(cast, "lan")
    page = lan.get(f"/documents/{approved.id}")
    token = page.form("/prints").fields["csrf"]
    answer = lan.client.post(f"/documents/{approved.id}/prints", data={"csrf": token})
    assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    assert answer.headers["content-disposition"].startswith("inline")
    (row,) = said(cast)
    assert row.kind == "print" and row.code in str(answer.url)
    again = lan.get(f"/documents/{approved.id}")
    assert "tạo bản in, mã" in again.words and "Chưa xác nhận đã in" in again.words
    lan.client.close()


def test_a_print_is_for_those_who_see_the_record_and_for_approved_files(
    cast: Cast, approved: Document, client: TestClient
) -> None:
    lan, mai, other = (Person(client, n) for n in ("lan", "mai", "teacher_b"))
    waiting = cast.sent("lan", 14)
    assert lan.post(f"/documents/{waiting.id}/prints", {}, 409)["code"] == "wrong-step"
    assert mai.post(f"/documents/{waiting.id}/prints", {}, 404)["code"] == "not-found"
    made = lan.post(f"/documents/{approved.id}/prints", {}, 201)
    assert client.get(made["pdf"], headers=other.headers).status_code == 404
    assert client.get(made["pdf"].replace(approved.id, waiting.id), headers=lan.headers).status_code == 404


def test_anyone_with_the_code_learns_of_the_file_and_of_nobody(
    cast: Cast, approved: Document, client: TestClient
) -> None:
    lan = Person(client, "lan")
    made = lan.post(f"/documents/{approved.id}/prints", {}, 201)
    typed = made["code"].lower().replace("-", " ")
    assert (
        client.get("/p", params={"code": typed}).headers["location"] == f"/p/{made['code'].replace('-', '')}"
    )
    path = f"/p/{typed}"
    page = client.get(path)
    assert page.status_code == 200
    assert "đang có hiệu lực" in page.text and "Kế hoạch bài dạy (giáo án)" in page.text
    assert "Trường Tiểu học Đồng Mai" in page.text and (approved.blob or "")[:4] in page.text
    assert approved.id not in page.text
    read = lxml.html.fromstring(page.text).text_content().replace(made["code"], "")
    for private in ("Lan", "Hoa", "Minh", "3A", "tuần", "Bài 28"):
        assert private not in read, private
    archive(cast, approved)
    assert "đang có hiệu lực" in client.get(path).text
    with cast.office.db.write() as session:
        session.exec(update(Document).values(status="replaced"))
    assert "đã được thay" in client.get(path).text
    assert client.get(made["pdf"], headers=lan.headers).status_code == 409
    with cast.office.db.write() as session:
        session.exec(update(Document).values(status="withdrawn"))
    assert "đã được rút" in client.get(path).text
    with cast.office.db.write() as session:
        session.exec(update(Document).values(status="destroyed"))
    assert "được hủy" in client.get(path).text


def test_codes_cannot_be_tried_without_end(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.limits import Limiter
    from service.pages import obligations

    monkeypatch.setattr(obligations, "ASKED", Limiter(3, timedelta(minutes=10)))
    answers = [client.get("/p/AAAA-BBBB-CCCC").status_code for _ in range(4)]
    assert answers == [404, 404, 404, 429]


# --- the lists ------------------------------------------------------------------------------------------


def test_each_sees_what_they_answer_for(cast: Cast, approved: Document, client: TestClient) -> None:
    week = cast.weeks[13]
    seen = {n: Person(client, n).get("/obligations", week=week)["items"] for n in PEOPLE}
    assert {n: len(items) for n, items in seen.items()} == PEOPLE
    assert {(i["owner"]["name"], i["group"]["name"]) for i in seen["hoa"]} == {("Nguyễn Thị Lan", "Tổ 1-2-3")}
    elsewhere = {"params": {"week": week}, "headers": Person(client, "teacher_b").headers}
    assert client.get("/api/v1/obligations", **elsewhere).status_code == 422  # no week of that school
    with cast.office.db.read() as session:
        assert outstanding.counts(session, cast.actor("minh")) == {week: 2}
        assert outstanding.counts(session, cast.actor("son")) == {}


PEOPLE = {"lan": 2, "hoa": 2, "lien": 2, "minh": 2, "ngoc": 2, "mai": 0, "son": 0, "admin": 0}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_weeks_page_names_what_is_open(cast: Cast, approved: Document, language: str) -> None:
    hoa = Reader(cast, "hoa")
    page = hoa.get(f"/obligations?lang={language}")
    assert ("2 việc chưa xong, trong 2 việc" if language == "vi" else "2 of 2 not done") in page.words
    assert "Nguyễn Thị Lan" in page.words and "Tôi đã in" not in page.words
    cast.office.now = lambda: DUE + timedelta(hours=1)
    page = hoa.get(f"/obligations?week={cast.weeks[13]}&lang={language}")
    assert ("2 việc quá hạn" if language == "vi" else "2 past the limit") in page.words
    assert hoa.get("/obligations?week=nonsense").status == 404
    hoa.client.close()


# --- a week in one file ---------------------------------------------------------------------------------


def test_a_weeks_files_come_as_one_zip_that_opens_from_the_disk(
    cast: Cast, approved: Document, client: TestClient, tmp_path: Path
) -> None:
    later = cast.sent("lan", 14)
    answer = client.get("/api/v1/bundle", headers=Person(client, "lan").headers)
    assert 'filename="Tuan 13 - Nguyen Thi Lan.zip"' in answer.headers["content-disposition"]  # không dấu
    (tmp_path / "week.zip").write_bytes(answer.content)
    with zipfile.ZipFile(tmp_path / "week.zip") as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["index.html", "01 Ke hoach bai day tuan 13, lop 3A.pdf"]
        assert hashlib.sha256(packed.read(packed.namelist()[1])).hexdigest() == approved.blob
        packed.extractall(tmp_path)
    contents = lxml.html.fromstring((tmp_path / "index.html").read_text())
    assert [(tmp_path / unquote(a.get("href"))).is_file() for a in contents.iter("a")] == [True]
    assert not [e for e in contents.iter() if e.tag == "script" or e.get("src")]
    assert "tuần 13, lớp 3A" in contents.text_content() and "lang" in contents.attrib
    (row,) = said(cast)
    assert (row.kind, row.via, row.document_id) == ("download", "zip", approved.id)
    assert owed(cast, approved)["download"] is False
    refused = client.get(f"/api/v1/bundle?week={later.week_id}", headers=Person(client, "lan").headers)
    assert refused.status_code == 409 and "Tuần 14" in refused.json()["detail"]


def test_the_zip_of_a_week_is_on_the_desk_and_names_what_is_missing(cast: Cast, approved: Document) -> None:
    lan, mai = Reader(cast, "lan"), Reader(cast, "mai")
    with cast.office.db.write() as session:
        session.add(
            Document(
                school_id=cast.school_id,
                type="team-teaching-plan",
                owner_id=cast.ids["lan"],
                week_id=cast.weeks[12],
                last_week_id=cast.weeks[15],
                title='<b>Kế hoạch "tổ"</b>',
                status="in_progress",
                step="principal_approval",
                created_at=NOW,
                updated_at=NOW,
            )
        )
    (link,) = lan.get("/").all("a[href=bundle]")
    answer = lan.client.get(link.get("href"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        index = packed.read("index.html").decode()
    assert "&lt;b&gt;Kế hoạch" in index and "Chờ hiệu trưởng" in index
    assert mai.get("/").all("a[href=bundle]") == []
    assert mai.client.get("/bundle").status_code == 409
    assert mai.client.get(f"/bundle?week={approved.id}").status_code == 404
    for reader in (lan, mai):
        reader.client.close()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Kế hoạch ĐẶC BIỆT: a/b\\c?", "Ke hoach DAC BIET- a-b-c-"),
        ("../../etc/passwd", "-..-etc-passwd"),
        ("  . ", "ho so"),
        ("日本", "ho so"),
        ("x" * 300, "x" * 90),
    ],
)
def test_file_names_are_safe_on_windows(title: str, name: str) -> None:
    assert safe_name(title) == name
