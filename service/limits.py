"""How often and how much at once one address may ask a public page: counted in memory, nothing is written."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from models.errors import Unavailable
from models.text import Text
from service.sign_in import Throttled

_MOST_KEPT = 10_000
_LATELY = 600.0
"""Seconds after which what an address used is forgotten."""


class Limiter:
    """At most `most` requests from one address within `window`; each web process counts for itself."""

    def __init__(self, most: int, window: timedelta) -> None:
        self._most, self._window = most, window
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, address: str, now: datetime) -> None:
        """One request more; Throttled beyond the limit."""
        key = _network(address)
        with self._lock:
            since, number = self._seen.get(key, (now, 0))
            if now - since >= self._window:
                since, number = now, 0
            self._seen[key] = (since, number + 1)
            self._seen.move_to_end(key)
            while len(self._seen) > _MOST_KEPT:
                self._seen.popitem(last=False)
        if number >= self._most:
            minutes = max(1, -(-int((since + self._window - now).total_seconds()) // 60))
            raise Throttled(_TOO_OFTEN.format(minutes=minutes))


class FairTurns:
    """Turns at a few places of work, shared fairly between addresses; each web process for itself.

    One address holds at most all places but one, so that others go on beside it, and of those who wait the
    one goes first that has had the least time of late. For any thread.
    """

    def __init__(self, places: int, each: int, most: int, patience: float, busy: Text) -> None:
        """`each` requests of one address under way or waiting, `most` in all; `patience` seconds to wait."""
        self._places, self._share = places, max(1, places - 1)
        self._each, self._most, self._patience, self._busy = each, most, patience, busy
        self._at_work: Counter[str] = Counter()
        self._waiting: list[_Waiter] = []
        self._had: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, address: str) -> Iterator[Callable[[], bool]]:
        """A place; what is given tells whether another address waits for one.

        Throttled when this address has its share under way, Unavailable when too many wait or it takes too
        long.
        """
        waiter = _Waiter(_network(address))
        with self._changed:
            if self._under_way(waiter.key) >= self._each:
                raise Throttled(_ONE_AFTER_THE_OTHER)
            if self._at_work.total() + len(self._waiting) >= self._most:
                raise Unavailable(self._busy)
            self._waiting.append(waiter)
            came = self._changed.wait_for(lambda: self._next() is waiter, self._patience)
            self._waiting.remove(waiter)
            if came:
                self._at_work[waiter.key] += 1
            self._changed.notify_all()  # the next may have a place too
            if not came:
                raise Unavailable(self._busy)
        begun = time.monotonic()
        try:
            yield lambda: self._waited_for(waiter.key)
        finally:
            with self._changed:
                self._at_work[waiter.key] -= 1
                self._had[waiter.key] = (begun, self._of_late(waiter.key) + time.monotonic() - begun)
                self._had.move_to_end(waiter.key)
                while len(self._had) > _MOST_KEPT:
                    self._had.popitem(last=False)
                self._changed.notify_all()

    def _under_way(self, key: str) -> int:
        return self._at_work[key] + sum(one.key == key for one in self._waiting)

    def _next(self) -> _Waiter | None:
        """Who takes a free place: of the first to come, one that had the least time."""
        if self._at_work.total() >= self._places:
            return None
        may = (one for one in self._waiting if self._at_work[one.key] < self._share)
        return min(may, key=lambda one: self._of_late(one.key), default=None)

    def _of_late(self, key: str) -> float:
        last, seconds = self._had.get(key, (float("-inf"), 0.0))
        return seconds if time.monotonic() - last < _LATELY else 0.0

    def _waited_for(self, key: str) -> bool:
        with self._changed:
            return any(one.key != key for one in self._waiting)


class _Waiter:
    """One request that waits for its turn, told apart by its identity."""

    def __init__(self, key: str) -> None:
        self.key = key


def _network(address: str) -> str:
    """An IPv6 customer holds a /64; one counter for all of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


_ONE_AFTER_THE_OTHER = Text(
    "Mạng này đang có tệp được kiểm tra. Chờ tệp đó xong rồi thử lại.",
    "A file of this network is being checked. Wait until that is done, then try again.",
)
_TOO_OFTEN = Text(
    "Mạng này đã gửi quá nhiều yêu cầu. Thử lại sau {minutes} phút.",
    "This network has sent too many requests. Try again in {minutes} min.",
)
