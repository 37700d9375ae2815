"""What `hososo doctor` looks for outside its folder: ports, Prefect, time-stamps, mail servers."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from flows.office import utc_now
from flows.posts import issuer_of
from models.db import Database
from models.mail_server import MailServer
from models.migrate import is_there
from models.settings import VIETNAM, Settings
from models.text import Text
from service.findings import Finding
from service.health import prefect
from service.supervise import ports
from tasks import mail_servers
from tasks.mail_servers import Server, Unopened


def _ports(settings: Settings) -> Iterator[Finding]:
    """Which ports are in use."""
    part = Text("Cổng mạng", "Ports")
    used = []
    for setting, (host, port) in ports(settings).items():
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, port)) == 0:
                used.append(f"{port} ({setting})")
    if used:
        names = ", ".join(used)
        yield Finding(
            "–",
            part,
            Text(
                f"Đang dùng: {names}. Đúng nếu Hồ Sơ Số đang chạy.",
                f"In use: {names}. Right while Hồ Sơ Số is running.",
            ),
        )
    else:
        yield Finding("✓", part, Text("Đều trống.", "All free."))


def _prefect(settings: Settings) -> Iterator[Finding]:
    """Does Prefect answer?"""
    part = Text("Prefect", "Prefect")
    word = prefect(settings)
    if word == "ok":
        yield Finding("✓", part, Text("Trả lời.", "Answers."))
    else:
        yield Finding("–", part, Text("Không trả lời. Chạy: hososo up", "Does not answer. Run: hososo up"))


def _stamps(settings: Settings) -> Iterator[Finding]:
    """Does the time-stamp authority answer?"""
    part = Text("Dấu thời gian", "Time-stamps")
    try:
        # A GET is refused by every authority; that it is refused shows that it is there.
        httpx.get(settings.timestamp_url, timeout=3, trust_env=bool(settings.tsa_url))
    except (httpx.HTTPError, httpx.InvalidURL):
        yield Finding(
            "–",
            part,
            Text(
                "Không trả lời; chưa ký và lưu trữ được. Chạy hososo up, hoặc xem HOSOSO_TSA_URL.",
                "Does not answer; nothing can be signed or archived. Run hososo up, or see HOSOSO_TSA_URL.",
            ),
        )
    else:
        yield Finding("✓", part, Text("Trả lời.", "Answers."))


def mail(settings: Settings) -> Iterator[Finding]:
    """The installation's mail server, then each school's own."""
    part = Text("Thư", "Mail")
    local = "" if settings.smtp_host else " (hộp thư thử · local catcher)"
    yield _server(part, mail_servers.of_installation(settings), local, _SEE_SETTING)
    if not is_there(settings):
        return
    db = Database(settings.database)
    try:
        with db.read() as session:
            rows = session.exec(
                select(MailServer).where(col(MailServer.until).is_(None), col(MailServer.host) != "")
            ).all()
            today = utc_now().astimezone(VIETNAM).date()
            schools = {row.school_id: issuer_of(session, row.school_id, today).name for row in rows}
    except SQLAlchemyError:
        return  # said already
    finally:
        db.dispose()
    for row in rows:
        name = schools[row.school_id]
        part = Text(f"Thư của {name}", f"Mail of {name}")
        try:
            server = mail_servers.opened(row, settings)
        except (Unopened, OSError):  # the master key is wrong, or lost
            yield Finding("✗", part, _SHUT)
        else:
            yield _server(part, server, "", _SEE_PAGE)


def _server(part: Text, server: Server, local: str, where: Text) -> Finding:
    """Does it answer? Nobody signs in: what a wrong password does, the mail page says."""
    at = f"{server.host}:{server.port}"
    try:
        speak = smtplib.SMTP_SSL if server.encryption == "tls" else smtplib.SMTP
        with speak(server.host, server.port, timeout=5) as open_server:
            open_server.noop()
    except (OSError, smtplib.SMTPException):
        away = Text(
            "Máy chủ thư {at} không trả lời; thư chờ trong hàng. {where}",
            "The mail server {at} does not answer; mails wait. {where}",
        )
        return Finding("–", part, away.format(at=at, where=where))
    return Finding("✓", part, Text(f"{at} trả lời{local}.", f"{at} answers{local}."))


_SEE_SETTING = Text("Xem HOSOSO_SMTP_HOST.", "See HOSOSO_SMTP_HOST.")
_SEE_PAGE = Text("Xem trang Quản trị, mục Thư.", "See Mail among the administrator's pages.")
_SHUT = Text(
    "secrets/master.key không mở được mật khẩu thư; thư chờ trong hàng. Lấy lại tệp đó từ bản sao lưu, hoặc "
    "nhập lại mật khẩu ở trang Quản trị, mục Thư.",
    "secrets/master.key does not open the mail password; mails wait. Restore that file from the backup, or "
    "type the password again under Mail among the administrator's pages.",
)


REACHED = (_ports, _prefect, _stamps, mail)
"""Every look, in the order in which they are said."""
