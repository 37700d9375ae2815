"""Trying a mail server before it is asked for, through what was typed: is it there and does it let us in, or
one test mail. Nothing is stored."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

import aiosmtplib

from flows.office import Office
from models.account import Account
from models.text import Text
from service import changes, tries
from service.mail_changes import protected_for
from service.mail_form import Typed, Wanted, check
from tasks import letters, mail_servers, posting
from tasks.keys import Secret
from tasks.mail_servers import Server

AT_MOST = 20
"""Tries of an administrator in a quarter of an hour: each is a connection to an address somebody typed."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try: what the server said, and what to do when it was not well."""

    said: str
    advice: Text | None
    kept: str
    """The password as the page hands it back, encrypted."""
    sent: bool = True
    """A test mail was asked for; otherwise the server was only asked to let us in."""
    seal: str = ""
    """Of what was tried: who wants to keep it all the same keeps exactly this."""

    @property
    def well(self) -> bool:
        return self.advice is None


def try_out(office: Office, account: Account, typed: Typed, now: datetime) -> Tried:
    """A test mail to the administrator's own address through what was typed; nothing is stored.

    Invalid (with the fields) when it cannot be a mail server, or was tried too often.
    """
    wanted = check(typed)
    if "@" not in account.email:
        raise changes.refusal("test", NO_ADDRESS)
    server, kept = _server(office, account, typed, wanted, now)
    message = posting.compose(letters.letter(office.settings, account, "test", now), office.settings, server)
    try:
        return Tried(asyncio.run(posting.try_out(server, message)), None, kept)
    except (*posting.FAULTS, posting.BadAddress) as wrong:
        return Tried(posting.words(wrong, server), _advice(wrong), kept)


def knock(office: Office, account: Account, typed: Typed, now: datetime) -> Tried:
    """Does the server answer, encrypt, let us in and take the sender? No mail is sent, nothing is stored.

    Refusals as in `try_out`. At most `posting.KNOCK` seconds, in the thread of this request.
    """
    wanted = check(typed)
    server, kept = _server(office, account, typed, wanted, now)
    seal = seal_of(wanted)
    try:
        asyncio.run(posting.knock(server))
    except posting.FAULTS as wrong:
        return Tried(posting.words(wrong, server), _advice(wrong), kept, sent=False, seal=seal)
    return Tried("", None, kept, sent=False, seal=seal)


def seal_of(wanted: Wanted) -> str:
    """Tells one mail server from another in a form; the password is no part of it."""
    return hashlib.sha256(repr(wanted).encode()).hexdigest()[:32]


def _server(
    office: Office, account: Account, typed: Typed, wanted: Wanted, now: datetime
) -> tuple[Server, str]:
    """The server to speak to, and its password as the page hands it back; counted as a try."""
    with office.db.write() as session:
        count = tries.count(session, f"mail try {account.id}", now, window=tries.PAUSE, sliding=False)
        row = mail_servers.held(session, account.school_id)
    if count > AT_MOST:
        raise changes.refusal("test", _TOO_OFTEN)
    protected = protected_for(row, office.settings, account.school_id, wanted, typed)
    password = Secret("")
    if protected:
        place = (account.school_id, wanted.host, wanted.port, wanted.login)
        password = mail_servers.unlock(protected, office.settings.master_key, *place)
    kept = base64.b64encode(protected).decode() if protected else ""
    return Server(**asdict(wanted), password=password), kept


def _advice(wrong: BaseException) -> Text:
    """What to look at, by the first cause that says so."""
    for cause in _causes(wrong):
        if type(cause) is aiosmtplib.SMTPException:  # the library's word for both
            return _NOT_OFFERED
        if isinstance(cause, aiosmtplib.SMTPResponseException) and cause.code == _SIGN_IN_FIRST:
            return _SIGN_IN
        for kind, advice in _ADVICE:
            if isinstance(cause, kind):
                return advice
    return _OTHER


def _causes(wrong: BaseException) -> Iterator[BaseException]:
    """The innermost first: libraries wrap what the network said."""
    chain = [wrong]
    while chain[-1].__cause__ is not None:
        chain.append(chain[-1].__cause__)
    return reversed(chain)


_SIGN_IN_FIRST = 530
_SIGN_IN = Text(
    "Máy chủ đòi đăng nhập (hoặc mã hóa) trước khi gửi. Ghi tài khoản và mật khẩu thư, kiểm tra cách mã hóa.",
    "The server wants a sign-in (or encryption) first. Type user and password, and check the encryption.",
)
_NOT_OFFERED = Text(
    "Máy chủ không có STARTTLS hoặc không cho đăng nhập ở cổng này. Kiểm tra cổng và cách mã hóa.",
    "The server has no STARTTLS or no sign-in at this port. Check the port and the encryption.",
)
NO_ADDRESS = Text(
    "Tài khoản này chưa có thư điện tử. Thêm địa chỉ ở trang Tài khoản rồi thử lại.",
    "This account has no e-mail address. Add one on the accounts page and try again.",
)
_TOO_OFTEN = Text(
    "Đã thử quá nhiều lần. Chờ 15 phút rồi thử lại.", "Tried too often. Wait 15 minutes and try again."
)
_ADVICE: tuple[tuple[type[BaseException], Text], ...] = (
    (
        aiosmtplib.SMTPAuthenticationError,
        Text(
            "Máy chủ không nhận tài khoản hoặc mật khẩu. Kiểm tra lại cả hai; nhiều nơi cần “mật khẩu "
            "ứng dụng” riêng.",
            "The server does not take the user or the password. Check both; many providers want an “app "
            "password” of its own.",
        ),
    ),
    (
        aiosmtplib.SMTPRecipientsRefused,
        Text(
            "Máy chủ không nhận thư gửi tới địa chỉ của tài khoản này. Kiểm tra địa chỉ ở trang Tài khoản.",
            "The server takes no mail for this account's address. Check it on the accounts page.",
        ),
    ),
    (
        aiosmtplib.SMTPSenderRefused,
        Text(
            "Máy chủ không cho gửi từ địa chỉ này. Ghi địa chỉ gửi thuộc tài khoản thư.",
            "The server does not let this address send. Use a sender's address that belongs to the user.",
        ),
    ),
    (
        ssl.SSLCertVerificationError,
        Text(
            "Chứng thư của máy chủ không được tin cậy hoặc mang tên khác. Kiểm tra tên máy chủ.",
            "The server's certificate is not trusted or bears another name. Check the server's name.",
        ),
    ),
    (
        ssl.SSLError,
        Text(
            "Cổng này không dùng cách mã hóa đã chọn. Thường là 587 với STARTTLS, 465 với TLS.",
            "This port does not speak the chosen encryption. Try 587 with STARTTLS, or 465 with TLS.",
        ),
    ),
    (
        socket.gaierror,
        Text(
            "Không tìm thấy máy chủ có tên này. Kiểm tra lại tên.",
            "There is no server of this name. Check the name.",
        ),
    ),
    (
        TimeoutError,
        Text(
            "Máy chủ không trả lời kịp. Kiểm tra tên, cổng, cách mã hóa và tường lửa.",
            "The server did not answer in time. Check name, port, encryption and firewall.",
        ),
    ),
    (
        ConnectionError,
        Text(
            "Không nối được tới máy chủ ở cổng này. Kiểm tra tên, cổng và tường lửa.",
            "There is no connection to the server at this port. Check name, port and firewall.",
        ),
    ),
)
_OTHER = Text(
    "Máy chủ chưa nhận thư. Xem điều máy chủ nói ở trên rồi thử lại.",
    "The server did not take the mail. See what it said above and try again.",
)
