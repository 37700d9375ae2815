"""Sending stored mails: claim, speak SMTP, note what came of it; a later try when the server is away, but not
in the school's quiet hours unless it cannot wait.

A mail keeps its Message-ID through all tries. SMTP itself cannot promise once: a server that accepted a
mail and died before saying so gets it again, under the same id. Nothing here logs a password, and what a
server said, the password struck out, is kept only for the administrator's page.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime

import aiosmtplib
from sqlalchemy import exists, update
from sqlmodel import col, select

from models.db import Database
from models.mail_server import MailServer
from models.notice import Mail, Notice
from models.settings import Settings
from tasks import mail_servers
from tasks.hidden_links import revealed
from tasks.kinds import NEVER_WAIT
from tasks.letters import one_line
from tasks.mail_hours import hours_of
from tasks.mail_servers import Server, Unopened

BACK_OFF = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 240))
"""Time to the next try, by tries made; the last repeats until the mail is a day old."""

GIVE_UP = timedelta(days=1)
PATIENCE = 40.0
"""Seconds for one mail: below the first back-off, so that nobody else takes up a mail being sent."""

KNOCK = 15.0
"""Seconds to see whether a server is there and lets us in: somebody waits for the page."""

AT_ONCE = 50
"""Mails sent over one connection."""

ROUND = 60.0
"""Seconds after which a connection takes up no more mails: a slow server must not keep the other schools'
mails from the next round."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Posted:
    """What one round did."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0


@dataclass(slots=True)
class Bag:
    """What goes over one connection. `server` None: its password does not open, so nothing goes."""

    server: Server | None
    mails: list[str] = field(default_factory=list)


def keep_quiet(db: Database, now: datetime) -> int:
    """Put off to the morning what became due in a school's quiet hours and can wait; how many mails.

    That is a later try after an outage, or a mail made just before. A mail made in these very hours was asked
    for by somebody now, and one that tells no notice (a link to a new password) is being waited for.
    """
    due = (col(Mail.state) == "waiting", col(Mail.next_try_at) <= now)
    with db.read() as session:
        schools = session.exec(select(Mail.school_id).where(*due).distinct()).all()
        hours = {school: hours_of(session, school) for school in schools}
    quiet = {school: its for school, its in hours.items() if its.is_quiet(now)}
    if not quiet:
        return 0
    told = exists().where(col(Notice.dropped).is_(False), col(Notice.mail_id) == col(Mail.id))
    held = 0
    with db.write() as session:
        for school, its in quiet.items():
            put_off = session.exec(
                update(Mail)
                .where(
                    *due,
                    col(Mail.school_id) == school,
                    col(Mail.created_at) < its.quiet_since(now),
                    told,
                    ~told.where(col(Notice.kind).in_(NEVER_WAIT)),
                )
                .values(next_try_at=its.awake(now))
                .execution_options(synchronize_session=False)
            )
            held += put_off.rowcount
    return held


def waiting(db: Database, settings: Settings, now: datetime) -> list[Bag]:
    """Mails to send now, oldest first, by the server they go by."""
    bags: dict[str, Bag] = {}
    with db.read() as session:
        due = (col(Mail.state) == "waiting", col(Mail.next_try_at) <= now)
        for school_id in session.exec(select(Mail.school_id).where(*due).distinct()).all():
            present = mail_servers.own(session, school_id)
            queue = select(Mail.id, Mail.server_id).where(*due, col(Mail.school_id) == school_id)
            for mail_id, server_id in session.exec(queue.order_by(col(Mail.next_try_at)).limit(AT_ONCE)):
                row = mail_servers.pinned(session, server_id, now) or present
                key = row.id if row is not None and row.host else ""
                if key not in bags:
                    bags[key] = Bag(_opened(row, settings))
                bags[key].mails.append(mail_id)
    return list(bags.values())


def _opened(row: MailServer | None, settings: Settings) -> Server | None:
    try:
        return mail_servers.opened(row, settings)
    except Unopened:
        return None


async def post(
    db: Database, settings: Settings, now: datetime, tls_context: ssl.SSLContext | None = None
) -> Posted:
    """Send what is due. Never raises for a server's or a network's fault: the mail waits for its next try.

    Each server is spoken to beside the others, so that one that is away or slow holds up its own mails alone.
    Safe in two processes at once: each mail is claimed by compare-and-set before it is sent.
    """
    posted = Posted()
    await asyncio.to_thread(keep_quiet, db, now)
    bags = await asyncio.to_thread(waiting, db, settings, now)
    await asyncio.gather(*(_post_bag(db, settings, bag, now, posted, tls_context) for bag in bags))
    return posted


async def _post_bag(
    db: Database,
    settings: Settings,
    bag: Bag,
    now: datetime,
    posted: Posted,
    tls_context: ssl.SSLContext | None,
) -> None:
    if bag.server is None:
        await _postpone(db, bag, now, Unopened(_SHUT), posted)
        return
    client = client_of(bag.server, tls_context)
    try:
        async with asyncio.timeout(PATIENCE):  # greeting, encryption and sign-in together
            await client.connect()
    except FAULTS as wrong:
        await hang_up(client)
        await _postpone(db, bag, now, wrong, posted)
        return
    over = asyncio.get_running_loop().time() + ROUND
    try:
        for mail_id in bag.mails[:AT_ONCE]:
            if asyncio.get_running_loop().time() > over:
                break
            if not await _send(db, settings, bag.server, client, mail_id, now, posted):
                break  # the connection is gone; the rest is still due, and the next round takes it
    finally:
        await hang_up(client)


async def try_out(server: Server, message: EmailMessage, tls_context: ssl.SSLContext | None = None) -> str:
    """Send one mail at once; what the server said to it. Raises FAULTS."""
    client = client_of(server, tls_context)
    try:
        async with asyncio.timeout(PATIENCE):
            await client.connect()
            _, said = await client.send_message(message)
    finally:
        await hang_up(client)
    return server.without_password(one_line(said, 300))


async def knock(server: Server, tls_context: ssl.SSLContext | None = None) -> None:
    """Connect, encrypt, sign in and name the sender, without sending anything. Raises FAULTS."""
    client = client_of(server, tls_context)
    try:
        async with asyncio.timeout(KNOCK):
            await client.connect()
            await client.mail(server.sender)  # what a server says of a missing sign-in or a strange sender
            await client.rset()
    finally:
        await hang_up(client)


async def hang_up(client: aiosmtplib.SMTP) -> None:
    """Close the connection before we return: over TLS, `close` alone waits for the server's farewell, and a
    loop that ends meanwhile leaves the socket open."""
    transport = client.transport
    client.close()
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
        await asyncio.sleep(0)  # it is closed in this turn of the loop


def client_of(server: Server, tls_context: ssl.SSLContext | None = None) -> aiosmtplib.SMTP:
    """A connection to be opened; it encrypts, checks the certificate and signs in as the server says."""
    return aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.login or None,
        password=server.password.reveal() or None,
        use_tls=server.encryption == "tls",
        start_tls=server.encryption == "starttls",
        tls_context=tls_context,
        timeout=PATIENCE / 2,
    )


async def _postpone(db: Database, bag: Bag, now: datetime, wrong: BaseException, posted: Posted) -> None:
    """The server is away: every mail of this round tries again later."""
    said = words(wrong, bag.server)
    log.warning("The mail server does not take mail: %s", said)
    for mail_id in bag.mails:
        mail = await asyncio.to_thread(_claim, db, mail_id, now)
        if mail is not None:
            await asyncio.to_thread(_note, db, mail, now, wrong, said, posted)


async def _send(
    db: Database,
    settings: Settings,
    server: Server,
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
        message = compose(mail, settings, server)
        async with asyncio.timeout(PATIENCE):
            await client.send_message(message)
    except (*FAULTS, BadAddress) as wrong:
        await asyncio.to_thread(_note, db, mail, now, wrong, words(wrong, server), posted)
        return client.is_connected and not isinstance(wrong, TimeoutError)
    await asyncio.to_thread(_sent, db, mail, now)
    posted.sent += 1
    return True


class BadAddress(Exception):
    """The recipient's address is none; trying again would not mend it."""


FAULTS = (OSError, aiosmtplib.SMTPException, TimeoutError)
"""What a server, a network or a certificate may raise."""
_SHUT = "The stored password does not open with secrets/master.key."


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


def compose(mail: Mail, settings: Settings, server: Server | None = None) -> EmailMessage:
    """The stored mail as a message: text first, HTML beside it. BadAddress when it can reach nobody.

    `server` says who sends it; without one the installation does.
    """
    server = server or mail_servers.of_installation(settings)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(one_line(server.sender_name), addr_spec=server.sender)
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


def _note(db: Database, mail: Mail, now: datetime, wrong: BaseException, said: str, posted: Posted) -> None:
    """Keep what went wrong; give up on an address the server refuses for good, and after a day."""
    hopeless = _refused_for_good(wrong) or now - mail.created_at >= GIVE_UP
    values = {"error": said} | ({"state": "failed"} if hopeless else {})
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


def words(wrong: BaseException, server: Server | None = None) -> str:
    """What went wrong on one line, in the server's own words where it spoke; never its password."""
    if isinstance(wrong, aiosmtplib.SMTPRecipientsRefused) and wrong.recipients:
        wrong = wrong.recipients[0]
    code = f" {wrong.code}" if isinstance(wrong, aiosmtplib.SMTPResponseException) else ""
    said = (
        wrong.message if isinstance(wrong, aiosmtplib.SMTPException) and hasattr(wrong, "message") else wrong
    )
    told = f"{type(wrong).__name__}{code}: {said}"
    return one_line(server.without_password(told) if server else told, 300)


def try_again(db: Database, mail_id: str, now: datetime) -> bool:
    """A failed mail goes back into the queue, for another day; False when it had not failed."""
    with db.write() as session:
        again = session.exec(
            update(Mail)
            .where(col(Mail.id) == mail_id, col(Mail.state) == "failed")
            .values(state="waiting", attempts=0, next_try_at=now, created_at=now, error="")
        )
        return again.rowcount == 1
