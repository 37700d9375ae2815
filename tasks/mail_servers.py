"""Which server a school's mails go by: its own, or the installation's (`HOSOSO_SMTP_…`). No network here.

The password at rest is encrypted with the master key, for one school, host, port and user: a row that is
changed in the database, or an administrator who names another server, does not send it elsewhere.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Literal, cast

from sqlmodel import Session, col, select, update

from models.mail_server import MailServer
from models.settings import Settings
from tasks import keys
from tasks.keys import Secret

Encryption = Literal["starttls", "tls", "none"]
IMPLICIT_TLS = 465
OLD_HOLDS = timedelta(hours=12)
"""So long the news of a change goes by the server before it; then by the present one, for the old one may be
gone for good and the news must arrive."""
_FORGET = timedelta(days=1)


class Unopened(Exception):
    """The stored password does not open: the master key is not the one it was stored with."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails go, and as whom."""

    host: str
    port: int
    encryption: Encryption
    login: str
    password: Secret
    sender: str
    sender_name: str

    def without_password(self, said: str) -> str:
        """What the server said, without the password, should it have repeated it in any of SMTP's ways."""
        word = self.password.reveal()
        if not word:
            return said
        both = f"\0{self.login}\0{word}"
        for form in (word, *(base64.b64encode(w.encode()).decode() for w in (word, both))):
            said = said.replace(form, "…")
        return said


def of_installation(settings: Settings) -> Server:
    """What the environment says; without it the local catcher."""
    host, port = settings.mail_server
    encrypted: Encryption = "starttls" if settings.smtp_starttls else "none"
    name, address = parseaddr(settings.mail_from)
    return Server(
        host,
        port,
        "tls" if port == IMPLICIT_TLS else encrypted,
        settings.smtp_user,
        Secret(settings.smtp_password),
        address,
        name,
    )


def held(session: Session, school_id: str) -> MailServer | None:
    """The row that holds now; None: never set. A row without host says: the installation's."""
    return session.exec(
        select(MailServer).where(col(MailServer.school_id) == school_id, col(MailServer.until).is_(None))
    ).first()


def own(session: Session, school_id: str) -> MailServer | None:
    """The school's own server, if it has one."""
    row = held(session, school_id)
    return row if row is not None and row.host else None


def pinned(session: Session, server_id: str | None, now: datetime) -> MailServer | None:
    """The server a mail is bound to, as long as that is."""
    row = session.get(MailServer, server_id) if server_id else None
    return row if row is not None and (row.until is None or now < row.until + OLD_HOLDS) else None


def opened(row: MailServer | None, settings: Settings) -> Server:
    """A row as a server to speak to, None as the installation's. Unopened when the password stays shut."""
    if row is None or not row.host:
        return of_installation(settings)
    password = Secret("")
    if row.protected is not None:
        password = unlock(row.protected, settings.master_key, row.school_id, row.host, row.port, row.login)
    return Server(
        row.host,
        row.port,
        cast("Encryption", row.encryption),
        row.login,
        password,
        row.sender,
        row.sender_name,
    )


def opens(row: MailServer | None, settings: Settings) -> bool:
    """Does the stored password open with this installation's master key?"""
    try:
        opened(row, settings)
    except Unopened:
        return False
    return True


def protect(password: Secret, master: bytes, school_id: str, host: str, port: int, login: str) -> bytes:
    """The password encrypted for the database, good for this school's account at this server alone."""
    return keys.protect_service(password.reveal().encode(), master, _owner(school_id, host, port, login))


def unlock(protected: bytes, master: bytes, school_id: str, host: str, port: int, login: str) -> Secret:
    """The password; Unopened with another master key, or for another server."""
    try:
        found = keys.unlock_service(protected, master, _owner(school_id, host, port, login))
    except ValueError:
        raise Unopened from None
    return Secret(found.decode())


def _owner(school_id: str, host: str, port: int, login: str) -> str:
    return f"mail server|{school_id}|{host}|{port}|{login}"


def forget_old(session: Session, now: datetime) -> None:
    """The passwords of servers that no longer hold, once no mail is bound to them."""
    session.exec(
        update(MailServer)
        .where(col(MailServer.until) <= now - _FORGET, col(MailServer.protected).is_not(None))
        .values(protected=None)
    )
