"""Until when hash and signature algorithms are planned to be good: what an archive must be renewed before.

Hashes are named as in the files (`sha256`), signatures by kind and key length (`ecdsa-256`, `rsa-2048`).
What is not in the table has no planned end. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

ENDED: dict[str, date] = {
    "md5": date(2008, 12, 31),
    "sha1": date(2013, 12, 31),
    "rsa-1024": date(2013, 12, 31),
}
"""NIST SP 800-131A rev. 2: not for making signatures after that day (MD5: RFC 6151). For SHA-2, RSA from 2048
and P-256 no end is fixed; when one is, it goes into the setting `HOSOSO_ALGORITHM_ENDS`."""

DIGESTS = ("sha256", "sha512")
"""What our time-stamps may use, the usual first."""
LASTING = timedelta(days=5 * 365)
"""A digest is chosen that is to be good so long at least: as long as a time-stamp certificate lasts."""


def ends_of(setting: str) -> dict[str, datetime]:
    """The end of each day named: the table above with the setting's own, "sha256=2035-12-31 rsa-2048=…".

    ValueError where the setting is not written so.
    """
    found = dict(ENDED)
    for word in setting.split():
        name, _, day = word.partition("=")
        if not re.fullmatch(r"(md5|sha1|sha2?-?\d{3}|sha3-\d{3}|(rsa|ecdsa)-\d{3,5})", name):
            raise ValueError("algorithms are named sha256, ecdsa-256, rsa-2048 and so on")
        try:
            found[name] = date.fromisoformat(day)
        except ValueError:
            raise ValueError("the end of an algorithm is written sha256=2035-12-31") from None
    midnight = datetime.min.time()
    return {name: datetime.combine(day, midnight, UTC) + timedelta(days=1) for name, day in found.items()}


def digest_for(ends: Mapping[str, datetime], now: datetime) -> str:
    """The digest to use from now on: the first that lasts, else the one that is good for longest."""
    lasting = (name for name in DIGESTS if name not in ends or ends[name] >= now + LASTING)
    return next(lasting, max(DIGESTS, key=lambda name: ends.get(name, now)))
