"""Since when a revoked key may have been in other hands, as it was told when it was revoked.

What was signed before a revocation stays good, and so does what a thief signed between the loss and the
report. The day of the loss stands in the change that revoked the key (law 7: who asked, who confirmed); lists
and answers give it out as the date of invalidity (RFC 5280, 5.3.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time

from cryptography import x509
from sqlmodel import Session, col, select

from models.account import Change
from models.key import SigningKey
from models.settings import VIETNAM

LOST_ON = "lost_on"
"""In a change's data: the day (ISO 8601) since which the key may have been known to others."""


def lost_since(session: Session, keys: Iterable[SigningKey]) -> Mapping[str, datetime]:
    """By key: from when on its signatures are doubted. The seal goes with the key whose PIN opens both."""
    doubted = [key for key in keys if key.revoked_at and key.reason == x509.ReasonFlags.key_compromise.value]
    if not doubted:
        return {}
    changes = session.exec(
        select(Change).where(
            col(Change.action) == "revoke",
            col(Change.state) == "done",
            col(Change.account_id).in_({key.account_id for key in doubted}),
        )
    ).all()
    told = {
        key_id: moment(change.data[LOST_ON])
        for change in changes
        if change.data.get(LOST_ON)
        for key_id in (change.data["key"], change.data.get("seal"))
    }
    return {key.id: told[key.id] for key in doubted if key.id in told}


def moment(day: str) -> datetime:
    """The beginning of a day of ours."""
    return datetime.combine(date.fromisoformat(day), time(), VIETNAM)
