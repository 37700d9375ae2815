"""What an administrator types about a mail server: read, tidied, refused in sentences. No database here.

Whatever ends in a header or in SMTP's own lines holds no line break or other control character. The address
is something a person types, so only the ports mail is spoken at are let through, and nothing that no mail
server can have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from ipaddress import IPv4Address, IPv6Address, ip_address

from models.errors import Fault, Invalid
from models.text import Text
from tasks.keys import Secret
from tasks.mail_servers import IMPLICIT_TLS

PORTS = frozenset({25, 465, 587, 2525})
FREE = range(1024, 65536)
ENCRYPTIONS = {
    "starttls": Text("STARTTLS", "STARTTLS"),
    "tls": Text("TLS ngay từ đầu", "TLS from the start"),
    "none": Text("Không mã hóa (chỉ trên chính máy này)", "None (on this machine only)"),
}
FIELDS = ("host", "port", "encryption", "login", "sender", "sender_name")
PASSWORD_MOST = 200
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as it was typed, shown again when it is refused; all but the password."""

    host: str = ""
    port: str = "587"
    encryption: str = "starttls"
    login: str = ""
    sender: str = ""
    sender_name: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    kept: str = ""
    """The password of the try before, encrypted: it need not be typed again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A mail server as it may be stored; its password is looked after apart."""

    host: str
    port: int
    encryption: str
    login: str
    sender: str
    sender_name: str


def read(form: Mapping[str, str]) -> Typed:
    """The fields of a posted form."""
    typed = {name: form.get(name, "")[:400] for name in FIELDS}
    return Typed(
        **typed, password=Secret(form.get("password", "")), kept=form.get("kept_password", "")[:2000]
    )


def check(typed: Typed) -> Wanted:
    """The tidy values; Invalid names every field that is wrong, with how to mend it."""
    host, port = _host(typed.host), _port(typed.port)
    login, sender, name = typed.login.strip(), _address(typed.sender), typed.sender_name.strip()
    wrong = {
        "host": None if host else _NO_HOST,
        "port": None if port else _NO_PORT,
        "encryption": _no_encryption(typed.encryption, host, port),
        "login": None if _is_plain(login, 200) else _NO_LOGIN,
        "password": None if _is_plain(typed.password.reveal(), PASSWORD_MOST) else _NO_PASSWORD,
        "sender": None if sender else _NO_SENDER,
        "sender_name": None if _is_plain(name, 80) else _NO_NAME,
    }
    if typed.password.reveal() and not login:
        wrong["login"] = _WHOSE_PASSWORD
    faults = tuple(Fault(path, sentence) for path, sentence in wrong.items() if sentence is not None)
    if faults:
        raise Invalid(faults[0].sentence, faults)
    return Wanted(host, port, typed.encryption, login, sender, name)


def is_loopback(host: str) -> bool:
    """Is this the machine itself?"""
    found = _ip(host)
    return found.is_loopback if found is not None else host == "localhost"


def _is_plain(text: str, most: int) -> bool:
    return len(text) <= most and text.isprintable()


def _host(typed: str) -> str:
    """The name in ASCII, or the address; empty when it is neither, or none a mail server can have."""
    host = typed.strip().lower().rstrip(".").removeprefix("[").removesuffix("]")
    found = _ip(host)
    if found is not None:
        strange = found.is_unspecified or found.is_multicast or found.is_link_local
        return "" if strange or (found.is_reserved and not found.is_loopback) else str(found)
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        return ""
    labels = host.split(".")
    # A name that ends in a number is read as an address by some resolvers: 127.1, 0x7f000001.
    named = all(_LABEL.fullmatch(label) for label in labels) and not re.match(r"\d|0x", labels[-1])
    return host if named and len(host) <= 253 else ""


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    # A zone ("%eth0") names an interface of this machine; an IPv4 address may come wrapped in IPv6.
    if isinstance(found, IPv6Address):
        if found.scope_id:
            return IPv6Address("::")
        return found.ipv4_mapped or found
    return found


def _port(typed: str) -> int:
    text = typed.strip()
    port = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    return port if port in PORTS or port in FREE else 0


def _no_encryption(typed: str, host: str, port: int) -> Text | None:
    if typed not in ENCRYPTIONS:
        return _CHOOSE
    if port == IMPLICIT_TLS and typed != "tls":
        return _AT_465
    return _IN_THE_CLEAR if typed == "none" and host and not is_loopback(host) else None


def _address(typed: str) -> str:
    """An address with a domain in ASCII, as a header may hold it; empty when it is none."""
    text = typed.strip()
    if not _is_plain(text, 254) or not text.isascii() or re.search(r"[\s<>,;:\"()\\]", text):
        return ""
    try:
        found = Address(addr_spec=text)
    except (ValueError, HeaderParseError, IndexError):  # what email's parser raises for nonsense
        return ""
    labels = found.domain.lower().split(".")
    named = all(_LABEL.fullmatch(label) for label in labels)
    return found.addr_spec if found.username and named else ""


_NO_HOST = Text(
    "Ghi tên máy chủ thư, ví dụ smtp.truong.edu.vn, không kèm http://, dấu cách hay số cổng.",
    "Type the name of the mail server, such as smtp.school.edu.vn, without http://, spaces or the port.",
)
_NO_PORT = Text(
    "Cổng phải là 25, 465, 587, 2525 hoặc một số từ 1024 đến 65535. Thường là 587 (STARTTLS) hoặc 465 (TLS).",
    "The port must be 25, 465, 587, 2525 or a number from 1024 to 65535. Most often it is 587 (STARTTLS) or "
    "465 (TLS).",
)
_CHOOSE = Text("Chọn một cách mã hóa.", "Choose how the connection is encrypted.")
_AT_465 = Text(
    "Cổng 465 dùng TLS ngay từ đầu: chọn cách đó, hoặc đổi sang cổng 587 cho STARTTLS.",
    "Port 465 speaks TLS from the start: choose that, or port 587 for STARTTLS.",
)
_IN_THE_CLEAR = Text(
    "Không mã hóa thì chỉ dùng được với máy chủ thư trên chính máy này (localhost), vì thư mang liên kết đặt "
    "lại mật khẩu. Chọn STARTTLS hoặc TLS.",
    "Without encryption only a mail server on this very machine (localhost) will do, for mails carry links "
    "to a new password. Choose STARTTLS or TLS.",
)
_NO_LOGIN = Text(
    "Tên tài khoản thư dài nhất 200 ký tự, không xuống dòng.",
    "The user has at most 200 characters and no line breaks.",
)
_WHOSE_PASSWORD = Text(
    "Có mật khẩu thì ghi cả tài khoản thư; máy chủ không cần đăng nhập thì để trống cả hai.",
    "With a password, type the user too; where the server wants no sign-in, leave both empty.",
)
_NO_PASSWORD = Text(
    f"Mật khẩu thư dài nhất {PASSWORD_MOST} ký tự, không xuống dòng. Nhập lại mật khẩu.",
    f"The password has at most {PASSWORD_MOST} characters and no line breaks. Type it again.",
)
_NO_SENDER = Text(
    "Ghi một địa chỉ thư không dấu, ví dụ hoso@truong.edu.vn, không kèm tên người gửi.",
    "Type one e-mail address without accents, such as records@school.edu.vn, without a name.",
)
_NO_NAME = Text(
    "Tên người gửi dài nhất 80 ký tự, viết trên một dòng.",
    "The sender's name has at most 80 characters, on one line.",
)
