"""What a hostile file can make a judgement do. A child of the pool imports this: nothing else stands here."""

from __future__ import annotations

import os
import signal
import time
from typing import NoReturn


def endless(*_: object) -> NoReturn:
    while True:
        time.sleep(1)


def greedy(*_: object) -> int:
    return len(bytearray(64 * 1024**3))


def deadly(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def faulty(*_: object) -> NoReturn:
    raise ZeroDivisionError
