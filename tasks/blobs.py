"""Files by content hash, in a folder: written once, never changed. No database here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from models import room

_NAME = re.compile(r"[0-9a-f]{64}")
_PART = ".part-"
"""How the name of a file begins that is still being written."""
_FRESH = 3600
"""Seconds."""


class BlobStore:
    """`put` returns the SHA-256 in hex; the file is on the disk when it returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where a blob lies; ValueError when the name is no hash (it may come from outside)."""
        if not _NAME.fullmatch(sha256):
            raise ValueError("A blob is named by 64 hexadecimal digits.")
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Keep bytes; the same bytes twice are one file. NoRoom when the disk is full or read-only."""
        with room.wanted():
            return self._put(data)

    def _put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        path = self.path(name)
        if _is_there(path):
            return name
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=_PART)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(part).unlink()
            raise
        _settle(path.parent)
        return name

    def adopt(self, path: Path, sha256: str) -> str:
        """Keep a file whose hash was just counted, by moving it in: nothing of it is read into memory.

        NoRoom when the disk is full or read-only; the file is then where it was.
        """
        with room.wanted():
            return self._adopt(path, sha256)

    def _adopt(self, path: Path, sha256: str) -> str:
        target = self.path(sha256)
        if _is_there(target):
            path.unlink()
            return sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=target.parent, prefix=_PART)
        os.close(handle)
        try:
            shutil.move(path, part)
            with Path(part).open("rb") as file:
                os.fsync(file.fileno())
            Path(part).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(part).unlink()
            raise
        _settle(target.parent)
        return sha256

    def sweep(self, seconds: float) -> int:
        """Remove what a killed process left half written, once nobody has touched it for so long."""
        limit, swept = time.time() - seconds, 0
        for part in self.folder.glob(f"??/{_PART}*"):
            with contextlib.suppress(FileNotFoundError):  # it was finished, or another process was quicker
                # Not when it was written: an upload keeps that time when it is moved in.
                if part.stat().st_ctime < limit:
                    part.unlink()
                    swept += 1
        return swept

    def remove(self, sha256: str) -> bool:
        """Delete a file for ever; False when there is none, or when it was put anew within the last hour.

        Whoever puts it may not have stored yet what names it: such a file is left for a later call.
        """
        path = self.path(sha256)
        try:
            if path.stat().st_mtime > time.time() - _FRESH:
                return False
            path.unlink()
        except FileNotFoundError:
            return False
        _settle(path.parent)
        return True

    def get(self, sha256: str) -> bytes:
        """The bytes; FileNotFoundError when there are none, OSError when they are not what was put."""
        data = self.path(sha256).read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise OSError(f"Blob {sha256} has changed on the disk.")
        return data


def _is_there(path: Path) -> bool:
    """Is the file there? Then it is as good as new: whoever puts it again is about to name it."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except OSError:  # read-only: nothing is removed there either
        return path.exists()
    return True


def _settle(folder: Path) -> None:
    """A new name itself must survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
