"""The picture of one's signature: by its holder alone, drawn or uploaded, in what is signed from then on."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image, ImageChops
from sqlmodel import col, select

from flows import certification
from models.account import Account
from models.document import Revision
from models.errors import RecordsError
from models.event import Event
from models.picture import SignaturePicture
from models.portable import blob_columns
from service import demo_pictures, signature_pictures
from service.signature_pictures import Sent
from tasks import verifying
from tests.cast import Cast
from tests.service.reading import Page, Reader

People = Callable[[str], Reader]


def send(reader: Reader, path: str, files: dict[str, Any] | None = None, **fields: str) -> Page:
    """A form of a page with a chosen file, as a browser sends it."""
    token = reader.get(path).all("main input[name=csrf]")[0].get("value")
    sent = files or {"picture": ("", b"", "application/octet-stream")}
    return Page(reader, reader.client.post(path, data={"csrf": token} | fields, files=sent))


def chosen(data: bytes) -> dict[str, Any]:
    return {"picture": ("chữ ký.png", data, "image/png")}


def drawing(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


def account_of(cast: Cast, name: str) -> Account:
    with cast.office.db.read() as session:
        return session.get_one(Account, cast.ids[name])


def give(cast: Cast, name: str, strokes: str = "") -> str:
    """A picture for this person; its hash."""
    sent = Sent(demo_pictures.hand(strokes or name), "uploaded")
    return signature_pictures.keep(cast.office, account_of(cast, name), sent, cast.office.now()).picture


def held(cast: Cast, name: str) -> list[SignaturePicture]:
    with cast.office.db.read() as session:
        own = select(SignaturePicture).where(col(SignaturePicture.account_id) == cast.ids[name])
        return list(session.exec(own.order_by(col(SignaturePicture.since))).all())


def told(cast: Cast, document_id: str, step: str) -> dict[str, Any]:
    """What the event of a step says of its picture."""
    with cast.office.db.read() as session:
        event = session.exec(
            select(Event)
            .where(col(Event.document_id) == document_id, col(Event.step) == step)
            .order_by(col(Event.seq).desc())
        ).first()
    assert event is not None
    return dict(event.data.get("picture", {}))


def test_uploaded_it_is_shown_as_it_will_stand_and_to_nobody_else(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    assert "Đã ký số" in lan.get("/account/picture").words
    page = send(lan, "/account/picture", chosen(demo_pictures.hand("lan")))
    assert page.status == 200
    assert "Đã lưu" in page.words
    (image,) = page.all("main .well img")
    stamp = lan.client.get(image.get("src"))
    assert stamp.headers["content-type"] == "image/webp"
    assert "private" in stamp.headers["cache-control"]
    with Image.open(io.BytesIO(stamp.content)) as opened:
        red, _, blue = opened.convert("RGB").split()
        assert opened.width == 2 * int(image.get("width"))
    assert sum(ImageChops.subtract(blue, red).histogram()[80:]) > 1000
    assert image.get("src") in lan.get("/account").source
    for other in ("admin", "minh", "mai"):
        assert reader(other).client.get(image.get("src")).status_code == 404
    with_session = reader("principal_b").client.get(image.get("src"))
    assert with_session.status_code == 404
    assert [(row.made, row.until) for row in held(cast, "lan")] == [("uploaded", None)]


def test_drawn_it_is_kept_the_same_way(cast: Cast, reader: People) -> None:
    page = send(reader("lan"), "/account/picture", drawn=drawing(demo_pictures.hand("lan")))
    assert "Ký trên màn hình" in page.words
    assert [row.made for row in held(cast, "lan")] == ["drawn"]


def blank() -> bytes:
    output = io.BytesIO()
    Image.new("RGBA", (600, 240)).save(output, "PNG")
    return output.getvalue()


@pytest.mark.parametrize(
    ("files", "fields", "says"),
    [
        (None, {}, "Chọn một tệp ảnh"),
        (chosen(b"%PDF-1.7 no picture"), {}, "Không đọc được ảnh này"),
        (chosen(bytes(11 * 1024 * 1024)), {}, "lớn hơn 10 MB"),
        (chosen(blank()), {}, "Không thấy nét mực"),
        (None, {"drawn": ""}, "Chưa có nét ký nào"),
        (None, {"drawn": "data:image/svg+xml;base64,PHN2Zy8+"}, "Chưa có nét ký nào"),
        (None, {"drawn": "data:image/png;base64,@@"}, "Chưa có nét ký nào"),
        (None, {"drawn": drawing(blank())}, "Không thấy nét mực"),
    ],
    ids=["none", "pdf", "large", "blank", "undrawn", "svg", "base64", "empty frame"],
)
def test_what_cannot_be_used_is_refused_and_the_old_one_stays(
    cast: Cast, reader: People, files: dict[str, Any] | None, fields: dict[str, str], says: str
) -> None:
    give(cast, "lan")
    before = held(cast, "lan")
    page = send(reader("lan"), "/account/picture", files, **fields)
    assert page.status == 422
    assert says in page.words
    assert "Hình đang dùng không đổi" in page.words
    assert held(cast, "lan") == before


def test_without_the_sessions_token_nothing_is_kept(cast: Cast, reader: People) -> None:
    lan = reader("lan")
    for path in ("/account/picture", "/account/picture/drop"):
        sent = lan.client.post(path, data={"csrf": "x"}, files=chosen(demo_pictures.hand("lan")))
        assert sent.status_code == 403
    assert held(cast, "lan") == []


def test_the_administrator_has_no_way_to_another_persons_picture(cast: Cast, reader: People) -> None:
    give(cast, "lan")
    admin = reader("admin")
    page = send(admin, "/account/picture", chosen(demo_pictures.hand("x")), account_id=cast.ids["lan"])
    assert page.status == 200
    assert len(held(cast, "lan")) == 1
    assert len(held(cast, "admin")) == 1
    assert "/account/picture/" not in admin.get(f"/admin/accounts/{cast.ids['lan']}").source


def test_it_stands_in_what_is_signed_from_then_on(each_cast: Cast) -> None:
    cast = each_cast
    first, second, third = (cast.lesson_plan("lan", week).id for week in (14, 15, 16))
    for document in (first, second, third):
        cast.act("lan", document, "submit")
    cast.act("lan", first, "sign")
    with_one = give(cast, "lan")
    cast.act("lan", second, "sign")
    with_other = give(cast, "lan", "another hand")
    cast.act("lan", third, "sign")
    signed = [told(cast, document, "author").get("sha256") for document in (first, second, third)]
    assert signed == [None, with_one, with_other]
    assert with_one != with_other
    with cast.office.db.read() as session:
        trust = certification.trust_of(session)
        for document in (first, second, third):
            pdf = cast.office.blobs.get(session.get_one(Revision, (document, 1)).final)
            assert verifying.validate(pdf, trust, cast.office.now(), ("author",)).ok
        boxes = session.get_one(Revision, (second, 1)).boxes
    left, bottom, right, top = (side / 100 for side in told(cast, second, "author")["at"])
    box = boxes["author"]
    assert box[0] < left < right < box[2]
    assert box[1] < bottom < top < box[3]
    assert (left + right) / 2 == pytest.approx((box[0] + box[2]) / 2, abs=1)  # centred between post and name
    assert right - left <= 50 * 72 / 25.4 + 0.1


def test_taken_away_it_stands_in_words_and_what_was_signed_stays(cast: Cast, reader: People) -> None:
    give(cast, "lan")
    first, second = (cast.lesson_plan("lan", week).id for week in (14, 15))
    for document in (first, second):
        cast.act("lan", document, "submit")
    cast.act("lan", first, "sign")
    page = reader("lan").get("/account/picture").send("/account/picture/drop")
    assert "Đã bỏ hình chữ ký" in page.words
    cast.act("lan", second, "sign")
    assert told(cast, first, "author")
    assert told(cast, second, "author") == {}
    assert [row.until is None for row in held(cast, "lan")] == [False]
    assert page.all("form[action='/account/picture/drop']") == []


def test_the_page_that_asks_for_the_pin_shows_it(cast: Cast, reader: People) -> None:
    document = cast.lesson_plan("lan", 14).id
    cast.act("lan", document, "submit")
    asks = f"/documents/{document}/sign"
    assert reader("lan").get(asks).all("img[class=ink]") == []
    give(cast, "lan")
    (image,) = reader("lan").get(asks).all("img[class=ink]")
    ink = reader("lan").client.get(image.get("src"))
    assert ink.content == cast.office.blobs.get(held(cast, "lan")[0].picture)
    assert reader("minh").client.get(image.get("src")).status_code == 404
    cast.act("lan", document, "sign")
    assert reader("hoa").get(f"/documents/{document}/approve").all("img[class=ink]") == []


def test_the_same_picture_again_is_no_new_one(cast: Cast) -> None:
    assert give(cast, "lan") == give(cast, "lan")
    assert len(held(cast, "lan")) == 1


def test_a_backup_takes_the_pictures() -> None:
    assert {("signature_picture", "picture"), ("seal_picture", "picture")} <= blob_columns()


def test_a_hostile_picture_is_read_in_a_child(cast: Cast) -> None:
    """The child that read it is what would be lost; the server says what to do."""
    sent = Sent(b"\x89PNG\r\n\x1a\n" + bytes(2000), "uploaded")
    with pytest.raises(RecordsError) as refusal:
        signature_pictures.keep(cast.office, account_of(cast, "lan"), sent, cast.office.now())
    assert refusal.value.sentence.vi
    assert held(cast, "lan") == []
