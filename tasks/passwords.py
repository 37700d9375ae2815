"""Passwords: argon2id hashes, and what a password must be. No database; nothing here is logged."""

from __future__ import annotations

import secrets
import unicodedata

import argon2

from models.errors import Fault, Invalid
from models.text import Text
from tasks.keys import Cost, Secret

COST = Cost(3, 32 * 1024)
"""Of new hashes: 50 to 90 ms on one core; OWASP's floor is 19 MiB and 2 passes. No setting."""

LEAST, MOST = 8, 128


def _hasher() -> argon2.PasswordHasher:
    return argon2.PasswordHasher(time_cost=COST.passes, memory_cost=COST.kib, parallelism=1)


def nobodys() -> str:
    """Compared with when there is no such account, so that an unknown name takes as long as a known one.

    Written down, for a hash made here would cost every process 60 ms as it starts; no word is accepted by it.
    """
    return f"$argon2id$v=19$m={COST.kib},t={COST.passes},p=1${'A' * 22}${'A' * 43}"


def make_hash(password: Secret) -> str:
    """The argon2id string to store; about 60 ms of processor time, so never inside a transaction."""
    return _hasher().hash(_normal(password))


def matches(stored: str | None, password: Secret) -> bool:
    """Is this the password? `stored` None (no such account) takes the same time and answers no."""
    word = _normal(password)
    if len(word) > 4 * MOST:
        word = ""  # no honest password; hashing megabytes would be a gift to an attacker
    try:
        return _hasher().verify(stored or nobodys(), word) and stored is not None
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Was the hash made with other parameters than today's?"""
    return _hasher().check_needs_rehash(stored)


def check_password(password: Secret, sign_in_name: str, old: str | None) -> None:
    """Raise Invalid (field `new_password`) unless the password follows the rules; `old` is the present hash.

    The rules: 8 to 128 characters, with a capital, a small letter, a digit and another sign; not the old one;
    the sign-in name not in it.
    """
    word = _normal(password)
    wanting = [
        text
        for there, text in (
            (any(c.isupper() for c in word), Text("một chữ hoa", "a capital letter")),
            (any(c.islower() for c in word), Text("một chữ thường", "a small letter")),
            (any(c.isdigit() for c in word), Text("một chữ số", "a digit")),
            (any(not c.isalnum() and not c.isspace() for c in word), Text("một ký tự đặc biệt", "a sign")),
        )
        if not there
    ]
    if not LEAST <= len(word) <= MOST:
        raise refused("new_password", _LENGTH.format(least=LEAST, most=MOST))
    if wanting:
        lacks = Text(", ".join(w.vi for w in wanting), ", ".join(w.en for w in wanting))
        raise refused("new_password", _LACKS.format(lacks=lacks))
    if sign_in_name and sign_in_name.casefold() in word.casefold():
        raise refused("new_password", _NAME_INSIDE)
    if old is not None and matches(old, password):
        raise refused("new_password", _SAME)


def once() -> str:
    """A password to be changed at the first sign-in: easy to read aloud, no look-alike signs, 61 bits."""
    first, *rest = ["".join(secrets.choice(_CLEAR_LETTERS) for _ in range(4)) for _ in range(3)]
    digits = "".join(secrets.choice("23456789") for _ in range(2))
    return "-".join((first.capitalize(), *rest, digits))


_CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz"


def refused(field: str, sentence: Text) -> Invalid:
    """A refusal of one field of a form."""
    return Invalid(sentence, (Fault(field, sentence),))


def _normal(password: Secret) -> str:
    """Keyboards differ in how they compose ế; the same word must stay the same password."""
    return unicodedata.normalize("NFC", password.reveal())


_LENGTH = Text(
    "Mật khẩu cần từ {least} đến {most} ký tự.", "The password needs {least} to {most} characters."
)
_LACKS = Text("Mật khẩu còn thiếu: {lacks}.", "The password still lacks: {lacks}.")
_NAME_INSIDE = Text(
    "Mật khẩu không được chứa tên đăng nhập. Chọn mật khẩu khác.",
    "The password must not contain the sign-in name. Choose another.",
)
_SAME = Text(
    "Mật khẩu mới phải khác mật khẩu đang dùng.", "The new password must differ from the present one."
)
