"""How often and how much at once one address may ask a public page: counted in memory, nothing is written."""

from __future__ import annotations

import ipaddress
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from models.errors import Unavailable
from models.text import Text
from service.sign_in import Throttled

_MOST_KEPT = 10_000


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


class AtOnce:
    """At most `each` requests of one address under way, and `most` in all; each web process for itself."""

    def __init__(self, each: int, most: int, busy: Text) -> None:
        self._each, self._most, self._busy = each, most, busy
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def turn(self, address: str) -> Iterator[None]:
        """One of them. Throttled when this address has its share under way, Unavailable when all are."""
        key = _network(address)
        with self._lock:
            if self._under_way[key] >= self._each:
                raise Throttled(_ONE_AFTER_THE_OTHER)
            if self._under_way.total() >= self._most:
                raise Unavailable(self._busy)
            self._under_way[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way[key] -= 1
                if not self._under_way[key]:
                    del self._under_way[key]


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
    "Mạng này tra cứu quá nhiều lần. Thử lại sau {minutes} phút.",
    "This network has asked too often. Try again in {minutes} min.",
)
