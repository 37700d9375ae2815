"""One-time codes of an authenticator app (TOTP, RFC 6238): secrets, codes, recovery codes. No database.

SHA-1, six digits, 30 seconds: what every app understands. A secret at rest is encrypted with the master key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

from tasks import keys

STEP_SECONDS = 30
DIGITS = 6
SLACK = 1
"""Steps a phone's clock may be off, each way."""
RECOVERY_CODES = 10
_CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(20)


def protect(secret: bytes, master: bytes, account_id: str) -> bytes:
    """The secret encrypted for the database; opens for this account only."""
    return keys.protect_service(secret, master, f"second factor|{account_id}")


def unlock(protected: bytes, master: bytes, account_id: str) -> bytes:
    """The secret; ValueError when the master key is another one."""
    return keys.unlock_service(protected, master, f"second factor|{account_id}")


def step_of(now: datetime) -> int:
    """The number of the time step an instant lies in."""
    return int(now.timestamp()) // STEP_SECONDS


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step (RFC 4226 §5.3)."""
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: bytes, typed: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is, newer than `after`; None when there is none."""
    here = step_of(now)
    found = None
    for step in range(here - SLACK, here + SLACK + 1):
        same = hmac.compare_digest(code_at(secret, step).encode(), typed.encode())
        if same and step > after and found is None:
            found = step
    return found


def shown_secret(secret: bytes) -> str:
    """The secret to type by hand: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def address(secret: bytes, issuer: str, name: str) -> str:
    """The `otpauth:` address an app reads from a QR code."""
    label = quote(f"{issuer}:{name}", safe=":")
    values = {"secret": base64.b32encode(secret).decode().rstrip("="), "issuer": issuer}
    return f"otpauth://totp/{label}?{urlencode(values, quote_via=quote)}"


def recovery_codes() -> list[str]:
    """Codes to print: ten signs each, 49 bits, easy to read."""
    return [
        "-".join("".join(secrets.choice(_CLEAR) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(code: str, master: bytes, account_id: str) -> str:
    """What is stored of a recovery code: keyed, so that the database alone cannot be searched."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hmac.new(master, f"hososo recovery 1|{account_id}|{plain}".encode(), hashlib.sha256).hexdigest()
