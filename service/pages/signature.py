"""The picture of one's own signature: drawn or uploaded, looked at as it will stand, taken away."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData, UploadFile

from flows.office import Office
from flows.stamps import picture_of
from models.errors import Fault, Invalid, NotFound, RecordsError
from models.picture import SignaturePicture
from models.text import Text
from service import page_images, signature_pictures, stamp_images
from service.access import CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.signature_pictures import Sent
from service.templating import page
from tasks import pictures

router = APIRouter(prefix="/account/picture")

DONE = {
    "kept": Text("Đã lưu. Từ nay chữ ký hiện như hình này.", "Kept. Signatures look like this from now on."),
    "dropped": Text(
        "Đã bỏ hình chữ ký. Từ nay chữ ký hiện bằng chữ; hồ sơ đã ký giữ nguyên.",
        "The picture is taken away. Signatures stand in words from now on; signed records stay as they are.",
    ),
}


@router.get("")
def picture_page(request: Request, viewer: PageViewer, office: OfficeDep, done: str = "") -> Response:
    """The picture in use and the two ways to another."""
    return _page(request, viewer, office, done=DONE.get(done))


@router.post("")
def keep(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Use what was drawn or chosen."""
    try:
        signature_pictures.keep(office, viewer.account, _sent(form), now)
    except RecordsError as refusal:
        return _page(
            request, viewer, office, faults=faults_of(refusal, "drawn" if "drawn" in form else "picture")
        )
    return RedirectResponse("/account/picture?done=kept", 303)


@router.post("/drop")
def drop(viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival) -> Response:
    """Back to words."""
    del form  # checked by being asked for
    signature_pictures.drop(office, viewer.account, now)
    return RedirectResponse("/account/picture?done=dropped", 303)


@router.get("/{picture_id}/stamp.webp")
def stamp(viewer: PageViewer, office: OfficeDep, picture_id: str) -> Response:
    """How it stands on a paper, with the words around it."""
    row = _own(office, viewer, picture_id)
    return stamp_images.signature(office, row, viewer.account.full_name, viewer.account.post)


@router.get("/{picture_id}/ink.png")
def ink(viewer: PageViewer, office: OfficeDep, picture_id: str) -> Response:
    """The strokes alone, as the page that asks for the PIN shows them."""
    row = _own(office, viewer, picture_id)
    headers = {"cache-control": page_images.FOREVER}
    return Response(office.blobs.get(row.picture), media_type="image/png", headers=headers)


def _own(office: Office, viewer: Viewer, picture_id: str) -> SignaturePicture:
    """The viewer's own picture; NotFound for anyone else's."""
    with office.db.read() as session:
        row = session.get(SignaturePicture, picture_id)
    if row is None or row.account_id != viewer.account.id:
        raise NotFound
    return row


def file_of(form: FormData, name: str) -> bytes:
    """The bytes of a chosen picture; Invalid (at its field) when none was chosen."""
    file = form.get(name)
    data = file.file.read(pictures.BYTE_LIMIT + 1) if isinstance(file, UploadFile) else b""
    if not data:
        raise Invalid(_NO_FILE, (Fault(name, _NO_FILE, missing=True),))
    return data


def _sent(form: FormData) -> Sent:
    if "drawn" in form:
        return signature_pictures.drawn(str(form["drawn"]))
    return Sent(file_of(form, "picture"), "uploaded")


def _page(
    request: Request,
    viewer: Viewer,
    office: Office,
    *,
    faults: dict[str, Text] | None = None,
    done: Text | None = None,
) -> Response:
    with office.db.read() as session:
        held = picture_of(session, viewer.account.id)
    return page(
        request,
        viewer,
        "pages/signature.html",
        status_code=422 if faults else 200,
        held=held,
        extent=stamp_images.SIGNATURE_EXTENT,
        faults=faults or {},
        done=done,
    )


_NO_FILE = Text("Chọn một tệp ảnh PNG, JPEG hoặc WebP.", "Choose a picture: PNG, JPEG or WebP.")
