"""The picture of the school's seal: the clerk brings it, a principal confirms it, it stands true to size."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pypdfium2
import pytest
from PIL import Image, ImageChops
from sqlmodel import col, select

from flows import certification, stamps
from flows.decide import read
from models.account import Account, Change
from models.document import Revision
from models.errors import Invalid
from models.notice import Notice
from models.picture import SealPicture
from service import accounts, demo_pictures, seal_pictures
from service.account_changes import Asked
from tasks import pdf_pages, verifying
from tasks.keys import Secret
from tests.cast import PASSWORD, Cast
from tests.service.reading import Page, Reader
from tests.service.test_signature_picture import give, send, told

People = Callable[[str], Reader]
MM = 72 / 25.4
SEAL = demo_pictures.seal("TRƯỜNG TIỂU HỌC ĐỒNG MAI", "DẤU MẪU")


def ask(reader: Reader, diameter: str = "36", data: bytes = SEAL) -> Page:
    return send(reader, "/seal", {"picture": ("dấu.png", data, "image/png")}, diameter=diameter)


def in_force(cast: Cast) -> SealPicture | None:
    with cast.office.db.read() as session:
        return stamps.seal_of(session, cast.school_id)


def waiting(cast: Cast) -> list[Change]:
    with cast.office.db.read() as session:
        found = select(Change).where(col(Change.action).in_(("seal-picture", "seal-picture-off")))
        return [change for change in session.exec(found).all() if change.state == "waiting"]


def put_in_force(cast: Cast, diameter: int = 360) -> None:
    confirm(cast, seal_pictures.ask(cast.office, cast.actor("minh"), SEAL, diameter, cast.office.now()))


def confirm(cast: Cast, asked: Asked) -> None:
    """A principal's own wish, too, waits for the password."""
    office, minh = cast.office, cast.actor("minh")
    assert asked.waits
    assert asked.change.confirm_by == [minh.id]
    accounts.confirm(office, minh, asked.change.id, Secret(PASSWORD), "192.0.2.7", office.now())


def test_the_clerk_asks_the_principal_confirms(cast: Cast, reader: People) -> None:
    page = ask(reader("thu"), "36,5 mm")
    assert page.status == 200
    assert "chỉ dùng khi Hiệu trưởng xác nhận" in page.words
    assert in_force(cast) is None
    (change,) = waiting(cast)
    with cast.office.db.read() as session:
        notices = session.exec(select(Notice).where(col(Notice.account_id) == cast.ids["minh"])).all()
    assert any("36,5 mm" in str(one.model_dump()) for one in notices)

    minh = reader("minh")
    page = minh.get("/confirmations")
    assert "Đổi hình con dấu của trường, đường kính 36,5 mm" in page.words
    assert "máy chủ thư đọc được" not in page.words
    (image,) = page.all("main .well img")
    assert minh.client.get(image.get("src")).headers["content-type"] == "image/webp"
    wrong = page.send(f"/confirmations/{change.id}/confirm", password="wrong")
    assert wrong.status == 422
    assert in_force(cast) is None
    done = wrong.send(f"/confirmations/{change.id}/confirm", password=PASSWORD)
    assert "Đã thực hiện" in done.words
    now_held = in_force(cast)
    assert now_held is not None
    assert now_held.diameter == 365
    assert waiting(cast) == []


def test_refused_it_never_stands(cast: Cast, reader: People) -> None:
    ask(reader("thu"))
    (change,) = waiting(cast)
    reader("minh").get("/confirmations").send(f"/confirmations/{change.id}/refuse")
    assert in_force(cast) is None
    assert waiting(cast) == []
    assert "Chưa có" in reader("thu").get("/seal").words


def test_a_principals_own_is_in_force_with_the_password_and_the_old_one_is_kept(each_cast: Cast) -> None:
    cast = each_cast
    put_in_force(cast, 300)
    put_in_force(cast, 360)
    with cast.office.db.read() as session:
        kept = seal_pictures.history(session, cast.school_id)
    assert [(row.diameter, row.until is None) for row in kept] == [(360, True), (300, False)]
    confirm(cast, seal_pictures.ask_off(cast.office, cast.actor("minh"), cast.office.now()))
    assert in_force(cast) is None
    with pytest.raises(Invalid):
        seal_pictures.ask_off(cast.office, cast.actor("minh"), cast.office.now())


def test_asking_again_mends_what_was_asked(each_cast: Cast) -> None:
    cast = each_cast
    for diameter in (320, 340):
        assert seal_pictures.ask(cast.office, cast.actor("thu"), SEAL, diameter, cast.office.now()).waits
    (change,) = waiting(cast)
    assert change.data["diameter"] == 340


def test_nobody_else_sees_or_changes_it(cast: Cast, reader: People) -> None:
    put_in_force(cast)
    row = in_force(cast)
    assert row is not None
    token = reader("lan").get("/account").all("main input[name=csrf]")[0].get("value")
    for name in ("lan", "admin", "hoa", "ngoc"):
        assert reader(name).client.get("/seal").status_code == 404
    assert reader("principal_b").client.get(f"/seal/{row.id}/stamp.webp").status_code == 404
    for path in ("/seal", "/seal/off"):
        files = {"picture": ("dấu.png", SEAL, "image/png")}
        sent = reader("lan").client.post(path, data={"csrf": token, "diameter": "36"}, files=files)
        assert sent.status_code == 404
        assert reader("thu").client.post(path, data={"csrf": "x"}, files=files).status_code == 403
    assert in_force(cast) == row


@pytest.mark.parametrize("typed", ["", "36 cm", "19,9", "40,1", "3600", "ba mươi sáu", "36,55", "-36", "1e2"])
def test_a_diameter_that_no_seal_has_is_refused(cast: Cast, reader: People, typed: str) -> None:
    page = ask(reader("thu"), typed)
    assert page.status == 422
    assert "đo trên con dấu thật" in page.words
    assert waiting(cast) == []


def test_a_picture_without_a_seal_is_refused(cast: Cast, reader: People) -> None:
    page = ask(reader("thu"), data=demo_pictures.hand("lan"))
    assert page.status == 422
    assert "Không thấy hình dấu tròn" in page.words
    assert waiting(cast) == []


def signed(cast: Cast) -> str:
    """A group's plan that waits for the seal."""
    plan = cast.team_plan().id
    for name, action in (("hoa", "submit"), ("hoa", "sign"), ("ngoc", "approve"), ("minh", "approve")):
        cast.act(name, plan, action)
    return plan


@pytest.mark.parametrize("pictured", [True, False], ids=["over a picture", "over words"])
def test_it_stands_over_the_principals_signature(each_cast: Cast, *, pictured: bool) -> None:
    cast = each_cast
    put_in_force(cast)
    if pictured:
        give(cast, "minh")
    plan = signed(cast)
    cast.act("thu", plan, "seal")
    row = in_force(cast)
    assert row is not None
    assert told(cast, plan, "seal") == {"sha256": row.picture, "diameter": 360}
    with cast.office.db.read() as session:
        revision = session.get_one(Revision, (plan, 1))
        fields = ("author", "vice_principal_review", "principal_approval", "seal")
        pdf = cast.office.blobs.get(revision.final)
        assert verifying.validate(pdf, certification.trust_of(session), cast.office.now(), fields).ok
    reds = red_box(pdf, revision.boxes["seal"])
    assert (reds[2] - reds[0]) / MM == pytest.approx(36, abs=0.4)
    principal = revision.boxes["principal_approval"]
    middle = (principal[0] + principal[2]) / 2
    hand = told(cast, plan, "principal_approval").get("at") if pictured else None
    left, right = (hand[0] / 100, hand[2] / 100) if hand else (middle - 25 * MM, middle + 25 * MM)
    assert reds[2] == pytest.approx(left + (right - left) / 3, abs=1.5)


def red_box(pdf: bytes, box: Sequence[float]) -> tuple[float, float, float, float]:
    """Where the seal's round stands on the last page, in points from its upper left corner; the three small
    lines at the foot of its box left out."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = len(document)
        width, height = document[page - 1].get_size()
    with Image.open(io.BytesIO(pdf_pages.page_image(pdf, page, 3400))) as opened:
        image = opened.convert("RGB")
    fine = image.width / width
    left, top, right, bottom = (
        round(side * fine) for side in (box[0], height - box[3], box[2], height - box[1] - 9 * MM)
    )
    red, _, blue = image.crop((left, top, right, bottom)).split()
    found = ImageChops.subtract(red, blue).point(lambda value: 255 if value > 90 else 0).getbbox()
    assert found is not None
    return (
        (left + found[0]) / fine,
        (top + found[1]) / fine,
        (left + found[2]) / fine,
        (top + found[3]) / fine,
    )


def test_a_place_too_small_for_it_keeps_the_seal_in_words(cast: Cast) -> None:
    """A record that was submitted before there were pictures: a seal is never made smaller."""
    put_in_force(cast)
    plan = signed(cast)
    with cast.office.db.read() as session:
        here = read(session, plan, cast.school_id)
        revision, clerk = session.get_one(Revision, (plan, 1)), session.get_one(Account, cast.ids["thu"])
        (step,) = here.position.open
        assert stamps.look_of(session, here, step, clerk, revision).diameter == 360
        left, bottom, *_ = revision.boxes["seal"]
        small = {"seal": [left, bottom, left + 48 * MM, bottom + 19 * MM]}
        revision = Revision(**revision.model_dump() | {"boxes": revision.boxes | small})
        assert stamps.look_of(session, here, step, clerk, revision) == stamps.Look()
