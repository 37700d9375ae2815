"""Results of checks, kept for some minutes for the page that shows them: never the file that was checked.

A result holds pictures of the places that were changed, so it is sealed: the key is the random word in the
address that the browser has, and only its hash is the file's name. Any server of the installation can open it
with that word, and nobody without it. Kept in the shared data folder, few and not for long.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models import room
from tasks.pools import plain
from tasks.verdicts import Verdict

KEPT = timedelta(minutes=20)
MOST = 200
"""Results at once; beyond it the oldest go."""
LARGEST = 32 * 2**20
"""Bytes of one result; larger ones lose their pictures."""
_NONCE = 12


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of one check: which file it was, and the verdict."""

    name: str
    size: int
    sha256: str
    checked_at: datetime
    seconds: float
    verdict: Verdict


class CheckResults:
    """Results by their word, in a folder that is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, result: CheckResult) -> str:
        """Keep a result and hand out its word. NoRoom when the disk takes nothing."""
        word = secrets.token_urlsafe(24)
        nonce = os.urandom(_NONCE)
        sealed = nonce + AESGCM(_key(word)).encrypt(nonce, pickle.dumps(result), None)
        with room.wanted():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._path(word)
            path.write_bytes(sealed)
            at = result.checked_at.timestamp()
            os.utime(path, (at, at))
        self.sweep(result.checked_at)
        return word

    def get(self, word: str, now: datetime) -> CheckResult | None:
        """The result of that word; None when there is none, or its time is over."""
        try:
            sealed = self._path(word).read_bytes()
            opened = AESGCM(_key(word)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
            result = plain(opened)
        except (OSError, InvalidTag, ValueError, pickle.UnpicklingError):
            return None
        if not isinstance(result, CheckResult) or now - result.checked_at > KEPT:
            return None
        return result

    def sweep(self, now: datetime) -> None:
        """Remove what is old, and the oldest beyond the number."""
        found = []
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            with contextlib.suppress(OSError):  # another server was quicker
                found.append((path.stat().st_mtime, path))
        found.sort(reverse=True)
        limit = (now - KEPT).timestamp()
        for place, (at, path) in enumerate(found):
            if at < limit or place >= MOST:
                with contextlib.suppress(OSError):
                    path.unlink()

    def _path(self, word: str) -> Path:
        return self._folder / _digest("name", word).hex()[:40]


def _key(word: str) -> bytes:
    return _digest("key", word)


def _digest(purpose: str, word: str) -> bytes:
    """The word has 192 random bits, so one hash is a key; purpose keeps name and key apart."""
    return hashlib.sha256(f"hososo check result {purpose}:{word}".encode()).digest()
