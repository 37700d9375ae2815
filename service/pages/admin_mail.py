"""The administrator's mail page: the server as configured, the outbox, and a test mail to oneself."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session, col, func, select

from models.errors import RecordsError
from models.notice import Mail
from models.text import Text
from service import changes
from service.access import AdminViewer, CheckedForm, Viewer
from service.deps import Arrival, OfficeDep
from service.pages.account import faults_of
from service.templating import page
from tasks import mailing

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
            raise changes.refusal("test", _NO_ADDRESS)
        with office.db.write() as session:
            session.add(mailing.letter(office.settings, viewer.account, "test", now))
    except RecordsError as refusal:
        return _mail(request, viewer, office, faults=faults_of(refusal, "test"))
    return RedirectResponse("/admin/mail#h-latest", 303)


def _mail(
    request: Request, viewer: Viewer, office: OfficeDep, *, faults: dict[str, Text] | None = None
) -> Response:
    with office.db.read() as session:
        latest, counts = _outbox(session, viewer.actor.school_id)
    settings = office.settings
    host, port = settings.mail_server
    return page(
        request,
        viewer,
        "pages/admin_mail.html",
        status_code=422 if faults else 200,
        settings=settings,
        host=host,
        port=port,
        latest=latest,
        counts=counts,
        faults=faults or {},
    )


def _outbox(session: Session, school_id: str) -> tuple[list[Mail], dict[str, int]]:
    mine = col(Mail.school_id) == school_id
    latest = session.exec(select(Mail).where(mine).order_by(col(Mail.created_at).desc()).limit(15)).all()
    counts = session.exec(select(Mail.state, func.count()).where(mine).group_by(col(Mail.state))).all()
    return list(latest), dict(counts)


_NO_ADDRESS = Text(
    "Tài khoản này chưa có thư điện tử. Thêm địa chỉ ở trang Tài khoản rồi thử lại.",
    "This account has no e-mail address. Add one on the accounts page and try again.",
)
