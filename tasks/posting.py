"""Sending stored mails: claim, speak SMTP, note what came of it; a later try when the server is away.

A mail keeps its Message-ID through all tries. SMTP itself cannot promise once: a server that accepted a
mail and died before saying so gets it again, under the same id. Passwords stay in the settings: nothing
here logs them, and what a server said is kept only for the administrator's page.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr

import aiosmtplib
from sqlalchemy import update
from sqlmodel import col, select

from models.db import Database
from models.notice import Mail
from models.settings import Settings
from tasks.hidden_links import revealed
from tasks.mailing import one_line

BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
"""Time to the next try, by tries made; the last repeats until the mail is a day old."""

GIVE_UP = timedelta(days=1)
PATIENCE = 40.0
"""Seconds for one mail: below the first back-off, so that nobody else takes up a mail being sent."""

AT_ONCE = 50
"""Mails sent over one connection."""

_IMPLICIT_TLS = 465
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Posted:
    """What one round did."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0


def waiting(db: Database, now: datetime) -> list[str]:
    """Mails to send now, oldest first."""
    with db.read() as session:
        queue = select(Mail.id).where(col(Mail.state) == "waiting", col(Mail.next_try_at) <= now)
        return list(session.exec(queue.order_by(col(Mail.next_try_at)).limit(AT_ONCE)).all())


async def post(
    db: Database, settings: Settings, now: datetime, tls_context: ssl.SSLContext | None = None
) -> Posted:
    """Send what is due. Never raises for a server's or a network's fault: the mail waits for its next try.

    Safe in two processes at once: each mail is claimed by compare-and-set before it is sent.
    """
    posted = Posted()
    queue = await asyncio.to_thread(waiting, db, now)
    if not queue:
        return posted
    client = _client(settings, tls_context)
    try:
        await client.connect()
    except (OSError, aiosmtplib.SMTPException, TimeoutError) as wrong:
        await _hang_up(client)
        await _postpone(db, queue, now, wrong, posted)
        return posted
    try:
        for mail_id in queue:
            if not await _send(db, settings, client, mail_id, now, posted):
                break  # the connection is gone; the rest is still due, and the next round takes it
    finally:
        await _hang_up(client)
    return posted


async def _hang_up(client: aiosmtplib.SMTP) -> None:
    """Close the connection before we return: over TLS, `close` alone waits for the server's farewell, and a
    loop that ends meanwhile leaves the socket open."""
    transport = client.transport
    client.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
        await asyncio.sleep(0)  # it is closed in this turn of the loop


def _client(settings: Settings, tls_context: ssl.SSLContext | None) -> aiosmtplib.SMTP:
    host, port = settings.mail_server
    implicit = port == _IMPLICIT_TLS
    return aiosmtplib.SMTP(
        hostname=host,
        port=port,
        username=settings.smtp_user or None,
        password=settings.smtp_password or None,
        use_tls=implicit,
        start_tls=settings.smtp_starttls and not implicit,
        tls_context=tls_context,
        timeout=PATIENCE / 2,
    )


async def _postpone(
    db: Database, queue: list[str], now: datetime, wrong: BaseException, posted: Posted
) -> None:
    """The server is away: every mail of this round tries again later."""
    log.warning("The mail server does not take mail: %s", _words(wrong))
    for mail_id in queue:
        mail = await asyncio.to_thread(_claim, db, mail_id, now)
        if mail is not None:
            await asyncio.to_thread(_note, db, mail, now, wrong, posted)


async def _send(
    db: Database,
    settings: Settings,
    client: aiosmtplib.SMTP,
    mail_id: str,
    now: datetime,
    posted: Posted,
) -> bool:
    """One mail; False when the connection does not go on."""
    mail = await asyncio.to_thread(_claim, db, mail_id, now)
    if mail is None:
        return True
    try:
        message = compose(mail, settings)
        async with asyncio.timeout(PATIENCE):
            await client.send_message(message)
    except (OSError, aiosmtplib.SMTPException, TimeoutError, BadAddress) as wrong:
        await asyncio.to_thread(_note, db, mail, now, wrong, posted)
        return client.is_connected and not isinstance(wrong, TimeoutError)
    await asyncio.to_thread(_sent, db, mail, now)
    posted.sent += 1
    return True


class BadAddress(Exception):
    """The recipient's address is none; trying again would not mend it."""


class _Subject(UniqueUnstructuredHeader):
    """A subject whose encoded words carry their own spaces.

    The standard library loses a space now and then where it breaks a long Vietnamese subject (Python 3.11).
    """

    def fold(self, *, policy: Policy) -> str:
        words = Header(str(self), "utf-8", header_name="Subject").encode(linesep=policy.linesep)
        return f"Subject: {words}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("subject", _Subject)  # type: ignore[arg-type]  # made a BaseHeader by the registry
_POLICY = SMTP.clone(header_factory=_HEADERS)


def compose(mail: Mail, settings: Settings) -> EmailMessage:
    """The stored mail as a message: text first, HTML beside it. BadAddress when it can reach nobody."""
    message = EmailMessage(policy=_POLICY)
    name, address = parseaddr(settings.mail_from)
    message["From"] = Address(one_line(name), addr_spec=address)
    try:
        message["To"] = Address(addr_spec=mail.recipient)
    except (ValueError, HeaderParseError, IndexError) as wrong:  # what email's parser raises for nonsense
        raise BadAddress("This is no e-mail address.") from wrong
    message["Subject"] = one_line(mail.subject, 200)
    message["Date"] = format_datetime(mail.created_at.astimezone(UTC))
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies to us
    text, html = (revealed(part, lambda: settings.master_key) for part in (mail.text, mail.html))
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _claim(db: Database, mail_id: str, now: datetime) -> Mail | None:
    """Take a mail for this try, with the time of the next already noted; None when someone else has it."""
    with db.write() as session:
        mail = session.get(Mail, mail_id)
        if mail is None or mail.state != "waiting" or mail.next_try_at > now:
            return None
        wait = BACK_OFF[min(mail.attempts, len(BACK_OFF) - 1)]
        claimed = session.exec(
            update(Mail)
            .where(col(Mail.id) == mail_id, col(Mail.state) == "waiting", col(Mail.attempts) == mail.attempts)
            .values(attempts=mail.attempts + 1, next_try_at=now + wait)
            .execution_options(synchronize_session=False)
        )
        if claimed.rowcount != 1:
            return None
        session.expunge(mail)
        return mail


def _sent(db: Database, mail: Mail, now: datetime) -> None:
    with db.write() as session:
        session.exec(update(Mail).where(col(Mail.id) == mail.id).values(state="sent", sent_at=now, error=""))


def _note(db: Database, mail: Mail, now: datetime, wrong: BaseException, posted: Posted) -> None:
    """Keep what went wrong; give up on an address the server refuses for good, and after a day."""
    hopeless = _refused_for_good(wrong) or now - mail.created_at >= GIVE_UP
    values = {"error": _words(wrong)} | ({"state": "failed"} if hopeless else {})
    with db.write() as session:
        session.exec(
            update(Mail).where(col(Mail.id) == mail.id, col(Mail.state) == "waiting").values(**values)
        )
    if hopeless:
        posted.failed += 1
    else:
        posted.postponed += 1


def _refused_for_good(wrong: BaseException) -> bool:
    """The address, not the server, is at fault. Wrong passwords or senders can be mended, so they wait."""
    if isinstance(wrong, aiosmtplib.SMTPRecipientsRefused):
        return all(refused.code >= 500 for refused in wrong.recipients)
    return isinstance(wrong, BadAddress)


def _words(wrong: BaseException) -> str:
    if isinstance(wrong, aiosmtplib.SMTPRecipientsRefused) and wrong.recipients:
        wrong = wrong.recipients[0]
    code = f" {wrong.code}" if isinstance(wrong, aiosmtplib.SMTPResponseException) else ""
    said = (
        wrong.message if isinstance(wrong, aiosmtplib.SMTPException) and hasattr(wrong, "message") else wrong
    )
    return one_line(f"{type(wrong).__name__}{code}: {said}", 300)


def try_again(db: Database, mail_id: str, now: datetime) -> bool:
    """A failed mail goes back into the queue, for another day; False when it had not failed."""
    with db.write() as session:
        again = session.exec(
            update(Mail)
            .where(col(Mail.id) == mail_id, col(Mail.state) == "failed")
            .values(state="waiting", attempts=0, next_try_at=now, created_at=now, error="")
        )
        return again.rowcount == 1
