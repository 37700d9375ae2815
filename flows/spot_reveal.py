"""Publishing the seeds of draws that are over, so that anyone can recompute them."""

from __future__ import annotations

import hmac
from datetime import datetime

from sqlalchemy import ColumnElement, and_, true, update
from sqlmodel import col, select

from flows import spot_draw
from flows.candidates import today
from models.db import Database
from models.kept import enter_again
from models.settings import Settings
from models.spot_check import SpotDraw
from tasks import keys


def owner(draw_id: str) -> str:
    """For what a draw's seed is encrypted: it opens for this draw alone."""
    return f"spot draw|{draw_id}"


def reveal(db: Database, settings: Settings, now: datetime, school_id: str = "") -> int:
    """Publish the seeds of the draws that are over: their last day has passed.

    Not sooner, whatever became of the checks: nobody makes a draw end early. How many were published. A seed
    that does not fit its commitment stops everything: the database was changed by hand.
    """
    with db.read() as session:
        rows = list(session.exec(select(SpotDraw).where(_over(now)).where(_of(school_id))))
    done = 0
    for row in rows:
        seed = keys.unlock_service(row.protected_seed, settings.master_key, owner(row.id))
        if not hmac.compare_digest(spot_draw.commitment(seed, row.pool), row.commitment):
            raise ValueError(f"The seed of draw {row.id} does not fit what was published.")
        with db.write() as session:
            revealed = session.exec(
                update(SpotDraw)
                .where(col(SpotDraw.id) == row.id, col(SpotDraw.seed).is_(None))
                .values(seed=seed.hex(), revealed_at=now)
            ).rowcount
            if revealed:
                enter_again(session, SpotDraw, col(SpotDraw.id) == row.id)
            done += revealed
    return done


def _of(school_id: str) -> ColumnElement[bool]:
    return col(SpotDraw.school_id) == school_id if school_id else true()


def _over(now: datetime) -> ColumnElement[bool]:
    return and_(col(SpotDraw.seed).is_(None), col(SpotDraw.last_day) < today(now))
