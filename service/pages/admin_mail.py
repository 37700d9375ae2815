"""The administrator's mail page: the server in force, the form for another, the outbox, a test to oneself.

What a change of the server does, and whom it waits for, stands in `service/mail_changes.py`.
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, func, select

from models.errors import RecordsError
from models.mail_server import MailServer
from models.notice import Mail
from models.settings import Settings
from models.text import Text
from service import change_words, changes, mail_changes, mail_form, mail_trying
from service.access import AdminViewer, CheckedForm, Viewer
from service.account_changes import Asked
from service.deps import Arrival, OfficeDep
from service.mail_form import ENCRYPTIONS, Typed
from service.mail_trying import NO_ADDRESS, Tried
from service.pages.account import faults_of
from service.pages.admin_school import text_of
from service.templating import language_of, page
from tasks import letters, mail_servers

router = APIRouter(prefix="/mail")


@router.get("")
def mail_page(request: Request, viewer: AdminViewer, office: OfficeDep) -> Response:
    """How mail goes out, and what became of the latest."""
    return _mail(request, viewer, office)


@router.post("/test")
def test_mail(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """A mail to the administrator's own address, by the same way as every other."""
    del form  # checked by being asked for
    try:
        if "@" not in viewer.account.email:
            raise changes.refusal("test", NO_ADDRESS)
        with office.db.write() as session:
            session.add(letters.letter(office.settings, viewer.account, "test", now))
    except RecordsError as refusal:
        return _mail(request, viewer, office, faults=faults_of(refusal, "test"))
    return RedirectResponse("/admin/mail#h-latest", 303)


@router.post("/server")
def change_server(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Try what was typed, or ask for it to be the school's mail server once it lets us in.

    `act`: "try" sends a test mail; "save" knocks first and saves when that goes well; "anyway" saves what a
    knock has just failed at (`seal`), and nothing else.
    """
    typed = mail_form.read({name: text_of(form, name) for name in form})
    act, untried = text_of(form, "act"), False
    try:
        if act == "try":
            tried = mail_trying.try_out(office, viewer.account, typed, now)
            return _mail(request, viewer, office, typed=typed, tried=tried)
        untried = act == "anyway" and text_of(form, "seal") == mail_trying.seal_of(mail_form.check(typed))
        if not untried:
            tried = mail_trying.knock(office, viewer.account, typed, now)
            if not tried.well:
                return _mail(request, viewer, office, typed=typed, tried=tried)
        asked = mail_changes.ask(office, viewer.actor, typed, now, untried=untried)
    except RecordsError as refusal:
        return _mail(request, viewer, office, faults=faults_of(refusal, "host"), typed=typed)
    return _mail(request, viewer, office, asked=asked)


@router.post("/back")
def go_back(
    request: Request, viewer: AdminViewer, form: CheckedForm, office: OfficeDep, now: Arrival
) -> Response:
    """Back to the installation's mail server."""
    del form  # checked by being asked for
    try:
        asked = mail_changes.ask_back(office, viewer.actor, now)
    except RecordsError as refusal:
        return _mail(request, viewer, office, faults=faults_of(refusal, "back"))
    return _mail(request, viewer, office, asked=asked)


def _mail(
    request: Request,
    viewer: Viewer,
    office: OfficeDep,
    *,
    faults: dict[str, Text] | None = None,
    typed: Typed | None = None,
    tried: Tried | None = None,
    asked: Asked | None = None,
) -> Response:
    settings, school_id = office.settings, viewer.actor.school_id
    with office.db.read() as session:
        latest, counts = _outbox(session, school_id)
        own = mail_servers.own(session, school_id)
        waits = changes.waiting_for_school(session, school_id, changes.MAIL)
        waiting = [(c, change_words.describe(session, c)) for c in waits]
        names = change_words.names_of(session, [c.asked_by for c in waits])
        said = [(asked, change_words.describe(session, asked.change))] if asked else []
    return page(
        request,
        viewer,
        "pages/admin_mail.html",
        status_code=422 if faults or (tried and not tried.sent) else 200,
        settings=settings,
        own=own,
        opens=mail_servers.opens(own, settings),
        has_password=bool(own.protected if own else settings.smtp_password),
        server=mail_changes.shown(own, settings),
        typed=typed or _present(own, settings),
        kept=tried.kept if tried else typed.kept if typed else "",
        encryptions=[(name, words.to(language_of(request, viewer))) for name, words in ENCRYPTIONS.items()],
        tried=tried,
        asked=said,
        waiting=waiting,
        names=names,
        latest=latest,
        counts=counts,
        faults=faults or {},
    )


def _present(own: MailServer | None, settings: Settings) -> Typed:
    """The form as it begins: the school's server, or the installation's to change it from."""
    if own is not None:
        return Typed(own.host, str(own.port), own.encryption, own.login, own.sender, own.sender_name)
    if not settings.smtp_host:
        return Typed(sender_name=mail_servers.of_installation(settings).sender_name)
    found = mail_servers.of_installation(settings)
    return Typed(found.host, str(found.port), found.encryption, found.login, found.sender, found.sender_name)


def _outbox(session: Session, school_id: str) -> tuple[list[Mail], dict[str, int]]:
    mine = col(Mail.school_id) == school_id
    latest = session.exec(select(Mail).where(mine).order_by(col(Mail.created_at).desc()).limit(15)).all()
    counts = session.exec(select(Mail.state, func.count()).where(mine).group_by(col(Mail.state))).all()
    return list(latest), dict(counts)
