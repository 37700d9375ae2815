"""How often one address may ask a public page: counted in memory, so that asking writes nothing."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from datetime import datetime, timedelta

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


def _network(address: str) -> str:
    """An IPv6 customer holds a /64; one counter for all of it."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:60]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


_TOO_OFTEN = Text(
    "Mạng này tra cứu quá nhiều lần. Thử lại sau {minutes} phút.",
    "This network has asked too often. Try again in {minutes} min.",
)
