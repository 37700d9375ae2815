"""The mailbox page: mails the local catcher kept, and the outbox with what could not be sent.

Caught mails are shown as text, never as HTML of their own. The administrator sees both; in demo mode any
signed-in account sees the caught mails, which go nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, func, select

from flows.candidates import reached_at
from flows.day_rows import working_days
from models.errors import NotFound
from models.notice import Mail, Notice
from models.settings import Settings
from service.access import AdminViewer, CheckedForm, PageViewer, Viewer
from service.deps import Arrival, OfficeDep
from service.mailbox import folder
from service.templating import page
from tasks import mail_servers
from tasks.mail_hours import hours_of
from tasks.mailing import fold_now
from tasks.posting import try_again

router = APIRouter()

LISTED = 100
"""Newest mails looked at; a demo or a trial has hundreds, not thousands."""

_NAME = re.compile(r"[0-9]{1,30}-[0-9a-f]{1,16}\.eml")
_RESET = re.compile(r"/reset/[A-Za-z0-9_-]{20,}")
_ADDRESS = re.compile(r"(https?://[^\s<>\"']+)")


@dataclass(frozen=True, slots=True)
class Caught:
    """A mail as it lies in the folder."""

    name: str
    to: str
    subject: str
    at: datetime | None
    lines: list[list[tuple[str, bool]]] = field(default_factory=list)
    """The text part: each line in pieces, each with whether it is a link."""


@router.get("/mailbox")
def mailbox(request: Request, viewer: PageViewer, office: OfficeDep, now: Arrival, to: str = "") -> Response:
    """The newest caught mails, of one recipient if asked, and the administrator's outbox."""
    with office.db.read() as session:
        own = mail_servers.own(session, viewer.actor.school_id)
    local = _may_see(viewer, office.settings)
    admin = "admin" in viewer.actor.roles
    if not (local or admin):
        raise NotFound
    caught = []
    if local:
        for path in _newest(folder(office.settings)):
            mail = _read(path, whole=False)
            if to.strip().lower() in mail.to.lower():
                caught.append(mail)
    with office.db.read() as session:
        stuck, counts = _outbox(session, viewer) if admin else ([], {})
        waiting = _waiting(session, viewer.actor.school_id)
        hours = hours_of(session, viewer.actor.school_id)
        next_digest = hours.next_digest(now, working_days(session, viewer.actor.school_id))
    return page(
        request,
        viewer,
        "pages/mailbox.html",
        caught=caught[:LISTED],
        opened=None,
        to=to,
        local=local,
        admin=admin,
        stuck=stuck,
        counts=counts,
        waiting=waiting,
        next_digest=next_digest,
        demo=office.settings.demo,
        own=own,
        server="{}:{}".format(*((own.host, own.port) if own else office.settings.mail_server)),
    )


@router.get("/mailbox/{name}")
def mail(request: Request, viewer: PageViewer, office: OfficeDep, name: str) -> Response:
    """One caught mail, its text with links."""
    path = folder(office.settings) / name
    if not _may_see(viewer, office.settings) or not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound
    opened = _read(path, whole=True)
    if not office.settings.demo:
        # The administrator sees that a reset was mailed, not the way to someone's account (law 7).
        opened.lines[:] = [
            [(_RESET.sub("/reset/…", text), link and not _RESET.search(text)) for text, link in line]
            for line in opened.lines
        ]
    return page(request, viewer, "pages/mailbox.html", opened=opened)


@router.post("/mailbox/send-now")
def send_now(viewer: PageViewer, form: CheckedForm, office: OfficeDep, now: Arrival) -> Response:
    """In a demonstration: what waits for the digest goes now, so that it can be clicked through."""
    del form  # checked by being asked for
    if not office.settings.demo:
        raise NotFound
    fold_now(office.db, office.settings, viewer.actor.school_id, now, reached_at(now))
    return RedirectResponse("/mailbox", status_code=303)


@router.post("/mailbox/{mail_id}/retry")
def retry(viewer: AdminViewer, form: CheckedForm, office: OfficeDep, mail_id: str) -> Response:  # noqa: ARG001 - the form carries the token
    """A mail that was given up goes back into the queue."""
    with office.db.read() as session:
        found = session.get(Mail, mail_id)
        if found is None or found.school_id != viewer.actor.school_id:
            raise NotFound
    try_again(office.db, mail_id, office.now())
    return RedirectResponse("/mailbox", status_code=303)


def _waiting(session: Session, school_id: str) -> int:
    """Notices that are in no mail yet."""
    waiting = select(func.count()).where(
        col(Notice.school_id) == school_id, col(Notice.mail_id).is_(None), col(Notice.dropped).is_(False)
    )
    return session.exec(waiting).one()


def _may_see(viewer: Viewer, settings: Settings) -> bool:
    """The catcher is in use, and this is the administrator or a demo."""
    return not settings.smtp_host and (settings.demo or "admin" in viewer.actor.roles)


def _newest(box: Path) -> list[Path]:
    if not box.is_dir():
        return []
    return sorted((path for path in box.iterdir() if _NAME.fullmatch(path.name)), reverse=True)[: LISTED * 5]


def _read(path: Path, *, whole: bool) -> Caught:
    with path.open("rb") as file:
        parser = BytesParser(policy=policy.default)
        message = parser.parse(file, headersonly=not whole)
    return Caught(
        name=path.name,
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        at=_date(str(message["Date"] or "")),
        lines=_lines(message) if whole else [],
    )


def _date(header: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _lines(message: EmailMessage) -> list[list[tuple[str, bool]]]:
    part = message.get_body(("plain",))
    text = str(part.get_content()) if part else ""
    return [
        [(piece, n % 2 == 1) for n, piece in enumerate(_ADDRESS.split(line)) if piece]
        for line in text.splitlines()
    ]


def _outbox(session: Session, viewer: Viewer) -> tuple[list[Mail], dict[str, int]]:
    """Mails with trouble, newest first, and how many are in which state."""
    mine = col(Mail.school_id) == viewer.actor.school_id
    stuck = session.exec(
        select(Mail)
        .where(
            mine, (col(Mail.state) == "failed") | ((col(Mail.state) == "waiting") & (col(Mail.error) != ""))
        )
        .order_by(col(Mail.created_at).desc())
        .limit(LISTED)
    ).all()
    counts = session.exec(select(Mail.state, func.count()).where(mine).group_by(col(Mail.state))).all()
    return list(stuck), dict(counts)
