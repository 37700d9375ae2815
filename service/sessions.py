"""Where a person is signed in: their sessions and tokens, for the account page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.account import Pass
from service.access import Viewer
from service.passes import IDLE


@dataclass(frozen=True, slots=True)
class Seen:
    """A place where this account is signed in; `key` names it in a form."""

    held: Pass
    here: bool
    locked: bool

    @property
    def key(self) -> str:
        return self.held.token_hash[:16]


def sessions_of(session: Session, viewer: Viewer, now: datetime) -> list[Seen]:
    """Where this account is signed in, the latest first."""
    rows = session.exec(
        select(Pass)
        .where(
            col(Pass.account_id) == viewer.account.id,
            col(Pass.kind).in_(("session", "token")),
            col(Pass.expires_at) > now,
        )
        .order_by(col(Pass.seen_at).desc())
    ).all()
    idle = viewer.idle or IDLE
    return [
        Seen(row, row.token_hash == viewer.token_hash, row.kind == "session" and row.seen_at + idle <= now)
        for row in rows
    ]
