"""Links in mails that only the recipient may read: a mark in the stored mail, the token while it is sent.

The token is an HMAC of a row's id under the master key, so it can be made again and need not be stored.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable

_MARK = re.compile(r"\[\[link:([0-9a-f-]{36})\]\]")


def token_of(link_id: str, master: bytes, use: str = "link") -> str:
    """The secret part of a link: 256 bits, others for another `use` of the same id."""
    mac = hmac.new(master, f"hososo {use} 1|{link_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def mark_of(link_id: str) -> str:
    """What stands for the token in a stored mail."""
    return f"[[link:{link_id}]]"


def revealed(text: str, master: Callable[[], bytes]) -> str:
    """A mail's text with the tokens in their places; the master key is asked for only where there is one."""
    return _MARK.sub(lambda found: token_of(found[1], master()), text)
