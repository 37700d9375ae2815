"""What people do for themselves: password, PIN and certificate."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from flows import keyring
from flows.board import advice
from flows.flag_words import PASSWORDS
from flows.office import Office
from flows.stamps import picture_of
from models.errors import Invalid, NotFound, RecordsError
from models.text import Text
from service import (
    accounts,
    calendar_feeds,
    changes,
    key_changes,
    key_words,
    seal_pictures,
    second_factor,
)
from service.access import CheckedForm, PageViewer, SignedIn, Viewer
from service.account_changes import Asked
from service.consents import needs_consent
from service.deps import Arrival, OfficeDep
from service.pages.sign_in import address_of, device_of
from service.passes import set_cookie
from service.sessions import sessions_of
from service.stamp_images import SIGNATURE_EXTENT
from service.templating import page
from tasks.keys import Secret

router = APIRouter()


def faults_of(refusal: RecordsError, otherwise: str) -> dict[str, Text]:
    """Field name to sentence, for a form shown again; a refusal without fields stands at `otherwise`."""
    if isinstance(refusal, Invalid) and refusal.faults:
        return {fault.path: fault.sentence for fault in refusal.faults}
    return {otherwise: refusal.sentence}


# password


@router.get("/password")
def password_page(request: Request, viewer: SignedIn) -> Response:
    """The form to change one's password; the only page before a password that was given out is changed."""
    return page(request, viewer, "pages/password.html", faults={})


@router.post("/password")
def change_password(
    request: Request, viewer: SignedIn, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Change it: every other session ends, this browser gets a new one."""
    old, new, again = (Secret(str(form.get(f"{n}_password", ""))) for n in ("old", "new", "again"))
    try:
        token = accounts.change_password(
            office, viewer.account, old, new, again, address_of(request), now, device_of(request)
        )
    except RecordsError as refusal:
        faults = faults_of(refusal, "old_password")
        return page(request, viewer, "pages/password.html", status_code=422, faults=faults)
    answer = RedirectResponse("/account?done=password", 303)
    set_cookie(answer, office.settings, token)
    return answer


# the account page


DONE = {
    "password": Text(
        "Đã đổi mật khẩu. Các phiên đăng nhập khác đã kết thúc.",
        "The password is changed. Every other session has ended.",
    ),
    "pin": Text("Đã đặt mã PIN. Từ nay dùng mã này khi ký.", "The PIN is set. Use it to sign from now on."),
    "seal": Text("Đã nhận khóa con dấu.", "The seal's key is issued."),
    "renew": Text(
        "Đã gia hạn: từ nay ký bằng chứng thư mới, mã PIN như cũ. Chữ ký đã có không thay đổi.",
        "Renewed: the new certificate signs from now on, with the same PIN. Signatures made stay good.",
    ),
    "revoked": Text(
        "Đã thu hồi chứng thư. Chữ ký đã có trước đó vẫn có giá trị kiểm tra.",
        "The certificate is revoked. Signatures made before it stay good.",
    ),
    "revoke-asked": Text(
        "Chưa thu hồi: đã gửi đề nghị cho hiệu trưởng xác nhận.",
        "Not revoked yet: the principal was asked to confirm it.",
    ),
    "asked": Text(
        "Chưa tạo khóa: đã gửi đề nghị cho hiệu trưởng. Khi được đồng ý, vào lại đây để đặt mã PIN.",
        "No key was made yet: the principal was asked. When they agree, come back here to set the PIN.",
    ),
    "language": Text("Đã đổi ngôn ngữ.", "The language is changed."),
    "calendar-make": Text(
        "Đã tạo địa chỉ lịch mới. Địa chỉ cũ, nếu có, không còn dùng được.",
        "The calendar has a new address. An old one is no longer good.",
    ),
    "calendar-stop": Text("Đã ngừng địa chỉ lịch.", "The calendar’s address is stopped."),
}


@router.get("/account")
def account_page(
    request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, done: str = ""
) -> Response:
    """Who I am here, my certificate, my sessions."""
    return _account(request, viewer, office, now, done=DONE.get(done))


@router.post("/account/pin")
def set_pin(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """The first PIN makes the key and its certificate; later ones need the present PIN.

    A further key, after the last was revoked, may need a second person's leave (law 7): then it waits.
    """
    typed = {n: Secret(str(form.get(n, ""))) for n in ("password", "old_pin", "new_pin", "again_pin")}
    try:
        asked = _set_pin(office, viewer, typed, address_of(request), now)
    except RecordsError as refusal:
        faults = faults_of(refusal, "old_pin" if _has_key(office, viewer) else "password")
        for otherwise in ("pin", "confirm"):
            if otherwise in faults:
                faults["new_pin"] = faults.pop(otherwise)
        return _account(request, viewer, office, now, faults=faults)
    return RedirectResponse(f"/account?done={'asked' if asked else 'pin'}", 303)


@router.post("/account/renew")
def renew(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """A new certificate and key in place of the present ones, with their PIN."""
    purpose = next((p for p in key_changes.PURPOSES if p == form.get("purpose")), None)
    if purpose is None or (purpose == "seal" and not _holds_the_seal(viewer)):
        raise NotFound
    try:
        key_changes.renew(office, viewer.account, purpose, Secret(str(form.get("pin", ""))), now)
    except NotFound:
        raise
    except RecordsError as refusal:
        return _account(request, viewer, office, now, faults={f"renew_{purpose}": refusal.sentence})
    return RedirectResponse("/account?done=renew", 303)


@router.post("/account/seal")
def take_seal(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Who became clerk, or stands in for the clerk, receives the seal's key under the PIN they have."""
    if not _holds_the_seal(viewer):
        raise NotFound
    pin = Secret(str(form.get("pin", "")))
    try:
        with office.db.read() as session:
            own = keyring.key_of(session, viewer.account.id, "person")
        keyring.try_pin(office.db, office.settings, own, pin, now)
        key_changes.issue(office, viewer.account, "seal", pin, now)
    except RecordsError as refusal:
        return _account(request, viewer, office, now, faults={"seal_pin": refusal.sentence})
    return RedirectResponse("/account?done=seal", 303)


def _set_pin(
    office: Office, viewer: Viewer, typed: dict[str, Secret], address: str, now: datetime
) -> Asked | None:
    if typed["new_pin"].reveal() != typed["again_pin"].reveal():
        raise changes.refusal("again_pin", _NOT_THE_SAME)
    account = viewer.account
    if _has_key(office, viewer):
        key_changes.change_pin(office, account, typed["old_pin"], typed["new_pin"], now)
        return None
    seal = _holds_the_seal(viewer)
    return key_changes.take_first(
        office, account, typed["new_pin"], typed["password"], address, now, seal=seal
    )


def _holds_the_seal(viewer: Viewer) -> bool:
    return "role:clerk" in viewer.actor.reached()


def _has_key(office: Office, viewer: Viewer) -> bool:
    with office.db.read() as session:
        return keyring.has_pin(session, viewer.account.id)


def _account(
    request: Request,
    viewer: Viewer,
    office: Office,
    now: datetime,
    *,
    faults: dict[str, Text] | None = None,
    done: Text | None = None,
) -> Response:
    with office.db.read() as session:
        ahead = key_changes.renewal_ahead(session, viewer.actor.school_id)
        certificates = [
            key_words.seen(key, ahead, now) for key in keyring.history(session, viewer.account.id)
        ]
        passes = sessions_of(session, viewer, now)
        factor = second_factor.factor_of(session, viewer.account.id)
        codes_left = second_factor.codes_left(session, viewer.account.id)
        old = advice(session, viewer.actor.school_id, PASSWORDS, viewer.account.id).get(viewer.account.id)
        waiting = changes.count_waiting_for(session, viewer.actor)
        feed = calendar_feeds.feed_of(session, viewer.account.id)
        picture = picture_of(session, viewer.account.id)
        consent = needs_consent(session, viewer.account, now)
        asked = changes.is_waiting(session, viewer.account.id, "new-key")
    held = [one for one in certificates if one.living]
    purposes = {one.key.purpose for one in held}
    return page(
        request,
        viewer,
        "pages/account.html",
        status_code=422 if faults else 200,
        held=held,
        past=[one for one in certificates if not one.living],
        has_pin=bool(held),
        needs_consent=consent,
        asks_already=asked,
        wants_seal=_holds_the_seal(viewer) and purposes == {"person"},
        may_seal=_holds_the_seal(viewer),
        oversees=key_changes.oversees(viewer.actor),
        passes=passes,
        factor=factor,
        codes_left=codes_left,
        old_password=old,
        confirmations=waiting,
        feed=feed,
        picture=picture,
        extent=SIGNATURE_EXTENT,
        shows_seal=seal_pictures.may(viewer.actor),
        feed_address=calendar_feeds.address(office.settings, feed) if feed else None,
        faults=faults or {},
        done=done,
    )


_NOT_THE_SAME = Text(
    "Hai lần nhập mã PIN mới chưa giống nhau.", "The new PIN was typed in two different ways."
)
