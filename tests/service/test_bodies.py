"""A file as the body by page and by API: taken, shown, replaced; every bad file in its own words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import lxml.html
import pypdfium2
import pytest
from fastapi.testclient import TestClient
from PIL import ImageChops
from sqlmodel import col, select

from flows import conversions, duties, uploads
from models.document import DocumentImage
from service.app import create_app
from tasks import libreoffice, pdf_pages
from tasks.pools import IntakePool
from tests import corpus, needs, states
from tests.cast import Cast, signed_in
from tests.service.reading import let_in
from tests.timetables import timetable
from tests.waiting import until


@pytest.fixture(scope="module")
def pool() -> Iterator[IntakePool]:
    with IntakePool(1, seconds=240, warm="tasks.converting", role="converter") as pool:
        yield pool


class Person:
    """One of the cast, by page and by API."""

    def __init__(self, cast: Cast, name: str, *, alive: bool = False) -> None:
        self.cast, self.client = cast, TestClient(create_app(cast.office.settings, cast.office))
        if alive:
            self.client.__enter__()
        self.headers = {"Authorization": f"Bearer {signed_in(cast.office, name, 'token')}"}
        let_in(self.client, cast.office, name)

    @staticmethod
    def csrf(page: str) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        return found[1] if found else ""

    def api(self, method: str, path: str, **more: Any) -> Any:
        return self.client.request(method, f"/api/v1/documents/{path}", headers=self.headers, **more)

    def put(self, document_id: str, data: bytes, name: str, **params: Any) -> Any:
        return self.api(
            "PUT", f"{document_id}/body", files={"file": (name, data)}, params={"wait": 0} | params
        )

    def page(self, path: str) -> str:
        """What a page says, white space folded."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return " ".join(lxml.html.fromstring(answer.text).text_content().split())

    def send(self, document_id: str, data: bytes, name: str) -> Any:
        """The plain form, as a browser without scripts sends it."""
        csrf = self.csrf(self.client.get(f"/documents/{document_id}/body").text)
        return self.client.post(
            f"/documents/{document_id}/body", data={"csrf": csrf}, files={"file": (name, data)}
        )

    def press(self, document_id: str, path: str, **fields: str) -> Any:
        csrf = self.csrf(self.client.get(f"/documents/{document_id}/body").text)
        return self.client.post(f"/documents/{document_id}/{path}", data={"csrf": csrf, **fields})


@pytest.fixture
def people(cast: Cast) -> Iterator[Callable[[str], Person]]:
    known: dict[str, Person] = {}

    def person(name: str) -> Person:
        return known.setdefault(name, Person(cast, name)) if name not in known else known[name]

    yield person
    for one in known.values():
        one.client.close()


People = Callable[[str], Person]
SEALED_WAY = (
    ("hoa", "submit"),
    ("hoa", "sign"),
    ("ngoc", "approve"),
    ("minh", "approve"),
    ("thu", "seal"),
)


# --- the whole way -----------------------------------------------------------------------------------------


def test_from_the_file_to_the_signature_by_page(cast: Cast, people: People, pool: IntakePool) -> None:
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    place = f"/documents/{document.id}"
    assert "Tải tệp lên thay cho biểu mẫu" in lan.page(f"{place}/edit")
    sent = lan.send(document.id, corpus.scripted_pdf(), "KHBD tuần 14.pdf")
    assert sent.url.path == f"{place}/body"
    assert "Chờ chuyển đổi" in sent.text
    assert "đang được chuyển đổi" in lan.page(f"{place}/edit")
    conversions.convert_next(cast.office, pool)
    said = lan.page(f"{place}/body")
    assert "Nội dung lấy từ tệp KHBD tuần 14.pdf, 1 trang" in said
    assert "Đã bỏ ra khỏi bản dùng trong hồ sơ:" in said
    assert "mã lệnh (JavaScript)" in said
    form = lan.client.get(f"{place}/edit").text
    assert 'name="lessons.0.title"' in form
    assert 'name="lessons.0.requirements"' not in form
    preview = lan.page(f"{place}/preview")
    assert "3" in preview
    assert lan.client.get(f"{place}/preview/2.webp").headers["content-type"] == "image/webp"
    original = lan.client.get(f"{place}/body/original")
    assert original.content == corpus.scripted_pdf()
    assert original.headers["content-disposition"].startswith('attachment; filename="KHBD tuan 14.pdf"')
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign")
    shown = people("hoa").page(place)
    assert "Lấy từ tệp KHBD tuần 14.pdf, 1 trang" in shown
    assert "Tải tệp gốc" not in shown
    assert people("hoa").client.get(f"{place}/body/original").status_code == 404
    assert lan.client.get(f"{place}/body/original?revision=1").content == corpus.scripted_pdf()
    assert lan.client.get(f"{place}/body").url.path == place  # no draft any more: the record's page


def test_the_words_of_a_file_are_found(cast: Cast, people: People, pool: IntakePool) -> None:
    if not libreoffice.find():
        needs.missing("LibreOffice", "install the package libreoffice-writer-nogui to run this test.")
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    asked = "/documents?q=quạt+giấy+hương+nhu"

    def finds(name: str, address: str = asked) -> bool:
        return f"/documents/{document.id}" in people(name).client.get(address).text

    lan.send(document.id, corpus.word(corpus.p("Làm quạt giấy có mùi hương nhu.")), "KHBD.docx")
    assert not finds("lan")
    conversions.convert_next(cast.office, pool)
    assert finds("lan")
    assert finds("lan", "/documents?q=quat+giay+huong+nhu")
    assert not finds("hoa"), "a draft is its author's alone"
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign")
    assert finds("hoa")
    assert not finds("son")
    cast.act("hoa", document.id, "return", note="Bỏ tệp, viết vào biểu mẫu.")
    lan.press(document.id, "body/remove")
    assert not finds("lan")


def test_a_file_of_the_group_is_numbered_and_sealed(cast: Cast, people: People, pool: IntakePool) -> None:
    plan, hoa = cast.team_plan("hoa", 20, 22), people("hoa")
    hoa.send(plan.id, corpus.pdf(3), "KHDH khối 3.pdf")
    conversions.convert_next(cast.office, pool)
    form = hoa.client.get(f"/documents/{plan.id}/edit").text
    assert 'name="grade"' in form
    assert 'name="rows.0.lesson"' not in form
    for name, action in SEALED_WAY:
        cast.act(name, plan.id, action)
    states.archive(cast, plan.id)
    sealed = cast.fresh(plan.id)
    assert (sealed.status, sealed.number) == ("archived", "01")
    pdf = cast.office.blobs.get(sealed.blob or "")
    cover, *inside, sheet = pdf_pages.page_texts(pdf)
    assert "KẾ HOẠCH DẠY HỌC CỦA TỔ CHUYÊN MÔN" in cover
    assert "tuần 20 – tuần 22" in cover
    assert len(inside) == 3
    assert "PHIẾU KÝ" in sheet
    with pypdfium2.PdfDocument(pdf) as shown:
        shown.init_forms()
        drawn = shown[0].render(scale=2, may_draw_forms=True).to_pil()
        plain = shown[0].render(scale=2, may_draw_forms=False).to_pil()
    assert ImageChops.difference(drawn, plain).getbbox(), "number and date are filled in on the cover"


def test_a_file_is_a_teachers_plan(cast: Cast, people: People, pool: IntakePool) -> None:
    plan, lan = cast.teacher_plan("lan", 20, 21), people("lan")
    lan.send(plan.id, corpus.pdf(), "Lịch báo giảng.pdf")
    conversions.convert_next(cast.office, pool)
    for name, action in (("lan", "submit"), ("lan", "sign"), ("hoa", "approve"), ("minh", "approve")):
        cast.act(name, plan.id, action)
    states.archive(cast, plan.id)
    archived = cast.fresh(plan.id)
    cover, *_ = pdf_pages.page_texts(cast.office.blobs.get(archived.blob or ""))
    assert "Tuần 20 – tuần 21" in cover
    with cast.office.db.read() as session:
        assert {duty.kind for duty in duties.duties_of(session, plan.id)} == {"download", "print"}


def test_what_was_typed_stays_beside_a_file(cast: Cast, people: People, pool: IntakePool) -> None:
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    typed = document.fields["lessons"][0]
    lan.send(document.id, corpus.pdf(), "a.pdf")
    conversions.convert_next(cast.office, pool)
    page = lan.client.get(f"/documents/{document.id}/edit").text
    fields = lxml.html.fromstring(page).get_element_by_id("f")
    values = dict(fields.form_values()) | {"lessons.0.title": "Bài 29", "do": "save"}
    assert lan.client.post(f"/documents/{document.id}/edit", data=values).status_code == 200
    assert cast.fresh(document.id).fields["lessons"][0] == typed | {"title": "Bài 29"}
    assert lan.press(document.id, "body/remove").url.path == f"/documents/{document.id}/edit"
    assert 'name="lessons.0.requirements"' in lan.client.get(f"/documents/{document.id}/edit").text


def test_nothing_is_copied_into_a_form_beside_a_file(cast: Cast, people: People, pool: IntakePool) -> None:
    timetable(cast, "lan", "3A", (0, 1, "Toán"))
    lan, source, draft = people("lan"), cast.lesson_plan("lan", 13), cast.lesson_plan("lan", 14)
    pick = {"document": source.id, "part": source.fields["lessons"][0]["id"]}
    lan.send(draft.id, corpus.pdf(), "KHBD.pdf")
    conversions.convert_next(cast.office, pool)
    saved = cast.fresh(draft.id)
    over = {"content_version": saved.content_version}
    for path, asked in (("lessons", over | {"items": [pick]}), ("timetable", over)):
        refused = lan.api("POST", f"{draft.id}/{path}", json=asked)
        assert (refused.status_code, refused.json()["code"]) == (409, "wrong-step"), path
        assert "là tệp “KHBD.pdf”" in refused.json()["detail"]
    page = lan.client.get(f"/documents/{draft.id}/lessons")
    assert (page.status_code, "bỏ tệp trước" in page.text) == (409, True)
    assert cast.fresh(draft.id).fields == saved.fields
    lan.press(draft.id, "body/remove")
    over["content_version"] = cast.fresh(draft.id).content_version
    taken = lan.api("POST", f"{draft.id}/lessons", json=over | {"items": [pick]})
    assert len(taken.json()["fields"]["lessons"]) == 2


def test_by_api_the_answer_waits_for_the_conversion(cast: Cast) -> None:
    lan = Person(cast, "lan", alive=True)
    try:
        document = cast.lesson_plan("lan", 14)
        answer = lan.put(document.id, corpus.pdf(2), "a.pdf", wait=30)
        assert (answer.status_code, answer.json()["body"]["state"]) == (200, "ready")
        assert answer.json()["content_version"] == cast.fresh(document.id).content_version
        refused = lan.put(document.id, corpus.pdf(301), "a.pdf", wait=30)
        assert (refused.status_code, refused.json()["code"]) == (413, "too-large")
        body = lan.api("GET", f"{document.id}/body").json()
        assert (body["body"]["pages"], body["upload"]["state"]) == (2, "refused")
        act = {"version": 1}
        assert lan.api("POST", f"{document.id}/actions/submit", json=act).json()["body"]["pages"] == 2
        assert lan.api("DELETE", f"{document.id}/body").json()["code"] == "wrong-step"
    finally:
        lan.client.__exit__()


def test_in_pieces_by_page_and_by_api(cast: Cast, people: People, pool: IntakePool) -> None:
    lan, document, data = people("lan"), cast.lesson_plan("lan", 14), corpus.pdf(2)
    place, sha256 = f"/documents/{document.id}", hashlib.sha256(data).hexdigest()
    token = {"X-CSRF-Token": lan.csrf(lan.client.get(f"{place}/body").text)}
    about = {"name": "a.pdf", "size": str(len(data)), "sha256": sha256}
    begun = lan.client.post(f"{place}/uploads", data=about, headers=token).json()
    piece = f"{place}/uploads/{begun['id']}"
    assert lan.client.post(f"{piece}?offset=0", content=data[:400]).status_code == 403
    assert lan.client.post(f"{piece}?offset=0", content=data[:400], headers=token).json()["received"] == 400
    again = lan.client.post(f"{piece}?offset=0", content=data[:400], headers=token)
    assert (again.status_code, again.json()) == (409, {"received": 400})
    assert "mới lên" in lan.page(f"{place}/body")
    going_on = lan.api("POST", f"{document.id}/uploads", json=about | {"size": len(data)})
    assert (going_on.status_code, going_on.json()["received"]) == (201, 400)
    api = f"{document.id}/uploads/{begun['id']}"
    wrong = lan.api("PUT", api, params={"offset": 0}, content=data)
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["received"]) == (409, "stale", 400)
    last = lan.api("PUT", api, params={"offset": 400}, content=data[400:])
    assert (last.status_code, last.json()["body"]["state"]) == (202, "waiting")
    conversions.convert_next(cast.office, pool)
    assert lan.client.get(f"{place}/body/state").json()["body"]["state"] == "ready"


def test_without_libreoffice_the_text_fills_the_form(cast: Cast, people: People, pool: IntakePool) -> None:
    cast.office.settings.libreoffice = libreoffice.OFF
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    lan.send(document.id, corpus.illustrated_word(), "KHBD.docx")
    conversions.convert_next(cast.office, pool)
    said = lan.page(f"/documents/{document.id}/body")
    assert "Đã lấy chữ từ tệp KHBD.docx vào biểu mẫu: 1 bài dạy" in said
    assert "chưa có LibreOffice" in said
    first, second = cast.fresh(document.id).fields["lessons"]  # after the one that was written
    assert first == document.fields["lessons"][0]
    assert (second["subject"], second["title"]) == ("Toán", "Bài 28: Bài toán giải bằng hai bước tính")
    with cast.office.db.read() as session:
        (image,) = session.exec(
            select(DocumentImage).where(col(DocumentImage.document_id) == document.id)
        ).all()
    assert image.sha256 in str(second)
    assert "lấy chữ từ tệp KHBD.docx" in lan.page(f"/documents/{document.id}/edit")


def test_text_taken_over_takes_the_place_of_the_file_before(
    cast: Cast, people: People, pool: IntakePool
) -> None:
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    lan.send(document.id, corpus.pdf(2), "cũ.pdf")
    conversions.convert_next(cast.office, pool)
    cast.office.settings.libreoffice = libreoffice.OFF
    lan.send(document.id, corpus.word(), "mới.docx")
    conversions.convert_next(cast.office, pool)
    body = lan.api("GET", f"{document.id}/body").json()
    assert (body["body"], body["upload"]["state"]) == (None, "taken")
    assert "Tệp đang dùng" not in lan.page(f"/documents/{document.id}/body")
    assert 'name="lessons.1.title"' in lan.client.get(f"/documents/{document.id}/edit").text


# --- bad files ---------------------------------------------------------------------------------------------

TEMPLATE = "wordprocessingml.template.main+xml"
BAD: dict[str, tuple[Callable[[], bytes], str, int, str]] = {
    "empty": (lambda: b"", "a.pdf", 422, "Tệp trống"),
    "over-size": (lambda: corpus.pdf() + b"\n" * (30 * 2**20), "a.pdf", 413, "lớn hơn 30 MB"),
    "picture": (corpus.png, "a.docx", 422, "tệp ảnh"),
    "text": (lambda: b"xin chao", "a.docx", 422, "Chỉ nhận tệp Word"),
    "OpenDocument": (corpus.open_document, "a.odt", 422, "OpenDocument"),
    "template": (lambda: corpus.word(main=TEMPLATE), "a.dotx", 422, "tệp mẫu của Word"),
    "zip called .docx": (corpus.plain_zip, "a.docx", 422, "tệp nén (zip)"),
    "PDF called .docx": (corpus.pdf, "a.docx", 422, "Đổi đuôi tên tệp thành .pdf"),
    "old .doc": (corpus.old_doc, "a.doc", 422, "đời cũ"),
    "Word with a password": (corpus.locked_word, "a.docx", 422, "có mật khẩu"),
    "PDF with a password": (lambda: corpus.locked_pdf("mo"), "a.pdf", 422, "có mật khẩu"),
    "truncated PDF": (lambda: corpus.truncated(corpus.pdf(5)), "a.pdf", 422, "bị cắt ngang"),
    "truncated Word": (lambda: corpus.truncated(corpus.word()), "a.docx", 422, "bị cắt ngang"),
    "zip bomb": (corpus.bomb_word, "a.docx", 413, "giải nén"),
    "PDF bomb": (corpus.bomb_pdf, "a.pdf", 413, "giải nén"),
    "2,000 pages": (lambda: corpus.pdf(2000), "a.pdf", 413, "2000 trang"),
    "XFA": (corpus.xfa_pdf, "a.pdf", 422, "XFA"),
    "never ends": (corpus.hanging_pdf, "a.pdf", 413, "quá 1 giây"),
}


def test_every_bad_file_is_refused_in_its_own_words(cast: Cast, people: People, pool: IntakePool) -> None:
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    sentences = set()
    for what, (make, name, status, words) in BAD.items():
        cast.office.settings.convert_seconds = 1 if what == "never ends" else 240
        answer = lan.put(document.id, make(), name)
        conversions.convert_next(cast.office, pool)
        if answer.status_code == 202:
            upload = lan.api("GET", f"{document.id}/body").json()["upload"]
            assert upload["state"] == "refused", what
            detail = upload["detail"]
            assert detail in lan.page(f"/documents/{document.id}/body"), what
        else:
            assert (answer.status_code, what) == (status, what), answer.text
            detail = answer.json()["detail"]
        assert words in detail, what
        sentences.add(detail)
        assert cast.fresh(document.id).content_version == document.content_version, what
    # A cut Word file and a cut PDF, and two kinds of password, have the same way out.
    assert len(sentences) >= len(BAD) - 4


def test_a_signed_file_is_not_taken_apart(cast: Cast, people: People, pool: IntakePool) -> None:
    lan = people("lan")
    signed = cast.office.blobs.get(cast.sent("lan", 14).blob or "")
    document = cast.lesson_plan("lan", 15)
    lan.send(document.id, signed, "da ky.pdf")
    conversions.convert_next(cast.office, pool)
    said = lan.page(f"/documents/{document.id}/body")
    assert "Tệp đã có chữ ký số" in said
    assert "Không nhận được tệp da ky.pdf" in lan.page(f"/documents/{document.id}/edit")


def test_word_that_reaches_out_is_cleaned_and_says_so(cast: Cast, people: People, pool: IntakePool) -> None:
    if not libreoffice.find():
        needs.missing("LibreOffice", "install the package libreoffice-writer-nogui to run this test.")
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    lan.send(document.id, corpus.reaching_word("http://127.0.0.1:9"), "a.docx")
    conversions.convert_next(cast.office, pool)
    assert "ảnh, mẫu lấy từ nơi khác" in lan.page(f"/documents/{document.id}/body")


# --- the form itself ---------------------------------------------------------------------------------------


def test_a_form_that_carries_too_much_or_nothing(
    cast: Cast, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    lan, document = people("lan"), cast.lesson_plan("lan", 14)
    place = f"/documents/{document.id}/body"
    too_large = lan.send(document.id, b"%PDF-" + b"x" * (31 * 2**20), "a.pdf")
    assert too_large.status_code == 413
    assert "lớn hơn 30 MB" in too_large.text

    def endless() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        for _ in range(40):
            yield b"x" * 2**20

    kind = {"Content-Type": "multipart/form-data; boundary=b", **lan.headers}
    streamed = lan.client.put(f"/api/v1{place}", content=endless(), headers=kind)
    assert (streamed.status_code, streamed.json()["code"]) == (413, "too-large")
    nothing = lan.press(document.id, "body")
    assert nothing.status_code == 422
    assert lan.client.post(place, files={"file": ("a.pdf", b"%PDF-")}).status_code == 403  # no token
    assert not list(cast.office.settings.uploads.glob("*"))


def test_a_stranger_sees_no_upload(cast: Cast, people: People) -> None:
    document = cast.lesson_plan("lan", 14)
    upload = uploads.begin(cast.office, cast.actor("lan"), document.id, "a.pdf", 9, "0" * 64)
    for name in ("mai", "minh", "teacher_b"):
        person = people(name)
        place = f"/documents/{document.id}"
        for path in ("body", "body/state", "body/original"):
            assert person.client.get(f"{place}/{path}").status_code == 404, (name, path)
        for path in ("body", "body/original"):
            assert person.api("GET", f"{document.id}/{path}").status_code == 404
        assert person.put(document.id, corpus.pdf(), "a.pdf").status_code == 404
        gone = person.api("PUT", f"{document.id}/uploads/{upload.id}", params={"offset": 0}, content=b"x")
        assert gone.status_code == 404


def test_a_web_process_converts_by_itself(cast: Cast) -> None:
    lan = Person(cast, "lan", alive=True)
    try:
        document = cast.lesson_plan("lan", 14)
        lan.send(document.id, corpus.pdf(), "a.pdf")
        place = f"/documents/{document.id}/body/state"
        until(lambda: lan.client.get(place).json()["body"], "converted")
    finally:
        lan.client.__exit__()
