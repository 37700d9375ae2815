"""Checking a file at /verify and by the API: anyone may, in both languages, and always gets a verdict."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.document import Document
from models.errors import Unavailable
from models.settings import Settings
from models.text import Text
from service import verify_words, verifying
from service.app import create_app
from service.limits import FairTurns
from service.sign_in import Throttled
from service.verifying import MOST, Verifier
from tasks.recognising import BYTE_LIMIT
from tasks.verdicts import Anchors, PageFinding, Standing
from tests import hostile_jobs
from tests.attacks import honest_strangers
from tests.attacks.judged import judge
from tests.attacks.letters import signed
from tests.cast import Cast
from tests.drawn_over import with_a_line_drawn_over
from tests.service.reading import Page, Reader
from tests.signatures import NOW, trust
from tests.waiting import until

PDF = "application/pdf"


@pytest.fixture
def approved(cast: Cast) -> Document:
    """Lan's lesson plan of week 13, signed by everyone."""
    document = cast.sent("lan", 13)
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    return cast.fresh(document.id)


@pytest.fixture
def client(cast: Cast) -> Iterator[TestClient]:
    with TestClient(create_app(cast.office.settings, cast.office), follow_redirects=False) as client:
        yield client


def file_of(cast: Cast, document: Document) -> bytes:
    return cast.office.blobs.get(document.blob or "")


def sent(client: TestClient, pdf: bytes, name: str = "KHBD.pdf", **more: Any) -> Any:
    """The form of the page with a file chosen, as a browser without scripts sends it."""
    token = Page(None, client.get("/verify")).form("/verify").fields["csrf"]  # type: ignore[arg-type]
    return client.post("/verify", data={"csrf": token}, files={"file": (name, pdf, PDF)}, **more)


def shown(client: TestClient, pdf: bytes, language: str = "vi") -> Page:
    address = sent(client, pdf).headers["location"]
    return Page(None, client.get(f"{address}?lang={language}"))  # type: ignore[arg-type]


def asked(client: TestClient, pdf: bytes) -> dict[str, Any]:
    answer = client.post("/api/v1/verify", files={"file": ("KHBD.pdf", pdf, PDF)})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def blank(**encryption: Any) -> bytes:
    with pikepdf.new() as made:
        made.add_blank_page()
        written = io.BytesIO()
        made.save(written, encryption=pikepdf.Encryption(**encryption) if encryption else None)
    return written.getvalue()


# --- what is said -----------------------------------------------------------------------------------------


def test_a_stranger_reads_who_signed_when_and_what_it_is_worth(
    cast: Cast, client: TestClient, approved: Document
) -> None:
    page = shown(client, file_of(cast, approved))
    assert page.status == 200
    assert "Chữ ký đúng, nội dung còn nguyên" in page.tree.findtext(".//h1")
    for said in (
        "Nguyễn Thị Lan",
        "Phạm Thị Hoa",
        "Đỗ Quang Minh",
        "có dấu thời gian",
        "không bị thu hồi",
        "B-LT",
    ):
        assert said in page.words, said
    assert page.words.count("Người ký") >= 4, "the table and the details of each"
    assert "không có giá trị pháp lý" in page.all(".verdict")[0].text_content()
    assert page.headers["x-robots-tag"] == "noindex"
    english = shown(client, file_of(cast, approved), "en")
    assert "Valid, unchanged" in english.tree.findtext(".//h1")
    assert "no legal force" in english.all(".verdict")[0].text_content()
    assert "Kiểm tra" not in english.words.replace("Kiểm tra chữ ký của", "")


def test_the_api_says_the_same_in_both_languages(cast: Cast, client: TestClient, approved: Document) -> None:
    answer = asked(client, file_of(cast, approved))
    assert answer["standing"] == "valid"
    assert answer["headline"] == {"vi": "Chữ ký đúng, nội dung còn nguyên", "en": "Valid, unchanged"}
    assert answer["legal_force"] is False
    assert answer["file"] == {
        "name": "KHBD.pdf",
        "size": len(file_of(cast, approved)),
        "sha256": approved.blob,
    }
    assert [(one["field"], one["signer"], one["kind"]) for one in answer["signatures"]] == [
        ("author", "Nguyễn Thị Lan", "signature"),
        ("group_review", "Phạm Thị Hoa", "signature"),
        ("principal_approval", "Đỗ Quang Minh", "signature"),
    ]
    for one in answer["signatures"]:
        assert one["issuer_class"] == "development"
        assert (one["intact"], one["trusted"], one["revoked_then"], one["revoked_now"]) == (
            True,
            True,
            False,
            False,
        )
        assert one["timestamped_at"].endswith("+07:00")
        assert one["level"] == "B-LT"
    described = client.get("/api/v1/openapi.json").json()["paths"]["/api/v1/verify"]["post"]
    assert "multipart/form-data" in described["requestBody"]["content"]


def test_a_changed_byte_is_altered_and_no_file_of_ours(
    cast: Cast, client: TestClient, approved: Document
) -> None:
    pdf = file_of(cast, approved)
    at = pdf.index(b"/MediaBox") + 1
    changed = pdf[:at] + b"n" + pdf[at + 1 :]
    page = shown(client, changed)
    assert "Không dùng được" in page.tree.findtext(".//h1")
    assert "Tệp của hệ thống này" not in page.words
    answer = asked(client, changed)
    assert answer["standing"] in ("altered", "broken")
    assert answer["known"] is None
    assert {one["intact"] for one in answer["signatures"]} == {False}


@pytest.mark.parametrize(
    ("pdf", "standing"),
    [
        (b"", "unreadable"),
        (b"GIF89a no PDF at all", "unreadable"),
        (b"%PDF-1.7\n" + b"\0" * 100, "unreadable"),
        (blank(owner="a", user="b"), "unreadable"),
        (blank(), "unsigned"),
    ],
    ids=["empty", "no PDF", "rubbish", "encrypted", "unsigned"],
)
def test_every_file_gets_a_verdict_and_no_error_page(client: TestClient, pdf: bytes, standing: str) -> None:
    assert asked(client, pdf)["standing"] == standing
    page = shown(client, pdf)
    assert page.status == 200
    assert len(page.all(".verdict")) == 1
    assert "Từng chữ ký" not in page.words
    assert ("tra mã bản in" in page.words) is (standing == "unsigned"), "a print carries no signature itself"


def test_what_was_changed_is_shown_as_pictures_of_both(
    cast: Cast, client: TestClient, approved: Document
) -> None:
    changed = with_a_line_drawn_over(file_of(cast, approved))
    page = shown(client, changed)
    assert "tệp đã bị sửa sau khi ký" in page.tree.findtext(".//h1")
    assert "Nghi day bu" in page.words
    for cut in page.all(".crop"):
        (frame,) = cut.findall(".//rect")
        left, top, width, height = (int(side) for side in cut.find(".//svg").get("viewbox").split())
        x, y, w, h = (int(frame.get(side)) for side in ("x", "y", "width", "height"))
        assert left <= x < x + w <= left + width and top <= y < y + h <= top + height, "marked in the cut"
    assert page.all(".crop")
    pictures = [image.get("src") for image in page.all("img") if "/verify/" in image.get("src")]
    assert len(pictures) >= 2
    for address in pictures:
        found = client.get(address)
        assert found.headers["content-type"] == "image/webp"
        with Image.open(io.BytesIO(found.content)) as opened:
            assert opened.format == "WEBP"
    assert client.get(pictures[0].replace("/0/", "/99/")).status_code == 404
    answer = asked(client, changed)
    assert answer["standing"] == "altered"
    assert {1} <= {place["page"] for place in answer["places"]}
    assert "Nghi day bu" in " ".join(place["words_after"] for place in answer["places"])


# --- in which language ------------------------------------------------------------------------------------


def test_the_language_chosen_goes_with_the_file_and_stays_in_the_browser(client: TestClient) -> None:
    assert "Verify the signatures" in client.get("/verify?lang=en").text
    result = client.get(sent(client, blank()).headers["location"])
    assert "Not signed" in result.text
    assert "Verify the signatures" in client.get("/verify").text
    assert "Check a print" in client.get("/p").text
    assert "Kiểm tra chữ ký" in client.get("/verify?lang=vi").text
    assert "Kiểm tra chữ ký" in client.get("/verify").text


def test_a_form_sent_in_a_language_is_answered_in_it(client: TestClient) -> None:
    token = Page(None, client.get("/verify")).form("/verify").fields["csrf"]  # type: ignore[arg-type]
    answer = client.post("/verify?lang=en", data={"csrf": token}, files={"file": ("a.pdf", blank(), PDF)})
    assert answer.headers["location"].endswith("?lang=en")


def test_what_a_browser_says_of_itself_does_not_count(client: TestClient) -> None:
    for path in ("/verify", "/p", "/sign-in"):
        assert '<html lang="vi"' in client.get(path, headers={"Accept-Language": "en-US"}).text, path


# --- ours -------------------------------------------------------------------------------------------------


def test_a_file_of_ours_is_known_without_naming_anyone(
    cast: Cast, client: TestClient, approved: Document
) -> None:
    known = asked(client, file_of(cast, approved))["known"]
    assert known == {
        "type": {"vi": "Kế hoạch bài dạy (giáo án)", "en": "Lesson plan"},
        "school": "Trường Tiểu học Đồng Mai",
        "revision": 1,
        "standing": "in-force",
        "since": known["since"],
        "by_revision": None,
    }
    section = shown(client, file_of(cast, approved)).tree.xpath("//section[@aria-labelledby='h-known']")[0]
    said = section.text_content()
    assert "đang có hiệu lực" in said and "Kế hoạch bài dạy (giáo án), bản 1" in said
    for private in ("Lan", "Hoa", "Minh", "3A", "tuần", approved.id):
        assert private not in said, private


def test_who_may_see_the_record_is_led_to_it(cast: Cast, approved: Document) -> None:
    for name, sees in (("lan", True), ("huong", False)):
        reader = Reader(cast, name)
        page = Page(reader, sent(reader.client, file_of(cast, approved), follow_redirects=True))
        links = [a.get("href") for a in page.all("a")]
        assert (f"/documents/{approved.id}" in links) is sees, name
        reader.client.close()


def test_the_earlier_files_of_a_record_are_called_what_they_are(cast: Cast, client: TestClient) -> None:
    document = cast.sent("lan", 13)
    first = file_of(cast, document)
    assert asked(client, first)["known"]["standing"] == "under-way"
    cast.act("hoa", document.id, "return", note="Thêm bài tập.")
    cast.act("lan", document.id, "submit")
    cast.act("lan", document.id, "sign")
    older = asked(client, first)["known"]
    assert (older["standing"], older["revision"], older["by_revision"]) == ("older", 1, 2)
    assert "đã được thay bằng bản 2" in shown(client, first).words
    second = file_of(cast, cast.fresh(document.id))
    cast.act("hoa", document.id, "approve")
    cast.act("minh", document.id, "approve")
    assert asked(client, second)["known"]["standing"] == "unfinished"
    assert "chưa đủ chữ ký" in shown(client, second).words


def test_a_plan_that_waits_for_its_seal_is_valid_and_not_in_force_yet(cast: Cast, client: TestClient) -> None:
    document = cast.team_plan()
    for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
        cast.act(name, document.id, action)
    answer = asked(client, file_of(cast, cast.fresh(document.id)))
    assert answer["known"]["standing"] == "under-way"
    assert answer["standing"] == "valid", "number and date were filled by the principal's own signature"


# --- the address of a result ------------------------------------------------------------------------------


def test_a_result_is_read_again_in_the_other_language_but_not_for_ever(
    cast: Cast, client: TestClient, approved: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = sent(client, file_of(cast, approved)).headers["location"]
    assert "Đúng" in client.get(address).text
    assert "Valid, unchanged" in client.get(f"{address}?lang=en").text
    assert client.get(f"{address}/0/before.webp").status_code == 404, "nothing was changed"
    monkeypatch.setattr("tasks.check_results.KEPT", verifying.timedelta(seconds=-1))
    gone = client.get(address)
    assert gone.status_code == 404
    assert "that time is over" in gone.text and 'type="file"' in gone.text
    assert client.get("/verify/another-word").status_code == 404


def test_nothing_of_the_file_stays_on_the_disk(cast: Cast, client: TestClient) -> None:
    pdf = blank() + b"% Nguyen Van Bi Mat\n"
    before = {path for path in cast.office.settings.data.rglob("*") if path.is_file()}
    name = "KHBD-cua-Nguyen-Van.pdf"
    sent(client, pdf, name)
    asked(client, pdf)
    new = [p for p in cast.office.settings.data.rglob("*") if p.is_file() and p not in before]
    assert [path.parent.name for path in new] == ["verified"], "the page's result, sealed"
    sealed = new[0].read_bytes()
    assert name.encode() not in sealed and b"Nguyen Van Bi Mat" not in sealed


# --- who may ask, how often -------------------------------------------------------------------------------


def test_without_a_file_the_page_says_so(client: TestClient) -> None:
    token = Page(None, client.get("/verify")).form("/verify").fields["csrf"]  # type: ignore[arg-type]
    empty = client.post("/verify", data={"csrf": token}, files={"file": ("", b"", PDF)})
    assert empty.status_code == 422 and "Chưa chọn tệp nào" in empty.text
    script = client.post("/verify", data={"csrf": token}, headers={"Accept": "application/json"})
    assert script.status_code == 422 and "Chưa chọn tệp nào" in script.json()["sentence"]
    assert client.post("/api/v1/verify").json()["code"] == "invalid"


def test_a_script_is_told_where_the_result_is(client: TestClient) -> None:
    answer = sent(client, blank(), headers={"Accept": "application/json"})
    assert client.get(answer.json()["next"]).status_code == 200


def test_a_form_of_another_site_is_refused(cast: Cast, client: TestClient) -> None:
    file = {"file": ("a.pdf", blank(), PDF)}
    assert client.post("/verify", files=file).status_code == 403
    client.get("/verify")
    assert client.post("/verify", data={"csrf": "made-up"}, files=file).status_code == 403
    lan = Reader(cast, "lan")
    assert lan.client.post("/verify", data={"csrf": ""}, files=file).status_code == 403
    lan.client.close()


def test_too_large_a_file_is_refused_in_words(client: TestClient) -> None:
    large = bytes(BYTE_LIMIT + 200_000)
    answer = sent(client, large)
    assert answer.status_code == 413 and "30 MB" in answer.text and "hososo verify" in answer.text
    assert client.post("/api/v1/verify", files={"file": ("a.pdf", large, PDF)}).json()["code"] == "too-large"


def test_one_address_asks_so_often_and_no_more(client: TestClient) -> None:
    answers = [client.post("/api/v1/verify").status_code for _ in range(MOST + 1)]
    assert answers == [422] * MOST + [429]
    page = sent(client, blank())
    assert page.status_code == 429 and "quá nhiều yêu cầu" in page.text and 'type="file"' in page.text


def test_a_stored_file_is_checked_where_it_lies(cast: Cast, approved: Document) -> None:
    lan = Reader(cast, "lan")
    page = lan.get(f"/documents/{approved.id}")
    result = page.send("/verify?revision=1")
    assert result.status == 200 and "Chữ ký đúng" in result.words
    token = page.form("/verify?revision=1").fields["csrf"]
    path = f"/documents/{approved.id}/verify"
    assert lan.client.post(path).status_code == 403, "no token"
    assert lan.client.get(path).status_code == 405
    assert lan.client.post(f"{path}?revision=9", data={"csrf": token}).status_code == 404
    other = Reader(cast, "teacher_b")
    theirs = other.get("/verify").form("/verify").fields["csrf"]
    assert other.client.post(path, data={"csrf": theirs}).status_code == 404
    for reader in (lan, other):
        reader.client.close()


# --- time, memory, room -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "seconds", "said"),
    [
        (hostile_jobs.endless, 1, "quá 1 giây"),
        (hostile_jobs.greedy, 60, "bộ nhớ"),
        (hostile_jobs.deadly, 60, "dừng giữa chừng"),
        (hostile_jobs.faulty, 60, "dừng giữa chừng"),
    ],
)
def test_a_file_that_is_too_much_for_its_child_is_unreadable_and_the_next_is_checked(
    monkeypatch: pytest.MonkeyPatch, job: Callable[..., Any], seconds: int, said: str
) -> None:
    """What a hostile file makes the judgement do, in a real child."""
    verifier = Verifier(Settings(verify_seconds=seconds))
    try:
        monkeypatch.setattr(verifying, "judge", job)
        verdict = verifier.judge(b"", Anchors(), NOW)
        assert verdict.standing is Standing.UNREADABLE
        assert said in verdict.explanation.vi
        monkeypatch.undo()
        assert verifier.judge(b"GIF89a", Anchors(), NOW).standing is Standing.UNREADABLE
    finally:
        verifier.close()


def test_files_wait_in_a_short_row_and_one_address_does_not_fill_it() -> None:
    turns = FairTurns(places=3, each=2, most=3, patience=0.0, busy=Text("Đầy.", "Full."))
    with turns.turn("10.0.0.1"), turns.turn("10.0.0.1"):
        with pytest.raises(Throttled), turns.turn("10.0.0.1"):
            pass
        with turns.turn("10.0.0.2"), pytest.raises(Unavailable, match="Full"), turns.turn("10.0.0.3"):
            pass
        with turns.turn("10.0.0.3"):
            pass
    with turns.turn("10.0.0.1"), turns.turn("10.0.0.1"):
        pass


def test_one_address_never_has_every_place() -> None:
    turns = FairTurns(places=2, each=2, most=10, patience=0.0, busy=Text("Đầy.", "Full."))
    with turns.turn("10.0.0.1"):
        with pytest.raises(Unavailable), turns.turn("10.0.0.1"):
            pass
        with turns.turn("10.0.0.2"):
            pass


def test_of_those_who_wait_the_one_who_had_least_goes_first() -> None:
    turns = FairTurns(places=1, each=2, most=10, patience=20.0, busy=Text("Đầy.", "Full."))
    came: list[str] = []

    def come(address: str) -> None:
        with turns.turn(address):
            came.append(address)

    with turns.turn("10.0.0.1") as waited_for:
        assert not waited_for()
        greedy = threading.Thread(target=come, args=("10.0.0.1",))
        greedy.start()
        new = threading.Thread(target=come, args=("10.0.0.2",))
        new.start()
        until(waited_for, "the other address to wait")
    for thread in (greedy, new):
        thread.join()
    assert came == ["10.0.0.2", "10.0.0.1"]


def test_a_slow_file_is_given_up_sooner_while_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the time, and the words say why; alone it has all of it."""
    verifier = Verifier(Settings(verify_seconds=2))
    try:
        monkeypatch.setattr(verifying, "judge", hostile_jobs.endless)
        verdict = verifier.judge(b"", Anchors(), NOW, lambda: True)
        assert verdict.standing is Standing.UNREADABLE
        assert "chỉ được kiểm tra 1 giây" in verdict.explanation.vi
        assert "quá 2 giây" in verifier.judge(b"", Anchors(), NOW).explanation.vi
    finally:
        verifier.close()


def test_who_signed_on_blank_paper_later_is_shown_with_the_place(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged with the anchors of the school that signed it; the page must not call the place a difference."""
    monkeypatch.setattr("service.verify_asking.anchors_of", lambda *_: Anchors.embedded(trust()))
    pdf = honest_strangers.by_two()
    page = shown(client, pdf)
    assert "Chữ ký đúng; có phần ký thêm ở chỗ trống" in page.words
    assert "Chỗ ký thêm" in page.words
    assert "do Đỗ Quang Minh ký thêm ở chỗ trống" in page.words
    assert "Chỗ khác với lúc ký" not in page.words


def test_what_is_only_doubted_is_not_called_forbidden() -> None:
    """A stamp put over words by a trusted signer may be honest: whoever reads is sent to the picture."""
    over = honest_strangers.drawn_on_the_fly(signed(), "Signature2", "minh", (60, 640, 260, 705))
    first = judge(over).signatures[0]
    assert (first.standing, first.pages) == (Standing.UNKNOWN, PageFinding.CHANGED)
    said = [words.vi for _, words in verify_words.facts(first)]
    assert "khác lúc ký ở chỗ chưa rõ có được phép hay không" in said
    assert not any("không được phép" in words for words in said)
