"""The folder a child of the intake pool may write to, and what becomes of it when its parent dies.

A process that is killed takes its children along and leaves their folders behind, with parts of people's
files in them. Each folder is therefore held by a lock that ends with the process, and the next pool that
starts removes those nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import threading
import time
from pathlib import Path

_PREFIX = "hososo-intake-"
YOUNG = 60.0
"""Seconds: a folder may be that old and its lock not taken yet."""


class Scratch:
    """A new folder, ours until `drop` or until this process ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        # Not inherited by children (PEP 446): what outlives us holds nothing.
        self._held = os.open(self.path, os.O_RDONLY)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        self._dropping = threading.Lock()

    def drop(self) -> None:
        """Remove it with all that is in it; twice does no harm, by two threads at once either."""
        shutil.rmtree(self.path, ignore_errors=True)
        with self._dropping:  # a number closed twice may be another's file by then
            if self._held >= 0:
                os.close(self._held)
                self._held = -1


def sweep(young: float = YOUNG) -> int:
    """Remove this user's folders whose process has ended; the number of them."""
    gone = 0
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                continue
            if time.time() - found.st_ctime < young or _is_held(path):
                continue
            shutil.rmtree(path)
            gone += 1
    return gone


def _is_held(path: Path) -> bool:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
