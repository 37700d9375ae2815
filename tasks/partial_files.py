"""Files on their way up: a file for each upload, written piece by piece where the last piece ended.

What writes raises NoRoom when the disk is full or read-only; what was written before stays.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from pathlib import Path
from typing import BinaryIO

from models import room

_NAME = re.compile(r"[0-9a-f-]{36}")
_PIECE = 1024 * 1024
SPARE = 200 * 1024 * 1024
"""Bytes that stay free on the disk whatever is uploaded: the database and the signatures come first."""


class PartialFiles:
    """A folder of them; made when the first arrives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, upload_id: str) -> Path:
        """Where it lies; ValueError when the name is no identifier of ours."""
        if not _NAME.fullmatch(upload_id):
            raise ValueError("An upload is named by its identifier.")
        return self.folder / f"{upload_id}.part"

    def _open_folder(self) -> None:
        with room.wanted():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _handle(self, upload_id: str) -> int:
        return os.open(self.path(upload_id), os.O_WRONLY | os.O_CREAT, 0o600)

    def has_room(self, size: int) -> bool:
        """Is there room for so many bytes more?"""
        self._open_folder()
        return shutil.disk_usage(self.folder).free > size + SPARE

    def write(self, upload_id: str, offset: int, piece: bytes) -> None:
        """Put a piece at its place, on the disk when this returns; writing it twice changes nothing."""
        self._open_folder()
        with room.wanted(), os.fdopen(self._handle(upload_id), "wb") as file:
            file.seek(offset)
            file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def length(self, upload_id: str, known: int) -> int:
        """Bytes that are there of those known: a disk may have lost the end."""
        try:
            return min(known, self.path(upload_id).stat().st_size)
        except FileNotFoundError:
            return 0

    def fill(self, upload_id: str, source: BinaryIO) -> tuple[int, str]:
        """Write a whole file, piece by piece; its size in bytes and its SHA-256."""
        self._open_folder()
        found, size = hashlib.sha256(), 0
        with room.wanted(), os.fdopen(self._handle(upload_id), "wb") as file:
            while piece := source.read(_PIECE):
                file.write(piece)
                found.update(piece)
                size += len(piece)
            file.flush()
            os.fsync(file.fileno())
        return size, found.hexdigest()

    def head(self, upload_id: str, size: int) -> bytes:
        """Its first bytes."""
        with self.path(upload_id).open("rb") as file:
            return file.read(size)

    def digest(self, upload_id: str, size: int) -> str:
        """SHA-256 of its first `size` bytes, in hex, read piece by piece."""
        found, left = hashlib.sha256(), size
        with self.path(upload_id).open("rb") as file:
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                found.update(piece)
                left -= len(piece)
        return found.hexdigest()

    def drop(self, upload_id: str) -> None:
        """Forget it."""
        self.path(upload_id).unlink(missing_ok=True)

    def older_than(self, seconds: float) -> list[str]:
        """Those nobody wrote to for so long."""
        if not self.folder.is_dir():
            return []
        limit = time.time() - seconds
        found = []
        for path in self.folder.glob("*.part"):
            try:
                if path.stat().st_mtime < limit:
                    found.append(path.stem)
            except FileNotFoundError:  # another process was quicker
                continue
        return found
