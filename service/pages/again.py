"""Signing in over a page whose session has ended: the page stays as it is and goes on where it was.

The script asks `/session` first: someone may have signed in again in another tab. Without a script the form
that was interrupted goes through the sign-in page instead, see `service/pages/sign_in.py`.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import col, update
from starlette.datastructures import FormData

from flows.office import Office
from models.account import Account, Pass
from models.errors import RecordsError
from models.text import Text
from service.access import CheckedForm, MaybeViewer, SignedIn, find_viewer, read_form
from service.deps import Arrival, OfficeDep
from service.pages.sign_in import (
    FORM_COOKIE,
    STATUS,
    address_of,
    device_of,
    from_our_form,
    give_second,
    set_form_cookie,
)
from service.passes import COOKIE, IDLE, set_cookie
from service.sign_in import BadSignIn, NeedsCode, sign_in
from service.templating import language_of, page
from tasks.keys import Secret

router = APIRouter()
NO_STORE = {"cache-control": "no-store"}


@router.get("/session")
def session(viewer: MaybeViewer) -> Response:
    """Whose session this browser has, and the token its forms need; 401 when there is none."""
    if viewer is None:
        return JSONResponse({}, status_code=401, headers=NO_STORE)
    return JSONResponse({"account": viewer.account.id, "csrf": viewer.csrf}, headers=NO_STORE)


@router.post("/lock")
def lock(form: CheckedForm, viewer: SignedIn, office: OfficeDep, now: Arrival) -> Response:  # noqa: ARG001 - the form was checked
    """Lock this session as if it had been idle for long: the page did so when nobody touched it."""
    with office.db.write() as db_session:
        db_session.exec(
            update(Pass).where(col(Pass.token_hash) == viewer.token_hash).values(seen_at=now - IDLE)
        )
    return JSONResponse({}, headers=NO_STORE)


@router.get("/sign-in/again")
def ask(request: Request, office: OfficeDep, name: str = "") -> Response:
    """The dialog's form, for the name the page belongs to."""
    token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    answer = page(request, None, "fragments/again.html", form_token=token, name=name[:80])
    set_form_cookie(answer, office.settings, token)
    return answer


async def _form(request: Request) -> FormData:
    return await read_form(request)


OurForm = Annotated[FormData, Depends(_form)]


@router.post("/sign-in/again")
def answer(request: Request, office: OfficeDep, now: Arrival, form: OurForm) -> Response:
    """A new session: `{account, csrf}`; `{half}` when a code is wanted next. A refusal is `{sentence}`."""
    if not from_our_form(request, form):
        return _refused(request, _NO_COOKIE, 403)
    try:
        account, token = sign_in(
            office,
            str(form.get("name", "")),
            Secret(str(form.get("password", ""))),
            address_of(request),
            "session",
            now,
            request.cookies.get(COOKIE, ""),
            device_of(request),
        )
    except NeedsCode as wanted:
        return JSONResponse({"half": wanted.half}, headers=NO_STORE)
    except RecordsError as refusal:
        return _refused(request, refusal.sentence, STATUS.get(refusal.code, 403))
    return _entered(office, account, token, now)


@router.post("/sign-in/again/code")
def give_code(request: Request, office: OfficeDep, now: Arrival, form: OurForm) -> Response:
    """The second step. `over` says that the password has to be typed again."""
    if not from_our_form(request, form):
        return _refused(request, _NO_COOKIE, 403)
    try:
        code = Secret(str(form.get("code", "")))
        account, token = give_second(request, office, str(form.get("half", "")), code, now)
    except RecordsError as refusal:
        over = isinstance(refusal, BadSignIn)
        return _refused(request, refusal.sentence, STATUS.get(refusal.code, 403), over=over)
    return _entered(office, account, token, now)


def _entered(office: Office, account: Account, token: str, now: datetime) -> Response:
    viewer = find_viewer(office, token, "session", now)
    made = JSONResponse({"account": account.id, "csrf": viewer.csrf if viewer else ""}, headers=NO_STORE)
    set_cookie(made, office.settings, token)
    return made


def _refused(request: Request, sentence: Text, status: int, *, over: bool = False) -> Response:
    said = {"sentence": sentence.to(language_of(request, None)), "over": over}
    return JSONResponse(said, status_code=status, headers=NO_STORE)


_NO_COOKIE = Text(
    "Trình duyệt không nhận cookie, hoặc hộp đăng nhập này đã cũ. Đóng lại rồi thử lần nữa.",
    "The browser takes no cookies, or this dialog is out of date. Close it and try again.",
)
