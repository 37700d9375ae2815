"""The keys of the pages: what each does, and the person's switch for them."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.account import Account
from models.text import Text
from service.access import CheckedForm, PageViewer, local_path
from service.deps import OfficeDep
from service.templating import page

router = APIRouter()

KEYS: tuple[tuple[tuple[str, ...], Text], ...] = (
    (("j", "k"), Text("hồ sơ sau, hồ sơ trước", "next record, previous record")),
    (("n", "p"), Text("trang sau, trang trước", "next page, previous page")),
    (("d",), Text("chỗ khác tiếp theo so với bản trước", "next difference from the earlier revision")),
    (("o",), Text("mở trang đang xem ra to", "open the present page large")),
    (("a",), Text("đưa vào lượt ký rồi sang hồ sơ sau", "add to the signing round and go on")),
    (
        ("s",),
        Text("ký ngay hồ sơ này (hỏi mã PIN)", "sign this record now (asks for the PIN)"),
    ),
    (("r",), Text("mở ô trả lại (phải gõ nhận xét)", "open the return (a comment must be typed)")),
    (("/",), Text("tìm", "search")),
    (("?",), Text("mở bảng phím này", "open this list")),
    (("Esc",), Text("đóng ô đang mở; rời khỏi ô đang gõ", "close what is open; leave the field")),
    (
        ("Ctrl", "Enter"),
        Text("gửi điều trang đang hỏi (trả lại, mã PIN)", "send what the page asks for (return, PIN)"),
    ),
)


@router.get("/keys")
def keys(request: Request, viewer: PageViewer) -> Response:
    """Every key and what it does; its switch leads back to the page it was opened from."""
    came = urlsplit(request.headers.get("referer", ""))
    onward = came.path + (f"?{came.query}" if came.query else "")
    return page(request, viewer, "pages/keys.html", keys=KEYS, onward=local_path(onward))


@router.post("/keys")
def switch(viewer: PageViewer, office: OfficeDep, form: CheckedForm) -> Response:
    """Switch single keys on or off for this account, on every device."""
    with office.db.write() as session:
        session.get_one(Account, viewer.account.id).keys_off = form.get("keys") == "off"
    return RedirectResponse(local_path(str(form.get("next", "/inbox"))), status_code=303)
