"""What `hososo doctor` looks for outside its folder: ports, Prefect, time-stamps, mail servers."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from flows.certification import trust_with_stamps
from flows.office import utc_now
from flows.posts import issuer_of
from models.db import Database
from models.errors import Unavailable
from models.mail_server import MailServer
from models.migrate import is_there
from models.settings import VIETNAM, Settings
from models.text import Text
from service.findings import Finding
from service.health import prefect
from service.supervise import NO_ADDRESS, family_of, ports
from tasks import mail_servers
from tasks.certificates import Trust
from tasks.keys import Secret
from tasks.mail_servers import Server, Unopened
from tasks.stamp_servers import StampServer, probe, servers_of
from tasks.timestamping import DOWN


def _ports(settings: Settings) -> Iterator[Finding]:
    """Which ports are in use; a host that is none is a fault."""
    part = Text("Cổng mạng", "Ports")
    used = []
    for setting, (host, port) in ports(settings).items():
        with socket.socket(family_of(host)) as probe:
            probe.settimeout(1)
            try:
                taken = probe.connect_ex((host, port)) == 0
            except OSError:
                yield Finding("✗", part, NO_ADDRESS.format(host=host, setting=setting))
                return
            if taken:
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
    """Does each time-stamp authority answer rightly, and is it trusted? One time-stamp of each is had."""
    servers = servers_of(settings.timestamp_url, settings.tsa_user, Secret(settings.tsa_password))
    trust = _trust(settings)
    for server in servers:
        part = Text("Dấu thời gian", "Time-stamps")
        if len(servers) > 1:
            part = Text(f"{part.vi} từ {server.name}", f"{part.en} of {server.name}")
        if server.password and server.url.startswith("http:") and not server.is_near:
            yield Finding("✗", part, _IN_CLEAR)
        fault = _wrong_with(server, trust)
        if fault is None:
            yield Finding("✓", part, Text("Trả lời đúng.", "Answers rightly."))
        elif fault == DOWN:
            yield Finding("–", part, _STAMPS_AWAY)
        else:
            yield Finding("✗", part, fault)


def _wrong_with(server: StampServer, trust: Trust | None) -> Text | None:
    if trust is None:
        return DOWN  # without an authority of ours nothing is running yet
    try:
        probe(server, trust, utc_now())
    except Unavailable as fault:
        return fault.sentence
    return None


def _trust(settings: Settings) -> Trust | None:
    """What time-stamps are held against; None before there is an authority."""
    if not is_there(settings):
        return None
    db = Database(settings.database)
    try:
        with db.read() as session:
            return trust_with_stamps(session, settings)
    except (SQLAlchemyError, Unavailable):
        return None  # said already
    finally:
        db.dispose()


_STAMPS_AWAY = Text(
    "Không trả lời; chưa ký và lưu trữ được. Chạy hososo up, hoặc xem HOSOSO_TSA_URL.",
    "Does not answer; nothing can be signed or archived. Run hososo up, or see HOSOSO_TSA_URL.",
)
_IN_CLEAR = Text(
    "Mật khẩu đi qua mạng không mã hóa. Dùng địa chỉ https:// trong HOSOSO_TSA_URL.",
    "The password crosses the network unencrypted. Use an https:// address in HOSOSO_TSA_URL.",
)


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
