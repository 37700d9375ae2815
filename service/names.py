"""Names of files as they are handed over: Vietnamese for those who read it, plain for those who do not."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_PLAIN = str.maketrans({"đ": "d", "Đ": "D", "–": "-", "—": "-"})
"""What decomposing does not turn into ASCII."""


def safe(name: str) -> str:
    """Without the signs file systems do not take."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "-", name)


def plain(name: str) -> str:
    """The name for clients that know no other letters."""
    decomposed = unicodedata.normalize("NFD", name.translate(_PLAIN))
    return decomposed.encode("ascii", "ignore").decode().replace('"', "")


def attachment(name: str) -> str:
    """The value of `Content-Disposition` for a download of that name (RFC 6266)."""
    return f"attachment; filename=\"{plain(safe(name))}\"; filename*=UTF-8''{quote(safe(name))}"
