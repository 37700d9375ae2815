"""Who is asking: the viewer of a page or an API call, and the form check; every endpoint takes them here.

Names and passwords are checked in `service/sign_in.py`, passes are kept by `service/passes.py`; what a person
may do with a document is the business of `flows/people.py`.
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import bindparam
from sqlmodel import col, select, update
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from flows.candidates import standing_in
from flows.office import Office
from flows.people import Actor
from flows.posts import actor_of
from flows.rules import rules_of
from models.account import Account, Pass
from models.errors import NoRoom, NotFound, RecordsError, TooLarge
from models.text import Text
from service import second_factor
from service.deps import Arrival, OfficeDep
from service.passes import COOKIE, IDLE, Kind, digest

_NOTE_EVERY = timedelta(minutes=1)
"""How stale `seen_at` may become: a write for every request would be a write too many."""

FORM_FIELDS = 20_000
FORM_BYTES = 64 * 2**20
PART_BYTES = 8 * 2**20
"""One field: a long rich text with its pictures embedded stays below."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The signed-in person of this request."""

    account: Account
    actor: Actor
    csrf: str = field(repr=False)
    kind: Kind = "session"
    token_hash: str = field(default="", repr=False)
    idle: timedelta | None = None
    """After so long without a request the session is locked; None: after `passes.IDLE`."""
    enrols: bool = False
    """The school's rule asks for a second factor, and there is none yet."""


class SignedOut(RecordsError):
    """Nobody is signed in. `next` is where to go on after signing in (a local path)."""

    code = "signed-out"

    def __init__(self, next_path: str = "/") -> None:
        super().__init__(_SIGN_IN_FIRST)
        self.next = next_path


class SessionExpired(SignedOut):
    """A form arrived after its session had ended: what was typed is kept, but no PIN, password or file."""

    code = "session-expired"

    def __init__(self, path: str, form: FormData) -> None:
        super().__init__()
        self.path = path
        self.kept, self.csrf, self.files_dropped = keep(form.multi_items())


class MustChange(RecordsError):
    """The password was given out by someone else and has to be changed before anything."""

    code = "must-change"

    def __init__(self) -> None:
        super().__init__(_CHANGE_FIRST)


class BadForm(RecordsError):
    """The form does not carry this session's token: an old page, or a page of someone else's."""

    code = "bad-form"

    def __init__(self) -> None:
        super().__init__(_OLD_PAGE)


_SIGN_IN_FIRST = Text("Cần đăng nhập để tiếp tục.", "Sign in to go on.")
_CHANGE_FIRST = Text(
    "Cần đổi mật khẩu được cấp trước khi tiếp tục: đăng nhập trên trang web để đổi.",
    "Change the password that was given out before going on: sign in on the web page to do so.",
)
_OLD_PAGE = Text(
    "Trang này đã cũ nên chưa có gì được gửi. Tải lại trang rồi gửi lại.",
    "This page is out of date, so nothing was sent. Reload it and send again.",
)
_TOO_LARGE = Text(
    "Nội dung gửi lên quá lớn (nhiều nhất {fields} ô và {megabytes} MB). Chia thành nhiều phần rồi gửi lại.",
    "What was sent is too large (at most {fields} fields and {megabytes} MB). Split it and send again.",
).format(fields=FORM_FIELDS, megabytes=FORM_BYTES // 2**20)


# who is asking


def find_viewer(office: Office, token: str, kind: Kind, now: datetime) -> Viewer | None:
    """The holder of a living pass of an active account; notes that the pass was seen."""
    with office.db.read() as session:
        found = session.exec(_HELD, params={"of_hash": digest(token), "of_kind": kind}).first()
        if found is None:
            return None
        held, account = found
        rules = rules_of(session, account.school_id)
        idle = timedelta(minutes=rules["idle_lock"]["minutes"]) or None
        if held.expires_at <= now or (kind == "session" and held.seen_at + (idle or IDLE) <= now):
            return None
        actor = standing_in(session, actor_of(session, account.id), now)
        enrols = second_factor.is_wanted(rules, actor) and not second_factor.factor_of(session, account.id)
        viewer = Viewer(account, actor, held.csrf, kind, held.token_hash, idle, enrols)
    if held.seen_at + _NOTE_EVERY <= now:
        # On a full disk people can still read: that they were seen is only noted later.
        with contextlib.suppress(NoRoom), office.db.write() as session:
            session.exec(update(Pass).where(col(Pass.token_hash) == held.token_hash).values(seen_at=now))
    return viewer


_HELD = (
    select(Pass, Account)
    .join(Account, col(Account.id) == col(Pass.account_id))
    .where(
        col(Pass.token_hash) == bindparam("of_hash"),
        col(Pass.kind) == bindparam("of_kind"),
        col(Account.active).is_(True),
    )
)


def maybe_viewer(request: Request, office: OfficeDep, now: Arrival) -> Viewer | None:
    """The person behind the session cookie, if any (public pages)."""
    token = request.cookies.get(COOKIE, "")
    return find_viewer(office, token, "session", now) if token else None


MaybeViewer = Annotated[Viewer | None, Depends(maybe_viewer)]


async def signed_in(request: Request, viewer: MaybeViewer) -> Viewer:
    """The signed-in person, must-change or not (the password page, signing out)."""
    if viewer is not None:
        return viewer
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method in ("GET", "HEAD"):
        raise SignedOut(here)
    form = await read_form(request)
    try:
        raise SessionExpired(here, form)
    finally:
        await form.close()


SignedIn = Annotated[Viewer, Depends(signed_in)]


def page_viewer(viewer: SignedIn, office: OfficeDep) -> Viewer:
    """The signed-in person of a page; SignedOut and MustChange lead to the pages that help."""
    if viewer.account.must_change and not office.settings.demo:
        raise MustChange
    if viewer.enrols:
        raise second_factor.MustEnrol
    return viewer


PageViewer = Annotated[Viewer, Depends(page_viewer)]


def admin_viewer(viewer: PageViewer) -> Viewer:
    """The administrator; for anyone else the page does not exist."""
    if "admin" not in viewer.actor.roles:
        raise NotFound
    return viewer


AdminViewer = Annotated[Viewer, Depends(admin_viewer)]


def api_viewer(request: Request, office: OfficeDep, now: Arrival) -> Viewer:
    """The holder of a bearer token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    viewer = find_viewer(office, token.strip(), "token", now) if scheme.lower() == "bearer" else None
    if viewer is None:
        raise SignedOut
    if viewer.account.must_change and not office.settings.demo:
        raise MustChange
    if viewer.enrols:
        raise second_factor.MustEnrol
    return viewer


ApiViewer = Annotated[Viewer, Depends(api_viewer)]


# forms


async def read_form(request: Request) -> FormData:
    """The posted form within our limits; TooLarge beyond them."""
    length = request.headers.get("Content-Length", "0")
    unknown = "Transfer-Encoding" in request.headers  # no browser sends a form without its length
    if unknown or not length.isdigit() or int(length) > FORM_BYTES:
        raise TooLarge(_TOO_LARGE)
    try:
        return await request.form(max_files=20, max_fields=FORM_FIELDS, max_part_size=PART_BYTES)
    except HTTPException as wrong:
        raise TooLarge(_TOO_LARGE) from wrong


async def checked_form(request: Request, viewer: SignedIn) -> AsyncIterator[FormData]:
    """The posted form; BadForm unless field `csrf` or header X-CSRF-Token is this session's token."""
    sent = request.headers.get("X-CSRF-Token", "")
    if sent and not _same(sent, viewer.csrf):
        raise BadForm
    form = await read_form(request)
    try:
        if not sent and not _same(str(form.get("csrf", "")), viewer.csrf):
            raise BadForm
        yield form
    finally:
        await form.close()


CheckedForm = Annotated[FormData, Depends(checked_form)]


def refuse_unless_ours(viewer: Viewer, token: str) -> None:
    """BadForm unless this is the session's token; for what is not sent as a form of fields."""
    if not _same(token, viewer.csrf):
        raise BadForm


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _is_secret(name: str) -> bool:
    return name == "pin" or name.endswith(("_pin", ".pin")) or "password" in name


def keep(items: Iterable[tuple[str, object]]) -> tuple[list[tuple[str, str]], str, bool]:
    """What of a posted form may be shown again: the fields, its token, and whether files were dropped."""
    kept: list[tuple[str, str]] = []
    csrf, files = "", False
    for name, value in items:
        if not isinstance(value, str):
            files = files or bool(getattr(value, "filename", ""))
        elif name == "csrf":
            csrf = value
        elif not _is_secret(name.lower()):
            kept.append((name, value))
    return kept, csrf, files


def local_path(path: str | None) -> str:
    """The path to go on to, or "/" when it leads off this site or back to a sign-in page."""
    path = path or ""
    sound = path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path
    return path if sound and not path.startswith(("/sign-in", "/sign-out")) else "/"
