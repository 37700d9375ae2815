"""Ports for what a test starts: nobody else is given one, neither at once nor while a part is away.

The kernel hands out ports of its own range to whoever connects or asks for any: one of those, let go until a
process has started, may be somebody else's by then. These lie below that range, and a name the kernel forgets
with the test process keeps other test processes of the machine off.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from itertools import count
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_MANY = 12_000
"""So many ports below the kernel's own are tried; each process begins elsewhere."""
_next = count(os.getpid() * 97 % _MANY)
_kept: deque[socket.socket] = deque()
_MOST_KEPT = 100
"""So many names are kept, the latest: most ports are only written into settings, and files are few."""


def free_port(row: int = 1) -> int:
    """A port on which nobody listens and which no other test is given; the first of so many in a row."""
    lowest = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    found: list[int] = []
    for _ in range(_MANY):
        port = lowest - 1 - next(_next) % _MANY
        if found and port != found[-1] - 1:
            found = []
        found = [*found, port] if port > 1024 and _is_ours(port) and _is_free(port) else []
        if len(found) == row:
            return port
    raise AssertionError(f"No port below {lowest} is free.")


def _is_ours(port: int) -> bool:
    if not _RANGE.exists():  # names without a file are Linux's
        return True
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0hososo-test-port-{port}")
    except OSError:
        name.close()
        return False
    _kept.append(name)
    if len(_kept) > _MOST_KEPT:
        _kept.popleft().close()
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
