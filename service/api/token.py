"""Tokens for programs: the OAuth2 password form gives a bearer token; `/me` says whose it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.security import OAuth2PasswordRequestForm

from service import second_factor
from service.access import ApiViewer, MustChange
from service.deps import Arrival, OfficeDep
from service.pages.sign_in import address_of
from service.passes import TOKEN_LIFE, digest, end_pass, issue_pass
from service.sign_in import NeedsCode, sign_in
from tasks.keys import Secret

router = APIRouter(tags=["access"])


@router.post("/token")
def make_token(
    request: Request,
    office: OfficeDep,
    now: Arrival,
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    code: Annotated[str, Form()] = "",
) -> dict[str, Any]:
    """A bearer token, good for 8 hours, for a sign-in name and its password.

    `bad-sign-in` 401, `locked` 423 after five wrong ones, `throttled` 429, `must-change` 403 until a password
    that was given out is changed on the web page; `needs-code` 401 when the account has a second factor and
    the field `code` is empty, `bad-code` 403 when it is wrong.
    """
    try:
        account, token = sign_in(
            office, form.username, Secret(form.password), address_of(request), "token", now, device="API"
        )
    except NeedsCode as wanted:
        if not code:
            raise
        account = wanted.account
        second_factor.verify(office, account, Secret(code), now)
        with office.db.write() as session:
            token = issue_pass(session, office.settings, account.id, "token", now, strong=True, device="API")
    if account.must_change and not office.settings.demo:
        with office.db.write() as session:
            end_pass(session, digest(token))
        raise MustChange
    return {"access_token": token, "token_type": "bearer", "expires_in": _seconds(TOKEN_LIFE)}


@router.get("/me")
def me(viewer: ApiViewer) -> dict[str, Any]:
    """Who is signed in: name, post, roles, groups."""
    account, actor = viewer.account, viewer.actor
    return {
        "id": account.id,
        "sign_in_name": account.sign_in_name,
        "full_name": account.full_name,
        "post": account.post,
        "email": account.email,
        "language": account.language,
        "school_id": account.school_id,
        "roles": sorted(actor.roles),
        "groups": sorted(actor.groups),
        "heads": sorted(actor.heads),
        "deputises": sorted(actor.deputises),
    }


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
