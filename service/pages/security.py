"""Passwords forgotten, the second factor, and one's own sessions."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import col, delete, select
from starlette.datastructures import FormData

from flows.office import Office
from flows.rules import rules_of
from models.account import Account, Pass
from models.errors import NotFound, RecordsError
from models.text import Text
from service import reset_links, second_factor
from service.access import CheckedForm, PageViewer, SignedIn, Viewer, read_form
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.pages.sign_in import FORM_COOKIE, address_of, from_our_form, set_form_cookie
from service.sign_in import check
from service.templating import page
from tasks import second_factor as codes
from tasks.keys import Secret

router = APIRouter()


# a password forgotten


async def _form(request: Request) -> FormData:
    return await read_form(request)


PublicForm = Annotated[FormData, Depends(_form)]


def _public(request: Request, office: Office, template: str, **context: object) -> Response:
    token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    answer = page(request, None, template, form_token=token, **context)  # type: ignore[arg-type]  # status_code
    set_form_cookie(answer, office.settings, token)
    # The address of this page is a secret: no other site may learn it from a link.
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


@router.get("/forgot")
def forgot_page(request: Request, office: OfficeDep) -> Response:
    """Where to send the link: a sign-in name or an e-mail address."""
    return _public(request, office, "pages/forgot.html", sent=False, sentence=None)


@router.post("/forgot")
def forgot(request: Request, office: OfficeDep, now: Arrival, form: PublicForm) -> Response:
    """The same answer for every name, whether anyone has it or not."""
    if not from_our_form(request, form):
        return _public(request, office, "pages/forgot.html", status_code=403, sent=False, sentence=_OLD_PAGE)
    reset_links.ask(office, str(form.get("name", "")), address_of(request), now)
    return _public(request, office, "pages/forgot.html", sent=True, sentence=None)


@router.get("/reset/{token}")
def reset_page(request: Request, office: OfficeDep, now: Arrival, token: str) -> Response:
    """The form for the new password. Looking does not use the link up: mail scanners look, too."""
    with office.db.read() as session:
        _, account = reset_links.find(session, token, now)
    return _reset(request, office, token, account)


@router.post("/reset/{token}")
def reset(request: Request, office: OfficeDep, now: Arrival, form: PublicForm, token: str) -> Response:
    """Set the new password; then one signs in with it, second factor and all."""
    with office.db.read() as session:
        _, account = reset_links.find(session, token, now)
    if not from_our_form(request, form):
        return _reset(request, office, token, account, faults={"new_password": _OLD_PAGE})
    new, again = (Secret(str(form.get(f"{n}_password", ""))) for n in ("new", "again"))
    try:
        reset_links.use(office, token, new, again, now)
    except NotFound:
        raise
    except RecordsError as refusal:
        return _reset(request, office, token, account, faults=faults_of(refusal, "new_password"))
    return RedirectResponse("/sign-in?done=reset", 303)


def _reset(
    request: Request, office: Office, token: str, account: Account, faults: dict[str, Text] | None = None
) -> Response:
    status = 422 if faults else 200
    return _public(
        request,
        office,
        "pages/reset.html",
        status_code=status,
        token=token,
        account=account,
        faults=faults or {},
    )


# the second factor


@router.get("/account/second-factor")
def second_factor_page(request: Request, viewer: SignedIn, office: OfficeDep, now: Arrival) -> Response:
    """On or off; while it is off, the code to scan."""
    return _second_factor(request, viewer, office, now)


@router.post("/account/second-factor")
def turn_on(
    request: Request, viewer: SignedIn, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """The password and the first right code of the app turn it on; recovery codes are on the answer, once.

    The password: or who finds a session open binds a phone of their own and locks its owner out.
    """
    code, password = (Secret(str(form.get(name, ""))) for name in ("code", "password"))
    try:
        check(office, viewer.account.sign_in_name, password, address_of(request), now, present=True)
    except RecordsError as refusal:
        return _second_factor(request, viewer, office, now, faults=faults_of(refusal, "password"))
    try:
        made = second_factor.enrol(office, viewer.account, code, now, viewer.token_hash)
    except RecordsError as refusal:
        return _second_factor(request, viewer, office, now, faults=faults_of(refusal, "code"))
    return _second_factor(request, viewer, office, now, recovery=made)


@router.post("/account/second-factor/{action}")
def change_factor(
    request: Request, viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival, action: str
) -> Response:
    """`codes`: fresh recovery codes; `off`: turn it off. Both need a code of it."""
    if action not in ("codes", "off"):
        raise NotFound
    code = Secret(str(form.get("code", "")))
    try:
        if action == "codes":
            made = second_factor.new_codes(office, viewer.account, code, now)
            return _second_factor(request, viewer, office, now, recovery=made)
        second_factor.turn_off(office, viewer.account, viewer.actor, code, now)
    except RecordsError as refusal:
        return _second_factor(request, viewer, office, now, faults=faults_of(refusal, action))
    return RedirectResponse("/account", 303)


def _second_factor(
    request: Request,
    viewer: Viewer,
    office: Office,
    now: datetime,
    *,
    faults: dict[str, Text] | None = None,
    recovery: list[str] | None = None,
) -> Response:
    account = viewer.account
    with office.db.read() as session:
        held = second_factor.factor_of(session, account.id)
        left = second_factor.codes_left(session, account.id)
        wanted = second_factor.is_wanted(rules_of(session, account.school_id), viewer.actor)
    secret = None if held else second_factor.begin(office, account, now)
    address = codes.address(secret, "Hồ Sơ Số", account.sign_in_name) if secret else ""
    return page(
        request,
        viewer,
        "pages/second_factor.html",
        status_code=422 if faults else 200,
        held=held,
        codes_left=left,
        wanted=wanted,
        qr=second_factor.qr(address) if address else "",
        secret=codes.shown_secret(secret) if secret else "",
        recovery=recovery or [],
        faults=faults or {},
    )


# one's own sessions


@router.post("/account/sessions/{key}/end")
def end_session(viewer: PageViewer, form: CheckedForm, office: OfficeDep, key: str) -> Response:  # noqa: ARG001 - the form was checked
    """Sign out in one other place."""
    with office.db.write() as session:
        mine = session.exec(select(Pass).where(col(Pass.account_id) == viewer.account.id)).all()
        found = [row.token_hash for row in mine if row.token_hash[:16] == key]
        if not found:
            raise NotFound
        session.exec(delete(Pass).where(col(Pass.token_hash).in_(found)))
    return RedirectResponse("/account#h-sessions", 303)


_OLD_PAGE = Text(
    "Trang này đã cũ, hoặc trình duyệt không nhận cookie. Gửi lại lần nữa.",
    "This page is out of date, or the browser takes no cookies. Send it again.",
)
