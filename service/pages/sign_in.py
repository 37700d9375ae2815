"""Signing in and out, and the way back to a form whose session had ended.

A form that arrives without a session is shown again inside the sign-in page. It goes on only for the person
its own token was given to: a form made up by someone else carries no such token and is dropped.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlmodel import Session, select
from starlette.datastructures import FormData

from flows.office import Office
from flows.posts import issuer_of
from models.account import Account
from models.errors import NotFound, RecordsError
from models.school import School
from models.settings import VIETNAM, Settings
from models.text import Text
from service import second_factor
from service.access import (
    CheckedForm,
    MaybeViewer,
    SessionExpired,
    SignedIn,
    SignedOut,
    find_viewer,
    keep,
    local_path,
    read_form,
)
from service.deps import Arrival, OfficeDep, office_of
from service.passes import COOKIE, clear_cookie, end_pass, end_passes, is_csrf_of, set_cookie
from service.sign_in import BadSignIn, NeedsCode, finish, half_of, sign_in
from service.templating import language_of, page
from tasks.keys import Secret

router = APIRouter()
FORM_COOKIE = "hososo_form"
KEPT = "kept."
"""Prefix of the hidden fields that carry an interrupted form."""


def to_sign_in(error: SignedOut) -> Response:
    """Off to the sign-in page, and from there back to where the person wanted to go."""
    onward = local_path(error.next)
    return RedirectResponse("/sign-in" if onward == "/" else f"/sign-in?next={quote(onward, safe='/')}", 303)


def to_password() -> Response:
    """Off to the page that changes a password someone else gave out."""
    return RedirectResponse("/password", 303)


def expired_page(request: Request, error: SessionExpired) -> Response:
    """The sign-in page with the interrupted form in it; a script gets one sentence, its page has the rest."""
    if "HX-Request" in request.headers or "X-CSRF-Token" in request.headers:
        language = language_of(request, None)
        return PlainTextResponse(_GONE.to(language), status_code=401)
    kept = Kept(error.path, error.kept, error.csrf, error.files_dropped)
    worth = bool(kept.csrf and kept.fields) and local_path(kept.path) != "/"
    return _show(request, kept=kept if worth else None, status_code=401)


@router.get("/sign-in")
def sign_in_page(request: Request, viewer: MaybeViewer, next: str = "/", done: str = "") -> Response:
    """The form; who is signed in already goes on."""
    if viewer is not None:
        return RedirectResponse(local_path(next), 303)
    return _show(request, next_path=next, done=_RESET if done == "reset" else None)


async def _form(request: Request) -> FormData:
    return await read_form(request)


@router.post("/sign-in")
def sign_in_now(
    request: Request, office: OfficeDep, now: Arrival, form: Annotated[FormData, Depends(_form)]
) -> Response:
    """Check name and password; on with the page asked for, or with the form that was interrupted."""
    name, next_path = str(form.get("name", "")), local_path(str(form.get("next", "")))
    kept = Kept.read(form)
    if not from_our_form(request, form):
        return _show(request, next_path, name=name, sentence=_NO_COOKIE, kept=kept, status_code=403)
    try:
        account, token = sign_in(
            office,
            name,
            Secret(str(form.get("password", ""))),
            address_of(request),
            "session",
            now,
            request.cookies.get(COOKIE, ""),
            device_of(request),
        )
    except NeedsCode as wanted:
        return _ask_code(request, wanted.half, next_path, kept)
    except RecordsError as refusal:
        status = STATUS.get(refusal.code, 403)
        return _show(request, next_path, name=name, sentence=refusal.sentence, kept=kept, status_code=status)
    answer = _go_on(request, office.settings, account.id, token, kept, next_path)
    set_cookie(answer, office.settings, token)
    answer.delete_cookie(FORM_COOKIE)
    return answer


@router.post("/sign-in/code")
def give_code(
    request: Request, office: OfficeDep, now: Arrival, form: Annotated[FormData, Depends(_form)]
) -> Response:
    """The second step of signing in: a code of the app, or a recovery code."""
    half, next_path = str(form.get("half", "")), local_path(str(form.get("next", "")))
    kept = Kept.read(form)
    if not from_our_form(request, form):
        return _show(request, next_path, sentence=_NO_COOKIE, kept=kept, status_code=403)
    try:
        account, token = give_second(request, office, half, Secret(str(form.get("code", ""))), now)
    except BadSignIn as refusal:
        return _show(request, next_path, sentence=refusal.sentence, kept=kept, status_code=403)
    except RecordsError as refusal:
        status = STATUS.get(refusal.code, 403)
        return _ask_code(request, half, next_path, kept, refusal.sentence, status)
    answer = _go_on(request, office.settings, account.id, token, kept, next_path)
    set_cookie(answer, office.settings, token)
    answer.delete_cookie(FORM_COOKIE)
    return answer


def from_our_form(request: Request, form: FormData) -> bool:
    """Does the form carry the token of the cookie its page came with? Nobody is signed in to have another."""
    return token_fits(str(form.get("csrf", "")), request.cookies.get(FORM_COOKIE, ""))


def token_fits(sent: str, held: str) -> bool:
    """Is it the token that was given out? Never where none was."""
    return bool(sent) and hmac.compare_digest(sent.encode(), held.encode())


def give_second(
    request: Request, office: Office, half: str, code: Secret, now: datetime
) -> tuple[Account, str]:
    """The account and its new token, the code being right; refusals as in `second_factor.verify`."""
    with office.db.read() as session:
        account = half_of(session, half, now)
    second_factor.verify(office, account, code, now)
    return account, finish(office, account, half, now, request.cookies.get(COOKIE, ""), device_of(request))


def _ask_code(
    request: Request,
    half: str,
    next_path: str,
    kept: Kept | None,
    sentence: Text | None = None,
    status_code: int = 200,
) -> Response:
    return page(
        request,
        None,
        "pages/sign_in_code.html",
        status_code=status_code,
        form_token=request.cookies.get(FORM_COOKIE, ""),
        half=half,
        next_path=next_path,
        kept=kept,
        sentence=sentence,
    )


_BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "CocCoc": "Cốc Cốc",
    "coc_coc": "Cốc Cốc",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


def device_of(request: Request) -> str:
    """The browser and system a request names, as people call them; empty when it names none we know."""
    agent = request.headers.get("User-Agent", "")[:400]
    found = [
        next((name for sign, name in known.items() if sign in agent), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, found))


STATUS = {"bad-sign-in": 403, "locked": 423, "throttled": 429, "not-yours": 403, "bad-code": 403}


def address_of(request: Request) -> str:
    """Where the request came from, as far as the server in front says."""
    return request.client.host if request.client else "unknown"


@router.post("/sign-out")
def sign_out(form: CheckedForm, viewer: SignedIn, office: OfficeDep) -> Response:  # noqa: ARG001 - the form was checked
    """End this session."""
    with office.db.write() as session:
        end_pass(session, viewer.token_hash)
    return _signed_out(office.settings)


@router.post("/sign-out-everywhere")
def sign_out_everywhere(form: CheckedForm, viewer: SignedIn, office: OfficeDep) -> Response:  # noqa: ARG001 - as above
    """End every session and token of this person, this one too."""
    with office.db.write() as session:
        end_passes(session, viewer.account.id)
    return _signed_out(office.settings)


def _signed_out(settings: Settings) -> Response:
    answer = RedirectResponse("/sign-in", 303)
    clear_cookie(answer, settings)
    return answer


class Kept:
    """A form that was interrupted: where it went, what it held, the token it came with."""

    def __init__(self, path: str, fields: Sequence[tuple[str, str]], csrf: str, files_dropped: bool) -> None:
        self.path, self.fields, self.csrf, self.files_dropped = path, fields, csrf, files_dropped

    @classmethod
    def read(cls, form: FormData) -> Kept | None:
        """Back from the sign-in page's hidden fields."""
        path = str(form.get("kept_path", ""))
        if not path:
            return None
        fields = [
            (name.removeprefix(KEPT), value)
            for name, value in form.multi_items()
            if name.startswith(KEPT) and isinstance(value, str)
        ]
        kept, _, _ = keep(fields)
        return cls(local_path(path), kept, str(form.get("kept_csrf", "")), bool(form.get("kept_files")))


def _go_on(
    request: Request, settings: Settings, account_id: str, token: str, kept: Kept | None, next_path: str
) -> Response:
    if kept is None:
        return RedirectResponse(next_path, 303)
    office = office_of(request)
    viewer = find_viewer(office, token, "session", office.now())
    mine = is_csrf_of(settings, account_id, kept.csrf)
    return page(request, viewer, "pages/resume.html", kept=kept if mine else None, next_path=next_path)


def _show(
    request: Request,
    next_path: str = "/",
    *,
    name: str = "",
    sentence: Text | None = None,
    kept: Kept | None = None,
    done: Text | None = None,
    status_code: int = 200,
) -> Response:
    """The sign-in page with a fresh form token, in the page and in a cookie of its own."""
    office = office_of(request)
    with office.db.read() as session:
        school = only_school(session, office.now())
    token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    answer = page(
        request,
        None,
        "pages/sign_in.html",
        status_code=status_code,
        form_token=token,
        next_path=local_path(next_path),
        name=name,
        sentence=sentence,
        kept=kept,
        done=done,
        school=school,
    )
    set_form_cookie(answer, office.settings, token)
    return answer


def set_form_cookie(answer: Response, settings: Settings, token: str) -> None:
    """The cookie a sign-in form's own token is held against."""
    answer.set_cookie(
        FORM_COOKIE,
        token,
        max_age=24 * 3600,
        path="/",
        httponly=True,
        samesite="strict",
        secure=settings.secure_cookies,
    )


def only_school(session: Session, now: datetime) -> str:
    """The name over the sign-in form, when there is just one school here."""
    schools = session.exec(select(School.id).limit(2)).all()
    if len(schools) != 1:
        return ""
    try:
        return issuer_of(session, schools[0], now.astimezone(VIETNAM).date()).name
    except NotFound:
        return ""


_NO_COOKIE = Text(
    "Trang đăng nhập này đã cũ, hoặc trình duyệt không nhận cookie. Nhập lại mật khẩu rồi gửi lần nữa.",
    "This sign-in page is out of date, or the browser takes no cookies. Type the password and send again.",
)
_RESET = Text("Đã đặt mật khẩu mới. Đăng nhập bằng mật khẩu đó.", "The new password is set. Sign in with it.")
_GONE = Text(
    "Phiên làm việc đã hết. Nội dung đang soạn vẫn còn trên trang này: đăng nhập ở một thẻ khác rồi gửi lại.",
    "The session has ended. What was typed is still on this page: sign in in another tab, then send again.",
)
